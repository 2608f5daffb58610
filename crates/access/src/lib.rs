#![doc = include_str!("../README.md")]

mod caller;
mod decide;
mod error;
mod facts;
mod limits;
mod machine;
mod vault;

pub use conductor_rbac::{Action, ResourceKind};
pub use decide::Access;
pub use error::{Error, Result};
pub use facts::Facts;
pub use limits::{Limit, Limits, LimitsOptions};
pub use machine::Machine;
pub use vault::Vault;
