//! The list behind a model selector: everything known, what of it can be used, and why the rest cannot.

use rust_decimal::Decimal;
use serde::Serialize;

use crate::{
    Capabilities, ModelEntry, Models, Provider, ProviderKind,
    router::{Connected, DEMO},
};

/// A model as `GET /api/models` shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListedModel {
    /// The id to ask for.
    pub id: String,
    /// Who serves it, or who would.
    pub provider: String,
    /// The name for people.
    pub display_name: String,
    /// Tokens it can read and write in all.
    pub context_window: Option<u32>,
    /// Tokens it can write in one answer.
    pub max_output_tokens: Option<u32>,
    /// What it can do.
    pub capabilities: Capabilities,
    /// The price of 1,000 tokens read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_cost_per_1k: Option<Decimal>,
    /// The price of 1,000 tokens written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_cost_per_1k: Option<Decimal>,
    /// ISO 4217.
    pub currency: String,
    /// Whether it can be used now.
    pub available: bool,
    /// Why not, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unavailable_reason: Option<String>,
    /// Whether it answers where no model is named.
    pub is_default: bool,
    /// Other ids that mean it.
    pub aliases: Vec<String>,
}

pub(super) fn list(models: &Models, extra_providers: &[Provider]) -> Vec<ListedModel> {
    let extra = models.connect_all(extra_providers);
    let served = models.served(&extra);
    let default = models.fallback(&served).map_or_else(|| DEMO.to_owned(), |model| model.id.clone());
    let mut listed: Vec<ListedModel> = Vec::new();
    let known = models.catalogue().entries().iter().filter(|entry| entry.id != DEMO);
    for entry in known {
        let by = served.iter().find(|model| model.id == entry.id);
        listed.push(match by {
            Some(model) => row(entry, model.at, &default),
            None => absent(models, entry, &extra),
        });
    }
    // What providers were told to offer beyond the catalogue, and the demo at the end.
    for model in &served {
        if listed.iter().all(|row| row.id != model.id) {
            listed.push(row(&models.entry(&model.id), model.at, &default));
        }
    }
    listed
}

fn row(entry: &ModelEntry, at: &Connected, default: &str) -> ListedModel {
    ListedModel {
        provider: at.name.clone(),
        display_name: entry.name_at(at.kind).to_owned(),
        available: true,
        is_default: entry.id == default,
        ..bare(entry)
    }
}

fn absent(models: &Models, entry: &ModelEntry, extra: &[Connected]) -> ListedModel {
    let vendors: Vec<&str> = entry.offered_by.iter().map(|offering| offering.kind.display_name()).collect();
    let reason = models.broken(&entry.id, extra).unwrap_or_else(|| match vendors.as_slice() {
        [] => "no configured provider offers it".to_owned(),
        names => format!("no configured provider offers it; add a key of {}", names.join(" or ")),
    });
    ListedModel { unavailable_reason: Some(reason), ..bare(entry) }
}

fn bare(entry: &ModelEntry) -> ListedModel {
    let vendor = entry.offered_by.first().map_or(ProviderKind::OpenAiCompatible, |offering| offering.kind);
    ListedModel {
        id: entry.id.clone(),
        provider: vendor.to_string(),
        display_name: entry.display_name.clone(),
        context_window: entry.context_window,
        max_output_tokens: entry.max_output_tokens,
        capabilities: entry.capabilities,
        input_cost_per_1k: entry.input_cost_per_1k,
        output_cost_per_1k: entry.output_cost_per_1k,
        currency: entry.currency.clone(),
        available: false,
        unavailable_reason: None,
        is_default: false,
        aliases: entry.aliases.clone(),
    }
}
