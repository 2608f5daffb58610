//! A client's certificate as a proxy in front tells of it: as RFC 9440 writes it, or in PEM with percent signs, as nginx
//! does. Whether the proxy may be believed is decided before.

use axum::http::{HeaderMap, HeaderName};
use base64::{Engine, prelude::BASE64_STANDARD};
use conductor_identity::ClientCertificate;

/// A longer header is no certificate.
const LARGEST: usize = 64 * 1024;
/// Certificates between a client's and its authority.
const LONGEST_CHAIN: usize = 5;

/// The certificate of a request; `None` where there is none, or one that cannot be read.
pub(crate) fn read(headers: &HeaderMap, header: &HeaderName) -> Option<ClientCertificate> {
    let mut told = headers.get_all(header).iter();
    let (value, more) = (told.next()?.to_str().ok()?.trim(), told.next());
    // Two of them: the proxy added its own to what a client said.
    if more.is_some() || value.len() > LARGEST {
        return None;
    }
    let Some(leaf) = bytes(value) else {
        let mut all = pem(value)?.into_iter();
        return Some(ClientCertificate { leaf: all.next()?, chain: all.take(LONGEST_CHAIN).collect() });
    };
    let chain = headers.get_all(format!("{header}-chain"));
    let chain: Option<Vec<Vec<u8>>> = chain
        .iter()
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .map(|value| bytes(value.trim()))
        .take(LONGEST_CHAIN)
        .collect();
    Some(ClientCertificate { leaf, chain: chain? })
}

/// A byte sequence of RFC 9651: base64 between colons.
fn bytes(value: &str) -> Option<Vec<u8>> {
    let inner = value.strip_prefix(':')?.strip_suffix(':')?;
    BASE64_STANDARD.decode(inner).ok().filter(|bytes| !bytes.is_empty())
}

fn pem(value: &str) -> Option<Vec<Vec<u8>>> {
    let text = decoded(value)?;
    let blocks = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    let read = |block: &str| {
        let (inner, _) = block.split_once("-----END CERTIFICATE-----")?;
        let inner: String = inner.chars().filter(|letter| !letter.is_whitespace()).collect();
        BASE64_STANDARD.decode(inner).ok()
    };
    blocks.map(read).collect()
}

/// Text without its percent signs.
fn decoded(value: &str) -> Option<String> {
    let mut parts = value.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (code, rest) = (part.get(..2)?, part.get(2..)?);
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pairs: &[(&'static str, &'static str)]) -> Option<ClientCertificate> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        read(&headers, &HeaderName::from_static("client-cert"))
    }

    #[test]
    fn both_ways_of_writing_are_read() {
        let one = told(&[("client-cert", ":AQID:"), ("client-cert-chain", ":BAU=:, :Bg==:")]).unwrap();
        assert_eq!((one.leaf, one.chain), (vec![1, 2, 3], vec![vec![4, 5], vec![6]]));
        let pem = "-----BEGIN%20CERTIFICATE-----%0AAQID%0A-----END%20CERTIFICATE-----%0A";
        assert_eq!(told(&[("client-cert", pem)]).unwrap().leaf, [1, 2, 3]);
    }

    #[test]
    fn what_is_doubtful_is_no_certificate() {
        for doubtful in [
            &[][..],
            &[("client-cert", "")],
            &[("client-cert", "AQID")],
            &[("client-cert", "::")],
            &[("client-cert", ":AQID:"), ("client-cert", ":BAU=:")],
            &[("client-cert", ":AQID:"), ("client-cert-chain", "BAU=")],
            &[("client-cert", "-----BEGIN%20CERTIFICATE-----%0AAQID")],
        ] {
            assert!(told(doubtful).is_none(), "{doubtful:?}");
        }
    }
}
