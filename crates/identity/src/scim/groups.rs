//! Groups as a directory brings them: their members, and with them what they bring.

use std::collections::HashSet;

use conductor_domain::{Caller, DirectoryGroupId, NewAuditEvent, UserId};
use conductor_scim::{Error as ScimError, Kind, Reason, read};
use conductor_storage::{ScopedTx, Unscoped, UnscopedTx};
use serde_json::{Value, json};

use super::{Provisioner, people::Change, roles, view};
use crate::{Error, Identity, Result, error::about, identity::done};

impl Identity {
    /// Makes a group.
    ///
    /// # Errors
    /// `Scim`, also for members whom the directory did not bring; `Taken` for a name in use.
    pub async fn scim_create_group(&self, by: &Provisioner, sent: &Value) -> Result<Value> {
        let group = Sent::of(&read(Kind::Group, sent)?)?;
        let id = DirectoryGroupId::generate(&*self.inner.clock);
        let work = by.clone();
        let rows = self.inner.store.unscoped(Unscoped::Membership);
        let (shown, moved) = rows
            .write(move |tx| {
                Box::pin(async move {
                    let tenant = tx.scoped(work.caller.scope);
                    known(tenant, &group.members).await?;
                    let made = tenant.directory_groups().create(id, &group.name, group.external_id).await;
                    made.map_err(about("group name"))?;
                    let people: Vec<UserId> = group.members.into_iter().collect();
                    tenant.directory_groups().change_members(id, &people, &[]).await?;
                    let mut audit = entry(&work.caller, "directory.group_created", id);
                    audit.data = json!({ "members": people.len() });
                    tenant.audit().record(audit).await?;
                    roles::settle(tx, &work.caller, &work.directory, &people).await?;
                    Ok::<_, Error>((shown(tenant, &work, id).await?, people))
                })
            })
            .await?;
        self.forget(&moved);
        Ok(shown)
    }

    /// Puts another group in a group's place.
    ///
    /// # Errors
    /// As `scim_create_group`; `NotFound`; `Stale`.
    pub async fn scim_replace_group(
        &self,
        by: &Provisioner,
        id: &str,
        sent: Value,
        expected: Option<String>,
    ) -> Result<Value> {
        self.change_group(by, id, Change::Whole(sent), expected).await
    }

    /// Changes parts of a group.
    ///
    /// # Errors
    /// As `scim_replace_group`.
    pub async fn scim_patch_group(
        &self,
        by: &Provisioner,
        id: &str,
        sent: Value,
        expected: Option<String>,
    ) -> Result<Value> {
        self.change_group(by, id, Change::Parts(sent), expected).await
    }

    /// Removes a group, and what it brought.
    ///
    /// # Errors
    /// `NotFound`; `Stale`.
    pub async fn scim_delete_group(
        &self,
        by: &Provisioner,
        id: &str,
        expected: Option<String>,
    ) -> Result<()> {
        let id = parse(id)?;
        let work = by.clone();
        let rows = self.inner.store.unscoped(Unscoped::Membership);
        let moved = rows
            .write(move |tx| {
                Box::pin(async move {
                    let tenant = held(tx, &work, id, expected).await?;
                    let people: Vec<UserId> = members(tenant, id).await?.into_iter().collect();
                    tenant.directory_groups().delete(id).await?;
                    tenant.audit().record(entry(&work.caller, "directory.group_deleted", id)).await?;
                    roles::settle(tx, &work.caller, &work.directory, &people).await?;
                    Ok::<_, Error>(people)
                })
            })
            .await?;
        self.forget(&moved);
        Ok(())
    }

    async fn change_group(
        &self,
        by: &Provisioner,
        id: &str,
        what: Change,
        expected: Option<String>,
    ) -> Result<Value> {
        let id = parse(id)?;
        let work = by.clone();
        let rows = self.inner.store.unscoped(Unscoped::Membership);
        let (shown, moved) = rows
            .write(move |tx| Box::pin(async move { change(tx, &work, id, what, expected).await }))
            .await?;
        self.forget(&moved);
        Ok(shown)
    }

    fn forget(&self, people: &[UserId]) {
        match people {
            [] => {}
            few if few.len() <= 20 => few.iter().for_each(|user| self.inner.cache.forget_user(*user)),
            _ => self.inner.cache.forget_all(),
        }
    }
}

/// What a directory says of a group.
struct Sent {
    name: String,
    external_id: Option<String>,
    members: HashSet<UserId>,
}

