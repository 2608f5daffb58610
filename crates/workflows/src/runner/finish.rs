//! How a node, or an attempt of it, ends, and what follows.

use chrono::{DateTime, TimeDelta, Utc};
use conductor_domain::{CallId, EventBody, ProblemView};
use conductor_runs::problem;
use conductor_workflow_graph::{Backoff, Config, ERROR, Node, OUT, OnError};
use serde_json::{Value, json};

use super::{
    kinds::{self, Sent},
    state::{Place, Standing},
    walk::Walk,
};

/// How a node, or an attempt of it, ended.
#[derive(Default)]
struct Finish {
    output: Option<Value>,
    port: Option<String>,
    edges: Vec<String>,
    back_to: Option<String>,
    error: Option<ProblemView>,
    retry_at: Option<DateTime<Utc>>,
}

impl Walk {
    /// Lets a node be over, and follows what it leads to.
    pub(super) fn send(&mut self, place: &Place, call_id: Option<CallId>, sent: kinds::Result<Sent>) {
        let attempt = match self.known.state.standing(&self.known.plan, place) {
            Some(Standing::Running { attempt, .. }) => *attempt,
            _ => 1,
        };
        let (output, port, back_to) = match sent {
            Err(problem) => return self.fail(place, attempt, call_id, problem),
            Ok(Sent::Failed { code, detail }) => {
                return self.fail(
                    place,
                    attempt,
                    call_id,
                    problem(code, "The work was refused", detail, false),
                );
            }
            Ok(Sent::On { output, port }) => (output, port, None),
            Ok(Sent::Back { output, port, most, code, detail }) => {
                let returned = self.known.state.returns.get(place).copied().unwrap_or_default();
                let Some(agent) = self.known.plan.agent_before(place.node).filter(|_| returned < most) else {
                    return self.fail(
                        place,
                        attempt,
                        call_id,
                        problem(code, "The work was refused", detail, false),
                    );
                };
                (output, port, Some(self.known.plan.node(agent).id.clone()))
            }
        };
        match self.edges_by(place, &port, &output) {
            Ok(edges) => {
                let (output, port) = (Some(output), Some(port));
                self.finish(
                    place,
                    attempt,
                    call_id,
                    Finish { output, port, edges, back_to, ..Finish::default() },
                );
            }
            Err(problem) => self.fail(place, attempt, call_id, problem),
        }
    }

    /// Lets an attempt have failed: it is made again, gone on from, or the end of the workflow.
    pub(super) fn fail(
        &mut self,
        place: &Place,
        attempt: i32,
        call_id: Option<CallId>,
        problem: ProblemView,
    ) {
        let node = self.known.plan.node(place.node);
        // Nothing came of a call that the server's own end cut, so it is made again as if it had not been.
        let cut = problem.code == "interrupted";
        let tries = node.retry.filter(|retry| problem.retryable && attempt.unsigned_abs() <= retry.max);
        let retry_at = match tries {
            _ if cut => Some(self.now()),
            Some(retry) => {
                let doubled = match retry.backoff {
                    Backoff::Fixed => 1,
                    _ => 2_u64.saturating_pow(attempt.unsigned_abs().saturating_sub(1).min(32)),
                };
                let delay = i64::try_from(retry.delay_ms.saturating_mul(doubled)).unwrap_or(i64::MAX);
                let delay = TimeDelta::try_milliseconds(delay).unwrap_or(TimeDelta::MAX);
                Some(self.now().checked_add_signed(delay).unwrap_or(DateTime::<Utc>::MAX_UTC))
            }
            None => None,
        };
        if let Some(at) = retry_at {
            return self.again(place, attempt, call_id, at, problem);
        }
        let error = Some(problem.clone());
        let port = match node.on_error {
            OnError::Continue => OUT,
            OnError::Fallback => ERROR,
            _ => return self.end(place, attempt, call_id, problem),
        };
        let mut output = json!({ "success": false, "error": problem.detail, "code": problem.code });
        if let (Config::Tool(tool), Some(fields)) = (&node.config, output.as_object_mut()) {
            fields.insert("tool_name".to_owned(), json!(tool.tool));
        }
        if let (Config::Database(node), Some(fields)) = (&node.config, output.as_object_mut()) {
            let operation = format!("{}.{}.{}", node.data_source, node.db_type, node.action);
            fields.insert("operation".to_owned(), json!(operation));
        }
        match self.edges_by(place, port, &output) {
            Ok(edges) => {
                let (output, port) = (Some(output), Some(port.to_owned()));
                self.finish(
                    place,
                    attempt,
                    call_id,
                    Finish { output, port, edges, error, ..Finish::default() },
                );
            }
            Err(problem) => self.end(place, attempt, call_id, problem),
        }
    }

    /// Lets an attempt be over, and another one begin at a moment.
    pub(super) fn again(
        &mut self,
        place: &Place,
        attempt: i32,
        call_id: Option<CallId>,
        at: DateTime<Utc>,
        why: ProblemView,
    ) {
        let finish = Finish { error: Some(why), retry_at: Some(at), ..Finish::default() };
        self.finish(place, attempt, call_id, finish);
    }

    /// Ends the workflow with a node's failure.
    pub(super) fn end(&mut self, place: &Place, attempt: i32, call_id: Option<CallId>, problem: ProblemView) {
        self.finish(place, attempt, call_id, Finish { error: Some(problem), ..Finish::default() });
    }

    fn finish(&mut self, place: &Place, attempt: i32, call_id: Option<CallId>, finish: Finish) {
        let Finish { output, port, edges, back_to, error, retry_at } = finish;
        let took = match self.known.state.standing(&self.known.plan, place) {
            Some(Standing::Running { since, .. }) => Some((self.now() - *since).num_milliseconds().max(0)),
            _ => None,
        };
        let (node_id, iteration) = (self.known.plan.node(place.node).id.clone(), place.iteration.clone());
        let duration_ms = took;
        self.note(EventBody::NodeFinished {
            node_id,
            attempt,
            iteration,
            call_id,
            output,
            port,
            edges,
            back_to,
            error,
            retry_at,
            duration_ms,
        });
    }

    pub(super) fn edges_by(&self, place: &Place, port: &str, output: &Value) -> kinds::Result<Vec<String>> {
        self.known.edges_by(place, self.now(), port, output)
    }
}

/// When an attempt that began at a moment has taken too long.
pub(super) fn deadline(node: &Node, since: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let millis = i64::try_from(node.timeout_ms?).ok().and_then(TimeDelta::try_milliseconds)?;
    since.checked_add_signed(millis)
}

pub(super) fn overdue(detail: &str) -> ProblemView {
    problem("timed_out", "It took too long", detail, true)
}
