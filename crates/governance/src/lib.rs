#![doc = include_str!("../README.md")]

mod audit;
mod csv;
mod error;

pub use audit::{AuditLog, ChainStatus, Compliance, ExportFormat};
pub use error::{Error, Result};
