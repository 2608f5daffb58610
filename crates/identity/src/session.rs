//! Sessions: opened by whoever proved who they are, kept alive by refresh tokens, ended by many things.

use std::{net::IpAddr, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use conductor_domain::{
    Caller, Environment, NewSession, Organization, Page, PageRequest, Redacted, Scope, Session, SessionId,
    User, UserId, sha256_hex,
};
use conductor_storage::{Rotation, Unscoped, UnscopedTx};

use crate::{
    Error, Identity, Result,
    error::about,
    identity::{done, entry},
};

/// The client behind a request: for the list of sessions, limits and the audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// What it calls itself.
    pub user_agent: Option<String>,
    /// Where it is.
    pub address: Option<IpAddr>,
}

/// A session that was just opened or refreshed.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The JWT.
    pub access_token: Redacted<String>,
    /// How long it lives.
    pub expires_in: Duration,
    /// What to refresh with, once.
    pub refresh_token: Redacted<String>,
    /// How long that works.
    pub refresh_expires_in: Duration,
    /// Who signed in.
    pub user: User,
    /// The active organisation.
    pub organization: Organization,
    /// The active environment.
    pub environment: Environment,
}

/// A session about to be written, with the plain token that only its client will have.
pub(crate) struct Opening {
    pub(crate) new: NewSession,
    pub(crate) refresh_token: Redacted<String>,
}

impl Identity {
    /// Exchanges a refresh token for new ones. A token that was used before ends its session: someone else has it.
    ///
    /// # Errors
    /// `TokenMissing`, `TokenInvalid`, `TokenExpired` or `TokenRevoked`.
    pub async fn refresh(&self, token: &Redacted<String>) -> Result<SignedIn> {
        if token.expose().is_empty() {
            return Err(Error::TokenMissing);
        }
        let arrived = self.inner.clock.now();
        let (old, fresh) = (sha256_hex(token.expose().as_bytes()), random_token());
        let new = sha256_hex(fresh.expose().as_bytes());
        let expires_at = arrived + delta(self.inner.options.refresh_lifetime);
        let replayed_before = arrived - delta(self.inner.options.twin_leeway);
        let rotation = self
            .inner
            .store
            .unscoped(Unscoped::SignIn)
            .write(move |tx| {
                Box::pin(async move {
                    let rotation = tx.sessions().rotate(&old, new, expires_at).await?;
                    // Used long ago: a replay. Used just now: its twin won.
                    if let Rotation::Used { session_id, at } = &rotation
                        && *at <= replayed_before
                    {
                        end_replayed(tx, *session_id).await?;
                    }
                    Ok::<_, Error>(rotation)
                })
            })
            .await?;
        match rotation {
            Rotation::Rotated(session) => self.signed_in(session, fresh).await,
            Rotation::Used { session_id, at } => {
                if at <= replayed_before {
                    self.inner.cache.forget_session(session_id);
                    tracing::warn!(session.id = %session_id, "a refresh token was replayed; its session was ended");
                }
                Err(Error::TokenRevoked)
            }
            Rotation::Revoked => Err(Error::TokenRevoked),
            Rotation::Expired => Err(Error::TokenExpired),
            Rotation::Unknown => Err(Error::TokenInvalid),
        }
    }