impl Sent {
    fn of(group: &Value) -> Result<Self> {
        let name = group["displayName"].as_str().unwrap_or_default().to_owned();
        let external_id = group["externalId"].as_str().map(str::to_owned);
        let members = group["members"].as_array().map(Vec::as_slice).unwrap_or_default();
        let id = |one: &Value| one["value"].as_str().and_then(|value| value.parse().ok()).ok_or_else(unknown);
        let members = members.iter().map(id).collect::<Result<_>>()?;
        Ok(Self { name, external_id, members })
    }
}

fn unknown() -> Error {
    ScimError::new(Reason::InvalidValue, "Members are people that this directory brought, by their `id`.")
        .into()
}

/// Members are people of this directory: those of others do not exist here.
async fn known(tenant: ScopedTx<'_>, people: &HashSet<UserId>) -> Result<()> {
    let people: Vec<UserId> = people.iter().copied().collect();
    for some in people.chunks(1_000) {
        if tenant.directory_users().read().find_many(some).await?.len() != some.len() {
            return Err(unknown());
        }
    }
    Ok(())
}

async fn change(
    tx: UnscopedTx<'_>,
    by: &Provisioner,
    id: DirectoryGroupId,
    what: Change,
    expected: Option<String>,
) -> Result<(Value, Vec<UserId>)> {
    let tenant = held(tx, by, id, expected).await?;
    let row = tenant.directory_groups().get(id).await.map_err(about("resource"))?;
    let before = members(tenant, id).await?;
    let parts: Vec<Value> = before.iter().map(|user| json!({ "value": user, "type": "User" })).collect();
    let mut whole = json!({ "displayName": row.display_name, "members": parts });
    if let Some(external_id) = &row.external_id {
        whole["externalId"] = json!(external_id);
    }
    let after = Sent::of(&what.apply(Kind::Group, whole)?)?;
    let come: HashSet<UserId> = after.members.difference(&before).copied().collect();
    let go: Vec<UserId> = before.difference(&after.members).copied().collect();
    let renamed = (&row.display_name, &row.external_id) != (&after.name, &after.external_id);
    if come.is_empty() && go.is_empty() && !renamed {
        return Ok((shown(tenant, by, id).await?, Vec::new()));
    }
    known(tenant, &come).await?;
    let come: Vec<UserId> = come.into_iter().collect();
    let changed = tenant.directory_groups().update(id, &after.name, after.external_id).await;
    changed.map_err(about("group name"))?;
    tenant.directory_groups().change_members(id, &come, &go).await?;
    let mut audit = entry(&by.caller, "directory.group_updated", id);
    audit.data = json!({ "joined": come.len(), "left": go.len(), "renamed": renamed });
    tenant.audit().record(audit).await?;
    // Another name may bring something else to everybody.
    let moved: Vec<UserId> = match renamed {
        true => before.union(&after.members).copied().collect(),
        false => come.into_iter().chain(go).collect(),
    };
    roles::settle(tx, &by.caller, &by.directory, &moved).await?;
    Ok((shown(tenant, by, id).await?, moved))
}

/// The tenant of a group in the version that the change expects.
async fn held<'t>(
    tx: UnscopedTx<'t>,
    by: &Provisioner,
    id: DirectoryGroupId,
    expected: Option<String>,
) -> Result<ScopedTx<'t>> {
    let tenant = tx.scoped(by.caller.scope);
    let row = tenant.directory_groups().get(id).await.map_err(about("resource"))?;
    match expected {
        Some(expected) if view::group(&by.base, &row, &[])["meta"]["version"] != *expected => {
            Err(Error::Stale)
        }
        _ => Ok(tenant),
    }
}

async fn members(tenant: ScopedTx<'_>, id: DirectoryGroupId) -> Result<HashSet<UserId>> {
    let rows = tenant.directory_groups().read().members(&[id]).await?;
    Ok(rows.into_iter().map(|(_, user)| user).collect())
}

async fn shown(tenant: ScopedTx<'_>, by: &Provisioner, id: DirectoryGroupId) -> Result<Value> {
    let groups = tenant.directory_groups().read();
    let row = groups.find(id).await?.ok_or(Error::NotFound { what: "resource" })?;
    let shown = view::groups(&by.base, &[row], &groups, true).await?;
    shown.into_iter().next().ok_or(Error::NotFound { what: "resource" })
}

fn parse(id: &str) -> Result<DirectoryGroupId> {
    id.parse().map_err(|_| Error::NotFound { what: "resource" })
}

fn entry(caller: &Caller, event: &str, id: DirectoryGroupId) -> NewAuditEvent {
    done(caller, event, format!("directory_group:{id}")).on("directory_group", id)
}
