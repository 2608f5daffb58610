//! Rules of policies, one by one.

use axum::extract::State;
use conductor_domain::{Effect, Obligation, OrganizationId, PolicyId, PolicyRuleId};
use conductor_governance::Policies;
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{PolicyRuleRequest, RuleResponse};
use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    query::Query,
};

/// Which rules or bindings.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfPolicy {
    /// Those of this policy.
    pub(super) policy_id: Option<PolicyId>,
}

/// A rule to be written into a policy.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreatePolicyRuleRequest {
    /// The policy.
    policy_id: PolicyId,
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

/// A change of a rule: missing fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdatePolicyRuleRequest {
    action: Option<String>,
    target: Option<String>,
    effect: Option<Effect>,
    #[schema(value_type = Option<Object>)]
    conditions: Option<Value>,
    obligations: Option<Vec<Obligation>>,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(add_policy_rule))
        .routes(routes!(list_policy_rules, create_policy_rule))
        .routes(routes!(find_policy_rule, update_policy_rule, delete_policy_rule))
}

/// Adds a rule to a policy.
#[utoipa::path(
    post, path = "/api/v1/orgs/{org_id}/policies/{policy_id}/rules", tag = "policies",
    params(("org_id" = OrganizationId, Path), ("policy_id" = PolicyId, Path)),
    request_body = PolicyRuleRequest, responses((status = 201, body = RuleResponse))
)]
async fn add_policy_rule(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Path((_org, policy)): Path<(OrganizationId, PolicyId)>,
    Json(body): Json<PolicyRuleRequest>,
) -> Result<Created<RuleResponse>, Problem> {
    let rule = policies.add_rule(&caller, policy, body.into()).await?;
    Ok(Created { location: format!("/api/v1/policies/rules/{}", rule.id), body: (policy, rule).into() })
}

/// Rules of the active organisation's policies.
#[utoipa::path(
    get, path = "/api/v1/policies/rules", tag = "policies", params(OfPolicy, PageParameters),
    responses((status = 200, body = PageResponse<RuleResponse>))
)]
async fn list_policy_rules(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Query(of): Query<OfPolicy>,
    paging: Paging,
) -> Result<PageResponse<RuleResponse>, Problem> {
    let page = policies.rules(&caller, of.policy_id, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Adds a rule to the policy that it names.
#[utoipa::path(
    post, path = "/api/v1/policies/rules", tag = "policies", request_body = CreatePolicyRuleRequest,
    responses((status = 201, body = RuleResponse))
)]
async fn create_policy_rule(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Json(body): Json<CreatePolicyRuleRequest>,
) -> Result<Created<RuleResponse>, Problem> {
    let CreatePolicyRuleRequest { policy_id, action, target, effect, conditions, obligations } = body;
    let draft = PolicyRuleRequest { id: None, action, target, effect, conditions, obligations };
    let rule = policies.add_rule(&caller, policy_id, draft.into()).await?;
    Ok(Created { location: format!("/api/v1/policies/rules/{}", rule.id), body: (policy_id, rule).into() })
}

/// One rule.
#[utoipa::path(
    get, path = "/api/v1/policies/rules/{rule_id}", tag = "policies",
    params(("rule_id" = PolicyRuleId, Path)), responses((status = 200, body = RuleResponse))
)]
async fn find_policy_rule(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Path(id): Path<PolicyRuleId>,
) -> Result<Json<RuleResponse>, Problem> {
    let (policy, rule) = policies.rule(&caller, id).await?;
    Ok(Json((policy.id, rule).into()))
}

/// Changes a rule.
#[utoipa::path(
    method(put, patch), path = "/api/v1/policies/rules/{rule_id}", tag = "policies",
    params(("rule_id" = PolicyRuleId, Path)), request_body = UpdatePolicyRuleRequest,
    responses((status = 200, body = RuleResponse))
)]
async fn update_policy_rule(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Path(id): Path<PolicyRuleId>,
    Json(body): Json<UpdatePolicyRuleRequest>,
) -> Result<Json<RuleResponse>, Problem> {
    let changed = policies
        .change_rule(&caller, id, |rule| {
            let UpdatePolicyRuleRequest { action, target, effect, conditions, obligations } = body;
            rule.action = action.unwrap_or_else(|| std::mem::take(&mut rule.action));
            rule.target = target.unwrap_or_else(|| std::mem::take(&mut rule.target));
            rule.effect = effect.unwrap_or(rule.effect);
            rule.conditions = conditions.unwrap_or_else(|| rule.conditions.take());
            rule.obligations = obligations.unwrap_or_else(|| std::mem::take(&mut rule.obligations));
        })
        .await?;
    Ok(Json(changed.into()))
}

/// Removes a rule.
#[utoipa::path(
    delete, path = "/api/v1/policies/rules/{rule_id}", tag = "policies",
    params(("rule_id" = PolicyRuleId, Path)), responses((status = 204, description = "Removed"))
)]
async fn delete_policy_rule(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Path(id): Path<PolicyRuleId>,
) -> Result<NoContent, Problem> {
    policies.remove_rule(&caller, id).await?;
    Ok(NoContent)
}
