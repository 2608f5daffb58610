//! What a directory sends: its token, its query, its body.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use conductor_identity::{PathScope, Provisioner, ScimQuery};
use serde_json::Value;

use super::{ROOT, answer::Refusal};
use crate::{AppState, host, request};

/// The directory behind a token.
pub(super) struct Directory(pub(super) Provisioner);

impl FromRequestParts<AppState> for Directory {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refusal> {
        let origin = request::origin(parts, state);
        let authenticated = state.identity.authenticate(&parts.headers, PathScope::default(), origin).await?;
        let base = format!("{}{ROOT}", host::base(state, &parts.headers));
        Ok(Self(state.identity.provisioner(authenticated.caller, base).await?))
    }
}

/// The parameters of a list or a look. Those that the standard has not are not read.
pub(super) struct Query(pub(super) ScimQuery);

impl FromRequestParts<AppState> for Query {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Refusal> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let axum::extract::Query(pairs) = pairs.map_err(|_| invalid("The query cannot be read."))?;
        let mut query = ScimQuery::default();
        for (name, value) in pairs {
            match name.to_ascii_lowercase().as_str() {
                "filter" => query.filter = Some(value),
                "sortby" => query.sort_by = Some(value),
                "sortorder" => query.descending = value.eq_ignore_ascii_case("descending"),
                "startindex" => query.start = Some(number(&value)?),
                "count" => query.count = Some(number(&value)?),
                "attributes" => query.attributes.push(value),
                "excludedattributes" => query.excluded.push(value),
                _ => {}
            }
        }
        Ok(Self(query))
    }
}

/// The query in the body of a search.
pub(super) fn search(body: &Value) -> Result<ScimQuery, Refusal> {
    let Some(object) = body.as_object() else { return Err(invalid("A search is a JSON object.")) };
    let mut query = ScimQuery::default();
    for (name, value) in object {
        let text = || value.as_str().map(str::to_owned);
        let texts = || -> Vec<String> {
            value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let whole = || value.as_i64().ok_or_else(|| invalid(&format!("{name} is a number.")));
        match name.to_ascii_lowercase().as_str() {
            "filter" => query.filter = text(),
            "sortby" => query.sort_by = text(),
            "sortorder" => {
                query.descending = text().is_some_and(|order| order.eq_ignore_ascii_case("descending"));
            }
            "startindex" => query.start = Some(whole()?),
            "count" => query.count = Some(whole()?),
            "attributes" => query.attributes = texts(),
            "excludedattributes" => query.excluded = texts(),
            _ => {}
        }
    }
    Ok(query)
}

/// A JSON body.
pub(super) struct Body(pub(super) Value);

impl FromRequest<AppState> for Body {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Refusal> {
        read(request, state, usize::MAX).await.map(Self)
    }
}

/// The body of many operations, which may be smaller than others.
pub(super) struct BulkBody(pub(super) Value);

impl FromRequest<AppState> for BulkBody {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Refusal> {
        read(request, state, conductor_identity::BULK_BYTES).await.map(Self)
    }
}

async fn read(request: Request, state: &AppState, most: usize) -> Result<Value, Refusal> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !["application/scim+json", "application/json"].iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        let detail = "Send `application/scim+json`.";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, None, detail));
    }
    let body = Bytes::from_request(request, state).await.ok().filter(|body| body.len() <= most);
    let body = body.ok_or_else(|| {
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, None, "The body is larger than this server takes.")
    })?;
    let syntax = |error| {
        let detail = format!("The body is no JSON: {error}.");
        Refusal::new(StatusCode::BAD_REQUEST, Some("invalidSyntax"), detail)
    };
    serde_json::from_slice(&body).map_err(syntax)
}

/// The version that a change expects; `None` for any.
pub(super) fn if_match(headers: &HeaderMap) -> Option<String> {
    expected(headers.get(header::IF_MATCH)?.to_str().unwrap_or_default())
}

/// The version that a text names.
pub(super) fn expected(version: &str) -> Option<String> {
    match version.trim() {
        "*" => None,
        weak if weak.starts_with("W/") => Some(weak.to_owned()),
        strong => Some(format!("W/{strong}")),
    }
}

fn number(text: &str) -> Result<i64, Refusal> {
    text.trim().parse().map_err(|_| invalid("startIndex and count are numbers."))
}

fn invalid(detail: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, Some("invalidValue"), detail)
}
