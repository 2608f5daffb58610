//! From the headers of a request to a caller with a scope. There is no other way in.

use std::{str::FromStr, sync::Arc};

use chrono::TimeDelta;
use conductor_access::{Action, Machine};
use conductor_domain::{Caller, EnvironmentId, OrganizationId, Principal, Revoked, Scope, Standing, UserId};
use conductor_storage::Unscoped;
use http::{HeaderMap, header};

use crate::{
    Error, Identity, Origin, Result,
    cache::{Cache, Holder, Key, Live},
    token::Verified,
};

/// The cookie that carries the access token of a browser.
const COOKIE: &str = "__Host-conductor_access";

/// How exactly the last use of a machine's token is noted: not every request is a write.
const USE_NOTED: TimeDelta = TimeDelta::minutes(1);

/// How a request carried its credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// `Authorization: Bearer`.
    Bearer,
    /// The session cookie, which browsers send by themselves: the door checks that the page is ours.
    Cookie,
    /// A client certificate, which browsers send by themselves too.
    Certificate,
    /// The name of a service account that needs no proof.
    Name,
}

/// The scope that a request's path names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PathScope {
    /// `{org_id}`.
    pub organization_id: Option<OrganizationId>,
    /// `{env_id}`.
    pub environment_id: Option<EnvironmentId>,
}

/// A caller, and how it proved who it is.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// The caller.
    pub caller: Caller,
    /// The carrier of its credential.
    pub carrier: Carrier,
    /// Whether the organisation asks its members for a second factor that this person has not: until there is one,
    /// nothing but the person's own account is open.
    pub lacks_mfa: bool,
}

impl Identity {
    /// Reads the one credential of a request and resolves the scope it acts in: the path's, else `X-Context`, else
    /// `X-Conductor-Organization` and `X-Conductor-Environment`, else the active one; members only.
    ///
    /// # Errors
    /// `TokenMissing` and its kin; `TwoCredentials`; `DevelopmentOnly`; `NotFound` for a scope the caller is no member of.
    pub async fn authenticate(
        &self,
        headers: &HeaderMap,
        path: PathScope,
        from: Origin,
    ) -> Result<Authenticated> {
        let (live, carrier) = match credential(headers) {
            Ok((token, carrier)) => (self.verify(token, carrier).await?, carrier),
            Err(Error::TokenMissing) => {
                let found = self.verify_without_token(headers, &from).await?;
                let (verified, carrier) = found.ok_or(Error::TokenMissing)?;
                (self.stands(verified).await?, carrier)
            }
            Err(error) => return Err(error),
        };
        let address = from.address;
        let (scope, standing) = resolve(&live, headers, path)?;
        let person = Caller {
            principal: Principal::User { user_id: live.user.id },
            scope,
            organizations: live.standings.iter().map(|standing| standing.organization_id).collect(),
            roles: vec![format!("platform:{}", live.user.role), format!("organization:{}", standing.role)],
            clearance: live.user.clearance,
            attributes: live.user.attributes.clone(),
            token_scopes: None,
            session_id: None,
            token_id: None,
            address,
        };
        let caller = match &live.holder {
            Holder::Session(session) => Caller { session_id: Some(session.id), ..person },
            Holder::Machine(machine) => {
                self.note_use(machine, scope).await;
                machine.as_caller(person)
            }
        };
        Ok(Authenticated { caller, carrier, lacks_mfa: lacks_mfa(&live, standing) })
    }

    /// Whether a machine's scopes include what a route does; for people there is nothing to ask here.
    ///
    /// # Errors
    /// `Access` with `scope_missing`; `PeopleOnly` where the route is not for machines at all.
    pub async fn admit_machine(&self, caller: &Caller, action: Option<Action>) -> Result<()> {
        if caller.token_id.is_none() {
            return Ok(());
        }
        let action = action.ok_or(Error::PeopleOnly)?;
        Ok(self.inner.access.require_scope(caller, action).await?)
    }

    /// Completes when the caller's credential dies: its session ended, its account was closed, its membership in the
    /// scope ended. Streams that outlive a request wait for it.
    pub async fn until_revoked(&self, caller: &Caller) {
        let mut changes = self.inner.cache.changes();
        let key = match (caller.session_id, caller.token_id) {
            (Some(session), _) => Key::Session(session),
            (None, Some(token)) => Key::Token(token),
            // No credential of ours stands behind it, so none can be watched: it is not left open.
            (None, None) => return,
        };
        loop {
            changes.mark_unchanged();
            let mut wait = self.inner.recheck_streams;
            match self.live(key).await {
                Ok(live) if !member_of(&live, caller.scope) => return,
                Ok(live) => match (live.expires_at() - self.inner.clock.now()).to_std() {
                    Ok(left) if !left.is_zero() => wait = wait.min(left),
                    _ => return,
                },
                Err(Error::TokenRevoked) => return,
                // A database that fails for a moment is no revocation.
                Err(_) => {}
            }
            // What other processes do is heard by `watch`; rows are also asked from time to time.
            let told = tokio::time::timeout(wait, async {
                while changes.changed().await.is_ok() && self.inner.cache.knows(key) {}
            });
            drop(told.await);
        }
    }

