//! The closed list of what can be asked for, and what each asks of the row it touches.

use std::fmt;

use crate::AccessLevel;

/// What an action asks beyond the role that permits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A level of access on a row: by ownership, visibility, grant or a role that manages the tenant's rows.
    Access(AccessLevel),
    /// The row (or the row to be) lies in the caller's own tenant; the role suffices.
    Tenant,
    /// The row is the caller's own; it belongs to a person, not to a tenant.
    Own,
    /// Nothing: the role suffices on the whole platform.
    Platform,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)?) => {
        /// What kind of row an action touches.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ResourceKind { $($(#[$doc])* $variant),+ }

        impl ResourceKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word, as it opens an action's name and a target.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

kinds! {
    /// An agent.
    Agent = "agent",
    /// A workflow.
    Workflow = "workflow",
    /// A conversation.
    Conversation = "conversation",
    /// A message; its facts are those of its conversation.
    Message = "message",
    /// An artifact; its facts are those of its conversation unless shared by itself.
    Artifact = "artifact",
    /// An uploaded file.
    File = "file",
    /// An outside system.
    Connector = "connector",
    /// A tool; its facts are those of its connector.
    Tool = "tool",
    /// A run.
    Run = "run",
    /// A question that waits for a person.
    HumanTask = "human_task",
    /// A tenant.
    Organization = "organization",
    /// A stage of a tenant.
    Environment = "environment",
    /// A membership.
    Membership = "membership",
    /// An account.
    User = "user",
    /// A provider key that a person entered.
    ApiKey = "api_key",
    /// A person's settings.
    Setting = "setting",
    /// The audit log.
    Audit = "audit",
    /// The audit log of every tenant and of the platform itself.
    PlatformAudit = "platform_audit",
    /// A policy with its rules and bindings.
    Policy = "policy",
    /// A machine's account.
    ServiceAccount = "service_account",
    /// A token that an agent calls us with.
    AgentToken = "agent_token",
    /// A provider that people sign in with.
    IdentityProvider = "id_provider",
    /// The keys that secrets are sealed under.
    SecretKey = "secret_key",
    /// What models cost.
    Pricing = "pricing",
    /// What was used and what it cost.
    Usage = "usage",
    /// How much may be spent.
    Budget = "budget",
    /// What people, roles and machines may do with rows that are not theirs.
    Grant = "grant",
    /// A wish for a grant.
    AccessRequest = "access_request",
    /// The directory that provisions an organisation.
    Directory = "directory",
}

impl ResourceKind {
    /// Whether rows of this kind carry visibility and a classification.
    #[must_use]
    pub const fn is_content(self) -> bool {
        matches!(
            self,
            Self::Agent
                | Self::Workflow
                | Self::Conversation
                | Self::Message
                | Self::Artifact
                | Self::File
                | Self::Connector
                | Self::Tool
                | Self::Run
                | Self::HumanTask
        )
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $kind:ident, $need:expr);+ $(;)?) => {
        /// Something that a caller may ask for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action { $($(#[$doc])* $variant),+ }

        impl Action {
            /// Every action, in the order of the matrix.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word: `noun.verb`, as it stands in roles, policies and the audit log.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The kind of row it touches.
            #[must_use]
            pub const fn kind(self) -> ResourceKind {
                match self { $(Self::$variant => ResourceKind::$kind),+ }
            }

            /// What it asks beyond the role.
            #[must_use]
            pub const fn need(self) -> Need {
                use Need::{Access, Own, Platform, Tenant};
                use crate::AccessLevel::{Admin, Clone, Execute, Read, Write};
                match self { $(Self::$variant => $need),+ }
            }
        }
    };
}

