//! What a directory is answered: resources, lists, and refusals in the standard's own words.

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use conductor_identity::{Error, Found, ScimKind, ScimQuery};
use serde_json::{Value, json};

use crate::Problem;

/// The media type of everything here.
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/scim+json");

/// A resource, a list, or nothing.
#[derive(Debug)]
pub(super) struct Resource {
    status: StatusCode,
    body: Option<Value>,
    location: Option<String>,
    version: Option<String>,
}

impl Resource {
    /// What stands by itself.
    pub(super) fn plain(body: Value) -> Self {
        Self { status: StatusCode::OK, body: Some(body), location: None, version: None }
    }

    /// `204`.
    pub(super) fn none() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None, location: None, version: None }
    }

    /// A person or a group, as far as the request asks to see it.
    pub(super) fn of(kind: ScimKind, whole: Value, query: &ScimQuery) -> Self {
        let text = |name: &str| whole["meta"][name].as_str().map(str::to_owned);
        let (location, version) = (text("location"), text("version"));
        Self { location, version, ..Self::plain(query.show(kind, whole)) }
    }

    /// `201`.
    pub(super) fn created(self) -> Self {
        Self { status: StatusCode::CREATED, ..self }
    }

    /// `304` where the directory has this version.
    pub(super) fn unless_known(self, headers: &HeaderMap) -> Self {
        let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
        if known.is_some() && known == self.version.as_deref() {
            return Self { status: StatusCode::NOT_MODIFIED, body: None, ..self };
        }
        self
    }
}

impl IntoResponse for Resource {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Some(body) => json_of(self.status, body),
            None => self.status.into_response(),
        };
        for (name, value) in [
            (header::LOCATION, self.location.filter(|_| self.status == StatusCode::CREATED)),
            (header::ETAG, self.version),
        ] {
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// A list, as the standard has it.
pub(super) fn listed(found: Found) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": found.total,
        "startIndex": found.start,
        "itemsPerPage": found.resources.len(),
        "Resources": found.resources,
    })
}

/// Why a directory is turned away.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    reason: Option<&'static str>,
    detail: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, reason: Option<&'static str>, detail: impl Into<String>) -> Self {
        Self { status, reason, detail: detail.into() }
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, None, "There is nothing here that this directory brought.")
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let reason = error.scim_type();
        let problem = Problem::from(error);
        // The standard knows no 422.
        let status = match problem.status() {
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            StatusCode::NOT_FOUND => return Self::not_found(),
            status => status,
        };
        Self::new(status, reason, problem.detail())
    }
}

impl Refusal {
    /// What it says, as the standard has it.
    pub(super) fn told(&self) -> (StatusCode, Value) {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            // A text, as the standard writes it.
            "status": self.status.as_u16().to_string(),
            "detail": self.detail,
        });
        if let Some(reason) = self.reason {
            body["scimType"] = json!(reason);
        }
        (self.status, body)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, body) = self.told();
        let mut response = json_of(status, body);
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

fn json_of(status: StatusCode, body: Value) -> Response {
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, MEDIA_TYPE);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
