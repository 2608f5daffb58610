//! Steps 6 to 9: cache, reserve, ledger, dispatch.

use std::{sync::Arc, time::Instant};

use conductor_domain::{Decision, EffectState, canonical_json, gen_ai, sha256_hex};
use serde_json::Value;
use tracing::Instrument;

use super::{Call, Invoked, Offered, ToolPath, checks::Refusal, is_quiet, record::Ended};
use crate::{
    Answer, CallError, Dispatch, Held, Result, ToolOutput, breakers, cache::ResultCache, trial::Trial,
};

/// What is still to be written before a call is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opens {
    /// Its first events, and its row where it has one.
    All,
    /// Its row: its first events came with a question.
    Row,
    /// Nothing.
    Nothing,
}

impl ToolPath {
    /// Makes a call that may be made.
    pub(crate) async fn go(
        &self,
        held: &Held,
        call: Call,
        offered: Offered,
        arguments: Value,
        decision: Decision,
        opens: Opens,
    ) -> Result<Invoked> {
        let tool = &offered.tool;
        self.keep_quiet(held, &call, &decision).await?;
        let opening = if opens == Opens::All {
            self.opening(&call, Some(tool), &arguments, &decision)
        } else {
            Vec::new()
        };
        let quiet = is_quiet(&decision);
        let keep = tool.cache.filter(|_| tool.read_only && !quiet);
        let key = keep.map(|_| ResultCache::key(tool, &call.caller, &arguments));
        if let Some(output) = key.as_deref().and_then(|key| self.cache.get(key, self.store.clock().now())) {
            held.emit(&opening).await?;
            return self.record(held, &call, tool, arguments, &decision, Ended::cached(output)).await;
        }

        if let Some(output) = self.known(held, &call, tool, &arguments, opens).await? {
            held.emit(&opening).await?;
            return self.record(held, &call, tool, arguments, &decision, Ended::known(output)).await;
        }

        // From here on an effect may happen, so what is about to happen is on disk first.
        let cost = tool.call_cost.clone();
        if opens == Opens::Nothing {
            // A crash cut it after all of this was written.
        } else if tool.read_only && cost.is_none() {
            held.emit(&opening).await?;
        } else {
            let child = (!tool.read_only)
                .then(|| self.child(held, &call, Some(tool), (!quiet).then(|| arguments.clone())));
            let (run_id, call_id) = (held.run().id, call.call_id);
            let request = (!tool.delegates).then(|| sha256_hex(canonical_json(&arguments)));
            let reserved = held.write(move |tx| {
                Box::pin(async move {
                    if let Some(cost) = cost {
                        if let Some(refusal) = tx.exceeded(false, Some(&cost.currency)).await? {
                            return Ok(Err(refusal));
                        }
                        if let Err(refusal) =
                            tx.reserve(call_id.as_uuid(), cost.nanos, &cost.currency).await?
                        {
                            return Ok(Err(refusal));
                        }
                    }
                    tx.emit(&opening).await?;
                    if let Some(child) = child {
                        tx.tx.runs().create_begun(child).await?;
                        if let Some(request) = request {
                            tx.tx.effects().prepare(run_id, call_id, &call_id.to_string(), &request).await?;
                        }
                    }
                    Ok(Ok(()))
                })
            });
            if let Err(refusal) = reserved.await? {
                return self.refuse(held, &call, Some(tool), Refusal::Budget(refusal)).await;
            }
        }

        let started = Instant::now();
        let span = span(&call, tool);
        let (answer, attempts) =
            self.send(held, &call, &offered, &arguments).instrument(span.clone()).await?;
        if let Err(error) = &answer {
            span.record("error.type", error.problem.code.as_str()).record("otel.status_code", "ERROR");
        }
        drop(span);
        let answer = match answer {
            Ok(Answer::Child(child)) => return Ok(Invoked::Child(child)),
            Ok(Answer::Done(output)) => Ok(output),
            Err(error) => Err(error),
        };
        let ended = Ended::sent(tool, answer, attempts, started.elapsed());
        if let (Some(key), Some(keep), Some(output)) = (key, keep, ended.good()) {
            self.cache.put(key, output, keep, self.store.clock().now());
        }
        self.record(held, &call, tool, arguments, &decision, ended).await
    }

