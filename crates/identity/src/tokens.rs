//! Tokens that people issue to machines: to an agent, or to a service account.
//!
//! A token can do what its scopes say, what its issuer may do when it is used, and no more. Its text is shown once.

use chrono::{DateTime, TimeDelta, Utc};
use conductor_access::{Action, Facts, ResourceKind};
use conductor_domain::{
    AgentId, Caller, FieldError, IssuedToken, NewIssuedToken, Page, PageRequest, Principal, Redacted,
    Revoked, Scope, ServiceAccountId, TokenId, TokenStatus,
};
use serde_json::Value;

use crate::{Error, Identity, Result, check::Check, error::about, identity::done, session::delta};

/// Patterns in one list.
const MOST_SCOPES: usize = 50;
/// Notes take at most this much.
const METADATA_BYTES: usize = 8 * 1024;
/// How long a token works when nobody says how long.
const USUAL_LIFETIME: TimeDelta = TimeDelta::days(30);
/// A token that would end before its issuer has copied it is a mistake.
const SHORTEST_LIFETIME: TimeDelta = TimeDelta::minutes(1);

/// A token that is asked for.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// What the issuer calls it.
    pub name: String,
    /// Patterns of what it may do: `tool.invoke`, `agent.*`.
    pub scopes: Vec<String>,
    /// When it is to end; after 30 days where `None`, and never later than the operator allows.
    pub expires_at: Option<DateTime<Utc>>,
    /// Free notes, a JSON object.
    pub metadata: Value,
}

/// A token with its text, which is shown this once.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The row.
    pub token: IssuedToken,
    /// The text.
    pub text: Redacted<String>,
}

/// Whose tokens are meant, with the scope and the actions of their kind.
struct Owner {
    principal: Principal,
    scope: Scope,
    target: String,
}

impl Identity {
    /// An agent's tokens, the newest first.
    ///
    /// # Errors
    /// `NotFound`, or when the caller may not see them.
    pub async fn agent_tokens(
        &self,
        caller: &Caller,
        agent: AgentId,
        page: PageRequest,
    ) -> Result<Page<IssuedToken>> {
        let owner = self.agent_owner(caller, agent, Action::AgentTokenRead).await?;
        Ok(self.inner.store.visible_to(caller).issued_tokens().page(&owner.principal, page).await?)
    }

    /// Issues a token to an agent.
    ///
    /// # Errors
    /// `Invalid` for scopes beyond the caller's own or a time beyond the longest; `PeopleOnly`.
    pub async fn issue_agent_token(
        &self,
        caller: &Caller,
        agent: AgentId,
        request: TokenRequest,
    ) -> Result<Issued> {
        let owner = self.agent_owner(caller, agent, Action::AgentTokenCreate).await?;
        self.issue(caller, owner, None, request).await
    }

    /// Ends an agent's token at once; one that was ended before stays as it was.
    ///
    /// # Errors
    /// `NotFound`, or when the caller may not.
    pub async fn revoke_agent_token(
        &self,
        caller: &Caller,
        agent: AgentId,
        token: TokenId,
    ) -> Result<IssuedToken> {
        let owner = self.agent_owner(caller, agent, Action::AgentTokenRevoke).await?;
        self.revoke_token(caller, owner, token).await
    }

    /// Deletes an agent's token that no longer works.
    ///
    /// # Errors
    /// `TokenActive`, `NotFound`, or when the caller may not.
    pub async fn delete_agent_token(&self, caller: &Caller, agent: AgentId, token: TokenId) -> Result<()> {
        let owner = self.agent_owner(caller, agent, Action::AgentTokenDelete).await?;
        self.delete_token(caller, owner, token).await
    }

    /// A service account's tokens, the newest first.
    ///
    /// # Errors
    /// `NotFound`, or when the caller may not see them.
    pub async fn service_account_tokens(
        &self,
        caller: &Caller,
        account: ServiceAccountId,
        page: PageRequest,
    ) -> Result<Page<IssuedToken>> {
        let (owner, _, _) = self.account_owner(caller, account, Action::ServiceAccountRead).await?;
        Ok(self.inner.store.visible_to(caller).issued_tokens().page(&owner.principal, page).await?)
    }

    /// Issues a token to a service account, within its allowlist.
    ///
    /// # Errors
    /// `AccountDisabled`; else as `issue_agent_token`.
    pub async fn issue_service_account_token(
        &self,
        caller: &Caller,
        account: ServiceAccountId,
        request: TokenRequest,
    ) -> Result<Issued> {
        let (owner, allowed, enabled) =
            self.account_owner(caller, account, Action::ServiceAccountUpdate).await?;
        if !enabled {
            return Err(Error::AccountDisabled);
        }
        self.issue(caller, owner, Some(&allowed), request).await
    }

    /// Ends a service account's token at once.
    ///
    /// # Errors
    /// `NotFound`, or when the caller may not.
    pub async fn revoke_service_account_token(
        &self,
        caller: &Caller,
        account: ServiceAccountId,
        token: TokenId,
    ) -> Result<IssuedToken> {
        let (owner, ..) = self.account_owner(caller, account, Action::ServiceAccountUpdate).await?;
        self.revoke_token(caller, owner, token).await
    }

