//! Access tokens: what they say, how they are signed, and what is refused.

use std::time::Duration;

use chrono::{DateTime, Utc};
use conductor_domain::{Clock, EnvironmentId, OrganizationId, Redacted, Scope, SessionId, UserId};
use jsonwebtoken::{Algorithm, Header, Validation, errors::ErrorKind};
use serde::{Deserialize, Serialize};

use crate::{Error, Options, Result, key::SigningKey};

/// The `typ` of an access token's header (RFC 9068).
const TYPE: &str = "at+jwt";
/// The `typ` claim: a token of another kind signed by the same key is not an access token.
const KIND: &str = "access";
/// Clocks of servers may differ by this much.
const LEEWAY_SECONDS: i64 = 5;

/// What an access token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) sub: UserId,
    pub(crate) org: OrganizationId,
    pub(crate) env: EnvironmentId,
    pub(crate) scope: String,
    pub(crate) ver: i32,
    pub(crate) sid: SessionId,
    pub(crate) jti: String,
    pub(crate) typ: String,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
}

/// Signs and verifies access tokens.
#[derive(Debug)]
pub(crate) struct Tokens {
    key: SigningKey,
    validation: Validation,
    issuer: String,
    audience: String,
    lifetime: Duration,
}

impl Tokens {
    pub(crate) fn new(options: &Options) -> Result<Self> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&options.issuer]);
        validation.set_audience(&[&options.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = LEEWAY_SECONDS.unsigned_abs();
        // `exp` is compared with the clock that was handed in, below.
        validation.validate_exp = false;
        validation.validate_nbf = true;
        Ok(Self {
            key: SigningKey::from_seed(options.signing_seed.expose())?,
            validation,
            issuer: options.issuer.clone(),
            audience: options.audience.clone(),
            lifetime: options.access_lifetime,
        })
    }

    pub(crate) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Signs a token for a session.
    pub(crate) fn issue(
        &self,
        clock: &dyn Clock,
        user: UserId,
        version: i32,
        session: SessionId,
        scope: Scope,
    ) -> Result<Redacted<String>> {
        let now = clock.now().timestamp();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: user,
            org: scope.organization_id,
            env: scope.environment_id,
            scope: "session".to_owned(),
            ver: version,
            sid: session,
            jti: clock.uuid_v7().to_string(),
            typ: KIND.to_owned(),
            iat: now,
            exp: now.saturating_add(self.lifetime.as_secs().try_into().unwrap_or(i64::MAX)),
        };
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(self.key.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, &claims, &self.key.encoding)
            .map(Redacted::new)
            .map_err(Error::crypto("signing an access token"))
    }

    /// Reads a token, unless anything about it is not as `issue` makes it.
    pub(crate) fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Error::TokenInvalid)?;
        if header.typ.as_deref() != Some(TYPE) || header.kid.as_deref() != Some(self.key.kid.as_str()) {
            return Err(Error::TokenInvalid);
        }
        let claims = jsonwebtoken::decode::<Claims>(token, &self.key.decoding, &self.validation)
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => Error::TokenExpired,
                _ => Error::TokenInvalid,
            })?
            .claims;
        if claims.typ != KIND {
            return Err(Error::TokenInvalid);
        }
        if claims.exp.saturating_add(LEEWAY_SECONDS) <= now.timestamp() {
            return Err(Error::TokenExpired);
        }
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use conductor_domain::FixedClock;
    use jsonwebtoken::EncodingKey;
    use serde_json::{Value, json};

    use super::*;

    const SEED: [u8; 32] = *b"\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60";

    fn world() -> (Tokens, std::sync::Arc<FixedClock>) {
        (
            Tokens::new(&Options::new(SEED)).unwrap(),
            FixedClock::at(DateTime::from_timestamp(2_000_000_000, 0).unwrap()),
        )
    }

    fn claims(clock: &FixedClock) -> Value {
        json!({
            "iss": "conductor", "aud": "conductor", "sub": UserId::NIL, "org": OrganizationId::NIL,
            "env": EnvironmentId::NIL, "scope": "session", "ver": 1, "sid": SessionId::NIL, "jti": "x",
            "typ": "access", "iat": clock.now().timestamp(), "exp": clock.now().timestamp() + 900,
        })
    }

    fn signed(tokens: &Tokens, claims: &Value, change: impl FnOnce(&mut Header)) -> String {
        let mut header = Header {
            typ: Some(TYPE.into()),
            kid: Some(tokens.key.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        change(&mut header);
        jsonwebtoken::encode(&header, claims, &tokens.key.encoding).unwrap()
    }

    #[test]
    fn what_is_issued_is_verified_until_it_expires() {
        let (tokens, clock) = world();
        let user = UserId::generate(&*clock);
        let token = tokens.issue(&*clock, user, 3, SessionId::NIL, Scope::PLATFORM).unwrap();
        let claims = tokens.verify(token.expose(), clock.now()).unwrap();
        assert_eq!((claims.sub, claims.ver, claims.exp - claims.iat), (user, 3, 900));

        clock.advance(chrono::Duration::seconds(904));
        assert!(tokens.verify(token.expose(), clock.now()).is_ok());
        clock.advance(chrono::Duration::seconds(1));
        assert!(matches!(tokens.verify(token.expose(), clock.now()), Err(Error::TokenExpired)));
    }

    #[test]
    fn forged_and_mutated_tokens_are_refused() {
        let (tokens, clock) = world();
        let good = claims(&clock);
        let with = |change: &dyn Fn(&mut Value)| {
            let mut claims = good.clone();
            change(&mut claims);
            signed(&tokens, &claims, |_| {})
        };
        let without =
            |name: &'static str| with(&move |claims| drop(claims.as_object_mut().unwrap().remove(name)));
        let other =
            SigningKey::from_seed(&std::array::from_fn(|at| u8::try_from(at * 7 % 251).unwrap())).unwrap();
        let hmac = EncodingKey::from_secret(b"conductor");
        let mut cases = vec![
            (
                "another key",
                jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &good, &other.encoding).unwrap(),
            ),
            ("HMAC", jsonwebtoken::encode(&Header::new(Algorithm::HS256), &good, &hmac).unwrap()),
            ("no kid", signed(&tokens, &good, |header| header.kid = None)),
            ("a path as kid", signed(&tokens, &good, |header| header.kid = Some("../../etc/passwd".into()))),
            ("plain JWT type", signed(&tokens, &good, |header| header.typ = Some("JWT".into()))),
            ("another kind", with(&|claims| claims["typ"] = json!("refresh"))),
            ("a foreign audience", with(&|claims| claims["aud"] = json!("elsewhere"))),
            ("a foreign issuer", with(&|claims| claims["iss"] = json!("elsewhere"))),
            ("nbf as a string", with(&|claims| claims["nbf"] = json!("1"))),
            ("exp as a string", with(&|claims| claims["exp"] = json!("9999999999"))),
            ("not yet", with(&|claims| claims["nbf"] = json!(32_503_680_000_u64))),
        ];
        for name in ["exp", "iss", "aud", "sub", "ver", "sid", "typ"] {
            cases.push((name, without(name)));
        }
        let whole = signed(&tokens, &good, |_| {});
        let mut parts = whole.split('.');
        let (head, body) = (parts.next().unwrap(), parts.next().unwrap());
        cases.push(("no signature", format!("{head}.{body}.")));
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
        cases.push(("alg none", format!("{none}.{body}.")));
        assert!(tokens.verify(&whole, clock.now()).is_ok());
        for (case, token) in cases {
            assert!(matches!(tokens.verify(&token, clock.now()), Err(Error::TokenInvalid)), "{case}");
        }
    }
}
