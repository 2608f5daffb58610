//! What people say of workflows: tags and ratings.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{Rating, RatingId, RatingSummary, Tag, TagId, TagType, UserId, WorkflowId};
use conductor_workflows::{Opinions, RatingsView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::WorkflowPath;
use crate::{
    AppState, Problem,
    answer::NoContent,
    caller::Auth,
    json::Json,
    page::{PageParameters, Paging},
    path::Path,
};

/// A word that workflows are found by.
#[derive(Serialize, ToSchema)]
#[schema(as = Tag)]
pub(super) struct TagResponse {
    id: TagId,
    /// The word, in lower case.
    name: String,
    tag_type: TagType,
}

impl From<Tag> for TagResponse {
    fn from(tag: Tag) -> Self {
        Self { id: tag.id, name: tag.name, tag_type: tag.tag_type }
    }
}

/// All ratings of a workflow in two figures.
#[derive(Serialize, ToSchema)]
#[schema(as = RatingSummary)]
pub(super) struct RatingSummaryResponse {
    count: i64,
    /// Their mean; null where there is none.
    #[schema(required = true)]
    average: Option<f64>,
}

impl From<RatingSummary> for RatingSummaryResponse {
    fn from(summary: RatingSummary) -> Self {
        Self { count: summary.count, average: Some(summary.average).filter(|_| summary.count > 0) }
    }
}

/// What one person thinks of a workflow.
#[derive(Serialize, ToSchema)]
#[schema(as = Rating)]
struct RatingResponse {
    id: RatingId,
    user_id: UserId,
    /// From 1 to 5.
    rating: i32,
    #[schema(required = true)]
    review: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Rating> for RatingResponse {
    fn from(rating: Rating) -> Self {
        Self {
            id: rating.id,
            user_id: rating.user_id,
            rating: rating.rating,
            review: rating.review,
            created_at: rating.created_at,
            updated_at: rating.updated_at,
        }
    }
}

/// What people of the caller's organisation think of a workflow.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowRatings)]
struct RatingsResponse {
    items: Vec<RatingResponse>,
    /// What to pass as `cursor` for the next page; `null` at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
    /// Of all of them, not only of this page.
    summary: RatingSummaryResponse,
    /// The caller's own.
    #[schema(required = true)]
    own: Option<RatingResponse>,
}

/// What the caller thinks of a workflow.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RateWorkflowRequest {
    /// From 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    rating: i32,
    /// In words.
    #[schema(max_length = 2000)]
    review: Option<String>,
}

/// Tags for a workflow.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TagWorkflowRequest {
    /// Words of at most 40 characters; their case is not kept.
    tags: Vec<String>,
}

/// The tags of a workflow.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowTags)]
struct TagsResponse {
    items: Vec<TagResponse>,
    /// Always `null`: tags come in one page.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// The workflow and the tag that a path names.
#[derive(Deserialize)]
struct TagPath {
    workflow_id: WorkflowId,
    tag_id: TagId,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(rate_workflow))
        .routes(routes!(list_workflow_ratings))
        .routes(routes!(tag_workflow))
        .routes(routes!(untag_workflow))
}

/// Makes this what the caller thinks of somebody else's workflow, in place of what it thought before.
#[utoipa::path(
    post, path = "/api/workflows/{workflow_id}/rate", tag = "workflows", params(("workflow_id" = WorkflowId, Path)),
    request_body = RateWorkflowRequest, responses((status = 200, body = RatingResponse))
)]
async fn rate_workflow(
    Auth(caller): Auth,
    State(opinions): State<Opinions>,
    Path(path): Path<WorkflowPath>,
    Json(body): Json<RateWorkflowRequest>,
) -> Result<Json<RatingResponse>, Problem> {
    Ok(Json(opinions.rate(&caller, path.workflow_id, body.rating, body.review).await?.into()))
}

/// What people of the caller's organisation think of a workflow, newest first, and all of it in two figures.
#[utoipa::path(
    get, path = "/api/workflows/{workflow_id}/ratings", tag = "workflows",
    params(("workflow_id" = WorkflowId, Path), PageParameters), responses((status = 200, body = RatingsResponse))
)]
async fn list_workflow_ratings(
    Auth(caller): Auth,
    State(opinions): State<Opinions>,
    Path(path): Path<WorkflowPath>,
    paging: Paging,
) -> Result<Json<RatingsResponse>, Problem> {
    let view = opinions.ratings(&caller, path.workflow_id, paging.request.clone()).await?;
    let RatingsView { page, summary, own } = view;
    let page = paging.answer(page, RatingResponse::from);
    Ok(Json(RatingsResponse {
        items: page.items,
        next_cursor: page.next_cursor,
        summary: summary.into(),
        own: own.map(Into::into),
    }))
}

/// Gives a workflow tags beside those that it has; all of them come back.
#[utoipa::path(
    post, path = "/api/workflows/{workflow_id}/tags", tag = "workflows", params(("workflow_id" = WorkflowId, Path)),
    request_body = TagWorkflowRequest, responses((status = 200, body = TagsResponse))
)]
async fn tag_workflow(
    Auth(caller): Auth,
    State(opinions): State<Opinions>,
    Path(path): Path<WorkflowPath>,
    Json(body): Json<TagWorkflowRequest>,
) -> Result<Json<TagsResponse>, Problem> {
    let tags = opinions.tag(&caller, path.workflow_id, body.tags).await?;
    Ok(Json(TagsResponse { items: tags.into_iter().map(Into::into).collect(), next_cursor: None }))
}

/// Takes a tag from a workflow.
#[utoipa::path(
    delete, path = "/api/workflows/{workflow_id}/tags/{tag_id}", tag = "workflows",
    params(("workflow_id" = WorkflowId, Path), ("tag_id" = TagId, Path)),
    responses((status = 204, description = "Taken"))
)]
async fn untag_workflow(
    Auth(caller): Auth,
    State(opinions): State<Opinions>,
    Path(path): Path<TagPath>,
) -> Result<NoContent, Problem> {
    opinions.untag(&caller, path.workflow_id, path.tag_id).await?;
    Ok(NoContent)
}
