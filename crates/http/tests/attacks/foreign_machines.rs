//! Machines that bring a proof of their own: tokens that another issuer signs for somebody else, for other ears, too
//! early, too late, or not at all; certificates of other authorities, and those that nobody who is trusted has seen;
//! accounts without authentication where that is not for development.

use std::sync::Arc;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use conductor_egress::{Egress, Options};
use conductor_secrets::Signer;
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::world::{Answer, Call, Person, World};

const ISSUER: &str = "https://ci.example.com";
const SUBJECT: &str = "repo:example/shop";
const AUDIENCE: &str = "https://conductor.example.com";

const CA: &str = include_str!("certificates/ca.pem");
const OTHER: &str = include_str!("certificates/other.pem");
const CLIENT: &str = include_str!("certificates/client.pem");

/// An issuer of tokens with one key.
struct Issuer {
    signer: Arc<Signer>,
    kid: &'static str,
}

impl Issuer {
    fn new(kid: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { signer: Arc::new(Signer::load_or_create(&folder.path().join("key")).unwrap()), kid }
    }

    fn raw(&self) -> Vec<u8> {
        BASE64_STANDARD.decode(self.signer.public().to_base64()).unwrap()
    }

    fn jwk(&self) -> Value {
        let x = BASE64_URL_SAFE_NO_PAD.encode(self.raw());
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": self.kid, "use": "sig", "alg": "EdDSA", "x": x })
    }

    /// Its key in PEM: an Ed25519 key has the same twelve bytes before it always (RFC 8410).
    fn pem(&self) -> String {
        let mut der = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        der.extend(self.raw());
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64_STANDARD.encode(der))
    }

    fn token(&self, world: &World, claims: Value, header: Value) -> String {
        let now = world.now().timestamp();
        let mut all = json!({
            "iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 300,
        });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        let mut head = json!({ "alg": "EdDSA", "typ": "JWT", "kid": self.kid });
        for (name, value) in header.as_object().unwrap() {
            head[name] = value.clone();
        }
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&head), part(&all));
        let signature = match head["alg"].as_str() {
            Some("none") => String::new(),
            // Signed with the public key as if it were a secret.
            Some("HS256") => {
                let key = jsonwebtoken::EncodingKey::from_secret(self.pem().as_bytes());
                jsonwebtoken::crypto::sign(text.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).unwrap()
            }
            _ => BASE64_URL_SAFE_NO_PAD
                .encode(BASE64_STANDARD.decode(self.signer.sign(text.as_bytes())).unwrap()),
        };
        format!("{text}.{signature}")
    }
}

/// An installation behind a proxy that tells of certificates.
async fn world() -> (World, Person) {
    let options = Options { allow: vec!["127.0.0.1/32".parse().unwrap()], ..Options::default() };
    let egress = Egress::new(options).unwrap().guarded();
    let world = World::with(
        |identify| identify.egress = Some(egress),
        |serve| {
            serve.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
            serve.client_cert_header = Some("client-cert".parse().unwrap());
        },
    )
    .await;
    let admin = world.first_account().await;
    (world, admin)
}

fn accounts(of: &Person) -> String {
    format!("/api/v1/orgs/{}/service-accounts", of.organization())
}

async fn enter(world: &World, by: &Person, change: Value) -> Answer {
    let mut body = json!({
        "name": "Pipeline", "subject": SUBJECT, "issuer": ISSUER, "audience": AUDIENCE,
        "scope_allowlist": ["agent.read"],
    });
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    world.post(&accounts(by), body).by(by).send().await
}

fn path(of: &Person, account: &Value) -> String {
    format!("{}/{}", accounts(of), account["id"].as_str().unwrap())
}

async fn with_token(world: &World, token: &str) -> Answer {
    world.get("/api/agents").with("authorization", &format!("Bearer {token}")).send().await
}

/// A request as a proxy forwards it that saw this certificate.
fn certified<'w>(world: &'w World, pem: &str) -> Call<'w> {
    let inner: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    world.get("/api/agents").from("10.0.0.1").with("client-cert", &format!(":{inner}:"))
}

#[tokio::test]
async fn a_token_of_a_pinned_key_signs_in_within_the_allowlist_until_it_is_ended() {
    let ((world, admin), issuer) = (world().await, Issuer::new("k1"));
    let account = enter(&world, &admin, json!({ "public_key": issuer.pem() })).await.created();
    assert_eq!(account["inbound_auth_method"], "BEARER");
    let token = issuer.token(&world, json!({ "scope": "organization.update" }), json!({}));
    with_token(&world, &token).await.ok();
    let bearer = format!("Bearer {token}");
    let elsewhere = world.get("/api/mcp/servers").with("authorization", &bearer).send().await;
    elsewhere.problem(403, "scope_missing");

    // What it acts by is on the list of the account's tokens, and is ended there.
    let tokens = format!("{}/tokens", path(&admin, &account));
    let listed = world.get(&tokens).by(&admin).send().await.ok();
    let jti = listed["items"][0]["jti"].as_str().unwrap().to_owned();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    world.post(&format!("{tokens}/{jti}/revoke"), json!({})).by(&admin).send().await.ok();
    with_token(&world, &token).await.problem(401, "token_revoked");
    // Entered again, it works again; switched off, it does not.
    world.patch(&path(&admin, &account), json!({ "enabled": true })).by(&admin).send().await.ok();
    let token = issuer.token(&world, json!({ "jti": "2" }), json!({}));
    with_token(&world, &token).await.ok();
    world.patch(&path(&admin, &account), json!({ "enabled": false })).by(&admin).send().await.ok();
    with_token(&world, &token).await.problem(401, "token_revoked");
}

