//! A workflow: a graph of steps with a name by which it is run, and every graph it ever had.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Classification, Scope, UserId, Visibility, WorkflowId, WorkflowVersionId, classification::words,
};

/// What starting a workflow does where a run of it is open. Calls of it by agents and other workflows are neither held
/// back nor stopped: they belong to the runs that make them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Concurrency {
    /// Nothing: runs go on side by side.
    #[default]
    Allow,
    /// The start is refused.
    Skip,
    /// The open runs are stopped.
    CancelPrevious,
    /// The run waits until those before it have ended.
    Queue,
}

words!(Concurrency {
    Allow = "allow",
    Skip = "skip",
    CancelPrevious = "cancel_previous",
    Queue = "queue",
});

/// What a person sets on a workflow, and what lists show of its graph without reading it.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowSpec {
    /// The name by which it is run, unique in its scope whatever the case.
    pub name: String,
    /// The name for people, where that is another.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What it was written in: `conductor`, `hybrid`, `canvas` or `native`.
    pub source_format: String,
    /// How many nodes it has.
    pub node_count: i32,
    /// Whether its graph is sound by itself; that of a draft is not.
    pub runnable: bool,
    /// Whether it may be run.
    pub is_active: bool,
    /// Whether it is meant to be cloned.
    pub is_template: bool,
    /// A free word to sort by.
    pub category: Option<String>,
    /// Who sees it.
    pub visibility: Visibility,
    /// The label of what it knows.
    pub data_classification: Classification,
    /// What a caller must hold to use it.
    pub required_permissions: Vec<String>,
    /// What starting it does where a run of it is open.
    pub concurrency: Concurrency,
}

/// A workflow, as its row holds it; what the row says of its graph is of its newest version.
#[derive(Clone, Debug, PartialEq)]
pub struct Workflow {
    /// The workflow.
    pub id: WorkflowId,
    /// Whose it is.
    pub scope: Scope,
    /// The person it belongs to; nobody for official ones.
    pub owner_user_id: Option<UserId>,
    /// Who made it.
    pub created_by_user_id: Option<UserId>,
    /// What a person set.
    pub spec: WorkflowSpec,
    /// Whether Conductor ships it.
    pub is_official: bool,
    /// Whether the platform vouches for it.
    pub is_verified: bool,
    /// The number of its newest graph.
    pub current_version: i32,
    /// The number of its newest state: it counts every change, of the graph or beside it.
    pub revision: i32,
    /// The workflow it was cloned from.
    pub forked_from_workflow_id: Option<WorkflowId>,
    /// What runs where nobody names a version; the newest where nobody has published one.
    pub published: Option<PublishedVersion>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Workflow {
    /// The version that runs where nobody names one.
    #[must_use]
    pub fn running_version(&self) -> i32 {
        self.published.as_ref().map_or(self.current_version, |published| published.version)
    }

    /// Whether what runs is sound by itself: a published version is, the newest may be a draft.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.published.is_some() || self.spec.runnable
    }
}

/// The version of a workflow that runs, whatever is saved after it.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedVersion {
    /// Its number.
    pub version: i32,
    /// The name for people that its graph has.
    pub title: Option<String>,
    /// What its graph says that it is for.
    pub description: Option<String>,
    /// Who published it.
    pub by: Option<UserId>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A workflow to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewWorkflow {
    /// The workflow.
    pub id: WorkflowId,
    /// The person it belongs to.
    pub owner_user_id: Option<UserId>,
    /// What a person set.
    pub spec: WorkflowSpec,
    /// The stored form of its graph.
    pub document: Value,
    /// Whether Conductor ships it.
    pub is_official: bool,
    /// The workflow it is cloned from.
    pub forked_from_workflow_id: Option<WorkflowId>,
    /// Words beside its first version.
    pub note: Option<String>,
}

/// One stored graph of a workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowVersion {
    /// The version.
    pub id: WorkflowVersionId,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// 1, 2, 3 …
    pub version: i32,
    /// The stored form of the graph.
    pub document: Value,
    /// Why it was made.
    pub note: Option<String>,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Which workflows a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkflowFilter {
    /// Part of the name, title or description.
    pub q: Option<String>,
    /// Only templates, or only others.
    pub template: Option<bool>,
    /// Only official ones, or only others.
    pub official: Option<bool>,
    /// Only those that have all of these tags, in lower case.
    pub tags: Vec<String>,
}
