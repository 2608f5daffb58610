#![doc = include_str!("../README.md")]

mod action;
mod builtin;
mod chain;
mod condition;
mod denial;
mod error;
mod index;
mod level;
mod policy;
mod request;
mod role;
mod target;

pub use action::{Action, Need, ResourceKind};
pub use builtin::{policies as built_in_policies, roles as built_in_roles};
pub use chain::chain;
pub use denial::{Denial, denial};
pub use error::Error;
pub use index::PolicyIndex;
pub use level::AccessLevel;
pub use policy::{Binding, PolicyRow, TOOL_ASKS_PRIORITY};
pub use request::{Request, Resource};
pub use role::RoleRow;
