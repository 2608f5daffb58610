//! The one tool-call path. Every call, from any door, passes these checks in this order:
//!
//! 1. find, 2. limit, 3. validate, 4. decide, 5. approve and decide again, 6. cache, 7. reserve, 8. ledger,
//! 9. dispatch, 10. record, 11. mask and audit.
//!
//! A refusal is a failed tool result for the model and a `denied` child run; it never ends the turn.

mod checks;
mod dispatch;
mod fields;
mod guard;
mod record;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use conductor_access::{Access, Action};
use conductor_domain::{
    Agent, AgentId, CallId, Caller, Classification, ConversationId, Decision, Effect, EventBody, HumanTaskId,
    MessageId, NewHumanTask, Obligation, ProblemView, Run, RunId, TraceStep, canonical_json, sha256_hex,
};
use conductor_storage::Store;
use serde_json::{Value, json};

use crate::{
    BreakerOptions, Held, Result, Tool, ToolSource, approval::inbox_changed, breakers::Breakers,
    cache::ResultCache, trial::Trial,
};
use checks::Refusal;
use dispatch::Opens;
use record::Ended;

/// The name of the rule by which a tool's own `approval: ask` asks; only this question can have a standing answer.
const TOOL_ASKS: &str = "tool/asks";

/// A tool call, as a model or a door makes it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The call; also the id of its child run.
    pub call_id: CallId,
    /// The tool's name, as the caller of the path wrote it.
    pub name: String,
    /// The id that the model's provider gave it.
    pub provider_call_id: Option<String>,
    /// Arguments, as they came.
    pub arguments: Value,
    /// Who it is for.
    pub caller: Arc<Caller>,
    /// The agent that acts.
    pub agent_id: Option<AgentId>,
    /// The names of those of its tools that it was left for this run; all where there is no list.
    pub left: Option<Arc<[String]>>,
    /// The conversation.
    pub conversation_id: Option<ConversationId>,
    /// The message that is being written.
    pub message_id: Option<MessageId>,
    /// The node of a workflow that makes it.
    pub node_id: Option<String>,
    /// The highest label of what the arguments may come from.
    pub context_label: Classification,
}

/// How a call stands when the path lets go of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Invoked {
    /// It has a result, good or bad, and the result is recorded.
    Done {
        /// Whether the tool did what it was asked.
        ok: bool,
        /// MCP content blocks.
        content: Value,
    },
    /// A person is asked; call `resume` after the run was signalled.
    Waiting(HumanTaskId),
    /// The call goes on as this run; call `resume` after the run was signalled.
    Child(RunId),
}

/// What the path may spend.
#[derive(Clone, Debug)]
pub struct ToolPathOptions {
    /// Tool calls in one run; beyond it every call is refused.
    pub calls_per_run: i64,
    /// The same for a run of a workflow, which may go through long lists.
    pub calls_per_workflow: i64,
    /// How often a call that has no effect is sent, first try included.
    pub attempts: i32,
    /// The wait before the second try; it doubles.
    pub backoff: Duration,
    /// How deep runs may start runs by calls.
    pub nesting: usize,
    /// When a target that fails is left alone.
    pub breakers: BreakerOptions,
}

impl Default for ToolPathOptions {
    fn default() -> Self {
        Self {
            calls_per_run: 200,
            calls_per_workflow: 10_000,
            attempts: 3,
            backoff: Duration::from_millis(200),
            nesting: 5,
            breakers: BreakerOptions::default(),
        }
    }
}

/// A tool with the source that serves it.
#[derive(Clone)]
pub(crate) struct Offered {
    pub(crate) tool: Tool,
    pub(crate) source: Arc<dyn ToolSource>,
}

/// The path, and the sources behind it.
pub struct ToolPath {
    pub(crate) store: Store,
    pub(crate) access: Arc<Access>,
    sources: Vec<Arc<dyn ToolSource>>,
    cache: ResultCache,
    breakers: Breakers,
    options: ToolPathOptions,
}

impl std::fmt::Debug for ToolPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ToolPath").field("options", &self.options).finish_non_exhaustive()
    }
}

