//! Outside systems on the loopback interface, well behaved and not: HTTP, and databases by their wires.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

mod answers;
mod auth;
mod failures;
mod loopback;
mod mongodb;
mod mysql;
mod oauth;
mod requests;
mod sheets;
