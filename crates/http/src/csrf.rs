//! Requests that a browser sends with its cookies by itself: only our own page may cause them.

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};

use crate::Problem;

/// A header that no form and no foreign page can set without asking first.
pub(crate) const HEADER: &str = "x-conductor-csrf";

/// Refuses a request that changes something unless it comes from a page of the same origin and says so.
pub(crate) fn check(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    if !marked(headers) {
        return Err(refused("Requests with the session cookie need the header `X-Conductor-CSRF: 1`."));
    }
    match same_origin(headers) {
        Some(true) => Ok(()),
        _ => Err(refused("Requests with the session cookie must come from this server's own page.")),
    }
}

/// Whether a browser sent the request: all of them tell from where, and no page can keep them from it.
pub(crate) fn by_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site")
}

/// Whether a page asks for cookies instead of tokens.
pub(crate) fn marked(headers: &HeaderMap) -> bool {
    headers.get(HEADER).is_some_and(|value| value == "1")
}

/// Whether the request's `Origin` is this server; `None` without an `Origin`.
pub(crate) fn same_origin(headers: &HeaderMap) -> Option<bool> {
    let origin = headers.get(header::ORIGIN)?;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let named = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    let authority = named.as_ref().and_then(Uri::authority).map(|authority| authority.as_str());
    Some(authority.is_some() && authority == host)
}

fn refused(detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "csrf_refused", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_our_own_page_may_change_something() {
        let host = ("host", "127.0.0.1:8420");
        let ours = ("origin", "http://127.0.0.1:8420");
        let mark = (HEADER, "1");
        assert!(check(&Method::POST, &headers(&[host, ours, mark])).is_ok());
        assert!(check(&Method::GET, &headers(&[host])).is_ok());
        for refused in [
            headers(&[host, ours]),
            headers(&[host, mark]),
            headers(&[host, ("origin", "null"), mark]),
            headers(&[host, ("origin", "http://127.0.0.1:9999"), mark]),
            headers(&[host, ("origin", "http://127.0.0.1:8420.evil.example"), mark]),
            headers(&[ours, mark]),
            headers(&[host, ours, (HEADER, "true")]),
        ] {
            assert_eq!(check(&Method::DELETE, &refused).unwrap_err().code(), "csrf_refused", "{refused:?}");
        }
    }
}
