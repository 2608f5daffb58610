//! Directories that provision an organisation's people: what was switched on, and whom and what they brought.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{DirectoryGroupId, OrganizationId, OrganizationRole, ServiceAccountId, UserId};

/// An organisation's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// The organisation that it provisions.
    pub organization_id: OrganizationId,
    /// The account that its tokens are issued to.
    pub service_account_id: ServiceAccountId,
    /// Whether it may come in.
    pub enabled: bool,
    /// What its groups bring, beside what the platform's identity providers map for this organisation.
    pub role_mappings: Vec<GroupRole>,
    /// When it was switched on first.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A role that the members of a directory's group have in its organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GroupRole {
    /// The group's name, or the directory's own id of it.
    pub group: String,
    /// The role.
    pub role: OrganizationRole,
}

/// A person that a directory brought.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectoryUser {
    /// The account.
    pub user_id: UserId,
    /// What the directory says of the person.
    pub attributes: Value,
    /// Whether the directory made the account, and did not find it here.
    pub made_account: bool,
    /// Whether the directory closed the account: whoever else closed it, the directory does not open it.
    pub closed_account: bool,
    /// The role that the person had before groups gave another; `None` while they give none.
    pub base_role: Option<OrganizationRole>,
    /// Counts changes.
    pub version: i32,
    /// When the directory brought the person.
    pub created_at: DateTime<Utc>,
    /// When it last changed something.
    pub updated_at: DateTime<Utc>,
    /// Whether the directory took the person away again.
    pub is_gone: bool,
}

impl DirectoryUser {
    /// The name that the directory gave.
    #[must_use]
    pub fn user_name(&self) -> &str {
        self.attributes["userName"].as_str().unwrap_or_default()
    }
}

/// A group that a directory brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryGroup {
    /// The group.
    pub id: DirectoryGroupId,
    /// Its name.
    pub display_name: String,
    /// The directory's own id of it.
    pub external_id: Option<String>,
    /// Counts changes.
    pub version: i32,
    /// When the directory brought it.
    pub created_at: DateTime<Utc>,
    /// When it last changed something.
    pub updated_at: DateTime<Utc>,
}
