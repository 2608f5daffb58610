//! One turn, from wherever its journal says it stands: model, tools, model … until the model stops.

use std::sync::Arc;

use conductor_domain::{CallId, Classification, EventBody, ProblemView, RunKind, RunStatus, gen_ai};
use conductor_runs::{Call, Held, Invoked, Next, Result, problem};
use futures::future::join_all;
use tracing::Instrument;

use super::{
    Turns,
    context::Context,
    form::Formed,
    model::Asked,
    state::{CallState, TurnState},
};

/// What a turn begins or goes on with.
struct Ready {
    context: Context,
    state: TurnState,
}

impl Turns {
    /// Advances a chat or agent run.
    ///
    /// # Errors
    /// When the lease was lost or storage fails; everything else ends the run with a reason.
    pub async fn advance(&self, held: Held) -> Result<Next> {
        let Ready { context, mut state } = *match self.ready(&held).await? {
            Ok(ready) => ready,
            Err(ended) => return Ok(ended),
        };
        if state.started {
            held.emit(&[running(None)]).await?;
        } else {
            self.open(&held, &context, &mut state).await?;
        }
        self.turn(&held, &context, &mut state).instrument(span(&held, &context)).await
    }

    /// What the run's journal says and what the turn needs besides, or how the run has ended without one.
    async fn ready(&self, held: &Held) -> Result<std::result::Result<Box<Ready>, Next>> {
        let _place = self.reading.acquire().await;
        Box::pin(async {
            // A run that nobody held has no signal but a stop; looking costs no commit.
            let pending = held.run().status == RunStatus::Pending;
            let stop = if pending { held.was_cancelled().await? } else { held.take_signals().await? };
            let state = TurnState::fold(&held.history().await?);
            if held.run().status == RunStatus::Running && !state.rests() {
                // The last holder died in the middle; what it had is kept, and a retry is a new run.
                self.settle_children(held).await?;
                return self.finish(held, &state, RunStatus::Interrupted, Some(interrupted())).await.map(Err);
            }
            if stop {
                return self.finish(held, &state, RunStatus::Cancelled, None).await.map(Err);
            }
            match self.context(held).await {
                Ok(context) => Ok(Ok(Box::new(Ready { context, state }))),
                Err(problem) => self.finish(held, &state, RunStatus::Failed, Some(problem)).await.map(Err),
            }
        })
        .await
    }

    async fn turn(&self, held: &Held, context: &Context, state: &mut TurnState) -> Result<Next> {
        loop {
            let open = state.open_calls();
            if !open.is_empty() {
                if !self.call_tools(held, context, state, open).await? {
                    return self.park(held, state).await;
                }
                continue;
            }
            if held.cancel().is_cancelled() {
                return self.stopped(held, state).await;
            }
            match self.ask(held, context, state).await? {
                Asked::Calls(calls) => {
                    if !self.call_tools(held, context, state, calls).await? {
                        return self.park(held, state).await;
                    }
                }
                Asked::Done(reason) => {
                    match context.form.as_ref().map_or(Formed::Fine, |form| form.judge(state)) {
                        Formed::Fine => return self.complete(held, context, state, reason).await,
                        Formed::Again => {}
                        Formed::Invalid(problem) => {
                            return self.finish(held, state, RunStatus::Failed, Some(problem)).await;
                        }
                    }
                }
                Asked::Stopped => return self.stopped(held, state).await,
                Asked::Failed(problem) => {
                    return self.finish(held, state, RunStatus::Failed, Some(problem)).await;
                }
            }
        }
    }

    /// Someone stopped the run, or the server is going down.
    async fn stopped(&self, held: &Held, state: &TurnState) -> Result<Next> {
        if self.draining.is_cancelled() && !held.was_cancelled().await? {
            return self.finish(held, state, RunStatus::Interrupted, Some(interrupted())).await;
        }
        self.finish(held, state, RunStatus::Cancelled, None).await
    }

    /// The first events of a turn.
    async fn open(&self, held: &Held, context: &Context, state: &mut TurnState) -> Result<()> {
        let run = held.run();
        let forced =
            run.input.as_ref().and_then(|input| input.get("force_agent")).is_some_and(|it| it == true);
        let name = &context.agent.spec.name;
        let events = [
            EventBody::RunStarted {
                kind: run.kind,
                agent_id: run.agent_id,
                workflow_id: None,
                conversation_id: run.conversation_id,
                message_id: run.message_id,
            },
            running(context.resolved.substituted.clone()),
            EventBody::RoutingDecided {
                agent_id: context.agent.id,
                reason: if forced {
                    format!("{name} was chosen for this message.")
                } else {
                    format!("{name} answers in this conversation.")
                },
                forced,
                fallback: false,
                candidates: Vec::new(),
                latency_ms: (held.store().clock().now() - run.queued_at).num_milliseconds().max(0),
            },
        ];
        let mut events = events.to_vec();
        if !context.findings.is_empty() {
            let (message_id, findings) = (context.place(held).message_id, context.findings.clone());
            events.push(EventBody::MessageGuarded { message_id, findings });
        }
        held.emit(&events).await?;
        events.iter().for_each(|event| state.apply(event));
        Ok(())
    }

