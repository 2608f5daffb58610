//! Google Sheets over a stand-in that speaks its wire format: a token server that verifies what a service account signed,
//! and the spreadsheets behind it.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use conductor_connectors::{Error, Operation, Providers, Said, Task};
use conductor_domain::{Kind, SystemClock};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::loopback::{Received, Reply, SOON, Server, client};

const EMAIL: &str = "robot@project.iam.gserviceaccount.com";
const SHEET: &str = "1AbC-d_E";

/// A service account: its key in PEM, and what verifies it.
struct Account {
    private_key: String,
    verifies: DecodingKey,
}

impl Account {
    fn new() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let text = BASE64_STANDARD.encode(der.as_ref());
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let private_key =
            format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
        Self { private_key, verifies: DecodingKey::from_rsa_der(pair.public_key().as_ref()) }
    }

    /// The file that Google hands out.
    fn key(&self, token_uri: &str) -> String {
        json!({
            "type": "service_account", "project_id": "project", "private_key_id": "kid-1",
            "private_key": self.private_key, "client_email": EMAIL, "client_id": "1", "token_uri": token_uri,
        })
        .to_string()
    }
}

/// Gives `token:<scope>` for an assertion that this account signed for this very server, and says why where it does not.
async fn token_server(verifies: DecodingKey) -> Server {
    Server::start(move |received| {
        let form: BTreeMap<String, String> =
            url::form_urlencoded::parse(received.body.as_bytes()).into_owned().collect();
        if form["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
            return Reply::json(400, &json!({ "error": "unsupported_grant_type" }));
        }
        let audience = format!("http://{}{}", received.header("host").unwrap(), received.target);
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_audience(&[audience]);
        validation.set_issuer(&[EMAIL]);
        validation.required_spec_claims =
            ["exp", "aud", "iss"].map(str::to_owned).into_iter().collect::<HashSet<_>>();
        let Ok(assertion) = jsonwebtoken::decode::<Value>(&form["assertion"], &verifies, &validation) else {
            return Reply::json(400, &json!({ "error": "invalid_grant" }));
        };
        let claims = assertion.claims;
        let (iat, exp) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
        if assertion.header.kid.as_deref() != Some("kid-1") || exp <= iat || exp - iat > 3600 {
            return Reply::json(400, &json!({ "error": "invalid_grant" }));
        }
        let token = format!("token:{}", claims["scope"].as_str().unwrap());
        Reply::json(200, &json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3599 }))
    })
    .await
}

fn providers(variables: &[(&str, String)]) -> Providers {
    let variables =
        variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect();
    Providers::new(client(), variables, None, Arc::new(SystemClock))
}

fn operation(name: &str) -> &'static Operation {
    let found = |known: &&Operation| known.provider == "google_sheets" && known.name == name;
    Providers::operations().find(found).unwrap()
}

async fn ask(providers: &Providers, name: &str, fields: Value) -> Result<Said, Error> {
    let task = Task {
        fields: fields.as_object().unwrap().clone(),
        credentials: None,
        idempotency_key: "key".to_owned(),
        timeout: SOON,
    };
    providers.run(operation(name), &task, &CancellationToken::new()).await
}

async fn done(providers: &Providers, name: &str, fields: Value) -> Map<String, Value> {
    ask(providers, name, fields).await.unwrap().unwrap()
}

fn body(received: &Received) -> Value {
    serde_json::from_str(&received.body).unwrap_or_default()
}

