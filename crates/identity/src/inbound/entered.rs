//! A proof as an administrator enters it: what each method needs, and the row that the machine then acts by.

use chrono::{DateTime, TimeDelta, Utc};
use conductor_domain::{
    Environment, EnvironmentType, FieldError, InboundAuth, InboundProof, NewIssuedToken, Principal,
    ServiceAccount, ServiceAccountSpec, TokenId, TokenStatus, UserId,
};
use conductor_storage::ScopedTx;
use ipnet::IpNet;
use jsonwebtoken::Algorithm;
use serde_json::json;

use super::{bearer::pinned, certificate::authorities};
use crate::{Error, Identity, Result, check::Check};

/// Keys and authorities are shorter than this.
const LONGEST: usize = 32 * 1024;
/// Networks of one account at most.
const MOST_NETWORKS: usize = 20;
/// It has no text that could be lost, so it works until it is ended.
const ENDS: TimeDelta = TimeDelta::days(36_500);

impl Identity {
    /// Checks how a machine is to prove who it is, and leaves nothing of the other methods behind.
    pub(crate) fn check_inbound(
        &self,
        check: &mut Check,
        spec: &mut ServiceAccountSpec,
        environment: Option<&Environment>,
    ) {
        let entered = std::mem::take(&mut spec.inbound);
        let method = entered.method;
        let clean =
            |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        spec.inbound = match method {
            InboundAuth::Bearer => InboundProof {
                method,
                jwks_uri: clean(entered.jwks_uri),
                public_key: clean(entered.public_key),
                ..InboundProof::default()
            },
            InboundAuth::Mtls => {
                InboundProof { method, client_ca: clean(entered.client_ca), ..InboundProof::default() }
            }
            InboundAuth::None => {
                let networks = entered.networks.iter().map(|text| text.trim().to_owned());
                InboundProof { method, networks: networks.collect(), ..InboundProof::default() }
            }
        };
        let mut fault = |pointer: &str, code: &'static str, detail: String| {
            check.fault(FieldError::new(pointer, code, detail));
        };
        let inbound = &spec.inbound;
        match method {
            InboundAuth::Bearer if inbound.signs_in() => {
                if spec.issuer == self.inner.tokens.issuer() {
                    let detail =
                        "Name the issuer of the foreign tokens. This installation's own need no key here.";
                    fault("/issuer", "invalid", detail.to_owned());
                }
                if inbound.jwks_uri.is_some() && inbound.public_key.is_some() {
                    let detail = "Enter the address of the issuer's keys or one key, not both.";
                    fault("/public_key", "invalid", detail.to_owned());
                }
                if let Some(address) = &inbound.jwks_uri
                    && let Err(Error::ProviderUnusable { why }) = self.inner.providers.check(address)
                {
                    fault("/jwks_uri", "invalid_url", why);
                }
                if let Some(pem) = &inbound.public_key {
                    let kinds = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];
                    let secret = pem.contains("PRIVATE KEY");
                    if secret || pem.len() > LONGEST || !kinds.iter().any(|kind| pinned(pem, *kind).is_some())
                    {
                        let detail = "Enter a public key in PEM (-----BEGIN PUBLIC KEY-----): RSA, P-256, P-384 or Ed25519.";
                        fault("/public_key", "invalid", detail.to_owned());
                    }
                }
            }
            InboundAuth::Bearer => {}
            InboundAuth::Mtls => match inbound.client_ca.as_deref().filter(|pem| pem.len() <= LONGEST) {
                None => {
                    let detail = "Enter the certificate of the authority that issues the client's, in PEM.";
                    fault("/client_ca", "required", detail.to_owned());
                }
                Some(pem) => match authorities(pem) {
                    // Its authority vouches for it: the same subject of another authority is another machine.
                    Some((_, mark)) => spec.issuer = mark,
                    None => {
                        let detail = "Enter one to five certificates in PEM (-----BEGIN CERTIFICATE-----).";
                        fault("/client_ca", "invalid", detail.to_owned());
                    }
                },
            },
            InboundAuth::None => {
                let development = environment.is_some_and(|one| one.environment_type == EnvironmentType::Dev);
                if !development {
                    let detail = "An account without authentication works in a development environment only, never in staging or production: confine it to one under Environment.";
                    fault("/inbound_auth_method", "development_only", detail.to_owned());
                }
                let sound =
                    |text: &String| text.parse::<IpNet>().is_ok_and(|network| network.prefix_len() > 0);
                let count = (1..=MOST_NETWORKS).contains(&inbound.networks.len());
                if !count || !inbound.networks.iter().all(sound) {
                    let detail =
                        "Name one to 20 networks that it may come from, such as 10.1.2.0/24 or 127.0.0.1/32.";
                    fault("/networks", "invalid", detail.to_owned());
                }
            }
        }
    }
}

/// Gives an account the row that it acts by when it signs in by its proof: with the rights of the person who entered it.
pub(crate) async fn let_in(
    tx: ScopedTx<'_>,
    account: ServiceAccount,
    id: TokenId,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<ServiceAccount> {
    let by = by.ok_or(Error::PeopleOnly)?;
    let name = match account.inbound.method {
        InboundAuth::Bearer => format!("Sign-in by tokens of {}", account.issuer),
        InboundAuth::Mtls => "Sign-in by certificate".to_owned(),
        InboundAuth::None => "Sign-in without authentication".to_owned(),
    };
    let new = NewIssuedToken {
        id,
        principal: Principal::ServiceAccount { service_account_id: account.id },
        name,
        scopes: account.scope_allowlist.clone(),
        metadata: json!({ "inbound_auth_method": account.inbound.method }),
        issued_by_id: by,
        expires_at: now + ENDS,
    };
    tx.issued_tokens().create(new).await?;
    Ok(tx.service_accounts().sign_in_by(account.id, Some(id)).await?)
}

/// Brings what an account acts by in line with how it was changed. It is ended and made anew wherever that could let
/// somebody else in, or lend one administrator's rights to what another one wrote.
pub(crate) async fn settled(
    tx: ScopedTx<'_>,
    before: &ServiceAccount,
    account: ServiceAccount,
    id: TokenId,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<ServiceAccount> {
    let principal = Principal::ServiceAccount { service_account_id: account.id };
    let kept = match before.sign_in_token_id {
        None => None,
        Some(old) => match tx.issued_tokens().get(&principal, old).await {
            Ok(token) => Some(token),
            Err(conductor_storage::Error::NotFound) => None,
            Err(error) => return Err(error.into()),
        },
    };
    let same = (&before.subject, &before.issuer, &before.audience, before.environment_id, &before.inbound)
        == (&account.subject, &account.issuer, &account.audience, account.environment_id, &account.inbound);
    let quiet = before.scope_allowlist == account.scope_allowlist && before.enabled == account.enabled;
    if let Some(token) = kept {
        let own = by == Some(token.issued_by_id);
        if account.inbound.signs_in() && same && (own || quiet) && token.status(now) == TokenStatus::Active {
            return Ok(account);
        }
        if token.revoked_at.is_none() {
            tx.issued_tokens().revoke(&principal, token.id, by).await?;
        }
    }
    match account.inbound.signs_in() {
        true => let_in(tx, account, id, by, now).await,
        false if account.sign_in_token_id.is_some() => {
            Ok(tx.service_accounts().sign_in_by(account.id, None).await?)
        }
        false => Ok(account),
    }
}
