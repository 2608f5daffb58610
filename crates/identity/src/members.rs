//! Who belongs to an organisation: listing, inviting, changing, removing.

use conductor_access::{Action, Facts};
use conductor_domain::{
    Caller, Member, OrganizationRole, Page, PageRequest, Redacted, Scope, SubjectKind, UserChange, UserId,
};
use conductor_storage::{ScopedTx, Unscoped, UnscopedTx};

use crate::{
    Error, Identity, Result,
    accounts::{self, Person},
    check::Check,
    error::about,
    identity::done,
    invite::{Invitation, write_invite},
    setup::platform_role_of,
};

/// Someone to be brought in.
#[derive(Clone, Debug)]
pub struct NewMember {
    /// The person's address.
    pub email: String,
    /// The role in the organisation.
    pub role: OrganizationRole,
    /// What to call the person until the person says otherwise.
    pub name: Option<String>,
}

/// Someone who was brought in.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The membership.
    pub member: Member,
    /// The token of the link by which a person without a password sets one.
    pub token: Option<Redacted<String>>,
}

impl Identity {
    /// Members of the organisation that the caller acts in, the newest first.
    ///
    /// # Errors
    /// When the caller may not see them.
    pub async fn members(&self, caller: &Caller, page: PageRequest) -> Result<Page<Member>> {
        self.inner.access.require(caller, Action::MembershipRead, &facts(caller, None)).await?;
        Ok(self.inner.store.visible_to(caller).memberships().page(page).await?)
    }

    /// Brings someone in. Whoever has no account gets one, and a link to set its password; inviting again replaces
    /// the link.
    ///
    /// # Errors
    /// `Taken` when the person is a member; `OwnersOnly`; `Invalid`.
    pub async fn add_member(&self, caller: &Caller, new: NewMember) -> Result<Invited> {
        self.inner.access.require(caller, Action::MembershipCreate, &facts(caller, None)).await?;
        let named = owners_name_owners(caller, &[new.role]);
        self.told(caller, Action::MembershipCreate, None, named).await?;
        let mut check = Check::default();
        let email = check.email("/email", &new.email);
        let name = new.name.map(|name| check.text("/name", &name, 0, 200)).unwrap_or_default();
        check.done()?;
        let person = Person {
            name: Person::display_name(&name, "", "", &email),
            first_name: String::new(),
            last_name: String::new(),
            role: platform_role_of(new.role),
            password_hash: None,
            is_verified: false,
            email,
        };
        let (invitation, by, role) =
            (self.invitation(caller.scope.organization_id), caller.clone(), new.role);
        let rows = self.inner.store.unscoped(Unscoped::Membership);
        let (user, token) = rows
            .write(move |tx| Box::pin(async move { bring_in(tx, &by, person, role, invitation).await }))
            .await?;
        self.inner.cache.forget_user(user);
        Ok(Invited { member: self.member(caller, user).await?, token })
    }

    /// Changes a member's role or switches the membership off or on.
    ///
    /// # Errors
    /// `NotFound`, `OwnersOnly`, `LastOwner`.
    pub async fn update_member(
        &self,
        caller: &Caller,
        user: UserId,
        role: Option<OrganizationRole>,
        is_active: Option<bool>,
    ) -> Result<Member> {
        self.inner.access.require(caller, Action::MembershipUpdate, &facts(caller, Some(user))).await?;
        let by = caller.clone();
        let changed = self
            .inner
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let before =
                        tx.memberships().find(user).await?.ok_or(Error::NotFound { what: "member" })?;
                    owners_name_owners(&by, &[before.role, role.unwrap_or(before.role)])?;
                    let stays = is_active.unwrap_or(before.is_active)
                        && role.unwrap_or(before.role) == OrganizationRole::Owner;
                    keep_an_owner(tx, before.role, user, stays).await?;
                    tx.memberships().update(user, role, is_active).await?;
                    if role.is_some() {
                        // What a person gave, groups do not take.
                        tx.directory_users().set_base_role(user, None).await?;
                    }
                    let audit = done(&by, "membership.updated", format!("user:{user}")).on("user", user);
                    tx.audit().record(audit).await?;
                    Ok::<_, Error>(())
                })
            })
            .await;
        self.told(caller, Action::MembershipUpdate, Some(user), changed).await?;
        self.inner.cache.forget_user(user);
        self.member(caller, user).await
    }

    /// Removes a member; people may remove themselves.
    ///
    /// # Errors
    /// `NotFound`, `OwnersOnly`, `LastOwner`.
    pub async fn remove_member(&self, caller: &Caller, user: UserId) -> Result<()> {
        if caller.user_id() != Some(user) {
            self.inner.access.require(caller, Action::MembershipDelete, &facts(caller, Some(user))).await?;
        }
        let by = caller.clone();
        let removed = self
            .inner
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let before =
                        tx.memberships().find(user).await?.ok_or(Error::NotFound { what: "member" })?;
                    owners_name_owners(&by, &[before.role])?;
                    keep_an_owner(tx, before.role, user, false).await?;
                    tx.memberships().delete(user).await?;
                    // Whoever comes back begins anew.
                    tx.grants().end_of(SubjectKind::User, user.as_uuid()).await?;
                    let audit = done(&by, "membership.deleted", format!("user:{user}")).on("user", user);
                    tx.audit().record(audit).await?;
                    Ok::<_, Error>(())
                })
            })
            .await;
        self.told(caller, Action::MembershipDelete, Some(user), removed).await?;
        self.inner.cache.forget_user(user);
        Ok(())
    }

    /// Takes the refusal of `owners_name_owners` down before it is told.
    async fn told<T>(
        &self,
        caller: &Caller,
        action: Action,
        user: Option<UserId>,
        result: Result<T>,
    ) -> Result<T> {
        if let Err(Error::OwnersOnly) = &result {
            let (facts, reason) = (facts(caller, user), "only owners touch the memberships of owners");
            self.inner.access.refused(caller, action, &facts, "memberships/owners-only", reason).await?;
        }
        result
    }

    async fn member(&self, caller: &Caller, user: UserId) -> Result<Member> {
        let member = self.inner.store.visible_to(caller).memberships().find(user).await?;
        member.ok_or(Error::NotFound { what: "member" })
    }
}

