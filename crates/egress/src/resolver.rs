//! Resolves names for the guarded client and hands on only addresses that the guard passes.
//!
//! The client dials what this returns and asks no second time, so an answer that changes between check and dial
//! (DNS rebinding) has nothing to change.

use std::{fmt, io, net::SocketAddr, sync::Arc};

use futures::future::BoxFuture;
use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

use crate::{
    Error,
    guard::{Guard, literal},
};

/// Where names are looked up: the machine's resolver, except in tests.
pub(crate) type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// The machine's own resolver.
pub(crate) fn machine() -> Lookup {
    Arc::new(|host| Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.collect()) }))
}

/// The top of a name under which a refusal stands for a host. `invalid` never resolves (RFC 6761).
const REFUSED: &str = ".refused.conductor.invalid";

/// The guard as the client's resolver.
pub(crate) struct GuardedResolver {
    pub(crate) guard: Arc<Guard>,
    pub(crate) lookup: Lookup,
}

impl fmt::Debug for GuardedResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedResolver").field("guard", &self.guard).finish_non_exhaustive()
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, lookup) = (Arc::clone(&self.guard), Arc::clone(&self.lookup));
        Box::pin(async move {
            let passed = resolve(&guard, &lookup, name.as_str()).await.inspect_err(|error| {
                tracing::info!(host = name.as_str(), error = %error, "outgoing request refused");
            })?;
            Ok(Box::new(passed.into_iter()) as Addrs)
        })
    }
}

/// The addresses of a name that the guard passes, or the first refusal.
pub(crate) async fn resolve(guard: &Guard, lookup: &Lookup, host: &str) -> Result<Vec<SocketAddr>, Error> {
    if let Some(refusal) = refusal(guard, host) {
        return Err(refusal);
    }
    let unresolved = || Error::Unresolved { host: host.to_owned() };
    let found = lookup(host.to_owned()).await.map_err(|error| {
        tracing::debug!(host, error = %error, "a name did not resolve");
        unresolved()
    })?;
    let mut refused = None;
    let mut passed = Vec::with_capacity(found.len());
    for address in found {
        match guard.address(host, address.ip()) {
            Ok(()) => passed.push(address),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    if passed.is_empty() { Err(refused.unwrap_or_else(unresolved)) } else { Ok(passed) }
}

/// Where the client goes instead of a URL that the guard refuses; `None` to let it pass.
///
/// Connectors dial literal addresses without asking a resolver, so these are caught by a proxy rule. The proxy is a
/// name that only `resolve` above knows, and it answers with the refusal: no socket is opened for it.
pub(crate) fn detour(guard: &Guard, url: &Url) -> Option<Url> {
    guard.url(url).is_err().then(|| {
        let encoded = url.host_str().and_then(literal).map_or_else(
            || "url".to_owned(),
            |address| match address {
                std::net::IpAddr::V4(v4) => format!("v4-{:08x}", u32::from(v4)),
                std::net::IpAddr::V6(v6) => format!("v6-{:032x}", u128::from(v6)),
            },
        );
        parse(&format!("http://{encoded}{REFUSED}:9/"))
    })
}

fn refusal(guard: &Guard, host: &str) -> Option<Error> {
    let encoded = host.strip_suffix(REFUSED)?;
    let address = match encoded.split_once('-') {
        Some(("v4", hex)) => {
            u32::from_str_radix(hex, 16).ok().map(|bits| std::net::Ipv4Addr::from(bits).into())
        }
        Some(("v6", hex)) => {
            u128::from_str_radix(hex, 16).ok().map(|bits| std::net::Ipv6Addr::from(bits).into())
        }
        _ => None,
    };
    let refused =
        address.and_then(|address: std::net::IpAddr| guard.address(&address.to_string(), address).err());
    Some(refused.unwrap_or_else(|| Error::Url { why: "the guard refused it".to_owned() }))
}

#[expect(clippy::expect_used, reason = "the text is ours: hexadecimal digits under a fixed name")]
fn parse(text: &str) -> Url {
    Url::parse(text).expect("hexadecimal digits under a fixed name are a URL")
}
