//! A machine behind a token: what it may do is what its issuer may do now, within the scopes it was given.

use conductor_domain::{
    Caller, EnvironmentId, EnvironmentType, InboundAuth, IssuedToken, PageRequest, Principal, Scope,
    ServiceAccount, TokenId, TokenStatus, User,
};
use conductor_storage::Unscoped;

use crate::{Access, Action, Result};

/// Tokens of a machine that a question about it looks at.
const TOKENS: u64 = 10;

/// A token that works, with everything that it stands on.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The token.
    pub token: IssuedToken,
    /// Who issued it, active.
    pub issuer: User,
    /// Its scopes, within what its service account allows today.
    pub scopes: Vec<String>,
    /// The one environment it works in; every one of its organisation where `None`.
    pub environment_id: Option<EnvironmentId>,
}

impl Access {
    /// The machine behind a token. `None` where the token ended, or its agent, service account or issuer is gone or
    /// switched off.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn machine(&self, id: TokenId) -> Result<Option<Machine>> {
        let rows = self.store.unscoped(Unscoped::SignIn);
        let now = self.store.clock().now();
        let Some(token) = rows.issued_tokens().find(id).await? else { return Ok(None) };
        if token.status(now) != TokenStatus::Active {
            return Ok(None);
        }
        let Some(issuer) = rows.users().find(token.issued_by_id).await?.filter(|user| user.is_active) else {
            return Ok(None);
        };
        let (scopes, environment_id) = match token.principal {
            Principal::Agent { agent_id } => {
                if rows.agents().home_of_active(agent_id).await? != Some(token.scope) {
                    return Ok(None);
                }
                (token.scopes.clone(), Some(token.scope.environment_id))
            }
            Principal::ServiceAccount { service_account_id } => {
                let account = rows.service_accounts().find(service_account_id).await?;
                let here = account.filter(|account| {
                    account.enabled && account.organization_id == token.scope.organization_id
                });
                let Some(account) = here else { return Ok(None) };
                if account.sign_in_token_id == Some(token.id) {
                    if !self.lets_in(&account).await? {
                        return Ok(None);
                    }
                    // Nobody chose scopes for it: the allowlist is all that it may do.
                    (account.scope_allowlist.clone(), account.environment_id)
                } else {
                    (within(&token.scopes, &account.scope_allowlist), account.environment_id)
                }
            }
            Principal::User { .. } => return Ok(None),
        };
        Ok(Some(Machine { token, issuer, scopes, environment_id }))
    }

    /// Whether an account may sign in by what it is told to sign in by: one without any proof stays in a development
    /// environment, and that may have become something else.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn lets_in(&self, account: &ServiceAccount) -> Result<bool> {
        if account.inbound.method != InboundAuth::None {
            return Ok(true);
        }
        let Some(only) = account.environment_id else { return Ok(false) };
        let rows = self.store.unscoped(Unscoped::SignIn);
        let all = rows.environments().of(&[account.organization_id]).await?;
        Ok(all.iter().any(|one| one.id == only && one.environment_type == EnvironmentType::Dev))
    }

    /// The caller behind a token in a scope. `None` where it does not stand there.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn caller_of_token(&self, id: TokenId, scope: Scope) -> Result<Option<Caller>> {
        let Some(machine) = self.machine(id).await? else { return Ok(None) };
        let elsewhere = scope.organization_id != machine.token.scope.organization_id
            || machine.environment_id.is_some_and(|only| only != scope.environment_id);
        if elsewhere {
            return Ok(None);
        }
        let caller = self.caller_of(machine.issuer.id, scope).await?;
        Ok(caller.map(|issuer| machine.as_caller(issuer)))
    }

    /// A machine of the asker's organisation as each of its tokens lets it call, the newest first: `TOKENS` of them at
    /// most. None where it has no token that works.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn callers_of_machine(
        &self,
        asker: &Caller,
        of: &Principal,
        scope: Scope,
    ) -> Result<Vec<Caller>> {
        let newest = PageRequest { limit: TOKENS, after: None };
        let tokens = self.store.visible_to(asker).issued_tokens().page(of, newest).await?;
        let now = self.store.clock().now();
        let mut callers = Vec::new();
        for token in tokens.items.iter().filter(|token| token.status(now) == TokenStatus::Active) {
            let Some(machine) = self.machine(token.id).await? else { continue };
            // A machine acts in the environment of its own, wherever one asks.
            let scope =
                Scope { environment_id: machine.environment_id.unwrap_or(scope.environment_id), ..scope };
            if let Some(issuer) = self.caller_of(machine.issuer.id, scope).await? {
                callers.push(machine.as_caller(issuer));
            }
        }
        Ok(callers)
    }
}

impl Machine {
    /// The machine as a caller, where its issuer stands like this.
    #[must_use]
    pub fn as_caller(&self, issuer: Caller) -> Caller {
        Caller {
            principal: self.token.principal.clone(),
            organizations: vec![issuer.scope.organization_id],
            token_scopes: Some(self.scopes.clone()),
            session_id: None,
            token_id: Some(self.token.id),
            ..issuer
        }
    }
}

/// What two lists of patterns both cover, as patterns where they agree and as single actions where one is narrower.
fn within(scopes: &[String], allowed: &[String]) -> Vec<String> {
    let allows = |action: Action| allowed.iter().any(|pattern| action.is_covered_by(pattern));
    let mut kept = Vec::new();
    for scope in scopes {
        let covered = || Action::ALL.iter().copied().filter(|action| action.is_covered_by(scope));
        if covered().all(allows) {
            kept.push(scope.clone());
        } else {
            kept.extend(covered().filter(|action| allows(*action)).map(|action| action.as_str().to_owned()));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowlist_narrows_what_a_token_was_given() {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let given = words(&["agent.*", "tool.invoke", "run.read"]);
        assert_eq!(within(&given, &words(&["*"])), given);
        assert_eq!(within(&given, &words(&["agent.read", "tool.*"])), words(&["agent.read", "tool.invoke"]));
        assert_eq!(within(&given, &[]), Vec::<String>::new());
    }
}
