//! Machines that bring a proof of their own: a token of a foreign issuer, a client certificate, or, in development
//! environments, nothing but their name.
//!
//! Each of them acts by a row of `issued_tokens` that is made when an administrator enters the proof and whose text is
//! never given out. So whatever is known of machines' tokens holds here too: what the person who entered it may do,
//! the allowlist, the list on the page, revocation, open streams, and runs that go on after the request.

mod bearer;
mod certificate;
mod entered;

use std::net::IpAddr;

use conductor_domain::{InboundAuth, ServiceAccount, ServiceAccountId, TokenId};
use conductor_storage::Unscoped;
use http::HeaderMap;
use ipnet::IpNet;

use crate::{Error, Identity, Result, authenticate::Carrier, cache::Key, token::Verified};

pub(crate) use bearer::claimed;
pub(crate) use entered::{let_in, settled};

/// The header by which an account without a proof is named.
pub(crate) const NAME: &str = "x-conductor-service-account";
/// How long a proof is believed before it is looked at again, at most: keys and authorities are taken back.
const BELIEVED_SECONDS: i64 = 60;

/// A client certificate as a proxy saw it, in DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// Its own.
    pub leaf: Vec<u8>,
    /// Those between it and its authority.
    pub chain: Vec<Vec<u8>>,
}

/// What the connection tells of whoever asks.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The address.
    pub address: Option<IpAddr>,
    /// The certificate, where a trusted proxy tells of one.
    pub certificate: Option<ClientCertificate>,
}

impl Identity {
    /// Reads a token that is none of ours: one of an issuer whose subject is a service account.
    pub(crate) async fn verify_foreign(&self, token: &str) -> Result<Verified> {
        let claimed = bearer::claimed(token).ok_or(Error::TokenInvalid)?;
        let rows = self.inner.store.unscoped(Unscoped::SignIn);
        let account = rows.service_accounts().of_issuer(&claimed.iss, &claimed.sub).await?;
        let account = account.filter(|account| account.enabled).ok_or(Error::TokenInvalid)?;
        let exp = self.proven(token, &account).await?;
        let now = self.inner.clock.now().timestamp();
        acting(&account, exp.min(now.saturating_add(BELIEVED_SECONDS)))
    }

    /// Finds the machine behind a request that carries no token; `None` where nothing names one.
    pub(crate) async fn verify_without_token(
        &self,
        headers: &HeaderMap,
        from: &Origin,
    ) -> Result<Option<(Verified, Carrier)>> {
        if let Some(certificate) = &from.certificate
            && let Some(verified) = self.by_certificate(certificate).await?
        {
            return Ok(Some((verified, Carrier::Certificate)));
        }
        match headers.get(NAME) {
            Some(name) => {
                let id = name.to_str().ok().and_then(|name| name.trim().parse().ok());
                let verified = self.by_name(id.ok_or(Error::TokenInvalid)?, from.address).await?;
                Ok(Some((verified, Carrier::Name)))
            }
            None => Ok(None),
        }
    }

    /// `None` where no account has a name of the certificate: browsers bring certificates that are meant for others.
    async fn by_certificate(&self, certificate: &ClientCertificate) -> Result<Option<Verified>> {
        let now = self.inner.clock.now();
        let names = certificate::names(&certificate.leaf).unwrap_or_default();
        if names.is_empty() {
            return Ok(None);
        }
        let rows = self.inner.store.unscoped(Unscoped::SignIn);
        let accounts = rows.service_accounts().of_subjects(InboundAuth::Mtls, &names).await?;
        let mut refused = None;
        for account in accounts.into_iter().filter(|account| account.enabled) {
            let authorities = account.inbound.client_ca.as_deref().unwrap_or_default();
            match certificate::verify(certificate, authorities, now) {
                Ok(()) => {
                    let exp = now.timestamp().saturating_add(BELIEVED_SECONDS);
                    return acting(&account, exp).map(Some);
                }
                Err(why) => refused = Some((account.id, why)),
            }
        }
        match refused {
            None => Ok(None),
            Some((account, why)) => {
                tracing::info!(%account, why, "a client certificate is refused");
                Err(Error::TokenInvalid)
            }
        }
    }

    async fn by_name(&self, id: ServiceAccountId, address: Option<IpAddr>) -> Result<Verified> {
        let found = self.inner.store.unscoped(Unscoped::SignIn).service_accounts().find(id).await?;
        let account = found.filter(|account| account.enabled && account.inbound.method == InboundAuth::None);
        // From elsewhere nobody is told that there is such an account.
        let account = account.filter(|account| is_inside(&account.inbound.networks, address));
        let account = account.ok_or(Error::TokenInvalid)?;
        if !self.inner.access.lets_in(&account).await? {
            return Err(Error::DevelopmentOnly);
        }
        acting(&account, self.inner.clock.now().timestamp().saturating_add(1))
    }
}

fn acting(account: &ServiceAccount, exp: i64) -> Result<Verified> {
    let id: TokenId = account.sign_in_token_id.ok_or(Error::TokenInvalid)?;
    Ok(Verified { key: Key::Token(id), person: None, exp })
}

fn is_inside(networks: &[String], address: Option<IpAddr>) -> bool {
    let Some(address) = address else { return false };
    let networks = networks.iter().filter_map(|network| network.parse::<IpNet>().ok());
    networks.into_iter().any(|network| network.contains(&address))
}
