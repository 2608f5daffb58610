//! Keys that people enter: the providers they give, opened only for the call that needs them.

use conductor_domain::{ApiKey, Caller};
use conductor_llm_providers::{ListedModel, Provider, ProviderKind};
use secrecy::ExposeSecret;

use super::Turns;
use crate::Result;

/// Builds the client of a provider that a person entered: the guarded one where the person chose the address, the
/// trusted one for the vendor's own.
#[derive(Clone)]
pub struct ProviderClients {
    /// For addresses that a person chose.
    pub guarded: reqwest::Client,
    /// For addresses that vendors publish.
    pub trusted: reqwest::Client,
}

impl std::fmt::Debug for ProviderClients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderClients").finish_non_exhaustive()
    }
}

impl Turns {
    /// Every known model, with whether this caller can use it.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn list_models(&self, caller: &Caller) -> Result<(Vec<ListedModel>, String)> {
        let extra = self.providers_of(caller).await?;
        Ok((self.models.list(&extra), self.models.default_model(&extra)))
    }

    /// The caller's own providers. A key that cannot be opened is left out, and logged.
    pub(crate) async fn providers_of(&self, caller: &Caller) -> Result<Vec<Provider>> {
        let Some(user) = caller.user_id() else { return Ok(Vec::new()) };
        let keys = self.store.scoped(caller.scope).api_keys().of_user(user).await?;
        let mut providers = Vec::with_capacity(keys.len());
        for key in keys.into_iter().filter(|key| key.is_active) {
            match self.provider(caller, &key).await {
                Ok(provider) => providers.extend(provider),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, key.id = %key.id, "a key is left out");
                }
            }
        }
        Ok(providers)
    }

    async fn provider(&self, caller: &Caller, key: &ApiKey) -> Result<Option<Provider>> {
        let Some(kind) = ProviderKind::ALL.iter().copied().find(|kind| kind.as_str() == key.provider) else {
            return Ok(None);
        };
        let value = self.access.vault().open(caller.scope, &key.secret_ref).await?;
        let client = if key.base_url.is_some() { &self.clients.guarded } else { &self.clients.trusted };
        let mut provider =
            Provider::new(kind, key.name.clone(), client.clone()).with_key(value.expose_secret().to_owned());
        if let Some(base_url) = &key.base_url {
            provider = provider.with_base_url(base_url.clone());
        }
        let models: Vec<String> = serde_json::from_value(key.models.clone()).unwrap_or_default();
        Ok(Some(provider.with_models(models.iter().map(String::as_str))))
    }
}