    /// Deletes a service account's token that no longer works.
    ///
    /// # Errors
    /// `TokenActive`, `NotFound`, or when the caller may not.
    pub async fn delete_service_account_token(
        &self,
        caller: &Caller,
        account: ServiceAccountId,
        token: TokenId,
    ) -> Result<()> {
        let (owner, ..) = self.account_owner(caller, account, Action::ServiceAccountUpdate).await?;
        self.delete_token(caller, owner, token).await
    }

    /// How long a token may work at most.
    #[must_use]
    pub fn longest_token(&self) -> std::time::Duration {
        self.inner.options.token_lifetime
    }

    async fn issue(
        &self,
        caller: &Caller,
        owner: Owner,
        allowed: Option<&[String]>,
        request: TokenRequest,
    ) -> Result<Issued> {
        // A machine that could issue tokens would outlive its own.
        let by = caller.user_id().ok_or(Error::PeopleOnly)?;
        let now = self.inner.clock.now();
        let mut check = Check::default();
        let name = check.text("/name", &request.name, 1, 100);
        let scopes: Vec<String> = request.scopes.iter().map(|scope| scope.trim().to_owned()).collect();
        if is_pattern_text(&mut check, "/scopes", &scopes) {
            self.check_scopes(&mut check, caller, &scopes, allowed).await?;
        }
        let expires_at = self.expiry(&mut check, now, request.expires_at);
        let is_small = request.metadata.is_object() && request.metadata.to_string().len() <= METADATA_BYTES;
        if !is_small {
            check.fault(FieldError::new("/metadata", "invalid", "Notes are a JSON object of at most 8 KiB."));
        }
        check.done()?;

        let id = TokenId::generate(&*self.inner.clock);
        let new = NewIssuedToken {
            id,
            principal: owner.principal.clone(),
            name,
            scopes,
            metadata: request.metadata,
            issued_by_id: by,
            expires_at,
        };
        let mut audit = done(caller, "token.issued", owner.target).on("token", id);
        audit.data = serde_json::json!({ "scopes": new.scopes, "expires_at": new.expires_at });
        let rows = self.inner.store.scoped(owner.scope);
        let token = rows
            .write(move |tx| {
                Box::pin(async move {
                    let token = tx.issued_tokens().create(new).await?;
                    tx.audit().record(audit).await?;
                    Ok::<_, Error>(token)
                })
            })
            .await?;
        let text = self.inner.tokens.issue_machine(&token, now)?;
        Ok(Issued { token, text })
    }

    async fn revoke_token(&self, caller: &Caller, owner: Owner, id: TokenId) -> Result<IssuedToken> {
        let (by, principal) = (caller.user_id(), owner.principal);
        let audit = done(caller, "token.revoked", owner.target).on("token", id);
        let rows = self.inner.store.scoped(owner.scope);
        let token = rows
            .write(move |tx| {
                Box::pin(async move {
                    let before = tx.issued_tokens().get(&principal, id).await.map_err(about("token"))?;
                    if before.revoked_at.is_some() {
                        return Ok(before);
                    }
                    let token = tx.issued_tokens().revoke(&principal, id, by).await?;
                    tx.audit().record(audit).await?;
                    Ok::<_, Error>(token)
                })
            })
            .await?;
        self.inner.cache.forget(Revoked::Token(id));
        Ok(token)
    }

    async fn delete_token(&self, caller: &Caller, owner: Owner, id: TokenId) -> Result<()> {
        let (now, principal) = (self.inner.clock.now(), owner.principal);
        let audit = done(caller, "token.deleted", owner.target).on("token", id);
        let rows = self.inner.store.scoped(owner.scope);
        rows.write(move |tx| {
            Box::pin(async move {
                let token = tx.issued_tokens().get(&principal, id).await.map_err(about("token"))?;
                if token.status(now) == TokenStatus::Active {
                    return Err(Error::TokenActive);
                }
                tx.issued_tokens().delete(&principal, id).await?;
                tx.audit().record(audit).await?;
                Ok(())
            })
        })
        .await?;
        self.inner.cache.forget(Revoked::Token(id));
        Ok(())
    }

    /// An agent of the caller's own organisation on whose tokens the caller may do this.
    async fn agent_owner(&self, caller: &Caller, id: AgentId, action: Action) -> Result<Owner> {
        let agent = self.inner.store.visible_to(caller).agents().find(id).await?;
        let agent = agent.ok_or(Error::NotFound { what: "agent" })?;
        // Official and public agents of others act for people here; tokens of theirs are not ours to issue.
        if agent.scope.organization_id != caller.scope.organization_id {
            return Err(Error::NotFound { what: "agent" });
        }
        let target = format!("agent:{id}");
        self.inner.access.require(caller, action, &Facts::new(target.clone(), agent.scope)).await?;
        Ok(Owner { principal: Principal::Agent { agent_id: id }, scope: agent.scope, target })
    }

