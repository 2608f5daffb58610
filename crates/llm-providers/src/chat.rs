//! The one trait behind which every vendor stands, and the words a call of it is made of.
//!
//! The words are the smallest set that keeps what the vendors can do: text, images, signed thinking, parallel tool
//! calls. Whatever a vendor adds beyond them is ignored here rather than half-translated.

mod chunk;
mod message;
mod reply;

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use chunk::{Chunk, StopReason, Usage};
pub use message::{Content, Message, Role};
pub use reply::Reply;

use crate::Result;

/// What a call of a model answers with, piece by piece; dropping it closes the provider's connection.
pub type ChunkStream = BoxStream<'static, Result<Chunk>>;

/// A model that can be talked to.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// Asks the model and answers with its pieces as they come.
    ///
    /// A stream that ends well ends with [`Chunk::Stopped`]; one that fails ends with one error, [`crate::Error::Cut`]
    /// where the provider fell silent without a stop. What came before an error stays valid. Cancelling the token
    /// closes the provider's connection at once and ends the stream with [`StopReason::Cancelled`].
    async fn stream(&self, request: ChatRequest, cancel: CancellationToken) -> Result<ChunkStream>;
}

/// One call of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChatRequest {
    /// The id under which the provider knows the model, as [`crate::Resolved::model_id`] says it.
    pub model: String,
    /// Instructions that stand above the conversation.
    pub system: Option<String>,
    /// The conversation, oldest first; it may end with tool results.
    pub messages: Vec<Message>,
    /// What the model may call.
    pub tools: Vec<ToolSpec>,
    /// 0 is steady, 1 is lively; left out where the model refuses to be told.
    pub temperature: Option<f64>,
    /// The share of likely tokens to draw from; Anthropic takes it only where no temperature is given.
    pub top_p: Option<f64>,
    /// The most tokens to answer with, thinking not counted.
    pub max_tokens: Option<u32>,
    /// Lets the model think before it answers, where it can.
    pub thinking: Option<ThinkingBudget>,
    /// Texts at which the model stops.
    pub stop: Vec<String>,
    /// An opaque name of the end user, which providers use against abuse; never an address or a real name.
    pub user: Option<String>,
}

/// How long a model may think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThinkingBudget {
    /// The most tokens to think with; providers that know only levels get the nearest one.
    pub tokens: u32,
}

/// A tool, as a model is told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolSpec {
    /// The name by which the model calls it; characters a provider does not take are replaced on the way out and back.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// The JSON Schema of its arguments, an object.
    pub input_schema: Value,
}
