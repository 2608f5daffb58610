//! A person as a caller, from the rows as they are now: the same for a request with a token and for a run that goes on
//! after its request is long gone.

use conductor_domain::{Caller, OrganizationId, OrganizationRole, Principal, Run, Scope, User, UserId};
use conductor_storage::Unscoped;

use crate::{Access, Result};

impl Access {
    /// The caller behind a run, as it stands now: a person, or a machine with the token it came with. `None` where it
    /// no longer stands.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn caller_behind(&self, run: &Run) -> Result<Option<Caller>> {
        let behind = match (run.user_id, run.token_id) {
            (Some(user), _) => self.caller_of(user, run.scope).await?,
            (None, Some(token)) => self.caller_of_token(token, run.scope).await?,
            (None, None) => None,
        };
        Ok(behind.map(|caller| Caller { address: run.address, ..caller }))
    }

    /// The caller behind an account in a scope. `None` where the account is not active, or not a member there.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn caller_of(&self, user_id: UserId, scope: Scope) -> Result<Option<Caller>> {
        let view = self.store.unscoped(Unscoped::SignIn);
        let Some(user) = view.users().find(user_id).await?.filter(|user| user.is_active) else {
            return Ok(None);
        };
        let organizations = view.organizations().of_user(user_id).await?;
        let here = organizations.iter().find(|(organization, _)| organization.id == scope.organization_id);
        let Some((_, role)) = here else { return Ok(None) };
        let all: Vec<OrganizationId> =
            organizations.iter().map(|(organization, _)| organization.id).collect();
        Ok(Some(Caller { organizations: all, ..member(&user, *role, scope) }))
    }
}

/// A member of an organisation as the caller of a request there, as far as decisions of that organisation ask.
#[must_use]
pub fn member(user: &User, role: OrganizationRole, scope: Scope) -> Caller {
    Caller {
        principal: Principal::User { user_id: user.id },
        scope,
        roles: vec![format!("platform:{}", user.role), format!("organization:{role}")],
        organizations: vec![scope.organization_id],
        clearance: user.clearance,
        attributes: user.attributes.clone(),
        token_scopes: None,
        session_id: None,
        token_id: None,
        address: None,
    }
}
