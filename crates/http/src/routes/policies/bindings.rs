//! Bindings of policies, one by one.

use axum::extract::State;
use conductor_domain::{BindingScope, PolicyBindingId, PolicyId};
use conductor_governance::Policies;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{BindingResponse, PolicyBindingRequest, rules::OfPolicy};
use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    query::Query,
};

/// A place to bind a policy to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreatePolicyBindingRequest {
    /// The policy.
    policy_id: PolicyId,
    /// The type of place.
    scope_type: BindingScope,
    /// Its id or name; `*` for every one of its type.
    scope_id: String,
    /// Among rules that allow or ask, the highest speaks.
    #[serde(default)]
    priority: i32,
}

/// A change of a binding: missing fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdatePolicyBindingRequest {
    scope_type: Option<BindingScope>,
    scope_id: Option<String>,
    priority: Option<i32>,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_policy_bindings, create_policy_binding)).routes(routes!(
        find_policy_binding,
        update_policy_binding,
        delete_policy_binding
    ))
}

/// Bindings of the active organisation's policies.
#[utoipa::path(
    get, path = "/api/v1/policies/bindings", tag = "policies", params(OfPolicy, PageParameters),
    responses((status = 200, body = PageResponse<BindingResponse>))
)]
async fn list_policy_bindings(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Query(of): Query<OfPolicy>,
    paging: Paging,
) -> Result<PageResponse<BindingResponse>, Problem> {
    let page = policies.bindings(&caller, of.policy_id, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Binds a policy to another place.
#[utoipa::path(
    post, path = "/api/v1/policies/bindings", tag = "policies", request_body = CreatePolicyBindingRequest,
    responses((status = 201, body = BindingResponse))
)]
async fn create_policy_binding(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Json(body): Json<CreatePolicyBindingRequest>,
) -> Result<Created<BindingResponse>, Problem> {
    let CreatePolicyBindingRequest { policy_id, scope_type, scope_id, priority } = body;
    let draft = PolicyBindingRequest { id: None, scope_type, scope_id, priority };
    let binding = policies.add_binding(&caller, policy_id, draft.into()).await?;
    let location = format!("/api/v1/policies/bindings/{}", binding.id);
    Ok(Created { location, body: (policy_id, binding).into() })
}

/// One binding.
#[utoipa::path(
    get, path = "/api/v1/policies/bindings/{binding_id}", tag = "policies",
    params(("binding_id" = PolicyBindingId, Path)), responses((status = 200, body = BindingResponse))
)]
async fn find_policy_binding(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Path(id): Path<PolicyBindingId>,
) -> Result<Json<BindingResponse>, Problem> {
    let (policy, binding) = policies.binding(&caller, id).await?;
    Ok(Json((policy.id, binding).into()))
}

/// Changes a binding.
#[utoipa::path(
    method(put, patch), path = "/api/v1/policies/bindings/{binding_id}", tag = "policies",
    params(("binding_id" = PolicyBindingId, Path)), request_body = UpdatePolicyBindingRequest,
    responses((status = 200, body = BindingResponse))
)]
async fn update_policy_binding(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Path(id): Path<PolicyBindingId>,
    Json(body): Json<UpdatePolicyBindingRequest>,
) -> Result<Json<BindingResponse>, Problem> {
    let changed = policies
        .change_binding(&caller, id, |binding| {
            let UpdatePolicyBindingRequest { scope_type, scope_id, priority } = body;
            binding.scope_type = scope_type.unwrap_or(binding.scope_type);
            binding.scope_id = scope_id.unwrap_or_else(|| std::mem::take(&mut binding.scope_id));
            binding.priority = priority.unwrap_or(binding.priority);
        })
        .await?;
    Ok(Json(changed.into()))
}

/// Removes a binding.
#[utoipa::path(
    delete, path = "/api/v1/policies/bindings/{binding_id}", tag = "policies",
    params(("binding_id" = PolicyBindingId, Path)), responses((status = 204, description = "Removed"))
)]
async fn delete_policy_binding(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Path(id): Path<PolicyBindingId>,
) -> Result<NoContent, Problem> {
    policies.remove_binding(&caller, id).await?;
    Ok(NoContent)
}
