//! People as a directory brings them: made, found, changed, suspended, taken away.

use conductor_domain::{
    Caller, DirectoryUser, Membership, NewAuditEvent, OrganizationRole, PlatformRole, Scope, SubjectKind,
    User, UserChange, UserId,
};
use conductor_scim::{Error as ScimError, Kind, Reason, patch, read};
use conductor_storage::{ScopedTx, Unscoped, UnscopedTx};
use serde_json::{Value, json};

use super::{Provisioner, ScimKind, view};
use crate::{
    Error, Identity, Result, accounts, email,
    error::about,
    identity::done,
    members::{belongs_elsewhere, default_scope, keep_an_owner, owners_name_owners},
};

/// What a directory does to a resource that is there.
pub(super) enum Change {
    /// Everything anew (PUT).
    Whole(Value),
    /// Some of it (PATCH).
    Parts(Value),
}

impl Change {
    /// The resource afterwards.
    pub(super) fn apply(self, kind: Kind, before: Value) -> Result<Value> {
        Ok(match self {
            Self::Whole(sent) => read(kind, &sent)?,
            Self::Parts(sent) => patch(kind, before, &sent)?,
        })
    }
}

/// What an account takes over from what a directory says.
#[derive(Clone, Debug)]
struct Profile {
    email: String,
    name: String,
    first_name: String,
    last_name: String,
}

impl Profile {
    /// The address is the primary one, else that of work, else the first, else `userName`.
    fn of(attributes: &Value) -> Result<Self> {
        let emails = attributes["emails"].as_array().map(Vec::as_slice).unwrap_or_default();
        let chosen = emails
            .iter()
            .find(|one| one["primary"] == true)
            .or_else(|| emails.iter().find(|one| one["type"] == "work"))
            .or_else(|| emails.first());
        let written = chosen.map_or(&attributes["userName"], |one| &one["value"]);
        let email = email::check("/emails", written.as_str().unwrap_or_default()).map_err(|_| {
            let detail = "Send an email address: in `emails`, or as `userName`.";
            ScimError::new(Reason::InvalidValue, detail)
        })?;
        let text = |value: &Value| -> String {
            let text = value.as_str().unwrap_or_default().trim();
            text.chars().filter(|letter| !letter.is_control()).take(200).collect()
        };
        let parts = &attributes["name"];
        let (first_name, last_name) = (text(&parts["givenName"]), text(&parts["familyName"]));
        let given = [text(&attributes["displayName"]), text(&parts["formatted"])];
        let given = given.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
        let name = accounts::Person::display_name(&given, &first_name, &last_name, &email);
        Ok(Self { email, name, first_name, last_name })
    }
}

impl Identity {
    /// Brings somebody: a new account, or one that is here already.
    ///
    /// # Errors
    /// `Scim`; `Taken` where the directory brought the person before, or another of this `userName`.
    pub async fn scim_create_user(&self, by: &Provisioner, sent: &Value) -> Result<Value> {
        let mut attributes = read(Kind::User, sent)?;
        let active = take_active(&mut attributes).unwrap_or(true);
        let profile = Profile::of(&attributes)?;
        let work = by.clone();
        let rows = self.inner.store.unscoped(Unscoped::Membership);
        let (id, shown) = rows
            .write(move |tx| Box::pin(async move { create(tx, &work, attributes, profile, active).await }))
            .await?;
        self.inner.cache.forget_user(id);
        Ok(shown)
    }

    /// Changes somebody; switched inactive, the person's credentials and streams end at once.
    ///
    /// # Errors
    /// `NotFound`; `Stale`; `Scim`; `Taken`; `LastOwner`, `OwnersOnly`, `LastAdministrator`.
    pub async fn scim_replace_user(
        &self,
        by: &Provisioner,
        id: &str,
        sent: Value,
        expected: Option<String>,
    ) -> Result<Value> {
        self.change_user(by, id, Change::Whole(sent), expected).await
    }

    /// Changes parts of somebody.
    ///
    /// # Errors
    /// As `scim_replace_user`.
    pub async fn scim_patch_user(
        &self,
        by: &Provisioner,
        id: &str,
        sent: Value,
        expected: Option<String>,
    ) -> Result<Value> {
        self.change_user(by, id, Change::Parts(sent), expected).await
    }

