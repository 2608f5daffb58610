#![doc = include_str!("../README.md")]

mod audit;
mod backtest;
mod budgets;
mod costs;
mod csv;
mod error;
mod keys;
mod parts;
mod policies;
mod pricing;

pub use audit::{AuditLog, ChainStatus, Compliance, ExportFormat};
pub use backtest::{Backtest, FlipEntry};
pub use budgets::{BudgetEdit, Budgets};
pub use conductor_access::{Action, Facts};
pub use costs::{Costs, Counted, Reach};
pub use error::{Error, Result};
pub use keys::Keys;
pub use policies::{BindingDraft, Policies, PolicyEdit, Question, RuleDraft};
pub use pricing::{PriceFilter, Pricing};