#[tokio::test]
async fn every_operation_is_asked_as_the_reference_has_it() {
    let account = Account::new();
    let tokens = token_server(account.verifies.clone()).await;
    let sheets = Server::start(|received| {
        let answer = match received.method.as_str() {
            "GET" => json!({ "range": "Orders!A1:B2", "majorDimension": "ROWS", "values": [["a", "1"]] }),
            "PUT" => json!({ "spreadsheetId": SHEET, "updatedRange": "Orders!A1:B1", "updatedCells": 2 }),
            _ if received.target.contains(":append") => {
                json!({ "spreadsheetId": SHEET, "updates": { "updatedRows": 1 } })
            }
            _ => json!({ "spreadsheetId": SHEET, "clearedRange": "Orders!A1:B2" }),
        };
        Reply::json(200, &answer)
    })
    .await;
    let providers = providers(&[
        ("GOOGLE_SHEETS_KEY", account.key(&tokens.url("/token"))),
        ("GOOGLE_SHEETS_URL", sheets.url("")),
    ]);

    let range = json!({ "spreadsheetId": SHEET, "range": "'My orders'!A1:B2" });
    let with = |more: Value| {
        let mut fields = range.clone();
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fields
    };
    let read =
        done(&providers, "values.get", with(json!({ "valueRenderOption": "UNFORMATTED_VALUE" }))).await;
    assert_eq!(Value::from(read.get("values").cloned()), json!([["a", "1"]]));
    let rows = json!([["=1+1", 2, true, null]]);
    let options =
        json!({ "values": rows, "valueInputOption": "USER_ENTERED", "insertDataOption": "INSERT_ROWS" });
    let added = done(&providers, "values.append", with(options)).await;
    assert_eq!(added["updates"]["updatedRows"], 1);
    done(&providers, "values.update", with(json!({ "values": rows, "majorDimension": "COLUMNS" }))).await;
    done(&providers, "values.clear", range.clone()).await;

    let asked = sheets.received();
    let lines: Vec<String> = asked.iter().map(|one| format!("{} {}", one.method, one.target)).collect();
    let at = format!("/v4/spreadsheets/{SHEET}/values/%27My%20orders%27%21A1%3AB2");
    assert_eq!(
        lines,
        [
            format!("GET {at}?valueRenderOption=UNFORMATTED_VALUE"),
            format!("POST {at}:append?valueInputOption=USER_ENTERED&insertDataOption=INSERT_ROWS"),
            // What begins with `=` stays a text where nobody says otherwise.
            format!("PUT {at}?valueInputOption=RAW"),
            format!("POST {at}:clear"),
        ]
    );
    assert_eq!(body(&asked[1]), json!({ "values": rows }));
    assert_eq!(body(&asked[2]), json!({ "values": rows, "majorDimension": "COLUMNS" }));
    assert_eq!(body(&asked[3]), json!({}));
    let scope = "https://www.googleapis.com/auth/spreadsheets";
    let bearers: Vec<_> = asked.iter().map(|one| one.header("authorization").unwrap().to_owned()).collect();
    let write = format!("Bearer token:{scope}");
    assert_eq!(bearers, [format!("Bearer token:{scope}.readonly"), write.clone(), write.clone(), write]);
    assert_eq!(tokens.received().len(), 2, "one token to read and one to write, kept");
}

#[tokio::test]
async fn another_key_is_given_no_token_and_nothing_is_sent() {
    let (account, other) = (Account::new(), Account::new());
    let tokens = token_server(account.verifies.clone()).await;
    let sheets = Server::always(Reply::json(200, &json!({}))).await;
    let range = json!({ "spreadsheetId": SHEET, "range": "A1" });
    let forged = other.key(&tokens.url("/token"));
    let no_pem = forged.replace("BEGIN PRIVATE", "BEGIN NO");
    for (key, code) in [
        (forged, "auth_failed"),
        (no_pem, "invalid_request"),
        ("{}".to_owned(), "invalid_request"),
        ("no JSON".to_owned(), "invalid_request"),
    ] {
        let providers =
            providers(&[("GOOGLE_SHEETS_KEY", key.clone()), ("GOOGLE_SHEETS_URL", sheets.url(""))]);
        let error = ask(&providers, "values.get", range.clone()).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(!error.outcome_unknown() && !format!("{error:?}").contains("PRIVATE KEY"), "{error:?}");
    }
    let error = ask(&providers(&[]), "values.get", range).await.unwrap_err();
    assert!(error.to_string().contains("GOOGLE_SHEETS_KEY"), "{error}");
    assert!(sheets.received().is_empty());
}