    /// Takes somebody away: out of the organisation, and out of the account where the directory made it.
    ///
    /// # Errors
    /// `NotFound`; `Stale`; `LastOwner`, `OwnersOnly`, `LastAdministrator`.
    pub async fn scim_delete_user(&self, by: &Provisioner, id: &str, expected: Option<String>) -> Result<()> {
        let id = parse(id)?;
        let work = by.clone();
        let rows = self.inner.store.unscoped(Unscoped::Membership);
        let gone = rows.write(move |tx| Box::pin(async move { remove(tx, &work, id, expected).await })).await;
        self.owners_told(by, id, gone).await?;
        self.inner.cache.forget_user(id);
        Ok(())
    }

    async fn change_user(
        &self,
        by: &Provisioner,
        id: &str,
        what: Change,
        expected: Option<String>,
    ) -> Result<Value> {
        let id = parse(id)?;
        let work = by.clone();
        let rows = self.inner.store.unscoped(Unscoped::Membership);
        let changed =
            rows.write(move |tx| Box::pin(async move { change(tx, &work, id, what, expected).await })).await;
        let shown = self.owners_told(by, id, changed).await?;
        self.inner.cache.forget_user(id);
        Ok(shown)
    }

    /// Takes the refusal to touch an owner down before it is told.
    async fn owners_told<T>(&self, by: &Provisioner, id: UserId, result: Result<T>) -> Result<T> {
        if let Err(Error::OwnersOnly) = &result {
            let facts = conductor_access::Facts::new(format!("membership:{id}"), by.caller.scope);
            let (action, rule) = (conductor_access::Action::MembershipUpdate, "memberships/owners-only");
            let reason = "only owners touch the memberships of owners";
            self.inner.access.refused(&by.caller, action, &facts, rule, reason).await?;
        }
        result
    }
}

async fn create(
    tx: UnscopedTx<'_>,
    by: &Provisioner,
    attributes: Value,
    profile: Profile,
    active: bool,
) -> Result<(UserId, Value)> {
    let (scope, now) = (by.caller.scope, tx.clock().now());
    let tenant = tx.scoped(scope);
    let people = tenant.directory_users();
    let found = tx.users().read().find_by_email(&profile.email).await?;
    let user = match found {
        Some(user) => user,
        None => {
            let team = default_scope(tx, scope).await?;
            let person = accounts::Person {
                email: profile.email,
                password_hash: None,
                name: profile.name,
                first_name: profile.first_name,
                last_name: profile.last_name,
                role: PlatformRole::StandardUser,
                is_verified: false,
            };
            let user = accounts::create(tx, person, Some((team, OrganizationRole::Member))).await?;
            let row = fresh(&user, attributes.clone(), true, now);
            return finish(tx, by, row, &user, active, "directory.user_created").await;
        }
    };
    let row = match people.hold(user.id).await? {
        Some(before) if !before.is_gone => return Err(Error::Taken { what: "account" }),
        // Whoever comes back is who went.
        Some(before) => DirectoryUser { attributes, is_gone: false, base_role: None, ..before },
        None => fresh(&user, attributes, false, now),
    };
    if tenant.memberships().find(user.id).await?.is_none() {
        let joined = tenant.memberships().create(user.id, OrganizationRole::Member).await;
        joined.map_err(about("membership"))?;
    }
    finish(tx, by, row, &user, active, "directory.user_created").await
}

fn fresh(
    user: &User,
    attributes: Value,
    made_account: bool,
    now: chrono::DateTime<chrono::Utc>,
) -> DirectoryUser {
    DirectoryUser {
        user_id: user.id,
        attributes,
        made_account,
        closed_account: false,
        base_role: None,
        version: 0,
        created_at: now,
        updated_at: now,
        is_gone: false,
    }
}

async fn finish(
    tx: UnscopedTx<'_>,
    by: &Provisioner,
    mut row: DirectoryUser,
    user: &User,
    active: bool,
    event: &'static str,
) -> Result<(UserId, Value)> {
    set_active(tx, &by.caller, &mut row, user, active).await?;
    let saved = tx.scoped(by.caller.scope).directory_users().save(&row).await.map_err(about("userName"))?;
    let mut audit = entry(&by.caller, event, user.id);
    audit.data = json!({ "active": active, "made_account": row.made_account });
    tx.scoped(by.caller.scope).audit().record(audit).await?;
    Ok((user.id, shown(tx, by, saved).await?))
}

