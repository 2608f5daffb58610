//! Who may do something with a row, and what a grant would change before it is given.

use axum::extract::State;
use conductor_domain::{AccessLevel, Effect, GrantSubject, ResourceRef, SharedKind, SubjectKind};
use conductor_governance::{GrantTrial, Grants, Preview, Standing, WhoFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{missing, wanted};
use crate::{
    AppState, Problem,
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    query::Query,
};

/// What is asked about whom.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct WhoQuery {
    /// The kind of the row.
    #[param(inline)]
    resource_type: Option<SharedKind>,
    /// The row.
    resource_id: Option<Uuid>,
    /// How much of the row; `read` where neither this nor `permission` is named.
    #[param(inline)]
    access_level: Option<AccessLevel>,
    /// `agent.update`, instead of a level.
    permission: Option<String>,
    /// Who is listed: `user`, `role`, `agent` or `service_account`; people where it is not named.
    #[param(inline)]
    subject_type: Option<SubjectKind>,
    /// Words in the name or the address.
    q: Option<String>,
    /// Only those who may, or only those who may not. Who is no administrator of grants is told of the former alone.
    allowed: Option<bool>,
    /// As if this kind of subject, with `grant_subject_id`, had been granted the row; `user` where it is not named.
    #[param(inline)]
    grant_subject_type: Option<SubjectKind>,
    /// To whom, as if it had been given.
    grant_subject_id: Option<Uuid>,
    /// How much, as if it had been given.
    #[param(inline)]
    grant_access_level: Option<AccessLevel>,
}

/// What somebody may do with a row, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessStanding)]
struct StandingResponse {
    subject_type: SubjectKind,
    subject_id: Uuid,
    /// A person's name or address, a role as `organization:member`, the name of a machine.
    subject_name: String,
    subject_email: Option<String>,
    /// `allow`, `deny`, or `approve` where a person is asked first.
    effect: Effect,
    /// What is decided now, where a grant is tried.
    before: Option<Effect>,
    /// The rule that decides.
    rule_id: String,
    /// Why, as a sentence.
    reason: String,
}

impl From<Standing> for StandingResponse {
    fn from(standing: Standing) -> Self {
        let Standing { subject, name, email, effect, before, rule, reason } = standing;
        Self {
            subject_type: subject.kind,
            subject_id: subject.id,
            subject_name: name,
            subject_email: email,
            effect,
            before,
            rule_id: rule,
            reason,
        }
    }
}

/// A grant that nobody has given yet.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PreviewGrantRequest {
    resource_type: SharedKind,
    resource_id: Uuid,
    /// `user` where it is not named.
    subject_type: Option<SubjectKind>,
    subject_id: Uuid,
    access_level: AccessLevel,
}

/// What a grant would change.
#[derive(Serialize, ToSchema)]
#[schema(as = GrantPreview)]
struct PreviewGrantResponse {
    /// People and machines that it is for.
    reached: u64,
    /// Those of them who could do as much before.
    already: u64,
    /// Those who could from then on.
    gains: u64,
    /// Those who still could not: their clearance, their role or a policy is in the way.
    denied: u64,
    /// The first hundred who gain.
    gaining: Vec<StandingResponse>,
    /// The first hundred who do not, with the reason; empty for whoever is no administrator of grants.
    staying_out: Vec<StandingResponse>,
}

impl From<Preview> for PreviewGrantResponse {
    fn from(preview: Preview) -> Self {
        let Preview { reached, already, gains, denied, gaining, staying } = preview;
        let named = |list: Vec<Standing>| list.into_iter().map(Into::into).collect();
        Self { reached, already, gains, denied, gaining: named(gaining), staying_out: named(staying) }
    }
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_who_may)).routes(routes!(preview_grant))
}

/// What people, roles or machines may do with a row, each with the reason. For those who may grant on it.
#[utoipa::path(
    get, path = "/api/permissions/who", tag = "permissions", params(WhoQuery, PageParameters),
    responses((status = 200, body = PageResponse<StandingResponse>))
)]
async fn list_who_may(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Query(query): Query<WhoQuery>,
    paging: Paging,
) -> Result<PageResponse<StandingResponse>, Problem> {
    let kind = query.resource_type.ok_or_else(|| missing("?resource_type", "Name the kind of the row."))?;
    let id = query.resource_id.ok_or_else(|| missing("?resource_id", "Name the row."))?;
    let level = match (query.access_level, &query.permission) {
        (None, None) => Some(AccessLevel::Read),
        (level, _) => level,
    };
    let action = wanted(kind, level, query.permission.as_deref())?;
    let grant = match (query.grant_subject_id, query.grant_access_level) {
        (Some(id), Some(level)) => {
            let kind = query.grant_subject_type.unwrap_or(SubjectKind::User);
            Some(GrantTrial { subject: GrantSubject { kind, id }, level })
        }
        (None, None) if query.grant_subject_type.is_none() => None,
        (None, _) => return Err(missing("?grant_subject_id", "Name to whom it would be given.")),
        (Some(_), None) => return Err(missing("?grant_access_level", "Name how much would be given.")),
    };
    let filter = WhoFilter {
        kind: query.subject_type.unwrap_or(SubjectKind::User),
        q: query.q,
        allowed: query.allowed,
        grant,
    };
    let page = grants.who(&caller, ResourceRef { kind, id }, action, filter, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// What giving a row to somebody would change: who would gain what the level stands for, and who still could not.
/// Nothing is given.
#[utoipa::path(
    post, path = "/api/permissions/preview", tag = "permissions", request_body = PreviewGrantRequest,
    responses((status = 200, body = PreviewGrantResponse))
)]
async fn preview_grant(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Json(body): Json<PreviewGrantRequest>,
) -> Result<Json<PreviewGrantResponse>, Problem> {
    let PreviewGrantRequest { resource_type, resource_id, subject_type, subject_id, access_level } = body;
    let subject = GrantSubject { kind: subject_type.unwrap_or(SubjectKind::User), id: subject_id };
    let resource = ResourceRef { kind: resource_type, id: resource_id };
    let trial = GrantTrial { subject, level: access_level };
    Ok(Json(grants.preview(&caller, resource, trial).await?.into()))
}
