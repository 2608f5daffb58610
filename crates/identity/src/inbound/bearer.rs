//! Tokens of foreign issuers: signed by a key that the account's issuer publishes or that an administrator entered, for
//! this account's subject and audience, now.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use conductor_domain::ServiceAccount;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use crate::{
    Error, Identity, Result,
    oidc::verify::{ALGORITHMS, Fault, LEEWAY_SECONDS, key},
};

/// A longer text is no token.
const LARGEST: usize = 16 * 1024;

/// What a token says of itself before anything is proven: enough to find what it is measured against.
#[derive(Deserialize)]
pub(crate) struct Claimed {
    pub(crate) iss: String,
    pub(crate) sub: String,
}

/// What a token says once its signature, issuer and audience are proven.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
    iat: Option<i64>,
    nbf: Option<i64>,
}

/// Reads whom a token names, believing nothing of it.
pub(crate) fn claimed(token: &str) -> Option<Claimed> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    if token.len() > LARGEST || parts.next().is_some() {
        return None;
    }
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

/// The key of a text in PEM, for this algorithm alone: what is a public key never serves as a shared secret.
pub(super) fn pinned(pem: &str, algorithm: Algorithm) -> Option<DecodingKey> {
    let pem = pem.as_bytes();
    match algorithm {
        Algorithm::RS256
        | Algorithm::RS384
        | Algorithm::RS512
        | Algorithm::PS256
        | Algorithm::PS384
        | Algorithm::PS512 => DecodingKey::from_rsa_pem(pem).ok(),
        Algorithm::ES256 | Algorithm::ES384 => DecodingKey::from_ec_pem(pem).ok(),
        Algorithm::EdDSA => DecodingKey::from_ed_pem(pem).ok(),
        _ => None,
    }
}

impl Identity {
    /// Whether a token is this account's, and until when.
    pub(super) async fn proven(&self, token: &str, account: &ServiceAccount) -> Result<i64> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Error::TokenInvalid)?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(refused(account, "its algorithm is not one that a public key verifies"));
        }
        let inbound = &account.inbound;
        let key = match (&inbound.public_key, &inbound.jwks_uri) {
            (Some(pem), _) => pinned(pem, header.alg)
                .ok_or_else(|| refused(account, "the key that was entered is of another kind"))?,
            (None, Some(address)) => {
                let (clients, now) = (&self.inner.providers, self.inner.clock.now());
                let known = clients.key_set(address, now, false).await?;
                let found = match key(&known, header.kid.as_deref(), header.alg) {
                    // It may have been signed by a key that is newer than what is known.
                    Err(Fault::UnknownKey) => {
                        let newer = clients.key_set(address, now, true).await?;
                        key(&newer, header.kid.as_deref(), header.alg)
                    }
                    found => found,
                };
                found.map_err(|fault| refused(account, fault.why()))?
            }
            (None, None) => return Err(Error::TokenInvalid),
        };
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&account.issuer]);
        validation.set_audience(&[&account.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are compared with the clock that was handed in.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation)
            .map_err(|_| refused(account, "its signature, issuer or audience is wrong"))?
            .claims;
        let now = self.inner.clock.now().timestamp();
        if claims.exp.saturating_add(LEEWAY_SECONDS) <= now {
            return Err(Error::TokenExpired);
        }
        let early = |moment: i64| moment > now.saturating_add(LEEWAY_SECONDS);
        if claims.nbf.is_some_and(early) || claims.iat.is_some_and(early) {
            return Err(refused(account, "it is from the future"));
        }
        if claims.sub != account.subject {
            return Err(refused(account, "it is about somebody else"));
        }
        Ok(claims.exp)
    }
}

/// Whoever sent it learns that it is not accepted; why stands in the log, for whoever entered the account.
fn refused(account: &ServiceAccount, why: &'static str) -> Error {
    tracing::info!(account = %account.id, why, "a token of a foreign issuer is refused");
    Error::TokenInvalid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_token_names_nobody() {
        let claims = BASE64_URL_SAFE_NO_PAD.encode(r#"{"iss":"https://ci.example","sub":"repo:a"}"#);
        let named = claimed(&format!("e30.{claims}.c2ln")).unwrap();
        assert_eq!((named.iss.as_str(), named.sub.as_str()), ("https://ci.example", "repo:a"));
        let long = "a".repeat(LARGEST);
        for text in
            ["", "a.b", &format!("e30.{claims}"), &format!("e30.{claims}.s.t"), &format!("{long}.{claims}.s")]
        {
            assert!(claimed(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_public_key_is_no_shared_secret() {
        let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
        assert!(pinned(pem, Algorithm::EdDSA).is_some());
        for other in
            [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512, Algorithm::RS256, Algorithm::ES256]
        {
            assert!(pinned(pem, other).is_none(), "{other:?}");
        }
    }
}
