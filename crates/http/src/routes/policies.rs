//! Policies, and questions to the decision point.

mod bindings;
mod evaluate;
mod rules;

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{
    BindingScope, Effect, EnvironmentId, Obligation, OrganizationId, Policy, PolicyBinding, PolicyBindingId,
    PolicyId, PolicyMode, PolicyRule, PolicyRuleId,
};
use conductor_governance::{BindingDraft, Policies, PolicyEdit, RuleDraft};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    etag::{IfMatch, Versioned},
    json::{Json, nullable},
    page::{PageParameters, PageResponse, Paging},
    path::Path,
};

/// A rule of a policy.
#[derive(Serialize, ToSchema)]
#[schema(as = PolicyRule)]
struct RuleResponse {
    /// The rule, as decisions and audit entries name it.
    id: PolicyRuleId,
    /// Its policy.
    policy_id: PolicyId,
    /// `tool.invoke`, `agent.*` or `*`.
    action: String,
    /// `tool:pdf/read`, `tool:pdf/*` or `*`.
    target: String,
    /// What it says.
    effect: Effect,
    /// An object of which every key must hold.
    conditions: Value,
    /// What must be done when it lets a request pass.
    obligations: Vec<Obligation>,
    /// When it was written.
    created_at: DateTime<Utc>,
}

impl From<(PolicyId, PolicyRule)> for RuleResponse {
    fn from((policy_id, rule): (PolicyId, PolicyRule)) -> Self {
        let PolicyRule { id, action, target, effect, conditions, obligations, created_at } = rule;
        let conditions = if conditions.is_null() { json!({}) } else { conditions };
        Self { id, policy_id, action, target, effect, conditions, obligations, created_at }
    }
}

/// A place where a policy applies.
#[derive(Serialize, ToSchema)]
#[schema(as = PolicyBinding)]
struct BindingResponse {
    /// The binding.
    id: PolicyBindingId,
    /// Its policy.
    policy_id: PolicyId,
    /// The type of place.
    scope_type: BindingScope,
    /// Its id or name; `*` for every one of its type.
    scope_id: String,
    /// Among rules that allow or ask, the highest speaks; a rule that denies needs none.
    priority: i32,
    /// When it was made.
    created_at: DateTime<Utc>,
}

impl From<(PolicyId, PolicyBinding)> for BindingResponse {
    fn from((policy_id, binding): (PolicyId, PolicyBinding)) -> Self {
        let PolicyBinding { id, scope_type, scope_id, priority, created_at } = binding;
        Self { id, policy_id, scope_type, scope_id, priority, created_at }
    }
}

/// A policy with its rules and bindings.
#[derive(Serialize, ToSchema)]
#[schema(as = Policy)]
struct PolicyResponse {
    /// The policy.
    id: PolicyId,
    /// The tenant.
    organization_id: OrganizationId,
    /// The one environment it holds in; every one of the tenant where there is none.
    environment_id: Option<EnvironmentId>,
    /// Unique in the organisation.
    name: String,
    /// What it is for.
    description: Option<String>,
    /// Counts its changes.
    version: i32,
    /// Whether its word counts.
    mode: PolicyMode,
    /// Whether it is asked at all.
    is_active: bool,
    /// Whether it comes with Conductor: then it can only be switched off.
    is_baseline: bool,
    /// Its rules.
    rules: Vec<RuleResponse>,
    /// Where it applies; without a binding, nowhere.
    bindings: Vec<BindingResponse>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

impl From<Policy> for PolicyResponse {
    fn from(policy: Policy) -> Self {
        let id = policy.id;
        Self {
            id,
            organization_id: policy.organization_id,
            environment_id: policy.environment_id,
            name: policy.name,
            description: policy.description,
            version: policy.version,
            mode: policy.mode,
            is_active: policy.is_active,
            is_baseline: policy.is_baseline,
            rules: policy.rules.into_iter().map(|rule| (id, rule).into()).collect(),
            bindings: policy.bindings.into_iter().map(|binding| (id, binding).into()).collect(),
            created_at: policy.created_at,
            updated_at: policy.updated_at,
        }
    }
}

/// A rule to be written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyRuleRequest {
    /// The rule that this one replaces, in a list of a policy's rules.
    id: Option<PolicyRuleId>,
    /// `tool.invoke`, `agent.*` or `*`.
    action: String,
    /// `tool:pdf/read`, `tool:pdf/*` or `*`.
    target: String,
    /// What it says.
    effect: Effect,
    /// An object of which every key must hold.
    #[serde(default)]
    #[schema(value_type = Object)]
    conditions: Value,
    /// What must be done when it lets a request pass.
    #[serde(default)]
    obligations: Vec<Obligation>,
}

impl From<PolicyRuleRequest> for RuleDraft {
    fn from(rule: PolicyRuleRequest) -> Self {
        let PolicyRuleRequest { id, action, target, effect, conditions, obligations } = rule;
        Self { id, action, target, effect, conditions, obligations }
    }
}

/// A place to bind a policy to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyBindingRequest {
    /// The binding that this one replaces, in a list of a policy's bindings.
    id: Option<PolicyBindingId>,
    /// The type of place.
    scope_type: BindingScope,
    /// Its id or name; `*` for every one of its type.
    scope_id: String,
    /// Among rules that allow or ask, the highest speaks.
    #[serde(default)]
    priority: i32,
}

