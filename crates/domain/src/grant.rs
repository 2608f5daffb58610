//! Grants: what a subject may do with one row that is not its own, until when, and by whose word; and the wish for one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AccessLevel, AccessRequestId, GrantId, Scope, UserId, classification::words};

/// Kinds of rows that can be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SharedKind {
    /// An agent.
    Agent,
    /// An outside system, with its tools.
    Connector,
    /// A conversation, with its messages and artifacts.
    Conversation,
    /// A workflow, with its versions.
    Workflow,
}

words!(SharedKind {
    Agent = "agent",
    Connector = "connector",
    Conversation = "conversation",
    Workflow = "workflow",
});

/// A row that can be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResourceRef {
    /// What it is.
    pub kind: SharedKind,
    /// Its id.
    pub id: Uuid,
}

impl ResourceRef {
    /// The name that decisions and the audit log use, such as `agent:0192…`.
    #[must_use]
    pub fn target(self) -> String {
        format!("{}:{}", self.kind, self.id)
    }
}

/// Kinds of subjects that rows are granted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// A member of the organisation.
    User,
    /// Every member who holds a role.
    Role,
    /// Every member of the organisation.
    Organization,
    /// An agent that calls by its own token.
    Agent,
    /// A machine identity.
    ServiceAccount,
}

words!(SubjectKind {
    User = "user",
    Role = "role",
    Organization = "organization",
    Agent = "agent",
    ServiceAccount = "service_account",
});

/// Whom a row is granted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GrantSubject {
    /// What it is.
    pub kind: SubjectKind,
    /// Its id.
    pub id: Uuid,
}

/// What a subject may do with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The grant.
    pub id: GrantId,
    /// The tenant of row and subject, and the stage of the row.
    pub scope: Scope,
    /// To whom.
    pub subject: GrantSubject,
    /// Which row.
    pub resource: ResourceRef,
    /// How much of it.
    pub level: AccessLevel,
    /// By whose word.
    pub granted_by: Option<UserId>,
    /// The grant that let its giver give it; `None` where the giver owned or managed the row. It ends with that one.
    pub under: Option<GrantId>,
    /// Since when.
    pub granted_at: DateTime<Utc>,
    /// Until when; `None` for good.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether nobody took it back.
    pub is_active: bool,
}

impl Grant {
    /// Whether it counts at this moment.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.is_active && self.expires_at.is_none_or(|end| end > now)
    }
}

/// A grant to be made; a live one of the same subject and row gives way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGrant {
    /// To whom.
    pub subject: GrantSubject,
    /// Which row.
    pub resource: ResourceRef,
    /// How much of it.
    pub level: AccessLevel,
    /// By whose word.
    pub granted_by: Option<UserId>,
    /// The grant that lets its giver give it.
    pub under: Option<GrantId>,
    /// Until when; `None` for good.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Which grants to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrantFilter {
    /// Those of a subject.
    pub subject: Option<GrantSubject>,
    /// Those on a row.
    pub resource: Option<ResourceRef>,
}

/// Where a wish stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AccessRequestStatus {
    /// Nobody has answered.
    Pending,
    /// It became a grant.
    Approved,
    /// It did not.
    Denied,
    /// Whoever asked took it back before anybody answered.
    Withdrawn,
}

words!(AccessRequestStatus {
    Pending = "pending",
    Approved = "approved",
    Denied = "denied",
    Withdrawn = "withdrawn",
});

/// Somebody's wish for a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRequest {
    /// The wish.
    pub id: AccessRequestId,
    /// The tenant, and the stage that it was asked in.
    pub scope: Scope,
    /// Who asks.
    pub user_id: UserId,
    /// For which row.
    pub resource: ResourceRef,
    /// For how much of it.
    pub level: AccessLevel,
    /// Why.
    pub reason: String,
    /// For how long, in hours; `None` for good.
    pub hours: Option<i32>,
    /// Where it stands.
    pub status: AccessRequestStatus,
    /// Who answered.
    pub decided_by: Option<UserId>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Words beside the answer.
    pub comment: Option<String>,
    /// The grant that it became.
    pub grant_id: Option<GrantId>,
    /// Until when that was given.
    pub grant_expires_at: Option<DateTime<Utc>>,
    /// When it was asked.
    pub created_at: DateTime<Utc>,
}

/// A wish to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccessRequest {
    /// Who asks.
    pub user_id: UserId,
    /// For which row.
    pub resource: ResourceRef,
    /// For how much of it.
    pub level: AccessLevel,
    /// Why.
    pub reason: String,
    /// For how long, in hours; `None` for good.
    pub hours: Option<i32>,
}
