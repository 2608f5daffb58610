//! The caller's own account: who am I, and what I change about myself.

use conductor_access::{Action, Facts};
use conductor_domain::{
    AgentId, Caller, Environment, FieldError, Organization, OrganizationRole, Redacted, User, UserChange,
    UserId,
};
use conductor_storage::Unscoped;
use serde_json::{Map, Value};

use crate::{Error, Identity, Result, check::Check, identity::done, session::person};

/// Settings of the page take at most this much.
const PREFERENCES_BYTES: usize = 32 * 1024;
/// Instructions precede every turn, so they are short.
const INSTRUCTIONS: usize = 8_000;

/// Who the caller is, and where.
#[derive(Clone, Debug)]
pub struct Me {
    /// The account.
    pub user: User,
    /// The organisation of this request.
    pub organization: Organization,
    /// The environment of this request.
    pub environment: Environment,
    /// The role there.
    pub role: OrganizationRole,
    /// What the caller's roles permit.
    pub permissions: Vec<String>,
    /// Whether the organisation asks for a second factor that the person has not.
    pub lacks_mfa: bool,
}

/// What someone changes about oneself: what is `None` stays, an inner `None` clears.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// The display name.
    pub name: Option<String>,
    /// The given name.
    pub first_name: Option<String>,
    /// The family name.
    pub last_name: Option<String>,
    /// A picture.
    pub avatar_url: Option<Option<String>>,
    /// Settings of the page; those not named stay, `null` removes one.
    pub preferences: Option<Map<String, Value>>,
    /// Instructions that precede every agent's own.
    pub custom_instructions: Option<Option<String>>,
    /// The agent of a new conversation.
    pub default_agent_id: Option<Option<AgentId>>,
    /// The present password, to set another.
    pub current_password: Option<Redacted<String>>,
    /// Another password; every other session ends.
    pub new_password: Option<Redacted<String>>,
}

