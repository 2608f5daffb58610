//! Accounts as the platform's administrators manage them, from the page or from a shell.

use conductor_access::{Action, Facts};
use conductor_domain::{
    Caller, Classification, FieldError, NewOrganization, OrganizationRole, Page, PageRequest, PlatformRole,
    Redacted, Scope, User, UserChange, UserId,
};
use conductor_storage::{Unscoped, UnscopedTx};
use serde_json::{Map, Value, json};

use crate::{
    Client, Error, Identity, Result,
    accounts::{self, Person},
    check::Check,
    identity::{done, entry},
};

/// Attributes of one person at most.
const ATTRIBUTES: usize = 50;

/// What an administrator changes about someone's account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccountChange {
    /// The role on the platform.
    pub role: Option<PlatformRole>,
    /// Whether the person may sign in; switching it off ends every session at once.
    pub is_active: Option<bool>,
    /// The highest label the person may read.
    pub clearance: Option<Classification>,
    /// All of the person's attributes, which policies ask about.
    pub attributes: Option<Map<String, Value>>,
}

/// An account made from a shell.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The address.
    pub email: String,
    /// The password.
    pub password: Redacted<String>,
    /// The display name.
    pub name: String,
    /// The role on the platform.
    pub role: PlatformRole,
    /// The team to found when this is the first account; `Team` otherwise.
    pub organization_name: Option<String>,
}

impl Identity {
    /// Every account, the newest first.
    ///
    /// # Errors
    /// When the caller is no administrator of the platform.
    pub async fn users(&self, caller: &Caller, page: PageRequest) -> Result<Page<User>> {
        self.inner.access.require(caller, Action::UserManage, &facts(caller, None)).await?;
        Ok(self.inner.store.unscoped(Unscoped::Administration).users().page(page).await?)
    }

    /// Changes someone's account.
    ///
    /// # Errors
    /// `NotFound`, or `LastAdministrator`.
    pub async fn update_user(&self, caller: &Caller, id: UserId, change: AccountChange) -> Result<User> {
        self.inner.access.require(caller, Action::UserManage, &facts(caller, Some(id))).await?;
        if let Some(attributes) = &change.attributes {
            check_attributes(attributes)?;
        }
        let mut audit = done(caller, "account.updated", format!("user:{id}")).on("user", id);
        audit.data = json!({
            "role": change.role,
            "is_active": change.is_active,
            "data_clearance_level": change.clearance,
        });
        if let Some(attributes) = &change.attributes {
            audit = audit.says_of(id, "attributes_set", json!(attributes));
        }
        let scope = caller.scope;
        let rows = self.inner.store.unscoped(Unscoped::Administration);
        let user = rows
            .write(move |tx| {
                Box::pin(async move {
                    let before =
                        tx.users().read().find(id).await?.ok_or(Error::NotFound { what: "account" })?;
                    let stays = change.is_active.unwrap_or(before.is_active)
                        && change.role.unwrap_or(before.role) == PlatformRole::Admin;
                    let was = before.is_active && before.role == PlatformRole::Admin;
                    if was && !stays && !tx.users().another_administrator(id).await? {
                        return Err(Error::LastAdministrator);
                    }
                    let closed = before.is_active && change.is_active == Some(false);
                    if closed {
                        tx.sessions().revoke_all(id, None, "account_closed").await?;
                    }
                    let update = UserChange {
                        role: change.role,
                        is_active: change.is_active,
                        clearance: change.clearance,
                        attributes: change.attributes.map(Value::Object),
                        bump_token_version: closed,
                        ..Default::default()
                    };
                    if update.is_active.is_some() {
                        tx.users().taken_over(id).await?;
                    }
                    tx.scoped(scope).audit().record(audit).await?;
                    Ok(tx.users().update(id, update).await?)
                })
            })
            .await?;
        self.inner.cache.forget_user(id);
        Ok(user)
    }

