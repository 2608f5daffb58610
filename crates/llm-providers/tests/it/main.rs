//! The crate from outside: real requests to a server on the loopback, in the vendors' published wire formats.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod demo;
mod errors;
mod lifecycle;
mod listing;
mod requests;
mod retrying;
mod routing;
mod server;
mod streams;
mod vendors;