async fn change(
    tx: UnscopedTx<'_>,
    by: &Provisioner,
    id: UserId,
    what: Change,
    expected: Option<String>,
) -> Result<Value> {
    let (tenant, mut row) = held(tx, by, id, expected).await?;
    let user = tx.users().read().find(id).await?.ok_or(Error::NotFound { what: "resource" })?;
    let before = shown(tx, by, row.clone()).await?;
    let standing = tenant.directory_users().read().standing(&[id]).await?;
    let was_active = standing.get(&id).is_some_and(|standing| standing.is_active);
    let mut writable = row.attributes.clone();
    // A mark that the directory took the attribute away is none that it wrote.
    take_active(&mut writable);
    if row.attributes.get("active").is_none() {
        writable["active"] = json!(was_active);
    }
    let in_parts = matches!(what, Change::Parts(_));
    let mut after = what.apply(Kind::User, writable)?;
    let said = take_active(&mut after);
    let active = said.unwrap_or(was_active);
    if in_parts && said.is_none() {
        after["active"] = Value::Null;
    }
    let profile = Profile::of(&after)?;
    if after == row.attributes && active == was_active {
        return Ok(before);
    }
    let fields = changed_fields(&row.attributes, &after);
    row.attributes = after;
    let user = follow(tx, by.caller.scope, &row, user, profile).await?;
    set_active(tx, &by.caller, &mut row, &user, active).await?;
    let saved = tenant.directory_users().save(&row).await.map_err(about("userName"))?;
    let mut audit = entry(&by.caller, "directory.user_updated", id);
    // Names of attributes, and none of their values: the log outlives the person's data.
    audit.data = json!({ "attributes": fields, "active": active });
    tenant.audit().record(audit).await?;
    shown(tx, by, saved).await
}

async fn remove(tx: UnscopedTx<'_>, by: &Provisioner, id: UserId, expected: Option<String>) -> Result<()> {
    let (tenant, mut row) = held(tx, by, id, expected).await?;
    let user = tx.users().read().find(id).await?.ok_or(Error::NotFound { what: "resource" })?;
    if let Some(membership) = tenant.memberships().find(id).await? {
        may_end(tenant, &by.caller, &membership).await?;
        tenant.memberships().delete(id).await?;
        // Whoever comes back begins anew.
        tenant.grants().end_of(SubjectKind::User, id.as_uuid()).await?;
    }
    close(tx, by.caller.scope, &mut row, &user).await?;
    tenant.directory_groups().leave_all(id).await?;
    row.is_gone = true;
    row.base_role = None;
    tenant.directory_users().save(&row).await?;
    tenant.audit().record(entry(&by.caller, "directory.user_deleted", id)).await?;
    Ok(())
}

/// Somebody of this directory in the version that the change expects, held until the transaction ends.
async fn held<'t>(
    tx: UnscopedTx<'t>,
    by: &Provisioner,
    id: UserId,
    expected: Option<String>,
) -> Result<(ScopedTx<'t>, DirectoryUser)> {
    let tenant = tx.scoped(by.caller.scope);
    let row = tenant.directory_users().hold(id).await?.filter(|row| !row.is_gone);
    let row = row.ok_or(Error::NotFound { what: "resource" })?;
    if let Some(expected) = expected
        && shown(tx, by, row.clone()).await?["meta"]["version"] != *expected
    {
        return Err(Error::Stale);
    }
    Ok((tenant, row))
}

async fn shown(tx: UnscopedTx<'_>, by: &Provisioner, row: DirectoryUser) -> Result<Value> {
    let tenant = tx.scoped(by.caller.scope);
    let (people, groups) = (tenant.directory_users().read(), tenant.directory_groups().read());
    let shown = view::users(&by.base, &[row], &people, &groups).await?;
    shown.into_iter().next().ok_or(Error::NotFound { what: "resource" })
}

