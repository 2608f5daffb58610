//! The whole door on one screen: routes inside, what every request passes outside.

use std::{any::Any, collections::HashMap, sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tower::Layer;
use tower_http::{catch_panic::CatchPanicLayer, normalize_path::NormalizePathLayer};
use tracing::Instrument;
use utoipa::openapi::OpenApi;

use crate::{
    AppState, Problem, host, idempotency, openapi,
    request::{self, Current},
    routes, static_page,
};

/// Every route over these services.
pub fn router(state: AppState) -> Router {
    let (routes, document) = routes::all().split_for_parts();
    let document = openapi::complete(document, state.options.version);
    let names = Arc::new(names(&document));
    let inner = routes
        .merge(routes::document(&document))
        .fallback(static_page::serve)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(state.options.limits.body_bytes))
        .layer(middleware::from_fn_with_state(state.clone(), idempotency::remember))
        .layer(middleware::from_fn_with_state(state.clone(), timeout))
        .layer(middleware::from_fn_with_state(state.clone(), host::guard))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(state.clone(), protect))
        .layer(middleware::from_fn_with_state(names, observe))
        .layer(middleware::from_fn_with_state(state.clone(), request::identify))
        .with_state(state);
    // Before routing, so that every path is also good with a slash at its end.
    Router::new().fallback_service(NormalizePathLayer::trim_trailing_slash().layer(inner))
}

/// Names of routes for traces and metrics: `route.<noun>.<verb>`.
type Names = HashMap<(Method, String), String>;

fn names(document: &OpenApi) -> Names {
    let mut names = Names::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in [
            (Method::GET, &item.get),
            (Method::POST, &item.post),
            (Method::PUT, &item.put),
            (Method::PATCH, &item.patch),
            (Method::DELETE, &item.delete),
        ] {
            let Some(operation) = operation else { continue };
            let noun = operation.tags.iter().flatten().next().map_or("other", String::as_str);
            let verb =
                operation.operation_id.as_deref().unwrap_or("other").split('_').next().unwrap_or("other");
            names.insert((method, path.clone()), format!("route.{noun}.{verb}"));
        }
    }
    names
}

/// A span and two metrics for each request. Queries are left out: they may hold one-time tokens.
async fn observe(State(names): State<Arc<Names>>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("static", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let unnamed = || format!("route.static.{}", method.as_str().to_ascii_lowercase());
    let name = names.get(&(method.clone(), path.clone())).cloned().unwrap_or_else(unnamed);
    let id = request.extensions().get::<Current>().map(|current| current.id.clone()).unwrap_or_default();
    let span = tracing::info_span!(
        "request",
        otel.name = name,
        otel.kind = "server",
        http.request.method = method.as_str(),
        http.route = path,
        http.response.status_code = tracing::field::Empty,
        request.id = id,
    );
    let started = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    span.record("http.response.status_code", status);
    let labels = [("route", name), ("status", status.to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_seconds", &labels).record(started.elapsed());
    response
}

/// Headers that every answer carries unless its handler knows better.
async fn protect(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 6] = [
        (header::CONTENT_SECURITY_POLICY, static_page::APP_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if state.options.public_url.as_deref().is_some_and(|url| url.starts_with("https://")) {
        let always = HeaderValue::from_static("max-age=31536000");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(always);
    }
    response
}

/// Ends a request whose answer does not begin in time. Streams have begun by then.
async fn timeout(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(state.options.limits.request, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail = "The request took too long and was given up. What it had begun may still be done.";
            Problem::new(StatusCode::GATEWAY_TIMEOUT, "request_timeout", detail).into_response()
        }
    }
}

async fn method_not_allowed() -> Problem {
    let detail = "This path exists, but not for this method. `Allow` names those it takes.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

/// A panic ends its request, not the process.
#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("without a message"), "a handler panicked");
    let detail = "Something went wrong on our side. The log has more, by this request id.";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).into_response()
}
