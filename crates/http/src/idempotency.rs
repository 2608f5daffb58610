//! `Idempotency-Key`: a write that comes again under the same key gets its first answer again.
//!
//! An answer is kept when the request had a chance to change something: it succeeded, or failed on our side after it
//! began. A refusal is not kept, so the mended request may use the key again. Answers that hold secrets
//! (`Cache-Control: no-store`), streams and uploads are never kept.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequestParts, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use conductor_domain::Caller;
use conductor_identity::{Answer, Claimed};
use sha2::{Digest, Sha256};
use tracing::Instrument;

use crate::{
    AppState, Problem,
    caller::{Auth, Known},
    json, request,
};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Answers a repeated write from memory.
pub(crate) async fn remember(state: AppState, request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !changes || !request.headers().contains_key(KEY) || is_upload(request.headers()) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let caller = match Auth::from_request_parts(&mut parts, &state).await {
        Ok(Auth(caller)) => {
            parts.extensions.insert(Known(caller.clone()));
            caller
        }
        // Whoever is not signed in owns no keys; the handler knows whether that is a fault.
        Err(_) => return next.run(Request::from_parts(parts, body)).await,
    };
    match once(state, caller, parts, body, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn once(
    state: AppState,
    caller: Caller,
    parts: Parts,
    body: Body,
    next: Next,
) -> Result<Response, Problem> {
    let key = key(&parts.headers)?;
    let limit = state.options.limits.body_bytes;
    let body = to_bytes(body, limit).await.map_err(|_| json::too_large(limit))?;
    let hash = fingerprint(&caller, &parts, &body);
    match state.identity.claim_key(&caller, &key, &hash).await? {
        Claimed::Answered(answer) => return Ok(replay(answer)),
        Claimed::Mismatch => {
            let detail = "This Idempotency-Key came with another request before. Use a new key.";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_mismatch", detail));
        }
        Claimed::InFlight => {
            let detail = "The first request with this Idempotency-Key still runs. Ask again in a moment.";
            return Err(Problem::new(StatusCode::CONFLICT, "idempotency_in_flight", detail)
                .with_retry_after(std::time::Duration::from_secs(1)));
        }
        Claimed::First => {}
    }
    // The work goes on when the client hangs up, so that its answer is there when the client comes back.
    let current = request::current();
    let work = async move {
        let response = next.run(Request::from_parts(parts, Body::from(body))).await;
        keep(&state, &caller, &key, response).await
    };
    let work = work.in_current_span();
    let done = match current {
        Some(current) => tokio::spawn(request::within(current, work)).await,
        None => tokio::spawn(work).await,
    };
    done.unwrap_or_else(|error| {
        tracing::error!(error = %error, "a request with an idempotency key died");
        Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side."))
    })
}

async fn keep(state: &AppState, caller: &Caller, key: &str, response: Response) -> Result<Response, Problem> {
    if !worth_keeping(&response) {
        state.identity.abandon_key(caller, key).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let answer = Answer {
        status: parts.status.as_u16(),
        body: String::from_utf8_lossy(&body).into_owned(),
        location: parts
            .headers
            .get(header::LOCATION)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned),
    };
    state.identity.finish_key(caller, key, answer).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn worth_keeping(response: &Response) -> bool {
    let status = response.status();
    let began =
        status.is_success() || (status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE);
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_json =
        kind.is_none_or(|kind| kind.starts_with("application/json") || kind.ends_with("problem+json"));
    let secret = response.headers().get(header::CACHE_CONTROL).is_some_and(|value| value == "no-store");
    began && is_json && (!secret || status.is_server_error())
}

fn replay(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    let mut response = (status, answer.body.clone()).into_response();
    let headers = response.headers_mut();
    if answer.body.is_empty() {
        headers.remove(header::CONTENT_TYPE);
    } else {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    if let Some(location) = answer.location.and_then(|location| HeaderValue::try_from(location).ok()) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn key(headers: &HeaderMap) -> Result<String, Problem> {
    let key = headers.get(KEY).and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
    if (1..=255).contains(&key.len()) {
        return Ok(key.to_owned());
    }
    let detail = "`Idempotency-Key` is 1 to 255 characters of ASCII, such as a UUID.";
    Err(Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail))
}

/// What makes two requests the same: the scope, the method, the address and the body.
fn fingerprint(caller: &Caller, parts: &Parts, body: &Bytes) -> String {
    let scope = [caller.scope.organization_id.as_uuid(), caller.scope.environment_id.as_uuid()];
    let mut hash = Sha256::new();
    for part in [
        scope[0].as_bytes().as_slice(),
        scope[1].as_bytes(),
        parts.method.as_str().as_bytes(),
        parts.uri.to_string().as_bytes(),
        body,
    ] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_upload(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("multipart/"))
}
