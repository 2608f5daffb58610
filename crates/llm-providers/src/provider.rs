//! A provider as the operator or a user configures it: which vendor, under which name, with which key and models.

mod listing;

use std::{fmt, str::FromStr, sync::Arc};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{Anthropic, Azure, ChatModel, Compatible, Demo, DemoOptions, Error, OpenAi, Result, Timeouts};

/// Which wire format a provider speaks. A new vendor is one more line here, in `ALL`, `as_str` and `connect`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProviderKind {
    /// OpenAI itself.
    #[serde(rename = "openai")]
    OpenAi,
    /// Azure OpenAI and Azure AI Foundry.
    #[serde(rename = "azure")]
    Azure,
    /// Anthropic.
    #[serde(rename = "anthropic")]
    Anthropic,
    /// Anything that speaks OpenAI's chat completions: Groq, Ollama, vLLM, LM Studio.
    #[serde(rename = "openai_compatible")]
    OpenAiCompatible,
    /// The embedded demo.
    #[serde(rename = "demo")]
    Demo,
}

impl ProviderKind {
    /// Every kind.
    pub const ALL: &'static [Self] =
        &[Self::OpenAi, Self::Azure, Self::Anthropic, Self::OpenAiCompatible, Self::Demo];

    /// The word on the wire and in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Azure => "azure",
            Self::Anthropic => "anthropic",
            Self::OpenAiCompatible => "openai_compatible",
            Self::Demo => "demo",
        }
    }

    /// The vendor's name, for people.
    #[must_use]
    pub const fn display_name(self) -> &'static str {
        match self {
            Self::OpenAi => "OpenAI",
            Self::Azure => "Azure OpenAI",
            Self::Anthropic => "Anthropic",
            Self::OpenAiCompatible => "an OpenAI-compatible provider",
            Self::Demo => "the built-in demo",
        }
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ProviderKind {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
            Error::Misconfigured {
                provider: word.to_owned(),
                message: format!("there is no such kind of provider; it is one of {}", known.join(", ")),
            }
        })
    }
}

/// A model that a provider is told to offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "OfferText", into = "OfferText")]
pub struct Offer {
    /// The id by which users and agents ask for it.
    pub id: String,
    /// The id by which the provider knows it, such as the name of an Azure deployment.
    pub upstream: String,
}

/// How an offer is written: `"gpt-4o"`, or `"gpt-4o=my-deployment"` where the provider has another name for it.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct OfferText(String);

impl From<OfferText> for Offer {
    fn from(text: OfferText) -> Self {
        text.0.as_str().into()
    }
}

impl From<Offer> for OfferText {
    fn from(offer: Offer) -> Self {
        Self(if offer.id == offer.upstream { offer.id } else { format!("{}={}", offer.id, offer.upstream) })
    }
}

impl From<&str> for Offer {
    fn from(text: &str) -> Self {
        let (id, upstream) = text.split_once('=').unwrap_or((text, text));
        Self { id: id.trim().to_owned(), upstream: upstream.trim().to_owned() }
    }
}

/// A configured provider.
#[derive(Clone, Debug)]
pub struct Provider {
    /// The vendor.
    pub kind: ProviderKind,
    /// The name in lists, events and errors.
    pub name: String,
    /// The key; OpenAI-compatible providers may do without.
    pub key: Option<SecretString>,
    /// Where it is, if not at its vendor's own address. Azure and OpenAI-compatible providers need one.
    pub base_url: Option<String>,
    /// Azure's `api-version`, if not the one this crate was written for.
    pub api_version: Option<String>,
    /// What it offers beyond what the catalogue says; for Azure and OpenAI-compatible providers, all that it offers.
    pub models: Vec<Offer>,
    /// How long it may say nothing.
    pub timeouts: Timeouts,
    /// How the demo behaves.
    pub demo: DemoOptions,
    /// Through which it is reached.
    pub client: reqwest::Client,
}

impl Provider {
    /// A provider of a kind, at its vendor's own address and still without a key.
    pub fn new(kind: ProviderKind, name: impl Into<String>, client: reqwest::Client) -> Self {
        Self {
            kind,
            name: name.into(),
            key: None,
            base_url: None,
            api_version: None,
            models: Vec::new(),
            timeouts: Timeouts::default(),
            demo: DemoOptions::default(),
            client,
        }
    }

    /// With a key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<SecretString>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// At another address.
    #[must_use]
    pub fn with_base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// With more models, each as [`Offer`] is written.
    #[must_use]
    pub fn with_models<'a>(mut self, models: impl IntoIterator<Item = &'a str>) -> Self {
        self.models.extend(models.into_iter().map(Offer::from));
        self
    }

    /// The vendor's client for it; [`Error::Misconfigured`] says what to correct.
    pub fn connect(&self) -> Result<Arc<dyn ChatModel>> {
        Ok(match self.kind {
            ProviderKind::OpenAi => Arc::new(OpenAi::new(self)?),
            ProviderKind::Azure => Arc::new(Azure::new(self)?),
            ProviderKind::Anthropic => Arc::new(Anthropic::new(self)?),
            ProviderKind::OpenAiCompatible => Arc::new(Compatible::new(self)?),
            ProviderKind::Demo => Arc::new(Demo::new(self.demo)),
        })
    }

    /// The ids of the models that the provider itself lists. It shows whether address and key are right, and fills
    /// [`Provider::models`] where nobody wants to type them. Azure lists no deployments: what is configured is
    /// answered.
    pub async fn list_models(&self) -> Result<Vec<String>> {
        listing::list_models(self).await
    }
}
