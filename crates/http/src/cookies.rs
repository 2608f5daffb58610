//! The two cookies of a browser session. JavaScript sees neither; `__Host-` binds them to this host and to HTTPS
//! (browsers make an exception for loopback).

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use conductor_domain::Redacted;
use conductor_identity::SignedIn;

const ACCESS: &str = "__Host-conductor_access";
const REFRESH: &str = "__Host-conductor_refresh";
/// Ties a sign-in with a provider to the browser that began it. `Lax`: it comes back from another site.
const FLOW: &str = "__Host-conductor_flow";

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
    find(headers, REFRESH)
}

/// What ties a sign-in with a provider to this browser.
pub(crate) fn sign_in_flow(headers: &HeaderMap) -> Option<Redacted<String>> {
    find(headers, FLOW)
}

/// Gives a browser what ties a sign-in with a provider to it.
pub(crate) fn set_sign_in_flow(headers: &mut HeaderMap, browser: &Redacted<String>, lifetime: Duration) {
    append(headers, FLOW, browser.expose(), lifetime);
}

/// Takes that away.
pub(crate) fn clear_sign_in_flow(headers: &mut HeaderMap) {
    append(headers, FLOW, "", Duration::ZERO);
}

fn find(headers: &HeaderMap, wanted: &str) -> Option<Redacted<String>> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(name, value)| *name == wanted && !value.is_empty())
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
