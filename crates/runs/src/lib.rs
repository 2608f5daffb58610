#![doc = include_str!("../README.md")]

mod approval;
mod cache;
mod driver;
mod error;
mod follow;
mod held;
mod invoke;
mod runs;
mod source;

pub use driver::{Advance, Driver, DriverOptions, Next};
pub use error::{Error, Result};
pub use follow::follow;
pub use held::Held;
pub use invoke::{Call, Invoked, ToolPath, ToolPathOptions, problem};
pub use runs::Runs;
pub use source::{Approval, CallError, Dispatch, Tool, ToolOutput, ToolSource};
