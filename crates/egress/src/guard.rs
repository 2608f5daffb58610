//! The rules of the guard, apart from any client: which address, which URL.

use std::net::IpAddr;

use ipnet::IpNet;
use reqwest::Url;

use crate::{
    Error,
    range::{canonical, special_range},
};

/// What tenants may reach: the public internet, and what the operator allows beside it.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    allow: Vec<IpNet>,
}

impl Guard {
    pub(crate) const fn new(allow: Vec<IpNet>) -> Self {
        Self { allow }
    }

    /// Passes an address of a host, or says why not.
    pub(crate) fn address(&self, host: &str, address: IpAddr) -> Result<(), Error> {
        let address = canonical(address);
        match special_range(address) {
            Some(range) if !self.allow.iter().any(|net| net.contains(&address)) => {
                Err(Error::Address { host: host.to_owned(), address, range })
            }
            _ => Ok(()),
        }
    }

    /// Passes a parsed URL as far as it can be judged without resolving its name.
    pub(crate) fn url(&self, url: &Url) -> Result<(), Error> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::Scheme { scheme: url.scheme().to_owned() });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::Userinfo);
        }
        let host = url.host_str().ok_or_else(|| Error::Url { why: "it has no host".to_owned() })?;
        match literal(host) {
            Some(address) => self.address(host, address),
            None => Ok(()),
        }
    }

    /// Reads a URL that a tenant wrote. One parser reads it, the same one that later dials.
    pub(crate) fn parse(&self, text: &str) -> Result<Url, Error> {
        // Parsers differ on these: the URL standard reads `\` as `/` and drops tabs and line ends.
        if text.contains(|odd: char| odd == '\\' || odd.is_control() || odd.is_whitespace()) {
            return Err(Error::Url {
                why: "it contains a backslash, a space or a control character".to_owned(),
            });
        }
        let url = Url::parse(text).map_err(|error| Error::Url { why: error.to_string() })?;
        self.url(&url)?;
        Ok(url)
    }
}

/// The address that a host is, where it is no name. The URL parser has already turned decimal, octal, hexadecimal and
/// short forms into dotted ones.
pub(crate) fn literal(host: &str) -> Option<IpAddr> {
    let host = host.strip_prefix('[').and_then(|open| open.strip_suffix(']')).unwrap_or(host);
    host.trim_end_matches('.').parse().ok()
}
