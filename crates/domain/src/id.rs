//! Typed ids: a `MessageId` cannot stand where a `RunId` belongs.
//!
//! On the wire and in the database an id is the plain UUID of the data model, version 7 unless a rule derives it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Clock;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = Uuid))]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, ordered by the clock's time (UUIDv7).
            #[must_use]
            pub fn generate(clock: &dyn Clock) -> Self {
                Self(clock.uuid_v7())
            }

            /// The nil id: the platform's own rows.
            pub const NIL: Self = Self(Uuid::nil());

            /// Wraps a UUID that a table or a rule gives.
            #[must_use]
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The plain UUID, for storage and the wire.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+};
}

ids! {
    /// A tenant.
    OrganizationId,
    /// A stage (dev, staging, prod) of one organisation.
    EnvironmentId,
    /// A person's account.
    UserId,
    /// A membership of a user in an organisation.
    MembershipId,
    /// A role row, built in or an organisation's own.
    RoleId,
    /// A browser or client session: one family of refresh tokens.
    SessionId,
    /// A machine identity of an organisation.
    ServiceAccountId,
    /// A token issued to an agent or a service account: its `jti`.
    TokenId,
    /// An agent.
    AgentId,
    /// One stored version of an agent.
    AgentVersionId,
    /// A conversation.
    ConversationId,
    /// A message of a conversation.
    MessageId,
    /// One version of an artifact.
    ArtifactId,
    /// An uploaded file.
    FileId,
    /// An outside system: an MCP server, an API, a database, a file store.
    ConnectorId,
    /// A tool of the registry.
    ToolId,
    /// A workflow.
    WorkflowId,
    /// One stored version of a workflow.
    WorkflowVersionId,
    /// A drawing of the designer.
    CanvasId,
    /// A schedule of a workflow.
    WorkflowScheduleId,
    /// An address by which others start a workflow.
    WorkflowHookId,
    /// A public link to a conversation or an artifact.
    PublicShareId,
    /// A word that resources are found by.
    TagId,
    /// What one person thinks of a resource.
    RatingId,
    /// One execution: a turn, an agent run, a workflow, a node or a tool call.
    RunId,
    /// One tool call inside a run.
    CallId,
    /// One step inside a run.
    StepId,
    /// A question that waits for a person.
    HumanTaskId,
    /// A stored secret.
    SecretId,
    /// A group that a directory brought.
    DirectoryGroupId,
    /// An identity provider.
    IdentityProviderId,
    /// A rotation of every tenant's key.
    KeyRotationId,
    /// The erasure of a person.
    ErasureId,
    /// A provider key that a user entered.
    ApiKeyId,
    /// A policy.
    PolicyId,
    /// A rule of a policy.
    PolicyRuleId,
    /// A binding of a policy to a scope.
    PolicyBindingId,
    /// Somebody's wish for a grant.
    AccessRequestId,
    /// A review of every grant of an organisation.
    CampaignId,
    /// One grant under review.
    CampaignItemId,
    /// A grant of access on one resource.
    GrantId,
    /// A row of the audit log.
    AuditEventId,
    /// A row of the usage ledger.
    UsageRecordId,
    /// What a model costs from a moment on.
    PricingId,
    /// A budget.
    BudgetId,
}
