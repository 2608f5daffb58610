//! What is known about models before any provider is asked: names, limits, abilities and prices.
//!
//! The built-in list is a starting point. Every field can be overridden and every model added by configuration, since
//! prices and windows change more often than this program.

mod builtin;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{Usage, provider::ProviderKind};

/// What a model can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capabilities {
    /// It reads pictures.
    pub vision: bool,
    /// It calls tools.
    pub tools: bool,
    /// It can think before it answers.
    pub thinking: bool,
    /// It answers piece by piece.
    pub streaming: bool,
}

/// A vendor that offers a model, and how it calls it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offering {
    /// The vendor.
    pub kind: ProviderKind,
    /// The vendor's id, where it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What to call the model when this vendor serves it, where it is another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// One model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelEntry {
    /// The id by which users and agents ask for it.
    pub id: String,
    /// The name for people.
    pub display_name: String,
    /// Other ids that mean it.
    pub aliases: Vec<String>,
    /// Tokens it can read and write in all, where known.
    pub context_window: Option<u32>,
    /// Tokens it can write in one answer, where known.
    pub max_output_tokens: Option<u32>,
    /// What it can do.
    pub capabilities: Capabilities,
    /// The price of 1,000 tokens read, where known.
    pub input_cost_per_1k: Option<Decimal>,
    /// The price of 1,000 tokens read from the provider's cache; the full price where unknown.
    pub cached_input_cost_per_1k: Option<Decimal>,
    /// The price of 1,000 tokens written, where known.
    pub output_cost_per_1k: Option<Decimal>,
    /// ISO 4217.
    pub currency: String,
    /// Since when these prices hold, as far as this list knows.
    pub effective_from: Option<NaiveDate>,
    /// Who offers it, the usual one first.
    pub offered_by: Vec<Offering>,
}

impl ModelEntry {
    /// A model of which only the id is known.
    pub(crate) fn unknown(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            display_name: id.to_owned(),
            aliases: Vec::new(),
            context_window: None,
            max_output_tokens: None,
            capabilities: Capabilities { vision: false, tools: true, thinking: false, streaming: true },
            input_cost_per_1k: None,
            cached_input_cost_per_1k: None,
            output_cost_per_1k: None,
            currency: "USD".to_owned(),
            effective_from: None,
            offered_by: Vec::new(),
        }
    }

    /// What a call cost, where the prices are known.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> Option<Decimal> {
        let (input, output) = (self.input_cost_per_1k?, self.output_cost_per_1k?);
        let cached = self.cached_input_cost_per_1k.unwrap_or(input);
        let fresh = usage.input.saturating_sub(usage.cached);
        let total = Decimal::from(fresh) * input
            + Decimal::from(usage.cached) * cached
            + Decimal::from(usage.output) * output;
        Some((total / Decimal::ONE_THOUSAND).normalize())
    }

    /// The name for people when a vendor of this kind serves it.
    pub(crate) fn name_at(&self, kind: ProviderKind) -> &str {
        let offering = self.offered_by.iter().find(|offering| offering.kind == kind);
        offering.and_then(|offering| offering.display_name.as_deref()).unwrap_or(&self.display_name)
    }
}

/// A change of the catalogue: what is given replaces what is built in, an unknown id is a new model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelOverride {
    /// Which model.
    pub id: String,
    /// Takes the model out of the catalogue.
    pub removed: bool,
    /// See [`ModelEntry`].
    pub display_name: Option<String>,
    /// Replaces the whole list.
    pub aliases: Option<Vec<String>>,
    /// See [`ModelEntry`].
    pub context_window: Option<u32>,
    /// See [`ModelEntry`].
    pub max_output_tokens: Option<u32>,
    /// Replaces all four.
    pub capabilities: Option<Capabilities>,
    /// See [`ModelEntry`].
    pub input_cost_per_1k: Option<Decimal>,
    /// See [`ModelEntry`].
    pub cached_input_cost_per_1k: Option<Decimal>,
    /// See [`ModelEntry`].
    pub output_cost_per_1k: Option<Decimal>,
    /// See [`ModelEntry`].
    pub currency: Option<String>,
    /// See [`ModelEntry`].
    pub effective_from: Option<NaiveDate>,
    /// Replaces the whole list.
    pub offered_by: Option<Vec<Offering>>,
}

/// The list of models.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    entries: Vec<ModelEntry>,
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::builtin()
    }
}