#[tokio::test]
async fn a_token_that_is_not_the_accounts_is_refused() {
    let ((world, admin), issuer) = (world().await, Issuer::new("k1"));
    enter(&world, &admin, json!({ "public_key": issuer.pem() })).await.created();
    let now = world.now().timestamp();
    for (claims, header) in [
        (json!({ "iss": "https://evil.example.com" }), json!({})),
        (json!({ "sub": "repo:example/other" }), json!({})),
        (json!({ "aud": "https://elsewhere.example.com" }), json!({})),
        (json!({ "aud": [] }), json!({})),
        (json!({ "aud": null }), json!({})),
        (json!({ "exp": null }), json!({})),
        (json!({ "nbf": now + 3_600 }), json!({})),
        (json!({ "iat": now + 3_600 }), json!({})),
        (json!({}), json!({ "alg": "none" })),
        (json!({}), json!({ "alg": "HS256" })),
        (json!({}), json!({ "alg": "RS256" })),
    ] {
        let token = issuer.token(&world, claims.clone(), header.clone());
        let problem = with_token(&world, &token).await.status(401).json();
        assert_eq!(problem["code"], "token_invalid", "{claims} {header}");
    }
    let late =
        issuer.token(&world, json!({ "exp": now - 120, "iat": now - 600, "nbf": now - 600 }), json!({}));
    with_token(&world, &late).await.problem(401, "token_expired");
    // Another key of the same name, and the right token in a cookie: browsers bring no tokens of others.
    let forged = Issuer::new("k1").token(&world, json!({}), json!({}));
    with_token(&world, &forged).await.problem(401, "token_invalid");
    let sound = issuer.token(&world, json!({}), json!({}));
    let cookie = format!("__Host-conductor_access={sound}");
    world.get("/api/agents").with("cookie", &cookie).send().await.problem(401, "token_invalid");
    with_token(&world, &sound).await.ok();
    // It is believed for a moment, never beyond its end.
    world.advance(400);
    with_token(&world, &sound).await.problem(401, "token_expired");
}

#[tokio::test]
async fn keys_are_read_where_the_account_says_and_follow_their_rotation() {
    let ((world, admin), first, second) = (world().await, Issuer::new("k1"), Issuer::new("k2"));
    let server = MockServer::start().await;
    let publish = async |keys: Value| {
        server.reset().await;
        let template = ResponseTemplate::new(200).set_body_json(json!({ "keys": keys }));
        Mock::given(matchers::path("/jwks")).respond_with(template).mount(&server).await;
    };
    publish(json!([first.jwk()])).await;
    let address = format!("{}/jwks", server.uri());
    enter(&world, &admin, json!({ "jwks_uri": address })).await.created();
    with_token(&world, &first.token(&world, json!({}), json!({}))).await.ok();
    let other = format!("{}/evil", server.uri());
    let misled = Issuer::new("k3").token(&world, json!({}), json!({ "jku": other }));
    with_token(&world, &misled).await.problem(401, "token_invalid");

    publish(json!([second.jwk()])).await;
    world.advance(60);
    with_token(&world, &second.token(&world, json!({}), json!({}))).await.ok();
    with_token(&world, &first.token(&world, json!({ "jti": "old" }), json!({})))
        .await
        .problem(401, "token_invalid");
    // Strangers' tokens make nobody ask again and again.
    for at in 0..5 {
        let stranger = Issuer::new("k9").token(&world, json!({ "jti": at.to_string() }), json!({}));
        with_token(&world, &stranger).await.problem(401, "token_invalid");
    }
    assert!(server.received_requests().await.unwrap().len() <= 2);
}

#[tokio::test]
async fn what_cannot_prove_anything_is_not_entered() {
    let ((world, admin), issuer) = (world().await, Issuer::new("k1"));
    let environment = admin.session["environment"]["id"].clone();
    for (change, pointer) in [
        (json!({ "jwks_uri": "http://169.254.169.254/keys" }), "/jwks_uri"),
        (json!({ "jwks_uri": "http://10.1.2.3/keys" }), "/jwks_uri"),
        (json!({ "jwks_uri": "file:///etc/passwd" }), "/jwks_uri"),
        (json!({ "jwks_uri": "https://ci.example.com/keys", "public_key": issuer.pem() }), "/public_key"),
        (
            json!({ "public_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----" }),
            "/public_key",
        ),
        (json!({ "public_key": issuer.pem(), "issuer": "conductor" }), "/issuer"),
        (json!({ "inbound_auth_method": "MTLS" }), "/client_ca"),
        (json!({ "inbound_auth_method": "MTLS", "client_ca": "no certificate" }), "/client_ca"),
        (json!({ "inbound_auth_method": "NONE", "networks": ["127.0.0.1/32"] }), "/inbound_auth_method"),
        (
            json!({ "inbound_auth_method": "NONE", "networks": ["127.0.0.1/32"], "environment_id": environment }),
            "/inbound_auth_method",
        ),
        (json!({ "inbound_auth_method": "NONE", "networks": [] }), "/networks"),
        (json!({ "inbound_auth_method": "NONE", "networks": ["0.0.0.0/0"] }), "/networks"),
    ] {
        let problem = enter(&world, &admin, change.clone()).await.problem(422, "validation_failed");
        let named = problem["errors"].as_array().unwrap().iter().any(|error| error["pointer"] == pointer);
        assert!(named, "{change}: {problem}");
    }
    assert_eq!(world.get(&accounts(&admin)).by(&admin).send().await.ok()["items"], json!([]));
}

