//! What a service account signs to be given a token (RFC 7523 §2.1): who it is, what it asks for, and for whom that is meant.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::ServiceAccount;
use crate::{Error, Result};

/// How long an assertion holds, in seconds: it is used at once, and token servers take none of more than an hour.
const HOLDS: i64 = 600;

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

/// The assertion, signed with RS256. What is wrong with a key is not told further: it is a secret.
pub(super) fn sign(account: &ServiceAccount) -> Result<String> {
    let unusable = |_| Error::invalid("/credentials", "the account's private_key is no RSA key in PEM");
    let key = EncodingKey::from_rsa_pem(account.private_key.expose_secret().as_bytes()).map_err(unusable)?;
    let now = account.now.timestamp();
    let claims = Claims {
        iss: &account.email,
        scope: &account.scope,
        aud: account.token_url.trim(),
        iat: now,
        exp: now.saturating_add(HOLDS),
    };
    let header = Header { kid: account.key_id.clone(), ..Header::new(Algorithm::RS256) };
    jsonwebtoken::encode(&header, &claims, &key).map_err(unusable)
}
