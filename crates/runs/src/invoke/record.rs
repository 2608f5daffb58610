//! Steps 10 and 11: record, mask, audit. Result, child run, ledger and audit entry are one transaction.

use std::time::Duration;

use conductor_domain::{
    CallCost, Decision, EffectState, EventBody, NewAuditEvent, NewRun, NewUsage, Run, RunId, RunKind,
    RunOutcome, RunStatus,
};
use serde_json::{Value, json};

use super::{Call, Invoked, ToolPath, called, checks::Refusal, dispatch::ledger, fields, guard, is_quiet};
use crate::{CallError, Held, Result, Tool, ToolOutput, child};

/// How a call ended.
pub(crate) struct Ended {
    answer: Result<ToolOutput, CallError>,
    cached: bool,
    attempts: i32,
    took: Duration,
    /// Whether the run before was answered, and this one took it over.
    known: bool,
    /// `None` for read-only tools, which have no effect to remember, and for calls that went on as runs.
    ledger: Option<EffectState>,
    /// Whether the call has a row already.
    opened: bool,
    /// The run that the call went on as.
    child: Option<Box<Run>>,
}

impl Ended {
    pub(crate) fn cached(output: ToolOutput) -> Self {
        Self {
            answer: Ok(output),
            cached: true,
            attempts: 0,
            took: Duration::ZERO,
            known: false,
            ledger: None,
            opened: false,
            child: None,
        }
    }

    /// A call that the run before made, and that is not made again.
    pub(crate) fn known(output: ToolOutput) -> Self {
        Self { known: true, ..Self::cached(output) }
    }

    pub(crate) fn sent(
        tool: &Tool,
        answer: Result<ToolOutput, CallError>,
        attempts: i32,
        took: Duration,
    ) -> Self {
        let ledger = (!tool.read_only && !tool.delegates).then(|| ledger(&answer));
        Self {
            answer,
            cached: false,
            attempts,
            took,
            known: false,
            ledger,
            opened: !tool.read_only,
            child: None,
        }
    }

    /// A call whose run has ended.
    pub(crate) fn delegated(call: &Run, child: Run) -> Self {
        Self {
            answer: child::answer_of(&child),
            cached: false,
            attempts: 1,
            took: child::took(call, &child),
            known: false,
            ledger: None,
            opened: true,
            child: Some(Box::new(child)),
        }
    }

    /// The ledger's word for the call.
    fn word(&self) -> Option<String> {
        match self.ledger {
            Some(state) => Some(state.as_str().to_owned()),
            None if self.known => Some("from_journal".to_owned()),
            None => (!self.opened).then(|| "read_only".to_owned()),
        }
    }

    /// Whether the target has taken the call, so that it costs: where nobody knows, it does.
    fn counts(&self) -> bool {
        !self.cached && self.answer.as_ref().map_or_else(|error| error.outcome_unknown, |_| true)
    }

    /// The output, where it may be given again.
    pub(crate) fn good(&self) -> Option<&ToolOutput> {
        self.answer.as_ref().ok().filter(|output| !output.is_error)
    }
}

