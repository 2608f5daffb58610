//! The operator's model providers: from `[[providers]]`, and from the names under which vendors' own tools find keys.

use anyhow::{Context, Result};
use conductor_llm_providers::{Provider, ProviderKind};
use serde::{Deserialize, Serialize};

/// One provider in the configuration file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderConfig {
    /// `openai`, `azure`, `anthropic` or `openai_compatible`.
    pub(crate) kind: String,
    /// A name for lists; the kind where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// The key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) api_key: Option<String>,
    /// The name of an environment variable that holds the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) api_key_env: Option<String>,
    /// The address, where it is not the vendor's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) base_url: Option<String>,
    /// Azure's API version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) api_version: Option<String>,
    /// Models it offers, `id` or `id=its-own-name`.
    #[serde(default)]
    pub(crate) models: Vec<String>,
}

/// Reads the environment variables that name providers. A seam, so that a test can hand in its own.
pub(crate) struct Credentials<'a>(pub(crate) &'a dyn Fn(&str) -> Option<String>);

impl Credentials<'_> {
    /// Every configured provider: the file's, then the environment's.
    pub(crate) fn providers(
        &self,
        listed: &[ProviderConfig],
        client: &reqwest::Client,
    ) -> Result<Vec<Provider>> {
        let mut providers = Vec::new();
        for config in listed {
            providers.push(self.listed(config, client)?);
        }
        let get = |name: &str| (self.0)(name).filter(|value| !value.trim().is_empty());
        let usual = [
            (ProviderKind::Anthropic, "anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
            (ProviderKind::OpenAi, "openai", "OPENAI_API_KEY", "OPENAI_BASE_URL"),
            (ProviderKind::Azure, "azure", "AZURE_OPENAI_KEY", "AZURE_OPENAI_ENDPOINT"),
            (ProviderKind::OpenAiCompatible, "groq", "GROQ_API_KEY", "GROQ_BASE_URL"),
            (ProviderKind::OpenAiCompatible, "ollama", "OLLAMA_API_KEY", "OLLAMA_BASE_URL"),
        ];
        for (kind, name, key, base_url) in usual {
            let (key, base) = (get(key), get(base_url));
            let wanted = match kind {
                ProviderKind::OpenAiCompatible => base.is_some() || (name == "groq" && key.is_some()),
                _ => key.is_some(),
            };
            if !wanted {
                continue;
            }
            let base = base.or_else(|| (name == "groq").then(|| "https://api.groq.com/openai/v1".to_owned()));
            let mut provider = Provider::new(kind, name, client.clone());
            provider.key = key.map(Into::into);
            provider.base_url = base;
            let models = get(&format!("{}_MODELS", name.to_uppercase())).unwrap_or_default();
            let models: Vec<&str> =
                models.split(',').map(str::trim).filter(|model| !model.is_empty()).collect();
            providers.push(provider.with_models(models));
        }
        Ok(providers)
    }

    fn listed(&self, config: &ProviderConfig, client: &reqwest::Client) -> Result<Provider> {
        let kind: ProviderKind = config.kind.parse().context("in [[providers]]")?;
        let name = config.name.clone().unwrap_or_else(|| config.kind.clone());
        let mut provider = Provider::new(kind, name, client.clone());
        let from_env = config.api_key_env.as_deref().and_then(|name| (self.0)(name));
        provider.key = config.api_key.clone().or(from_env).map(Into::into);
        provider.base_url.clone_from(&config.base_url);
        provider.api_version.clone_from(&config.api_version);
        Ok(provider.with_models(config.models.iter().map(String::as_str)))
    }
}
