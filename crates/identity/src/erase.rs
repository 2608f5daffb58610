//! Erasing a person: asked for by the person or by an administrator of the platform, never by one organisation alone,
//! since an account belongs to a person who may have a part in several.
//!
//! In one transaction the account ends with every way into it, what others use gets another owner, and the erasure is
//! noted; what the person left is removed after that, by whichever process takes it up (`worker`).

mod worker;

use chrono::TimeDelta;
use conductor_access::{Action, Facts};
use conductor_domain::{
    Caller, EnvironmentId, Erasure, OrganizationId, OrganizationRole, Page, PageRequest, PlatformRole,
    Redacted, Scope, SubjectKind, User, UserId,
};
use conductor_storage::{Unscoped, UnscopedTx};
use serde_json::json;

use crate::{
    Error, Identity, Result,
    identity::done,
    mfa::{Code, at_code},
};

/// Whoever has no password, because a provider lets them in, proves it by having signed in so lately.
const LATELY: TimeDelta = TimeDelta::minutes(10);

/// What shows that the caller is who the session says.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// The caller's own password.
    pub password: Option<Redacted<String>>,
    /// A code of the caller's own second factor, where there is one.
    pub code: Option<Redacted<String>>,
}

/// Whom to erase.
#[derive(Clone, Debug)]
pub struct EraseRequest {
    /// The person.
    pub user: UserId,
    /// Who becomes an owner where the person was the last one, and takes over what others use.
    pub successor: Option<UserId>,
    /// What shows that the caller asks for it.
    pub proof: Proof,
}

impl Identity {
    /// Erasures, the newest first.
    ///
    /// # Errors
    /// When the caller is no administrator of the platform.
    pub async fn erasures(&self, caller: &Caller, page: PageRequest) -> Result<Page<Erasure>> {
        let facts = Facts::new("user:*", caller.scope);
        self.inner.access.require(caller, Action::UserManage, &facts).await?;
        Ok(self.inner.store.unscoped(Unscoped::Administration).erasures().page(page).await?)
    }

    /// Erases a person; asking again gives the erasure that was begun.
    ///
    /// # Errors
    /// `NotFound`, `LastAdministrator`, `LastOwner`; `Invalid` for a wrong password, code or successor; `Limited`.
    pub async fn erase(&self, caller: &Caller, request: EraseRequest) -> Result<Erasure> {
        let EraseRequest { user, successor, proof } = request;
        let facts = Facts::new(format!("user:{user}"), caller.scope).owned_by(Some(user));
        self.inner.access.require(caller, Action::UserErase, &facts).await?;
        let (asking, code) = self.proved(caller, proof).await?;
        let mut audit = done(caller, "account.erased", format!("user:{user}")).on("user", user);
        audit.data = json!({ "by_self": asking.id == user, "successor_id": successor });
        let (by, scope) = (asking.id, caller.scope);
        let rows = self.inner.store.unscoped(Unscoped::Erasure);
        let erasure = rows
            .write(move |tx| {
                Box::pin(async move {
                    if let Some(erasure) = tx.erasures().read().of(user).await? {
                        return Ok(erasure);
                    }
                    if let Some(code) = code {
                        let mut mfa = tx.users().hold_mfa(by).await?.ok_or(Error::MfaMissing)?;
                        code.spend(&mut mfa).map_err(at_code)?;
                        tx.users().set_mfa(by, Some(&mfa)).await?;
                    }
                    let found = tx.users().read().find(user).await?;
                    let found = found.ok_or(Error::NotFound { what: "account" })?;
                    let erasure = end(tx, &found, by, successor).await?;
                    tx.scoped(scope).audit().record(audit).await?;
                    Ok::<_, Error>(erasure)
                })
            })
            .await?;
        self.inner.limiter.succeed(&asking.email, caller.address);
        self.inner.cache.forget_user(user);
        self.inner.erasing.notify_one();
        Ok(erasure)
    }

