//! What each kind of node does when it begins, and what it makes of what comes back: one file each.

mod agent;
mod code;
mod condition;
mod database;
mod end;
mod http;
mod human;
mod integration;
mod join;
mod r#loop;
mod map;
mod parallel;
mod review;
mod start;
mod subworkflow;
mod tool;
mod transform;
mod wait;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use conductor_domain::{Agent, AgentId, CallId, HumanTask, ProblemView};
use conductor_runs::{Tool, problem};
use conductor_workflow_graph::{Config, FieldsRead, Node, OUT, SourceFormat, expression};
use serde_json::{Map, Value};

use crate::{databases, integrations, servers};

use super::{
    plan::{NodeIndex, Plan, Way},
    scope::{Surroundings, View},
    state::{Place, State},
};

pub(crate) type Result<T> = std::result::Result<T, ProblemView>;

/// The agent that does what no agent is named for.
const DEFAULT_AGENT: &str = "conversation-agent";

/// What a node does when it begins.
#[derive(Debug)]
pub(crate) enum Act {
    /// It is over at once.
    Done { output: Value, port: String },
    /// It makes a call, through the tool path.
    Call(Wanted),
    /// It asks a person.
    Ask(Box<Question>),
    /// It waits for a moment or an event.
    Wait { until: Option<DateTime<Utc>>, event: Option<String> },
    /// Its body runs.
    Body { input: Option<Value> },
}

impl Act {
    fn done(output: Value) -> Self {
        Self::Done { output, port: OUT.to_owned() }
    }
}

/// A call that a node makes.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) tool: String,
    pub(crate) arguments: Value,
    pub(crate) agent_id: Option<AgentId>,
}

/// What a person is asked.
#[derive(Debug)]
pub(crate) struct Question {
    /// The call that it is about, where it is not the node's own question.
    pub(crate) about: Option<CallId>,
    pub(crate) title: String,
    pub(crate) message: String,
    pub(crate) priority: &'static str,
    pub(crate) decisions: Vec<String>,
    pub(crate) assignees: Vec<String>,
    pub(crate) comment_required: bool,
    pub(crate) due_at: Option<DateTime<Utc>>,
}

/// Where a node leads to that is over.
#[derive(Debug)]
pub(crate) enum Sent {
    /// On, by a port.
    On { output: Value, port: String },
    /// Back to the nearest agent before it, so often at most; after that it has failed.
    Back { output: Value, port: String, most: u32, code: &'static str, detail: String },
    /// It has failed.
    Failed { code: &'static str, detail: String },
}

/// What a call answered.
pub(crate) struct Made(pub(crate) Value);

impl Made {
    /// Its text.
    pub(crate) fn text(&self) -> String {
        let blocks = self.0.as_array().map(Vec::as_slice).unwrap_or_default();
        let texts = blocks.iter().filter_map(|block| block.get("text").and_then(Value::as_str));
        texts.collect::<Vec<_>>().join("\n")
    }

    /// Its value: what its text says where that is a list or an object in JSON, otherwise the text; the blocks themselves
    /// where they are no text.
    pub(crate) fn json(&self) -> Value {
        let text = self.text();
        if text.is_empty() {
            return self.0.clone();
        }
        match serde_json::from_str(&text) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => value,
            _ => Value::String(text),
        }
    }
}

/// A node that begins, and everything it may look at.
pub(crate) struct Begin<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) state: &'a State,
    pub(crate) view: &'a View<'a>,
    pub(crate) around: &'a Surroundings,
    pub(crate) at: NodeIndex,
    pub(crate) place: &'a Place,
    pub(crate) now: DateTime<Utc>,
    /// The tools that the caller may use, and the agents that it sees.
    pub(crate) tools: &'a [Tool],
    pub(crate) agents: &'a [Agent],
    /// The tools of agents that act for nodes.
    pub(crate) acting: &'a HashMap<AgentId, Vec<Tool>>,
}

