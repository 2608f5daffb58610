//! Speaks to a provider: configuration, keys, codes, and who somebody is. All of it through the guarded client, which
//! follows no redirect, so neither code nor secret goes anywhere but to the address that was checked.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use conductor_domain::Redacted;
use conductor_egress::{Guarded, read_capped};
use http::{Method, header};
use jsonwebtoken::jwk::JwkSet;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{Error, Result};

/// An answer of a provider is smaller than this.
const LARGEST: usize = 512 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);
/// How long what a provider says of itself is believed.
const BELIEVED: TimeDelta = TimeDelta::hours(1);
/// Addresses whose keys are remembered.
const MOST_SETS: usize = 1_000;
/// How soon keys are asked for again because a token names one that is not known.
const KEYS_AGAIN: TimeDelta = TimeDelta::seconds(30);

/// What a provider says of itself (OpenID Connect Discovery).
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Discovery {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    #[serde(default)]
    pub(super) userinfo_endpoint: Option<String>,
    /// OpenID Connect RP-Initiated Logout.
    #[serde(default)]
    pub(super) end_session_endpoint: Option<String>,
    #[serde(default)]
    pub(super) id_token_signing_alg_values_supported: Vec<String>,
    #[serde(default)]
    pub(super) token_endpoint_auth_methods_supported: Vec<String>,
    /// RFC 9207.
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

/// A provider as it was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) discovery: Discovery,
    pub(super) keys: JwkSet,
    at: DateTime<Utc>,
    keys_at: DateTime<Utc>,
}

/// The keys at an address, as they were found; `None` where they were not.
#[derive(Clone, Debug)]
struct KeySet {
    keys: Option<Arc<JwkSet>>,
    at: DateTime<Utc>,
}

/// What a code is exchanged for.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) id_token: String,
    pub(super) access_token: Option<String>,
}

/// The client of every provider.
#[derive(Debug)]
pub(crate) struct Clients {
    egress: Option<Guarded>,
    found: Mutex<HashMap<String, Arc<Found>>>,
    sets: Mutex<HashMap<String, KeySet>>,
}

impl Clients {
    pub(crate) fn new(egress: Option<Guarded>) -> Self {
        Self { egress, found: Mutex::default(), sets: Mutex::default() }
    }

    /// The provider of this issuer, looked up where it was not lately.
    pub(super) async fn find(&self, issuer: &str, now: DateTime<Utc>) -> Result<Arc<Found>> {
        let known = self.known(issuer).filter(|found| now - found.at < BELIEVED);
        match known {
            Some(found) => Ok(found),
            None => self.look_up(issuer, now).await,
        }
    }

    /// Looks a provider up.
    pub(super) async fn look_up(&self, issuer: &str, now: DateTime<Utc>) -> Result<Arc<Found>> {
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let discovery: Discovery = self.get(&address, None).await?;
        if discovery.issuer != issuer {
            return Err(unusable(format!("its configuration names another issuer, {:?}", discovery.issuer)));
        }
        for endpoint in [&discovery.authorization_endpoint, &discovery.token_endpoint, &discovery.jwks_uri]
            .into_iter()
            .chain(&discovery.userinfo_endpoint)
            .chain(&discovery.end_session_endpoint)
        {
            self.check(endpoint)?;
        }
        let keys = self.keys(&discovery.jwks_uri).await?;
        Ok(self.keep(issuer, Found { discovery, keys, at: now, keys_at: now }))
    }

    /// The provider with its keys of this moment, where they are not known to be.
    pub(super) async fn refresh_keys(&self, found: &Found, now: DateTime<Utc>) -> Result<Option<Arc<Found>>> {
        if now - found.keys_at < KEYS_AGAIN {
            return Ok(None);
        }
        let keys = self.keys(&found.discovery.jwks_uri).await?;
        let issuer = found.discovery.issuer.clone();
        Ok(Some(self.keep(&issuer, Found { keys, keys_at: now, ..found.clone() })))
    }

    /// The keys that are published at an address; `again` where a token names one that is not among them. Whoever
    /// sends tokens that nobody signed makes us ask for them twice a minute at most.
    pub(crate) async fn key_set(
        &self,
        address: &str,
        now: DateTime<Utc>,
        again: bool,
    ) -> Result<Arc<JwkSet>> {
        let known = self.sets.lock().unwrap_or_else(PoisonError::into_inner).get(address).cloned();
        if let Some(known) = known {
            let believed = if again || known.keys.is_none() { KEYS_AGAIN } else { BELIEVED };
            if now - known.at < believed {
                return known.keys.ok_or_else(|| unusable("its keys could not be read just now"));
            }
        }
        let read = self.keys(address).await.map(Arc::new);
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if sets.len() >= MOST_SETS {
            sets.clear();
        }
        sets.insert(address.to_owned(), KeySet { keys: read.as_ref().ok().cloned(), at: now });
        read
    }

