//! One suite, both databases: every test runs on SQLite and on PostgreSQL (`CONDUCTOR_TEST_POSTGRES`).
//! A new file is one `mod` line here; its tests are listed in its own `suite! { … }`.

#[macro_use]
mod support;

mod accounts;
mod idempotency;
mod keys;
mod sessions;
mod tenancy;
