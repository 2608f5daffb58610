#![doc = include_str!("../README.md")]

mod audit;
mod backtest;
mod csv;
mod error;
mod keys;
mod parts;
mod policies;

pub use audit::{AuditLog, ChainStatus, Compliance, ExportFormat};
pub use backtest::{Backtest, FlipEntry};
pub use conductor_access::{Action, Facts};
pub use error::{Error, Result};
pub use keys::Keys;
pub use policies::{BindingDraft, Policies, PolicyEdit, Question, RuleDraft};
