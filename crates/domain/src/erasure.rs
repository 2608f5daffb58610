//! The erasure of a person: of whom only the account's id is left, as a pseudonym.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{ErasureId, OrganizationId, UserId, classification::words};

/// How an erasure stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErasureStatus {
    /// The account and every way into it are gone; some process removes what the person left, or will when one is there.
    Running,
    /// Nothing of the person is left but the pseudonym.
    Finished,
}

words!(ErasureStatus { Running = "running", Finished = "finished" });

/// The erasure of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// The erasure.
    pub id: ErasureId,
    /// The pseudonym: the id of the account that was.
    pub user_id: UserId,
    /// Who asked for it; the person, or an administrator.
    pub requested_by_id: UserId,
    /// How it stands.
    pub status: ErasureStatus,
    /// The person's own organisations, which go with them.
    pub organizations: Vec<OrganizationId>,
    /// When the runs that are to be emptied were noted; none of the person's was open any more.
    pub gathered_at: Option<DateTime<Utc>>,
    /// When the chains that say something of the person were told that they may withhold it.
    pub told_at: Option<DateTime<Utc>>,
    /// How many rows were removed or emptied.
    pub removed: i64,
    /// When it was asked for, and the account ended.
    pub created_at: DateTime<Utc>,
    /// When the last of it was done.
    pub finished_at: Option<DateTime<Utc>>,
}