async fn bring_in(
    tx: UnscopedTx<'_>,
    by: &Caller,
    person: Person,
    role: OrganizationRole,
    invitation: Invitation,
) -> Result<(UserId, Option<Redacted<String>>)> {
    let tenant = tx.scoped(by.scope);
    if tenant.organization().get().await.map_err(about("organisation"))?.is_personal {
        return Err(Error::Personal);
    }
    let team = default_scope(tx, by.scope).await?;
    let found = tx.users().read().find_by_email(&person.email).await?;
    let new_account = found.is_none();
    let (user, new_here) = match found {
        None => (accounts::create(tx, person, Some((team, role))).await?, true),
        Some(user) => {
            let membership = tenant.memberships().find(user.id).await?;
            if membership.is_some() && user.is_verified {
                return Err(Error::Taken { what: "membership" });
            }
            if membership.is_none() {
                tenant.memberships().create(user.id, role).await.map_err(about("membership"))?;
                let active = UserChange { active: Some(Some(team)), ..Default::default() };
                tx.users().update(user.id, active).await?;
            }
            (user, membership.is_none())
        }
    };
    let event = if new_here { "membership.created" } else { "membership.invited_again" };
    let mut audit = done(by, event, format!("user:{}", user.id)).on("user", user.id);
    audit.data = serde_json::json!({ "role": role });
    tenant.audit().record(audit).await?;
    // A link is a way into the account: whoever has another one, or belongs to another team, gets none from here.
    let has_way = user.is_verified || tx.users().read().password_hash(user.id).await?.is_some();
    if has_way || (!new_account && belongs_elsewhere(tx, user.id, by.scope).await?) {
        return Ok((user.id, None));
    }
    Ok((user.id, Some(write_invite(tx, invitation, user.id).await?)))
}

/// The organisation with its default environment: whoever joins begins there, wherever the inviter stands.
pub(crate) async fn default_scope(tx: UnscopedTx<'_>, scope: Scope) -> Result<Scope> {
    let environments = tx.environments().of(&[scope.organization_id]).await?;
    let first = environments.first().map_or(scope.environment_id, |environment| environment.id);
    Ok(Scope { environment_id: first, ..scope })
}

/// Whether somebody is a member of a team other than this one.
pub(crate) async fn belongs_elsewhere(tx: UnscopedTx<'_>, user: UserId, here: Scope) -> Result<bool> {
    let teams = tx.organizations().read().of_user(user).await?;
    Ok(teams.iter().any(|(team, _)| !team.is_personal && team.id != here.organization_id))
}

/// Whoever touches an owner's membership, or makes one, is an owner.
pub(crate) fn owners_name_owners(caller: &Caller, roles: &[OrganizationRole]) -> Result<()> {
    if roles.contains(&OrganizationRole::Owner) && !caller.has_role("organization:owner") {
        return Err(Error::OwnersOnly);
    }
    Ok(())
}

pub(crate) async fn keep_an_owner(
    tx: ScopedTx<'_>,
    role: OrganizationRole,
    user: UserId,
    stays: bool,
) -> Result<()> {
    if role == OrganizationRole::Owner && !stays && !tx.memberships().another_owner(user).await? {
        return Err(Error::LastOwner);
    }
    Ok(())
}

fn facts(caller: &Caller, user: Option<UserId>) -> Facts {
    let target = user.map_or_else(|| "membership:new".to_owned(), |user| format!("membership:{user}"));
    Facts::new(target, caller.scope)
}
