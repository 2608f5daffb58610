//! Money on the wire: a decimal as text, with its currency.

use conductor_domain::{decimal_of_nanos, nanos_of_decimal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Problem;

/// The largest amount that may be written: a billion units.
const MOST: i64 = 1_000_000_000_000_000_000;

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Money {
    /// A decimal, such as `0.0042`.
    amount: String,
    /// ISO 4217, such as `USD`.
    currency: String,
}

impl Money {
    pub(crate) fn new(nanos: i64, currency: String) -> Self {
        Self { amount: decimal_of_nanos(nanos), currency }
    }

    /// The amount in billionths, and the currency; `pointer` is where it stands in the body.
    pub(crate) fn read(self, pointer: &str) -> Result<(i64, String), Problem> {
        let nanos = amount(&self.amount, &format!("{pointer}/amount"))?;
        Ok((nanos, currency(self.currency, &format!("{pointer}/currency"))?))
    }
}

/// An amount in billionths: not below nothing, at most a billion units, at most nine digits behind the point.
pub(crate) fn amount(text: &str, pointer: &str) -> Result<i64, Problem> {
    nanos_of_decimal(text).filter(|nanos| *nanos <= MOST).ok_or_else(|| {
        let detail = "An amount is a decimal as text, such as \"12.50\": not below 0, at most 1000000000, with at \
                      most nine digits behind the point.";
        Problem::field(pointer, "invalid", detail)
    })
}

/// Three capital letters.
pub(crate) fn currency(text: String, pointer: &str) -> Result<String, Problem> {
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(text);
    }
    Err(Problem::field(pointer, "invalid", "A currency is three capital letters, such as \"USD\"."))
}
