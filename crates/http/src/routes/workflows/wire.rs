//! Workflows on the wire.

use chrono::{DateTime, Utc};
use conductor_domain::{
    Classification, Concurrency, EnvironmentId, OrganizationId, RunId, StartError, UserId, Visibility,
    WorkflowHook, WorkflowHookId, WorkflowId, WorkflowSchedule,
};
use conductor_workflows::{
    Checked, Document, Form, GraphProblem, Position, Severity, SourceFormat, Syntax, WorkflowPatch,
    WorkflowView,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::opinions::{RatingSummaryResponse, TagResponse};
use crate::json::nullable;

/// The workflow that a path names, whatever else it names.
#[derive(Deserialize)]
pub(super) struct WorkflowPath {
    pub(super) workflow_id: WorkflowId,
}

/// What a workflow was written in.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WorkflowFormat)]
pub(super) enum FormatWord {
    /// Nodes and edges, with `${…}`.
    Conductor,
    /// Steps, with `{{…}}`.
    Hybrid,
    /// Nodes and connections, with bare conditions.
    Canvas,
    /// The designer's own.
    Native,
}

impl From<SourceFormat> for FormatWord {
    fn from(format: SourceFormat) -> Self {
        match format {
            SourceFormat::Conductor => Self::Conductor,
            SourceFormat::Hybrid => Self::Hybrid,
            SourceFormat::Canvas => Self::Canvas,
            // The list is open to other crates; a test holds that every word of it is told here.
            _ => Self::Native,
        }
    }
}

/// A workflow, as lists show it.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowSummary)]
pub(super) struct SummaryResponse {
    id: WorkflowId,
    organization_id: OrganizationId,
    environment_id: EnvironmentId,
    owner_user_id: Option<UserId>,
    created_by_user_id: Option<UserId>,
    /// The name by which it is run: unique in its environment, whatever the case.
    name: String,
    /// The name for people, where that is another.
    title: Option<String>,
    description: Option<String>,
    source_format: FormatWord,
    /// The number of its newest graph.
    version: i32,
    /// The version that runs where nobody names one; where it is null, the newest.
    published_version: Option<i32>,
    /// When that was published.
    published_at: Option<DateTime<Utc>>,
    /// Who published it.
    published_by_user_id: Option<UserId>,
    /// The number that `ETag` and `If-Match` speak of.
    revision: i32,
    node_count: i32,
    /// Whether what runs is sound by itself: a published version is, the newest may be a draft that is not.
    runnable: bool,
    is_active: bool,
    is_template: bool,
    category: Option<String>,
    visibility: Visibility,
    is_official: bool,
    is_verified: bool,
    data_classification: Classification,
    required_permissions: Vec<String>,
    /// What starting it does where a run of it is open.
    concurrency: Concurrency,
    forked_from_workflow_id: Option<WorkflowId>,
    /// What it is found by in the caller's organisation.
    tags: Vec<TagResponse>,
    /// What people of the caller's organisation think of it.
    rating: RatingSummaryResponse,
    /// Whether the caller may change it.
    can_edit: bool,
    /// Whether the caller may grant it to others.
    can_share: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A workflow.
#[derive(Serialize, ToSchema)]
#[schema(as = Workflow)]
pub(super) struct WorkflowResponse {
    #[serde(flatten)]
    summary: SummaryResponse,
    /// The version that the graph is of: the newest for whoever may change the workflow, for others what runs.
    graph_version: i32,
    /// The stored form of its graph.
    #[schema(value_type = Object)]
    graph: Value,
    /// All that is wrong with it, given what exists for the caller.
    problems: Vec<ProblemResponse>,
    /// The schedules of the graph that runs, in their order, while it is switched on and can run: they start it as its owner.
    schedules: Vec<ScheduleResponse>,
    /// The webhook of the graph that runs. It starts the workflow as its owner while that is switched on and can run.
    #[schema(required = true)]
    webhook: Option<HookResponse>,
}

/// When a workflow starts by itself.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowSchedule)]
pub(super) struct ScheduleResponse {
    /// Its place among the triggers of the graph, from 0.
    position: i32,
    /// Minute, hour, day of month, month, day of week.
    cron: String,
    /// The time zone in which that is meant; UTC where it is null.
    time_zone: Option<String>,
    /// Its next moment.
    next_at: DateTime<Utc>,
    /// Its last moment, whether a run came of it or not.
    last_at: Option<DateTime<Utc>>,
    /// The last run that it started.
    last_run_id: Option<RunId>,
    /// Why no run came of its last moment.
    #[schema(required = true)]
    error: Option<StartErrorResponse>,
}

/// Why no run was started.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowStartError)]
pub(super) struct StartErrorResponse {
    /// A stable code; a page of that name stands under `docs/errors/`.
    code: String,
    /// What to do about it.
    detail: String,
}

/// Where others start a workflow by signed requests.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowWebhook)]
pub(super) struct HookResponse {
    id: WorkflowHookId,
    /// Its path on this server, for `POST` requests signed as Standard Webhooks describes.
    path: String,
    created_at: DateTime<Utc>,
    /// When its newest secret was made. Before there is one, nothing can be delivered.
    secret_at: Option<DateTime<Utc>>,
    /// The last delivery that was signed right, whether a run came of it or not.
    last_at: Option<DateTime<Utc>>,
    /// The last run that it started.
    last_run_id: Option<RunId>,
    /// Why no run came of the last delivery.
    #[schema(required = true)]
    error: Option<StartErrorResponse>,
}

impl From<WorkflowHook> for HookResponse {
    fn from(hook: WorkflowHook) -> Self {
        Self {
            id: hook.id,
            path: format!("/api/hooks/{}", hook.id),
            created_at: hook.created_at,
            secret_at: hook.secret_at,
            last_at: hook.last_at,
            last_run_id: hook.last_run_id,
            error: hook.last_error.map(Into::into),
        }
    }
}

impl From<StartError> for StartErrorResponse {
    fn from(StartError { code, detail }: StartError) -> Self {
        Self { code, detail }
    }
}

impl From<WorkflowSchedule> for ScheduleResponse {
    fn from(schedule: WorkflowSchedule) -> Self {
        Self {
            position: schedule.position,
            cron: schedule.cron,
            time_zone: schedule.time_zone,
            next_at: schedule.next_at,
            last_at: schedule.last_at,
            last_run_id: schedule.last_run_id,
            error: schedule.last_error.map(Into::into),
        }
    }
}

impl From<WorkflowView> for SummaryResponse {
    fn from(view: WorkflowView) -> Self {
        let WorkflowView { workflow, can_edit, can_share, tags, rating, .. } = view;
        let runnable = workflow.is_sound();
        let spec = workflow.spec;
        let (published_version, published_at) =
            workflow.published.as_ref().map(|published| (published.version, published.at)).unzip();
        let published_by_user_id = workflow.published.as_ref().and_then(|published| published.by);
        // Whoever is shown what runs reads its words as well.
        let (title, description) = match workflow.published {
            Some(published) if !can_edit => (published.title, published.description),
            _ => (spec.title, spec.description),
        };
        Self {
            id: workflow.id,
            organization_id: workflow.scope.organization_id,
            environment_id: workflow.scope.environment_id,
            owner_user_id: workflow.owner_user_id,
            created_by_user_id: workflow.created_by_user_id,
            name: spec.name,
            title,
            description,
            source_format: SourceFormat::from_word(&spec.source_format).unwrap_or_default().into(),
            version: workflow.current_version,
            published_version,
            published_at,
            published_by_user_id,
            revision: workflow.revision,
            node_count: spec.node_count,
            runnable,
            is_active: spec.is_active,
            is_template: spec.is_template,
            category: spec.category,
            visibility: spec.visibility,
            is_official: workflow.is_official,
            is_verified: workflow.is_verified,
            data_classification: spec.data_classification,
            required_permissions: spec.required_permissions,
            concurrency: spec.concurrency,
            forked_from_workflow_id: workflow.forked_from_workflow_id,
            tags: tags.into_iter().map(Into::into).collect(),
            rating: rating.into(),
            can_edit,
            can_share,
            created_at: workflow.created_at,
            updated_at: workflow.updated_at,
        }
    }
}

impl From<WorkflowView> for WorkflowResponse {
    fn from(mut view: WorkflowView) -> Self {
        let (graph, problems) = view.graph.take().unwrap_or_default();
        let graph_version = view.shown;
        let problems = problems.into_iter().map(Into::into).collect();
        let schedules = std::mem::take(&mut view.schedules).into_iter().map(Into::into).collect();
        let webhook = view.hook.take().map(Into::into);
        Self { summary: view.into(), graph_version, graph, problems, schedules, webhook }
    }
}

/// Whether a workflow with a problem can run.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WorkflowSeverity)]
enum SeverityWord {
    /// It cannot.
    Error,
    /// It can, and probably does not do what was meant.
    Warning,
}

/// Where a document stops being YAML or JSON, both from 1.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowPosition)]
struct PositionResponse {
    line: u64,
    column: u64,
}

/// One thing that is wrong with a workflow.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowProblem)]
pub(super) struct ProblemResponse {
    severity: SeverityWord,
    /// A stable word for programs, such as `unknown_node`.
    code: &'static str,
    /// The node that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    /// A JSON pointer to the field, into the document that was sent or the graph that is kept.
    pointer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<PositionResponse>,
    /// What is wrong, and what would be right.
    message: String,
}

impl From<GraphProblem> for ProblemResponse {
    fn from(problem: GraphProblem) -> Self {
        let position = |Position { line, column }| PositionResponse { line, column };
        Self {
            severity: match problem.severity {
                Severity::Warning => SeverityWord::Warning,
                _ => SeverityWord::Error,
            },
            code: problem.code.as_str(),
            node: problem.node,
            pointer: problem.pointer,
            position: problem.position.map(position),
            message: problem.message,
        }
    }
}

/// What a document is, and what is wrong with it.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckedWorkflow)]
pub(super) struct CheckedResponse {
    /// The form it was recognised as.
    #[schema(required = true)]
    format: Option<FormatWord>,
    /// The stored form, where it could be read whole.
    #[schema(value_type = Option<Object>, required = true)]
    graph: Option<Value>,
    problems: Vec<ProblemResponse>,
}

impl From<Checked> for CheckedResponse {
    fn from(checked: Checked) -> Self {
        Self {
            format: checked.format.map(Into::into),
            graph: checked.graph,
            problems: checked.problems.into_iter().map(Into::into).collect(),
        }
    }
}

/// The two bodies differ in the name alone: a new workflow needs one, or a graph that has one.
macro_rules! workflow_request {
    ($(#[$doc:meta])* $request:ident) => {
        $(#[$doc])*
        #[derive(Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $request {
            /// The name by which it is run: letters, digits, hyphens, dots, underscores. The graph's own where absent.
            #[schema(min_length = 1, max_length = 100)]
            name: Option<String>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<String>)]
            title: Option<Option<String>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<String>)]
            description: Option<Option<String>>,
            /// A workflow of any form.
            #[schema(value_type = Option<Object>)]
            graph: Option<Value>,
            is_active: Option<bool>,
            is_template: Option<bool>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<String>)]
            category: Option<Option<String>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<Visibility>)]
            visibility: Option<Option<Visibility>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<Classification>)]
            data_classification: Option<Option<Classification>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<Vec<String>>)]
            required_permissions: Option<Option<Vec<String>>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<Concurrency>)]
            concurrency: Option<Option<Concurrency>>,
        }

        impl From<$request> for WorkflowPatch {
            fn from(body: $request) -> Self {
                Self {
                    name: body.name,
                    title: body.title,
                    description: body.description,
                    graph: body.graph.map(Document::Value),
                    is_active: body.is_active,
                    is_template: body.is_template,
                    category: body.category,
                    visibility: body.visibility,
                    data_classification: body.data_classification,
                    required_permissions: body.required_permissions,
                    concurrency: body.concurrency,
                }
            }
        }
    };
}