impl ToolPath {
    /// Writes how a call that was made ended.
    pub(crate) async fn record(
        &self,
        held: &Held,
        call: &Call,
        tool: &Tool,
        arguments: Value,
        decision: &Decision,
        ended: Ended,
    ) -> Result<Invoked> {
        let (ok, content, findings) = match &ended.answer {
            Ok(output) => {
                let content = fields::shown(output.content.clone(), &decision.obligations, &call.caller);
                let (content, findings) = guard::answer(content, &decision.obligations);
                (!output.is_error, content, findings)
            }
            Err(error) => (false, text(&error.problem.detail), Vec::new()),
        };
        let mut outcome = RunOutcome::of(if ok { RunStatus::Succeeded } else { RunStatus::Failed });
        let quiet = is_quiet(decision);
        outcome.output = (!quiet).then(|| content.clone());
        outcome.attempts = ended.attempts;
        let label = ended
            .child
            .as_ref()
            .map_or(tool.classification, |child| child.data_classification.max(tool.classification));
        outcome.data_classification = label;
        if let Err(error) = &ended.answer {
            outcome.error_code = Some(error.problem.code.clone());
            outcome.error_text = (!quiet).then(|| error.problem.detail.clone());
            if error.problem.code == "connector_timeout" {
                outcome.status = RunStatus::TimedOut;
            }
            if let Some(child) = &ended.child {
                outcome.status = child.status;
            }
        }
        let result = EventBody::ToolResult {
            call_id: call.call_id,
            ok,
            content: content.clone(),
            duration_ms: i64::try_from(ended.took.as_millis()).unwrap_or(i64::MAX),
            cached: ended.cached,
            attempts: ended.attempts,
            ledger: ended.word(),
            data_classification: Some(label),
            findings: findings.clone(),
        };
        let mut entry = self.entry(held, call, Some(tool), "run.finished", decision).await;
        if !findings.is_empty() {
            entry.data["findings"] = json!(findings);
        }
        // A call without an effect has no child run yet: row, result and audit entry go in together.
        let child = (!ended.opened).then(|| NewRun {
            began_at: Some(held.store().clock().now() - ended.took),
            ..self.child(held, call, Some(tool), (!quiet).then_some(arguments))
        });
        let (run_id, call_id, state) = (held.run().id, call.call_id, ended.ledger);
        let cost = tool.call_cost.clone();
        let usage = cost.as_ref().filter(|_| ended.counts()).map(|cost| usage(held, call, tool, cost));
        outcome.cost_nanos = usage.as_ref().map_or(0, |usage| usage.cost_nanos);
        outcome.currency = usage.as_ref().map(|usage| usage.currency.clone());
        held.write(move |tx| {
            Box::pin(async move {
                if let Some(cost) = cost {
                    let charged = usage.as_ref().map_or(0, |usage| usage.cost_nanos);
                    tx.settle(call_id.as_uuid(), charged, &cost.currency).await?;
                }
                if let Some(usage) = usage {
                    tx.used(usage).await?;
                }
                // Before the rows: whoever has lost the run finds that out, and not that they are there already.
                tx.emit(&[result]).await?;
                if let Some(child) = child {
                    tx.tx.runs().create_begun(child).await?;
                }
                if let Some(state) = state {
                    tx.tx.effects().settle(run_id, call_id, state).await?;
                }
                tx.tx.runs().finish(RunId::from_uuid(call_id.as_uuid()), 0, outcome).await?;
                tx.tx.audit().record(entry).await?;
                // Whoever reads along below this label reads no further.
                tx.tx.runs().raise_label(run_id, label).await
            })
        })
        .await?;
        metrics::counter!("conductor_tool_calls_total", "ok" => ok.to_string()).increment(1);
        Ok(Invoked::Done { ok, content })
    }

    /// Writes that a call was not made, and why.
    pub(crate) async fn refuse(
        &self,
        held: &Held,
        call: &Call,
        tool: Option<&Tool>,
        refusal: Refusal,
    ) -> Result<Invoked> {
        let decision = refusal.decision();
        let content = text(&refusal.to_string());
        let opened = held_has_called(held, call).await?;
        let mut events = Vec::new();
        if !opened {
            events.push(called(call, tool, call.arguments.clone()));
        }
        events.push(EventBody::ToolDecided {
            call_id: call.call_id,
            effect: decision.effect,
            rule_id: Some(decision.rule.clone()),
            obligations: Vec::new(),
            reason: Some(refusal.to_string()),
        });
        events.push(EventBody::ToolResult {
            call_id: call.call_id,
            ok: false,
            content: content.clone(),
            duration_ms: 0,
            cached: false,
            attempts: 0,
            ledger: None,
            data_classification: None,
            findings: Vec::new(),
        });
        let entry = self.entry(held, call, tool, "run.denied", &decision).await;
        let child = self.child(held, call, tool, Some(call.arguments.clone()));
        let mut outcome = RunOutcome::of(RunStatus::Denied);
        outcome.error_code = Some(refusal.code().to_owned());
        outcome.error_text = Some(refusal.to_string());
        outcome.attempts = 0;
        let id = child.id;
        held.write(move |tx| {
            Box::pin(async move {
                if tx.tx.runs().find(id).await?.is_none() {
                    tx.tx.runs().create_begun(child).await?;
                }
                tx.tx.runs().finish(id, 0, outcome).await?;
                tx.tx.audit().record(entry).await?;
                tx.emit(&events).await
            })
        })
        .await?;
        Ok(Invoked::Done { ok: false, content })
    }

