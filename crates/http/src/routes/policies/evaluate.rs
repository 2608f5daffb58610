//! Questions to the decision point: what would it say, and why.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{
    AccessLevel, AgentId, AuditEventId, Classification, Decision, Effect, GrantSubject, Obligation,
    OrganizationId, PolicyId, ResourceRef, SharedKind, SubjectKind, TraceStep, UserId, Visibility,
};
use conductor_governance::{Action, Backtest, Facts, GrantTrial, Policies, Question, Subject};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::UpdatePolicyRequest;
use crate::{AppState, Problem, caller::Auth, json::Json};

/// A question to the decision point.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EvaluateRequest {
    /// What would be asked for, such as `tool.invoke`.
    action: String,
    /// What it would be asked about, such as `tool:pdf/read`; something new of its kind where neither this nor
    /// `resource_id` is named.
    target: Option<String>,
    /// A stored row of the organisation, of the kind that the action names: an agent, a connector, a conversation or a
    /// workflow. Its owner, visibility, label and grants are read, and `resource` may only try another label.
    resource_id: Option<Uuid>,
    /// Whose request it would be; one's own where it is left out.
    user_id: Option<UserId>,
    /// The kind of `subject_id`: `user`, `agent` or `service_account`. Machines are asked about by their tokens.
    subject_type: Option<SubjectKind>,
    /// Whose request it would be, in the place of `user_id`.
    subject_id: Option<Uuid>,
    /// A grant on the stored row, as if it had been given.
    grant: Option<GrantTrialRequest>,
    /// The agent that would act.
    agent_id: Option<AgentId>,
    /// The organisation, where the path names none; a member's only.
    organization_id: Option<OrganizationId>,
    /// What is known of the target.
    #[serde(default)]
    resource: ResourceRequest,
    /// The arguments of a tool call.
    #[schema(value_type = Option<Object>)]
    arguments: Option<Value>,
    /// The policy that the draft would take the place of.
    policy_id: Option<PolicyId>,
    /// A change to be tried: what would be decided if it were stored.
    draft: Option<UpdatePolicyRequest>,
}

/// A grant to be tried.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GrantTrialRequest {
    /// `user` where it is not named.
    subject_type: Option<SubjectKind>,
    subject_id: Uuid,
    access_level: AccessLevel,
}

impl From<GrantTrialRequest> for GrantTrial {
    fn from(request: GrantTrialRequest) -> Self {
        let GrantTrialRequest { subject_type, subject_id, access_level } = request;
        let kind = subject_type.unwrap_or(SubjectKind::User);
        Self { subject: GrantSubject { kind, id: subject_id }, level: access_level }
    }
}

/// What is known of a target; what is left out is taken as a row of the organisation that all of it may see.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResourceRequest {
    /// Whose it is.
    owner_user_id: Option<UserId>,
    /// Who sees it.
    visibility: Option<Visibility>,
    /// How sensitive it is.
    data_classification: Option<Classification>,
    /// Whether the platform keeps it for every tenant.
    #[serde(default)]
    is_official: bool,
    /// For tools: whether it only reads.
    #[serde(default)]
    read_only: bool,
    /// For tools: whether it asks before each call.
    #[serde(default)]
    asks: bool,
}

/// What the decision point would say.
#[derive(Serialize, ToSchema)]
struct EvaluateResponse {
    /// `allow`, `deny` or `approve`.
    effect: Effect,
    /// `allow` or `deny`, for clients that know only two words: asking first is not allowed yet.
    decision: &'static str,
    /// The rule that decided: a policy rule's id, or the name of a built-in one.
    rule_id: String,
    /// The sentence that settled it.
    reason: Option<String>,
    /// What must be done on the way.
    obligations: Vec<Obligation>,
    /// Every source that was asked, in order, with what it said.
    trace: Vec<TraceStep>,
}

impl From<Decision> for EvaluateResponse {
    fn from(decision: Decision) -> Self {
        let Decision { effect, rule, obligations, trace } = decision;
        Self {
            effect,
            decision: if effect == Effect::Allow { "allow" } else { "deny" },
            rule_id: rule,
            reason: trace.last().map(|step| step.says.clone()),
            obligations,
            trace,
        }
    }
}

