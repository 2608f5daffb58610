//! Whether an id token is what it says: signed by a key of its provider with an algorithm that asks for one, issued by
//! it, for us, now, in answer to what this browser began.

use chrono::{DateTime, Utc};
use conductor_domain::Redacted;
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    jwk::{Jwk, JwkSet, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::client::Discovery;
use crate::{Error, Result};

/// Clocks of provider and server may differ by this much.
pub(crate) const LEEWAY_SECONDS: i64 = 60;

/// Every algorithm that a public key verifies. A secret shared with the provider signs nothing here, and `none` is no
/// algorithm.
pub(crate) const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// What an id token says, as far as it is asked.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    #[serde(flatten)]
    pub(super) rest: serde_json::Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It names a key that is not known; the provider may have a new one.
    UnknownKey,
    /// Anything else.
    Refused(&'static str),
}

/// What a token is measured against.
pub(super) struct Expected<'a> {
    pub(super) discovery: &'a Discovery,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a Redacted<String>,
    pub(super) now: DateTime<Utc>,
}

/// Reads an id token, unless anything about it is not as it must be.
pub(super) fn id_token(token: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<Claims, Fault> {
    // An algorithm that this library does not know, `none` among them, ends here.
    let header = jsonwebtoken::decode_header(token).map_err(|_| Fault::Refused("it is no signed token"))?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Fault::Refused("its algorithm is not one that a public key verifies"));
    }
    let word = serde_json::to_value(header.alg).unwrap_or_default();
    let offered = &expected.discovery.id_token_signing_alg_values_supported;
    if !offered.is_empty() && !offered.iter().any(|offered| word == offered.as_str()) {
        return Err(Fault::Refused("its algorithm is not one that its provider uses"));
    }
    let key = key(keys, header.kid.as_deref(), header.alg)?;
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[&expected.discovery.issuer]);
    validation.set_audience(&[expected.client_id]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // Times are compared with the clock that was handed in.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let decoded = jsonwebtoken::decode::<Claims>(token, &key, &validation);
    let claims = decoded.map_err(|_| Fault::Refused("its signature, issuer or audience is wrong"))?.claims;
    let now = expected.now.timestamp();
    if claims.exp.saturating_add(LEEWAY_SECONDS) <= now {
        return Err(Fault::Refused("it has expired"));
    }
    let early = |moment: i64| moment > now.saturating_add(LEEWAY_SECONDS);
    if early(claims.iat) || claims.nbf.is_some_and(early) {
        return Err(Fault::Refused("it is from the future"));
    }
    let several = matches!(&claims.aud, Audience::Many(all) if all.len() > 1);
    let party = claims.azp.as_deref();
    if (several && party.is_none()) || party.is_some_and(|party| party != expected.client_id) {
        return Err(Fault::Refused("it was issued to another client"));
    }
    if let Audience::One(one) = &claims.aud
        && one != expected.client_id
    {
        return Err(Fault::Refused("it is for another client"));
    }
    let nonce = claims.nonce.as_deref().unwrap_or_default().as_bytes();
    if !bool::from(nonce.ct_eq(expected.nonce.expose().as_bytes())) {
        return Err(Fault::Refused("it answers another sign-in"));
    }
    if claims.sub.is_empty() || claims.sub.len() > 255 {
        return Err(Fault::Refused("it names nobody"));
    }
    Ok(claims)
}

/// The provider's key that a token names; where it names none, the only one that fits.
pub(crate) fn key(keys: &JwkSet, kid: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, Fault> {
    let fits = |key: &&Jwk| {
        let signs = !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption));
        let alone = key.common.key_algorithm.is_none_or(|only| only.to_string() == format!("{algorithm:?}"));
        signs && alone && key.is_supported()
    };
    let mut found = keys.keys.iter().filter(fits).filter(|key| match kid {
        Some(kid) => key.common.key_id.as_deref() == Some(kid),
        None => true,
    });
    let first = found.next().ok_or(Fault::UnknownKey)?;
    if kid.is_none() && found.next().is_some() {
        return Err(Fault::Refused("it does not say which key signed it"));
    }
    // A secret in a key set would make the algorithm's family a matter of the token.
    if matches!(first.algorithm, jsonwebtoken::jwk::AlgorithmParameters::OctetKey(_)) {
        return Err(Fault::Refused("its key is a shared secret"));
    }
    DecodingKey::from_jwk(first).map_err(|_| Fault::Refused("its key cannot be read"))
}

impl Fault {
    /// In words.
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::UnknownKey => "it is signed by no key of its provider",
            Self::Refused(why) => why,
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::ProviderUnusable { why: format!("its id token is not accepted: {}", fault.why()) }
    }
}
