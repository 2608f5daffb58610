//! What people do at the same moment, on both databases: of two who race, one wins and nothing breaks.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

mod nodes;
mod races;
mod world;