workflow_request! {
    /// A new workflow. Without a graph it begins with a start and an end.
    CreateWorkflowRequest
}

workflow_request! {
    /// A change of a workflow: missing fields stay, `null` gives a field its default again.
    UpdateWorkflowRequest
}

/// The form in which a workflow is written.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ExportForm {
    /// Nodes and edges, short where it can be.
    Conductor,
    /// Steps with branches, of a workflow that is a list of them; any other is refused.
    Hybrid,
    /// Nodes and connections, as the canvas draws them.
    Canvas,
    /// What Conductor keeps.
    Stored,
}

/// What it is written in.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ExportSyntax {
    /// JSON.
    #[default]
    Json,
    /// YAML.
    Yaml,
}

/// How a workflow is to be written. The forms of nodes are loss-free: reading one gives an equal workflow. The form with
/// steps leaves out names, titles and places, and is refused where it cannot say what the workflow does.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportWorkflowRequest {
    format: ExportForm,
    #[serde(default)]
    #[schema(required = false)]
    syntax: ExportSyntax,
    /// One of its versions; where absent, the one that its graph is told of.
    pub(super) version: Option<i32>,
}

impl ExportWorkflowRequest {
    pub(super) fn form(&self) -> Form {
        match self.format {
            ExportForm::Conductor => Form::Conductor,
            ExportForm::Hybrid => Form::Hybrid,
            ExportForm::Canvas => Form::Canvas,
            ExportForm::Stored => Form::Stored,
        }
    }

    pub(super) fn syntax(&self) -> Syntax {
        match self.syntax {
            ExportSyntax::Json => Syntax::Json,
            ExportSyntax::Yaml => Syntax::Yaml,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_format_is_told_by_its_word() {
        for format in SourceFormat::ALL {
            assert_eq!(serde_json::to_value(FormatWord::from(*format)).unwrap(), json!(format.as_str()));
        }
    }
}
