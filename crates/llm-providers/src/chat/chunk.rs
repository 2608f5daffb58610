//! The pieces a model answers with.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One piece of an answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Chunk {
    /// More text.
    TextDelta {
        /// The text to append.
        text: String,
    },
    /// More of the model's reasoning.
    ThinkingDelta {
        /// The text to append.
        text: String,
    },
    /// The provider's seal of the reasoning since the last one; the next reasoning is a new block.
    ThinkingSignature {
        /// The seal.
        signature: String,
    },
    /// A block of reasoning that the provider does not show.
    RedactedThinking {
        /// To be handed back as it came.
        data: String,
    },
    /// The model began to write a tool call: something to show while its arguments grow.
    ToolCallStarted {
        /// The id under which the complete call will come.
        id: String,
        /// The tool's name.
        name: String,
    },
    /// A complete tool call; several of them are to be run side by side.
    ToolCall {
        /// The provider's id of the call.
        id: String,
        /// The tool's name.
        name: String,
        /// The arguments; a JSON string holding the raw text where the model wrote no valid JSON, so that validation
        /// refuses them and the model can be told.
        arguments: Value,
    },
    /// Tokens so far; a later one replaces an earlier one.
    Usage(Usage),
    /// The answer is complete; nothing follows.
    Stopped {
        /// Why.
        reason: StopReason,
        /// The model that answered, as the provider names it.
        model: String,
    },
}

impl Chunk {
    /// Whether the caller has seen something of the answer, so that asking again would repeat it.
    #[must_use]
    pub const fn is_content(&self) -> bool {
        !matches!(self, Self::Usage(_))
    }
}

/// What a call took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// All tokens read, those from the provider's cache included.
    pub input: u64,
    /// All tokens written, thinking included.
    pub output: u64,
    /// The part of `input` that came from the provider's cache.
    pub cached: u64,
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// It was done.
    EndTurn,
    /// It reached the limit of tokens.
    MaxTokens,
    /// It waits for the results of its tool calls.
    ToolUse,
    /// It wrote a text at which it was told to stop.
    StopSequence,
    /// It, or the provider's filter, refused.
    Refusal,
    /// The caller cancelled.
    Cancelled,
}

impl StopReason {
    /// The word on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EndTurn => "end_turn",
            Self::MaxTokens => "max_tokens",
            Self::ToolUse => "tool_use",
            Self::StopSequence => "stop_sequence",
            Self::Refusal => "refusal",
            Self::Cancelled => "cancelled",
        }
    }
}

impl std::fmt::Display for StopReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
