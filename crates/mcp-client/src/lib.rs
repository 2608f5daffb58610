#![doc = include_str!("../README.md")]

mod definition;
mod error;
mod host;
mod log;
mod pool;
mod session;
mod spec;
mod transport;

#[cfg(feature = "testing")]
pub mod testing;

pub use definition::{
    Prompt, PromptArgument, PromptOutput, Resource, ResourceContents, ResourceTemplate, Tool, ToolOutput,
};
pub use error::{Error, Result};
pub use host::{Declines, Elicitation, ElicitationAnswer, Host};
pub use pool::{Health, HealthStatus, Pool, PoolEvent, PoolEventKind, PoolKey, PoolOptions};
pub use session::{Change, Options, ServerInfo, Session, ToolCall};
pub use spec::{CommandLine, Endpoint, ServerSpec};
