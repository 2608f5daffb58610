//! Where tools come from. A source lists what it has and makes one call, or lets the call go on as a run of its own;
//! everything around the call is the tool path.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use conductor_access::Facts;
use conductor_domain::{
    Agent, AgentId, CallCost, CallId, Caller, Classification, ConnectorId, ConversationId, MessageId,
    ProblemView, RunId, Scope, ToolId, UserId, Visibility, canonical_json, sha256_hex,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{Held, Result};

/// Whether a person is asked before each call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// The policy alone decides.
    Never,
    /// A person is asked, unless one said "always".
    Ask,
}

/// A tool that a caller may see.
#[derive(Clone, Debug)]
pub struct Tool {
    /// Its row, where it has one.
    pub id: Option<ToolId>,
    /// The name that a model calls.
    pub name: String,
    /// The name that policies match, `<server>/<tool>`.
    pub path: String,
    /// The connector that serves it.
    pub connector_id: Option<ConnectorId>,
    /// The connector's name, for people.
    pub server: Option<String>,
    /// What it does.
    pub description: String,
    /// JSON Schema of its arguments.
    pub input_schema: Value,
    /// Whether we or an approver declared that it changes nothing. A server's own hint never counts.
    pub read_only: bool,
    /// Whether each call asks a person.
    pub approval: Approval,
    /// The hash of its present definition.
    pub definition_hash: String,
    /// The hash of the definition that was approved.
    pub approved_hash: Option<String>,
    /// Whose it is.
    pub owner: Option<UserId>,
    /// Where its connector lives.
    pub scope: Scope,
    /// Who sees it.
    pub visibility: Visibility,
    /// How sensitive its results are.
    pub classification: Classification,
    /// Words for conditions of policies: tags of the agent that it is, the server that it belongs to.
    pub labels: Vec<String>,
    /// Whether the platform keeps it.
    pub official: bool,
    /// How long one call may take.
    pub timeout: Duration,
    /// How long a result may be given again, for read-only tools.
    pub cache: Option<Duration>,
    /// What one call costs, where someone said so.
    pub call_cost: Option<CallCost>,
    /// Whether a call goes on as a run of its own. What that run does outside is in the ledger by its own calls, and a
    /// call that a crash cut before it had begun is made again.
    pub delegates: bool,
    /// Whether its calls leave the server.
    pub outbound: bool,
    /// Whether its arguments are the parts of a request: `path`, `query`, `headers`, `body`.
    pub takes_parts: bool,
}

impl Tool {
    /// A tool that Conductor itself brings: everybody's, approved as it is, changing something, and staying inside. Its
    /// name is its path.
    #[must_use]
    pub fn of_conductor(name: &str, description: &str, input_schema: Value, timeout: Duration) -> Self {
        let hash = sha256_hex(canonical_json(&json!([name, description, input_schema])));
        Self {
            id: None,
            name: name.to_owned(),
            path: name.to_owned(),
            connector_id: None,
            server: None,
            description: description.to_owned(),
            input_schema,
            read_only: false,
            approval: Approval::Never,
            approved_hash: Some(hash.clone()),
            definition_hash: hash,
            owner: None,
            scope: Scope::PLATFORM,
            visibility: Visibility::Public,
            classification: Classification::Public,
            labels: Vec::new(),
            official: true,
            timeout,
            cache: None,
            call_cost: None,
            delegates: false,
            outbound: false,
            takes_parts: false,
        }
    }

    /// What the decision point is told of it.
    #[must_use]
    pub fn facts(&self, agents: Vec<AgentId>) -> Facts {
        let mut facts = Facts::new(format!("tool:{}", self.path), self.scope)
            .owned_by(self.owner)
            .seen_by(self.visibility)
            .labelled(self.classification)
            .official(self.official)
            .tagged(self.labels.clone());
        facts.within = self.connector_id.map(|id| format!("connector:{id}")).into_iter().collect();
        facts.read_only = self.read_only;
        facts.asks = self.approval == Approval::Ask;
        facts.outbound = self.outbound;
        facts.agents = agents;
        facts
    }
}

/// One call, checked and ready to be sent.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// Who it is for.
    pub caller: Arc<Caller>,
    /// The run that makes it.
    pub run_id: RunId,
    /// The call.
    pub call_id: CallId,
    /// The agent.
    pub agent_id: Option<AgentId>,
    /// The conversation.
    pub conversation_id: Option<ConversationId>,
    /// The message that is being written.
    pub message_id: Option<MessageId>,
    /// The highest label of what the arguments may come from.
    pub context_label: Classification,
    /// Canonical arguments.
    pub arguments: Value,
    /// The key that a target which knows such keys gets.
    pub idempotency_key: String,
    /// How long it may take.
    pub timeout: Duration,
    /// Cancelled when the run is.
    pub cancel: CancellationToken,
    /// The run that makes it, in its holder's hands.
    pub(crate) held: Held,
    /// How deep runs may start runs.
    pub(crate) nesting: usize,
}

/// How a source answers a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// With a result.
    Done(ToolOutput),
    /// With the run that the call goes on as, which `Dispatch::start` began; its end is the call's result.
    Child(RunId),
}

/// What a tool answered.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolOutput {
    /// MCP content blocks.
    pub content: Vec<Value>,
    /// Whether the tool says that it failed; the model is told so and the turn goes on.
    pub is_error: bool,
}

impl ToolOutput {
    /// A plain text answer.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { content: vec![serde_json::json!({ "type": "text", "text": text.into() })], is_error: false }
    }
}

/// Why a call gave no answer.
#[derive(Clone, Debug)]
pub struct CallError {
    /// What to tell people and the model.
    pub problem: ProblemView,
    /// Whether the request may have reached its target, so that nobody knows whether it took effect.
    pub outcome_unknown: bool,
}

/// A service that has tools.
#[async_trait]
pub trait ToolSource: Send + Sync {
    /// The source's name, for errors and logs.
    fn name(&self) -> &'static str;

    /// The tools that this caller may see, for this agent where one acts.
    async fn tools(&self, caller: &Caller, agent: Option<&Agent>) -> Result<Vec<Tool>>;

    /// Whether the target takes the idempotency key of this call, so that sending it again has no second effect. Whoever
    /// wrote the call says so; where nobody does, a call that may have had an effect is never repeated.
    fn honours_key(&self, _tool: &Tool, _arguments: &Value) -> bool {
        false
    }

    /// What fails when this call fails, such as a host or an account at another system: calls of the same target are left out
    /// for a while where it fails again and again. `None` where there is nothing to fail, or the source sees to it itself.
    fn target(&self, _tool: &Tool, _arguments: &Value) -> Option<String> {
        None
    }

    /// Makes one call. Called only by the tool path.
    async fn call(&self, tool: &Tool, dispatch: Dispatch) -> Result<Answer, CallError>;
}
