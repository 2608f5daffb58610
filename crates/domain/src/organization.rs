//! Tenants: organisations, their environments, and who belongs to them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{EnvironmentId, MembershipId, OrganizationId, UserId, classification::words};

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// The tenant.
    pub id: OrganizationId,
    /// Unique on the platform.
    pub name: String,
    /// Unique on the platform; the word in `X-Context`.
    pub slug: String,
    /// Whether it is one person's own.
    pub is_personal: bool,
    /// The line of business.
    pub industry: Option<String>,
    /// A web address.
    pub website: Option<String>,
    /// An IANA name.
    pub timezone: Option<String>,
    /// Whether its members must have a second factor.
    pub requires_mfa: bool,
    /// After how many days its members are reminded to replace a provider key.
    pub key_max_age_days: Option<i32>,
    /// What its workflows read as `context`, beside what their runs say: an object.
    pub context_extra: Value,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A tenant to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrganization {
    /// The tenant.
    pub id: OrganizationId,
    /// The name.
    pub name: String,
    /// The slug.
    pub slug: String,
    /// Whether it is one person's own.
    pub is_personal: bool,
    /// The line of business.
    pub industry: Option<String>,
    /// A web address.
    pub website: Option<String>,
    /// An IANA name.
    pub timezone: Option<String>,
}

/// A change of a tenant: what is `None` stays, an inner `None` clears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrganizationChange {
    /// The name.
    pub name: Option<String>,
    /// The slug.
    pub slug: Option<String>,
    /// The line of business.
    pub industry: Option<Option<String>>,
    /// A web address.
    pub website: Option<Option<String>>,
    /// An IANA name.
    pub timezone: Option<Option<String>>,
    /// Whether its members must have a second factor.
    pub requires_mfa: Option<bool>,
    /// After how many days its members are reminded to replace a provider key.
    pub key_max_age_days: Option<Option<i32>>,
    /// What its workflows read as `context`: all of it.
    pub context_extra: Option<Value>,
}

/// What a workflow reads of its own run, and nobody else says: fields of `context` that an organisation cannot set.
pub const CONTEXT_OF_RUNS: [&str; 6] = ["run", "trigger", "workflow", "organization", "user", "iteration"];

/// What an environment is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EnvironmentType {
    /// Trying things out.
    Dev,
    /// Rehearsing.
    Staging,
    /// The real thing.
    #[default]
    Prod,
}

words!(EnvironmentType { Dev = "dev", Staging = "staging", Prod = "prod" });

/// A stage of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The stage.
    pub id: EnvironmentId,
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// Unique in the tenant.
    pub name: String,
    /// What it is for.
    pub environment_type: EnvironmentType,
    /// Whether requests that name none land here.
    pub is_default: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A stage to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEnvironment {
    /// The stage.
    pub id: EnvironmentId,
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// The name.
    pub name: String,
    /// What it is for.
    pub environment_type: EnvironmentType,
    /// Whether requests that name none land here.
    pub is_default: bool,
}

/// What a person may do in one organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OrganizationRole {
    /// Looks.
    Viewer,
    /// Works.
    Member,
    /// Manages people, environments and shared rows.
    Admin,
    /// May also delete it and name owners.
    Owner,
}

words!(OrganizationRole { Viewer = "viewer", Member = "member", Admin = "admin", Owner = "owner" });

/// That a person belongs to an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The membership.
    pub id: MembershipId,
    /// The person.
    pub user_id: UserId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// The role there.
    pub role: OrganizationRole,
    /// Whether it counts.
    pub is_active: bool,
    /// When it began.
    pub created_at: DateTime<Utc>,
}

/// A membership with the person it belongs to, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The membership.
    pub membership: Membership,
    /// The person's address.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// Whether the person has set a password yet.
    pub is_verified: bool,
    /// Whether the organisation's directory brought the person.
    pub is_provisioned: bool,
}

/// Where a person stands: what requests of theirs may name as their scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The role there.
    pub role: OrganizationRole,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// Its slug.
    pub slug: String,
    /// Whether it asks its members for a second factor.
    pub requires_mfa: bool,
    /// Its environments, the default one first.
    pub environments: Vec<EnvironmentId>,
}
