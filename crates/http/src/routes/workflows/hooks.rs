//! Hooks of workflows: where others deliver what starts them, and the secret that they sign with.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use conductor_domain::{RunId, WorkflowHookId, WorkflowId};
use conductor_workflows::{Hooks, Signed};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::WorkflowPath;
use crate::{
    AppState, Problem,
    answer::Secret,
    caller::{Auth, From},
    json::{self, Json},
    path::Path,
};

/// What a delivery started.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowDelivery)]
struct DeliveryResponse {
    /// The run; the same one where the message came before.
    run_id: RunId,
}

/// The secret of a webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowWebhookSecret)]
struct HookSecretResponse {
    /// `whsec_` and base64: what the sender signs with. It is told this once.
    secret: String,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(deliver_to_webhook)).routes(routes!(rotate_webhook_secret))
}

/// Takes a delivery that is signed as Standard Webhooks describes, and starts the workflow behind the address as its
/// owner. The body is a JSON object: its fields are the workflow's inputs of their names, and all of it is the input
/// `event`. The same `webhook-id` with the same body is one run, however often it comes.
#[utoipa::path(
    post, path = "/api/hooks/{hook_id}", tag = "workflows", security(()),
    params(
        ("hook_id" = String, Path, description = "The id in the address that the workflow tells"),
        ("webhook-id" = String, Header, description = "What the sender calls the message"),
        ("webhook-timestamp" = String, Header, description = "When it is sent, in seconds since 1970"),
        ("webhook-signature" = String, Header, description = "`v1,` and the base64 of HMAC-SHA-256 over id, timestamp and body with dots between; several with spaces between"),
    ),
    request_body(content((Object = "application/json"))),
    responses((status = 202, body = DeliveryResponse))
)]
async fn deliver_to_webhook(
    State(state): State<AppState>,
    Path(id): Path<String>,
    From(client): From,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let limits = state.options.limits;
    let body = Bytes::from_request(request, &state).await;
    let body = body.map_err(|error| json::unreadable(&error, limits.body_bytes))?;
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = Signed {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signatures: header("webhook-signature"),
        body: &body,
    };
    // An id that is none is looked at like one that nobody has.
    let id = id.parse::<WorkflowHookId>().ok();
    let delivery = state.hooks.check(id, &signed, client.address).await?;
    let event: Map<String, Value> = json::parse(&body, limits.json_depth)?;
    let run_id = state.hooks.deliver(delivery, event).await?;
    Ok((StatusCode::ACCEPTED, Json(DeliveryResponse { run_id })).into_response())
}

/// Makes the secret of a workflow's webhook, the first or another one, for its owner. The one before it signs for another
/// 24 hours, the one before that no more.
#[utoipa::path(
    post, path = "/api/workflows/{workflow_id}/webhook/rotate", tag = "workflows",
    params(("workflow_id" = WorkflowId, Path)), responses((status = 200, body = HookSecretResponse))
)]
async fn rotate_webhook_secret(
    Auth(caller): Auth,
    State(hooks): State<Hooks>,
    Path(path): Path<WorkflowPath>,
) -> Result<Secret<Json<HookSecretResponse>>, Problem> {
    let secret = hooks.rotate(&caller, path.workflow_id).await?;
    Ok(Secret(Json(HookSecretResponse { secret: secret.expose().clone() })))
}
