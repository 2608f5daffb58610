//! How a workflow does: its runs in figures, and each of its nodes.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{
    Durations, ErrorCount, NodeSummary, RunBucket, RunId, RunStatus, StatusCount, UsageGrouping, WorkflowId,
};
use conductor_workflows::{Analytics, Executions};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::WorkflowPath;
use crate::{
    AppState, Problem,
    caller::Auth,
    json::Json,
    path::Path,
    query::Query,
    routes::costs::{CostReach, CostTotals, moment},
};

/// Which time; the last 30 days where nothing is said, and at most 400.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AnalyticsQuery {
    /// Runs that began from this day or moment on.
    since: Option<String>,
    /// Runs that began to the end of this day, or before this moment.
    until: Option<String>,
}

/// How many runs stand so.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowStatusCount)]
struct StatusCountResponse {
    status: RunStatus,
    count: i64,
}

impl From<StatusCount> for StatusCountResponse {
    fn from(StatusCount { status, count }: StatusCount) -> Self {
        Self { status, count }
    }
}

/// How long some things took. Percentiles are by nearest rank: each is one of the durations that there were.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowDurations)]
struct DurationsResponse {
    /// How many things; with none, all the others are null.
    count: i64,
    /// Their mean.
    #[schema(required = true)]
    average_ms: Option<i64>,
    /// What half of them did not take longer than.
    #[schema(required = true)]
    p50_ms: Option<i64>,
    /// What 95 of 100 did not take longer than.
    #[schema(required = true)]
    p95_ms: Option<i64>,
    /// The longest.
    #[schema(required = true)]
    longest_ms: Option<i64>,
}

impl From<Durations> for DurationsResponse {
    fn from(durations: Durations) -> Self {
        let Durations { count, average_ms, p50_ms, p95_ms, longest_ms } = durations;
        Self { count, average_ms, p50_ms, p95_ms, longest_ms }
    }
}

/// The runs of one piece of time.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowRunPiece)]
struct RunPieceResponse {
    /// When the piece begins.
    start: DateTime<Utc>,
    /// How many runs began in it.
    runs: i64,
    /// How many of those have failed.
    failed: i64,
}

impl From<RunBucket> for RunPieceResponse {
    fn from(RunBucket { at, runs, failed }: RunBucket) -> Self {
        Self { start: at, runs, failed }
    }
}

/// Runs that failed for one reason.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowErrorCount)]
struct ErrorCountResponse {
    /// A stable code.
    code: String,
    /// How many runs.
    count: i64,
    /// The newest of them.
    newest_run_id: RunId,
}

impl From<ErrorCount> for ErrorCountResponse {
    fn from(ErrorCount { code, count, newest_run_id }: ErrorCount) -> Self {
        Self { code, count, newest_run_id }
    }
}

/// What one node did, in runs that have ended.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowNodeAnalytics)]
struct NodeAnalyticsResponse {
    node_id: String,
    /// Its name in the newest version; null where it has none there, or is not there any more.
    #[schema(required = true)]
    name: Option<String>,
    /// In how many runs it was come to.
    runs: i64,
    /// How often it was begun, each round and item once.
    begun: i64,
    /// How often it failed for good, also where the workflow went on from that.
    failed: i64,
    /// How often it was left out.
    skipped: i64,
    /// How often it was tried once more.
    repeated: i64,
    /// How long it took a run: rounds, items and repetitions together.
    durations: DurationsResponse,
    /// How long people were waited for in a run: their answers, and their word on its calls. Of the runs where they were.
    waited: DurationsResponse,
    /// The code for which it failed in the most runs.
    #[schema(required = true)]
    error_code: Option<String>,
}

impl From<(Option<String>, NodeSummary)> for NodeAnalyticsResponse {
    fn from((name, node): (Option<String>, NodeSummary)) -> Self {
        Self {
            node_id: node.node_id,
            name,
            runs: node.runs,
            begun: node.begun,
            failed: node.failed,
            skipped: node.skipped,
            repeated: node.repeated,
            durations: node.durations.into(),
            waited: node.waited.into(),
            error_code: node.error_code,
        }
    }
}

/// How a workflow does.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowAnalytics)]
struct AnalyticsResponse {
    workflow_id: WorkflowId,
    /// Whose runs.
    reach: CostReach,
    /// Runs that began from this moment on.
    since: DateTime<Utc>,
    /// And before this one.
    until: DateTime<Utc>,
    /// How many runs there were.
    runs: i64,
    /// How many of them are over.
    ended: i64,
    /// How many of those that are over ended well, from 0 to 1; null where none is over.
    #[schema(required = true)]
    success_rate: Option<f64>,
    /// How many runs stand how; a status that none has is left out.
    statuses: Vec<StatusCountResponse>,
    /// How long those took that ended well, what they waited for included.
    durations: DurationsResponse,
    /// The same without the time that people were waited for; of the runs of which that is known.
    worked: DurationsResponse,
    /// How long people were waited for, of the runs that are over and waited for some.
    waited: DurationsResponse,
    /// What they took and cost with everything below them: one a currency, the dearest first.
    totals: Vec<CostTotals>,
    /// How long the pieces of time are: hours up to two days, days beyond.
    grouping: UsageGrouping,
    /// Runs by the piece of time in which they began, the oldest first and without a gap.
    over_time: Vec<RunPieceResponse>,
    /// Why runs failed, the commonest reasons first; at most ten.
    errors: Vec<ErrorCountResponse>,
    /// What each node did, in the order in which runs first came to them.
    nodes: Vec<NodeAnalyticsResponse>,
}

impl AnalyticsResponse {
    fn of(workflow_id: WorkflowId, told: Analytics) -> Self {
        let (runs, ended, success_rate) = (told.runs(), told.ended(), told.success_rate());
        Self {
            workflow_id,
            reach: if told.everybody { CostReach::Organization } else { CostReach::Own },
            since: told.from,
            until: told.to,
            runs,
            ended,
            success_rate,
            statuses: told.statuses.into_iter().map(Into::into).collect(),
            durations: told.durations.into(),
            worked: told.worked.into(),
            waited: told.waited.into(),
            totals: told.spent.iter().map(Into::into).collect(),
            grouping: told.grouping,
            over_time: told.pieces.into_iter().map(Into::into).collect(),
            errors: told.errors.into_iter().map(Into::into).collect(),
            nodes: told.nodes.into_iter().map(Into::into).collect(),
        }
    }
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(find_workflow_analytics))
}

/// How a workflow did in the runs that the caller may see: how they ended, how long they took, what they cost, and what
/// each node did.
#[utoipa::path(
    get, path = "/api/workflows/{workflow_id}/analytics", tag = "workflows",
    params(("workflow_id" = WorkflowId, Path), AnalyticsQuery),
    responses((status = 200, body = AnalyticsResponse))
)]
async fn find_workflow_analytics(
    Auth(caller): Auth,
    State(executions): State<Executions>,
    Path(path): Path<WorkflowPath>,
    Query(query): Query<AnalyticsQuery>,
) -> Result<Json<AnalyticsResponse>, Problem> {
    let since = query.since.map(|text| moment(&text, 0, "?since")).transpose()?;
    let until = query.until.map(|text| moment(&text, 1, "?until")).transpose()?;
    let told = executions.analytics(&caller, path.workflow_id, since, until).await?;
    Ok(Json(AnalyticsResponse::of(path.workflow_id, told)))
}
