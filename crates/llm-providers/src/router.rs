//! Finds who serves a model. An agent asks for a model by id and never for a provider, so that the same agent works
//! with whatever keys an installation or a person has.

mod listing;

use std::{fmt, sync::Arc};

pub use listing::ListedModel;

use crate::{
    Catalogue, ChatModel, Demo, DemoOptions, ModelEntry, Offer, Provider, ProviderKind, RetryPolicy, Retrying,
};

/// The id of the embedded model.
const DEMO: &str = "demo";

/// How models are chosen and asked.
#[derive(Clone, Debug)]
pub struct ModelsOptions {
    /// The model for whoever names none, and for whoever names one that nobody offers.
    pub default_model: String,
    /// How often to ask again.
    pub retry: RetryPolicy,
    /// How the embedded demo behaves.
    pub demo: DemoOptions,
}

impl Default for ModelsOptions {
    fn default() -> Self {
        Self {
            default_model: "claude-sonnet-4-5-20250929".to_owned(),
            retry: RetryPolicy::default(),
            demo: DemoOptions::default(),
        }
    }
}

/// Every model that this installation can reach. Cheap to clone.
#[derive(Clone)]
pub struct Models {
    inner: Arc<Inner>,
}

struct Inner {
    catalogue: Catalogue,
    connected: Vec<Connected>,
    options: ModelsOptions,
    demo: Connected,
}

/// A provider and its client, or why it has none.
struct Connected {
    kind: ProviderKind,
    name: String,
    models: Vec<Offer>,
    chat: Result<Arc<dyn ChatModel>, String>,
}

/// Who answers.
#[derive(Clone)]
pub struct Resolved {
    /// The id as the catalogue, agents and people know it.
    pub id: String,
    /// The provider's own id: what [`crate::ChatRequest::model`] has to say.
    pub model_id: String,
    /// The provider's name.
    pub provider: String,
    /// The provider's vendor.
    pub provider_kind: ProviderKind,
    /// The model; it asks again by itself before the first piece.
    pub chat: Arc<dyn ChatModel>,
    /// What is known of the model, its prices among it.
    pub entry: ModelEntry,
    /// Why another model answers than the one that was asked for, as a sentence.
    pub substituted: Option<String>,
}

impl fmt::Debug for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolved")
            .field("id", &self.id)
            .field("model_id", &self.model_id)
            .field("provider", &self.provider)
            .field("substituted", &self.substituted)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.inner.connected.iter().map(|at| at.name.as_str()).collect();
        f.debug_struct("Models").field("providers", &names).finish_non_exhaustive()
    }
}

/// A model at a provider: its catalogue id and the provider's own.
struct Served<'a> {
    id: String,
    upstream: String,
    at: &'a Connected,
}

impl Models {
    /// Connects the providers. The first that offers a model serves it; one that is configured wrongly serves none,
    /// and its models' listing says why. The embedded demo is always there, and always last.
    #[must_use]
    pub fn new(
        catalogue: Catalogue,
        providers: impl IntoIterator<Item = Provider>,
        options: ModelsOptions,
    ) -> Self {
        let retry = options.retry;
        let connected = providers.into_iter().map(|provider| connect(&provider, retry)).collect();
        let demo = Connected {
            kind: ProviderKind::Demo,
            name: DEMO.to_owned(),
            models: Vec::new(),
            chat: Ok(Arc::new(Demo::new(options.demo))),
        };
        Self { inner: Arc::new(Inner { catalogue, connected, options, demo }) }
    }

