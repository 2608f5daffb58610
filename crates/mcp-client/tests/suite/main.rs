//! The client against servers that nobody here wrote, and against servers that misbehave.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

mod everything;
mod faults;
mod peers;
mod pool;
mod python;
