//! Programs in the sandbox, under every confinement that this machine has: what they give, and what they cannot do.

#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

mod detection;
mod escapes_of_javascript;
mod escapes_of_python;
mod packages;
mod pricing;
mod results;
mod stopping;
mod world;