    /// Makes an account from a shell on the server's machine, which is authority enough. The first account founds the
    /// team; others join it.
    ///
    /// # Errors
    /// `Invalid` or `Taken`.
    pub async fn create_account(&self, new: NewAccount) -> Result<User> {
        let mut check = Check::default();
        let email = check.email("/email", &new.email);
        check.password("/password", &new.password, &email);
        let name = check.text("/name", &new.name, 0, 200);
        let team = new.organization_name.unwrap_or_else(|| "Team".to_owned());
        let team = check.text("/organization_name", &team, 1, 200);
        check.done()?;
        let person = Person {
            name: Person::display_name(&name, "", "", &email),
            first_name: String::new(),
            last_name: String::new(),
            password_hash: Some(self.inner.passwords.hash(&new.password).await?),
            role: new.role,
            is_verified: true,
            email,
        };
        let rows = self.inner.store.unscoped(Unscoped::Administration);
        rows.write(move |tx| Box::pin(async move { create(tx, person, team).await })).await
    }
}

/// Attributes are few, and each is one short word, number or yes or no.
fn check_attributes(attributes: &Map<String, Value>) -> Result<()> {
    let mut check = Check::default();
    if attributes.len() > ATTRIBUTES {
        check.fault(FieldError::new("/attributes", "too_many", "Use at most 50 attributes."));
    }
    for (name, value) in attributes {
        let pointer = format!("/attributes/{name}");
        let named = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.len() <= 64
            && name
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
        if !named {
            check.fault(FieldError::new(
                &pointer,
                "name_invalid",
                "Name it in lower-case letters, digits and _, a letter first.",
            ));
        }
        let fits = match value {
            Value::String(text) => !text.trim().is_empty() && text.chars().count() <= 200,
            Value::Number(_) | Value::Bool(_) => true,
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        };
        if !fits {
            check.fault(FieldError::new(
                &pointer,
                "value_invalid",
                "Use a text of at most 200 characters, a number, or true or false.",
            ));
        }
    }
    check.done()
}

async fn create(tx: UnscopedTx<'_>, person: Person, team_name: String) -> Result<User> {
    let mut user = match team(tx).await? {
        Some(team) => {
            let role = match person.role {
                PlatformRole::Admin => OrganizationRole::Admin,
                PlatformRole::PowerUser | PlatformRole::StandardUser => OrganizationRole::Member,
                PlatformRole::Guest => OrganizationRole::Viewer,
            };
            accounts::create(tx, person, Some((team, role))).await?
        }
        None => accounts::create(tx, person, None).await?,
    };
    if team(tx).await?.is_none() {
        let scope = accounts::new_scope(tx.clock());
        let team = NewOrganization {
            id: scope.organization_id,
            slug: accounts::free_slug(tx, &team_name).await?,
            name: team_name,
            is_personal: false,
            industry: None,
            website: None,
            timezone: None,
        };
        accounts::found(tx, team, scope, user.id).await?;
        let active = UserChange { active: Some(Some(scope)), ..Default::default() };
        user = tx.users().update(user.id, active).await?;
    }
    let scope = user.active.ok_or(Error::NoOrganization)?;
    tx.scoped(scope).audit().record(entry("account.created", user.id, &Client::default())).await?;
    Ok(user)
}

async fn team(tx: UnscopedTx<'_>) -> Result<Option<Scope>> {
    let Some(team) = tx.organizations().read().first_team().await? else { return Ok(None) };
    let environments = tx.environments().of(&[team.id]).await?;
    let first = environments.first().map(|environment| environment.id);
    Ok(first.map(|environment_id| Scope { organization_id: team.id, environment_id }))
}

fn facts(caller: &Caller, id: Option<UserId>) -> Facts {
    let target = id.map_or_else(|| "user:*".to_owned(), |id| format!("user:{id}"));
    Facts::new(target, caller.scope).owned_by(id)
}
