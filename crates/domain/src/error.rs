//! The closed list of what can go wrong, as a caller sees it.
//!
//! Voluntarily restricted: add a kind only when a caller would act differently on it. Kinds know no HTTP status.

use std::time::Duration;

/// What a failure means to whoever caused or hit it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is wrong; `code` names how.
    Invalid,
    /// No valid credential.
    Unauthenticated,
    /// Seen, but not allowed.
    Forbidden,
    /// Absent, or not visible to the caller.
    NotFound,
    /// The present state refuses it.
    Conflict,
    /// Larger than a limit.
    TooLarge,
    /// Too often, or over budget; may be tried again after the given time.
    Limited {
        /// How long to wait, where known.
        retry_after: Option<Duration>,
    },
    /// A system that Conductor depends on failed.
    Upstream,
    /// Conductor cannot serve now.
    Unavailable,
    /// A fault of ours.
    Internal,
}

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// A JSON pointer into the body, such as `/email`.
    pub pointer: String,
    /// A stable `snake_case` code, such as `too_short`.
    pub code: &'static str,
    /// What to do about it, as a sentence.
    pub detail: String,
}

impl FieldError {
    /// Something wrong with the field at `pointer`.
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, detail: detail.into() }
    }
}

/// A limit that was reached, as `RateLimit` headers tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitPolicy {
    /// Its name, such as `user` or `day`.
    pub name: &'static str,
    /// How many calls it lets pass.
    pub quota: u64,
    /// In how long.
    pub window: Duration,
}

/// Implemented by every crate's `Error`: its kind and the stable code of its problem page.
pub trait Kind: std::error::Error {
    /// The kind.
    fn kind(&self) -> ErrorKind;

    /// A stable `snake_case` code; a page of that name stands under `docs/errors/`.
    fn code(&self) -> &'static str;

    /// The rule that decided, where a policy refused.
    fn rule_id(&self) -> Option<String> {
        None
    }

    /// The limit that was reached, where one was.
    fn limit(&self) -> Option<LimitPolicy> {
        None
    }

    /// The fields that are wrong, where the request's body is at fault.
    fn fields(&self) -> Vec<FieldError> {
        Vec::new()
    }
}
