//! The whole door on one screen: routes inside, what every request passes outside.

use std::{any::Any, collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use tower::Layer;
use tower_http::normalize_path::NormalizePathLayer;
use tracing::Instrument;
use utoipa::openapi::{OpenApi, RefOr, path::ParameterIn};

use crate::{AppState, Problem, host, idempotency, openapi, query, request, rest::Rest, routes, static_page};

/// Every route over these services.
pub fn router(state: AppState) -> Router {
    let (routes, document) = routes::all().split_for_parts();
    let document = openapi::complete(document, state.options.version);
    let door = Door { state: state.clone(), operations: Arc::new(operations(&document)) };
    let inner = routes
        .merge(routes::document(&document))
        .merge(routes::scim::router())
        .fallback(static_page::serve)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(state.options.limits.body_bytes))
        // One layer and not one for each thing below: axum clones all inner layers at every one.
        .layer(middleware::from_fn_with_state(door, pass))
        .with_state(state);
    // Before routing, so that every path is also good with a slash at its end.
    Router::new().fallback_service(NormalizePathLayer::trim_trailing_slash().layer(inner))
}

/// What every request passes.
#[derive(Clone)]
struct Door {
    state: AppState,
    operations: Arc<Operations>,
}

/// What the document says of the operations of each path.
type Operations = HashMap<String, Vec<Operation>>;

struct Operation {
    method: Method,
    /// Its name for traces and metrics, `route.<noun>.<verb>`.
    name: Arc<str>,
    /// The parameters that its query may have. A filter that is not one of them, or is misspelt, is an error: leaving it
    /// out would answer with rows that were not asked for.
    query: Vec<String>,
}

impl Operation {
    fn of(method: Method, operation: &utoipa::openapi::path::Operation) -> Self {
        let noun = operation.tags.iter().flatten().next().map_or("other", String::as_str);
        let verb = operation.operation_id.as_deref().unwrap_or("other").split('_').next().unwrap_or("other");
        let query = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
            RefOr::T(one) if one.parameter_in == ParameterIn::Query => Some(one.name.clone()),
            _ => None,
        });
        let query = query.collect();
        Self { method, name: format!("route.{noun}.{verb}").into(), query }
    }

    /// The first parameter of a query that this operation does not have.
    fn unknown(&self, query: &str) -> Option<String> {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let mut names = pairs.map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name));
        names.find(|name| !self.query.iter().any(|known| known == name)).map(str::to_owned)
    }
}

fn operations(document: &OpenApi) -> Operations {
    let mut operations = Operations::new();
    for (path, item) in &document.paths.paths {
        let of = [
            (Method::GET, &item.get),
            (Method::POST, &item.post),
            (Method::PUT, &item.put),
            (Method::PATCH, &item.patch),
            (Method::DELETE, &item.delete),
        ];
        let of =
            of.into_iter().filter_map(|(method, operation)| Some(Operation::of(method, operation.as_ref()?)));
        operations.insert(path.clone(), of.collect());
    }
    operations
}

/// Outermost first: an id, a span and two metrics, headers, the name of the host, panics, time, repeated writes.
async fn pass(State(door): State<Door>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let Door { state, operations } = door;
    let current = request::identify(&state, &request);
    let id = HeaderValue::try_from(current.id.as_str());
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let path = path.as_ref().map_or("static", MatchedPath::as_str);
    let known = operations.get(path).and_then(|of| of.iter().find(|one| one.method == method));
    // The protocol faces describe themselves and stand in no document of ours.
    let noun = if path.starts_with(routes::scim::ROOT) { "scim" } else { "static" };
    let name = known.map_or_else(
        || format!("route.{noun}.{}", method.as_str().to_ascii_lowercase()).into(),
        |one| Arc::clone(&one.name),
    );
    let query = request.uri().query().filter(|_| path != routes::OPEN_QUERY);
    let unknown = known.zip(query).and_then(|(known, query)| known.unknown(query));
    // Queries are left out: they may hold one-time tokens.
    let span = tracing::info_span!(
        "request",
        otel.name = &*name,
        otel.kind = "server",
        http.request.method = method.as_str(),
        http.route = path,
        http.response.status_code = tracing::field::Empty,
        request.id = current.id,
    );
    let (request, rest) = Rest::of(request, state.options.limits.body_bytes);
    let answer = guarded(state.clone(), request, unknown, next);
    let mut response = request::within(current, answer).instrument(span.clone()).await;
    protect(&state, &mut response);
    if let Ok(id) = id {
        response.headers_mut().insert(request::REQUEST_ID, id);
    }
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
        if let Some(rest) = rest {
            rest.forget().await;
        }
        // Not all of the body may have been read, so the connection is at its end; a client that is not told sends its
        // next request into it.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let status = response.status().as_u16();
    span.record("http.response.status_code", status);
    let labels = [
        metrics::Label::new("route", name),
        metrics::Label::new("status", metrics::SharedString::from_owned(status.to_string())),
    ];
    metrics::counter!("http_requests_total", labels.iter()).increment(1);
    metrics::histogram!("http_request_seconds", labels.iter()).record(started.elapsed());
    response
}

/// A foreign name and an unknown parameter are turned away, a panic ends its request and not the process, and an answer
/// that does not begin in time is given up. Streams have begun by then.
async fn guarded(state: AppState, request: Request, unknown: Option<String>, next: Next) -> Response {
    if let Some(refused) = host::refusal(&state, &request) {
        return refused.into_response();
    }
    if let Some(name) = unknown {
        return query::unknown(&name).into_response();
    }
    let limit = state.options.limits.request;
    let answer = AssertUnwindSafe(idempotency::remember(state, request, next)).catch_unwind();
    match tokio::time::timeout(limit, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => panicked(&*panic),
        Err(_) => {
            let detail = "The request took too long and was given up. What it had begun may still be done.";
            Problem::new(StatusCode::GATEWAY_TIMEOUT, "request_timeout", detail).into_response()
        }
    }
}

/// Headers that every answer carries unless its handler knows better.
fn protect(state: &AppState, response: &mut Response) {
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 6] = [
        (header::CONTENT_SECURITY_POLICY, static_page::APP_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ];
    headers.reserve(fixed.len() + 2);
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if state.options.public_url.as_deref().is_some_and(|url| url.starts_with("https://")) {
        let always = HeaderValue::from_static("max-age=31536000");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(always);
    }
}

async fn method_not_allowed() -> Problem {
    let detail = "This path exists, but not for this method. `Allow` names those it takes.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("without a message"), "a handler panicked");
    let detail = "Something went wrong on our side. The log has more, by this request id.";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).into_response()
}
