//! The two cookies of a browser session. JavaScript sees neither; `__Host-` binds them to this host and to HTTPS
//! (browsers make an exception for loopback).

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use conductor_domain::Redacted;
use conductor_identity::SignedIn;

const ACCESS: &str = "__Host-conductor_access";
const REFRESH: &str = "__Host-conductor_refresh";

/// Gives a browser its session.
pub(crate) fn set(headers: &mut HeaderMap, session: &SignedIn) {
    append(headers, ACCESS, session.access_token.expose(), session.expires_in);
    append(headers, REFRESH, session.refresh_token.expose(), session.refresh_expires_in);
}

/// Takes a browser's session away.
pub(crate) fn clear(headers: &mut HeaderMap) {
    append(headers, ACCESS, "", Duration::ZERO);
    append(headers, REFRESH, "", Duration::ZERO);
}

/// The refresh token that a browser carries.
pub(crate) fn refresh_token(headers: &HeaderMap) -> Option<Redacted<String>> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(name, value)| *name == REFRESH && !value.is_empty())
        .map(|(_, value)| Redacted::new(value.to_owned()))
}

fn append(headers: &mut HeaderMap, name: &str, value: &str, lifetime: Duration) {
    let seconds = lifetime.as_secs();
    let cookie = format!("{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax");
    if let Ok(mut cookie) = HeaderValue::try_from(cookie) {
        cookie.set_sensitive(true);
        headers.append(header::SET_COOKIE, cookie);
    }
}
