//! What can be wrong with the rows that a decision is compiled from.

use conductor_domain::{ErrorKind, Kind};

/// A row that cannot be taken, or a role table that cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A policy row says something unreadable; store it and every request that it covers is denied.
    #[error("policy rule {rule:?} is unreadable: {why}")]
    UnreadablePolicy {
        /// The rule's id.
        rule: String,
        /// What to change, as a sentence.
        why: String,
    },
    /// The role rows do not form a table.
    #[error("the role table cannot be built")]
    Roles {
        /// What casbin said.
        #[source]
        source: Box<casbin::error::Error>,
    },
}

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::UnreadablePolicy { .. } => ErrorKind::Invalid,
            Self::Roles { .. } => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::UnreadablePolicy { .. } => "policy_invalid",
            Self::Roles { .. } => "internal",
        }
    }

    fn rule_id(&self) -> Option<String> {
        match self {
            Self::UnreadablePolicy { rule, .. } => Some(rule.clone()),
            Self::Roles { .. } => None,
        }
    }
}
