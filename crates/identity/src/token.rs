//! Access tokens and machines' tokens: what they say, how they are signed, and what is refused.

use std::time::Duration;

use chrono::{DateTime, Utc};
use conductor_domain::{
    Clock, EnvironmentId, IssuedToken, OrganizationId, Redacted, Scope, SessionId, TokenId, UserId,
};
use jsonwebtoken::{Algorithm, Header, Validation, errors::ErrorKind};
use serde::{Deserialize, Serialize};

use crate::{Error, Options, Result, cache::Key, key::SigningKey};

/// The `typ` of an access token's header (RFC 9068).
const TYPE: &str = "at+jwt";
/// The `typ` of the header of a machine's token, and its `typ` claim: neither kind passes for the other.
const MACHINE_TYPE: &str = "machine+jwt";
const MACHINE_KIND: &str = "machine";
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

/// What a machine's token says. Rights are looked up by `jti`; the scopes are repeated for whoever reads the token.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct MachineClaims {
    iss: String,
    aud: String,
    sub: String,
    org: OrganizationId,
    scope: String,
    jti: TokenId,
    typ: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// What is left to ask once a token's text was found to be ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verified {
    /// The row it lives and dies with.
    pub(crate) key: Key,
    /// The person and the version of their tokens, where it is a person's.
    pub(crate) person: Option<(UserId, i32)>,
    /// When it ends.
    pub(crate) exp: i64,
}

/// Signs and verifies access tokens and machines' tokens, all by one key.
#[derive(Debug)]
pub(crate) struct Tokens {
    key: SigningKey,
    validation: Validation,
    machine_validation: Validation,
    issuer: String,
    audience: String,
    machine_audience: String,
    lifetime: Duration,
}

impl Tokens {
    pub(crate) fn new(options: &Options) -> Result<Self> {
        let machine_audience = format!("{}/machines", options.audience);
        let mut machine_validation =
            validation(&options.issuer, &machine_audience, &["exp", "nbf", "iss", "aud", "sub"]);
        // Compared with the clock that was handed in, in `verify`.
        machine_validation.validate_nbf = false;
        Ok(Self {
            key: SigningKey::from_seed(options.signing_seed.expose())?,
            validation: validation(&options.issuer, &options.audience, &["exp", "iss", "aud", "sub"]),
            machine_validation,
            issuer: options.issuer.clone(),
            audience: options.audience.clone(),
            machine_audience,
            lifetime: options.access_lifetime,
        })
    }

    pub(crate) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Who issues: what a service account of our own is vouched for by.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whom machines' tokens are for.
    pub(crate) fn machine_audience(&self) -> &str {
        &self.machine_audience
    }

    /// Signs a machine's token.
    pub(crate) fn issue_machine(&self, token: &IssuedToken, now: DateTime<Utc>) -> Result<Redacted<String>> {
        let claims = MachineClaims {
            iss: self.issuer.clone(),
            aud: self.machine_audience.clone(),
            sub: token.principal.subject(),
            org: token.scope.organization_id,
            scope: token.scopes.join(" "),
            jti: token.id,
            typ: MACHINE_KIND.to_owned(),
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: token.expires_at.timestamp(),
        };
        self.sign(MACHINE_TYPE, &claims)
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
        self.sign(TYPE, &claims)
    }

    fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<Redacted<String>> {
        let header = Header {
            typ: Some(typ.to_owned()),
            kid: Some(self.key.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, claims, &self.key.encoding)
            .map(Redacted::new)
            .map_err(Error::crypto("signing a token"))
    }

    /// Whether a token says that we signed it; whether it is true is asked of `verify`.
    pub(crate) fn is_ours(&self, token: &str) -> bool {
        let header = jsonwebtoken::decode_header(token);
        header.is_ok_and(|header| header.kid.as_deref() == Some(self.key.kid.as_str()))
    }

    /// Reads a token of either kind, unless anything about it is not as it is issued here.
    pub(crate) fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Verified> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Error::TokenInvalid)?;
        if header.kid.as_deref() != Some(self.key.kid.as_str()) {
            return Err(Error::TokenInvalid);
        }
        let verified = match header.typ.as_deref() {
            Some(TYPE) => {
                let claims: Claims = self.decode(token, &self.validation)?;
                if claims.typ != KIND {
                    return Err(Error::TokenInvalid);
                }
                let person = Some((claims.sub, claims.ver));
                Verified { key: Key::Session(claims.sid), person, exp: claims.exp }
            }
            Some(MACHINE_TYPE) => {
                let claims: MachineClaims = self.decode(token, &self.machine_validation)?;
                if claims.typ != MACHINE_KIND || claims.nbf > now.timestamp().saturating_add(LEEWAY_SECONDS) {
                    return Err(Error::TokenInvalid);
                }
                Verified { key: Key::Token(claims.jti), person: None, exp: claims.exp }
            }
            _ => return Err(Error::TokenInvalid),
        };
        if verified.exp.saturating_add(LEEWAY_SECONDS) <= now.timestamp() {
            return Err(Error::TokenExpired);
        }
        Ok(verified)
    }

    fn decode<T: serde::de::DeserializeOwned>(&self, token: &str, validation: &Validation) -> Result<T> {
        let decoded = jsonwebtoken::decode::<T>(token, &self.key.decoding, validation);
        decoded.map(|decoded| decoded.claims).map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => Error::TokenExpired,
            _ => Error::TokenInvalid,
        })
    }
}