impl EvaluateRequest {
    fn read(self, scope: conductor_domain::Scope) -> Result<Question, Problem> {
        let action = Action::from_word(&self.action).ok_or_else(|| {
            let detail = format!("There is no action {:?}; write one such as tool.invoke.", self.action);
            Problem::field("/action", "unknown_action", detail)
        })?;
        let subject = self.subject()?;
        let resource = self.stored(action)?;
        let target = self.target.unwrap_or_else(|| format!("{}:new", action.kind()));
        let mut facts = Facts::new(target, scope)
            .owned_by(self.resource.owner_user_id)
            .seen_by(self.resource.visibility.unwrap_or(Visibility::Organization))
            .labelled(self.resource.data_classification.unwrap_or(Classification::Internal))
            .official(self.resource.is_official);
        facts.read_only = self.resource.read_only;
        facts.asks = self.resource.asks;
        Ok(Question {
            subject,
            agent_id: self.agent_id,
            action,
            resource,
            facts,
            label: self.resource.data_classification,
            grant: self.grant.map(Into::into),
            arguments: self.arguments,
            draft: self.draft.map(|draft| (self.policy_id, draft.into())),
        })
    }

    /// Whose request it would be.
    fn subject(&self) -> Result<Option<Subject>, Problem> {
        let Some(id) = self.subject_id else {
            return match self.subject_type {
                Some(_) => Err(Problem::field("/subject_id", "required", "Name whose request it would be.")),
                None => Ok(self.user_id.map(Subject::User)),
            };
        };
        if self.user_id.is_some() {
            return Err(Problem::field("/user_id", "mismatch", "Name the subject once, by its kind and id."));
        }
        match self.subject_type.unwrap_or(SubjectKind::User) {
            SubjectKind::User => Ok(Some(Subject::User(id.into()))),
            SubjectKind::Agent => Ok(Some(Subject::Agent(id.into()))),
            SubjectKind::ServiceAccount => Ok(Some(Subject::ServiceAccount(id.into()))),
            SubjectKind::Role | SubjectKind::Organization => {
                let detail = "Many at once are answered by /api/permissions/who; name a user, an agent or a \
                              service account here.";
                Err(Problem::field("/subject_type", "not_one", detail))
            }
        }
    }

    /// The stored row that it asks about.
    fn stored(&self, action: Action) -> Result<Option<ResourceRef>, Problem> {
        let Some(id) = self.resource_id else {
            return match self.grant {
                Some(_) => Err(Problem::field("/resource_id", "required", "Name the row of the grant.")),
                None => Ok(None),
            };
        };
        if self.target.is_some() {
            return Err(Problem::field(
                "/target",
                "mismatch",
                "The stored row is the target; leave this out.",
            ));
        }
        let ResourceRequest { owner_user_id, visibility, is_official, read_only, asks, .. } = &self.resource;
        if owner_user_id.is_some() || visibility.is_some() || *is_official || *read_only || *asks {
            let detail = "What is stored of the row counts; only another data_classification can be tried.";
            return Err(Problem::field("/resource", "mismatch", detail));
        }
        let kind = action.kind().as_str().parse::<SharedKind>().map_err(|_| {
            let detail = format!("{action} is not asked about a stored row; name a target instead.");
            Problem::field("/resource_id", "kind_unknown", detail)
        })?;
        Ok(Some(ResourceRef { kind, id }))
    }
}

/// A draft to be tried on what was decided lately.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BacktestRequest {
    /// The policy that the draft would take the place of; it stands beside the others where none is named.
    policy_id: Option<PolicyId>,
    /// The change.
    draft: UpdatePolicyRequest,
    /// How many days to look back.
    #[serde(default = "month")]
    #[schema(minimum = 1, maximum = 366, default = 30)]
    days: i64,
}

const fn month() -> i64 {
    30
}

