//! A schedule of a workflow: the moments at which it starts by itself.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{RunId, Scope, WorkflowId, WorkflowScheduleId};

/// A schedule of a workflow that may run, as its row holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowSchedule {
    /// The schedule.
    pub id: WorkflowScheduleId,
    /// Whose it is.
    pub scope: Scope,
    /// The workflow that it starts.
    pub workflow_id: WorkflowId,
    /// Its place among the triggers of the graph, from 0.
    pub position: i32,
    /// When, in the five fields of cron.
    pub cron: String,
    /// The time zone in which that is meant; UTC where it is absent.
    pub time_zone: Option<String>,
    /// Its next moment.
    pub next_at: DateTime<Utc>,
    /// The moment that was taken last, whether a run came of it or not.
    pub last_at: Option<DateTime<Utc>>,
    /// The last run that it started.
    pub last_run_id: Option<RunId>,
    /// Why no run came of its last moment; absent where one did.
    pub last_error: Option<StartError>,
}

/// A schedule to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSchedule {
    /// Its place among the triggers of the graph, from 0.
    pub position: i32,
    /// When, in the five fields of cron.
    pub cron: String,
    /// The time zone in which that is meant; UTC where it is absent.
    pub time_zone: Option<String>,
    /// Its first moment, where it is new.
    pub next_at: DateTime<Utc>,
}

/// Why a schedule, a delivery to a hook or an event started no run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartError {
    /// A stable code, as of every error.
    pub code: String,
    /// What to do about it, as a sentence.
    pub detail: String,
}