/// An account that the directory made, and in which nobody else has a part, follows in name and address. One that
/// administers the platform answers to the platform.
async fn follow(
    tx: UnscopedTx<'_>,
    scope: Scope,
    row: &DirectoryUser,
    user: User,
    profile: Profile,
) -> Result<User> {
    let own = row.made_account && user.role != PlatformRole::Admin;
    if !own || belongs_elsewhere(tx, user.id, scope).await? {
        return Ok(user);
    }
    let mut user = user;
    if user.email != profile.email {
        user = tx.users().set_email(user.id, profile.email).await.map_err(about("email address"))?;
    }
    let Profile { name, first_name, last_name, .. } = profile;
    if (&user.name, &user.first_name, &user.last_name) != (&name, &first_name, &last_name) {
        let names = UserChange {
            name: Some(name),
            first_name: Some(first_name),
            last_name: Some(last_name),
            ..Default::default()
        };
        user = tx.users().update(user.id, names).await?;
    }
    Ok(user)
}

async fn set_active(
    tx: UnscopedTx<'_>,
    by: &Caller,
    row: &mut DirectoryUser,
    user: &User,
    active: bool,
) -> Result<()> {
    let tenant = tx.scoped(by.scope);
    let membership = tenant.memberships().find(user.id).await?;
    let is_open = membership.as_ref().is_some_and(|membership| membership.is_active);
    if active {
        match membership {
            Some(_) if is_open => {}
            Some(_) => {
                tenant.memberships().update(user.id, None, Some(true)).await?;
            }
            None => {
                tenant.memberships().create(user.id, OrganizationRole::Member).await?;
            }
        }
        if row.closed_account {
            let open = UserChange { is_active: Some(true), ..Default::default() };
            tx.users().update(user.id, open).await?;
            row.closed_account = false;
        }
        return Ok(());
    }
    if let Some(membership) = membership.filter(|_| is_open) {
        may_end(tenant, by, &membership).await?;
        tenant.memberships().update(user.id, None, Some(false)).await?;
    }
    close(tx, by.scope, row, user).await
}

/// Whether the directory may end or suspend a membership: the last owner stays, and only an owner's token touches one.
async fn may_end(tenant: ScopedTx<'_>, by: &Caller, membership: &Membership) -> Result<()> {
    keep_an_owner(tenant, membership.role, membership.user_id, false).await?;
    owners_name_owners(by, &[membership.role])
}

/// Closes an account that the directory made and in which nobody else has a part: every session ends.
async fn close(tx: UnscopedTx<'_>, scope: Scope, row: &mut DirectoryUser, user: &User) -> Result<()> {
    if !row.made_account || !user.is_active || belongs_elsewhere(tx, user.id, scope).await? {
        return Ok(());
    }
    if user.role == PlatformRole::Admin && !tx.users().another_administrator(user.id).await? {
        return Err(Error::LastAdministrator);
    }
    tx.sessions().revoke_all(user.id, None, "account_closed").await?;
    let closed = UserChange { is_active: Some(false), bump_token_version: true, ..Default::default() };
    tx.users().update(user.id, closed).await?;
    row.closed_account = true;
    Ok(())
}

/// `active` is how the person stands and not what the directory wrote, so it is kept apart.
fn take_active(attributes: &mut Value) -> Option<bool> {
    attributes.as_object_mut()?.shift_remove("active")?.as_bool()
}

fn changed_fields(before: &Value, after: &Value) -> Vec<String> {
    let names = |value: &Value| -> Vec<String> {
        value.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    let mut all = names(before);
    all.extend(names(after));
    all.sort_unstable();
    all.dedup();
    all.retain(|name| before.get(name) != after.get(name));
    all
}

fn parse(id: &str) -> Result<UserId> {
    id.parse().map_err(|_| Error::NotFound { what: "resource" })
}

fn entry(caller: &Caller, event: &str, id: UserId) -> NewAuditEvent {
    done(caller, event, format!("user:{id}")).on("user", id)
}

impl Identity {
    /// Brings a person or a group.
    ///
    /// # Errors
    /// As the function of its kind.
    pub async fn scim_create(&self, by: &Provisioner, kind: ScimKind, sent: &Value) -> Result<Value> {
        match kind {
            ScimKind::User => self.scim_create_user(by, sent).await,
            ScimKind::Group => self.scim_create_group(by, sent).await,
        }
    }
}