impl From<PolicyBindingRequest> for BindingDraft {
    fn from(binding: PolicyBindingRequest) -> Self {
        let PolicyBindingRequest { id, scope_type, scope_id, priority } = binding;
        Self { id, scope_type, scope_id, priority }
    }
}

/// A policy to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreatePolicyRequest {
    name: String,
    description: Option<String>,
    environment_id: Option<EnvironmentId>,
    mode: Option<PolicyMode>,
    is_active: Option<bool>,
    /// Its rules.
    #[serde(default, alias = "rules_json")]
    rules: Vec<PolicyRuleRequest>,
    /// Where it applies; everywhere in the organisation where it is left out.
    bindings: Option<Vec<PolicyBindingRequest>>,
}

impl From<CreatePolicyRequest> for PolicyEdit {
    fn from(body: CreatePolicyRequest) -> Self {
        Self {
            name: Some(body.name),
            description: Some(body.description),
            environment_id: Some(body.environment_id),
            mode: body.mode,
            is_active: body.is_active,
            rules: Some(body.rules.into_iter().map(Into::into).collect()),
            bindings: body.bindings.map(|bindings| bindings.into_iter().map(Into::into).collect()),
            version: None,
        }
    }
}

/// A change of a policy: missing fields stay, lists are replaced whole.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdatePolicyRequest {
    name: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<EnvironmentId>)]
    environment_id: Option<Option<EnvironmentId>>,
    mode: Option<PolicyMode>,
    is_active: Option<bool>,
    #[serde(alias = "rules_json")]
    rules: Option<Vec<PolicyRuleRequest>>,
    bindings: Option<Vec<PolicyBindingRequest>>,
}

impl From<UpdatePolicyRequest> for PolicyEdit {
    fn from(body: UpdatePolicyRequest) -> Self {
        Self {
            name: body.name,
            description: body.description,
            environment_id: body.environment_id,
            mode: body.mode,
            is_active: body.is_active,
            rules: body.rules.map(|rules| rules.into_iter().map(Into::into).collect()),
            bindings: body.bindings.map(|bindings| bindings.into_iter().map(Into::into).collect()),
            version: None,
        }
    }
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_policies, create_policy))
        .routes(routes!(find_policy, update_policy, delete_policy))
        .merge(evaluate::router())
        .merge(rules::router())
        .merge(bindings::router())
}

/// The organisation's policies, those that come with Conductor last.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/policies", tag = "policies",
    params(("org_id" = OrganizationId, Path), PageParameters),
    responses((status = 200, body = PageResponse<PolicyResponse>))
)]
async fn list_policies(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    paging: Paging,
) -> Result<PageResponse<PolicyResponse>, Problem> {
    let page = policies.page(&caller, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Makes a policy. It counts from the next decision on.
#[utoipa::path(
    post, path = "/api/v1/orgs/{org_id}/policies", tag = "policies",
    params(("org_id" = OrganizationId, Path)), request_body = CreatePolicyRequest,
    responses((status = 201, body = PolicyResponse))
)]
async fn create_policy(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Json(body): Json<CreatePolicyRequest>,
) -> Result<Created<PolicyResponse>, Problem> {
    let made = policies.create(&caller, body.into()).await?;
    let location = format!("/api/v1/orgs/{}/policies/{}", made.organization_id, made.id);
    Ok(Created { location, body: made.into() })
}

/// One policy.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/policies/{policy_id}", tag = "policies",
    params(("org_id" = OrganizationId, Path), ("policy_id" = PolicyId, Path)),
    responses((status = 200, body = PolicyResponse))
)]
async fn find_policy(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Path((_org, id)): Path<(OrganizationId, PolicyId)>,
) -> Result<Versioned<Json<PolicyResponse>>, Problem> {
    let policy = policies.find(&caller, id).await?;
    Ok(Versioned { version: policy.version.into(), body: Json(policy.into()) })
}

/// Changes a policy. One that comes with Conductor is switched off or on, and nothing else.
#[utoipa::path(
    method(put, patch), path = "/api/v1/orgs/{org_id}/policies/{policy_id}", tag = "policies",
    params(("org_id" = OrganizationId, Path), ("policy_id" = PolicyId, Path)),
    request_body = UpdatePolicyRequest, responses((status = 200, body = PolicyResponse))
)]
async fn update_policy(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Path((_org, id)): Path<(OrganizationId, PolicyId)>,
    version: IfMatch,
    Json(body): Json<UpdatePolicyRequest>,
) -> Result<Versioned<Json<PolicyResponse>>, Problem> {
    let edit = PolicyEdit { version: version.number(), ..body.into() };
    let policy = policies.update(&caller, id, edit).await?;
    Ok(Versioned { version: policy.version.into(), body: Json(policy.into()) })
}

/// Deletes a policy. It counts until the next decision.
#[utoipa::path(
    delete, path = "/api/v1/orgs/{org_id}/policies/{policy_id}", tag = "policies",
    params(("org_id" = OrganizationId, Path), ("policy_id" = PolicyId, Path)),
    responses((status = 204, description = "Deleted"))
)]
async fn delete_policy(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Path((_org, id)): Path<(OrganizationId, PolicyId)>,
) -> Result<NoContent, Problem> {
    policies.delete(&caller, id).await?;
    Ok(NoContent)
}
