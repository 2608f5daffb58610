//! An event that was told to a tenant: what each workflow that waits for its name made of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{RunId, StartError, WorkflowId};

/// An event that was told under an id of the sender's, remembered for as long as it may come again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldEvent {
    /// The sender's id: one id is one event.
    pub event_id: String,
    /// What happened.
    pub name: String,
    /// The hash of its name and data.
    pub body_hash: String,
    /// What came of it, workflow by workflow.
    pub starts: Vec<EventStart>,
    /// When it is forgotten.
    pub expires_at: DateTime<Utc>,
}

/// What a workflow made of an event: a run, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventStart {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The run that it started.
    pub run_id: Option<RunId>,
    /// Why there is none.
    pub error: Option<StartError>,
}