    /// Ends the caller's own session. The address is where the browser has to go for the provider's session to end
    /// too, where the provider is one of that kind; from there it comes back to `return_to`.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn sign_out(&self, caller: &Caller, return_to: &str) -> Result<Option<String>> {
        let Some(session) = caller.session_id else { return Ok(None) };
        // Read before it ends: the token goes with the session.
        let address = self.sign_out_address(session, return_to).await;
        self.end_session(caller, session).await?;
        Ok(address)
    }

    /// The caller's sessions that still live, the newest first.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn sessions(&self, caller: &Caller, page: PageRequest) -> Result<Page<Session>> {
        let user = person(caller)?;
        let view = self.inner.store.unscoped(Unscoped::SignIn);
        Ok(view.sessions().page_of(user, self.inner.clock.now(), page).await?)
    }

    /// Ends one of the caller's sessions; one that has ended already is no fault.
    ///
    /// # Errors
    /// `NotFound` when it is not one of the caller's.
    pub async fn end_session(&self, caller: &Caller, session: SessionId) -> Result<()> {
        let user = person(caller)?;
        let view = self.inner.store.unscoped(Unscoped::SignIn);
        let found = view.sessions().find(session).await?.filter(|found| found.user_id == user);
        found.ok_or(Error::NotFound { what: "session" })?;
        let audit = done(caller, "session.ended", format!("session:{session}")).on("session", session);
        let scope = caller.scope;
        view.write(move |tx| {
            Box::pin(async move {
                if tx.sessions().revoke_own(user, session, "signed_out").await? {
                    tx.sessions().forget_id_tokens().await?;
                    tx.scoped(scope).audit().record(audit).await?;
                }
                Ok::<_, Error>(())
            })
        })
        .await?;
        self.inner.cache.forget_session(session);
        Ok(())
    }

    /// Prepares a session for the transaction that opens it.
    pub(crate) fn opening(&self, user: UserId, client: &Client) -> Opening {
        let (now, refresh_token) = (self.inner.clock.now(), random_token());
        let new = NewSession {
            id: SessionId::generate(&*self.inner.clock),
            user_id: user,
            user_agent: client.user_agent.clone(),
            address: client.address.map(|address| address.to_string()),
            expires_at: now + delta(self.inner.options.session_lifetime),
            refresh_hash: sha256_hex(refresh_token.expose().as_bytes()),
            refresh_expires_at: now + delta(self.inner.options.refresh_lifetime),
            provider_id: None,
            id_token_ref: None,
        };
        Opening { new, refresh_token }
    }

    /// Signs the access token of a session and reads what its client wants to know.
    pub(crate) async fn signed_in(
        &self,
        session: Session,
        refresh_token: Redacted<String>,
    ) -> Result<SignedIn> {
        let view = self.inner.store.unscoped(Unscoped::SignIn);
        let user = view.users().find(session.user_id).await?.filter(|user| user.is_active);
        let user = user.ok_or(Error::TokenRevoked)?;
        let (scope, organization, environment) = self.place(&user).await?;
        let tokens = &self.inner.tokens;
        let access_token =
            tokens.issue(&*self.inner.clock, user.id, user.token_version, session.id, scope)?;
        let left = until(session.expires_at, self.inner.clock.now());
        Ok(SignedIn {
            access_token,
            expires_in: tokens.lifetime(),
            refresh_token,
            refresh_expires_in: self.inner.options.refresh_lifetime.min(left),
            user,
            organization,
            environment,
        })
    }

    /// The scope that a person's requests act in when they name none.
    pub(crate) async fn place(&self, user: &User) -> Result<(Scope, Organization, Environment)> {
        let view = self.inner.store.unscoped(Unscoped::SignIn);
        let mut mine = view.organizations().of_user(user.id).await?;
        let active = user.active.and_then(|active| {
            mine.iter().position(|(organization, _)| organization.id == active.organization_id)
        });
        if mine.is_empty() {
            return Err(Error::NoOrganization);
        }
        let (organization, _) = mine.swap_remove(active.unwrap_or(0));
        let environments = view.environments().of(&[organization.id]).await?;
        let wanted = user.active.map(|active| active.environment_id);
        let chosen = environments.iter().find(|environment| Some(environment.id) == wanted);
        let environment = chosen.or(environments.first()).cloned();
        let environment = environment.ok_or(Error::NotFound { what: "environment" })?;
        let scope = Scope { organization_id: organization.id, environment_id: environment.id };
        Ok((scope, organization, environment))
    }
}

/// Ends a session whose refresh token came twice: whoever has it besides its owner is refused, and so is the owner.
async fn end_replayed(tx: UnscopedTx<'_>, id: SessionId) -> Result<()> {
    let owner = tx.sessions().owner(id).await?;
    if !tx.sessions().revoke(id, "refresh_token_replayed").await? {
        return Ok(());
    }
    let Some(user) = owner else { return Ok(()) };
    let active = tx.users().read().find(user).await?.and_then(|user| user.active);
    let mut audit = entry("session.revoked", user, &Client::default()).on("session", id);
    audit.allowed = false;
    audit.denial_reason = Some("a refresh token was used a second time".to_owned());
    tx.scoped(active.unwrap_or(Scope::PLATFORM)).audit().record(audit).await?;
    Ok(())
}

/// Writes a session and that the person signed in.
pub(crate) async fn open(
    tx: UnscopedTx<'_>,
    new: NewSession,
    client: &Client,
    scope: Scope,
) -> Result<Session> {
    let user = new.user_id;
    let session = tx.sessions().open(new).await?;
    let change = conductor_domain::UserChange { signed_in: true, ..Default::default() };
    tx.users().update(user, change).await.map_err(about("account"))?;
    let audit = entry("account.signed_in", user, client);
    tx.scoped(scope).audit().record(audit).await?;
    Ok(session)
}

/// The account behind a caller; only people have sessions, profiles and organisations.
pub(crate) fn person(caller: &Caller) -> Result<UserId> {
    caller.user_id().ok_or(Error::NotFound { what: "account" })
}

/// 256 random bits as text.
pub(crate) fn random_token() -> Redacted<String> {
    let bytes: [u8; 32] = rand::random();
    Redacted::new(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

pub(crate) fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

fn until(moment: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (moment - now).to_std().unwrap_or_default()
}