impl ToolPath {
    /// A path over these sources; where two offer a name, the first wins.
    #[must_use]
    pub fn new(
        store: Store,
        access: Arc<Access>,
        sources: Vec<Arc<dyn ToolSource>>,
        options: ToolPathOptions,
    ) -> Arc<Self> {
        let (cache, breakers) = (ResultCache::default(), Breakers::new(options.breakers));
        Arc::new(Self { store, access, sources, cache, breakers, options })
    }

    /// The tools that a caller may see and call, for an agent where one acts. A source that fails leaves its tools out.
    pub async fn tools(&self, caller: &Caller, agent: Option<&Agent>) -> Vec<Tool> {
        self.offered(caller, agent).await.into_iter().map(|offered| offered.tool).collect()
    }

    /// The same by the agent's id. For an agent that the caller does not see, there are none.
    pub async fn tools_by_id(&self, caller: &Caller, agent: Option<AgentId>) -> Vec<Tool> {
        self.offered_by_id(caller, agent).await.into_iter().map(|offered| offered.tool).collect()
    }

    /// Takes a new call through the whole path.
    ///
    /// # Errors
    /// When the lease was lost or storage fails; everything else is a result.
    pub async fn invoke(&self, held: &Held, call: Call) -> Result<Invoked> {
        let (offered, arguments) = match self.check(held, &call).await? {
            Ok(checked) => checked,
            Err(refusal) => return self.refuse(held, &call, None, refusal).await,
        };
        let decision = self.decide(held, &call, &offered.tool, &arguments).await?;
        match decision.effect {
            Effect::Deny => self.refuse(held, &call, Some(&offered.tool), Refusal::Denied(decision)).await,
            Effect::Approve if !self.stands(held, &call, &offered.tool, &decision).await? => {
                self.ask(held, &call, &offered.tool, arguments, decision).await
            }
            Effect::Approve => self.go(held, call, offered, arguments, standing(decision), Opens::All).await,
            Effect::Allow => self.go(held, call, offered, arguments, decision, Opens::All).await,
        }
    }

    /// Takes a call on that was begun before, wherever it stands: its question has been answered, the run that it went
    /// on as has ended, or the last holder died with it. It is decided again: the world may have changed meanwhile.
    ///
    /// # Errors
    /// When the lease was lost or storage fails; everything else is a result.
    pub async fn resume(&self, held: &Held, call: Call) -> Result<Invoked> {
        let (run_id, call_id) = (held.run().id, call.call_id);
        let row_id = RunId::from_uuid(call_id.as_uuid());
        let (task, row) = held
            .write(move |tx| {
                Box::pin(async move {
                    // A try that was given up may still be at its commit, and holds the run's row until that is over:
                    // what it leaves is looked for after it.
                    tx.emit(&[]).await?;
                    let row =
                        tx.tx.runs().find(row_id).await?.filter(|row| row.parent_run_id == Some(run_id));
                    Ok((tx.tx.human_tasks().find_by_call(run_id, call_id).await?, row))
                })
            })
            .await?;
        if let Some(row) = row {
            return self.go_on(held, call, row).await;
        }
        let Some(task) = task else { return self.invoke(held, call).await };
        let Some(answer) = task.decision.clone() else { return Ok(Invoked::Waiting(task.id)) };
        held.emit(&[EventBody::ApprovalDecided { human_task: task.view() }]).await?;

        let (offered, arguments) = match self.check(held, &call).await? {
            Ok(checked) => checked,
            Err(refusal) => return self.refuse(held, &call, None, refusal).await,
        };
        if answer == "deny" {
            return self.refuse(held, &call, Some(&offered.tool), Refusal::ByPerson(task.comment)).await;
        }
        if task.binding_hash.as_deref() != Some(binding(&offered.tool, &arguments).as_str()) {
            return self.refuse(held, &call, Some(&offered.tool), Refusal::Changed).await;
        }
        let decision = self.decide(held, &call, &offered.tool, &arguments).await?;
        if decision.effect == Effect::Deny {
            return self.refuse(held, &call, Some(&offered.tool), Refusal::Denied(decision)).await;
        }
        // Others are to be asked by now.
        let asked = approvers(&decision).filter(|_| decision.effect == Effect::Approve);
        if asked.is_some_and(|roles| roles != task.approver_roles) {
            return self.refuse(held, &call, Some(&offered.tool), Refusal::Changed).await;
        }
        self.go(held, call, offered, arguments, decision, Opens::Row).await
    }

