//! Who belongs to an organisation.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{Member, OrganizationId, OrganizationRole, UserId};
use conductor_identity::{Identity, NewMember};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    answer::{Created, NoContent, Secret},
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
};

/// A member.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
struct MemberResponse {
    user_id: UserId,
    email: String,
    name: String,
    role: OrganizationRole,
    is_active: bool,
    /// Whether the person has accepted the invitation.
    is_verified: bool,
    /// Whether the organisation's directory brought the person and keeps name, address and activity.
    is_provisioned: bool,
    created_at: DateTime<Utc>,
}

impl From<Member> for MemberResponse {
    fn from(Member { membership, email, name, is_verified, is_provisioned }: Member) -> Self {
        Self {
            user_id: membership.user_id,
            role: membership.role,
            is_active: membership.is_active,
            created_at: membership.created_at,
            email,
            name,
            is_verified,
            is_provisioned,
        }
    }
}

/// Someone to be brought in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateMemberRequest {
    email: String,
    role: OrganizationRole,
    name: Option<String>,
}

/// Someone who was brought in.
#[derive(Serialize, ToSchema)]
struct CreateMemberResponse {
    member: MemberResponse,
    /// Where a person without a password sets one; shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    invite_link: Option<String>,
}

/// A change of a membership: missing fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateMemberRequest {
    role: Option<OrganizationRole>,
    is_active: Option<bool>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_members, create_member))
        .routes(routes!(update_member, delete_member))
}

/// The organisation's members.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/members", tag = "members",
    params(("org_id" = OrganizationId, Path), PageParameters),
    responses((status = 200, body = PageResponse<MemberResponse>))
)]
async fn list_members(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    paging: Paging,
) -> Result<PageResponse<MemberResponse>, Problem> {
    let page = identity.members(&caller, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Brings someone in. Whoever has no account gets one, and a link to set its password.
#[utoipa::path(
    post, path = "/api/v1/orgs/{org_id}/members", tag = "members", params(("org_id" = OrganizationId, Path)),
    request_body = CreateMemberRequest, responses((status = 201, body = CreateMemberResponse))
)]
async fn create_member(
    Auth(caller): Auth,
    State(state): State<AppState>,
    Json(body): Json<CreateMemberRequest>,
) -> Result<Secret<Created<CreateMemberResponse>>, Problem> {
    let CreateMemberRequest { email, role, name } = body;
    let invited = state.identity.add_member(&caller, NewMember { email, role, name }).await?;
    let base = state.options.public_url.as_deref().unwrap_or_default().trim_end_matches('/');
    let invite_link = invited.token.map(|token| format!("{base}/invite?token={}", token.expose()));
    let member = invited.member.membership;
    let location = format!("/api/v1/orgs/{}/members/{}", member.organization_id, member.user_id);
    let body =
        CreateMemberResponse { member: Member { membership: member, ..invited.member }.into(), invite_link };
    Ok(Secret(Created { location, body }))
}

/// Changes a member's role, or switches the membership off or on.
#[utoipa::path(
    patch, path = "/api/v1/orgs/{org_id}/members/{user_id}", tag = "members",
    params(("org_id" = OrganizationId, Path), ("user_id" = UserId, Path)),
    request_body = UpdateMemberRequest, responses((status = 200, body = MemberResponse))
)]
async fn update_member(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path((_org, user)): Path<(OrganizationId, UserId)>,
    Json(body): Json<UpdateMemberRequest>,
) -> Result<Json<MemberResponse>, Problem> {
    Ok(Json(identity.update_member(&caller, user, body.role, body.is_active).await?.into()))
}

/// Removes a member; people may remove themselves.
#[utoipa::path(
    delete, path = "/api/v1/orgs/{org_id}/members/{user_id}", tag = "members",
    params(("org_id" = OrganizationId, Path), ("user_id" = UserId, Path)),
    responses((status = 204, description = "Removed"))
)]
async fn delete_member(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path((_org, user)): Path<(OrganizationId, UserId)>,
) -> Result<NoContent, Problem> {
    identity.remove_member(&caller, user).await?;
    Ok(NoContent)
}
