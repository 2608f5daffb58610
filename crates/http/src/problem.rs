//! The one type behind every error body (RFC 9457).
//!
//! An error of any crate becomes a problem by `?`: its kind gives the status, its code the page that explains it.
//! What went wrong on our side is logged here, once, with its whole chain, and never sent.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use conductor_domain::{ErrorKind, FieldError, Kind, LimitPolicy};
use serde::Serialize;
use utoipa::ToSchema;

use crate::request;

/// The media type of a problem.
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");
/// Where this server shows the pages of the codes.
const PAGES: &str = "/docs/errors/";

/// An error as a client sees it.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    rule_id: Option<String>,
    // Boxed: every fallible function of the door moves a problem around.
    limit: Option<Box<LimitPolicy>>,
}

/// The body of a problem.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// The page that explains the code.
    #[serde(rename = "type")]
    page: String,
    /// What the code means, whatever the request.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What went wrong this time and what to do about it.
    detail: String,
    /// The path that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// A stable word for programs.
    code: &'static str,
    /// The id to look for in logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
    /// When to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    /// The rule that refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_id: Option<String>,
    /// The run that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<String>,
}

/// What is wrong with one field.
#[derive(Serialize, ToSchema)]
pub(crate) struct FieldProblem {
    /// A JSON pointer into the body.
    pointer: String,
    /// A stable word for programs.
    code: &'static str,
    /// What to do about it.
    detail: String,
}

impl Problem {
    /// A problem of the door itself.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { status, code, detail, errors: Vec::new(), retry_after: None, rule_id: None, limit: None }
    }

    /// Absent, or not for this caller to know: the same words for both.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here that you can see.")
    }

    /// One field that is wrong.
    #[must_use]
    pub(crate) fn field(pointer: &str, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", detail.clone())
            .with_errors(vec![FieldError::new(pointer, code, detail)])
    }

    /// Names the fields that are wrong.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What went wrong this time.
    #[must_use]
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// The stable word.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl<E: Kind + 'static> From<E> for Problem {
    fn from(error: E) -> Self {
        let (kind, code) = (error.kind(), error.code());
        let status = status(&kind, code);
        if matches!(kind, ErrorKind::NotFound) {
            return Self::not_found();
        }
        if status.is_server_error() {
            tracing::error!(error = chain(&error), code, "a request failed");
        }
        let detail = match kind {
            ErrorKind::Internal => {
                "Something went wrong on our side. The log has more, by this request id.".to_owned()
            }
            ErrorKind::Unavailable => unavailable(code).to_owned(),
            ErrorKind::Upstream => {
                "A system that Conductor depends on failed. Try again, or ask its operator.".to_owned()
            }
            _ => sentence(&error.to_string()),
        };
        let retry_after = match kind {
            ErrorKind::Limited { retry_after } => retry_after,
            _ => None,
        };
        let (errors, rule_id, limit) = (error.fields(), error.rule_id(), error.limit().map(Box::new));
        Self { status, code, detail, errors, retry_after, rule_id, limit }
    }
}

/// What is out of reach for now, in words that tell nothing of where it lies.
fn unavailable(code: &str) -> &'static str {
    match code {
        "policy_unavailable" => {
            "Roles and policies cannot be read at the moment, so nothing is allowed. Try again in a moment."
        }
        "secrets_unavailable" => {
            "Secrets cannot be read at the moment, so nothing that needs one is done. Try again in a moment."
        }
        "audit_unavailable" => {
            "What is done here cannot be recorded at the moment, so it is not done. Try again in a moment."
        }
        _ => "The server cannot take this now. Try again in a moment.",
    }
}

/// The status of a kind; some codes are more exact than their kind.
fn status(kind: &ErrorKind, code: &str) -> StatusCode {
    match kind {
        ErrorKind::Invalid => match code {
            "invalid_json" | "invalid_cursor" | "two_credentials" | "link_invalid" | "bad_request" => {
                StatusCode::BAD_REQUEST
            }
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        },
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict if code == "version_conflict" => StatusCode::PRECONDITION_FAILED,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::Limited { .. } => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Upstream if code.ends_with("timeout") => StatusCode::GATEWAY_TIMEOUT,
        ErrorKind::Upstream => StatusCode::BAD_GATEWAY,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// An error with everything that it came from, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// An error's message as a sentence for people.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let mut sentence: String =
        letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    sentence.push_str(letters.as_str());
    if !sentence.ends_with(['.', '?', '!']) {
        sentence.push('.');
    }
    sentence
}

/// `name_taken` as `Name taken`.
fn title(code: &str) -> String {
    let words = code.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let current = request::current();
        let millis = self.retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        let body = ProblemBody {
            page: format!("{PAGES}{}", self.code),
            title: title(self.code),
            status: self.status.as_u16(),
            detail: self.detail,
            instance: current.as_ref().map(|current| current.path.clone()),
            code: self.code,
            request_id: current.map(|current| current.id),
            errors: self
                .errors
                .into_iter()
                .map(|FieldError { pointer, code, detail }| FieldProblem { pointer, code, detail })
                .collect(),
            retry_after_ms: millis,
            rule_id: self.rule_id,
            run_id: None,
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, MEDIA_TYPE);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(millis) = millis {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(millis.div_ceil(1000)));
        }
        if let Some(limit) = self.limit {
            let (name, quota, window) = (limit.name, limit.quota, limit.window.as_secs());
            let wait = millis.unwrap_or_default().div_ceil(1000);
            for (header, value) in [
                ("ratelimit-policy", format!("\"{name}\";q={quota};w={window}")),
                ("ratelimit", format!("\"{name}\";r=0;t={wait}")),
            ] {
                if let Ok(value) = HeaderValue::try_from(value) {
                    headers.insert(header, value);
                }
            }
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the disk at {0} is full")]
    struct Broken(&'static str);

    impl Kind for Broken {
        fn kind(&self) -> ErrorKind {
            ErrorKind::Internal
        }

        fn code(&self) -> &'static str {
            "internal"
        }
    }

    #[test]
    fn what_is_our_fault_is_not_told() {
        let problem = Problem::from(Broken("/secret/place"));
        assert_eq!(problem.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!problem.detail.contains("secret"), "{}", problem.detail);
    }

    #[test]
    fn messages_become_sentences() {
        assert_eq!(sentence("the name is taken"), "The name is taken.");
        assert_eq!(sentence("really?"), "Really?");
        assert_eq!(title("name_taken"), "Name taken");
    }
}
