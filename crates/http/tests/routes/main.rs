//! The real router over real services on SQLite, one file per noun. A new noun is one `mod` line.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

mod account;
mod api_keys;
mod audit;
mod bodies;
mod credentials;
mod idempotency;
mod mfa;
mod orgs;
mod pages;
mod permissions;
mod refresh;
mod secret_keys;
mod service_accounts;
mod setup;
mod sign_in;
mod tokens;
mod users;
mod walk;
#[expect(dead_code, reason = "the attacks need the rest of it")]
mod world;
