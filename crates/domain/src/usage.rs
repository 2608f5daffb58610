//! What calls took and cost, and the questions that are asked of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    AgentId, ConversationId, EnvironmentId, MessageId, PricingId, RunId, UserId, WorkflowId,
    classification::words,
};

/// A row of the usage ledger, to be written once per call of a model, or of a tool that costs something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUsage {
    /// The run.
    pub run_id: RunId,
    /// Who started it.
    pub user_id: Option<UserId>,
    /// The conversation.
    pub conversation_id: Option<ConversationId>,
    /// The message.
    pub message_id: Option<MessageId>,
    /// The agent.
    pub agent_id: Option<AgentId>,
    /// The model that answered, by the name that prices know it by; `tool:` and its path for a tool.
    pub model: String,
    /// Who served it.
    pub provider: String,
    /// Tokens in.
    pub input_tokens: i64,
    /// Tokens out.
    pub output_tokens: i64,
    /// Tokens read from the provider's cache.
    pub cached_tokens: i64,
    /// Cost in billionths of the currency's unit.
    pub cost_nanos: i64,
    /// ISO 4217.
    pub currency: String,
    /// The price it was charged at; `None` where no price is known, and so the cost is nothing.
    pub pricing_id: Option<PricingId>,
}

/// What a node of a run of a workflow spent, with everything below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeShare {
    /// The node.
    pub node_id: String,
    /// Tokens in.
    pub input_tokens: i64,
    /// Tokens out.
    pub output_tokens: i64,
    /// Cost in billionths of the unit of the run's currency.
    pub cost_nanos: i64,
}

/// What one call of a tool costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCost {
    /// In billionths of the currency's unit.
    pub nanos: i64,
    /// ISO 4217.
    pub currency: String,
}

/// Which calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageFilter {
    /// From this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Before this one.
    pub to: Option<DateTime<Utc>>,
    /// Of this agent.
    pub agent_id: Option<AgentId>,
    /// In this environment.
    pub environment_id: Option<EnvironmentId>,
    /// Of this model.
    pub model: Option<String>,
    /// Of this person.
    pub user_id: Option<UserId>,
    /// Of this conversation.
    pub conversation_id: Option<ConversationId>,
    /// Of this workflow.
    pub workflow_id: Option<WorkflowId>,
}

/// What calls are put together by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UsageDimension {
    /// All of them.
    Nothing,
    /// The agent.
    Agent,
    /// The model.
    Model,
    /// The environment.
    Environment,
    /// The person.
    User,
}

/// How long a piece of time is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UsageGrouping {
    /// Hours.
    Hour,
    /// Days of UTC.
    #[default]
    Day,
    /// Weeks, which begin on Monday.
    Week,
    /// Months.
    Month,
}

words!(UsageGrouping { Hour = "hour", Day = "day", Week = "week", Month = "month" });

/// Calls put together, in one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageTotals {
    /// What they have in common: an id or a name; empty where that is nothing.
    pub key: String,
    /// The name of what they have in common, where it has one.
    pub name: Option<String>,
    /// Who served them, for models.
    pub provider: Option<String>,
    /// ISO 4217.
    pub currency: String,
    /// How many.
    pub calls: i64,
    /// Tokens in.
    pub input_tokens: i64,
    /// Tokens out.
    pub output_tokens: i64,
    /// Tokens read from the providers' caches.
    pub cached_tokens: i64,
    /// Cost in billionths of the currency's unit.
    pub cost_nanos: i64,
    /// How many of them no price was known for.
    pub unpriced_calls: i64,
}

/// The calls of one piece of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageBucket {
    /// When the piece begins.
    pub at: DateTime<Utc>,
    /// Its calls.
    pub totals: UsageTotals,
}

/// An amount of money on the wire: billionths of a unit as a plain decimal, such as `0.0042`.
#[must_use]
pub fn decimal_of_nanos(nanos: i64) -> String {
    rust_decimal::Decimal::new(nanos, 9).normalize().to_string()
}

/// Reads an amount of money: digits, at most one point and nine digits behind it, never less than nothing.
#[must_use]
pub fn nanos_of_decimal(amount: &str) -> Option<i64> {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || fraction.len() > 9 {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<9}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(1_000_000_000)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_a_plain_decimal() {
        assert_eq!(decimal_of_nanos(0), "0");
        assert_eq!(decimal_of_nanos(4_200_000), "0.0042");
        assert_eq!(decimal_of_nanos(12_000_000_000), "12");
    }

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        for (amount, nanos) in [
            ("0", 0),
            ("0.0042", 4_200_000),
            ("3", 3_000_000_000),
            ("0.000000001", 1),
            ("9223372036", 9_223_372_036_000_000_000),
        ] {
            assert_eq!(nanos_of_decimal(amount), Some(nanos), "{amount}");
            assert_eq!(decimal_of_nanos(nanos), amount);
        }
        for amount in [
            "",
            "-1",
            "+1",
            "1e3",
            ".5",
            "1.",
            "1.0000000001",
            "9223372037",
            "1,5",
            " 1",
            "NaN",
            "0x10",
            "1.2.3",
        ] {
            assert_eq!(nanos_of_decimal(amount), None, "{amount}");
        }
    }
}
