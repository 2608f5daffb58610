//! A canvas: a drawing of agents, tools and connections, kept for the organisation or for one of its environments.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{CanvasId, EnvironmentId, OrganizationId, UserId, WorkflowId};

/// A drawing, as lists show it: without what is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canvas {
    /// The drawing.
    pub id: CanvasId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// The environment that it is for; every one of the organisation where it is absent.
    pub environment_id: Option<EnvironmentId>,
    /// The person it belongs to.
    pub owner_user_id: Option<UserId>,
    /// The workflow that it draws, or that was made of it.
    pub workflow_id: Option<WorkflowId>,
    /// Its name, unique in its organisation and environment whatever the case.
    pub name: String,
    /// The number of its newest state.
    pub revision: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What a person sets on a drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct CanvasSpec {
    /// Its name.
    pub name: String,
    /// The environment that it is for; every one of the organisation where it is absent.
    pub environment_id: Option<EnvironmentId>,
    /// The workflow that it draws, or that was made of it.
    pub workflow_id: Option<WorkflowId>,
    /// What is drawn: nodes, edges and a viewport, as React Flow has them.
    pub state: Value,
}
