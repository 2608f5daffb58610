//! A-29, as far as it concerns signing in with an OpenID provider: callbacks that belong to another browser, come twice
//! or late; tokens for somebody else; endpoints that are none; a redirect that would carry the secret away.

use std::sync::{Arc, Mutex};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use conductor_domain::Clock;
use conductor_egress::{Egress, Options};
use conductor_secrets::Signer;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers};

use crate::world::{Answer, Person, World};

/// A provider under the attacker's hand: it says what it is told to say.
struct Provider {
    server: MockServer,
    signer: Arc<Signer>,
    /// What the next token is like.
    token: Arc<Mutex<Token>>,
}

#[derive(Clone, Default)]
struct Token {
    claims: Value,
    header: Value,
    forge: bool,
    now: i64,
}

impl Provider {
    async fn start(world: &World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let signer = Arc::new(Signer::load_or_create(&folder.path().join("key")).unwrap());
        let server = MockServer::start().await;
        let token = Arc::new(Mutex::new(Token { now: world.clock.now().timestamp(), ..Token::default() }));
        let provider = Self { server, signer, token };
        provider.answers("/jwks", provider.keys()).await;
        provider.discovers(json!({})).await;
        provider
    }

    fn issuer(&self) -> String {
        self.server.uri()
    }

    fn keys(&self) -> Value {
        let x = BASE64_STANDARD.decode(self.signer.public().to_base64()).unwrap();
        let x = BASE64_URL_SAFE_NO_PAD.encode(x);
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "k1", "use": "sig", "alg": "EdDSA", "x": x }] })
    }

    async fn answers(&self, path: &str, body: Value) {
        let template = ResponseTemplate::new(200).set_body_json(body);
        Mock::given(matchers::path(path)).respond_with(template).mount(&self.server).await;
    }

    /// Its configuration, with some of it changed.
    async fn discovers(&self, change: Value) {
        let issuer = self.issuer();
        let mut all = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/auth"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "id_token_signing_alg_values_supported": ["EdDSA", "RS256", "HS256", "none"],
        });
        for (name, value) in change.as_object().unwrap() {
            all[name] = value.clone();
        }
        self.answers("/.well-known/openid-configuration", all).await;
    }

    /// Gives a token for whoever comes with a code, as it is told to.
    async fn gives_tokens(&self) {
        let (issuer, token, public) =
            (self.issuer(), Arc::clone(&self.token), self.signer.public().to_base64());
        let folder = tempfile::tempdir().unwrap();
        let other = Signer::load_or_create(&folder.path().join("key")).unwrap();
        let sign = |signer: &Signer, text: &str| {
            BASE64_URL_SAFE_NO_PAD.encode(BASE64_STANDARD.decode(signer.sign(text.as_bytes())).unwrap())
        };
        let signers = (Arc::clone(&self.signer), other);
        let respond = move |_: &Request| {
            let token = token.lock().unwrap().clone();
            let mut claims = json!({
                "iss": issuer, "aud": "conductor", "sub": "user-1", "iat": token.now, "exp": token.now + 300,
                "email": "grace@example.com", "email_verified": true, "name": "Grace",
            });
            for (name, value) in token.claims.as_object().into_iter().flatten() {
                claims[name] = value.clone();
            }
            let mut header = json!({ "alg": "EdDSA", "kid": "k1" });
            for (name, value) in token.header.as_object().into_iter().flatten() {
                header[name] = value.clone();
            }
            let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
            let text = format!("{}.{}", part(&header), part(&claims));
            let signature = match header["alg"].as_str() {
                Some("none") => String::new(),
                // Signed with the public key as if it were a secret.
                Some("HS256") => hs256(&BASE64_STANDARD.decode(&public).unwrap(), &text),
                _ if token.forge => sign(&signers.1, &text),
                _ => sign(&signers.0, &text),
            };
            let body = json!({ "id_token": format!("{text}.{signature}"), "access_token": "at", "token_type": "Bearer" });
            ResponseTemplate::new(200).set_body_json(body)
        };
        Mock::given(matchers::path("/token")).respond_with(respond).mount(&self.server).await;
    }

    fn says(&self, claims: Value) {
        self.token.lock().unwrap().claims = claims;
    }

    /// How often somebody came with a code.
    async fn exchanges(&self) -> Vec<Request> {
        let all = self.server.received_requests().await.unwrap();
        all.into_iter().filter(|request| request.url.path() == "/token").collect()
    }
}