    /// The models that are known, served or not.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.inner.catalogue
    }

    /// Who serves a model. `extra_providers` are the caller's own and come before the configured ones; an empty
    /// `wanted` means the default.
    #[must_use]
    pub fn resolve(&self, wanted: &str, extra_providers: &[Provider]) -> Resolved {
        self.resolve_at(wanted, None, extra_providers)
    }

    /// The same where it matters who serves the model: a provider by its name, or any of a vendor. Where none of them does,
    /// another provider serves it, and that is said.
    #[must_use]
    pub fn resolve_at(&self, wanted: &str, at: Option<&str>, extra_providers: &[Provider]) -> Resolved {
        let extra = self.connect_all(extra_providers);
        let served = self.served(&extra);
        let wanted = wanted.trim();
        let known = self.inner.catalogue.find(wanted).map(|entry| entry.id.as_str());
        let meant = |model: &&Served<'_>| model.id == wanted || Some(model.id.as_str()) == known;
        let here = |model: &&Served<'_>| {
            at.is_none_or(|at| {
                model.at.name.eq_ignore_ascii_case(at) || model.at.kind.as_str().eq_ignore_ascii_case(at)
            })
        };
        let found_here = served.iter().find(|model| meant(model) && here(model));
        let found = found_here.or_else(|| served.iter().find(meant));
        let chosen = found.or_else(|| self.fallback(&served));
        let mut resolved = match chosen {
            Some(model) => self.answer(&model.id, &model.upstream, model.at),
            None => self.answer(DEMO, DEMO, &self.inner.demo),
        };
        if found.is_none() && !wanted.is_empty() {
            let misfit = self.why_not(wanted, &extra);
            let name = resolved.entry.name_at(resolved.provider_kind);
            resolved.substituted = Some(if resolved.id == DEMO {
                format!(
                    "{misfit}, so the built-in demo model answers instead; add a provider key to use a real one."
                )
            } else {
                format!("{misfit}, so {name} ({}) answers instead.", resolved.provider)
            });
        } else if let (Some(at), None) = (at, found_here)
            && found.is_some()
        {
            let provider = &resolved.provider;
            resolved.substituted = Some(format!("{at} does not offer {wanted}, so {provider} serves it."));
        }
        resolved
    }

    /// The id of the model that answers where none is named.
    #[must_use]
    pub fn default_model(&self, extra_providers: &[Provider]) -> String {
        self.resolve("", extra_providers).id
    }

    /// Every known model with whether it can be used, for `GET /api/models`.
    #[must_use]
    pub fn list(&self, extra_providers: &[Provider]) -> Vec<ListedModel> {
        listing::list(self, extra_providers)
    }

    fn connect_all(&self, providers: &[Provider]) -> Vec<Connected> {
        providers.iter().map(|provider| connect(provider, self.inner.options.retry)).collect()
    }

    /// Every model that someone serves, the strongest claim first.
    fn served<'a>(&'a self, extra: &'a [Connected]) -> Vec<Served<'a>> {
        let connected = extra.iter().chain(&self.inner.connected).chain([&self.inner.demo]);
        connected.filter(|at| at.chat.is_ok()).flat_map(|at| self.offers(at)).collect()
    }

    /// What a provider offers: what it was told to, and unless it stands for unknown or hand-made deployments, what
    /// the catalogue says of its vendor.
    fn offers<'a>(&self, at: &'a Connected) -> Vec<Served<'a>> {
        let mut served: Vec<Served<'a>> = at
            .models
            .iter()
            .map(|offer| Served {
                id: self.inner.catalogue.find(&offer.id).map_or(&offer.id, |entry| &entry.id).clone(),
                upstream: offer.upstream.clone(),
                at,
            })
            .collect();
        if at.kind == ProviderKind::Azure && !served.is_empty() {
            return served;
        }
        for entry in self.inner.catalogue.entries() {
            let Some(offering) = entry.offered_by.iter().find(|offering| offering.kind == at.kind) else {
                continue;
            };
            if served.iter().all(|known| known.id != entry.id) {
                let upstream = offering.model.as_ref().unwrap_or(&entry.id).clone();
                served.push(Served { id: entry.id.clone(), upstream, at });
            }
        }
        served
    }

    /// The configured default if someone serves it, else the first model of a real provider.
    fn fallback<'s, 'a>(&self, served: &'s [Served<'a>]) -> Option<&'s Served<'a>> {
        let wanted = &self.inner.options.default_model;
        let id = self.inner.catalogue.find(wanted).map_or(wanted, |entry| &entry.id);
        served
            .iter()
            .find(|model| model.id == *id)
            .or_else(|| served.iter().find(|model| model.at.kind != ProviderKind::Demo))
    }

    fn answer(&self, id: &str, upstream: &str, at: &Connected) -> Resolved {
        let demo: Arc<dyn ChatModel> = Arc::new(Demo::new(self.inner.options.demo));
        Resolved {
            id: id.to_owned(),
            model_id: upstream.to_owned(),
            provider: at.name.clone(),
            provider_kind: at.kind,
            chat: at.chat.as_ref().map_or(demo, Arc::clone),
            entry: self.entry(id),
            substituted: None,
        }
    }

    fn entry(&self, id: &str) -> ModelEntry {
        self.inner.catalogue.find(id).cloned().unwrap_or_else(|| ModelEntry::unknown(id))
    }

    /// The first half of the sentence that says why a model does not answer.
    fn why_not(&self, wanted: &str, extra: &[Connected]) -> String {
        match self.broken(wanted, extra) {
            Some(reason) => format!("{wanted} cannot be used ({reason})"),
            None => format!("{wanted} is not offered by any configured provider"),
        }
    }

    /// Why the provider that would serve a model cannot.
    fn broken(&self, id: &str, extra: &[Connected]) -> Option<String> {
        let known = self.inner.catalogue.find(id).map_or(id, |entry| entry.id.as_str());
        extra.iter().chain(&self.inner.connected).find_map(|at| {
            let reason = at.chat.as_ref().err()?;
            self.offers(at).iter().any(|model| model.id == known).then(|| reason.clone())
        })
    }
}

fn connect(provider: &Provider, retry: RetryPolicy) -> Connected {
    let chat = provider.connect().map_err(|error| error.to_string());
    let chat = chat.map(|chat| Arc::new(Retrying::new(chat, retry)) as Arc<dyn ChatModel>);
    Connected { kind: provider.kind, name: provider.name.clone(), models: provider.models.clone(), chat }
}
