#![doc = include_str!("../README.md")]

mod chat;
mod error;

mod catalogue;
mod demo;
mod retry;
mod router;

mod anthropic;
mod azure;
mod compatible;
mod openai;

mod guard;
mod history;
mod names;
mod provider;
mod wire;

pub use anthropic::Anthropic;
pub use azure::Azure;
pub use catalogue::{Capabilities, Catalogue, ModelEntry, ModelOverride, Offering};
pub use chat::{
    ChatModel, ChatRequest, Chunk, ChunkStream, Content, Message, Reply, Role, StopReason, ThinkingBudget,
    ToolSpec, Usage,
};
pub use compatible::Compatible;
pub use demo::{Demo, DemoOptions};
pub use error::{Error, Result, Source};
pub use guard::Timeouts;
pub use openai::OpenAi;
pub use provider::{Offer, Provider, ProviderKind};
pub use retry::{RetryPolicy, Retrying};
pub use router::{ListedModel, Models, ModelsOptions, Resolved};