fn hs256(key: &[u8], text: &str) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(key);
    jsonwebtoken::crypto::sign(text.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).unwrap()
}

/// A set-up server that may speak to loopback, its administrator, and a provider that is entered there.
async fn entered(change: Value) -> (World, Person, Provider) {
    let world = world().await;
    let admin = world.first_account().await;
    let provider = Provider::start(&world).await;
    provider.gives_tokens().await;
    let mut body = json!({
        "name": "Login", "issuer": provider.issuer(), "client_id": "conductor", "client_secret": "oidc-canary-secret",
        "allow_sign_up": true,
    });
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    world.post("/api/v1/identity-providers", body).by(&admin).send().await.created();
    (world, admin, provider)
}

async fn world() -> World {
    let options = Options { allow: vec!["127.0.0.1/32".parse().unwrap()], ..Options::default() };
    let egress = Egress::new(options).unwrap().guarded();
    World::with(|identify| identify.egress = Some(egress), |_| {}).await
}

/// A flow that begins: the cookie of its browser, and what it sends to the provider.
struct Flow {
    cookie: String,
    sent: Vec<(String, String)>,
}

impl Flow {
    fn sent(&self, name: &str) -> String {
        self.sent.iter().find(|(sent, _)| sent == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

async fn begin(world: &World, return_to: &str) -> Flow {
    let answer =
        world.get(&format!("/api/auth/oidc/login/start?return_to={return_to}")).send().await.status(303);
    let to = reqwest::Url::parse(&answer.header("location")).expect("an address of the provider");
    let sent = to.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    Flow { cookie: answer.cookies(), sent }
}

async fn come_back(world: &World, cookie: &str, state: &str) -> Answer {
    let path = format!("/api/auth/oidc/callback?code=c0de&state={state}");
    let call = world.get(&path);
    if cookie.is_empty() { call.send().await } else { call.with("cookie", cookie).send().await }
}

fn refused(answer: Answer, code: &str) {
    let answer = answer.status(303);
    assert_eq!(answer.header("location"), format!("/sign-in?problem={code}"));
    assert!(!answer.cookies().contains("conductor_access"), "no session: {}", answer.cookies());
}

async fn sessions_of_grace(world: &World, admin: &Person) -> usize {
    let users = world.get("/api/users?limit=100").by(admin).send().await.ok();
    users["items"].as_array().unwrap().iter().filter(|user| user["email"] == "grace@example.com").count()
}

#[tokio::test]
async fn the_browser_that_began_comes_back_signed_in_once() {
    let (world, admin, provider) = entered(json!({})).await;
    let flow = begin(&world, "/settings/profile").await;
    assert_eq!(flow.sent("code_challenge_method"), "S256");
    assert_eq!(flow.sent("redirect_uri"), "http://127.0.0.1:8420/api/auth/oidc/callback");
    provider.says(json!({ "nonce": flow.sent("nonce") }));
    let back = come_back(&world, &flow.cookie, &flow.sent("state")).await.status(303);
    assert_eq!(back.header("location"), "/settings/profile");
    let cookie = back.cookies();
    let me = world.get("/api/auth/me").with("cookie", &cookie).send().await.ok();
    assert_eq!((&me["user"]["email"], &me["user"]["name"]), (&json!("grace@example.com"), &json!("Grace")));

    let exchange = provider.exchanges().await.remove(0);
    let form = String::from_utf8(exchange.body.clone()).unwrap();
    let verifier = form.split('&').find_map(|pair| pair.strip_prefix("code_verifier=")).unwrap();
    assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)), flow.sent("code_challenge"));
    let basic = BASE64_STANDARD.encode("conductor:oidc-canary-secret");
    assert_eq!(exchange.headers["authorization"], format!("Basic {basic}").as_str());

