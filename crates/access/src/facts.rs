//! What a service knows of a row when it asks for a decision.

use conductor_domain::{
    Agent, AgentId, Classification, Connector, Conversation, Origin, Scope, UserId, Visibility, Workflow,
};

/// A row that is to be touched, or made. Fields left as they are give least.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The name that policies match, such as `tool:pdf/read` or `agent:0192…`.
    pub target: String,
    /// Whose row it is.
    pub owner: Option<UserId>,
    /// The machine whose row it is, as its subject is written.
    pub actor: Option<String>,
    /// Where it lives.
    pub scope: Scope,
    /// Who sees it, before grants.
    pub visibility: Visibility,
    /// How sensitive it is.
    pub classification: Classification,
    /// Whether the platform keeps it for every tenant.
    pub official: bool,
    /// For tools: whether we or an approver declared it read-only.
    pub read_only: bool,
    /// For tools: whether each call asks a person.
    pub asks: bool,
    /// For tools: whether what they are given leaves Conductor.
    pub outbound: bool,
    /// Permissions that whoever executes it has to have.
    pub requires: Vec<String>,
    /// Words for conditions of policies: tags, and what kind of system a tool belongs to.
    pub labels: Vec<String>,
    /// Labels of what the context of the call already holds.
    pub context: Vec<Classification>,
    /// The rows that it lies within, such as a message's conversation: what is granted on them holds on it.
    pub within: Vec<String>,
    /// The agents that act for the caller, outermost first.
    pub agents: Vec<AgentId>,
}

impl Facts {
    /// A private, internal row.
    #[must_use]
    pub fn new(target: impl Into<String>, scope: Scope) -> Self {
        Self {
            target: target.into(),
            owner: None,
            actor: None,
            scope,
            visibility: Visibility::Private,
            classification: Classification::Internal,
            official: false,
            read_only: false,
            asks: false,
            outbound: false,
            requires: Vec::new(),
            labels: Vec::new(),
            context: Vec::new(),
            within: Vec::new(),
            agents: Vec::new(),
        }
    }

    /// Names the owner.
    #[must_use]
    pub fn owned_by(mut self, owner: Option<UserId>) -> Self {
        self.owner = owner;
        self
    }

    /// Names the machine that it belongs to.
    #[must_use]
    pub fn made_by(mut self, actor: Option<String>) -> Self {
        self.actor = actor;
        self
    }

    /// Names who sees it.
    #[must_use]
    pub fn seen_by(mut self, visibility: Visibility) -> Self {
        self.visibility = visibility;
        self
    }

    /// Names a row that it lies within.
    #[must_use]
    pub fn within(mut self, target: impl Into<String>) -> Self {
        self.within.push(target.into());
        self
    }

    /// Names its label.
    #[must_use]
    pub fn labelled(mut self, classification: Classification) -> Self {
        self.classification = classification;
        self
    }

    /// Names the permissions that whoever executes it has to have.
    #[must_use]
    pub fn requiring(mut self, permissions: &[String]) -> Self {
        self.requires = permissions.to_vec();
        self
    }

    /// Names its tags.
    #[must_use]
    pub fn tagged(mut self, labels: Vec<String>) -> Self {
        self.labels = labels;
        self
    }

    /// Says whether the platform keeps it.
    #[must_use]
    pub fn official(mut self, official: bool) -> Self {
        self.official = official;
        self
    }
}

impl From<&Agent> for Facts {
    fn from(agent: &Agent) -> Self {
        Self::new(format!("agent:{}", agent.id), agent.scope)
            .owned_by(agent.owner_user_id)
            .seen_by(agent.spec.visibility)
            .labelled(agent.spec.data_classification)
            .requiring(&agent.spec.required_permissions)
            .official(agent.is_official)
            .tagged(words_of_people(&agent.spec.tags))
    }
}

impl From<&Workflow> for Facts {
    fn from(workflow: &Workflow) -> Self {
        Self::new(format!("workflow:{}", workflow.id), workflow.scope)
            .owned_by(workflow.owner_user_id)
            .seen_by(workflow.spec.visibility)
            .labelled(workflow.spec.data_classification)
            .requiring(&workflow.spec.required_permissions)
            .official(workflow.is_official)
    }
}

impl From<&Connector> for Facts {
    fn from(connector: &Connector) -> Self {
        Self::new(format!("connector:{}", connector.id), connector.scope)
            .owned_by(connector.created_by_user_id)
            .seen_by(connector.spec.visibility)
            .labelled(connector.spec.data_classification)
            .official(connector.origin == Origin::Official)
            .tagged(connector.spec.labels())
    }
}

impl From<&Conversation> for Facts {
    fn from(conversation: &Conversation) -> Self {
        Self::new(format!("conversation:{}", conversation.id), conversation.scope)
            .owned_by(Some(conversation.user_id))
            .labelled(conversation.data_classification)
    }
}

/// Tags without those that look like the platform's own words, so that nobody passes for another server by a tag.
pub(crate) fn words_of_people<'a>(tags: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    tags.into_iter().filter(|tag| !tag.contains(':')).cloned().collect()
}
