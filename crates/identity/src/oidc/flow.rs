//! There and back: the address that a browser is sent to, and what it brings home.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use conductor_access::{Limit, network};
use conductor_domain::{IdentityProvider, NewAuditEvent, Redacted, Scope, SignInFlow, UserId, sha256_hex};
use conductor_storage::Unscoped;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::{
    account::{self, Person},
    client::{Found, encoded, unusable},
    verify::{self, Claims, Expected, Fault},
};
use crate::{
    Client, Error, Identity, Result, SignedIn,
    identity::entry,
    session::{self, random_token},
};

/// How long somebody may take at the provider.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

/// A sign-in that begins.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Where to send the browser.
    pub address: String,
    /// What only this browser may know, for its cookie.
    pub browser: Redacted<String>,
    /// How long the cookie is good for.
    pub lifetime: std::time::Duration,
}

/// What a browser brings back from a provider.
#[derive(Clone, Debug, Default)]
pub struct CallbackAnswer {
    /// What was sent along.
    pub state: Option<String>,
    /// The code, where the provider agreed.
    pub code: Option<String>,
    /// Why it did not, as a word.
    pub error: Option<String>,
    /// Who answers (RFC 9207).
    pub issuer: Option<String>,
}

/// Somebody who came back and is signed in.
#[derive(Clone, Debug)]
pub struct Returned {
    /// The session.
    pub session: SignedIn,
    /// The page to open.
    pub return_to: String,
}