    /// Takes a call on that has a row: it was sent, or goes on as a run.
    async fn go_on(&self, held: &Held, call: Call, row: Run) -> Result<Invoked> {
        if row.status.is_final() {
            return told(held, &call).await;
        }
        let (run_id, call_id, row_id) = (held.run().id, call.call_id, row.id);
        let (child, sent) = held
            .write(move |tx| {
                Box::pin(async move {
                    let child = tx.tx.runs().child_of_call(row_id).await?;
                    Ok((child, tx.tx.effects().find(run_id, call_id).await?.is_some()))
                })
            })
            .await?;
        match child {
            Some(child) if !child.status.is_final() => return Ok(Invoked::Child(child.id)),
            None if sent => return self.send_again(held, call, row).await,
            _ => {}
        }
        let Some(offered) = self.named(&call).await else {
            return self.refuse(held, &call, None, Refusal::Unknown).await;
        };
        let arguments = match checks::arguments(&offered.tool, &call.arguments) {
            Ok(arguments) => arguments,
            Err(why) => return self.refuse(held, &call, Some(&offered.tool), Refusal::Arguments(why)).await,
        };
        let decision = self.decide(held, &call, &offered.tool, &arguments).await?;
        if decision.effect == Effect::Deny {
            return self.refuse(held, &call, Some(&offered.tool), Refusal::Denied(decision)).await;
        }
        match child {
            Some(child) => {
                let ended = Ended::delegated(&row, child);
                self.record(held, &call, &offered.tool, arguments, &decision, ended).await
            }
            // It was cut between its row and its run.
            None => self.go(held, call, offered, arguments, decision, Opens::Nothing).await,
        }
    }

    /// Takes on a call that was sent and whose answer died with the holder. It is sent once more where its target knows it
    /// again by its key; otherwise nobody knows whether it took effect, and a person is asked.
    async fn send_again(&self, held: &Held, call: Call, row: Run) -> Result<Invoked> {
        if let Some(offered) = self.named(&call).await
            && let Ok(arguments) = checks::arguments(&offered.tool, &call.arguments)
            && offered.source.honours_key(&offered.tool, &arguments)
        {
            let decision = self.decide(held, &call, &offered.tool, &arguments).await?;
            if decision.effect != Effect::Deny {
                return self.go(held, call, offered, arguments, decision, Opens::Nothing).await;
            }
        }
        held.settle_child(&row).await?;
        told(held, &call).await
    }

    /// Notes that nothing shall be kept of what the call is given and answers, where a policy says so.
    async fn keep_quiet(&self, held: &Held, call: &Call, decision: &Decision) -> Result<()> {
        if !is_quiet(decision) {
            return Ok(());
        }
        let (call_id, run_id) = (call.call_id, held.run().id);
        held.write(move |tx| Box::pin(async move { tx.tx.quiet_calls().note(call_id, run_id).await })).await
    }

    /// The agents that act in a call, outermost first: those whose calls led to its run, then its own. What binds one of
    /// them binds whatever it sets off.
    pub(crate) async fn acting(&self, held: &Held, call: &Call) -> Result<Vec<AgentId>> {
        let own = call.caller.agents(call.agent_id);
        if held.run().parent_run_id.is_none() {
            return Ok(own);
        }
        let id = held.run().id;
        let above = held.write(move |tx| Box::pin(async move { tx.tx.runs().above(id).await })).await?;
        let mut agents: Vec<AgentId> = Vec::new();
        for agent in above.iter().rev().filter_map(|run| run.agent_id).chain(own) {
            if !agents.contains(&agent) {
                agents.push(agent);
            }
        }
        Ok(agents)
    }

    /// What the whole tree of a run is tried under, as its top says.
    pub(crate) async fn trial(&self, held: &Held) -> Result<Option<serde_json::Result<Trial>>> {
        let (own, root) = (held.run(), held.run().root_run_id);
        if own.id == root {
            return Ok(Trial::of(own));
        }
        let top = held.write(move |tx| Box::pin(async move { tx.tx.runs().find(root).await })).await?;
        Ok(top.as_ref().and_then(Trial::of))
    }

