//! Requests to any HTTP address: what an ad-hoc API node of a workflow sends, and what comes back.

mod address;
mod answer;
mod assertion;
mod auth;
mod body;
mod client;
mod header;
mod oauth;
mod request;

pub use answer::HttpAnswer;
pub use auth::{Auth, OAuth2, Place, ServiceAccount};
pub use client::{HttpClient, Limits, Refusal};
pub use request::HttpRequest;
