//! What each node did in a run, counted from the events of its journal as they happen, or as another holder reads them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use conductor_domain::{EventBody, NodeFigures, RunStatus};

/// What the nodes of a run have done so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Whether the run has begun to work: what stands before it was taken over from an earlier run, and counts there.
    works: bool,
    nodes: BTreeMap<String, NodeFigures>,
}

impl Tally {
    /// Takes in what happened.
    pub(crate) fn take(&mut self, at: DateTime<Utc>, body: &EventBody) {
        match body {
            EventBody::RunStatus { status: RunStatus::Running, .. } => self.works = true,
            _ if !self.works => {}
            EventBody::NodeStarted { node_id, attempt, .. } => {
                let node = self.node(node_id, at);
                *(if *attempt > 1 { &mut node.repeated } else { &mut node.begun }) += 1;
            }
            EventBody::NodeFinished { node_id, error, retry_at, duration_ms, .. } => {
                let node = self.node(node_id, at);
                if let Some(took) = duration_ms {
                    node.duration_ms = Some(node.duration_ms.unwrap_or_default().saturating_add(*took));
                }
                let Some(error) = error else { return };
                if retry_at.is_none() {
                    node.failed += 1;
                }
                // Why it failed for good says more than why it was tried once more.
                if retry_at.is_none() || node.failed == 0 {
                    node.error_code = Some(error.code.clone());
                }
            }
            EventBody::NodeSkipped { node_id, .. } => self.node(node_id, at).skipped += 1,
            _ => {}
        }
    }

    /// The figures of every node that the run came to.
    pub(crate) fn figures(&self) -> Vec<NodeFigures> {
        self.nodes.values().cloned().collect()
    }

    fn node(&mut self, id: &str, at: DateTime<Utc>) -> &mut NodeFigures {
        self.nodes.entry(id.to_owned()).or_insert_with(|| NodeFigures::new(id.to_owned(), at))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use conductor_runs::problem;

    use super::*;

    fn running() -> EventBody {
        EventBody::RunStatus { status: RunStatus::Running, reason: None }
    }

    fn started(attempt: i32, item: i32) -> EventBody {
        let (node_id, iteration) = ("a".to_owned(), vec![item]);
        EventBody::NodeStarted { node_id, attempt, iteration, call_id: None, input: None }
    }

    fn finished(attempt: i32, item: i32, code: Option<&str>, again: bool) -> EventBody {
        EventBody::NodeFinished {
            node_id: "a".to_owned(),
            attempt,
            iteration: vec![item],
            call_id: None,
            output: None,
            port: None,
            edges: Vec::new(),
            back_to: None,
            error: code.map(|code| problem(code, "It failed", "It failed.", true)),
            retry_at: again.then_some(DateTime::UNIX_EPOCH),
            duration_ms: Some(40),
        }
    }

    #[test]
    fn each_item_is_begun_once_and_what_was_taken_over_is_not_counted() {
        let skipped =
            EventBody::NodeSkipped { node_id: "b".to_owned(), iteration: Vec::new(), edges: Vec::new() };
        let mut tally = Tally::default();
        let events = [
            started(1, 1),
            finished(1, 1, None, false),
            running(),
            started(1, 2),
            finished(1, 2, Some("503"), true),
            running(),
            started(2, 2),
            finished(2, 2, Some("404"), false),
            started(1, 3),
            finished(1, 3, Some("503"), true),
            started(2, 3),
            finished(2, 3, None, false),
            skipped,
            started(1, 4),
        ];
        for (second, event) in events.iter().enumerate() {
            tally.take(DateTime::UNIX_EPOCH + TimeDelta::seconds(i64::try_from(second).unwrap()), event);
        }
        let figures = tally.figures();
        let a = NodeFigures {
            node_id: "a".to_owned(),
            began_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(3),
            begun: 3,
            failed: 1,
            skipped: 0,
            repeated: 2,
            duration_ms: Some(160),
            error_code: Some("404".to_owned()),
        };
        let b = NodeFigures::new("b".to_owned(), DateTime::UNIX_EPOCH + TimeDelta::seconds(12));
        assert_eq!(figures, [a, NodeFigures { skipped: 1, ..b }]);
    }
}