    async fn verify(&self, token: &str, carrier: Carrier) -> Result<Arc<Live>> {
        let (cache, now) = (&self.inner.cache, self.inner.clock.now());
        let name = Cache::name(token);
        let verified = match cache.token(&name) {
            Some(verified) if verified.exp > now.timestamp() => verified,
            _ => {
                let read = match self.inner.tokens.is_ours(token) {
                    false if carrier == Carrier::Bearer => self.verify_foreign(token).await?,
                    _ => self.inner.tokens.verify(token, now)?,
                };
                cache.keep_token(name, read, now)
            }
        };
        self.stands(*verified).await
    }

    /// Whether what a proof stands for still stands.
    async fn stands(&self, verified: Verified) -> Result<Arc<Live>> {
        let (cache, now) = (&self.inner.cache, self.inner.clock.now());
        let live = match cache.live(verified.key, now) {
            Some(live) => live,
            None => self.live(verified.key).await?,
        };
        let same = match verified.person {
            Some(person) => person == (live.user.id, live.user.token_version),
            None => matches!(live.holder, Holder::Machine(_)),
        };
        if !same || live.expires_at() <= now {
            return Err(Error::TokenRevoked);
        }
        Ok(live)
    }

    /// Reads where a credential and the person behind it stand. One that turns out to have ended is not served from
    /// memory any more either.
    async fn live(&self, key: Key) -> Result<Arc<Live>> {
        let read = self.read(key).await;
        if matches!(read, Err(Error::TokenRevoked)) && self.inner.cache.knows(key) {
            self.inner.cache.forget(match key {
                Key::Session(id) => Revoked::Session(id),
                Key::Token(id) => Revoked::Token(id),
            });
        }
        read
    }

    async fn read(&self, key: Key) -> Result<Arc<Live>> {
        let (generation, now) = (self.inner.cache.generation(), self.inner.clock.now());
        let live = match key {
            Key::Session(id) => {
                let rows = self.inner.store.unscoped(Unscoped::SignIn);
                let session = rows.sessions().find(id).await?.ok_or(Error::TokenRevoked)?;
                let user = rows.users().find(session.user_id).await?.ok_or(Error::TokenRevoked)?;
                if session.revoked_at.is_some() || !user.is_active {
                    return Err(Error::TokenRevoked);
                }
                let standings = self.standings(user.id).await?;
                Live::new(user, Holder::Session(session), standings, now)
            }
            Key::Token(id) => {
                let machine = self.inner.access.machine(id).await?.ok_or(Error::TokenRevoked)?;
                let mut standings = self.standings(machine.issuer.id).await?;
                standings.retain(|standing| standing.organization_id == machine.token.scope.organization_id);
                if let (Some(only), Some(standing)) = (machine.environment_id, standings.first_mut()) {
                    standing.environments.retain(|environment| *environment == only);
                }
                if standings.iter().all(|standing| standing.environments.is_empty()) {
                    return Err(Error::TokenRevoked);
                }
                Live::new(machine.issuer.clone(), Holder::Machine(Box::new(machine)), standings, now)
            }
        };
        let live = Arc::new(live);
        self.inner.cache.keep_live(generation, Arc::clone(&live));
        Ok(live)
    }

    /// Notes that a token was used. That is told to people who look at the list; it never fails a request.
    async fn note_use(&self, machine: &Machine, scope: Scope) {
        let now = self.inner.clock.now();
        let due = machine.token.last_used_at.is_none_or(|last| now - last >= USE_NOTED);
        if !due || !self.inner.cache.first_use(machine.token.id, now, USE_NOTED) {
            return;
        }
        let id = machine.token.id;
        let noted = self
            .inner
            .store
            .scoped(scope)
            .write(move |tx| Box::pin(async move { tx.issued_tokens().touch(id, now).await }));
        let noted: Result<(), conductor_storage::Error> = noted.await;
        if let Err(error) = noted {
            tracing::warn!(error = &error as &dyn std::error::Error, "the use of a token was not noted");
        }
    }

    /// The organisations a person is an active member of, with their environments.
    pub(crate) async fn standings(&self, user: UserId) -> Result<Vec<Standing>> {
        let rows = self.inner.store.unscoped(Unscoped::SignIn);
        let memberships = rows.organizations().of_user(user).await?;
        let ids: Vec<OrganizationId> = memberships.iter().map(|(organization, _)| organization.id).collect();
        let environments = rows.environments().of(&ids).await?;
        let environments_of =
            |id| environments.iter().filter(move |environment| environment.organization_id == id);
        Ok(memberships
            .into_iter()
            .map(|(organization, role)| Standing {
                role,
                organization_id: organization.id,
                slug: organization.slug,
                requires_mfa: organization.requires_mfa,
                environments: environments_of(organization.id).map(|environment| environment.id).collect(),
            })
            .collect())
    }
}