impl<'a> Begin<'a> {
    pub(crate) fn node(&self) -> &'a Node {
        self.plan.node(self.at)
    }

    /// What the node does.
    pub(crate) fn begin(&self) -> Result<Act> {
        match &self.node().config {
            Config::Start(_) => start::begin(self),
            Config::End(end) => end::begin(self, end),
            Config::Transform(_) => transform::begin(self),
            Config::Condition(condition) => condition::begin(self, condition),
            Config::Parallel(_) => parallel::begin(self),
            Config::Join(_) => join::begin(self),
            Config::Map(map) => map::begin(self, map),
            Config::Loop(_) => r#loop::begin(),
            Config::Wait(wait) => wait::begin(self, wait),
            Config::Human(human) => human::begin(self, human),
            Config::Agent(agent) => agent::begin(self, agent),
            Config::Review(review) => review::begin(self, review),
            Config::Tool(tool) => tool::begin(self, tool),
            Config::Subworkflow(sub) => subworkflow::begin(self, sub),
            Config::Http(http) => http::begin(self, http),
            Config::Code(code) => code::begin(self, code),
            Config::Integration(operation) => integration::begin(self, operation),
            Config::Database(database) => database::begin(self, database),
            other => Err(unsupported(other)),
        }
    }

    /// What the node makes of the answer of its call.
    pub(crate) fn made(&self, made: &Made) -> Result<Sent> {
        let output = match &self.node().config {
            Config::Agent(agent) => agent::made(self, agent, made),
            Config::Review(review) => return review::made(self, review, made),
            Config::Tool(tool) => tool::made(self, tool, made),
            Config::Subworkflow(_) => subworkflow::made(made),
            Config::Http(_) => http::made(made),
            Config::Code(_) => code::made(made),
            Config::Integration(_) => integration::made(made),
            Config::Database(_) => database::made(made),
            _ => made.json(),
        };
        Ok(Sent::On { output, port: OUT.to_owned() })
    }

    /// What the node makes of a decision.
    pub(crate) fn decided(&self, task: &HumanTask) -> Sent {
        match &self.node().config {
            Config::Human(human) => human::decided(self, human, task),
            _ => Sent::On { output: Value::Null, port: OUT.to_owned() },
        }
    }

    /// The node's inputs, evaluated.
    fn inputs(&self) -> Result<Map<String, Value>> {
        self.view.fields(&self.node().inputs).map_err(|error| faulty("/inputs", &error))
    }

    /// What the ways gave that lead here, by node.
    fn arrivals(&self) -> Map<String, Value> {
        let frame = self.state.frames.get(&super::state::key(self.plan, self.place));
        let taken =
            |edge: &&usize| frame.and_then(|frame| frame.taken.get(*edge)).copied().unwrap_or_default();
        let sources =
            self.plan.awaited(self.at).iter().filter(taken).filter_map(|edge| self.plan.source(*edge));
        let given = sources.filter_map(|node| {
            let output = self.state.output(self.plan, node, &self.place.iteration)?;
            Some((self.plan.node(node).id.clone(), Value::clone(output)))
        });
        given.collect()
    }

    /// The same, without its name where one way leads here.
    fn arrived(&self) -> Value {
        let mut arrivals = self.arrivals();
        if arrivals.len() == 1 {
            return arrivals.values_mut().next().map(Value::take).unwrap_or_default();
        }
        Value::Object(arrivals)
    }

    /// Whether an edge leaves by this port.
    fn leads(&self, port: &str) -> bool {
        self.plan.outgoing(self.at).iter().any(|edge| self.plan.edge(*edge).port == port)
    }

    /// Whether an edge leads back by this port.
    fn leads_back(&self, port: &str) -> bool {
        let back = |edge: &&usize| self.plan.edge(**edge).port == port && self.plan.way(**edge) == Way::Back;
        self.plan.outgoing(self.at).iter().any(|edge| back(&edge))
    }

    /// How often the node has sent the work back.
    fn returns(&self) -> u32 {
        self.state.returns.get(self.place).copied().unwrap_or_default()
    }

    /// What was said by whoever sent the work back to the node.
    fn remarks(&self) -> Option<&'a Value> {
        self.state.remarks.get(self.place)
    }

    /// The fields of the node's output that others read.
    fn fields_read(&self) -> Option<&'a FieldsRead> {
        self.plan.fields_read(self.at)
    }

    /// The agent that acts for a tool node that names one. The older format names a kind of agent, which need not be.
    pub(crate) fn acting(&self) -> Result<Option<AgentId>> {
        let (Config::Tool(_), Some(name)) = (&self.node().config, &self.node().agent) else {
            return Ok(None);
        };
        match self.agent(name) {
            Some(agent) => Ok(Some(agent.id)),
            None if self.plan.graph.source_format == SourceFormat::Hybrid => Ok(None),
            None => Err(invalid("/agent", format!("there is no agent {name} that may be used here"))),
        }
    }

    /// The agent whose own tools decide what the node does.
    pub(crate) fn looks_into(&self) -> Option<AgentId> {
        match &self.node().config {
            Config::Agent(agent) if agent.tools.is_some() => self.asked().ok().map(|agent| agent.id),
            _ => self.acting().ok().flatten(),
        }
    }

    /// The tools of the agent that the node asks.
    fn own_tools(&self) -> Result<&'a [Tool]> {
        let agent = self.asked()?;
        Ok(self.acting.get(&agent.id).map(Vec::as_slice).unwrap_or_default())
    }

    /// The tools that a tool node chooses from.
    fn choice(&self) -> Result<&'a [Tool]> {
        let acting = self.acting()?.and_then(|agent| self.acting.get(&agent));
        Ok(acting.map_or(self.tools, Vec::as_slice))
    }

    /// The agent of this name: by its slug, its name, or what kind of agent it is.
    fn agent(&self, name: &str) -> Option<&'a Agent> {
        let by = |which: fn(&Agent) -> &str| {
            self.agents.iter().find(|agent| which(agent).eq_ignore_ascii_case(name))
        };
        by(|agent| &agent.spec.slug)
            .or_else(|| by(|agent| &agent.spec.name))
            .or_else(|| by(|agent| &agent.spec.agent_type))
            .or_else(|| self.agents.iter().find(|agent| agent.id.to_string() == name))
    }

    /// The agent that the node asks, or the one that does what no agent is named for.
    fn asked(&self) -> Result<&'a Agent> {
        let name = self.node().agent.as_deref().unwrap_or(DEFAULT_AGENT);
        let none = || invalid("/agent", format!("there is no agent {name} that may be used here"));
        self.agent(name).ok_or_else(none)
    }

    /// The tool by which the node's agent is asked, or the agent that does what no agent is named for.
    fn agent_or_default(&self) -> Result<String> {
        let agent = self.asked()?;
        let path = format!("agent/{}", agent.spec.slug.to_ascii_lowercase());
        let tool = self.tools.iter().find(|tool| tool.path == path);
        let name = &agent.spec.name;
        let refused = || invalid("/agent", format!("the agent {name} may not be used here"));
        tool.map(|tool| tool.name.clone()).ok_or_else(refused)
    }

    fn after(&self, millis: u64) -> Option<DateTime<Utc>> {
        let while_ = i64::try_from(millis).ok().and_then(TimeDelta::try_milliseconds)?;
        self.now.checked_add_signed(while_)
    }
}

