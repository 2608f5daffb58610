//! One call of the model inside a turn.

use conductor_domain::{
    CallId, EventBody, NewUsage, ProblemView, StepId, StepKind, decimal_of_nanos, gen_ai,
};
use conductor_llm_providers::{ChatRequest, Chunk, Content, Message, Reply, StopReason, ThinkingBudget};
use conductor_runs::{Held, Result};
use futures::StreamExt;
use tokio::time::Instant;
use tracing::{Instrument, Span, field};

use super::{
    Turns,
    advance::new_call,
    context::Context,
    spend::Priced,
    state::{CallState, TurnState},
    writer::PieceWriter,
};

/// What the model is told once it has used up its rounds of tool calls.
const CLOSING: &str =
    "You have used all tool calls of this turn. Give your final answer now, from what you have.";
/// Tokens that a model may think with where the conversation lets it think.
const THINKING_TOKENS: u32 = 4_096;

/// How a call of the model ended.
pub(crate) enum Asked {
    /// The model asks for tools.
    Calls(Vec<CallState>),
    /// The model has said what it had to say.
    Done(StopReason),
    /// The run was stopped meanwhile.
    Stopped,
    /// The provider failed; what it had said is kept.
    Failed(ProblemView),
}

impl Turns {
    /// Asks the model with all that the turn has so far.
    pub(crate) async fn ask(&self, held: &Held, context: &Context, state: &mut TurnState) -> Result<Asked> {
        let clock = held.store().clock();
        let (step_id, begun) = (StepId::generate(&**clock), clock.now());
        let name = context.resolved.id.clone();
        let request = self.request(context, state);
        let separated = !state.text().is_empty();
        let event = EventBody::StepStarted { step_id, kind: StepKind::Model, name: name.clone() };
        let priced = self.priced(context, &request).await?;
        if let Some(refused) = self.reserve(held, context, &priced, event.clone()).await? {
            return Ok(Asked::Failed(refused));
        }
        state.apply(&event);

        let mut reply = Reply::default();
        let span = span(context);
        let streaming = self.stream(held, context, state, request, separated, &mut reply);
        let mut failure = streaming.instrument(span.clone()).await?;
        let stopped = reply.stopped.clone();
        if stopped.is_none() && failure.is_none() && !held.cancel().is_cancelled() {
            failure = Some(conductor_runs::problem(
                "provider_error",
                "The answer was cut off",
                "The model stopped in the middle of its answer. What it wrote is kept; try again to get a new answer.",
                true,
            ));
        }
        tell(&span, &reply, failure.as_ref());
        drop(span);
        let finished = EventBody::StepFinished {
            step_id,
            kind: StepKind::Model,
            name,
            duration_ms: Some((clock.now() - begun).num_milliseconds()),
            error: failure.clone(),
            continuation: continuation(&reply),
        };
        self.account(held, context, state, (&reply, &priced), finished).await?;
        Ok(match (failure, stopped) {
            (Some(problem), _) => Asked::Failed(problem),
            (None, None | Some((StopReason::Cancelled, _))) => Asked::Stopped,
            (None, Some((reason, _))) => match calls(&reply, held) {
                calls if calls.is_empty() => Asked::Done(reason),
                calls => Asked::Calls(calls),
            },
        })
    }

