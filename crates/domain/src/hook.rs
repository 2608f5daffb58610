//! A hook of a workflow: the address at which others start it by signed requests.

use chrono::{DateTime, Utc};

use crate::{RunId, Scope, StartError, WorkflowHookId, WorkflowId};

/// A hook, as its row holds it. It stays as long as its trigger stays in the newest graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowHook {
    /// The hook.
    pub id: WorkflowHookId,
    /// Whose it is.
    pub scope: Scope,
    /// The workflow that it starts.
    pub workflow_id: WorkflowId,
    /// The name under which the vault has its secret, once there is one.
    pub secret_ref: String,
    /// When its newest secret was made; without one nothing can be delivered.
    pub secret_at: Option<DateTime<Utc>>,
    /// The last delivery that was signed right, whether a run came of it or not.
    pub last_at: Option<DateTime<Utc>>,
    /// The last run that it started.
    pub last_run_id: Option<RunId>,
    /// Why no run came of the last delivery; absent where one did.
    pub last_error: Option<StartError>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A delivery that started a run, remembered for as long as it may come again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookDelivery {
    /// The sender's id of the message.
    pub message: String,
    /// The hash of its body: one id is one body.
    pub body_hash: String,
    /// The run.
    pub run_id: RunId,
    /// When it is forgotten.
    pub expires_at: DateTime<Utc>,
}
