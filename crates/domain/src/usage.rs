//! What a model call took and cost.

use crate::{AgentId, ConversationId, MessageId, RunId, UserId};

/// A row of the usage ledger, to be written once per model call.
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
    /// The model that answered.
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
}

/// An amount of money on the wire: billionths of a unit as a plain decimal, such as `0.0042`.
#[must_use]
pub fn decimal_of_nanos(nanos: i64) -> String {
    rust_decimal::Decimal::new(nanos, 9).normalize().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_a_plain_decimal() {
        assert_eq!(decimal_of_nanos(0), "0");
        assert_eq!(decimal_of_nanos(4_200_000), "0.0042");
        assert_eq!(decimal_of_nanos(12_000_000_001), "12.000000001");
        assert_eq!(decimal_of_nanos(-500_000_000), "-0.5");
    }
}