/// What a draft would have changed.
#[derive(Serialize, ToSchema)]
struct BacktestResponse {
    /// Decisions that were put again.
    replayed: u64,
    /// Those that the draft would leave as they are.
    unchanged: u64,
    /// Those that it would answer more strictly.
    stricter: u64,
    /// Those that it would answer less strictly.
    looser: u64,
    /// Entries of the audit log that do not say enough to be put again.
    skipped: u64,
    /// The flips, the newest first, at most 500.
    flips: Vec<FlipResponse>,
}

/// A decision that the draft would have changed.
#[derive(Serialize, ToSchema)]
struct FlipResponse {
    /// The entry of the audit log.
    audit_event_id: AuditEventId,
    /// When it was asked.
    at: DateTime<Utc>,
    /// By whom.
    subject: String,
    /// For what.
    action: String,
    /// On what.
    target: String,
    /// What the rules say now.
    before: Effect,
    /// What they would say.
    after: Effect,
    /// The rule that would decide.
    rule_id: String,
    /// The sentence that would settle it.
    reason: Option<String>,
}

impl From<Backtest> for BacktestResponse {
    fn from(test: Backtest) -> Self {
        let flips = test.flips.into_iter().map(|flip| FlipResponse {
            audit_event_id: flip.audit_event_id,
            at: flip.at,
            subject: flip.subject,
            action: flip.action,
            target: flip.target,
            before: flip.before,
            after: flip.after.effect,
            rule_id: flip.after.rule,
            reason: flip.after.trace.last().map(|step| step.says.clone()),
        });
        Self {
            replayed: test.replayed,
            unchanged: test.replayed - test.stricter - test.looser,
            stricter: test.stricter,
            looser: test.looser,
            skipped: test.skipped,
            flips: flips.collect(),
        }
    }
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(evaluate_policies_of_organization))
        .routes(routes!(evaluate_policies))
        .routes(routes!(backtest_policy))
}

/// Says what would be decided in an organisation, and why. Nothing is done.
#[utoipa::path(
    post, path = "/api/v1/orgs/{org_id}/policies/evaluate", tag = "policies",
    params(("org_id" = OrganizationId, Path)), request_body = EvaluateRequest,
    responses((status = 200, body = EvaluateResponse))
)]
async fn evaluate_policies_of_organization(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Json(body): Json<EvaluateRequest>,
) -> Result<Json<EvaluateResponse>, Problem> {
    if body.organization_id.is_some_and(|id| id != caller.scope.organization_id) {
        let detail = "The path names another organisation; leave this out.";
        return Err(Problem::field("/organization_id", "mismatch", detail));
    }
    let question = body.read(caller.scope)?;
    Ok(Json(policies.evaluate(&caller, question).await?.into()))
}

/// Says what would be decided in the active organisation, and why. Nothing is done.
#[utoipa::path(
    post, path = "/api/v1/policies/evaluate", tag = "policies", request_body = EvaluateRequest,
    responses((status = 200, body = EvaluateResponse))
)]
async fn evaluate_policies(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Json(body): Json<EvaluateRequest>,
) -> Result<Json<EvaluateResponse>, Problem> {
    if body.organization_id.is_some_and(|id| id != caller.scope.organization_id) {
        let detail = "Name another organisation by X-Conductor-Organization, or in the path.";
        return Err(Problem::field("/organization_id", "mismatch", detail));
    }
    let question = body.read(caller.scope)?;
    Ok(Json(policies.evaluate(&caller, question).await?.into()))
}

/// Puts the decisions of the last days to the rules as they are and as they would be with the draft. Nothing changes.
#[utoipa::path(
    post, path = "/api/v1/orgs/{org_id}/policies/backtest", tag = "policies",
    params(("org_id" = OrganizationId, Path)), request_body = BacktestRequest,
    responses((status = 200, body = BacktestResponse))
)]
async fn backtest_policy(
    Auth(caller): Auth,
    State(policies): State<Policies>,
    Json(body): Json<BacktestRequest>,
) -> Result<Json<BacktestResponse>, Problem> {
    let BacktestRequest { policy_id, draft, days } = body;
    Ok(Json(policies.backtest(&caller, (policy_id, draft.into()), days).await?.into()))
}