#[tokio::test]
async fn a_certificate_signs_in_where_a_trusted_proxy_saw_it() {
    let (world, admin) = world().await;
    let body = json!({
        "inbound_auth_method": "MTLS", "client_ca": CA, "subject": "spiffe://example.com/pipeline",
    });
    let account = enter(&world, &admin, body).await.created();
    certified(&world, CLIENT).send().await.ok();
    // From anywhere else the header is the client's own word.
    certified(&world, CLIENT).from("203.0.113.9").send().await.problem(401, "token_missing");
    certified(&world, CLIENT).with("client-cert", ":AAAA:").send().await.problem(401, "token_missing");
    for refused in [
        include_str!("certificates/expired.pem"),
        include_str!("certificates/early.pem"),
        include_str!("certificates/server.pem"),
        include_str!("certificates/forged.pem"),
    ] {
        certified(&world, refused).send().await.problem(401, "token_invalid");
    }
    let somebody = include_str!("certificates/somebody.pem");
    certified(&world, somebody).send().await.problem(401, "token_missing");
    // A page elsewhere, in a browser that has the certificate, changes nothing.
    let inner: String = CLIENT.lines().filter(|line| !line.starts_with("-----")).collect();
    let change = world.post("/api/runs/execute", json!({})).from("10.0.0.1");
    let change = change.with("client-cert", &format!(":{inner}:")).with("origin", "https://evil.example.com");
    change.send().await.problem(403, "origin_refused");

    world.patch(&path(&admin, &account), json!({ "client_ca": OTHER })).by(&admin).send().await.ok();
    certified(&world, CLIENT).send().await.problem(401, "token_invalid");
    certified(&world, include_str!("certificates/forged.pem")).send().await.ok();
}

#[tokio::test]
async fn without_authentication_an_account_works_in_development_alone() {
    let (world, admin) = world().await;
    let environments = format!("/api/v1/orgs/{}/environments", admin.organization());
    let body = json!({ "name": "Playground", "type": "dev" });
    let environment = world.post(&environments, body).by(&admin).send().await.created();
    let body = json!({
        "inbound_auth_method": "NONE", "networks": ["192.0.2.0/24"], "environment_id": environment["id"],
    });
    let account = enter(&world, &admin, body).await.created();
    let named = |address: &str| {
        let call = world.get("/api/agents").from(address);
        call.with("x-conductor-service-account", account["id"].as_str().unwrap())
    };
    named("192.0.2.7").send().await.ok();
    named("203.0.113.9").send().await.problem(401, "token_invalid");
    named("203.0.113.9").with("x-forwarded-for", "192.0.2.7").send().await.problem(401, "token_invalid");
    // It stays in its environment.
    let home = admin.session["environment"]["id"].as_str().unwrap().to_owned();
    named("192.0.2.7").with("x-conductor-environment", &home).send().await.problem(404, "not_found");

    // The playground becomes the real thing: the door is shut at once.
    let path = format!("{environments}/{}", environment["id"].as_str().unwrap());
    world.patch(&path, json!({ "type": "prod" })).by(&admin).send().await.ok();
    named("192.0.2.7").send().await.problem(403, "development_only");
}

#[tokio::test]
async fn another_administrator_lends_nobody_the_rights_of_the_first() {
    let ((world, owner), issuer) = (world().await, Issuer::new("k1"));
    let account = enter(&world, &owner, json!({ "public_key": issuer.pem() })).await.created();
    let grace = world.invite(&owner, "grace@example.com", "admin").await;
    let tokens = format!("{}/tokens", path(&owner, &account));
    let by = async || {
        let listed = world.get(&tokens).by(&owner).send().await.ok();
        let live =
            listed["items"].as_array().unwrap().iter().find(|token| token["status"] == "active").cloned();
        live.unwrap()["issued_by_id"].clone()
    };
    let first = by().await;
    let wider = json!({ "scope_allowlist": ["agent.*"] });
    world.patch(&path(&owner, &account), wider).by(&grace).send().await.ok();
    let second = by().await;
    assert_ne!(first, second, "it acts by the rights of whoever changed it");
    with_token(&world, &issuer.token(&world, json!({}), json!({}))).await.ok();
}