/// The one credential of a request.
fn credential(headers: &HeaderMap) -> Result<(&str, Carrier)> {
    let mut found = None;
    let mut take = |token, carrier| match found.replace((token, carrier)) {
        None => Ok(()),
        Some(_) => Err(Error::TwoCredentials),
    };
    for value in headers.get_all(header::AUTHORIZATION) {
        let value = value.to_str().map_err(|_| Error::TokenInvalid)?;
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        // Another scheme is a credential too, and not one of ours.
        let token = if scheme.eq_ignore_ascii_case("bearer") { token.trim() } else { "" };
        take(token, Carrier::Bearer)?;
    }
    for value in headers.get_all(header::COOKIE) {
        // Cookies that are not text belong to someone else on this host.
        let Ok(value) = value.to_str() else { continue };
        for pair in value.split(';') {
            if let Some((COOKIE, token)) = pair.trim().split_once('=') {
                take(token, Carrier::Cookie)?;
            }
        }
    }
    match found {
        None => Err(Error::TokenMissing),
        Some(("", Carrier::Cookie)) => Err(Error::TokenMissing),
        Some(("", Carrier::Bearer)) => Err(Error::TokenInvalid),
        Some(found) => Ok(found),
    }
}

fn member_of(live: &Live, scope: Scope) -> bool {
    live.standings.iter().any(|standing| {
        standing.organization_id == scope.organization_id
            && standing.environments.contains(&scope.environment_id)
            && !lacks_mfa(live, standing)
    })
}

/// Machines have no second factor; their tokens were issued by someone who could.
fn lacks_mfa(live: &Live, standing: &Standing) -> bool {
    standing.requires_mfa && !live.user.mfa_enabled && matches!(live.holder, Holder::Session(_))
}

/// The scope of a request, and where the person stands in it.
fn resolve<'l>(live: &'l Live, headers: &HeaderMap, path: PathScope) -> Result<(Scope, &'l Standing)> {
    const UNKNOWN: Error = Error::NotFound { what: "organisation" };
    let by_id = |id| live.standings.iter().find(|standing| standing.organization_id == id);
    let named = text(headers, "x-conductor-environment").map(EnvironmentId::from_str).transpose();
    let named = path.environment_id.or(named.map_err(|_| UNKNOWN)?);

    let standing = if let Some(id) = path.organization_id {
        by_id(id).ok_or(UNKNOWN)?
    } else if let Some(slug) = text(headers, "x-context") {
        live.standings.iter().find(|standing| standing.slug.eq_ignore_ascii_case(slug)).ok_or(UNKNOWN)?
    } else if let Some(id) = text(headers, "x-conductor-organization") {
        OrganizationId::from_str(id).ok().and_then(by_id).ok_or(UNKNOWN)?
    } else if let Some(environment) = named {
        let owner = live.standings.iter().find(|standing| standing.environments.contains(&environment));
        owner.ok_or(UNKNOWN)?
    } else {
        let active = live.user.active.and_then(|active| by_id(active.organization_id));
        active.or(live.standings.first()).ok_or(Error::NoOrganization)?
    };

    let active = live.user.active.filter(|active| active.organization_id == standing.organization_id);
    let has = |environment: &EnvironmentId| standing.environments.contains(environment);
    let environment_id = match named {
        Some(environment) => Some(environment).filter(has),
        None => {
            active.map(|active| active.environment_id).filter(has).or(standing.environments.first().copied())
        }
    };
    let environment_id = environment_id.ok_or(Error::NotFound { what: "environment" })?;
    Ok((Scope { organization_id: standing.organization_id, environment_id }, standing))
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn exactly_one_carrier_is_read() {
        let bearer = ("authorization", "Bearer a.b.c");
        let cookie = ("cookie", "theme=dark; __Host-conductor_access=d.e.f");
        assert_eq!(credential(&headers(&[bearer])).unwrap(), ("a.b.c", Carrier::Bearer));
        assert_eq!(credential(&headers(&[cookie])).unwrap(), ("d.e.f", Carrier::Cookie));
        let refresh = ("cookie", "__Host-conductor_refresh=secret");
        assert_eq!(credential(&headers(&[bearer, refresh])).unwrap(), ("a.b.c", Carrier::Bearer));

        assert!(matches!(credential(&headers(&[])), Err(Error::TokenMissing)));
        assert!(matches!(credential(&headers(&[refresh])), Err(Error::TokenMissing)));
        assert!(matches!(credential(&headers(&[("authorization", "Basic eA==")])), Err(Error::TokenInvalid)));
        for two in [
            headers(&[bearer, cookie]),
            headers(&[bearer, bearer]),
            headers(&[cookie, cookie]),
            headers(&[("authorization", "Basic eA=="), cookie]),
            headers(&[("cookie", "__Host-conductor_access=a; __Host-conductor_access=b")]),
        ] {
            assert!(matches!(credential(&two), Err(Error::TwoCredentials)), "{two:?}");
        }
    }
}
