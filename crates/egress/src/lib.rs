#![doc = include_str!("../README.md")]

mod body;
mod client;
mod error;
mod guard;
mod range;
mod resolver;

#[cfg(test)]
mod tests;

pub use body::read_capped;
pub use client::{Egress, Guarded, Options, Trusted};
pub use error::Error;
pub use range::{is_global, special_range};
pub use reqwest::{Method, RequestBuilder, Response, Url};
