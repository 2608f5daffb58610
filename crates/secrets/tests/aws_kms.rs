//! The client of AWS KMS against a service that speaks its wire and checks every signature by its own arithmetic.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::DateTime;
use conductor_domain::{Clock, FixedClock, OrganizationId};
use conductor_secrets::{AwsKms, AwsKmsOptions, Error, KeyEncryption, Keyring, TenantKey};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::method};

const ACCESS_KEY: &str = "AKIDEXAMPLE";
const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SESSION: &str = "a/temporary+token==";
const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// The service: it keeps what it encrypted with its context, and answers to who signs rightly.
#[derive(Clone, Default)]
struct Kms {
    kept: Arc<Mutex<Vec<(Value, String)>>>,
    /// Calls that are answered as busy before it works.
    busy: Arc<AtomicUsize>,
    calls: Arc<AtomicUsize>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Signature Version 4 as its specification writes it down.
fn signature(request: &Request, signed_headers: &str, amz_date: &str, scope: &str) -> String {
    let mut canonical = format!("{}\n{}\n\n", request.method, request.url.path());
    for name in signed_headers.split(';') {
        let value = request.headers.get(name).unwrap_or_else(|| panic!("{name} is signed and not sent"));
        canonical.push_str(&format!("{name}:{}\n", value.to_str().unwrap().trim()));
    }
    canonical.push_str(&format!("\n{signed_headers}\n{}", hex(&Sha256::digest(&request.body))));
    let hash = hex(&Sha256::digest(canonical.as_bytes()));
    let to_sign = format!("AWS4-HMAC-SHA256\n{amz_date}\n{scope}\n{hash}");
    let mut key = format!("AWS4{SECRET_KEY}").into_bytes();
    for part in scope.split('/') {
        key = mac(&key, part);
    }
    hex(&mac(&key, &to_sign))
}

fn refuse(status: u16, kind: &str) -> ResponseTemplate {
    let kind = format!("com.amazonaws.kms#{kind}");
    ResponseTemplate::new(status).set_body_json(json!({ "__type": kind, "message": "no" }))
}

impl Respond for Kms {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let header = |name: &str| {
            request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let authorization = header("authorization");
        let Some(rest) = authorization.strip_prefix("AWS4-HMAC-SHA256 ") else {
            return refuse(400, "MissingAuthenticationTokenException");
        };
        let part = |name: &str| {
            let found = rest.split(", ").find_map(|part| part.strip_prefix(&format!("{name}=")));
            found.unwrap_or_default().to_owned()
        };
        let (credential, signed, given) = (part("Credential"), part("SignedHeaders"), part("Signature"));
        let (access_key, scope) = credential.split_once('/').unwrap();
        let amz_date = header("x-amz-date");
        let covers = |name: &str| signed.split(';').any(|signed| signed == name);
        let whole = ["host", "x-amz-date", "x-amz-target", "x-amz-security-token"].into_iter().all(covers);
        let day_and_place = format!("{}/eu-central-1/kms/aws4_request", &amz_date[..8]);
        if access_key != ACCESS_KEY
            || !whole
            || header("x-amz-security-token") != SESSION
            || scope != day_and_place
            || signature(request, &signed, &amz_date, scope) != given
        {
            return refuse(400, "IncompleteSignatureException");
        }
        if self.busy.load(Ordering::SeqCst) > 0 {
            self.busy.fetch_sub(1, Ordering::SeqCst);
            return refuse(400, "ThrottlingException");
        }
        assert_eq!(header("content-type"), "application/x-amz-json-1.1");
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        if body["KeyId"] != KEY {
            return refuse(400, "NotFoundException");
        }
        let mut kept = self.kept.lock().unwrap();
        let answer = match header("x-amz-target").as_str() {
            "TrentService.Encrypt" => {
                let plaintext = body["Plaintext"].as_str().unwrap().to_owned();
                kept.push((body["EncryptionContext"].clone(), plaintext));
                let blob = BASE64_STANDARD.encode(format!("blob {}", kept.len() - 1));
                json!({ "CiphertextBlob": blob, "KeyId": KEY, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT" })
            }
            "TrentService.Decrypt" => {
                let blob = BASE64_STANDARD.decode(body["CiphertextBlob"].as_str().unwrap()).unwrap();
                let text = String::from_utf8_lossy(&blob).into_owned();
                let at = text.strip_prefix("blob ").and_then(|at| at.parse::<usize>().ok());
                match at.and_then(|at| kept.get(at)) {
                    Some((context, plaintext)) if *context == body["EncryptionContext"] => {
                        json!({ "Plaintext": plaintext, "KeyId": KEY })
                    }
                    _ => return refuse(400, "InvalidCiphertextException"),
                }
            }
            _ => return refuse(400, "UnknownOperationException"),
        };
        ResponseTemplate::new(200).set_body_json(answer)
    }
}

async fn service() -> (MockServer, Kms) {
    let (server, kms) = (MockServer::start().await, Kms::default());
    Mock::given(method("POST")).respond_with(kms.clone()).mount(&server).await;
    (server, kms)
}

fn client(server: &MockServer, secret: &str, key: &str) -> AwsKms {
    client_at(server.uri(), secret, key)
}

fn client_at(endpoint: String, secret: &str, key: &str) -> AwsKms {
    #[expect(clippy::disallowed_methods, reason = "a client of a test, for its own loopback")]
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let clock: Arc<dyn Clock> = FixedClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let options = AwsKmsOptions {
        key_id: key.to_owned(),
        region: "eu-central-1".to_owned(),
        endpoint: Some(endpoint),
        access_key_id: ACCESS_KEY.to_owned(),
        secret_access_key: secret.to_owned().into(),
        session_token: Some(SESSION.to_owned().into()),
    };
    AwsKms::new(client, clock, options).unwrap()
}

#[tokio::test]
async fn a_tenants_key_goes_through_the_service_and_back() {
    let (server, kms) = service().await;
    let ring = Keyring::under(Arc::new(client(&server, SECRET_KEY, KEY)));
    assert_eq!(ring.current_kind(), "aws_kms");
    let drawn = TenantKey::draw(OrganizationId::NIL).unwrap();
    let wrapped = ring.wrap(&drawn).await.unwrap();
    let context = kms.kept.lock().unwrap()[0].0.clone();
    assert_eq!(
        context,
        json!({ "conductor:organization": OrganizationId::NIL, "conductor:tenant-key": drawn.place().key_name() })
    );
    let back = ring.unwrap(drawn.place(), &ring.current_id(), &wrapped).await.unwrap();
    assert_eq!(ring.wrap(&back).await.unwrap().len(), wrapped.len());
    let kept = kms.kept.lock().unwrap().clone();
    assert_eq!(kept[0].1, kept[1].1, "the same 32 bytes came back");

    let mut elsewhere = *drawn.place();
    elsewhere.key_id[7] ^= 1;
    let moved = ring.unwrap(&elsewhere, &ring.current_id(), &wrapped).await;
    assert!(matches!(moved, Err(Error::Tampered)), "{moved:?}");
}

#[tokio::test]
async fn a_wrong_signature_and_an_unknown_key_are_refused_at_once_and_named() {
    let (server, kms) = service().await;
    let drawn = TenantKey::draw(OrganizationId::NIL).unwrap();
    for (master, reason) in [
        (client(&server, "not the secret access key of this user!!", KEY), "IncompleteSignatureException"),
        (client(&server, SECRET_KEY, "alias/another"), "NotFoundException"),
    ] {
        let calls = kms.calls.load(Ordering::SeqCst);
        let refused = Keyring::under(Arc::new(master)).wrap(&drawn).await.unwrap_err();
        assert!(matches!(&refused, Error::Kms { .. }) && refused.to_string().contains(reason), "{refused}");
        assert_eq!(kms.calls.load(Ordering::SeqCst), calls + 1, "asking again would not help");
    }
}

#[tokio::test]
async fn a_busy_service_is_asked_again_and_a_silent_one_given_up() {
    let (server, kms) = service().await;
    let ring = Keyring::under(Arc::new(client(&server, SECRET_KEY, KEY)));
    let drawn = TenantKey::draw(OrganizationId::NIL).unwrap();
    kms.busy.store(2, Ordering::SeqCst);
    ring.wrap(&drawn).await.unwrap();
    assert_eq!(kms.calls.load(Ordering::SeqCst), 3);

    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let silent = client_at(format!("http://{closed}"), SECRET_KEY, KEY);
    let lost = silent.wrap(drawn.place(), &[7; 32]).await.unwrap_err();
    assert!(matches!(lost, Error::Kms { .. }), "{lost:?}");
    let told = format!("{lost:?} {lost} {silent:?}");
    for secret in [SECRET_KEY, SESSION, "BwcHBwcH"] {
        assert!(!told.contains(secret), "{told}");
    }
}
