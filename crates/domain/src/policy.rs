//! Policies as administrators write them: rules, and the bindings that say where they apply.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Effect, EnvironmentId, Obligation, OrganizationId, PolicyBindingId, PolicyId, PolicyRuleId,
    classification::words,
};

/// Whether a policy's word counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PolicyMode {
    /// It decides.
    #[default]
    Enforced,
    /// It is asked and its answer recorded, and never applied.
    Shadow,
}

words!(PolicyMode { Enforced = "enforced", Shadow = "shadow" });

/// What a policy applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BindingScope {
    /// An organisation.
    Org,
    /// An environment.
    Env,
    /// Calls that an agent makes.
    Agent,
    /// One tool, named by its path.
    Tool,
    /// Whoever holds a role, such as `organization:member`.
    Role,
    /// One subject: an account's id, or `agent:…` and `service_account:…`.
    User,
    /// Every target below a path, such as `tool:pdf`.
    ResourceNs,
}

words!(BindingScope {
    Org = "org",
    Env = "env",
    Agent = "agent",
    Tool = "tool",
    Role = "role",
    User = "user",
    ResourceNs = "resource_ns",
});

/// One rule of a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyRule {
    /// The rule; decisions and audit entries name it.
    pub id: PolicyRuleId,
    /// `tool.invoke`, `agent.*` or `*`.
    pub action: String,
    /// `tool:pdf/read`, `tool:pdf/*` or `*`.
    pub target: String,
    /// What it says.
    pub effect: Effect,
    /// An object of which every key must hold.
    pub conditions: Value,
    /// What must be done when it lets a request pass.
    pub obligations: Vec<Obligation>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// A place where a policy applies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyBinding {
    /// The binding.
    pub id: PolicyBindingId,
    /// The type of place.
    pub scope_type: BindingScope,
    /// Its id or name; `*` for every one of its type.
    pub scope_id: String,
    /// Among rules that allow or ask, the highest speaks; denying needs none.
    pub priority: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A policy, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The policy.
    pub id: PolicyId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The one environment it holds in; every one of the tenant where `None`.
    pub environment_id: Option<EnvironmentId>,
    /// A name that is unique in the organisation.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Counts its changes.
    pub version: i32,
    /// Whether its word counts.
    pub mode: PolicyMode,
    /// Whether it is asked at all.
    pub is_active: bool,
    /// Whether every installation starts with it.
    pub is_baseline: bool,
    /// Its rules, the oldest first.
    pub rules: Vec<PolicyRule>,
    /// Where it applies; without a binding, nowhere.
    pub bindings: Vec<PolicyBinding>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}