    // The state is used up, in the same browser too, and nobody asks the provider again.
    refused(come_back(&world, &flow.cookie, &flow.sent("state")).await, "sign_in_flow_invalid");
    assert_eq!(provider.exchanges().await.len(), 1);
    assert_eq!(sessions_of_grace(&world, &admin).await, 1);
    let path = format!("/api/v1/orgs/{}/audit?event_type=identity_provider.*", admin.organization());
    // The clock of this world stands still, so entries of one moment come in no order.
    let told = |entries: Value| -> Vec<String> {
        let items = entries["items"].as_array().unwrap().iter();
        let mut told: Vec<String> =
            items.map(|entry| entry["event_type"].as_str().unwrap_or_default().to_owned()).collect();
        told.sort();
        told
    };
    assert_eq!(told(world.get(&path).by(&admin).send().await.ok()), ["identity_provider.created"]);
    let listed = world.get("/api/v1/identity-providers").by(&admin).send().await;
    assert!(
        !listed.text().contains("oidc-canary-secret") && listed.text().contains("\"has_client_secret\":true")
    );
    let one = format!("/api/v1/identity-providers/{}", listed.json()["items"][0]["id"].as_str().unwrap());
    world.patch(&one, json!({ "enabled": false })).by(&admin).send().await.ok();
    assert_eq!(world.get("/api/auth/oidc/providers").send().await.ok()["items"], json!([]));
    world.delete(&one).by(&admin).send().await.status(204);
    assert_eq!(
        told(world.get(&path).by(&admin).send().await.ok()),
        ["identity_provider.created", "identity_provider.deleted", "identity_provider.updated"]
    );
}

#[tokio::test]
async fn nobody_begins_without_end() {
    let (world, _, provider) = entered(json!({})).await;
    // A name that nobody has counts as well: it is looked up.
    let missing = world.get("/api/auth/oidc/nothing/start").send().await.status(303);
    assert_eq!(missing.header("location"), "/sign-in?problem=not_found");
    for _ in 1..60 {
        begin(&world, "/").await;
    }
    refused(world.get("/api/auth/oidc/login/start").send().await, "rate_limited");
    // Other addresses go on, and a second later this one does.
    let other = world.get("/api/auth/oidc/login/start").from("198.51.100.7").send().await.status(303);
    assert!(other.header("location").starts_with(&provider.issuer()), "{}", other.header("location"));
    world.advance(1);
    begin(&world, "/").await;
    refused(world.get("/api/auth/oidc/login/start").send().await, "rate_limited");
}

#[tokio::test]
async fn a_callback_in_another_browser_is_refused_before_the_provider_is_asked() {
    let (world, admin, provider) = entered(json!({})).await;
    let (victim, attacker) = (begin(&world, "/").await, begin(&world, "/").await);
    provider.says(json!({ "nonce": attacker.sent("nonce") }));
    // The attacker's callback, opened by the victim: signed in as the attacker without noticing.
    refused(come_back(&world, &victim.cookie, &attacker.sent("state")).await, "sign_in_flow_invalid");
    refused(come_back(&world, "", &attacker.sent("state")).await, "sign_in_flow_invalid");
    for state in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        refused(come_back(&world, &victim.cookie, state).await, "sign_in_flow_invalid");
    }
    // Late.
    let late = begin(&world, "/").await;
    world.advance(601);
    refused(come_back(&world, &late.cookie, &late.sent("state")).await, "sign_in_flow_invalid");
    assert!(provider.exchanges().await.is_empty());
    assert_eq!(sessions_of_grace(&world, &admin).await, 0);
}