/// Whether a node makes a call.
pub(crate) fn calls(config: &Config) -> bool {
    matches!(
        config,
        Config::Agent(_)
            | Config::Review(_)
            | Config::Tool(_)
            | Config::Subworkflow(_)
            | Config::Http(_)
            | Config::Code(_)
            | Config::Integration(_)
            | Config::Database(_)
    )
}

/// Whether a node is worked out from what its run knows, and asks nobody and waits for nothing.
pub(crate) fn alone(config: &Config) -> bool {
    !calls(config) && !matches!(config, Config::Human(_) | Config::Wait(_))
}

/// Whether a node can be run here.
pub(crate) fn runs(config: &Config) -> bool {
    match config {
        Config::Tool(tool) => tool.server.as_ref().is_none_or(|server| servers::described(server).is_ok()),
        Config::Integration(operation) => integrations::knows(operation),
        Config::Database(database) => databases::of(database).is_some(),
        _ => true,
    }
}

pub(crate) fn unsupported(config: &Config) -> ProblemView {
    let detail = match config {
        Config::Integration(node) => format!(
            "This server knows no operation {:?} of {:?}. It knows {}.",
            node.operation,
            node.provider,
            integrations::known()
        ),
        Config::Tool(conductor_workflow_graph::kind::Tool { server: Some(server), .. }) => {
            let why = servers::described(server).err().unwrap_or_default();
            format!("The server that this node describes is not called: {why}.")
        }
        Config::Database(node) => format!(
            "This server knows no {} of {} in nodes. It knows {}.",
            node.action,
            node.db_type,
            databases::known()
        ),
        other => format!("This server runs no nodes of kind {}.", other.kind()),
    };
    problem("node_unsupported", "The node cannot be run", detail, false)
}

/// An expression that has no value.
pub(crate) fn faulty(pointer: &str, error: &expression::Error) -> ProblemView {
    problem("expression_failed", "An expression has no value", format!("{pointer}: {error}"), false)
}

/// A node that cannot do what it says.
pub(crate) fn invalid(pointer: &str, detail: impl std::fmt::Display) -> ProblemView {
    problem("node_invalid", "The node cannot do this", format!("{pointer}: {detail}"), false)
}
