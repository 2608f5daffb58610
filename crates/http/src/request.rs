//! What every answer about a request must say: its id and its path. Kept beside the request's task, so that a problem
//! made anywhere below can name them.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderName, request::Parts},
};
use conductor_identity::Origin;
use ipnet::IpNet;

use crate::{AppState, certificate};

/// The header of the id.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: Current;
}

/// The request that is being answered.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    pub(crate) id: String,
    pub(crate) path: String,
}

/// The request that is being answered by this task, if any.
pub(crate) fn current() -> Option<Current> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Keeps the id for what runs inside.
pub(crate) async fn within<F: Future>(current: Current, work: F) -> F::Output {
    CURRENT.scope(current, work).await
}

/// Takes a well-formed request id over, or makes one.
pub(crate) fn identify(state: &AppState, request: &Request) -> Current {
    let given =
        request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|id| well_formed(id));
    let id = match given {
        Some(id) => id.to_owned(),
        None => state.identity.clock().uuid_v7().to_string(),
    };
    Current { id, path: request.uri().path().to_owned() }
}

fn well_formed(id: &str) -> bool {
    (8..=128).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// Where a request came from: the peer, or what a trusted proxy says of it.
pub(crate) fn address(parts: &Parts, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
    Some(behind_proxies(peer, &parts.headers, trusted))
}

/// What the connection of a request tells of whoever asks.
pub(crate) fn origin(parts: &Parts, state: &AppState) -> Origin {
    let options = &state.options;
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical());
    // Whoever is not behind a proxy that is named could say anything of itself.
    let trusted = peer.is_some_and(|peer| options.trusted_proxies.iter().any(|net| net.contains(&peer)));
    let header = options.client_cert_header.as_ref().filter(|_| trusted);
    Origin {
        address: address(parts, &options.trusted_proxies),
        certificate: header.and_then(|header| certificate::read(&parts.headers, header)),
    }
}

fn behind_proxies(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    if !is_trusted(peer) {
        return peer;
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<IpAddr> =
        forwarded.flat_map(|value| value.split(',')).map_while(|hop| hop.trim().parse().ok()).collect();
    // Each proxy appends whom it heard; what stands before the first stranger is hearsay.
    hops.iter().rev().copied().find(|hop| !is_trusted(*hop)).unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let headers = HeaderMap::from_iter([(
            HeaderName::from_static("x-forwarded-for"),
            HeaderValue::from_static("6.6.6.6, 203.0.113.9, 10.0.0.2"),
        )]);
        let (proxy, stranger) = ("10.0.0.1".parse().unwrap(), "198.51.100.7".parse().unwrap());
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        assert_eq!(behind_proxies(stranger, &headers, &trusted), stranger);
        assert_eq!(behind_proxies(proxy, &headers, &[]), proxy);
        assert_eq!(behind_proxies(proxy, &headers, &trusted), "203.0.113.9".parse::<IpAddr>().unwrap());
        assert_eq!(behind_proxies(proxy, &HeaderMap::new(), &trusted), proxy);
    }

    #[test]
    fn ids_that_could_forge_a_log_line_are_replaced() {
        assert!(well_formed("0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60"));
        for bad in ["", "short", "a\nb-12345678", "name=\"x\";12345", &"x".repeat(129)] {
            assert!(!well_formed(bad), "{bad:?}");
        }
    }
}