fn validation(issuer: &str, audience: &str, required: &[&str]) -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(required);
    validation.leeway = LEEWAY_SECONDS.unsigned_abs();
    // Times are compared with the clock that was handed in; a `nbf` of a person's token must still be a number.
    validation.validate_exp = false;
    validation.validate_nbf = true;
    validation
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
        let verified = tokens.verify(token.expose(), clock.now()).unwrap();
        assert_eq!((verified.person, verified.exp), (Some((user, 3)), clock.now().timestamp() + 900));

        clock.advance(chrono::Duration::seconds(904));
        assert!(tokens.verify(token.expose(), clock.now()).is_ok());
        clock.advance(chrono::Duration::seconds(1));
        assert!(matches!(tokens.verify(token.expose(), clock.now()), Err(Error::TokenExpired)));
    }

    fn machine_token(clock: &FixedClock) -> IssuedToken {
        IssuedToken {
            id: TokenId::generate(clock),
            scope: Scope::PLATFORM,
            principal: conductor_domain::Principal::Agent { agent_id: conductor_domain::AgentId::NIL },
            name: "CI".to_owned(),
            scopes: vec!["tool.invoke".to_owned()],
            metadata: json!({}),
            issued_by_id: UserId::NIL,
            expires_at: clock.now() + chrono::Duration::hours(1),
            revoked_at: None,
            revoked_by_id: None,
            last_used_at: None,
            created_at: clock.now(),
        }
    }

    #[test]
    fn a_machines_token_is_named_by_its_jti() {
        let (tokens, clock) = world();
        let issued = machine_token(&clock);
        let token = tokens.issue_machine(&issued, clock.now()).unwrap();
        let verified = tokens.verify(token.expose(), clock.now()).unwrap();
        assert_eq!((verified.key, verified.person), (Key::Token(issued.id), None));
        clock.advance(chrono::Duration::seconds(3605));
        assert!(matches!(tokens.verify(token.expose(), clock.now()), Err(Error::TokenExpired)));
    }

    #[test]
    fn a_token_of_one_kind_does_not_pass_for_the_other() {
        let (tokens, clock) = world();
        let good = claims(&clock);
        let machine = json!({
            "iss": "conductor", "aud": "conductor/machines", "sub": "agent:x", "org": OrganizationId::NIL,
            "scope": "*", "jti": TokenId::NIL, "typ": "machine", "iat": 2_000_000_000, "nbf": 2_000_000_000,
            "exp": 2_000_000_900,
        });
        let as_machine = |header: &mut Header| header.typ = Some(MACHINE_TYPE.into());
        let whole = signed(&tokens, &machine, as_machine);
        assert!(tokens.verify(&whole, clock.now()).is_ok());
        let with = |name: &str, value: Value| {
            let mut claims = machine.clone();
            claims[name] = value;
            signed(&tokens, &claims, as_machine)
        };
        for (case, token) in [
            ("a person's claims under a machine's type", signed(&tokens, &good, as_machine)),
            ("a machine's claims under a person's type", signed(&tokens, &machine, |_| {})),
            ("a person's audience", with("aud", json!("conductor"))),
            ("a person's kind", with("typ", json!("access"))),
            ("another issuer", with("iss", json!("elsewhere"))),
            ("not yet", with("nbf", json!(2_000_000_006))),
            ("nbf as a string", with("nbf", json!("1"))),
            ("exp as a string", with("exp", json!("9999999999"))),
            ("a jti that is no id", with("jti", json!("../../x"))),
        ] {
            assert!(matches!(tokens.verify(&token, clock.now()), Err(Error::TokenInvalid)), "{case}");
        }
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
