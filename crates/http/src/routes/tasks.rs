//! Questions that wait for a person: approvals of tool calls above all.

use axum::extract::State;
use conductor_domain::{HumanTaskId, HumanTaskView, RunId, TaskFilter};
use conductor_runs::Runs;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    query::Query,
};

/// Where a question stands.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TaskStatus {
    /// Nobody has answered.
    Pending,
    /// Someone has.
    Decided,
    /// Its run ended without an answer.
    Expired,
}

impl TaskStatus {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Decided => "decided",
            Self::Expired => "expired",
        }
    }
}

/// Which questions.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct TasksQuery {
    /// Questions that stand here; all when absent.
    #[param(inline)]
    status: Option<TaskStatus>,
    /// Questions of this run and of all that it began, however far below: what a turn of a chat waits for.
    root_run_id: Option<RunId>,
}

/// An answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecideTaskRequest {
    /// One of the question's `allowed_decisions`.
    decision: String,
    /// Words beside it.
    comment: Option<String>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_tasks)).routes(routes!(decide_task))
}

/// Questions that the caller may answer, newest first.
#[utoipa::path(
    get, path = "/api/tasks", tag = "tasks", params(TasksQuery, PageParameters),
    responses((status = 200, body = PageResponse<HumanTaskView>))
)]
async fn list_tasks(
    Auth(caller): Auth,
    State(runs): State<Runs>,
    Query(TasksQuery { status, root_run_id }): Query<TasksQuery>,
    paging: Paging,
) -> Result<PageResponse<HumanTaskView>, Problem> {
    let filter = TaskFilter { status: status.map(TaskStatus::as_str), root_run_id };
    let page = runs.tasks(&caller, filter, paging.request.clone()).await?;
    Ok(paging.answer(page, |task| task.view()))
}

/// Answers a question; its run goes on.
#[utoipa::path(
    post, path = "/api/tasks/{task_id}/decide", tag = "tasks", params(("task_id" = HumanTaskId, Path)),
    request_body = DecideTaskRequest, responses((status = 200, body = HumanTaskView))
)]
async fn decide_task(
    Auth(caller): Auth,
    State(runs): State<Runs>,
    Path(id): Path<HumanTaskId>,
    Json(DecideTaskRequest { decision, comment }): Json<DecideTaskRequest>,
) -> Result<Json<HumanTaskView>, Problem> {
    Ok(Json(runs.decide(&caller, id, decision, comment).await?.view()))
}
