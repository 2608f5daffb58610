#![doc = include_str!("../README.md")]

mod error;
mod export;
mod log;
mod metric;
mod redact;
mod setup;

pub use error::Error;
pub use metric::Metrics;
pub use redact::{is_sensitive_name, redact};
pub use setup::{Format, Options, Telemetry, init};
