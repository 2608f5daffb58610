//! One suite, both databases: every test runs on SQLite and on PostgreSQL (`CONDUCTOR_TEST_POSTGRES`).
//! A new file is one `mod` line here; its tests are listed in its own `suite! { … }`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

#[macro_use]
mod support;

mod accounts;
mod agents;
mod analytics;
mod artifacts;
mod audit;
mod budgets;
mod canvases;
mod conversations;
mod credentials;
mod erasure;
mod files;
mod grants;
mod idempotency;
mod keys;
mod messages;
mod opening;
mod plans;
mod runs;
mod sessions;
mod spending;
mod tenancy;
mod usage;
mod workflows;