    async fn account_owner(
        &self,
        caller: &Caller,
        id: ServiceAccountId,
        action: Action,
    ) -> Result<(Owner, Vec<String>, bool)> {
        let account = self.service_account_for(caller, id, action).await?;
        let environment_id = account.environment_id.unwrap_or(caller.scope.environment_id);
        let owner = Owner {
            principal: Principal::ServiceAccount { service_account_id: id },
            scope: Scope { environment_id, ..caller.scope },
            target: format!("service_account:{id}"),
        };
        Ok((owner, account.scope_allowlist, account.enabled))
    }

    fn expiry(&self, check: &mut Check, now: DateTime<Utc>, wanted: Option<DateTime<Utc>>) -> DateTime<Utc> {
        let longest = delta(self.inner.options.token_lifetime);
        let expires_at = wanted.unwrap_or_else(|| now + USUAL_LIFETIME.min(longest));
        if expires_at < now + SHORTEST_LIFETIME {
            check.fault(FieldError::new("/expires_at", "too_soon", "Choose a time at least a minute ahead."));
        } else if expires_at > now + longest {
            let detail =
                format!("Tokens of this installation work for at most {} hours.", longest.num_hours());
            check.fault(FieldError::new("/expires_at", "too_late", detail));
        }
        expires_at
    }

    /// No token may do what its issuer may not, nor what its service account does not allow.
    async fn check_scopes(
        &self,
        check: &mut Check,
        caller: &Caller,
        scopes: &[String],
        allowed: Option<&[String]>,
    ) -> Result<()> {
        if scopes.is_empty() {
            check.fault(FieldError::new("/scopes", "required", "Name at least one scope."));
        }
        if !check_patterns(check, "/scopes", scopes) {
            return Ok(());
        }
        let judge = self.inner.access.judge(caller).await?;
        for (at, scope) in scopes.iter().enumerate() {
            let pointer = format!("/scopes/{at}");
            let covered = || Action::ALL.iter().copied().filter(|action| action.is_covered_by(scope));
            if let Some(beyond) = covered().find(|action| !judge.permits(caller, *action)) {
                let detail = match beyond.as_str() == scope {
                    true => format!("You may not do {scope} yourself."),
                    false => format!("{scope} includes {beyond}, which you may not do yourself."),
                };
                check.fault(FieldError::new(pointer, "scope_too_wide", detail));
                continue;
            }
            let outside = allowed.and_then(|allowed| {
                covered().find(|action| !allowed.iter().any(|pattern| action.is_covered_by(pattern)))
            });
            if let Some(outside) = outside {
                let detail = format!("The allowlist of the service account leaves out {outside}.");
                check.fault(FieldError::new(pointer, "scope_not_allowed", detail));
            }
        }
        Ok(())
    }
}

/// Whether a list of patterns is short enough to be looked at.
pub(crate) fn is_pattern_text(check: &mut Check, pointer: &str, patterns: &[String]) -> bool {
    let fits = patterns.len() <= MOST_SCOPES && patterns.iter().all(|pattern| pattern.len() <= 100);
    if !fits {
        let detail = format!("Name at most {MOST_SCOPES} scopes of at most 100 characters.");
        check.fault(FieldError::new(pointer, "too_long", detail));
    }
    fits
}

/// Whether each pattern names something that a machine can do.
pub(crate) fn check_patterns(check: &mut Check, pointer: &str, patterns: &[String]) -> bool {
    let mut sound = true;
    for (at, pattern) in patterns.iter().enumerate() {
        let covered = || Action::ALL.iter().copied().filter(|action| action.is_covered_by(pattern));
        let (code, detail) = if covered().next().is_none() {
            (
                "unknown_scope",
                format!("There is no action {pattern:?}. Write one such as tool.invoke, or agent.*."),
            )
        } else if pattern == "*" {
            ("scope_too_wide", "Name what the machine needs: agent.*, tool.invoke and the like.".to_owned())
        } else if let Some(personal) = covered().find(|action| is_personal(*action)) {
            ("scope_of_people", format!("{personal} is for people; no token carries it."))
        } else if patterns.len() > 1 && covered().any(|action| action == Action::DirectoryProvision) {
            ("scope_stands_alone", format!("A token that carries {pattern} carries nothing else."))
        } else {
            continue;
        };
        sound = false;
        check.fault(FieldError::new(format!("{pointer}/{at}"), code, detail));
    }
    sound
}

/// What belongs to people, or to the platform and not to a tenant.
fn is_personal(action: Action) -> bool {
    let kind = action.kind();
    matches!(
        kind,
        ResourceKind::User
            | ResourceKind::ApiKey
            | ResourceKind::Setting
            | ResourceKind::PlatformAudit
            | ResourceKind::Pricing
    ) || matches!(
        action,
        Action::OrganizationCreate
            | Action::AgentTokenCreate
            | Action::DirectoryRead
            | Action::DirectoryManage
    )
}