    pub(crate) fn child(
        &self,
        held: &Held,
        call: &Call,
        tool: Option<&Tool>,
        arguments: Option<Value>,
    ) -> NewRun {
        let parent = held.run();
        NewRun {
            parent_run_id: Some(parent.id),
            root_run_id: Some(parent.root_run_id),
            user_id: parent.user_id,
            actor: parent.actor.clone(),
            token_id: parent.token_id,
            address: parent.address,
            agent_id: call.agent_id,
            call_id: Some(call.call_id),
            tool_id: tool.and_then(|tool| tool.id),
            connector_id: tool.and_then(|tool| tool.connector_id),
            tool_name: Some(tool.map_or_else(|| call.name.clone(), |tool| tool.path.clone())),
            conversation_id: call.conversation_id,
            message_id: call.message_id,
            node_id: call.node_id.clone(),
            input: arguments,
            data_classification: call.context_label,
            ..NewRun::new(RunId::from_uuid(call.call_id.as_uuid()), RunKind::Tool, parent.trigger)
        }
    }

    async fn entry(
        &self,
        held: &Held,
        call: &Call,
        tool: Option<&Tool>,
        event_type: &str,
        decision: &Decision,
    ) -> NewAuditEvent {
        let path = tool.map_or(call.name.as_str(), |tool| &tool.path);
        let mut entry = NewAuditEvent::by(&call.caller, event_type, "tool.invoke", format!("tool:{path}"))
            .decided(decision);
        if let Some(tool) = tool {
            entry.data_classification = Some(tool.classification);
            // Where the rules cannot be read there is nothing to be asked again.
            if let Ok(judge) = self.access.judge(&call.caller).await {
                let mut facts = tool.facts(self.acting(held, call).await.unwrap_or_default());
                facts.context = vec![call.context_label];
                entry = judge.asked(entry, &call.caller, &facts);
            }
        }
        // "Approve" that was approved is an allow, and nothing is to be said against it.
        entry.allowed = event_type == "run.finished";
        if entry.allowed {
            entry.denial_reason = None;
        }
        entry = entry.on("run", call.call_id.as_uuid());
        entry.run_id = Some(RunId::from_uuid(call.call_id.as_uuid()));
        entry.data = json!({ "agent_id": call.agent_id, "parent_run_id": held.run().id });
        entry
    }
}

/// Whether the call was opened before: its run was parked for a person's answer, or for the end of the call's own run.
async fn held_has_called(held: &Held, call: &Call) -> Result<bool> {
    let (run_id, call_id) = (held.run().id, call.call_id);
    held.write(move |tx| {
        Box::pin(async move {
            Ok(tx.tx.human_tasks().find_by_call(run_id, call_id).await?.is_some()
                || tx.tx.runs().find(RunId::from_uuid(call_id.as_uuid())).await?.is_some())
        })
    })
    .await
}

/// What a call of a tool cost, as the usage ledger keeps it.
fn usage(held: &Held, call: &Call, tool: &Tool, cost: &CallCost) -> NewUsage {
    let run = held.run();
    NewUsage {
        run_id: run.id,
        user_id: run.user_id,
        conversation_id: call.conversation_id,
        message_id: call.message_id,
        agent_id: call.agent_id,
        model: format!("tool:{}", tool.path),
        provider: tool.server.clone().unwrap_or_else(|| "Conductor".to_owned()),
        input_tokens: 0,
        output_tokens: 0,
        cached_tokens: 0,
        cost_nanos: cost.nanos,
        currency: cost.currency.clone(),
        pricing_id: None,
    }
}

pub(crate) fn text(text: &str) -> Value {
    json!([{ "type": "text", "text": text }])
}
