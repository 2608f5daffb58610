#![doc = include_str!("../README.md")]

mod action;
mod binding;
mod builtin;
mod chain;
mod condition;
mod denial;
mod error;
mod grant;
mod index;
mod policy;
mod request;
mod role;
mod target;

pub use action::{Action, Need, ResourceKind};
pub use binding::Binding;
pub use builtin::{policies as built_in_policies, roles as built_in_roles};
pub use chain::chain;
pub use conductor_domain::AccessLevel;
pub use denial::{ASKS, Denial, denial};
pub use error::Error;
pub use grant::{GrantIndex, GrantRow, Holder, Levels};
pub use index::PolicyIndex;
pub use policy::{PolicyRow, TOOL_ASKS_PRIORITY};
pub use request::{Request, Resource};
pub use role::RoleRow;
