#![doc = include_str!("../README.md")]

pub mod audit;
mod budgets;
mod caller;
mod days;
mod decide;
mod draft;
mod error;
mod facts;
mod limits;
mod machine;
mod policies;
mod prices;
mod record;
mod rules;
mod vault;

pub use budgets::Budgets;
pub use caller::member;
pub use conductor_rbac::{Action, Levels, ResourceKind};
pub use days::{DayStanding, Days};
pub use decide::{Access, Judge};
pub use draft::with_draft;
pub use error::{Error, Result};
pub use facts::Facts;
pub use limits::{Limit, Limits, LimitsOptions, network};
pub use machine::Machine;
pub use policies::{Comparison, Flip, baseline, check_policy};
pub use prices::Prices;
pub use vault::{Resealed, RotationState, Rotator, Step, Vault};
