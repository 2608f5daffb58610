//! Strict JSON: one content type, a size, a depth, no unknown field, and every fault named by a JSON pointer.

mod strict;

use axum::{
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use conductor_domain::FieldError;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::error::Category;
use serde_path_to_error::Segment;

use crate::{AppState, Problem};

/// A JSON body, of a request or of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        if !is_json(&request) {
            let detail = "Send the body as `Content-Type: application/json`.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
        }
        let limit = state.options.limits.body_bytes;
        let body = Bytes::from_request(request, state).await.map_err(|error| unreadable(&error, limit))?;
        parse(&body, state.options.limits.json_depth).map(Self)
    }
}

/// A JSON body that may be left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MaybeJson<T>(pub(crate) T);

impl<T: DeserializeOwned + Default> FromRequest<AppState> for MaybeJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        if !request.headers().contains_key(header::CONTENT_TYPE) {
            return Ok(Self(T::default()));
        }
        Json::from_request(request, state).await.map(|Json(body)| Self(body))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn is_json(request: &Request) -> bool {
    let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Why a body could not be read to its end.
pub(crate) fn unreadable(error: &BytesRejection, limit: usize) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large(limit);
    }
    Problem::new(StatusCode::BAD_REQUEST, "bad_request", "The body ended before it was complete.")
}

/// A body beyond a limit.
pub(crate) fn too_large(limit: usize) -> Problem {
    let detail = format!("The body is larger than {limit} bytes.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
}

/// Parses a body, or says exactly what is wrong with it.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8], depth: usize) -> Result<T, Problem> {
    if too_deep(body, depth) {
        let detail = format!("The body nests more than {depth} levels deep.");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_json", detail));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let strict = strict::Strict(&mut deserializer);
    let value = serde_path_to_error::deserialize(strict).map_err(|error| fault(&error))?;
    deserializer.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

fn fault(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let (path, inner) = (error.path(), error.inner());
    if inner.classify() != Category::Data {
        return not_json(inner);
    }
    let message = inner.to_string();
    // serde_json appends the place in the text; the pointer says it better.
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let (status, pointer) = (StatusCode::UNPROCESSABLE_ENTITY, pointer(path.iter()));
    for (said, field_code, code) in NAMED_FAULTS {
        if let Some(name) = message.strip_prefix(said).and_then(|rest| rest.split('`').next()) {
            let segment = format!("/{}", escape(name));
            let place = pointer.strip_suffix(&segment).unwrap_or(&pointer);
            return invalid(
                status,
                code,
                FieldError::new(format!("{place}{segment}"), field_code, sentence(message)),
            );
        }
    }
    invalid(status, "validation_failed", FieldError::new(pointer, "invalid", sentence(message)))
}

/// What serde says of a field by its name, the code of the field, and that of the problem.
const NAMED_FAULTS: [(&str, &str, &str); 3] = [
    ("unknown field `", "unknown_field", "unknown_field"),
    ("missing field `", "required", "validation_failed"),
    ("duplicate field `", "duplicate", "validation_failed"),
];

fn invalid(status: StatusCode, code: &'static str, field: FieldError) -> Problem {
    Problem::new(status, code, field.detail.clone()).with_errors(vec![field])
}

fn not_json(error: &serde_json::Error) -> Problem {
    let detail = format!("The body is not valid JSON: {error}.");
    Problem::new(StatusCode::BAD_REQUEST, "invalid_json", detail)
}

/// A path inside a document as RFC 6901 writes it.
fn pointer<'s>(segments: impl Iterator<Item = &'s Segment>) -> String {
    segments
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", escape(key))),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// Whether brackets nest deeper than `depth`, outside strings.
fn too_deep(body: &[u8], depth: usize) -> bool {
    let (mut level, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                level += 1;
                if level > depth {
                    return true;
                }
            }
            b'}' | b']' if !in_string => level = level.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// For fields of a change: missing stays `None`, `null` clears (`Some(None)`), a value sets.
/// Use as `#[serde(default, deserialize_with = "nullable")]` on an `Option<Option<T>>`.
pub(crate) fn nullable<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Body {
        name: String,
        #[serde(default)]
        items: Vec<Item>,
        #[serde(default, deserialize_with = "nullable")]
        note: Option<Option<String>>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Item {
        size: u32,
    }

    fn refused(body: &str) -> (u16, &'static str, Vec<String>) {
        let problem = parse::<Body>(body.as_bytes(), 8).unwrap_err();
        let status = problem.status().as_u16();
        let response = problem.clone().into_response();
        let body = futures::executor::block_on(axum::body::to_bytes(response.into_body(), 65_536)).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let pointers = body["errors"].as_array().into_iter().flatten();
        (
            status,
            problem.code(),
            pointers.map(|error| error["pointer"].as_str().unwrap().to_owned()).collect(),
        )
    }

    #[test]
    fn faults_are_named_where_they_are() {
        let at = |pointer: &str| vec![pointer.to_owned()];
        assert_eq!(refused("{\"name\": "), (400, "invalid_json", vec![]));
        assert_eq!(refused("{\"name\": \"a\"} x"), (400, "invalid_json", vec![]));
        assert_eq!(refused("{}"), (422, "validation_failed", at("/name")));
        assert_eq!(refused("{\"name\": 1}"), (422, "validation_failed", at("/name")));
        assert_eq!(refused("{\"name\": \"a\", \"role\": \"admin\"}"), (422, "unknown_field", at("/role")));
        assert_eq!(refused("{\"name\": \"a\", \"a/b\": 1}"), (422, "unknown_field", at("/a~1b")));
        assert_eq!(
            refused("{\"name\": \"a\", \"items\": [{\"size\": 1}, {\"size\": \"big\"}]}"),
            (422, "validation_failed", at("/items/1/size"))
        );
        assert_eq!(
            refused("{\"name\": \"a\", \"items\": [{\"size\": 1, \"x\": 2}]}"),
            (422, "unknown_field", at("/items/0/x"))
        );
        assert_eq!(refused(&"[".repeat(9)), (400, "invalid_json", vec![]));
        assert_eq!(refused("[\"[[[[[[[[[[\"]"), (422, "validation_failed", at("")));
        assert_eq!(
            refused("{\"name\": \"a\", \"items\": [[1]]}"),
            (422, "validation_failed", at("/items/0"))
        );
        assert_eq!(refused("{\"name\": \"a\", \"name\": \"b\"}"), (422, "validation_failed", at("/name")));
    }

    #[test]
    fn missing_null_and_value_are_three_things() {
        let read = |text: &str| parse::<Body>(text.as_bytes(), 8).unwrap().note;
        assert_eq!(read("{\"name\": \"a\"}"), None);
        assert_eq!(read("{\"name\": \"a\", \"note\": null}"), Some(None));
        assert_eq!(read("{\"name\": \"a\", \"note\": \"x\"}"), Some(Some("x".to_owned())));
    }
}