    /// Takes calls through the tool path, side by side; whether all of them have a result now.
    async fn call_tools(
        &self,
        held: &Held,
        context: &Context,
        state: &mut TurnState,
        calls: Vec<CallState>,
    ) -> Result<bool> {
        let label = context.label.max(state.label());
        let invocations = calls.into_iter().map(|call| {
            let resuming = call.status != "new";
            let call = to_call(context, label, held, call);
            async move {
                if resuming {
                    self.tools.resume(held, call).await
                } else {
                    self.tools.invoke(held, call).await
                }
            }
        });
        let results: Vec<Invoked> = join_all(invocations).await.into_iter().collect::<Result<_>>()?;
        self.announce_artifacts(held, context, &results).await?;
        // The journal is the truth of what happened, in the order in which it happened.
        *state = TurnState::fold(&held.history().await?);
        Ok(results.iter().all(|result| matches!(result, Invoked::Done { .. })))
    }

    /// Artifacts that `create_artifact` stored are told like those that were found in text.
    async fn announce_artifacts(&self, held: &Held, context: &Context, results: &[Invoked]) -> Result<()> {
        for result in results {
            let Invoked::Done { ok: true, content } = result else { continue };
            let Some(artifact) = crate::builtin::artifact_of(content) else { continue };
            let message_id = context.place(held).message_id;
            held.emit(&[
                EventBody::ArtifactStarted { artifact: artifact.clone(), message_id },
                EventBody::ArtifactCompleted { artifact, text: None },
            ])
            .await?;
        }
        Ok(())
    }

    /// Ends what a dead holder left open below this run.
    async fn settle_children(&self, held: &Held) -> Result<()> {
        let children = held
            .store()
            .unscoped(conductor_storage::Unscoped::RunDriver)
            .runs()
            .open_children(held.run().id)
            .await?;
        for child in children {
            held.settle_child(&child).await?;
        }
        Ok(())
    }
}

/// The turn as traces tell it.
fn span(held: &Held, context: &Context) -> tracing::Span {
    let agent = &context.agent;
    let span = tracing::info_span!(
        "invoke_agent",
        otel.name = format!("{} {}", gen_ai::operation::INVOKE_AGENT, agent.spec.name),
        otel.kind = "internal",
        { gen_ai::OPERATION_NAME } = gen_ai::operation::INVOKE_AGENT,
        { gen_ai::AGENT_ID } = %agent.id,
        { gen_ai::AGENT_NAME } = agent.spec.name,
        { gen_ai::AGENT_VERSION } = agent.current_version,
        { gen_ai::CONVERSATION_ID } = tracing::field::Empty,
    );
    if let Some(conversation) = held.run().conversation_id {
        span.record(gen_ai::CONVERSATION_ID, tracing::field::display(conversation));
    }
    span
}

fn to_call(context: &Context, label: Classification, held: &Held, call: CallState) -> Call {
    let run = held.run();
    Call {
        call_id: call.call_id,
        name: call.tool,
        provider_call_id: Some(call.provider_call_id),
        arguments: call.arguments,
        caller: Arc::clone(&context.caller),
        agent_id: Some(context.agent.id),
        left: context.left.clone(),
        conversation_id: run.conversation_id,
        message_id: run.message_id,
        node_id: None,
        context_label: label,
    }
}

/// A call that a model has just asked for.
pub(crate) fn new_call(call_id: CallId, id: String, name: String, arguments: serde_json::Value) -> CallState {
    CallState {
        call_id,
        provider_call_id: id,
        tool: name,
        server: None,
        connector_id: None,
        arguments,
        text_offset: 0,
        effect: None,
        rule_id: None,
        reason: None,
        ok: None,
        content: None,
        duration_ms: None,
        cached: None,
        attempts: None,
        ledger: None,
        data_classification: None,
        findings: Vec::new(),
        status: "new",
        child_run_id: None,
        human_task: None,
    }
}

fn running(reason: Option<String>) -> EventBody {
    EventBody::RunStatus { status: RunStatus::Running, reason }
}

pub(crate) fn interrupted() -> ProblemView {
    problem(
        "interrupted",
        "Interrupted",
        "The server was restarted while this answer was being written. What had been written is kept; try again to get a new answer.",
        true,
    )
}

/// The kinds of runs that this advances.
pub const KINDS: [RunKind; 2] = [RunKind::Chat, RunKind::Agent];
