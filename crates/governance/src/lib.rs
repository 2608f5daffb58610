#![doc = include_str!("../README.md")]

mod audit;
mod backtest;
mod budgets;
mod campaigns;
mod costs;
mod csv;
mod error;
mod evaluate;
mod forwards;
mod grants;
mod keys;
mod lifetimes;
mod parts;
mod policies;
mod pricing;
mod requests;
mod shared;
mod who;

pub use audit::{AuditLog, ChainStatus, Compliance, ExportFormat};
pub use backtest::{Backtest, FlipEntry};
pub use budgets::{BudgetEdit, Budgets};
pub use campaigns::ReviewView;
pub use conductor_access::{Action, Facts};
pub use costs::{Costs, Counted, Reach};
pub use error::{Error, Result};
pub use evaluate::{Question, Subject};
pub use forwards::{ForwardDraft, ForwardState, Forwards};
pub use grants::{GrantDraft, GrantView, Grants};
pub use keys::Keys;
pub use lifetimes::Lifetimes;
pub use policies::{BindingDraft, Policies, PolicyEdit, RuleDraft};
pub use pricing::{PriceFilter, Pricing};
pub use requests::{RequestDraft, RequestView};
pub use shared::level_action;
pub use who::{GrantTrial, Standing, WhoFilter, preview::Preview};
