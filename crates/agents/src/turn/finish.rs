//! How a turn ends or is parked: message, run, events and audit in one transaction.

use conductor_domain::{
    Classification, EventBody, MessagePatch, MessageStatus, ProblemView, RunOutcome, RunStatus,
};
use conductor_llm_providers::StopReason;
use conductor_runs::{Held, Next, Result};
use conductor_storage::FeedItem;
use serde_json::{Value, json};

use super::{Turns, context::Context, state::TurnState};

impl Turns {
    /// The model has said what it had to say.
    pub(crate) async fn complete(
        &self,
        held: &Held,
        context: &Context,
        state: &TurnState,
        reason: StopReason,
    ) -> Result<Next> {
        let mut patch = patch(state, MessageStatus::Complete);
        patch.finish_reason = Some(reason.as_str().to_owned());
        patch.data_classification = Some(context.label.max(state.label()));
        let output = context.form.as_ref().and_then(|form| form.output(state));
        let output = output.unwrap_or_else(|| json!({ "text": state.text() }));
        self.end(held, state, (patch, output), RunStatus::Succeeded, None).await
    }

    /// The turn ends without an answer, or with part of one.
    pub(crate) async fn finish(
        &self,
        held: &Held,
        state: &TurnState,
        status: RunStatus,
        problem: Option<ProblemView>,
    ) -> Result<Next> {
        let (message, reason) = match status {
            RunStatus::Cancelled => (MessageStatus::Cancelled, "cancelled"),
            RunStatus::Interrupted => (MessageStatus::Interrupted, "interrupted"),
            _ => (MessageStatus::Failed, "error"),
        };
        let mut patch = patch(state, message);
        patch.finish_reason = Some(reason.to_owned());
        patch.error.clone_from(&problem);
        let output = json!({ "text": state.text() });
        self.end(held, state, (patch, output), status, problem).await
    }

    /// The turn waits for a person, or for a run that it started; what it has so far can be read meanwhile.
    pub(crate) async fn park(&self, held: &Held, state: &TurnState) -> Result<Next> {
        let patch = patch(state, MessageStatus::Waiting);
        let message = held.run().conversation_id.and(held.run().message_id);
        let asks = state.open_calls().iter().any(|call| call.status == "waiting");
        let reason = if asks { "waiting for approval" } else { "waiting for the run of a call" };
        held.write(move |tx| {
            Box::pin(async move {
                if let Some(message) = message {
                    tx.tx.messages().update(message, patch).await?;
                }
                tx.park(reason).await
            })
        })
        .await?;
        Ok(Next::Parked)
    }

    async fn end(
        &self,
        held: &Held,
        state: &TurnState,
        (patch, output): (MessagePatch, Value),
        status: RunStatus,
        problem: Option<ProblemView>,
    ) -> Result<Next> {
        let run = held.run();
        let mut outcome = RunOutcome::of(status);
        outcome.output = Some(output);
        outcome.error_code = problem.as_ref().map(|problem| problem.code.clone());
        outcome.error_text = problem.as_ref().map(|problem| problem.detail.clone());
        outcome.model_name.clone_from(&state.model);
        outcome.input_tokens = state.input_tokens;
        outcome.output_tokens = state.output_tokens;
        outcome.cost_nanos = state.cost_nanos;
        outcome.currency.clone_from(&state.currency);
        let label = patch.data_classification.unwrap_or(Classification::Public).max(state.label());
        outcome.data_classification = label;
        let place = run.conversation_id.zip(run.message_id);
        let (tokens, scope, user) = (state.input_tokens + state.output_tokens, run.scope, run.user_id);
        held.write(move |tx| {
            Box::pin(async move {
                if let Some((conversation, message)) = place {
                    let label = label.max(tx.tx.messages().label_of_path(message).await?);
                    let patch = MessagePatch { data_classification: Some(label), ..patch };
                    outcome.data_classification = label;
                    let message = tx.tx.messages().update(message, patch).await?;
                    tx.tx.conversations().touch(conversation, None, 0, tokens).await?;
                    tx.tx.conversations().raise_label(conversation, label).await?;
                    tx.emit(&[EventBody::MessageCompleted { message: brief(&message) }]).await?;
                    tx.tx.notify(FeedItem {
                        organization_id: scope.organization_id,
                        user_id: user,
                        data: json!({ "type": "conversation.updated", "conversation_id": conversation }),
                    });
                }
                tx.finish(outcome, problem).await
            })
        })
        .await?;
        metrics::counter!("conductor_turns_total", "status" => status.as_str()).increment(1);
        Ok(Next::Finished)
    }
}

fn patch(state: &TurnState, status: MessageStatus) -> MessagePatch {
    MessagePatch {
        content: Some(state.text()),
        status: Some(status),
        input_tokens: Some(state.input_tokens),
        output_tokens: Some(state.output_tokens),
        cached_tokens: Some(state.cached_tokens),
        cost_nanos: Some(state.cost_nanos),
        thinking: Some(state.thinking.clone()).filter(|thinking| !thinking.is_empty()),
        tool_calls: Some(state.tool_calls()),
        metadata: (!state.findings.is_empty()).then(|| json!({ "findings": state.findings })),
        model: state.model.clone(),
        ..MessagePatch::default()
    }
}

/// The message as its event carries it.
fn brief(message: &conductor_domain::Message) -> Value {
    json!({
        "id": message.id,
        "conversation_id": message.conversation_id,
        "parent_message_id": message.parent_message_id,
        "role": message.role,
        "content": message.content,
        "status": message.status,
        "finish_reason": message.finish_reason,
        "agent_id": message.agent_id,
        "model": message.model,
        "run_id": message.run_id,
        "data_classification": message.data_classification,
        "thinking": message.thinking,
        "tool_calls": message.tool_calls,
        "error": message.error,
        "tokens": {
            "input": message.input_tokens,
            "output": message.output_tokens,
            "cached": message.cached_tokens,
        },
        "created_at": message.created_at,
    })
}
