//! Steps 1 to 3 (find, limit, validate), and the ways a call is refused.

use conductor_access::Limit;
use conductor_domain::{BudgetRefusal, Decision, Effect, RunKind, TraceStep};
use serde_json::Value;

use super::{Call, Offered, ToolPath};
use crate::{Held, Result, Schema, Tool};

/// Why a call goes no further.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No such tool among what the caller may see.
    Unknown,
    /// A limit is reached.
    Limited(conductor_access::Error),
    /// A budget refuses.
    Budget(Box<BudgetRefusal>),
    /// The run has spent its calls.
    Spent(i64),
    /// The definition is not the approved one.
    Quarantined,
    /// The arguments do not fit the schema.
    Arguments(String),
    /// A policy denies.
    Denied(Decision),
    /// A person denied, perhaps with a word.
    ByPerson(Option<String>),
    /// Rules ask for different approvers.
    NoApprover,
    /// Definition or arguments are not those that a person approved.
    Changed,
}

impl Refusal {
    /// The code of the call's run.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Budget(refusal) => refusal.code(),
            _ => "policy_denied",
        }
    }

    /// The refusal as a decision, for the event, the audit entry and the child run.
    pub(crate) fn decision(&self) -> Decision {
        let (rule, says) = match self {
            Self::Denied(decision) => return decision.clone(),
            Self::Unknown => ("tools/unknown", self.to_string()),
            Self::Limited(_) => ("limits/rate", self.to_string()),
            Self::Budget(_) => ("budgets/refused", self.to_string()),
            Self::Spent(_) => ("limits/calls-per-run", self.to_string()),
            Self::Quarantined => ("tools/quarantined", self.to_string()),
            Self::Arguments(_) => ("tools/arguments", self.to_string()),
            Self::ByPerson(_) => ("approval/denied", self.to_string()),
            Self::NoApprover => ("approval/nobody", self.to_string()),
            Self::Changed => ("approval/changed", self.to_string()),
        };
        Decision {
            effect: Effect::Deny,
            rule: rule.to_owned(),
            obligations: Vec::new(),
            trace: vec![TraceStep { source: "tool_path".to_owned(), says }],
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown => f.write_str("There is no tool of this name that may be used here."),
            Self::Limited(conductor_access::Error::Limited { which, retry_after, .. }) => {
                write!(f, "The limit of {which} is reached. Try again in {} s.", retry_after.as_secs().max(1))
            }
            Self::Limited(error) => write!(f, "{error}"),
            Self::Budget(refusal) => write!(f, "{refusal}"),
            Self::Spent(limit) => write!(f, "This run has made its {limit} tool calls; no more are allowed."),
            Self::Quarantined => f.write_str(
                "The tool's definition changed since it was approved. It is off until someone approves the change.",
            ),
            Self::Arguments(why) => write!(f, "The arguments do not fit the tool's schema: {why}"),
            Self::Denied(decision) => match decision.trace.last() {
                Some(step) => write!(f, "Not allowed: {}.", step.says.trim_end_matches('.')),
                None => f.write_str("Not allowed."),
            },
            Self::ByPerson(Some(comment)) => write!(f, "The user declined this call: {comment}"),
            Self::ByPerson(None) => f.write_str("The user declined this call."),
            Self::NoApprover => f.write_str(
                "Policies ask different roles to approve this call, and no role is among all of them. An administrator can change that.",
            ),
            Self::Changed => {
                f.write_str("The tool or its arguments are no longer those that were approved. Call it again.")
            }
        }
    }
}

impl ToolPath {
    /// Finds the tool, takes its limits, checks its definition and arguments. The arguments come back canonical.
    pub(crate) async fn check(
        &self,
        held: &Held,
        call: &Call,
    ) -> Result<std::result::Result<(Offered, Value), Refusal>> {
        let Some(offered) = self.named(call).await else { return Ok(Err(Refusal::Unknown)) };
        if let Err(error) = self.limit(call, &offered.tool) {
            return Ok(Err(Refusal::Limited(error)));
        }
        if self.spent(held).await? {
            return Ok(Err(Refusal::Spent(self.most_calls(held))));
        }
        if offered.tool.approved_hash.as_deref() != Some(offered.tool.definition_hash.as_str()) {
            return Ok(Err(Refusal::Quarantined));
        }
        Ok(match arguments(&offered.tool, &call.arguments) {
            Ok(arguments) => Ok((offered, arguments)),
            Err(why) => Err(Refusal::Arguments(why)),
        })
    }

    /// The tool of a call, among those that its caller may see and that its agent was left.
    pub(crate) async fn named(&self, call: &Call) -> Option<Offered> {
        if call.left.as_ref().is_some_and(|left| !left.contains(&call.name)) {
            return None;
        }
        let offered = self.offered_by_id(&call.caller, call.agent_id).await;
        offered.into_iter().find(|offered| offered.tool.name == call.name)
    }

    fn limit(&self, call: &Call, tool: &Tool) -> conductor_access::Result<()> {
        let limits = self.access.limits();
        limits.take(Limit::User(call.caller.principal.subject()))?;
        if let Some(agent) = call.agent_id {
            limits.take(Limit::AgentTool(agent.to_string(), tool.path.clone()))?;
        }
        if let Some(connector) = tool.connector_id {
            limits.take(Limit::Connector(connector.to_string()))?;
        }
        Ok(())
    }

    fn most_calls(&self, held: &Held) -> i64 {
        match held.run().kind {
            RunKind::Workflow => self.options.calls_per_workflow,
            _ => self.options.calls_per_run,
        }
    }

    async fn spent(&self, held: &Held) -> Result<bool> {
        let (id, most) = (held.run().id, self.most_calls(held));
        held.write(move |tx| Box::pin(async move { Ok(tx.tx.runs().count_children(id).await? >= most) }))
            .await
    }
}

/// Checks arguments against the tool's JSON Schema and gives them with sorted keys.
pub(crate) fn arguments(tool: &Tool, arguments: &Value) -> Result<Value, String> {
    let arguments =
        if arguments.is_null() { Value::Object(serde_json::Map::new()) } else { arguments.clone() };
    let schema = Schema::read(&tool.input_schema)
        .map_err(|error| format!("the tool's own schema is not valid ({error})"))?;
    schema.fits(&arguments)?;
    serde_json::from_str(&conductor_domain::canonical_json(&arguments)).map_err(|error| error.to_string())
}
