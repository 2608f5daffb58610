//! The rows that can be granted, found and named: one way for every kind.

use std::collections::HashMap;

use conductor_access::{Action, Facts};
use conductor_domain::{
    AccessLevel, AgentId, Caller, ConnectorId, ConversationId, Grant, GrantSubject, Member, ResourceRef,
    RoleId, Scope, ServiceAccountId, SharedKind, SubjectKind, UserId, WorkflowId,
};
use conductor_storage::Store;
use uuid::Uuid;

use crate::{Error, Result};

/// A row that the caller sees.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) resource: ResourceRef,
    pub(crate) scope: Scope,
    pub(crate) facts: Facts,
}

/// The row, if the caller sees it.
pub(crate) async fn find(store: &Store, caller: &Caller, resource: ResourceRef) -> Result<Shared> {
    let view = store.visible_to(caller);
    let found = match resource.kind {
        SharedKind::Agent => {
            let agent = view.agents().find(AgentId::from_uuid(resource.id)).await?;
            agent.map(|agent| Facts::from(&agent))
        }
        SharedKind::Connector => {
            let connector = view.connectors().find(ConnectorId::from_uuid(resource.id)).await?;
            connector.map(|connector| Facts::from(&connector))
        }
        SharedKind::Conversation => {
            let conversation = view.conversations().find(ConversationId::from_uuid(resource.id)).await?;
            conversation.map(|conversation| Facts::from(&conversation))
        }
        SharedKind::Workflow => {
            let workflow = view.workflows().find(WorkflowId::from_uuid(resource.id)).await?;
            workflow.map(|workflow| Facts::from(&workflow))
        }
    };
    let facts = found.ok_or(Error::Hidden { what: resource.kind.as_str() })?;
    Ok(Shared { resource, scope: facts.scope, facts })
}

/// What granting on a row of this kind asks for.
pub(crate) fn share_action(kind: SharedKind) -> Action {
    match kind {
        SharedKind::Agent => Action::AgentShare,
        SharedKind::Connector => Action::ConnectorShare,
        SharedKind::Conversation => Action::ConversationShare,
        SharedKind::Workflow => Action::WorkflowShare,
    }
}

/// The action that a level of a kind stands for; `None` where the kind has no such level.
#[must_use]
pub fn level_action(kind: SharedKind, level: AccessLevel) -> Option<Action> {
    Some(match (kind, level) {
        (SharedKind::Agent, AccessLevel::Read) => Action::AgentRead,
        (SharedKind::Agent, AccessLevel::Clone) => Action::AgentClone,
        (SharedKind::Agent, AccessLevel::Execute) => Action::AgentExecute,
        (SharedKind::Agent, AccessLevel::Write) => Action::AgentUpdate,
        (SharedKind::Connector, AccessLevel::Read) => Action::ConnectorRead,
        (SharedKind::Connector, AccessLevel::Execute) => Action::ConnectorExecute,
        (SharedKind::Connector, AccessLevel::Write) => Action::ConnectorUpdate,
        (SharedKind::Conversation, AccessLevel::Read) => Action::ConversationRead,
        (SharedKind::Conversation, AccessLevel::Clone) => Action::ConversationClone,
        (SharedKind::Conversation, AccessLevel::Write) => Action::ConversationUpdate,
        (SharedKind::Workflow, AccessLevel::Read) => Action::WorkflowRead,
        (SharedKind::Workflow, AccessLevel::Clone) => Action::WorkflowClone,
        (SharedKind::Workflow, AccessLevel::Execute) => Action::WorkflowExecute,
        (SharedKind::Workflow, AccessLevel::Write) => Action::WorkflowUpdate,
        (_, AccessLevel::Admin) => share_action(kind),
        (SharedKind::Connector, AccessLevel::Clone) | (SharedKind::Conversation, AccessLevel::Execute) => {
            return None;
        }
    })
}

/// The action of a level, or what is wrong with the level.
pub(crate) fn checked_level(kind: SharedKind, level: AccessLevel) -> Result<Action> {
    level_action(kind, level).ok_or_else(|| {
        let detail = format!("There is no level {level} on a {kind}.");
        Error::field("/access_level", "level_unknown", detail)
    })
}

/// Names of rows and subjects, as far as the caller may know them.
#[derive(Debug, Default)]
pub(crate) struct Names {
    resources: HashMap<ResourceRef, String>,
    subjects: HashMap<GrantSubject, String>,
    people: HashMap<UserId, Member>,
}

