//! What each node did in a run, counted from the events of its journal as they happen, or as another holder reads them.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use conductor_domain::{CallId, EventBody, HumanTaskId, NodeFigures, NodeWait, RunStatus};

/// What the nodes of a run have done so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Whether the run has begun to work: what stands before it was taken over from an earlier run, and counts there.
    works: bool,
    nodes: BTreeMap<String, NodeFigures>,
    /// Calls that are under way, by whom they are made.
    calls: HashMap<CallId, At>,
    /// Questions that wait for an answer, and since when.
    asked: HashMap<HumanTaskId, (At, DateTime<Utc>)>,
    /// Since when the run waits for anybody.
    waits_since: Option<DateTime<Utc>>,
    waited_ms: i64,
}

/// A node and its round or item.
type At = (String, Vec<i32>);

impl Tally {
    /// Takes in what happened.
    pub(crate) fn take(&mut self, at: DateTime<Utc>, body: &EventBody) {
        match body {
            EventBody::RunStatus { status: RunStatus::Running, .. } => self.works = true,
            _ if !self.works => {}
            EventBody::NodeStarted { node_id, attempt, iteration, call_id, .. } => {
                if let Some(call) = call_id {
                    self.calls.insert(*call, (node_id.clone(), iteration.clone()));
                }
                let node = self.node(node_id, at);
                *(if *attempt > 1 { &mut node.repeated } else { &mut node.begun }) += 1;
            }
            EventBody::NodeWaiting {
                node_id,
                iteration,
                reason: NodeWait::Person,
                human_task_id: Some(task),
                ..
            } => self.ask(*task, (node_id.clone(), iteration.clone()), at),
            EventBody::ApprovalRequested { human_task } if human_task.kind == "tool_approval" => {
                let by = human_task.call_id.and_then(|call| self.calls.get(&call)).cloned();
                if let Some(by) = by {
                    self.ask(human_task.id, by, at);
                }
            }
            EventBody::ApprovalDecided { human_task } => self.answer(human_task.id, at),
            EventBody::NodeFinished { node_id, iteration, call_id, error, retry_at, duration_ms, .. } => {
                call_id.iter().for_each(|call| drop(self.calls.remove(call)));
                // Nobody answered, and nobody is waited for any more.
                let open = self.asked.iter().filter(|(_, (by, _))| by.0 == *node_id && by.1 == *iteration);
                for task in open.map(|(task, _)| *task).collect::<Vec<_>>() {
                    self.answer(task, at);
                }
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

    /// For how long the run waited for people until now, whose questions are over with it.
    pub(crate) fn waited_ms(&mut self, now: DateTime<Utc>) -> i64 {
        for task in self.asked.keys().copied().collect::<Vec<_>>() {
            self.answer(task, now);
        }
        self.waited_ms
    }

    fn ask(&mut self, task: HumanTaskId, by: At, at: DateTime<Utc>) {
        self.asked.entry(task).or_insert((by, at));
        self.waits_since.get_or_insert(at);
    }

    fn answer(&mut self, task: HumanTaskId, at: DateTime<Utc>) {
        let Some(((node_id, _), since)) = self.asked.remove(&task) else { return };
        let node = self.node(&node_id, at);
        let waited = (at - since).num_milliseconds().max(0);
        node.waited_ms = Some(node.waited_ms.unwrap_or_default().saturating_add(waited));
        // Of two at once the run waits for the longer one alone.
        if self.asked.is_empty()
            && let Some(since) = self.waits_since.take()
        {
            self.waited_ms = self.waited_ms.saturating_add((at - since).num_milliseconds().max(0));
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
            waited_ms: None,
            error_code: Some("404".to_owned()),
        };
        let b = NodeFigures::new("b".to_owned(), DateTime::UNIX_EPOCH + TimeDelta::seconds(12));
        assert_eq!(figures, [a, NodeFigures { skipped: 1, ..b }]);
    }

    fn waiting(item: i32, task: HumanTaskId) -> EventBody {
        EventBody::NodeWaiting {
            node_id: "a".to_owned(),
            iteration: vec![item],
            reason: NodeWait::Person,
            until: None,
            human_task_id: Some(task),
            event: None,
        }
    }

    #[test]
    fn a_run_waits_once_for_several_people_and_each_node_for_each() {
        let at = |second| DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
        let [one, other] = ["1", "2"]
            .map(|last| format!("00000000-0000-0000-0000-00000000000{last}").parse::<HumanTaskId>().unwrap());
        let mut tally = Tally::default();
        for (second, event) in [
            (0, running()),
            (0, started(1, 1)),
            (0, waiting(1, one)),
            (5, started(1, 2)),
            (5, waiting(2, other)),
            // It goes to others, who are waited for as well.
            (8, waiting(1, one)),
            (10, finished(1, 1, None, false)),
            (15, running()),
        ] {
            tally.take(at(second), &event);
        }
        assert_eq!(tally.waited_ms(at(20)), 20_000);
        assert_eq!(tally.figures()[0].waited_ms, Some(25_000));
        // It works, and nobody is waited for.
        tally.take(at(30), &started(1, 3));
        tally.take(at(40), &finished(1, 3, None, false));
        assert_eq!(tally.waited_ms(at(40)), 20_000);
    }
}
