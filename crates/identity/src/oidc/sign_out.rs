//! Signing out at the provider too (OpenID Connect RP-Initiated Logout): what is kept for it, and where it sends the
//! browser.

use std::time::Duration;

use conductor_domain::{IdentityProvider, NewSecret, Scope, SessionId, UserId};
use conductor_storage::Unscoped;
use secrecy::ExposeSecret;

use super::client::{Found, encoded};
use crate::{Identity, Result, inbound::claimed};

/// A longer token makes an address that servers refuse; the provider is told our name alone then.
const LONGEST_HINT: usize = 4 * 1024;
/// Signing out here does not wait longer for a provider that does not answer.
const PATIENCE: Duration = Duration::from_secs(3);

impl Identity {
    /// The id token, sealed, where signing out is to end the provider's session.
    pub(super) async fn kept_for_sign_out(
        &self,
        provider: &IdentityProvider,
        found: &Found,
        session: SessionId,
        id_token: &str,
        user: UserId,
    ) -> Result<Option<NewSecret>> {
        let ends = provider.spec.signs_out && found.discovery.end_session_endpoint.is_some();
        if !ends || id_token.len() > LONGEST_HINT {
            return Ok(None);
        }
        let (vault, reference) = (self.inner.access.vault(), format!("id_token:{session}"));
        Ok(Some(vault.seal(Scope::PLATFORM, &reference, "id_token", id_token, Some(user)).await?))
    }

    /// Where the browser of a session goes to end the provider's. `None` where there is nothing to end, and where that
    /// cannot be told: whoever signs out is signed out here in any case.
    pub(crate) async fn sign_out_address(&self, session: SessionId, return_to: &str) -> Option<String> {
        match tokio::time::timeout(PATIENCE, self.address_of(session, return_to)).await {
            Ok(Ok(address)) => address,
            Ok(Err(error)) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "a session at an identity provider is left open");
                None
            }
            Err(_) => {
                tracing::warn!("a session at an identity provider is left open: it does not answer");
                None
            }
        }
    }

    async fn address_of(&self, session: SessionId, return_to: &str) -> Result<Option<String>> {
        let rows = self.inner.store.unscoped(Unscoped::SignIn);
        let Some(session) = rows.sessions().find(session).await? else { return Ok(None) };
        let Some(provider) = session.provider_id else { return Ok(None) };
        let provider = rows.identity_providers().find(provider).await?;
        let Some(provider) = provider.filter(|provider| provider.spec.signs_out) else { return Ok(None) };
        let found = self.inner.providers.find(&provider.spec.issuer, self.inner.clock.now()).await?;
        let Some(endpoint) = &found.discovery.end_session_endpoint else { return Ok(None) };
        let mut query = vec![
            ("client_id", provider.spec.client_id.clone()),
            ("post_logout_redirect_uri", return_to.to_owned()),
        ];
        if let Some(reference) = &session.id_token_ref {
            let token = self.inner.access.vault().open(Scope::PLATFORM, reference).await?;
            let token = token.expose_secret();
            // The provider may have been entered anew since: its token is told to its own issuer and to nobody else.
            if claimed(token).is_some_and(|claimed| claimed.iss == provider.spec.issuer) {
                query.push(("id_token_hint", token.to_owned()));
            }
        }
        let query: Vec<String> =
            query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let mark = if endpoint.contains('?') { '&' } else { '?' };
        Ok(Some(format!("{endpoint}{mark}{}", query.join("&"))))
    }
}