impl Names {
    /// Reads the names that these rows, subjects and people have.
    pub(crate) async fn read(
        store: &Store,
        caller: &Caller,
        resources: &[ResourceRef],
        subjects: &[GrantSubject],
        people: &[UserId],
    ) -> Result<Self> {
        let view = store.visible_to(caller);
        let mut names = Self::default();
        let of = |kind: SharedKind| -> Vec<Uuid> {
            resources.iter().filter(|row| row.kind == kind).map(|row| row.id).collect()
        };
        let (agents, connectors, conversations) =
            (of(SharedKind::Agent), of(SharedKind::Connector), of(SharedKind::Conversation));
        let workflows = of(SharedKind::Workflow);
        let named = |kind: SubjectKind| -> Vec<Uuid> {
            subjects.iter().filter(|subject| subject.kind == kind).map(|subject| subject.id).collect()
        };
        let machines = named(SubjectKind::Agent);
        let all: Vec<AgentId> = agents.iter().chain(&machines).copied().map(Into::into).collect();
        if !all.is_empty() {
            for agent in view.agents().find_many(&all).await? {
                let id = agent.id.as_uuid();
                names.resources.insert(ResourceRef { kind: SharedKind::Agent, id }, agent.spec.name.clone());
                names.subjects.insert(GrantSubject { kind: SubjectKind::Agent, id }, agent.spec.name);
            }
        }
        if !connectors.is_empty() {
            let ids: Vec<ConnectorId> = connectors.into_iter().map(Into::into).collect();
            for (id, name) in view.connectors().names(&ids).await? {
                names.resources.insert(ResourceRef { kind: SharedKind::Connector, id: id.as_uuid() }, name);
            }
        }
        if !conversations.is_empty() {
            let ids: Vec<ConversationId> = conversations.into_iter().map(Into::into).collect();
            for (id, name) in view.conversations().titles(&ids).await? {
                names
                    .resources
                    .insert(ResourceRef { kind: SharedKind::Conversation, id: id.as_uuid() }, name);
            }
        }
        if !workflows.is_empty() {
            let ids: Vec<WorkflowId> = workflows.into_iter().map(Into::into).collect();
            for workflow in view.workflows().find_many(&ids).await? {
                let resource = ResourceRef { kind: SharedKind::Workflow, id: workflow.id.as_uuid() };
                names.resources.insert(resource, workflow.spec.title.unwrap_or(workflow.spec.name));
            }
        }
        let roles: Vec<RoleId> = named(SubjectKind::Role).into_iter().map(Into::into).collect();
        if !roles.is_empty() {
            for role in view.roles().find_many(&roles).await? {
                let subject = GrantSubject { kind: SubjectKind::Role, id: role.id.as_uuid() };
                names.subjects.insert(subject, format!("{}:{}", role.scope, role.name));
            }
        }
        let accounts: Vec<ServiceAccountId> =
            named(SubjectKind::ServiceAccount).into_iter().map(Into::into).collect();
        if !accounts.is_empty() {
            for account in view.service_accounts().find_many(&accounts).await? {
                let subject = GrantSubject { kind: SubjectKind::ServiceAccount, id: account.id.as_uuid() };
                names.subjects.insert(subject, account.name);
            }
        }
        let mut users: Vec<UserId> = named(SubjectKind::User).into_iter().map(Into::into).collect();
        users.extend_from_slice(people);
        if !users.is_empty() {
            let members = view.memberships().find_many(&users).await?;
            names.people = members.into_iter().map(|member| (member.membership.user_id, member)).collect();
        }
        Ok(names)
    }

    /// Reads the names that a list of grants needs.
    pub(crate) async fn of_grants(store: &Store, caller: &Caller, grants: &[Grant]) -> Result<Self> {
        let resources: Vec<ResourceRef> = grants.iter().map(|grant| grant.resource).collect();
        let subjects: Vec<GrantSubject> = grants.iter().map(|grant| grant.subject).collect();
        let people: Vec<UserId> = grants.iter().filter_map(|grant| grant.granted_by).collect();
        Self::read(store, caller, &resources, &subjects, &people).await
    }

    pub(crate) fn resource(&self, resource: ResourceRef) -> Option<String> {
        self.resources.get(&resource).cloned()
    }

    pub(crate) fn subject(&self, subject: GrantSubject) -> Option<String> {
        match subject.kind {
            SubjectKind::User => self.person(subject.id.into()),
            _ => self.subjects.get(&subject).cloned(),
        }
    }

    /// What a person is called.
    pub(crate) fn person(&self, user: UserId) -> Option<String> {
        let member = self.people.get(&user)?;
        Some(if member.name.is_empty() { member.email.clone() } else { member.name.clone() })
    }

    pub(crate) fn email(&self, user: UserId) -> Option<String> {
        self.people.get(&user).map(|member| member.email.clone())
    }
}
