//! Tokens of the client credentials grant (RFC 6749 §4.4) and of signed assertions (RFC 7523): fetched when needed, kept
//! until shortly before their end.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::{sync::Mutex as AsyncMutex, time::Instant};
use url::form_urlencoded;

use super::{
    HttpClient, OAuth2, ServiceAccount, address,
    answer::{retry_after, transient},
    assertion, body, header as headers,
};
use crate::{Error, Result};

/// How long before its end a token is no longer used: the request that carries it takes time, and clocks differ.
const MARGIN: Duration = Duration::from_secs(30);
/// How long a token is kept whose server does not say how long it lives.
const UNSAID: Duration = Duration::from_secs(300);
/// No token is kept longer, whatever its server says.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// The answer of a token server is short.
const LARGEST: usize = 256 * 1024;
/// Tokens kept at once.
const MOST: usize = 1000;

/// One place per credential; whoever holds it fetches, and the others wait for the same token.
type Slot = Arc<AsyncMutex<Option<Token>>>;

/// What a token is given for.
#[derive(Clone, Copy)]
pub(crate) enum Grant<'a> {
    Client(&'a OAuth2),
    Account(&'a ServiceAccount),
}

/// The tokens of this process.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<HashMap<String, Slot>>);

struct Token {
    value: SecretString,
    until: Instant,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Value,
}

#[derive(Default, Deserialize)]
struct Fault {
    #[serde(default)]
    error: String,
}

impl Tokens {
    /// A token for this grant, other than the one that the target has `refused`.
    pub(crate) async fn token(
        &self,
        http: &HttpClient,
        grant: Grant<'_>,
        refused: Option<&SecretString>,
    ) -> Result<SecretString> {
        let slot = self.slot(grant);
        let mut kept = slot.lock().await;
        let usable = |token: &&Token| {
            token.until > Instant::now()
                && refused.is_none_or(|refused| refused.expose_secret() != token.value.expose_secret())
        };
        if let Some(token) = kept.as_ref().filter(usable) {
            return Ok(token.value.clone());
        }
        *kept = None;
        let (value, lives) = fetch(http, grant).await?;
        if lives > MARGIN {
            *kept = Some(Token { value: value.clone(), until: Instant::now() + (lives - MARGIN) });
        }
        Ok(value)
    }

    fn slot(&self, grant: Grant<'_>) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST {
            slots.retain(|_, slot| slot.try_lock().is_ok_and(|token| token.is_some()));
        }
        if slots.len() >= MOST {
            // Whoever is fetching keeps its slot alive; the others fetch once more.
            slots.clear();
        }
        Arc::clone(slots.entry(key(grant)).or_default())
    }
}

/// Who shares a token. The secret is part of it, or a tenant who knows another's client would be given that one's token
/// without knowing its secret.
fn key(grant: Grant<'_>) -> String {
    conductor_domain::sha256_hex(match grant {
        Grant::Client(OAuth2 { token_url, client_id, client_secret, scope, audience }) => {
            let secret = client_secret.expose_secret();
            format!("{token_url:?} {client_id:?} {secret:?} {scope:?} {audience:?}")
        }
        Grant::Account(ServiceAccount { token_url, email, private_key, scope, .. }) => {
            let secret = private_key.expose_secret();
            format!("assertion {token_url:?} {email:?} {secret:?} {scope:?}")
        }
    })
}

/// Where the client's secret stands. The standard asks every server to take the header; some take only the form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Header,
    Form,
}

async fn fetch(http: &HttpClient, grant: Grant<'_>) -> Result<(SecretString, Duration)> {
    let grant = match grant {
        Grant::Client(grant) => grant,
        Grant::Account(account) => {
            let (status, headers, bytes) = ask(http, by_account(http, account)?).await?;
            return read(status, &headers, &bytes);
        }
    };
    let (status, headers, bytes) = ask(http, by_client(http, grant, Style::Header)?).await?;
    let fault = || serde_json::from_slice::<Fault>(&bytes).unwrap_or_default().error;
    let unknown = status == StatusCode::UNAUTHORIZED
        || (status == StatusCode::BAD_REQUEST
            && matches!(fault().as_str(), "invalid_client" | "invalid_request"));
    if !unknown {
        return read(status, &headers, &bytes);
    }
    let (status, headers, bytes) = ask(http, by_client(http, grant, Style::Form)?).await?;
    read(status, &headers, &bytes)
}

