//! For how long an organisation keeps what its people and agents did.

use serde::Serialize;

/// After how many days of rest something is removed; `None` keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lifetime {
    /// Conversations in which nothing happened.
    pub conversation_days: Option<i32>,
    /// Runs that are over.
    pub run_days: Option<i32>,
}

/// What is old enough to go, or went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Expired {
    /// Conversations, with their messages and artifacts.
    pub conversations: u64,
    /// Runs, with those that they started.
    pub runs: u64,
}
