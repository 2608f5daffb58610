//! Which names this server answers to. A page on a foreign name that was pointed at this machine (DNS rebinding) is
//! turned away before anything else happens, and so is a script of another origin.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, Uri, header, uri::Authority},
};

use crate::{AppState, Problem, csrf};

/// Why a request is turned away: a foreign `Host` name, or a script of another origin that sends it.
pub(crate) fn refusal(state: &AppState, request: &Request) -> Option<Problem> {
    let headers = request.headers();
    // HTTP/2 carries the host in the request's own address.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(Authority::as_str));
    if !host.is_some_and(|host| allowed(host, state)) {
        let detail =
            "This server does not answer to this name. Its operator can allow it in the configuration.";
        return Some(Problem::new(StatusCode::FORBIDDEN, "host_refused", detail));
    }
    if csrf::same_origin(headers) == Some(false) {
        let detail = "Scripts of other sites cannot call this server.";
        return Some(Problem::new(StatusCode::FORBIDDEN, "origin_refused", detail));
    }
    None
}

/// The public address, else the one that this request came by: over plain http only where that is this very machine.
pub(crate) fn base(state: &AppState, headers: &HeaderMap) -> String {
    if let Some(url) = &state.options.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let name = headers.get(header::HOST).and_then(|name| name.to_str().ok()).unwrap_or_default();
    let scheme = if is_loopback(name) { "http" } else { "https" };
    format!("{scheme}://{name}")
}

fn allowed(host: &str, state: &AppState) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    // Nothing but a name and a port: no login before it, no more letters after an address in brackets.
    let port = host.strip_prefix(name).map(|rest| rest.strip_prefix(':').unwrap_or(rest));
    if !port.is_some_and(|port| port.bytes().all(|digit| digit.is_ascii_digit())) {
        return false;
    }
    let public = state.options.public_url.as_deref().and_then(|url| url.parse::<Uri>().ok());
    is_address(name)
        || name.eq_ignore_ascii_case("localhost")
        || public.and_then(|url| url.host().map(|host| host.eq_ignore_ascii_case(name))).unwrap_or(false)
        || state.options.allowed_hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
}

/// Whether a `Host` header names this very machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_matches(['[', ']']);
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_address(name: &str) -> bool {
    let v6 = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    v6.is_some_and(|name| name.parse::<Ipv6Addr>().is_ok()) || name.parse::<Ipv4Addr>().is_ok()
}
