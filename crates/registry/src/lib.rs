#![doc = include_str!("../README.md")]

mod api;
mod connect;
mod error;
mod openapi;
mod registry;
mod request;
mod source;
mod spec;
mod sync;
mod view;
mod watch;

pub use conductor_mcp_client::{Prompt, PromptArgument, Resource, ResourceContents};
pub use connect::{Connected, Discovered, NeedsConfirmation};
pub use error::{Error, Result};
pub use openapi::ImportedApi;
pub use registry::{Registry, RegistryParts, ServerDraft};
pub use view::ServerView;
