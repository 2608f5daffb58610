//! Client certificates: which names one has, and whether it comes from the authority that an account asks for.

use chrono::{DateTime, Utc};
use conductor_domain::sha256_hex;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime, pem::PemObject};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::ClientCertificate;

/// Authorities of one account at most.
const MOST: usize = 5;

/// What an account may call a certificate: its URIs and DNS names (RFC 6125 leaves the common name aside), and its
/// fingerprint.
pub(super) fn names(leaf: &[u8]) -> Option<Vec<String>> {
    let der = CertificateDer::from(leaf);
    let certificate = EndEntityCert::try_from(&der).ok()?;
    let mut names: Vec<String> = certificate.valid_uri_names().map(str::to_owned).collect();
    // One that stands for many names is nobody's in particular.
    names.extend(certificate.valid_dns_names().filter(|name| !name.starts_with('*')).map(str::to_owned));
    names.truncate(20);
    names.push(format!("sha256:{}", sha256_hex(leaf)));
    Some(names)
}

/// The authorities of a text in PEM, and what they are called together; `None` where it holds none, or anything else.
pub(super) fn authorities(pem: &str) -> Option<(Vec<CertificateDer<'static>>, String)> {
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().ok()?;
    let sound =
        (1..=MOST).contains(&all.len()) && all.iter().all(|one| anchor_from_trusted_cert(one).is_ok());
    let mut marks: Vec<String> = all.iter().map(sha256_hex).collect();
    marks.sort();
    sound.then(|| (all, format!("sha256:{}", sha256_hex(marks.join(" ").as_bytes()))))
}

/// Whether a certificate comes from one of these authorities, for clients, and is good now.
pub(super) fn verify(
    certificate: &ClientCertificate,
    pem: &str,
    now: DateTime<Utc>,
) -> Result<(), &'static str> {
    let (trusted, _) = authorities(pem).ok_or("the authority of the account cannot be read")?;
    let anchors: Vec<TrustAnchor<'_>> =
        trusted.iter().filter_map(|one| anchor_from_trusted_cert(one).ok()).collect();
    let leaf = CertificateDer::from(certificate.leaf.as_slice());
    let chain: Vec<CertificateDer<'_>> =
        certificate.chain.iter().map(|one| CertificateDer::from(one.as_slice())).collect();
    let leaf = EndEntityCert::try_from(&leaf).map_err(|_| "it cannot be read")?;
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &chain, time, KeyUsage::client_auth(), None, None)
        .map(drop)
        .map_err(|error| match error {
            webpki::Error::CertExpired { .. } => "it has expired",
            webpki::Error::CertNotValidYet { .. } => "it is not valid yet",
            webpki::Error::UnknownIssuer => "it comes from another authority",
            _ => "it is not a client's certificate of the authority",
        })
}