impl Identity {
    /// Begins to sign in with a provider. `browser` is what the browser's cookie holds from a flow in another tab.
    ///
    /// Nobody is known yet, so the address is counted: each beginning writes a row, and may ask the provider.
    ///
    /// # Errors
    /// `NotFound`, `ProviderUnusable`; `Limited`.
    pub async fn begin_provider_sign_in(
        &self,
        slug: &str,
        browser: Option<Redacted<String>>,
        return_to: Option<&str>,
        redirect_uri: &str,
        client: &Client,
    ) -> Result<Begun> {
        if let Some(address) = client.address {
            self.inner.access.limits().take(Limit::SignIn(network(address)))?;
        }
        let rows = self.inner.store.unscoped(Unscoped::SignIn);
        let provider = rows.identity_providers().find_by_slug(slug).await?;
        let provider = provider.filter(|provider| provider.enabled);
        let provider = provider.ok_or(Error::NotFound { what: "identity provider" })?;
        let found = self.inner.providers.find(&provider.spec.issuer, self.inner.clock.now()).await?;
        // Only what we made ourselves is long enough to be one.
        let browser = browser.filter(|browser| browser.expose().len() == 43).unwrap_or_else(random_token);
        let state = random_token();
        let flow = SignInFlow {
            state_hash: sha256_hex(state.expose().as_bytes()),
            provider_id: provider.id,
            browser_hash: sha256_hex(browser.expose().as_bytes()),
            return_to: own_page(return_to.unwrap_or("/")),
            expires_at: self.inner.clock.now() + PATIENCE,
        };
        rows.write(move |tx| Box::pin(async move { tx.identity_providers().begin(flow).await }))
            .await
            .map_err(|error: conductor_storage::Error| Error::from(error))?;
        let spec = &provider.spec;
        let mut scopes = vec!["openid"];
        scopes.extend(spec.scopes.iter().map(String::as_str).filter(|scope| *scope != "openid"));
        let challenge =
            BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier(&browser, &state).expose().as_bytes()));
        let nonce = derived("nonce", &browser, &state);
        let query: Vec<String> = [
            ("response_type", "code"),
            ("client_id", &spec.client_id),
            ("redirect_uri", redirect_uri),
            ("scope", &scopes.join(" ")),
            ("state", state.expose()),
            ("nonce", nonce.expose()),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
        let endpoint = &found.discovery.authorization_endpoint;
        let mark = if endpoint.contains('?') { '&' } else { '?' };
        let address = format!("{endpoint}{mark}{}", query.join("&"));
        Ok(Begun { address, browser, lifetime: PATIENCE.to_std().unwrap_or_default() })
    }

    /// Signs in whoever comes back from a provider, in the browser that went there, once.
    ///
    /// # Errors
    /// `FlowInvalid` for a foreign, repeated or late callback; `ProviderRefused`, `ProviderUnusable`; `SignUpClosed`,
    /// `AccountExists`, `OtpRequired`; `Limited`.
    pub async fn finish_provider_sign_in(
        &self,
        answer: &CallbackAnswer,
        browser: Option<&Redacted<String>>,
        redirect_uri: &str,
        client: &Client,
    ) -> Result<Returned> {
        self.inner.limiter.begin("", client.address)?;
        let returned = self.come_back(answer, browser, redirect_uri, client).await;
        match &returned {
            Ok(_) => self.inner.limiter.succeed("", client.address),
            Err(error) => self.refuse_provider_sign_in(error, client).await?,
        }
        returned
    }

    async fn come_back(
        &self,
        answer: &CallbackAnswer,
        browser: Option<&Redacted<String>>,
        redirect_uri: &str,
        client: &Client,
    ) -> Result<Returned> {
        let state = answer.state.as_deref().filter(|state| state.len() == 43).ok_or(Error::FlowInvalid)?;
        let browser = browser.ok_or(Error::FlowInvalid)?;
        let state = Redacted::new(state.to_owned());
        let (state_hash, browser_hash) =
            (sha256_hex(state.expose().as_bytes()), sha256_hex(browser.expose().as_bytes()));
        let rows = self.inner.store.unscoped(Unscoped::SignIn);
        let flow = rows
            .write(move |tx| Box::pin(async move { tx.identity_providers().take(&state_hash).await }))
            .await
            .map_err(|error: conductor_storage::Error| Error::from(error))?;
        // Hashes of random values: what differs tells nothing of what would not.
        let flow = flow.filter(|flow| flow.browser_hash == browser_hash).ok_or(Error::FlowInvalid)?;
        let provider = rows.identity_providers().find(flow.provider_id).await?;
        let provider = provider.filter(|provider| provider.enabled).ok_or(Error::FlowInvalid)?;
        let found = self.inner.providers.find(&provider.spec.issuer, self.inner.clock.now()).await?;
        let discovery = &found.discovery;
        let foreign = answer.issuer.as_ref().is_some_and(|issuer| *issuer != discovery.issuer);
        if foreign || (answer.issuer.is_none() && discovery.authorization_response_iss_parameter_supported) {
            return Err(Error::FlowInvalid);
        }
        let code = match (&answer.error, &answer.code) {
            (None, Some(code)) if !code.is_empty() => code,
            _ => return Err(Error::ProviderRefused),
        };
        let secret = match &provider.secret_ref {
            None => None,
            Some(reference) => {
                let secret = self.inner.access.vault().open(Scope::PLATFORM, reference).await?;
                Some(Redacted::new(secret.expose_secret().to_owned()))
            }
        };
        let verifier = verifier(browser, &state);
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier.expose()),
        ];
        let clients = &self.inner.providers;
        let tokens = clients.exchange(discovery, &provider.spec.client_id, secret.as_ref(), &form).await?;
        let nonce = derived("nonce", browser, &state);
        let claims = self.verified(&tokens.id_token, &found, &provider, &nonce).await?;
        let person = self.person(&provider, &found, claims, tokens.access_token.as_deref()).await?;
        let session = self.admit(&provider, &found, person, &tokens.id_token, client).await?;
        Ok(Returned { session, return_to: flow.return_to })
    }

    async fn verified(
        &self,
        token: &str,
        found: &Found,
        provider: &IdentityProvider,
        nonce: &Redacted<String>,
    ) -> Result<Claims> {
        let now = self.inner.clock.now();
        let expected =
            Expected { discovery: &found.discovery, client_id: &provider.spec.client_id, nonce, now };
        match verify::id_token(token, &found.keys, &expected) {
            // It may have been signed by a key that is newer than what we know.
            Err(Fault::UnknownKey) => {
                let newer = self.inner.providers.refresh_keys(found, now).await?;
                let newer = newer.ok_or(Fault::UnknownKey)?;
                Ok(verify::id_token(token, &newer.keys, &expected)?)
            }
            read => Ok(read?),
        }
    }

    /// What is known of somebody: from the id token, and where it leaves something out, from the provider's answer to
    /// the access token, if that is about the same person.
    async fn person(
        &self,
        provider: &IdentityProvider,
        found: &Found,
        mut claims: Claims,
        access_token: Option<&str>,
    ) -> Result<Person> {
        let groups = &provider.spec.groups_claim;
        let complete = claims.rest.contains_key("email")
            && (provider.spec.role_mappings.is_empty() || claims.rest.contains_key(groups));
        if let (false, Some(endpoint), Some(token)) =
            (complete, &found.discovery.userinfo_endpoint, access_token)
        {
            let more = self.inner.providers.user_info(endpoint, token).await?;
            if more["sub"] != claims.sub.as_str() {
                return Err(unusable("it answers about somebody else"));
            }
            if let serde_json::Value::Object(more) = more {
                for (name, value) in more {
                    claims.rest.entry(name).or_insert(value);
                }
            }
        }
        Ok(Person::of(claims, groups))
    }

    async fn admit(
        &self,
        provider: &IdentityProvider,
        found: &Found,
        person: Person,
        id_token: &str,
        client: &Client,
    ) -> Result<SignedIn> {
        let rows = self.inner.store.unscoped(Unscoped::SignIn);
        let (by, entered) = (client.clone(), provider.clone());
        let user = rows
            .write(move |tx| Box::pin(async move { account::find_or_make(tx, &entered, person, &by).await }))
            .await?;
        self.inner.cache.forget_user(user.id);
        let (scope, ..) = self.place(&user).await?;
        let (mut opening, by) = (self.opening(user.id, client), client.clone());
        let kept = self.kept_for_sign_out(provider, found, opening.new.id, id_token, user.id).await?;
        opening.new.provider_id = Some(provider.id);
        opening.new.id_token_ref = kept.as_ref().map(|kept| kept.reference.clone());
        let refresh_token = opening.refresh_token;
        let session = rows
            .write(move |tx| {
                Box::pin(async move {
                    tx.sessions().forget_id_tokens().await?;
                    if let Some(kept) = kept {
                        tx.scoped(Scope::PLATFORM).secrets().create(kept).await?;
                    }
                    session::open(tx, opening.new, &by, scope).await
                })
            })
            .await?;
        self.signed_in(session, refresh_token).await
    }

    /// Takes down that somebody was not let in, and why.
    async fn refuse_provider_sign_in(&self, error: &Error, client: &Client) -> Result<()> {
        let mut refused: NewAuditEvent = entry("account.sign_in_refused", UserId::NIL, client);
        (refused.subject, refused.target) = ("anonymous".to_owned(), "user:unknown".to_owned());
        (refused.user_id, refused.resource_id) = (None, None);
        refused.allowed = false;
        refused.denial_reason = Some(error.to_string());
        let rows = self.inner.store.scoped(Scope::PLATFORM);
        rows.write(move |tx| Box::pin(async move { tx.audit().record(refused).await }))
            .await
            .map_err(|error: conductor_storage::Error| error.into())
    }
}

