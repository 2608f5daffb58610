//! The engine over crashes: on both databases where it matters, by its public face alone.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

mod children;
mod door;
mod leases;
mod world;
