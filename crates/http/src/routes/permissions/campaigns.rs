//! Reviews of grants: opening one, saying what is still needed, closing it, taking it away as a table.

use axum::{body::Body, extract::State, response::Response};
use chrono::{DateTime, Utc};
use conductor_domain::{Campaign, CampaignId, CampaignItemId, ReviewDecision, UserId};
use conductor_governance::{Grants, ReviewView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::GrantResponse;
use crate::{
    AppState, Problem,
    answer::Created,
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    routes::audit::download,
};

/// A review of every grant of the organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessCampaign)]
struct CampaignResponse {
    id: CampaignId,
    name: String,
    /// By when it shall be done.
    due_at: DateTime<Utc>,
    created_by: Option<UserId>,
    created_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    /// Grants that it asks about.
    total: u64,
    confirmed: u64,
    dropped: u64,
}

impl From<Campaign> for CampaignResponse {
    fn from(campaign: Campaign) -> Self {
        Self {
            id: campaign.id,
            name: campaign.name,
            due_at: campaign.due_at,
            created_by: campaign.created_by,
            created_at: campaign.created_at,
            closed_at: campaign.closed_at,
            total: campaign.total,
            confirmed: campaign.confirmed,
            dropped: campaign.dropped,
        }
    }
}

/// One grant under review.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessCampaignItem)]
struct CampaignItemResponse {
    id: CampaignItemId,
    grant: GrantResponse,
    /// Whether the grant still counts, or has ended meanwhile.
    is_active: bool,
    decision: Option<ReviewDecision>,
    decided_by: Option<UserId>,
    decided_by_name: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    comment: Option<String>,
}

impl From<ReviewView> for CampaignItemResponse {
    fn from(view: ReviewView) -> Self {
        let ReviewView { item, grant, decided_by_name } = view;
        Self {
            id: item.id,
            is_active: item.grant.is_active,
            grant: grant.into(),
            decision: item.decision,
            decided_by: item.decided_by,
            decided_by_name,
            decided_at: item.decided_at,
            comment: item.comment,
        }
    }
}

/// A review to be opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateCampaignRequest {
    name: String,
    /// By when it shall be done.
    due_at: DateTime<Utc>,
}

/// What a reviewer says of a grant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReviewRequest {
    decision: ReviewDecision,
    /// Words beside it.
    comment: Option<String>,
}

/// The review and the question that a path names.
#[derive(Deserialize)]
struct ItemPath {
    campaign_id: CampaignId,
    item_id: CampaignItemId,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_access_campaigns, create_access_campaign))
        .routes(routes!(find_access_campaign))
        .routes(routes!(list_access_campaign_items))
        .routes(routes!(review_access))
        .routes(routes!(close_access_campaign))
        .routes(routes!(export_access_campaign))
}

/// Reviews of the organisation's grants, the newest first.
#[utoipa::path(
    get, path = "/api/permissions/campaigns", tag = "permissions", params(PageParameters),
    responses((status = 200, body = PageResponse<CampaignResponse>))
)]
async fn list_access_campaigns(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    paging: Paging,
) -> Result<PageResponse<CampaignResponse>, Problem> {
    let page = grants.campaigns(&caller, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Opens a review of every grant that is live now.
#[utoipa::path(
    post, path = "/api/permissions/campaigns", tag = "permissions", request_body = CreateCampaignRequest,
    responses((status = 201, body = CampaignResponse))
)]
async fn create_access_campaign(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Json(CreateCampaignRequest { name, due_at }): Json<CreateCampaignRequest>,
) -> Result<Created<CampaignResponse>, Problem> {
    let campaign = grants.open_campaign(&caller, &name, due_at).await?;
    Ok(Created { location: format!("/api/permissions/campaigns/{}", campaign.id), body: campaign.into() })
}

/// One review.
#[utoipa::path(
    get, path = "/api/permissions/campaigns/{campaign_id}", tag = "permissions",
    params(("campaign_id" = CampaignId, Path)), responses((status = 200, body = CampaignResponse))
)]
async fn find_access_campaign(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(id): Path<CampaignId>,
) -> Result<Json<CampaignResponse>, Problem> {
    Ok(Json(grants.campaign(&caller, id).await?.into()))
}

/// The grants that a review asks about.
#[utoipa::path(
    get, path = "/api/permissions/campaigns/{campaign_id}/items", tag = "permissions",
    params(("campaign_id" = CampaignId, Path), PageParameters),
    responses((status = 200, body = PageResponse<CampaignItemResponse>))
)]
async fn list_access_campaign_items(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(id): Path<CampaignId>,
    paging: Paging,
) -> Result<PageResponse<CampaignItemResponse>, Problem> {
    let page = grants.campaign_items(&caller, id, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Confirms or drops a grant; one that is dropped is taken back. Nobody confirms their own.
#[utoipa::path(
    put, path = "/api/permissions/campaigns/{campaign_id}/items/{item_id}", tag = "permissions",
    params(("campaign_id" = CampaignId, Path), ("item_id" = CampaignItemId, Path)),
    request_body = ReviewRequest, responses((status = 200, body = CampaignItemResponse))
)]
async fn review_access(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(path): Path<ItemPath>,
    Json(ReviewRequest { decision, comment }): Json<ReviewRequest>,
) -> Result<Json<CampaignItemResponse>, Problem> {
    let view = grants.review(&caller, path.campaign_id, path.item_id, decision, comment).await?;
    Ok(Json(view.into()))
}

/// Closes a review; nothing more is said in it.
#[utoipa::path(
    post, path = "/api/permissions/campaigns/{campaign_id}/close", tag = "permissions",
    params(("campaign_id" = CampaignId, Path)), responses((status = 200, body = CampaignResponse))
)]
async fn close_access_campaign(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(id): Path<CampaignId>,
) -> Result<Json<CampaignResponse>, Problem> {
    Ok(Json(grants.close_campaign(&caller, id).await?.into()))
}

/// A review as a table: every grant that it asked about, and what was said.
#[utoipa::path(
    get, path = "/api/permissions/campaigns/{campaign_id}/export", tag = "permissions",
    params(("campaign_id" = CampaignId, Path)),
    responses((status = 200, description = "The table", content((String = "text/csv"))))
)]
async fn export_access_campaign(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(id): Path<CampaignId>,
) -> Result<Response, Problem> {
    let table = grants.campaign_table(&caller, id).await?;
    Ok(download(Body::from(table), "text/csv; charset=utf-8", &format!("access-review-{id}.csv")))
}