/// The verifier of PKCE: nobody but this browser's cookie makes it.
fn verifier(browser: &Redacted<String>, state: &Redacted<String>) -> Redacted<String> {
    derived("pkce", browser, state)
}

fn derived(purpose: &str, browser: &Redacted<String>, state: &Redacted<String>) -> Redacted<String> {
    let text = Redacted::new(format!("conductor oidc {purpose} 1\n{}\n{}", browser.expose(), state.expose()));
    Redacted::new(BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text.expose().as_bytes())))
}

/// A page of our own; whatever else was asked for becomes the first one.
fn own_page(path: &str) -> String {
    let local = path.starts_with('/') && !path.starts_with("//") && path.len() <= 2_000;
    let plain = !path.contains(|letter: char| letter == '\\' || letter.is_control() || !letter.is_ascii());
    if local && plain { path.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_our_own_are_returned_to() {
        assert_eq!(own_page("/c/1?x=2"), "/c/1?x=2");
        for foreign in
            ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\nb"]
        {
            assert_eq!(own_page(foreign), "/", "{foreign}");
        }
    }

    #[test]
    fn what_is_derived_differs_by_purpose_browser_and_state() {
        let text = |text: &str| Redacted::new(text.to_owned());
        let one = derived("pkce", &text("a"), &text("b"));
        assert_eq!(one.expose().len(), 43);
        for other in [
            derived("nonce", &text("a"), &text("b")),
            derived("pkce", &text("x"), &text("b")),
            derived("pkce", &text("a"), &text("x")),
        ] {
            assert_ne!(one.expose(), other.expose());
        }
    }
}