impl Catalogue {
    /// The models this program knows of itself.
    #[must_use]
    pub fn builtin() -> Self {
        Self { entries: builtin::entries() }
    }

    /// The same with an operator's changes.
    #[must_use]
    pub fn merged(mut self, overrides: impl IntoIterator<Item = ModelOverride>) -> Self {
        for change in overrides {
            if change.removed {
                self.entries.retain(|entry| entry.id != change.id);
                continue;
            }
            let position = self.entries.iter().position(|entry| entry.id == change.id).unwrap_or_else(|| {
                self.entries.push(ModelEntry::unknown(&change.id));
                self.entries.len() - 1
            });
            if let Some(entry) = self.entries.get_mut(position) {
                apply(entry, change);
            }
        }
        self
    }

    /// The model of an id or alias; an id is stronger.
    #[must_use]
    pub fn find(&self, id_or_alias: &str) -> Option<&ModelEntry> {
        let by_id = self.entries.iter().find(|entry| entry.id == id_or_alias);
        by_id.or_else(|| {
            self.entries.iter().find(|entry| entry.aliases.iter().any(|alias| alias == id_or_alias))
        })
    }

    /// Every model, in the order in which they are shown.
    #[must_use]
    pub fn entries(&self) -> &[ModelEntry] {
        &self.entries
    }
}

fn apply(entry: &mut ModelEntry, change: ModelOverride) {
    fn set<T>(field: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *field = value;
        }
    }
    set(&mut entry.display_name, change.display_name);
    set(&mut entry.aliases, change.aliases);
    set(&mut entry.capabilities, change.capabilities);
    set(&mut entry.currency, change.currency);
    set(&mut entry.offered_by, change.offered_by);
    entry.context_window = change.context_window.or(entry.context_window);
    entry.max_output_tokens = change.max_output_tokens.or(entry.max_output_tokens);
    entry.input_cost_per_1k = change.input_cost_per_1k.or(entry.input_cost_per_1k);
    entry.cached_input_cost_per_1k = change.cached_input_cost_per_1k.or(entry.cached_input_cost_per_1k);
    entry.output_cost_per_1k = change.output_cost_per_1k.or(entry.output_cost_per_1k);
    entry.effective_from = change.effective_from.or(entry.effective_from);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_and_alias_means_one_model() {
        let catalogue = Catalogue::builtin();
        let mut seen = std::collections::HashSet::new();
        for entry in catalogue.entries() {
            for id in std::iter::once(&entry.id).chain(&entry.aliases) {
                assert!(seen.insert(id.clone()), "{id} means two models");
                assert_eq!(catalogue.find(id).unwrap().id, entry.id);
            }
        }
        assert_eq!(catalogue.find("claude-sonnet-4-5-20250514").unwrap().display_name, "Claude Sonnet 4.5");
    }

    #[test]
    fn cost_counts_cached_tokens_at_their_own_price() {
        let entry = Catalogue::builtin().find("claude-sonnet-4-5").unwrap().clone();
        let cost = entry.cost(&Usage { input: 2_000, output: 1_000, cached: 1_000 });
        // 1,000 at 0.003, 1,000 at 0.0003, 1,000 at 0.015.
        assert_eq!(cost.unwrap().to_string(), "0.0183");
        assert_eq!(ModelEntry::unknown("x").cost(&Usage::default()), None);
    }

    #[test]
    fn configuration_changes_adds_and_removes() {
        let overrides: Vec<ModelOverride> = serde_json::from_value(serde_json::json!([
            {"id": "gpt-4o", "input_cost_per_1k": "0.002"},
            {"id": "llama", "display_name": "Llama", "context_window": 8192, "aliases": ["l"]},
            {"id": "gpt-4o-mini", "removed": true},
        ]))
        .unwrap();
        let catalogue = Catalogue::builtin().merged(overrides);
        let changed = catalogue.find("gpt-4o").unwrap();
        assert_eq!(changed.input_cost_per_1k.unwrap().to_string(), "0.002");
        assert_eq!(changed.output_cost_per_1k.unwrap().to_string(), "0.01");
        assert_eq!(catalogue.find("l").unwrap().context_window, Some(8192));
        assert_eq!(catalogue.find("gpt-4o-mini"), None);
        let mistyped = serde_json::from_value::<ModelOverride>(serde_json::json!({"id": "x", "contxt": 1}));
        assert!(mistyped.unwrap_err().to_string().contains("contxt"));
    }
}
