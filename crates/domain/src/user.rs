//! Accounts: people, their sessions, and the links that let them in once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    AgentId, Classification, IdentityProviderId, OrganizationId, Redacted, RoleId, Scope, SessionId, UserId,
    classification::words,
};

/// What a person may do on the platform, whatever the organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlatformRole {
    /// Runs the platform: accounts, models and official connectors.
    Admin,
    /// Shares what it builds.
    PowerUser,
    /// Builds for itself.
    StandardUser,
    /// Talks to what others built.
    Guest,
}

words!(PlatformRole { Admin = "admin", PowerUser = "power_user", StandardUser = "standard_user", Guest = "guest" });

/// A person's account. The password's hash is not part of it.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// The account.
    pub id: UserId,
    /// Normalised: trimmed and lower-case.
    pub email: String,
    /// The display name.
    pub name: String,
    /// The given name; may be empty.
    pub first_name: String,
    /// The family name; may be empty.
    pub last_name: String,
    /// A picture.
    pub avatar_url: Option<String>,
    /// The role on the platform.
    pub role: PlatformRole,
    /// The highest label the person may read.
    pub clearance: Classification,
    /// A JSON object of what administrators say of the person; policies ask about it.
    pub attributes: Value,
    /// A JSON object of the page's settings.
    pub preferences: Value,
    /// Instructions that precede every agent's own.
    pub custom_instructions: Option<String>,
    /// The agent of a new conversation.
    pub default_agent_id: Option<AgentId>,
    /// The organisation and environment of requests that name none.
    pub active: Option<Scope>,
    /// Whether the account may sign in.
    pub is_active: bool,
    /// Whether the person has set a password by a link that was given to them.
    pub is_verified: bool,
    /// Whether signing in asks for a second factor.
    pub mfa_enabled: bool,
    /// Tokens of a lower version are dead.
    pub token_version: i32,
    /// The last sign-in.
    pub last_login: Option<DateTime<Utc>>,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The id, made beforehand so that its organisations can name it.
    pub id: UserId,
    /// Normalised.
    pub email: String,
    /// A PHC string; `None` until the person sets a password.
    pub password_hash: Option<Redacted<String>>,
    /// The display name.
    pub name: String,
    /// The given name.
    pub first_name: String,
    /// The family name.
    pub last_name: String,
    /// The role on the platform.
    pub role: PlatformRole,
    /// The highest label the person may read.
    pub clearance: Classification,
    /// Whether the person proved to hold the link that was sent to them.
    pub is_verified: bool,
    /// The scope to begin in.
    pub active: Option<Scope>,
}

/// A change of an account: what is `None` stays, an inner `None` clears.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// The display name.
    pub name: Option<String>,
    /// The given name.
    pub first_name: Option<String>,
    /// The family name.
    pub last_name: Option<String>,
    /// A picture.
    pub avatar_url: Option<Option<String>>,
    /// The whole object of preferences.
    pub preferences: Option<Value>,
    /// Instructions that precede every agent's own.
    pub custom_instructions: Option<Option<String>>,
    /// The agent of a new conversation.
    pub default_agent_id: Option<Option<AgentId>>,
    /// The active scope.
    pub active: Option<Option<Scope>>,
    /// The password's hash.
    pub password_hash: Option<Redacted<String>>,
    /// The role on the platform.
    pub role: Option<PlatformRole>,
    /// The highest label the person may read.
    pub clearance: Option<Classification>,
    /// The whole object of attributes.
    pub attributes: Option<Value>,
    /// Whether the account may sign in.
    pub is_active: Option<bool>,
    /// Whether the person holds the address.
    pub is_verified: Option<bool>,
    /// Sets the time of the last sign-in to now.
    pub signed_in: bool,
    /// Kills every token that was issued before.
    pub bump_token_version: bool,
}

/// A session of a browser or client: one family of refresh tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// What the client called itself.
    pub user_agent: Option<String>,
    /// Where it signed in from.
    pub address: Option<String>,
    /// When it signed in.
    pub created_at: DateTime<Utc>,
    /// When it last refreshed.
    pub last_used_at: DateTime<Utc>,
    /// When it ends, whatever happens.
    pub expires_at: DateTime<Utc>,
    /// When it was ended.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The identity provider it came from.
    pub provider_id: Option<IdentityProviderId>,
    /// The vault's name of the provider's token, where signing out ends the provider's session too.
    pub id_token_ref: Option<String>,
}

/// A session to be opened, with its first refresh token.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The session.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// What the client called itself.
    pub user_agent: Option<String>,
    /// Where it signed in from.
    pub address: Option<String>,
    /// When it ends, whatever happens.
    pub expires_at: DateTime<Utc>,
    /// The hash of the first refresh token.
    pub refresh_hash: String,
    /// When that token ends.
    pub refresh_expires_at: DateTime<Utc>,
    /// The identity provider it comes from.
    pub provider_id: Option<IdentityProviderId>,
    /// The vault's name of the provider's token.
    pub id_token_ref: Option<String>,
}

/// What a one-time link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkPurpose {
    /// Making the first account.
    Setup,
    /// Setting the password of an account that someone else made.
    Invite,
}

words!(LinkPurpose { Setup = "setup", Invite = "invite" });

/// A link that works once; only its token's hash is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimeLink {
    /// SHA-256 of the token, in hex.
    pub token_hash: String,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// The account it lets in.
    pub user_id: Option<UserId>,
    /// The organisation it leads to.
    pub organization_id: Option<OrganizationId>,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
}

/// Which roles a role row stands among.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoleScope {
    /// Roles on the platform.
    Platform,
    /// Roles in an organisation.
    Organization,
}

words!(RoleScope { Platform = "platform", Organization = "organization" });

/// A role with its permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The row.
    pub id: RoleId,
    /// The name without its set, such as `admin`.
    pub name: String,
    /// What it is for, as a sentence.
    pub description: String,
    /// Which set it stands in.
    pub scope: RoleScope,
    /// The organisation that defined it; nil for built-in ones.
    pub organization_id: OrganizationId,
    /// Words such as `agent.read`, those of inherited roles included.
    pub permissions: Vec<String>,
    /// Whether it makes agents.
    pub can_create_agents: bool,
    /// Whether it shares agents.
    pub can_share_agents: bool,
    /// Whether it reads restricted data.
    pub can_access_restricted_data: bool,
    /// Calls per day; `None` for no limit.
    pub max_api_calls_per_day: Option<i32>,
    /// Whether every installation has it.
    pub is_builtin: bool,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A role to be written; a row of the same organisation, set and name is changed in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRole {
    /// The name without its set.
    pub name: String,
    /// What it is for, as a sentence.
    pub description: String,
    /// Which set it stands in.
    pub scope: RoleScope,
    /// The organisation that defines it; nil for built-in ones.
    pub organization_id: OrganizationId,
    /// Words such as `agent.read`, those of inherited roles included.
    pub permissions: Vec<String>,
    /// Whether it makes agents.
    pub can_create_agents: bool,
    /// Whether it shares agents.
    pub can_share_agents: bool,
    /// Whether it reads restricted data.
    pub can_access_restricted_data: bool,
    /// Calls per day; `None` for no limit.
    pub max_api_calls_per_day: Option<i32>,
    /// Whether every installation has it.
    pub is_builtin: bool,
}
