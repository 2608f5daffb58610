//! What a model costs, and from which moment on.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{PricingId, classification::words};

/// Who set a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PriceSource {
    /// The catalogue of models that comes with Conductor, with the operator's changes of it.
    Catalogue,
    /// An administrator; the catalogue never writes over it.
    Administrator,
}

words!(PriceSource { Catalogue = "catalogue", Administrator = "administrator" });

/// Tokens of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// All tokens read, those from the provider's cache included.
    pub input: i64,
    /// All tokens written.
    pub output: i64,
    /// The part of `input` that came from the provider's cache.
    pub cached: i64,
}

/// A price to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewModelPrice {
    /// The model, as agents ask for it.
    pub model_name: String,
    /// Who serves it.
    pub provider: String,
    /// 1,000 tokens read, in billionths of the currency's unit.
    pub input_nanos_per_1k: i64,
    /// 1,000 tokens read from the provider's cache; the full price where `None`.
    pub cached_nanos_per_1k: Option<i64>,
    /// 1,000 tokens written.
    pub output_nanos_per_1k: i64,
    /// ISO 4217.
    pub currency: String,
    /// Calls from this moment on cost this much.
    pub effective_from: DateTime<Utc>,
    /// Whether it counts; one that does not is passed over.
    pub is_active: bool,
    /// Who set it.
    pub source: PriceSource,
}

/// A stored price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelPrice {
    /// The row; costs name it.
    pub id: PricingId,
    /// What it says.
    pub price: NewModelPrice,
    /// When it was first stored.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl NewModelPrice {
    /// What so many tokens cost, to the nearest billionth.
    #[must_use]
    pub fn cost(&self, tokens: Tokens) -> i64 {
        let (input, output, cached) = (tokens.input.max(0), tokens.output.max(0), tokens.cached.max(0));
        let cached = cached.min(input);
        let cheap = self.cached_nanos_per_1k.unwrap_or(self.input_nanos_per_1k);
        let total = i128::from(input - cached) * i128::from(self.input_nanos_per_1k)
            + i128::from(cached) * i128::from(cheap)
            + i128::from(output) * i128::from(self.output_nanos_per_1k);
        i64::try_from((total + 500) / 1_000).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(input: i64, cached: Option<i64>, output: i64) -> NewModelPrice {
        NewModelPrice {
            model_name: "m".to_owned(),
            provider: "p".to_owned(),
            input_nanos_per_1k: input,
            cached_nanos_per_1k: cached,
            output_nanos_per_1k: output,
            currency: "USD".to_owned(),
            effective_from: DateTime::UNIX_EPOCH,
            is_active: true,
            source: PriceSource::Administrator,
        }
    }

    #[test]
    fn cached_tokens_have_their_own_price() {
        let price = price(3_000_000, Some(300_000), 15_000_000);
        // 1,000 at 0.003, 1,000 at 0.0003, 1,000 at 0.015.
        assert_eq!(price.cost(Tokens { input: 2_000, output: 1_000, cached: 1_000 }), 18_300_000);
        assert_eq!(price.cost(Tokens::default()), 0);
    }

    #[test]
    fn a_price_is_exact_to_the_billionth_and_never_wraps() {
        assert_eq!(price(1, None, 0).cost(Tokens { input: 499, ..Tokens::default() }), 0);
        assert_eq!(price(1, None, 0).cost(Tokens { input: 500, ..Tokens::default() }), 1);
        let huge = Tokens { input: i64::MAX, output: i64::MAX, cached: i64::MAX };
        assert_eq!(price(i64::MAX, None, i64::MAX).cost(huge), i64::MAX);
        assert_eq!(price(5, None, 5).cost(Tokens { input: -9, output: -9, cached: 4 }), 0);
    }
}
