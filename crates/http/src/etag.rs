//! Versions of rows that several people change: `ETag` says which one was read, `If-Match` which one is expected.

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};

use crate::{AppState, Problem};

/// The version that a change expects; `None` for any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IfMatch(pub(crate) Option<i64>);

impl IfMatch {
    /// The version as rows count them; one that no row can have matches none.
    pub(crate) fn number(self) -> Option<i32> {
        self.0.map(|version| i32::try_from(version).unwrap_or(-1))
    }
}

impl FromRequestParts<AppState> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(Self(None)) };
        read(value).map(Self).ok_or_else(|| {
            let detail = "`If-Match` is one version as `ETag` gave it, such as \"3\", or *.";
            Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail)
        })
    }
}

fn read(value: &HeaderValue) -> Option<Option<i64>> {
    let text = value.to_str().ok()?.trim();
    if text == "*" {
        return Some(None);
    }
    let text = text.strip_prefix("W/").unwrap_or(text);
    let version = text.strip_prefix('"')?.strip_suffix('"')?;
    version.parse().ok().map(Some)
}

/// An answer that says which version of its row it shows.
#[derive(Clone, Debug)]
pub(crate) struct Versioned<T> {
    /// The version.
    pub(crate) version: i64,
    /// The answer.
    pub(crate) body: T,
}

impl<T: IntoResponse> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        if let Ok(tag) = HeaderValue::try_from(format!("\"{}\"", self.version)) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_they_are_written() {
        let read = |text: &'static str| read(&HeaderValue::from_static(text));
        assert_eq!(read("\"3\""), Some(Some(3)));
        assert_eq!(read("W/\"3\""), Some(Some(3)));
        assert_eq!(read("*"), Some(None));
        assert_eq!(read("3"), None);
        assert_eq!(read("\"3\", \"4\""), None);
    }
}
