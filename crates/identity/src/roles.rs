//! Roles: listed, and limited by each organisation for itself. What they permit is decided elsewhere; the rows of the
//! built-in ones say the same.

use conductor_access::{Action, Facts, Judge};
use conductor_domain::{
    Caller, Classification, NewRole, OrganizationId, OrganizationRole, Page, PageRequest, PlatformRole,
    Principal, Role, RoleId, RoleScope, Scope, UserId,
};
use conductor_storage::Unscoped;
use serde_json::json;

use crate::{Error, Identity, Result, error::about, identity::done};

/// The most calls of a day that a limit may name; whoever wants more wants none.
const MOST: i32 = 1_000_000_000;

impl Identity {
    /// The built-in roles and those of the organisation that the caller acts in.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn roles(&self, caller: &Caller, page: PageRequest) -> Result<Page<Role>> {
        Ok(self.inner.store.visible_to(caller).roles().page(page).await?)
    }

    /// Says how many calls a day whoever has a role may make in the caller's organisation; an inner `None` is no limit,
    /// and a missing one changes nothing. The next call counts by it.
    ///
    /// # Errors
    /// `NotFound`, `Invalid`, or a refusal.
    pub async fn limit_role(&self, caller: &Caller, id: RoleId, most: Option<Option<i32>>) -> Result<Role> {
        let facts = Facts::new(format!("organization:{}", caller.scope.organization_id), caller.scope);
        self.inner.access.require(caller, Action::OrganizationUpdate, &facts).await?;
        let found = self.inner.store.visible_to(caller).roles().find_many(&[id]).await?.pop();
        let found = found.ok_or(Error::NotFound { what: "role" })?;
        let Some(most) = most else { return Ok(found) };
        if most.is_some_and(|most| !(0..=MOST).contains(&most)) {
            let detail = format!("Choose 0 to {MOST} calls, or none.");
            return Err(Error::field("/max_api_calls_per_day", "out_of_range", detail));
        }
        let mut entry = done(caller, "role.updated", format!("role:{id}")).on("role", id);
        entry.data = json!({
            "role": format!("{}:{}", found.scope, found.name),
            "max_api_calls_per_day": { "before": found.max_api_calls_per_day, "after": most },
        });
        let role = self
            .inner
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let role = tx.roles().limit(id, most).await.map_err(about("role"))?;
                    tx.audit().record(entry).await?;
                    Ok::<_, Error>(role)
                })
            })
            .await?;
        self.inner.access.rules_changed(caller.scope.organization_id);
        Ok(role)
    }

    /// Writes the rows of the built-in roles where they are missing or say something else than the decision point.
    pub(crate) async fn seed_roles(&self) -> Result<()> {
        let rows = self.inner.store.unscoped(Unscoped::Setup);
        let stored = rows.roles().of(OrganizationId::NIL).await?;
        let wanted: Vec<NewRole> = self.built_in_roles().await?;
        let same = |new: &NewRole| {
            stored.iter().any(|row| {
                row.name == new.name && row.scope == new.scope && row.permissions == new.permissions
            })
        };
        let changed: Vec<NewRole> = wanted.into_iter().filter(|new| !same(new)).collect();
        if changed.is_empty() {
            return Ok(());
        }
        rows.write(move |tx| {
            Box::pin(async move {
                for role in changed {
                    tx.roles().put(role).await?;
                }
                Ok::<_, conductor_storage::Error>(())
            })
        })
        .await?;
        Ok(())
    }

    async fn built_in_roles(&self) -> Result<Vec<NewRole>> {
        let judge = self.inner.access.judge(&holder(String::new())).await?;
        let platform = PlatformRole::ALL.iter().map(|role| {
            let description = match role {
                PlatformRole::Admin => "Runs the platform: accounts, models and official connectors.",
                PlatformRole::PowerUser => "Builds agents and connectors and shares them.",
                PlatformRole::StandardUser => "Builds agents and connectors of one's own.",
                PlatformRole::Guest => "Talks to agents that others built.",
            };
            built_in(&judge, RoleScope::Platform, role.as_str(), description)
        });
        let organization = OrganizationRole::ALL.iter().map(|role| {
            let description = match role {
                OrganizationRole::Owner => "Owns the organisation: may delete it and name other owners.",
                OrganizationRole::Admin => "Manages people, environments and what is shared.",
                OrganizationRole::Member => "Works: conversations, agents, connectors, tools.",
                OrganizationRole::Viewer => "Looks at what is shared.",
            };
            built_in(&judge, RoleScope::Organization, role.as_str(), description)
        });
        Ok(platform.chain(organization).collect())
    }
}

fn built_in(judge: &Judge, scope: RoleScope, name: &str, description: &str) -> NewRole {
    let permissions = judge.permissions(&holder(format!("{scope}:{name}")));
    let has = |wanted: &[&str]| {
        permissions.iter().any(|held| wanted.contains(&held.split(':').next().unwrap_or("")))
    };
    NewRole {
        name: name.to_owned(),
        description: description.to_owned(),
        scope,
        organization_id: OrganizationId::NIL,
        can_create_agents: has(&["agent.create", "agent.*", "*"]),
        can_share_agents: has(&["agent.share", "agent.*", "*"]),
        can_access_restricted_data: (scope, name) == (RoleScope::Platform, PlatformRole::Admin.as_str()),
        max_api_calls_per_day: None,
        is_builtin: true,
        permissions,
    }
}

/// Nobody, holding one role.
fn holder(role: String) -> Caller {
    Caller {
        principal: Principal::User { user_id: UserId::NIL },
        scope: Scope::PLATFORM,
        organizations: Vec::new(),
        roles: vec![role],
        clearance: Classification::Public,
        attributes: serde_json::Value::Null,
        token_scopes: None,
        session_id: None,
        token_id: None,
        address: None,
    }
}