#[tokio::test]
async fn what_google_refuses_is_told_in_its_words() {
    let refusals = [
        (401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", false),
        (403, "PERMISSION_DENIED", "The caller does not have permission", false),
        (404, "NOT_FOUND", "Requested entity was not found.", false),
        (429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Read requests'", true),
    ];
    for (status, word, message, retryable) in refusals {
        let refusal = json!({ "error": { "code": status, "message": message, "status": word } });
        let reply = Reply::json(status, &refusal).with("retry-after", "7");
        let sheets = Server::always(reply).await;
        let providers =
            providers(&[("GOOGLE_SHEETS_TOKEN", "ready".to_owned()), ("GOOGLE_SHEETS_URL", sheets.url("/"))]);
        let fields = json!({ "spreadsheetId": SHEET, "range": "A1", "values": [["x"]] });
        let failure = ask(&providers, "values.append", fields).await.unwrap().unwrap_err();
        assert_eq!((failure.code.as_str(), failure.retryable), (status.to_string().as_str(), retryable));
        assert!(failure.message.contains(word) && failure.message.contains(message), "{}", failure.message);
        assert_eq!(failure.message.contains("client_email"), matches!(status, 403 | 404));
        assert_eq!(failure.retry_after_seconds, Some(7.0));
        assert_eq!(sheets.only().header("authorization"), Some("Bearer ready"));
    }
}

#[tokio::test]
async fn a_row_whose_answer_is_lost_may_have_been_added() {
    let (address, broken) = crate::loopback::by_hand(async |stream: tokio::net::TcpStream| {
        use tokio::io::AsyncReadExt;
        let (mut stream, mut seen) = (stream, Vec::<u8>::new());
        while !seen.ends_with(b"]]}") {
            let mut some = [0; 4096];
            let read = stream.read(&mut some).await.unwrap();
            assert!(read > 0, "the request ends early");
            seen.extend_from_slice(&some[..read]);
        }
    })
    .await;
    let providers = providers(&[
        ("GOOGLE_SHEETS_TOKEN", "ready".to_owned()),
        ("GOOGLE_SHEETS_URL", format!("http://{address}")),
    ]);
    let fields = json!({ "spreadsheetId": SHEET, "range": "A1", "values": [["x"]] });
    let (asked, ()) = tokio::time::timeout(Duration::from_secs(20), async {
        tokio::join!(ask(&providers, "values.append", fields), broken)
    })
    .await
    .unwrap();
    assert!(asked.unwrap_err().outcome_unknown(), "nobody knows whether the row is there");
}

#[tokio::test]
async fn a_spreadsheet_that_is_none_is_asked_for_nothing() {
    let sheets = Server::always(Reply::json(200, &json!({}))).await;
    let providers =
        providers(&[("GOOGLE_SHEETS_TOKEN", "ready".to_owned()), ("GOOGLE_SHEETS_URL", sheets.url(""))]);
    for (name, fields) in [
        ("values.get", json!({ "range": "A1" })),
        ("values.get", json!({ "spreadsheetId": SHEET })),
        ("values.get", json!({ "spreadsheetId": "../../drive", "range": "A1" })),
        ("values.get", json!({ "spreadsheetId": SHEET, "range": ".." })),
        ("values.append", json!({ "spreadsheetId": SHEET, "range": "A1" })),
        ("values.update", json!({ "spreadsheetId": SHEET, "range": "A1", "values": ["no row"] })),
    ] {
        let error = ask(&providers, name, fields.clone()).await.unwrap_err();
        assert_eq!(error.code(), "invalid_request", "{fields}: {error}");
    }
    assert!(sheets.received().is_empty());
}