    /// Exchanges a code.
    pub(super) async fn exchange(
        &self,
        discovery: &Discovery,
        client_id: &str,
        secret: Option<&Redacted<String>>,
        form: &[(&str, &str)],
    ) -> Result<Tokens> {
        let mut form: Vec<(&str, &str)> = form.to_vec();
        let mut request = self.request(Method::POST, &discovery.token_endpoint)?;
        let methods = &discovery.token_endpoint_auth_methods_supported;
        let posts = methods.iter().any(|method| method == "client_secret_post")
            && !methods.iter().any(|method| method == "client_secret_basic");
        match secret {
            // RFC 6749 §2.3.1: both parts are form-encoded before they are put together.
            Some(secret) if !posts => {
                let pair = format!("{}:{}", encoded(client_id), encoded(secret.expose()));
                request =
                    request.header(header::AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(pair)));
            }
            Some(secret) => form.extend([("client_id", client_id), ("client_secret", secret.expose())]),
            None => form.push(("client_id", client_id)),
        }
        let body: Vec<String> =
            form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request =
            request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.join("&"));
        self.send(request).await
    }

    /// What the provider says of whom an access token is about.
    pub(super) async fn user_info(&self, endpoint: &str, token: &str) -> Result<serde_json::Value> {
        self.get(endpoint, Some(token)).await
    }

    /// Whether an address may be one of a provider: https, or http on this very machine, and nothing that the guard
    /// refuses. Everything else, `javascript:` included, is none.
    pub(crate) fn check(&self, address: &str) -> Result<()> {
        let egress = self.egress.as_ref().ok_or_else(|| unusable("outgoing requests are switched off"))?;
        let url = egress.check(address).map_err(|error| unusable(error.to_string()))?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let loopback = host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        if url.scheme() != "https" && !loopback {
            return Err(unusable(format!("{address:?} is not an https address")));
        }
        if url.fragment().is_some() {
            return Err(unusable(format!("{address:?} has a fragment")));
        }
        Ok(())
    }

    async fn keys(&self, address: &str) -> Result<JwkSet> {
        // Keys of kinds that this version does not know are left out, and do not spoil the others.
        #[derive(Deserialize)]
        struct Keys {
            keys: Vec<serde_json::Value>,
        }
        let all: Keys = self.get(address, None).await?;
        let keys = all.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
        Ok(JwkSet { keys: keys.collect() })
    }

    async fn get<T: DeserializeOwned>(&self, address: &str, bearer: Option<&str>) -> Result<T> {
        let mut request = self.request(Method::GET, address)?;
        if let Some(token) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request).await
    }

    fn request(&self, method: Method, address: &str) -> Result<reqwest::RequestBuilder> {
        self.check(address)?;
        let egress = self.egress.as_ref().ok_or_else(|| unusable("outgoing requests are switched off"))?;
        let request = egress.request(method, address).map_err(|error| unusable(error.to_string()))?;
        Ok(request.timeout(PATIENCE).header(header::ACCEPT, "application/json"))
    }

    async fn send<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T> {
        let answer = request.send().await.map_err(|error| {
            let why = conductor_egress::Error::behind(&error)
                .map_or_else(|| "it does not answer".to_owned(), |refused| refused.to_string());
            tracing::warn!(
                error = &error.without_url() as &dyn std::error::Error,
                "an identity provider is out of reach"
            );
            unusable(why)
        })?;
        let status = answer.status();
        let bytes = read_capped(answer, LARGEST).await.map_err(|error| unusable(error.to_string()))?;
        if !status.is_success() {
            // `error` is a word of a closed list (RFC 6749); what else the body says stays here.
            #[derive(Default, Deserialize)]
            struct Fault {
                #[serde(default)]
                error: String,
            }
            let fault: Fault = serde_json::from_slice(&bytes).unwrap_or_default();
            let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            let error: String = fault.error.chars().filter(|letter| word(*letter)).take(60).collect();
            return Err(unusable(format!("it answers {} {error}", status.as_u16()).trim_end().to_owned()));
        }
        serde_json::from_slice(&bytes).map_err(|_| unusable("its answer is not what OpenID Connect says"))
    }

    fn known(&self, issuer: &str) -> Option<Arc<Found>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).get(issuer).cloned()
    }

    fn keep(&self, issuer: &str, found: Found) -> Arc<Found> {
        let found = Arc::new(found);
        let mut all = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(issuer.to_owned(), Arc::clone(&found));
        found
    }
}

/// Form encoding of one value.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

pub(super) fn unusable(why: impl Into<String>) -> Error {
    Error::ProviderUnusable { why: why.into() }
}
