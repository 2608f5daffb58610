#![doc = include_str!("../README.md")]

mod discovery;
mod error;
mod filter;
mod patch;
mod path;
mod resource;
mod schema;
mod select;

pub use discovery::{resource_types, schemas, service_provider_config};
pub use error::{ERROR_SCHEMA, Error, Reason, Result};
pub use filter::{Filter, Operator};
pub use patch::patch;
pub use path::AttributePath;
pub use resource::{read, sort};
pub use schema::{ENTERPRISE, GROUP, Kind, LIST_RESPONSE, USER};
pub use select::Selection;