#[tokio::test]
async fn a_token_that_is_not_for_this_sign_in_opens_nothing() {
    let (world, admin, provider) = entered(json!({})).await;
    let now = world.clock.now().timestamp();
    for (claims, header, forge) in [
        (json!({ "nonce": "of another sign-in" }), json!({}), false),
        (json!({ "nonce": null }), json!({}), false),
        (json!({ "aud": "another-client" }), json!({}), false),
        (json!({ "aud": ["conductor", "another-client"] }), json!({}), false),
        (json!({ "aud": ["conductor", "another-client"], "azp": "another-client" }), json!({}), false),
        (json!({ "azp": "another-client" }), json!({}), false),
        (json!({ "iss": "https://evil.example" }), json!({}), false),
        (json!({ "exp": now - 3_600 }), json!({}), false),
        (json!({ "exp": null }), json!({}), false),
        (json!({ "iat": now + 3_600 }), json!({}), false),
        (json!({ "nbf": now + 3_600 }), json!({}), false),
        (json!({ "sub": "" }), json!({}), false),
        (json!({}), json!({ "alg": "none" }), false),
        (json!({}), json!({ "alg": "HS256" }), false),
        (json!({}), json!({ "alg": "RS256" }), false),
        (json!({}), json!({ "kid": "k2" }), false),
        (json!({}), json!({}), true),
    ] {
        let flow = begin(&world, "/").await;
        let mut said = json!({ "nonce": flow.sent("nonce") });
        for (name, value) in claims.as_object().unwrap() {
            said[name] = value.clone();
        }
        *provider.token.lock().unwrap() = Token { claims: said, header: header.clone(), forge, now };
        let back = come_back(&world, &flow.cookie, &flow.sent("state")).await;
        assert_eq!(
            back.header("location"),
            "/sign-in?problem=identity_provider_unusable",
            "{claims} {header} {forge}"
        );
        assert!(!back.cookies().contains("conductor_access"), "{claims} {header} {forge}");
        world.advance(1);
    }
    assert_eq!(sessions_of_grace(&world, &admin).await, 0, "and no account was made");
}

#[tokio::test]
async fn a_configuration_that_leads_elsewhere_is_not_stored() {
    for (name, value) in [
        ("authorization_endpoint", json!("javascript:alert(document.cookie)")),
        ("authorization_endpoint", json!("file:///etc/passwd")),
        ("authorization_endpoint", json!("$(touch /tmp/x)")),
        ("token_endpoint", json!("http://169.254.169.254/latest/meta-data")),
        ("token_endpoint", json!("http://login.example.com/token")),
        ("jwks_uri", json!("http://[::ffff:a9fe:a9fe]/keys")),
        ("userinfo_endpoint", json!("https://user:password@login.example.com/")),
        ("issuer", json!("https://another.example.com")),
    ] {
        let world = world().await;
        let admin = world.first_account().await;
        let server = MockServer::start().await;
        let issuer = server.uri();
        let mut all = json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/auth"),
            "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/jwks"),
        });
        all[name] = value.clone();
        for (path, body) in [("/.well-known/openid-configuration", all), ("/jwks", json!({ "keys": [] }))] {
            let template = ResponseTemplate::new(200).set_body_json(body);
            Mock::given(matchers::path(path)).respond_with(template).mount(&server).await;
        }
        let body = json!({ "name": "Login", "issuer": issuer, "client_id": "conductor" });
        let refused = world.post("/api/v1/identity-providers", body).by(&admin).send().await;
        assert_eq!(refused.status.as_u16(), 422, "{name} {value}: {}", refused.text());
        assert!(refused.text().contains("/issuer"), "{}", refused.text());
        let shown = world.get("/api/auth/oidc/providers").send().await.ok();
        assert_eq!(shown["items"], json!([]));
        world.get("/api/auth/oidc/login/start").send().await.status(303);
    }
}