    async fn decide(&self, held: &Held, call: &Call, tool: &Tool, arguments: &Value) -> Result<Decision> {
        let mut facts = tool.facts(self.acting(held, call).await?);
        facts.context = vec![call.context_label];
        let (caller, action) = (&call.caller, Action::ToolInvoke);
        let asked = match self.trial(held).await? {
            None => self.access.decide(caller, action, &facts, Some(arguments)).await,
            Some(Ok(trial)) => {
                self.access.decide_under(&trial.policy, caller, action, &facts, Some(arguments)).await
            }
            Some(Err(error)) => return Ok(unread(error.to_string())),
        };
        asked.or_else(unreadable)
    }

    /// Whether the person has answered this question for good, here.
    async fn stands(&self, held: &Held, call: &Call, tool: &Tool, decision: &Decision) -> Result<bool> {
        let Some(user) = call.caller.user_id().filter(|_| may_stand(decision)) else {
            return Ok(false);
        };
        let (path, hash) = (tool.path.clone(), tool.definition_hash.clone());
        let (conversation, agent) = (call.conversation_id, call.agent_id);
        held.write(move |tx| {
            Box::pin(
                async move { tx.tx.tool_approvals().stands(user, &path, &hash, conversation, agent).await },
            )
        })
        .await
    }

    /// Asks a person, bound to exactly this definition and these arguments.
    async fn ask(
        &self,
        held: &Held,
        call: &Call,
        tool: &Tool,
        arguments: Value,
        decision: Decision,
    ) -> Result<Invoked> {
        let approver_roles = match approvers(&decision) {
            Some(roles) if roles.is_empty() => {
                return self.refuse(held, call, Some(tool), Refusal::NoApprover).await;
            }
            roles => roles.unwrap_or_default(),
        };
        self.keep_quiet(held, call, &decision).await?;
        let standing = may_stand(&decision);
        let server = tool.server.clone().unwrap_or_else(|| "Conductor".to_owned());
        let mut answers = vec!["allow_once".to_owned()];
        if standing && call.conversation_id.is_some() {
            answers.push("allow_in_conversation".to_owned());
        }
        if standing && call.agent_id.is_some() {
            answers.push("allow_always".to_owned());
        }
        answers.push("deny".to_owned());
        let question = NewHumanTask {
            run_id: held.run().id,
            call_id: Some(call.call_id),
            node_id: None,
            user_id: call.caller.user_id(),
            conversation_id: call.conversation_id,
            kind: "tool_approval".to_owned(),
            title: format!("Allow {}?", tool.name),
            message: format!("The agent wants to call {} on {server}.", tool.name),
            priority: if tool.read_only { "normal" } else { "high" }.to_owned(),
            tool: Some(tool.path.clone()),
            server: Some(server),
            binding_hash: Some(binding(tool, &arguments)),
            arguments: Some(arguments.clone()),
            allowed_decisions: answers,
            approver_roles,
            comment_required: false,
            due_at: None,
        };
        let events = self.opening(call, Some(tool), &arguments, &decision);
        let (organization_id, user_id) = (held.run().scope.organization_id, call.caller.user_id());
        let task = held
            .write(move |tx| {
                Box::pin(async move {
                    tx.emit(&events).await?;
                    let task = tx.tx.human_tasks().create(question).await?;
                    tx.emit(&[EventBody::ApprovalRequested { human_task: task.view() }]).await?;
                    if !task.approver_roles.is_empty() {
                        tx.tx.notify(inbox_changed(organization_id));
                    }
                    tx.tx.notify(conductor_storage::FeedItem {
                        organization_id,
                        user_id,
                        data: json!({
                            "type": "approval.requested",
                            "human_task_id": task.id,
                            "run_id": task.run_id,
                            "conversation_id": task.conversation_id,
                        }),
                    });
                    Ok(task)
                })
            })
            .await?;
        Ok(Invoked::Waiting(task.id))
    }

    /// `tool.called` and `tool.decided`, as they open every call.
    fn opening(
        &self,
        call: &Call,
        tool: Option<&Tool>,
        arguments: &Value,
        decision: &Decision,
    ) -> Vec<EventBody> {
        vec![
            called(call, tool, arguments.clone()),
            EventBody::ToolDecided {
                call_id: call.call_id,
                effect: decision.effect,
                rule_id: Some(decision.rule.clone()),
                obligations: decision.obligations.clone(),
                reason: decision.trace.last().map(|step| step.says.clone()),
            },
        ]
    }

