//! Provisioning by SCIM 2.0: an organisation's directory brings people and groups, changes them, takes them away.
//!
//! What a resource looks like is `conductor-scim`'s; here is what it means. A directory is its organisation's: it
//! decides about memberships there, and about an account only where it made the account itself and nobody else has a
//! part in it (ADR-0019).

mod directory;
mod groups;
mod people;
mod query;
mod roles;
mod view;

pub use directory::{DirectoryChange, DirectoryState, MappedGroup, Provisioner};
pub use query::{Found, ScimQuery};

/// Operations in one request at most: each is a transaction, and the request has an end.
pub const BULK_OPERATIONS: usize = 200;
/// Bytes of such a request at most.
pub const BULK_BYTES: usize = 1024 * 1024;

/// What a directory provisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScimKind {
    /// People.
    User,
    /// Groups.
    Group,
}

impl From<ScimKind> for conductor_scim::Kind {
    fn from(kind: ScimKind) -> Self {
        match kind {
            ScimKind::User => Self::User,
            ScimKind::Group => Self::Group,
        }
    }
}
