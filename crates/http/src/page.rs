//! Lists: one extractor for limit and cursor, one shape of answer.
//!
//! A cursor is a position, signed together with the path and the other parameters of its query, so that it cannot be
//! carried to another list or made by hand.

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use conductor_domain::{FieldError, Page, PageRequest};
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;
use utoipa::{IntoParams, ToSchema};

use crate::{AppState, Problem};

/// Bytes of a cursor's signature.
const SIGNATURE: usize = 16;

/// How a list may be asked for, as the OpenAPI document tells it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the OpenAPI document only")]
pub(crate) struct PageParameters {
    /// Rows at most.
    #[param(minimum = 1, maximum = 100, default = 25)]
    limit: Option<u64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Limit and cursor of a request for a list.
#[derive(Clone, Debug)]
pub(crate) struct Paging {
    /// What to ask the service for.
    pub(crate) request: PageRequest,
    path: String,
    others: String,
    key: [u8; 32],
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PageResponse<T> {
    /// The rows.
    pub(crate) items: Vec<T>,
    /// What to pass as `cursor` for the next page; `null` at the end.
    #[schema(required = true)]
    pub(crate) next_cursor: Option<String>,
    #[serde(skip)]
    #[schema(ignore)]
    link: Option<String>,
}

impl Paging {
    /// The answer to this request.
    pub(crate) fn answer<T, R>(&self, page: Page<T>, change: impl FnMut(T) -> R) -> PageResponse<R> {
        let next_cursor = page.next.map(|position| self.sign(&position));
        let link = next_cursor.as_ref().map(|cursor| {
            let and = if self.others.is_empty() { "" } else { "&" };
            format!(
                "<{}?{}{and}limit={}&cursor={cursor}>; rel=\"next\"",
                self.path, self.others, self.request.limit
            )
        });
        PageResponse { items: page.items.into_iter().map(change).collect(), next_cursor, link }
    }

    fn sign(&self, position: &str) -> String {
        let mut bytes = self.signature(position);
        bytes.extend_from_slice(position.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    fn read(&self, cursor: &str) -> Option<String> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (signature, position) = bytes.split_at_checked(SIGNATURE)?;
        let position = std::str::from_utf8(position).ok()?;
        // The cursor grants nothing by itself: a forged one only skips rows of the forger's own list.
        (signature == self.signature(position)).then(|| position.to_owned())
    }

    fn signature(&self, position: &str) -> Vec<u8> {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return Vec::new() };
        for part in [self.path.as_str(), self.others.as_str(), position] {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes()[..SIGNATURE].to_vec()
    }
}

impl FromRequestParts<AppState> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let mut paging = Self {
            request: PageRequest::default(),
            path: parts
                .extensions
                .get::<axum::extract::OriginalUri>()
                .map_or_else(|| parts.uri.path().to_owned(), |uri| uri.path().to_owned()),
            others: others(query),
            key: *state.options.cursor_key.expose(),
        };
        if let Some(limit) = parameter(query, "limit") {
            paging.request.limit = match limit.parse() {
                Ok(limit @ 1..=100) => limit,
                _ => return Err(bad_limit()),
            };
        }
        if let Some(cursor) = parameter(query, "cursor").filter(|cursor| !cursor.is_empty()) {
            paging.request.after = Some(paging.read(cursor).ok_or_else(bad_cursor)?);
        }
        Ok(paging)
    }
}

impl<T: Serialize> IntoResponse for PageResponse<T> {
    fn into_response(mut self) -> Response {
        let link = self.link.take().and_then(|link| HeaderValue::try_from(link).ok());
        let mut response = axum::Json(self).into_response();
        if let Some(link) = link {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}

/// The query without limit and cursor, in a fixed order.
pub(crate) fn others(query: &str) -> String {
    let mut pairs: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !matches!(pair.split('=').next(), Some("limit" | "cursor")))
        .collect();
    pairs.sort_unstable();
    pairs.join("&")
}

fn parameter<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query
        .split('&')
        .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
        .map(|(_, value)| value)
}

fn bad_limit() -> Problem {
    let detail = "`limit` is a number from 1 to 100.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", detail)
        .with_errors(vec![FieldError::new("?limit", "out_of_range", detail)])
}

fn bad_cursor() -> Problem {
    let detail = "The cursor does not belong to this list and query. Start again without one.";
    Problem::new(StatusCode::BAD_REQUEST, "invalid_cursor", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(path: &str, others: &str, key: u8) -> Paging {
        Paging { request: PageRequest::default(), path: path.into(), others: others.into(), key: [key; 32] }
    }

    #[test]
    fn a_cursor_fits_its_own_list_only() {
        let list = paging("/api/agents", "q=a", 1);
        let cursor = list.sign("0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60");
        assert_eq!(list.read(&cursor).unwrap(), "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60");
        for other in
            [paging("/api/agents", "q=b", 1), paging("/api/files", "q=a", 1), paging("/api/agents", "q=a", 2)]
        {
            assert_eq!(other.read(&cursor), None);
        }
        for forged in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA", &format!("{cursor}A")] {
            assert_eq!(list.read(forged), None, "{forged}");
        }
    }

    #[test]
    fn the_order_of_parameters_does_not_matter() {
        assert_eq!(others("b=2&limit=5&a=1&cursor=x"), "a=1&b=2");
        assert_eq!(others(""), "");
    }
}