    /// What the run before was answered to the same call, where this one only tries a draft of a policy: what it did is not
    /// done again for that. A call that is a run of its own has calls to be decided below it, and is made.
    async fn known(
        &self,
        held: &Held,
        call: &Call,
        tool: &crate::Tool,
        arguments: &Value,
        opens: Opens,
    ) -> Result<Option<ToolOutput>> {
        if opens == Opens::Nothing || tool.delegates {
            return Ok(None);
        }
        match Trial::of(held.run()) {
            Some(Ok(trial)) => trial.answered(&self.store, &call.name, arguments).await,
            _ => Ok(None),
        }
    }

    /// Sends, and sends again only where a second time does no harm.
    ///
    /// Before each, the run has to be held: a process that stood still, and wakes between what it wrote and what it sends,
    /// would else do what another has done meanwhile. Not seen is one that stands still while the request is on its way.
    async fn send(
        &self,
        held: &Held,
        call: &Call,
        offered: &Offered,
        arguments: &Value,
    ) -> Result<(Result<Answer, CallError>, i32)> {
        let again = offered.tool.read_only || offered.source.honours_key(&offered.tool, arguments);
        let organization = held.run().scope.organization_id;
        let target = offered.source.target(&offered.tool, arguments);
        let target = target.map(|target| (self.breakers.of(organization, target.clone()), target));
        let mut wait = self.options.backoff;
        for attempt in 1.. {
            let dispatch = Dispatch {
                caller: Arc::clone(&call.caller),
                run_id: held.run().id,
                call_id: call.call_id,
                agent_id: call.agent_id,
                conversation_id: call.conversation_id,
                message_id: call.message_id,
                context_label: call.context_label,
                arguments: arguments.clone(),
                idempotency_key: call.call_id.to_string(),
                timeout: offered.tool.timeout,
                cancel: held.cancel().clone(),
                held: held.clone(),
                nesting: self.options.nesting,
            };
            let permit = match target.as_ref().map(|(breaker, name)| (breaker.admit(breakers::now()), name)) {
                Some((Err(left), name)) => return Ok((Err(breakers::left_alone(name, left)), attempt - 1)),
                Some((Ok(permit), _)) => Some(permit),
                None => None,
            };
            held.ensure_held().await?;
            let answer = offered.source.call(&offered.tool, dispatch).await;
            if let Some(permit) = permit {
                permit.settle(breakers::showed(&answer), breakers::now());
            }
            let retry = matches!(&answer, Err(error) if error.problem.retryable && again);
            if !retry || attempt >= self.options.attempts || held.cancel().is_cancelled() {
                return Ok((answer, attempt));
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = held.cancel().cancelled() => return Ok((answer, attempt)),
            }
            wait *= 2;
        }
        unreachable!("the loop above only ends by returning")
    }
}

/// The call as traces tell it, retries included.
fn span(call: &Call, tool: &crate::Tool) -> tracing::Span {
    tracing::info_span!(
        "execute_tool",
        otel.name = format!("{} {}", gen_ai::operation::EXECUTE_TOOL, tool.path),
        otel.kind = "client",
        otel.status_code = tracing::field::Empty,
        error.type = tracing::field::Empty,
        { gen_ai::OPERATION_NAME } = gen_ai::operation::EXECUTE_TOOL,
        { gen_ai::TOOL_NAME } = tool.path,
        { gen_ai::TOOL_TYPE } = "function",
        { gen_ai::TOOL_CALL_ID } = %call.call_id,
    )
}

/// How the ledger stands after an answer.
pub(crate) fn ledger(answer: &Result<ToolOutput, CallError>) -> EffectState {
    match answer {
        Ok(_) => EffectState::Done,
        Err(error) if error.outcome_unknown => EffectState::Ambiguous,
        Err(_) => EffectState::Failed,
    }
}
