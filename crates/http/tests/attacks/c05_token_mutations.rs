//! C-05: tokens that are almost ours. The forge holds our own key, so that each refusal is for the one thing that is
//! wrong; only the cases about keys use others.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use conductor_domain::Redacted;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::{
    machines::{agent, bearer, token},
    world::{Person, World},
};

/// PKCS#8 of an Ed25519 private key, up to the 32 bytes of the seed (RFC 8410).
const PKCS8: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

/// Signs whatever it is told, with the installation's key.
pub(crate) struct Forge {
    key: EncodingKey,
    kid: String,
    /// The claims of a person's good token.
    pub(crate) person: Value,
    /// The claims of a machine's good token.
    pub(crate) machine: Value,
    whole: [String; 2],
}

fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn coded(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

impl Forge {
    pub(crate) async fn new(world: &World, admin: &Person) -> Self {
        let agent = agent(world, admin, "Worker").await;
        let issued = token(world, admin, &agent, &["agent.read"]).await;
        let machine = bearer(&issued).trim_start_matches("Bearer ").to_owned();
        Self {
            key: EncodingKey::from_ed_der(&[&PKCS8[..], &*crate::world::SEED].concat()),
            kid: part(&machine, 0)["kid"].as_str().unwrap().to_owned(),
            person: part(&admin.token, 1),
            machine: part(&machine, 1),
            whole: [admin.token.clone(), machine],
        }
    }

    fn header(&self, claims: &Value) -> Header {
        let is_machine = claims["aud"].as_str().is_some_and(|aud| aud.ends_with("/machines"));
        Header {
            typ: Some(if is_machine { "machine+jwt" } else { "at+jwt" }.to_owned()),
            kid: Some(self.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        }
    }

    pub(crate) fn sign(&self, claims: &Value, change: impl FnOnce(&mut Header)) -> String {
        let mut header = self.header(claims);
        change(&mut header);
        format!("Bearer {}", jsonwebtoken::encode(&header, claims, &self.key).unwrap())
    }

    /// A header of our own making, signed by nobody or by a text.
    fn raw(&self, header: &Value, claims: &Value, signature: &str) -> String {
        format!("Bearer {}.{}.{signature}", coded(header), coded(claims))
    }
}

#[tokio::test]
async fn almost_ours_is_not_ours() {
    let (world, admin) = World::set_up().await;
    let forge = Forge::new(&world, &admin).await;
    let mut cases: Vec<(String, String)> = Vec::new();
    for (kind, claims, whole) in
        [("person", &forge.person, &forge.whole[0]), ("machine", &forge.machine, &forge.whole[1])]
    {
        let good = forge.sign(claims, |_| {});
        world.get("/api/agents").with("authorization", &good).send().await.status(200);
        let mut case = |name: &str, token: String| cases.push((format!("{kind}: {name}"), token));
        let head = part(whole, 0);
        let with = |name: &str, value: Value| {
            let mut changed = claims.clone();
            changed[name] = value;
            let header = forge.header(claims);
            forge.sign(&changed, |to| *to = header)
        };

        // No signature, and other algorithms over our own key as if it were a secret.
        for none in ["none", "None", "NONE", "nOnE", ""] {
            let header = json!({ "alg": none, "typ": head["typ"], "kid": forge.kid });
            case(&format!("alg {none:?}"), forge.raw(&header, claims, ""));
            case(
                &format!("alg {none:?} signed"),
                forge.raw(&header, claims, whole.rsplit_once('.').unwrap().1),
            );
        }
        let public = forge.kid.as_bytes();
        for (algorithm, name) in
            [(Algorithm::HS256, "HS256"), (Algorithm::HS384, "HS384"), (Algorithm::HS512, "HS512")]
        {
            for secret in [public, b"conductor".as_slice(), b"".as_slice(), &*crate::world::SEED] {
                let header = Header { alg: algorithm, ..forge.header(claims) };
                let token = jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret)).unwrap();
                case(name, format!("Bearer {token}"));
            }
        }
        for other in ["RS256", "RS512", "PS256", "ES256", "ES512", "Ed25519", "EDDSA", "HS1"] {
            let header = json!({ "alg": other, "typ": head["typ"], "kid": forge.kid });
            case(other, forge.raw(&header, claims, whole.rsplit_once('.').unwrap().1));
        }
        // Another key of the same kind.
        let seed: [u8; 32] = rand::random();
        let other = EncodingKey::from_ed_der(&[&PKCS8[..], &seed].concat());
        let token = jsonwebtoken::encode(&forge.header(claims), claims, &other).unwrap();
        case("another key", format!("Bearer {token}"));
        // Keys that the token brings itself.
        for (name, value) in [
            ("jku", json!("https://evil.example/keys.json")),
            ("x5u", json!("https://evil.example/cert.pem")),
            ("jwk", json!({ "kty": "oct", "k": "AA" })),
        ] {
            let mut header = json!({ "alg": "EdDSA", "typ": head["typ"], "kid": "brought-along" });
            header[name] = value;
            case(name, forge.raw(&header, claims, whole.rsplit_once('.').unwrap().1));
        }
        for kid in [
            "../../../../dev/null",
            "/dev/null",
            "..%2f..%2fkeys",
            "file:///dev/null",
            "x' OR '1'='1",
            "",
            "0",
            "http://127.0.0.1:1/key",
            "|sleep 5",
            "conductor\0",
        ] {
            case(&format!("kid {kid:?}"), forge.sign(claims, |header| header.kid = Some(kid.to_owned())));
        }
        case("no kid", forge.sign(claims, |header| header.kid = None));
        for typ in ["JWT", "jwt", "", "refresh+jwt", "at+JWT2", "application/at+jwt"] {
            case(&format!("typ {typ:?}"), forge.sign(claims, |header| header.typ = Some(typ.to_owned())));
        }
        case("no typ", forge.sign(claims, |header| header.typ = None));
        let crossed = if kind == "person" { "machine+jwt" } else { "at+jwt" };
        case("the other kind's typ", forge.sign(claims, |header| header.typ = Some(crossed.to_owned())));
        for (name, values) in [
            ("aud", vec![json!("elsewhere"), json!(""), json!([]), json!(null), json!(7)]),
            ("iss", vec![json!("https://evil.example"), json!(""), json!(null), json!([])]),
            ("typ", vec![json!("refresh"), json!(""), json!(null)]),
            ("exp", vec![json!(0), json!("9999999999"), json!(null), json!(-1), json!(1e300)]),
            ("jti", vec![json!(null), json!(7)]),
        ] {
            for value in values {
                // A person's jti is a text of no meaning; only a missing one counts.
                if kind == "person" && name == "jti" && !value.is_null() && !value.is_number() {
                    continue;
                }
                case(&format!("{name} {value}"), with(name, value));
            }
        }
        for name in ["exp", "iss", "aud", "sub", "typ", "jti"] {
            let mut without = claims.clone();
            without.as_object_mut().unwrap().remove(name);
            let header = forge.header(claims);
            case(&format!("no {name}"), forge.sign(&without, |to| *to = header));
        }
        for broken in [
            whole.replace('.', ""),
            format!("{whole}."),
            format!(".{whole}"),
            format!("{}..", whole.split('.').next().unwrap()),
            whole.to_uppercase(),
            "a.b.c".to_owned(),
            "....".to_owned(),
        ] {
            case("no token", format!("Bearer {broken}"));
        }
    }
    assert!(cases.len() > 120, "{} cases", cases.len());
    for (case, authorization) in cases {
        let answer = world.get("/api/agents").with("authorization", &authorization).send().await;
        assert_eq!(answer.status.as_u16(), 401, "{case}: {}", answer.text());
        let code = answer.json()["code"].as_str().unwrap().to_owned();
        assert!(["token_invalid", "token_expired"].contains(&code.as_str()), "{case}: {code}");
    }
}

#[tokio::test]
async fn another_installations_tokens_are_foreign() {
    let (world, admin) = World::set_up().await;
    let forge = Forge::new(&world, &admin).await;
    let elsewhere = World::with(|options| options.signing_seed = Redacted::new(rand::random()), |_| {}).await;
    let foreign = elsewhere.first_account().await;
    for whole in &forge.whole {
        let answer =
            elsewhere.get("/api/agents").with("authorization", &format!("Bearer {whole}")).send().await;
        answer.problem(401, "token_invalid");
    }
    let answer = world.get("/api/agents").by(&foreign).send().await;
    answer.problem(401, "token_invalid");
}
