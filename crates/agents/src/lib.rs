#![doc = include_str!("../README.md")]

mod builtin;
mod catalogue;
mod delegates;
mod detect;
mod error;
mod facts;
mod seeds;
mod turn;

pub use builtin::Builtin;
pub use catalogue::{AgentPatch, AgentServer, AgentView, Agents, ServerPatch};
pub use conductor_llm_providers::ListedModel;
pub use delegates::Delegates;
pub use detect::{Detector, Segment};
pub use error::{Error, Result};
pub use seeds::{CONVERSATION_AGENT, seed};
pub use turn::{KINDS, ProviderClients, RunAgent, StartTurn, Started, TurnParts, Turns};
