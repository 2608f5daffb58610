#![doc = include_str!("../README.md")]

mod approval;
mod breakers;
mod cache;
mod child;
mod door;
mod doubt;
mod driver;
mod error;
mod feed;
mod follow;
mod held;
mod invoke;
mod mask;
mod runs;
mod schema;
mod source;
mod steps;
mod trial;

pub use breakers::BreakerOptions;
pub use conductor_storage::{FeedItem, Notified, StoredEvent};
pub use door::{Called, OneCall};
pub use driver::{Advance, Driver, DriverOptions, Next};
pub use error::{Error, Result};
pub use follow::follow;
pub use held::{Held, HeldTx};
pub use invoke::{Call, Invoked, ToolPath, ToolPathOptions, problem};
pub use runs::Runs;
pub use schema::Schema;
pub use source::{Answer, Approval, CallError, Dispatch, Tool, ToolOutput, ToolSource};
pub use steps::{Step, problem_of};
pub use trial::FORK;