    /// Whether the caller is there: by password and second factor, or by having signed in a moment ago.
    pub(crate) async fn proved(&self, caller: &Caller, proof: Proof) -> Result<(User, Option<Code>)> {
        let session = caller.session_id.ok_or(Error::PeopleOnly)?;
        let user = self.account(caller).await?;
        let rows = self.inner.store.unscoped(Unscoped::SignIn);
        let has_password = rows.users().password_hash(user.id).await?.is_some();
        if has_password && proof.password.is_none() {
            // Before the limit: nothing was tried.
            return Err(Error::field("/password", "required", "Enter your own password."));
        }
        self.inner.limiter.begin(&user.email, caller.address)?;
        if let Some(password) = proof.password.filter(|_| has_password) {
            self.check_password("/password", &user, &password).await?;
        } else {
            let since = rows.sessions().find(session).await?.map(|session| session.created_at);
            if since.is_none_or(|since| since < self.inner.clock.now() - LATELY) {
                let detail =
                    "You have no password here: sign out, sign in with your provider, and ask again.";
                return Err(Error::field("/password", "sign_in_again", detail));
            }
        }
        if !user.mfa_enabled {
            return Ok((user, None));
        }
        let detail = "Enter a code of your authenticator app, or a recovery code.";
        let code = proof.code.ok_or_else(|| Error::field("/code", "required", detail))?;
        let code = self.code_of(&user, &code).await.map_err(at_code)?;
        Ok((user, Some(code)))
    }
}

/// Everything that has to be so at once.
async fn end(tx: UnscopedTx<'_>, user: &User, by: UserId, successor: Option<UserId>) -> Result<Erasure> {
    let is_administrator = user.is_active && user.role == PlatformRole::Admin;
    if is_administrator && !tx.users().another_administrator(user.id).await? {
        return Err(Error::LastAdministrator);
    }
    let organizations = tx.organizations().read().of_user(user.id).await?;
    let (own, teams): (Vec<_>, Vec<_>) =
        organizations.into_iter().partition(|(organization, _)| organization.is_personal);
    let mut known = false;
    for (team, role) in &teams {
        let scope = anywhere(tx, team.id).await?;
        known |= is_member(tx, scope, successor, user.id).await?;
        make_room(tx, scope, user.id, *role, successor).await?;
        tx.scoped(scope).grants().end_of(SubjectKind::User, user.id.as_uuid()).await?;
    }
    if successor.is_some() && !known {
        let detail = "Choose somebody who belongs to an organisation of this person.";
        return Err(Error::field("/successor_id", "not_a_member", detail));
    }
    let own: Vec<OrganizationId> = own.into_iter().map(|(organization, _)| organization.id).collect();
    for organization in tx.erasures().owning(user.id).await? {
        if own.contains(&organization) {
            continue;
        }
        if let Some(heir) = heir(tx, anywhere(tx, organization).await?, user.id, successor).await? {
            tx.erasures().pass_on(user.id, organization, heir).await?;
        }
    }
    let erasure = tx.erasures().begin(user.id, by, &own).await?;
    tx.erasures().end_account(user.id).await?;
    for organization in own {
        tx.erasures().end_own(organization).await?;
    }
    Ok(erasure)
}

/// Makes the successor an owner where the person is the last one.
async fn make_room(
    tx: UnscopedTx<'_>,
    scope: Scope,
    user: UserId,
    role: OrganizationRole,
    successor: Option<UserId>,
) -> Result<()> {
    let members = tx.scoped(scope).memberships();
    if role != OrganizationRole::Owner || members.another_owner(user).await? {
        return Ok(());
    }
    match successor {
        Some(successor) if is_member(tx, scope, Some(successor), user).await? => {
            members.update(successor, Some(OrganizationRole::Owner), None).await?;
            Ok(tx.scoped(scope).directory_users().set_base_role(successor, None).await?)
        }
        _ => Err(Error::LastOwner),
    }
}

/// Who takes over what others use: the successor where they belong to the organisation, else its oldest owner.
async fn heir(
    tx: UnscopedTx<'_>,
    scope: Scope,
    user: UserId,
    successor: Option<UserId>,
) -> Result<Option<UserId>> {
    if is_member(tx, scope, successor, user).await? {
        return Ok(successor);
    }
    Ok(tx.scoped(scope).memberships().other_owners(user).await?.into_iter().next())
}

async fn is_member(tx: UnscopedTx<'_>, scope: Scope, who: Option<UserId>, but: UserId) -> Result<bool> {
    let Some(who) = who.filter(|who| *who != but) else { return Ok(false) };
    let membership = tx.scoped(scope).memberships().find(who).await?;
    Ok(membership.is_some_and(|membership| membership.is_active))
}

/// An organisation, in whichever environment.
async fn anywhere(tx: UnscopedTx<'_>, organization_id: OrganizationId) -> Result<Scope> {
    let environments = tx.environments().of(&[organization_id]).await?;
    let environment_id = environments.first().map_or(EnvironmentId::NIL, |environment| environment.id);
    Ok(Scope { organization_id, environment_id })
}