async fn ask(http: &HttpClient, request: RequestBuilder) -> Result<(StatusCode, HeaderMap, bytes::Bytes)> {
    let lost = |error: Error| match error {
        Error::Unreachable { reason, .. } => {
            failed(format!("the token server gives no answer: {reason}"), true)
        }
        Error::TimedOut { .. } => failed("the token server does not answer in time", true),
        other => other,
    };
    let started = Instant::now();
    let mut response =
        request.send().await.map_err(|error| lost(http.explain(error, started.elapsed(), false)))?;
    let bytes = body::read(&mut response, LARGEST).await.map_err(|broken| match broken {
        body::Broken::TooLarge => failed("the token server's answer is too large to be one", false),
        body::Broken::Cut(error) => lost(http.explain(error, started.elapsed(), false)),
    })?;
    Ok((response.status(), std::mem::take(response.headers_mut()), bytes))
}

fn post(http: &HttpClient, token_url: &str, form: String) -> Result<RequestBuilder> {
    let url = address::parse("/auth/token_url", token_url)?;
    let request = http
        .client()
        .post(url)
        .header(header::ACCEPT, HeaderValue::from_static("application/json"))
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
        .body(form);
    Ok(request)
}

fn by_account(http: &HttpClient, account: &ServiceAccount) -> Result<RequestBuilder> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    form.append_pair("assertion", &assertion::sign(account)?);
    post(http, &account.token_url, form.finish())
}

fn by_client(http: &HttpClient, grant: &OAuth2, style: Style) -> Result<RequestBuilder> {
    let secret = grant.client_secret.expose_secret();
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    for (name, value) in [("scope", &grant.scope), ("audience", &grant.audience)] {
        if let Some(value) = value {
            form.append_pair(name, value);
        }
    }
    if style == Style::Form {
        form.append_pair("client_id", &grant.client_id).append_pair("client_secret", secret);
    }
    let request = post(http, &grant.token_url, form.finish())?;
    if style == Style::Form {
        return Ok(request);
    }
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = BASE64_STANDARD.encode(format!("{}:{}", encode(&grant.client_id), encode(secret)));
    Ok(request
        .header(header::AUTHORIZATION, headers::value("/auth/client_secret", &format!("Basic {pair}"))?))
}

fn read(status: StatusCode, headers: &HeaderMap, bytes: &[u8]) -> Result<(SecretString, Duration)> {
    if !status.is_success() {
        // `error` is a word of a closed list; what else the body says may repeat what was sent.
        let fault: Fault = serde_json::from_slice(bytes).unwrap_or_default();
        let word = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
        let word: String = fault.error.chars().filter(word).take(60).collect();
        let reason = format!("the token server answers {} {word}", status.as_u16());
        return Err(Error::AuthFailed {
            reason: reason.trim_end().to_owned(),
            retryable: transient(status),
            retry_after: retry_after(headers),
        });
    }
    let granted: Granted = serde_json::from_slice(bytes)
        .map_err(|_| failed("the token server's answer holds no access_token", false))?;
    if let Some(kind) = granted.token_type.filter(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        let kind: String = kind.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
        return Err(failed(format!("the token server gives a token of the type {kind}, not Bearer"), false));
    }
    headers::value("/auth/token_url", &granted.access_token)
        .map_err(|_| failed("the token server's access_token contains a control character", false))?;
    // Some servers write the number as text.
    let seconds = granted.expires_in.as_u64().or_else(|| granted.expires_in.as_str()?.parse().ok());
    Ok((granted.access_token.into(), seconds.map_or(UNSAID, Duration::from_secs).min(LONGEST)))
}

fn failed(reason: impl Into<String>, retryable: bool) -> Error {
    Error::AuthFailed { reason: reason.into(), retryable, retry_after: None }
}