impl Identity {
    /// The caller's account.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn account(&self, caller: &Caller) -> Result<User> {
        let user = self.inner.store.unscoped(Unscoped::SignIn).users().find(person(caller)?).await?;
        user.ok_or(Error::NotFound { what: "account" })
    }

    /// Who the caller is, and where.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn me(&self, caller: &Caller) -> Result<Me> {
        let user = self.account(caller).await?;
        let view = self.inner.store.visible_to(caller);
        let organization = view.organizations().find(caller.scope.organization_id).await?;
        let environment = view.environments().find(caller.scope.environment_id).await?;
        let organization = organization.ok_or(Error::NotFound { what: "organisation" })?;
        let held = |role: &&OrganizationRole| caller.has_role(&format!("organization:{role}"));
        Ok(Me {
            lacks_mfa: organization.requires_mfa && !user.mfa_enabled,
            user,
            organization,
            environment: environment.ok_or(Error::NotFound { what: "environment" })?,
            role: OrganizationRole::ALL.iter().rev().find(held).copied().unwrap_or(OrganizationRole::Viewer),
            permissions: self.inner.access.judge(caller).await?.permissions(caller),
        })
    }

    /// Changes the caller's own account.
    ///
    /// # Errors
    /// `Invalid` with the fields to mend; `Limited` after too many wrong passwords.
    pub async fn update_profile(&self, caller: &Caller, change: ProfileChange) -> Result<User> {
        let user = self.account(caller).await?;
        let facts = Facts::new(format!("user:{}", user.id), caller.scope).owned_by(Some(user.id));
        self.inner.access.require(caller, Action::UserUpdate, &facts).await?;
        let mut check = Check::default();
        let mut update = UserChange {
            name: change.name.map(|name| check.text("/name", &name, 1, 200)),
            first_name: change.first_name.map(|name| check.text("/first_name", &name, 0, 100)),
            last_name: change.last_name.map(|name| check.text("/last_name", &name, 0, 100)),
            avatar_url: change.avatar_url.map(|url| check.web("/avatar_url", url)),
            custom_instructions: change.custom_instructions.map(|text| {
                let text = text.map(|text| check.prose("/custom_instructions", text, INSTRUCTIONS));
                text.filter(|text| !text.trim().is_empty())
            }),
            preferences: change.preferences.map(|changes| merged(&user.preferences, changes)),
            default_agent_id: change.default_agent_id,
            ..Default::default()
        };
        if update.preferences.as_ref().is_some_and(|all| all.to_string().len() > PREFERENCES_BYTES) {
            check.fault(FieldError::new("/preferences", "too_long", "Settings take at most 32 KiB."));
        }
        if let Some(Some(agent)) = change.default_agent_id
            && self.inner.store.visible_to(caller).agents().find(agent).await?.is_none()
        {
            let detail = "There is no such agent, or you may not see it.";
            check.fault(FieldError::new("/default_agent_id", "unknown", detail));
        }
        if let Some(password) = &change.new_password {
            check.password("/new_password", password, &user.email);
            if change.current_password.is_none() {
                let detail = "Enter the present password to set another.";
                check.fault(FieldError::new("/current_password", "required", detail));
            }
        }
        check.done()?;
        if let (Some(new), Some(current)) = (change.new_password, change.current_password) {
            self.inner.limiter.begin(&user.email, caller.address)?;
            self.check_password("/current_password", &user, &current).await?;
            self.inner.limiter.succeed(&user.email, caller.address);
            update.password_hash = Some(self.inner.passwords.hash(&new).await?);
        }
        self.write_profile(caller, user.id, update).await
    }

    /// Compares someone's present password. The attempt is counted by whoever asks.
    pub(crate) async fn check_password(
        &self,
        pointer: &str,
        user: &User,
        password: &Redacted<String>,
    ) -> Result<()> {
        let stored = self.inner.store.unscoped(Unscoped::SignIn).users().password_hash(user.id).await?;
        if self.inner.passwords.verify(password, stored).await? {
            return Ok(());
        }
        Err(Error::field(pointer, "wrong_password", "This is not the present password."))
    }

    async fn write_profile(&self, caller: &Caller, user: UserId, update: UserChange) -> Result<User> {
        let (session, scope) = (caller.session_id, caller.scope);
        let password_changed = update.password_hash.is_some();
        let event = if password_changed { "account.password_changed" } else { "account.profile_updated" };
        let mut audit = done(caller, event, format!("user:{user}")).on("user", user);
        audit.data = serde_json::json!({ "fields": changed_fields(&update) });
        let rows = self.inner.store.unscoped(Unscoped::SignIn);
        let changed = rows
            .write(move |tx| {
                Box::pin(async move {
                    if password_changed {
                        tx.sessions().revoke_all(user, session, "password_changed").await?;
                    }
                    tx.scoped(scope).audit().record(audit).await?;
                    tx.users().update(user, update).await
                })
            })
            .await?;
        self.inner.cache.forget_user(user);
        Ok(changed)
    }
}

/// The names of what a change touches; the values are nobody's but the person's.
fn changed_fields(update: &UserChange) -> Vec<&'static str> {
    [
        ("name", update.name.is_some()),
        ("first_name", update.first_name.is_some()),
        ("last_name", update.last_name.is_some()),
        ("avatar_url", update.avatar_url.is_some()),
        ("custom_instructions", update.custom_instructions.is_some()),
        ("preferences", update.preferences.is_some()),
        ("default_agent_id", update.default_agent_id.is_some()),
        ("password", update.password_hash.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, changed)| changed.then_some(name))
    .collect()
}

fn merged(present: &Value, changes: Map<String, Value>) -> Value {
    let mut all = present.as_object().cloned().unwrap_or_default();
    for (name, value) in changes {
        if value.is_null() {
            all.remove(&name);
        } else {
            all.insert(name, value);
        }
    }
    Value::Object(all)
}
