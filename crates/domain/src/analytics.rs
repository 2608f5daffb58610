//! How a workflow does over some time: its runs, what ends them, and each of its nodes.

use chrono::{DateTime, Utc};

use crate::{RunId, RunStatus, WorkflowId};

/// Which runs of a workflow: those that began in a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkflowSpan {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// From this moment on.
    pub from: DateTime<Utc>,
    /// Before this one.
    pub to: DateTime<Utc>,
}

/// What one node did in one run, to be written when the run ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeFigures {
    /// The node.
    pub node_id: String,
    /// When the run first came to it.
    pub began_at: DateTime<Utc>,
    /// How often it was begun, each round and item once.
    pub begun: i32,
    /// How often it failed for good, also where the workflow went on from that.
    pub failed: i32,
    /// How often it was left out.
    pub skipped: i32,
    /// How often it was tried once more.
    pub repeated: i32,
    /// How long all of that took together; none where nothing of it has ended.
    pub duration_ms: Option<i64>,
    /// For how long of that people were waited for; none where nobody was.
    pub waited_ms: Option<i64>,
    /// Why it last failed: for good, or, where it never did, before it was tried once more.
    pub error_code: Option<String>,
}

impl NodeFigures {
    /// A node that the run comes to now.
    #[must_use]
    pub fn new(node_id: String, began_at: DateTime<Utc>) -> Self {
        Self {
            node_id,
            began_at,
            begun: 0,
            failed: 0,
            skipped: 0,
            repeated: 0,
            duration_ms: None,
            waited_ms: None,
            error_code: None,
        }
    }
}

/// How many runs stand so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusCount {
    /// How they stand.
    pub status: RunStatus,
    /// How many.
    pub count: i64,
}

/// How long some things took, in milliseconds. Percentiles are by nearest rank: one of the durations that there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    /// How many things; with none, there is nothing below.
    pub count: i64,
    /// Their mean.
    pub average_ms: Option<i64>,
    /// What half of them did not take longer than.
    pub p50_ms: Option<i64>,
    /// What 95 of 100 did not take longer than.
    pub p95_ms: Option<i64>,
    /// The longest.
    pub longest_ms: Option<i64>,
}

/// The runs of one piece of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunBucket {
    /// When the piece begins.
    pub at: DateTime<Utc>,
    /// How many began in it.
    pub runs: i64,
    /// How many of those have failed.
    pub failed: i64,
}

/// Runs that ended for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorCount {
    /// The reason's stable code.
    pub code: String,
    /// How many runs.
    pub count: i64,
    /// The newest of them.
    pub newest_run_id: RunId,
}

/// What one node did in all of these runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSummary {
    /// The node.
    pub node_id: String,
    /// In how many runs it was come to.
    pub runs: i64,
    /// How often it was begun, each round and item once.
    pub begun: i64,
    /// How often it failed for good.
    pub failed: i64,
    /// How often it was left out.
    pub skipped: i64,
    /// How often it was tried once more.
    pub repeated: i64,
    /// How long it took a run, rounds, items and repetitions together.
    pub durations: Durations,
    /// How long people were waited for in a run, of the runs where they were.
    pub waited: Durations,
    /// Why it failed in the most runs.
    pub error_code: Option<String>,
}