#[tokio::test]
async fn a_redirect_carries_neither_code_nor_secret_to_another_origin() {
    let world = world().await;
    let admin = world.first_account().await;
    let (provider, evil) = (Provider::start(&world).await, MockServer::start().await);
    Mock::given(matchers::any()).respond_with(ResponseTemplate::new(200)).mount(&evil).await;
    for status in [301, 302, 307, 308] {
        let template =
            ResponseTemplate::new(status).insert_header("location", format!("{}/token", evil.uri()).as_str());
        Mock::given(matchers::path("/token"))
            .respond_with(template)
            .up_to_n_times(1)
            .mount(&provider.server)
            .await;
    }
    let body = json!({
        "name": "Login", "issuer": provider.issuer(), "client_id": "conductor", "client_secret": "oidc-canary-secret",
    });
    world.post("/api/v1/identity-providers", body).by(&admin).send().await.created();
    for _ in 0..4 {
        let flow = begin(&world, "/").await;
        refused(come_back(&world, &flow.cookie, &flow.sent("state")).await, "identity_provider_unusable");
    }
    assert_eq!(provider.exchanges().await.len(), 4);
    assert!(evil.received_requests().await.unwrap().is_empty(), "nothing was sent along");
    // Nor does a stored secret go to an issuer that was put in the place of the one it was entered for.
    let listed = world.get("/api/v1/identity-providers").by(&admin).send().await.ok();
    let path = format!("/api/v1/identity-providers/{}", listed["items"][0]["id"].as_str().unwrap());
    let moved = world.patch(&path, json!({ "issuer": evil.uri() })).by(&admin).send().await;
    moved.problem(422, "validation_failed");
    assert!(evil.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn no_page_of_another_site_is_opened_afterwards() {
    let (world, _, provider) = entered(json!({})).await;
    for foreign in
        ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2F%5Cevil.example", "javascript%3Aalert(1)"]
    {
        let flow = begin(&world, foreign).await;
        provider.says(json!({ "nonce": flow.sent("nonce") }));
        let back = come_back(&world, &flow.cookie, &flow.sent("state")).await.status(303);
        assert_eq!(back.header("location"), "/", "{foreign}");
    }
}

#[tokio::test]
async fn an_account_is_taken_over_by_its_address_only_where_that_is_allowed_and_verified() {
    let (world, admin, provider) = entered(json!({})).await;
    let grace = world.invite(&admin, "grace@example.com", "member").await;
    let attempt = async |claims: Value| {
        let flow = begin(&world, "/").await;
        let mut said = json!({ "nonce": flow.sent("nonce") });
        for (name, value) in claims.as_object().unwrap() {
            said[name] = value.clone();
        }
        provider.says(said);
        come_back(&world, &flow.cookie, &flow.sent("state")).await
    };
    refused(attempt(json!({})).await, "account_exists");
    let listed = world.get("/api/v1/identity-providers").by(&admin).send().await.ok();
    let path = format!("/api/v1/identity-providers/{}", listed["items"][0]["id"].as_str().unwrap());
    let link = json!({ "link_by_email": true, "email_domains": ["example.com"] });
    world.patch(&path, link).by(&admin).send().await.ok();
    refused(attempt(json!({ "email_verified": false })).await, "sign_up_closed");
    refused(attempt(json!({ "email_verified": null })).await, "sign_up_closed");
    refused(attempt(json!({ "email": "grace@evil.example" })).await, "sign_up_closed");
    let back = attempt(json!({})).await.status(303);
    let me = world.get("/api/auth/me").with("cookie", &back.cookies()).send().await.ok();
    assert_eq!(me["user"]["id"], grace.id());
    // From now on the subject counts and not the address, and a closed account stays closed.
    world.patch(&path, json!({ "link_by_email": false })).by(&admin).send().await.ok();
    attempt(json!({})).await.status(303);
    let close = json!({ "is_active": false });
    world.patch(&format!("/api/users/{}", grace.id()), close).by(&admin).send().await.ok();
    refused(attempt(json!({})).await, "sign_in_refused");
}

#[tokio::test]
async fn groups_bring_roles_and_take_them_back() {
    let (world, admin, provider) = entered(json!({})).await;
    let org = admin.organization();
    let listed = world.get("/api/v1/identity-providers").by(&admin).send().await.ok();
    let path = format!("/api/v1/identity-providers/{}", listed["items"][0]["id"].as_str().unwrap());
    let mappings = json!({ "role_mappings": [
        { "group": "staff", "organization_id": org, "role": "viewer" },
        { "group": "leads", "organization_id": org, "role": "admin" },
    ] });
    world.patch(&path, mappings).by(&admin).send().await.ok();
    let role = async |groups: Value| {
        let flow = begin(&world, "/").await;
        provider.says(json!({ "nonce": flow.sent("nonce"), "groups": groups }));
        come_back(&world, &flow.cookie, &flow.sent("state")).await.status(303);
        let members =
            world.get(&format!("/api/v1/orgs/{org}/members?limit=100")).by(&admin).send().await.ok();
        let all = members["items"].as_array().unwrap().clone();
        all.into_iter()
            .find(|member| member["email"] == "grace@example.com")
            .map(|member| member["role"].clone())
    };
    assert_eq!(role(json!(["others"])).await, None);
    assert_eq!(role(json!(["staff"])).await, Some(json!("viewer")));
    assert_eq!(role(json!(["leads", "staff"])).await, Some(json!("admin")));
    assert_eq!(role(json!(["staff"])).await, Some(json!("viewer")));
    assert_eq!(role(json!([])).await, None);
    let audit = world.get(&format!("/api/v1/orgs/{org}/audit?event_type=membership.*&limit=100")).by(&admin);
    let audit = audit.send().await.ok();
    let by_provider = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["subject"].as_str().unwrap_or_default().starts_with("identity_provider:"));
    assert_eq!(by_provider.count(), 4, "{audit}");
}

/// A provider that ends sessions, entered at a set-up server.
async fn ending(change: Value) -> (World, Person, Provider, String) {
    let world = world().await;
    let admin = world.first_account().await;
    let provider = ends_sessions(Provider::start(&world).await).await;
    let mut body = json!({
        "name": "Login", "issuer": provider.issuer(), "client_id": "conductor", "client_secret": "oidc-canary-secret",
        "allow_sign_up": true,
    });
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    let made = world.post("/api/v1/identity-providers", body).by(&admin).send().await.created();
    let path = format!("/api/v1/identity-providers/{}", made["id"].as_str().unwrap());
    (world, admin, provider, path)
}

async fn ends_sessions(provider: Provider) -> Provider {
    provider.server.reset().await;
    provider.answers("/jwks", provider.keys()).await;
    provider.discovers(json!({ "end_session_endpoint": format!("{}/end", provider.issuer()) })).await;
    provider.gives_tokens().await;
    provider
}

/// The cookies of whoever signed in with the provider.
async fn signed_in(world: &World, provider: &Provider) -> String {
    let flow = begin(world, "/").await;
    provider.says(json!({ "nonce": flow.sent("nonce") }));
    come_back(world, &flow.cookie, &flow.sent("state")).await.status(303).cookies()
}

async fn sign_out(world: &World, cookies: &str) -> Answer {
    world.post("/api/auth/logout", json!({})).page().with("cookie", cookies).send().await
}

fn kept(world: &World) -> usize {
    world.rows()["secrets"].iter().filter(|row| row.contains("id_token:")).count()
}

#[tokio::test]
async fn signing_out_goes_on_to_the_provider_with_its_own_token_alone() {
    let (world, admin, provider, path) = ending(json!({})).await;
    // Nobody asked for it: signing out here is all.
    let cookies = signed_in(&world, &provider).await;
    assert_eq!(kept(&world), 0, "nothing is kept for nothing");
    sign_out(&world, &cookies).await.status(204);

    world.patch(&path, json!({ "signs_out": true })).by(&admin).send().await.ok();
    let cookies = signed_in(&world, &provider).await;
    assert_eq!(kept(&world), 1);
    assert!(!format!("{:?}", world.rows()).contains("eyJ"), "at rest it is sealed");
    let left = sign_out(&world, &cookies).await;
    assert_eq!(left.header("cache-control"), "no-store");
    let address = left.ok()["continue_at"].as_str().unwrap().to_owned();
    let to = reqwest::Url::parse(&address).unwrap();
    let said =
        |name: &str| to.query_pairs().find(|(said, _)| said == name).map(|(_, value)| value.into_owned());
    assert!(address.starts_with(&format!("{}/end?", provider.issuer())), "{address}");
    assert_eq!(said("post_logout_redirect_uri").unwrap(), "http://127.0.0.1:8420/sign-in");
    assert_eq!(said("client_id").unwrap(), "conductor");
    assert_eq!(said("id_token_hint").unwrap().split('.').count(), 3);
    // The session is over here too, and its token is gone with it.
    world.get("/api/auth/me").with("cookie", &cookies).send().await.problem(401, "token_revoked");
    assert_eq!(kept(&world), 0);
    let listed = world.get("/api/v1/identity-providers").by(&admin).send().await.ok();
    assert_eq!(listed["signed_out_uri"], "http://127.0.0.1:8420/sign-in");

    // A session that ended in another way leaves its token to the next sign-in, which forgets it.
    signed_in(&world, &provider).await;
    assert_eq!(kept(&world), 1);
    let users = world.get("/api/users?limit=100").by(&admin).send().await.ok();
    let grace =
        users["items"].as_array().unwrap().iter().find(|user| user["email"] == "grace@example.com").unwrap();
    let grace = format!("/api/users/{}", grace["id"].as_str().unwrap());
    for open in [false, true] {
        world.patch(&grace, json!({ "is_active": open })).by(&admin).send().await.ok();
    }
    signed_in(&world, &provider).await;
    assert_eq!(kept(&world), 1);
    // One that came by password goes nowhere else.
    world.post("/api/auth/logout", json!({})).by(&admin).send().await.status(204);
}

#[tokio::test]
async fn a_provider_that_was_entered_anew_is_not_told_the_token_of_the_old_one() {
    let (world, admin, provider, path) = ending(json!({ "signs_out": true })).await;
    let cookies = signed_in(&world, &provider).await;
    let other = ends_sessions(Provider::start(&world).await).await;
    let moved = json!({ "issuer": other.issuer(), "client_secret": "another-secret" });
    world.patch(&path, moved).by(&admin).send().await.ok();
    let address = sign_out(&world, &cookies).await.ok()["continue_at"].as_str().unwrap().to_owned();
    assert!(address.starts_with(&other.issuer()) && !address.contains("id_token_hint"), "{address}");
}

#[tokio::test]
async fn an_endpoint_that_is_none_is_not_entered() {
    let world = world().await;
    let admin = world.first_account().await;
    for endpoint in ["javascript:alert(1)", "http://169.254.169.254/end", "http://login.example.com/end"] {
        let provider = Provider::start(&world).await;
        provider.server.reset().await;
        provider.answers("/jwks", provider.keys()).await;
        provider.discovers(json!({ "end_session_endpoint": endpoint })).await;
        let body = json!({ "name": endpoint, "issuer": provider.issuer(), "client_id": "conductor" });
        let refused = world.post("/api/v1/identity-providers", body).by(&admin).send().await;
        assert_eq!(refused.problem(422, "validation_failed")["errors"][0]["pointer"], "/issuer");
    }
}
