#![doc = include_str!("../README.md")]

mod answer;
mod caller;
mod certificate;
mod cookies;
mod csrf;
mod etag;
mod host;
mod idempotency;
mod json;
mod machine;
mod money;
mod openapi;
mod options;
mod page;
mod path;
mod problem;
mod query;
mod request;
mod rest;
mod router;
mod routes;
mod sse;
mod state;
mod static_page;

pub use openapi::openapi;
pub use options::{Limits, Options};
pub use problem::Problem;
pub use router::router;
pub use state::{AppState, Readiness, Services};
pub use static_page::{Asset, StaticPage};