    pub(crate) async fn offered_by_id(&self, caller: &Caller, agent: Option<AgentId>) -> Vec<Offered> {
        let Some(id) = agent else { return self.offered(caller, None).await };
        match self.store.visible_to(caller).agents().find(id).await {
            Ok(Some(agent)) => self.offered(caller, Some(&agent)).await,
            Ok(None) => Vec::new(),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, agent.id = %id, "no tools");
                Vec::new()
            }
        }
    }

    async fn offered(&self, caller: &Caller, agent: Option<&Agent>) -> Vec<Offered> {
        let mut all: Vec<Offered> = Vec::new();
        for source in &self.sources {
            match source.tools(caller, agent).await {
                Ok(tools) => {
                    for tool in tools {
                        if !all.iter().any(|offered| offered.tool.name == tool.name) {
                            all.push(Offered { tool, source: Arc::clone(source) });
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        source = source.name(),
                        "no tools"
                    );
                }
            }
        }
        all
    }
}

/// The result of a call that has ended, as the run's journal has it.
async fn told(held: &Held, call: &Call) -> Result<Invoked> {
    let answer = held.answer_of(call.call_id).await?;
    let (ok, content) = answer.unwrap_or_else(|| (false, record::text("This call ended without a result.")));
    Ok(Invoked::Done { ok, content })
}

/// Rules that cannot be read deny the call, not the turn: the model is told, and may try again.
fn unreadable(error: conductor_access::Error) -> Result<Decision> {
    if !matches!(error, conductor_access::Error::Unreadable(_)) {
        return Err(error.into());
    }
    tracing::error!(error = &error as &dyn std::error::Error, "a tool call was denied unread");
    Ok(unread(error.to_string()))
}

fn unread(says: String) -> Decision {
    Decision {
        effect: Effect::Deny,
        rule: "policies/unavailable".to_owned(),
        obligations: Vec::new(),
        trace: vec![TraceStep { source: "policies".to_owned(), says }],
    }
}

/// Whether an answer may hold beyond this call: the tool itself asks, and nobody else is to be asked.
fn may_stand(decision: &Decision) -> bool {
    decision.rule == TOOL_ASKS && approvers(decision).is_none()
}

/// Whether no record keeps what the call is given and answers.
fn is_quiet(decision: &Decision) -> bool {
    decision.obligations.contains(&Obligation::NoBodies)
}

/// The roles of which one answers, sorted, as every rule that names some agrees; none where the rules agree on no role,
/// `None` where no rule names any.
fn approvers(decision: &Decision) -> Option<Vec<String>> {
    let named = decision.obligations.iter().filter_map(|obligation| match obligation {
        Obligation::ApproveBy { roles } => Some(roles.iter().cloned().collect::<BTreeSet<_>>()),
        _ => None,
    });
    let agreed = named.reduce(|some, others| &some & &others)?;
    Some(agreed.into_iter().collect())
}

/// A question that the person has answered for good.
fn standing(mut decision: Decision) -> Decision {
    decision.effect = Effect::Allow;
    decision.rule = "approval/standing".to_owned();
    decision.trace.push(TraceStep {
        source: "approvals".to_owned(),
        says: "the user allowed this tool here before".to_owned(),
    });
    decision
}

pub(crate) fn called(call: &Call, tool: Option<&Tool>, arguments: Value) -> EventBody {
    EventBody::ToolCalled {
        call_id: call.call_id,
        tool: call.name.clone(),
        connector_id: tool.and_then(|tool| tool.connector_id),
        server: tool.and_then(|tool| tool.server.clone()),
        arguments,
        provider_call_id: call.provider_call_id.clone(),
    }
}

/// What an approval is bound to.
fn binding(tool: &Tool, arguments: &Value) -> String {
    sha256_hex(canonical_json(&json!({
        "tool": tool.path,
        "definition": tool.definition_hash,
        "arguments": arguments,
    })))
}

/// A problem for an event or a tool result.
#[must_use]
pub fn problem(code: &str, title: &str, detail: impl Into<String>, retryable: bool) -> ProblemView {
    ProblemView { code: code.to_owned(), title: title.to_owned(), detail: detail.into(), retryable }
}