    /// Reads the provider's stream to its end and writes it as events.
    async fn stream(
        &self,
        held: &Held,
        context: &Context,
        state: &mut TurnState,
        request: ChatRequest,
        separated: bool,
        reply: &mut Reply,
    ) -> Result<Option<ProblemView>> {
        let mut writer = PieceWriter::new(held, context.place(held), &context.obligations);
        let asked = Instant::now();
        let mut stream = match context.resolved.chat.stream(request, held.cancel().clone()).await {
            Ok(stream) => stream,
            Err(error) => return Ok(Some(told(&error))),
        };
        let (mut first_chunk, mut first_text) = (true, true);
        let failure = loop {
            let due = writer.due();
            let chunk = tokio::select! {
                chunk = stream.next() => chunk,
                () = until(due), if due.is_some() => {
                    writer.flush(state).await?;
                    continue;
                }
            };
            let Some(chunk) = chunk else { break None };
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => break Some(told(&error)),
            };
            if std::mem::take(&mut first_chunk) {
                let seconds = asked.elapsed().as_secs_f64();
                Span::current().record(gen_ai::RESPONSE_TIME_TO_FIRST_CHUNK, seconds);
            }
            match &chunk {
                Chunk::TextDelta { text } => {
                    // Text after tool calls is a new paragraph of the same message.
                    if std::mem::take(&mut first_text) && separated {
                        writer.text(state, "\n\n").await?;
                    }
                    writer.text(state, text).await?;
                }
                Chunk::ThinkingDelta { text } => writer.thinking(state, text).await?,
                _ => {}
            }
            reply.push(&chunk);
        };
        // The provider's connection closes before anything else is waited for.
        drop(stream);
        writer.end(state).await?;
        if writer.changed() {
            // What is handed back to the model later is what was written, not what was masked.
            reply.content.retain(|content| matches!(content, Content::ToolCall { .. }));
        }
        Ok(failure)
    }

    /// Writes what the call took, in the transaction that ends its step.
    async fn account(
        &self,
        held: &Held,
        context: &Context,
        state: &mut TurnState,
        (reply, priced): (&Reply, &Priced),
        finished: EventBody,
    ) -> Result<()> {
        let tokens = priced.used(reply);
        let (cost_nanos, currency) = (priced.cost(tokens), priced.currency.clone());
        let event = EventBody::Usage {
            model: context.resolved.id.clone(),
            provider: context.resolved.provider.clone(),
            input_tokens: tokens.input,
            output_tokens: tokens.output,
            cached_tokens: tokens.cached,
            cost: decimal_of_nanos(cost_nanos),
            currency: currency.clone(),
        };
        let step = match &finished {
            EventBody::StepFinished { step_id, .. } => step_id.as_uuid(),
            _ => held.run().id.as_uuid(),
        };
        let record = NewUsage {
            run_id: held.run().id,
            user_id: held.run().user_id,
            conversation_id: held.run().conversation_id,
            message_id: held.run().message_id,
            agent_id: held.run().agent_id,
            model: context.resolved.id.clone(),
            provider: context.resolved.provider.clone(),
            input_tokens: tokens.input,
            output_tokens: tokens.output,
            cached_tokens: tokens.cached,
            cost_nanos,
            currency,
            pricing_id: priced.pricing_id(),
        };
        let events = [finished, event];
        events.iter().for_each(|event| state.apply(event));
        held.write(move |tx| {
            Box::pin(async move {
                tx.settle(step, record.cost_nanos, &record.currency).await?;
                tx.used(record).await?;
                tx.emit(&events).await
            })
        })
        .await
    }

    fn request(&self, context: &Context, state: &TurnState) -> ChatRequest {
        let spec = &context.agent.spec;
        let rounds = usize::try_from(spec.max_tool_rounds).unwrap_or(0);
        let closing = state.rounds.iter().filter(|round| !round.calls.is_empty()).count() >= rounds;
        let mut messages = context.messages.clone();
        let form = context.form.as_ref();
        messages.extend(state.messages(|round| form.and_then(|form| form.repair(round)).map(Message::user)));
        if closing && rounds > 0 {
            messages.push(Message::user(CLOSING));
        }
        let settings = &context.settings;
        let thinks = settings.thinking == Some(true) && context.resolved.entry.capabilities.thinking;
        ChatRequest {
            model: context.resolved.model_id.clone(),
            system: Some(context.system.clone()).filter(|system| !system.is_empty()),
            messages,
            tools: if closing { Vec::new() } else { context.tools.clone() },
            temperature: settings.temperature.or(Some(spec.temperature)),
            top_p: settings.top_p.or(spec.top_p),
            max_tokens: u32::try_from(settings.max_tokens.unwrap_or(spec.max_tokens)).ok(),
            thinking: thinks.then_some(ThinkingBudget { tokens: THINKING_TOKENS }),
            ..ChatRequest::default()
        }
    }
}

async fn until(due: Option<Instant>) {
    if let Some(due) = due {
        tokio::time::sleep_until(due).await;
    }
}

/// The call as traces tell it. What was said is never attached.
fn span(context: &Context) -> Span {
    let resolved = &context.resolved;
    tracing::info_span!(
        "chat",
        otel.name = format!("{} {}", gen_ai::operation::CHAT, resolved.model_id),
        otel.kind = "client",
        otel.status_code = field::Empty,
        error.type = field::Empty,
        { gen_ai::OPERATION_NAME } = gen_ai::operation::CHAT,
        { gen_ai::PROVIDER_NAME } = resolved.provider,
        { gen_ai::REQUEST_MODEL } = resolved.model_id,
        { gen_ai::RESPONSE_MODEL } = field::Empty,
        { gen_ai::RESPONSE_FINISH_REASONS } = field::Empty,
        { gen_ai::RESPONSE_TIME_TO_FIRST_CHUNK } = field::Empty,
        { gen_ai::USAGE_INPUT_TOKENS } = field::Empty,
        { gen_ai::USAGE_OUTPUT_TOKENS } = field::Empty,
        { gen_ai::USAGE_CACHE_READ_INPUT_TOKENS } = field::Empty,
    )
}

/// How the call went, told to its span.
fn tell(span: &Span, reply: &Reply, failure: Option<&ProblemView>) {
    span.record(gen_ai::USAGE_INPUT_TOKENS, reply.usage.input)
        .record(gen_ai::USAGE_OUTPUT_TOKENS, reply.usage.output)
        .record(gen_ai::USAGE_CACHE_READ_INPUT_TOKENS, reply.usage.cached);
    if let Some((reason, model)) = &reply.stopped {
        span.record(gen_ai::RESPONSE_MODEL, model.as_str())
            .record(gen_ai::RESPONSE_FINISH_REASONS, field::debug([reason.as_str()]));
    }
    if let Some(problem) = failure {
        span.record("error.type", problem.code.as_str()).record("otel.status_code", "ERROR");
    }
}

/// What must be handed back word for word: a reply with sealed thinking.
fn continuation(reply: &Reply) -> Option<serde_json::Value> {
    let sealed = reply.content.iter().any(|content| {
        matches!(content, Content::Thinking { signature: Some(_), .. } | Content::RedactedThinking { .. })
    });
    if sealed { serde_json::to_value(&reply.content).ok() } else { None }
}

fn calls(reply: &Reply, held: &Held) -> Vec<CallState> {
    reply
        .content
        .iter()
        .filter_map(|content| match content {
            Content::ToolCall { id, name, arguments } => {
                let call_id = CallId::generate(&**held.store().clock());
                Some(new_call(call_id, id.clone(), name.clone(), arguments.clone()))
            }
            _ => None,
        })
        .collect()
}

/// A provider's failure, for people.
fn told(error: &conductor_llm_providers::Error) -> ProblemView {
    use conductor_domain::Kind;
    tracing::warn!(error = error as &dyn std::error::Error, "a model call failed");
    ProblemView {
        code: error.code().to_owned(),
        title: "The model did not answer".to_owned(),
        detail: error.to_string(),
        retryable: true,
    }
}
