#![doc = include_str!("../README.md")]

mod audit;
mod backtest;
mod campaigns;
mod csv;
mod error;
mod grants;
mod parts;
mod policies;
mod requests;
mod shared;

pub use audit::{AuditLog, ChainStatus, Compliance, ExportFormat};
pub use backtest::{Backtest, FlipEntry};
pub use campaigns::ReviewView;
pub use conductor_access::{Action, Facts};
pub use error::{Error, Result};
pub use grants::{GrantDraft, GrantView, Grants};
pub use policies::{BindingDraft, Policies, PolicyEdit, Question, RuleDraft};
pub use requests::{RequestDraft, RequestView};
pub use shared::level_action;