actions! {
    /// See an agent.
    AgentRead = "agent.read", Agent, Access(Read);
    /// Make an agent.
    AgentCreate = "agent.create", Agent, Tenant;
    /// Change an agent.
    AgentUpdate = "agent.update", Agent, Access(Write);
    /// Delete an agent.
    AgentDelete = "agent.delete", Agent, Access(Admin);
    /// Talk to an agent or run it.
    AgentExecute = "agent.execute", Agent, Access(Execute);
    /// Copy an agent.
    AgentClone = "agent.clone", Agent, Access(Clone);
    /// Widen an agent's visibility or grant it to someone.
    AgentShare = "agent.share", Agent, Access(Admin);
    /// See a workflow.
    WorkflowRead = "workflow.read", Workflow, Access(Read);
    /// Make a workflow.
    WorkflowCreate = "workflow.create", Workflow, Tenant;
    /// Change a workflow.
    WorkflowUpdate = "workflow.update", Workflow, Access(Write);
    /// Delete a workflow.
    WorkflowDelete = "workflow.delete", Workflow, Access(Admin);
    /// Run a workflow.
    WorkflowExecute = "workflow.execute", Workflow, Access(Execute);
    /// Copy a workflow.
    WorkflowClone = "workflow.clone", Workflow, Access(Clone);
    /// Widen a workflow's visibility or grant it to someone.
    WorkflowShare = "workflow.share", Workflow, Access(Admin);
    /// See a conversation.
    ConversationRead = "conversation.read", Conversation, Access(Read);
    /// Open a conversation.
    ConversationCreate = "conversation.create", Conversation, Tenant;
    /// Rename, pin, archive a conversation or choose its agent.
    ConversationUpdate = "conversation.update", Conversation, Access(Write);
    /// Delete a conversation.
    ConversationDelete = "conversation.delete", Conversation, Access(Admin);
    /// Duplicate or branch a conversation.
    ConversationClone = "conversation.clone", Conversation, Access(Clone);
    /// Let others see a conversation.
    ConversationShare = "conversation.share", Conversation, Access(Admin);
    /// See a message.
    MessageRead = "message.read", Message, Access(Read);
    /// Say something in a conversation, or ask for another answer.
    MessageCreate = "message.create", Message, Access(Write);
    /// Edit a message.
    MessageUpdate = "message.update", Message, Access(Write);
    /// Delete a message and what follows it.
    MessageDelete = "message.delete", Message, Access(Write);
    /// See an artifact.
    ArtifactRead = "artifact.read", Artifact, Access(Read);
    /// Put an artifact into a conversation.
    ArtifactCreate = "artifact.create", Artifact, Access(Write);
    /// Store a new version of an artifact.
    ArtifactUpdate = "artifact.update", Artifact, Access(Write);
    /// Delete an artifact.
    ArtifactDelete = "artifact.delete", Artifact, Access(Write);
    /// Fork an artifact.
    ArtifactClone = "artifact.clone", Artifact, Access(Clone);
    /// See a file and its bytes.
    FileRead = "file.read", File, Access(Read);
    /// Upload a file.
    FileCreate = "file.create", File, Tenant;
    /// Rename or label a file.
    FileUpdate = "file.update", File, Access(Write);
    /// Delete a file.
    FileDelete = "file.delete", File, Access(Admin);
    /// See a connector and its health.
    ConnectorRead = "connector.read", Connector, Access(Read);
    /// Register a connector.
    ConnectorCreate = "connector.create", Connector, Tenant;
    /// Change a connector.
    ConnectorUpdate = "connector.update", Connector, Access(Write);
    /// Delete a connector.
    ConnectorDelete = "connector.delete", Connector, Access(Admin);
    /// Connect, discover, restart, read a resource.
    ConnectorExecute = "connector.execute", Connector, Access(Execute);
    /// Widen a connector's visibility or grant it to someone.
    ConnectorShare = "connector.share", Connector, Access(Admin);
    /// Confirm the command line of a connector that is a local process.
    ConnectorConfirm = "connector.confirm", Connector, Access(Read);
    /// See a tool.
    ToolRead = "tool.read", Tool, Access(Read);
    /// Switch a tool on or off, or make it ask.
    ToolUpdate = "tool.update", Tool, Access(Write);
    /// Accept a changed definition, or declare a tool read-only.
    ToolApprove = "tool.approve", Tool, Access(Admin);
    /// Call a tool. Denied unless a policy allows it.
    ToolInvoke = "tool.invoke", Tool, Access(Execute);
    /// See a run, its steps and its events.
    RunRead = "run.read", Run, Access(Read);
    /// Stop a run.
    RunCancel = "run.cancel", Run, Access(Write);
    /// See a question that waits for a person.
    HumanTaskRead = "human_task.read", HumanTask, Access(Read);
    /// Answer a question that waits for a person.
    HumanTaskDecide = "human_task.decide", HumanTask, Access(Write);
    /// See an organisation.
    OrganizationRead = "organization.read", Organization, Tenant;
    /// Found an organisation.
    OrganizationCreate = "organization.create", Organization, Platform;
    /// Change an organisation.
    OrganizationUpdate = "organization.update", Organization, Tenant;
    /// Delete an organisation.
    OrganizationDelete = "organization.delete", Organization, Tenant;
    /// See an environment.
    EnvironmentRead = "environment.read", Environment, Tenant;
    /// Make an environment.
    EnvironmentCreate = "environment.create", Environment, Tenant;
    /// Change an environment.
    EnvironmentUpdate = "environment.update", Environment, Tenant;
    /// Delete an environment.
    EnvironmentDelete = "environment.delete", Environment, Tenant;
    /// See who belongs to an organisation.
    MembershipRead = "membership.read", Membership, Tenant;
    /// Invite someone.
    MembershipCreate = "membership.create", Membership, Tenant;
    /// Change someone's role in the organisation.
    MembershipUpdate = "membership.update", Membership, Tenant;
    /// Remove someone from the organisation.
    MembershipDelete = "membership.delete", Membership, Tenant;
    /// See an account.
    UserRead = "user.read", User, Own;
    /// Change one's profile.
    UserUpdate = "user.update", User, Own;
    /// Erase an account and what the person left: one's own, or anybody's as an administrator of the platform.
    UserErase = "user.erase", User, Own;
    /// Change accounts: platform role, clearance, activity.
    UserManage = "user.manage", User, Platform;
    /// See one's provider keys (never their values).
    ApiKeyRead = "api_key.read", ApiKey, Own;
    /// Enter a provider key.
    ApiKeyCreate = "api_key.create", ApiKey, Own;
    /// Put another value in a provider key's place.
    ApiKeyRotate = "api_key.rotate", ApiKey, Own;
    /// Delete a provider key.
    ApiKeyDelete = "api_key.delete", ApiKey, Own;
    /// See one's settings.
    SettingsRead = "settings.read", Setting, Own;
    /// Change one's settings.
    SettingsUpdate = "settings.update", Setting, Own;
    /// See the organisation's audit log.
    AuditRead = "audit.read", Audit, Tenant;
    /// See the audit log of the whole platform.
    PlatformAuditRead = "platform_audit.read", PlatformAudit, Platform;
    /// See policies, and ask what they would decide.
    PolicyRead = "policy.read", Policy, Tenant;
    /// Make a policy.
    PolicyCreate = "policy.create", Policy, Tenant;
    /// Change a policy, its rules or its bindings.
    PolicyUpdate = "policy.update", Policy, Tenant;
    /// Delete a policy.
    PolicyDelete = "policy.delete", Policy, Tenant;
    /// See service accounts.
    ServiceAccountRead = "service_account.read", ServiceAccount, Tenant;
    /// Make a service account.
    ServiceAccountCreate = "service_account.create", ServiceAccount, Tenant;
    /// Change a service account.
    ServiceAccountUpdate = "service_account.update", ServiceAccount, Tenant;
    /// Delete a service account.
    ServiceAccountDelete = "service_account.delete", ServiceAccount, Tenant;
    /// See an agent's tokens (never their text).
    AgentTokenRead = "agent_token.read", AgentToken, Tenant;
    /// Issue a token to an agent.
    AgentTokenCreate = "agent_token.create", AgentToken, Tenant;
    /// Revoke an agent's token.
    AgentTokenRevoke = "agent_token.revoke", AgentToken, Tenant;
    /// Delete an agent's token that can no longer be used.
    AgentTokenDelete = "agent_token.delete", AgentToken, Tenant;
    /// See the providers that people sign in with.
    IdentityProviderRead = "id_provider.read", IdentityProvider, Platform;
    /// Enter, change or remove a provider that people sign in with.
    IdentityProviderManage = "id_provider.manage", IdentityProvider, Platform;
    /// See which keys secrets are sealed under, and how far their rotation came.
    SecretKeyRead = "secret_key.read", SecretKey, Platform;
    /// Replace the keys that secrets are sealed under.
    SecretKeyRotate = "secret_key.rotate", SecretKey, Platform;
    /// See what models cost.
    PricingRead = "pricing.read", Pricing, Platform;
    /// Set what a model costs.
    PricingUpdate = "pricing.update", Pricing, Platform;
    /// See one's usage; with the reach `:any` that of the organisation.
    UsageRead = "usage.read", Usage, Own;
    /// See the organisation's budgets and how they stand.
    BudgetRead = "budget.read", Budget, Tenant;
    /// Make a budget.
    BudgetCreate = "budget.create", Budget, Tenant;
    /// Change a budget.
    BudgetUpdate = "budget.update", Budget, Tenant;
    /// Delete a budget.
    BudgetDelete = "budget.delete", Budget, Tenant;
    /// See every grant of the organisation, whoever gave it.
    GrantRead = "grant.read", Grant, Tenant;
    /// Review the organisation's grants and drop what is not needed.
    GrantReview = "grant.review", Grant, Tenant;
    /// Ask for access to a row.
    AccessRequestCreate = "access_request.create", AccessRequest, Tenant;
    /// See the organisation's directory and what it brought.
    DirectoryRead = "directory.read", Directory, Tenant;
    /// Switch the organisation's directory on or off and map its groups.
    DirectoryManage = "directory.manage", Directory, Tenant;
    /// Provision people and groups, as a directory does.
    DirectoryProvision = "directory.provision", Directory, Tenant;
}

// A role's permissions are one 128-bit word per reach.
const _: () = assert!(Action::ALL.len() <= 128);

impl Action {
    /// Whether it does more than look.
    #[must_use]
    pub fn changes(self) -> bool {
        !self.as_str().ends_with(".read")
    }

    /// Reads a word such as `agent.read`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == word)
    }

    /// Whether a pattern of a token's scopes covers it: `agent.read`, `agent.*` or `*`.
    #[must_use]
    pub fn is_covered_by(self, pattern: &str) -> bool {
        covers(pattern, self)
    }

    pub(crate) const fn bit(self) -> u128 {
        1 << self as u32
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a pattern of a role, a policy or a token scope covers an action: `agent.read`, `agent.*` or `*`.
pub(crate) fn covers(pattern: &str, action: Action) -> bool {
    matches(pattern, action.as_str())
}

/// Whether a permission is the word, or one of its noun.
pub(crate) fn matches(pattern: &str, word: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some(noun) => noun.ends_with('.') && word.starts_with(noun),
        None => pattern == word,
    }
}
