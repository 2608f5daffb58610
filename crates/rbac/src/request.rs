//! One question to the decision point: who asks for what, on which row, with which arguments.

use std::{borrow::Cow, net::IpAddr};

use chrono::{DateTime, Utc};
use conductor_domain::{AgentId, Caller, Classification, EnvironmentType, Scope, Visibility};
use serde_json::Value;

use crate::{Action, Levels};

/// The row that is asked for, or the row that is to be; its kind is that of the action.
#[derive(Clone, Debug)]
pub struct Resource<'a> {
    /// The name that policies match, such as `tool:pdf/read` or `agent:0192…`.
    pub target: Cow<'a, str>,
    /// Who sees it, before grants.
    pub visibility: Visibility,
    /// How sensitive it is.
    pub classification: Classification,
    /// Whether the platform keeps it for every tenant.
    pub official: bool,
    /// For tools: whether we or an approver declared it read-only. A server's own hint never counts.
    pub read_only: bool,
    /// For tools: whether its `approval` is `ask`.
    pub asks: bool,
    /// Whether what it is given leaves Conductor, as the arguments of a connector's tool do.
    pub outbound: bool,
    /// Permissions that whoever executes it has to have beside that of the action, such as `crm.view_financial`.
    pub requires: &'a [String],
    /// Words that people or the platform have put on it, such as tags, for conditions of policies.
    pub labels: Cow<'a, [String]>,
}

impl<'a> Resource<'a> {
    /// A private, internal row; widen it by struct update.
    pub fn new(target: impl Into<Cow<'a, str>>) -> Self {
        Self {
            target: target.into(),
            visibility: Visibility::Private,
            classification: Classification::Internal,
            official: false,
            read_only: false,
            asks: false,
            outbound: false,
            requires: &[],
            labels: Cow::Borrowed(&[]),
        }
    }
}

/// A question. Fields that nobody fills are the ones that give least.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Who asks, as `Principal::subject` writes it, such as `user:0192…`.
    pub subject: Cow<'a, str>,
    /// Roles, prefixed `platform:` or `organization:`.
    pub roles: &'a [String],
    /// The scopes of the credential; `None` for a full session.
    pub token_scopes: Option<&'a [String]>,
    /// The highest label the subject may read.
    pub clearance: Classification,
    /// The scope the subject acts in.
    pub scope: Scope,
    /// The agents that act for the subject, outermost first.
    pub agents: &'a [AgentId],
    /// What is asked for.
    pub action: Action,
    /// The row.
    pub resource: Resource<'a>,
    /// Whether the subject owns the row (or will).
    pub owner: bool,
    /// Whether the row lies in the organisation of `scope`.
    pub same_organization: bool,
    /// Whether the row lies in the environment of `scope`.
    pub same_environment: bool,
    /// What live grants give the subject on the row.
    pub grant: Levels,
    /// Attributes of the person, for conditions of policies.
    pub attributes: Option<&'a Value>,
    /// Validated arguments, for `tool.invoke`.
    pub arguments: Option<&'a Value>,
    /// Labels of what the context already holds.
    pub context_labels: &'a [Classification],
    /// What kind of environment `scope` names.
    pub environment_type: Option<EnvironmentType>,
    /// Where the request comes from.
    pub address: Option<IpAddr>,
    /// When it is asked.
    pub now: Option<DateTime<Utc>>,
}

impl<'a> Request<'a> {
    /// A question of this caller about a row that is not theirs and not of their organisation; fill in what is known.
    #[must_use]
    pub fn new(caller: &'a Caller, action: Action, resource: Resource<'a>) -> Self {
        Self {
            subject: caller.principal.subject().into(),
            roles: &caller.roles,
            token_scopes: caller.token_scopes.as_deref(),
            clearance: caller.clearance,
            scope: caller.scope,
            agents: &[],
            action,
            resource,
            owner: false,
            same_organization: false,
            same_environment: false,
            grant: Levels::NONE,
            attributes: Some(&caller.attributes),
            arguments: None,
            context_labels: &[],
            environment_type: None,
            address: caller.address,
            now: None,
        }
    }

    /// Whether granting this would change something: a call of a read-only tool does not.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.action.changes() && !(self.action == Action::ToolInvoke && self.resource.read_only)
    }

    /// Whether the row is open to more people than its owner and those who were granted it.
    pub(crate) fn is_shared(&self) -> bool {
        match self.resource.visibility {
            Visibility::Private => self.resource.official,
            Visibility::Team => self.resource.official || (self.same_organization && self.same_environment),
            Visibility::Organization => self.resource.official || self.same_organization,
            Visibility::Public => true,
        }
    }

    /// The highest label of the context.
    pub(crate) fn context_label(&self) -> Classification {
        self.context_labels.iter().copied().max().unwrap_or(Classification::Public)
    }
}
