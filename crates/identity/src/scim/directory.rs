//! The directory itself: administrators switch it on and map its groups, its tokens let it in.

use conductor_access::{Action, Facts};
use conductor_domain::{
    Caller, Directory, DirectoryGroup, FieldError, GroupRole, NewAuditEvent, OrganizationRole, Page,
    PageRequest, Principal, ServiceAccountId, ServiceAccountSpec,
};
use conductor_storage::{ScopedTx, Unscoped};
use serde_json::Value;

use super::roles;
use crate::{
    Error, Identity, Result, check::Check, error::about, identity::done, members::owners_name_owners,
};

/// The name of the account that a directory's tokens are issued to.
const ACCOUNT: &str = "Directory (SCIM)";
/// Groups that one organisation maps at most.
const MOST_MAPPINGS: usize = 200;

/// A directory that has come in by one of its tokens.
#[derive(Clone, Debug)]
pub struct Provisioner {
    pub(super) caller: Caller,
    pub(super) directory: Directory,
    /// Where the door is, for the addresses of resources.
    pub(super) base: String,
}

impl Provisioner {
    /// Where the door is.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }
}

/// How an organisation is provisioned.
#[derive(Clone, Debug)]
pub struct DirectoryState {
    /// Its directory, once one was set up.
    pub directory: Option<Directory>,
    /// People that it brought.
    pub users: u64,
    /// Groups that it brought.
    pub groups: u64,
    /// Groups that the platform's identity providers map for this organisation: they hold for the directory too.
    pub inherited: Vec<GroupRole>,
}

/// A change of a directory: what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct DirectoryChange {
    /// Whether it may come in.
    pub enabled: Option<bool>,
    /// What its groups bring.
    pub role_mappings: Option<Vec<GroupRole>>,
}

/// A group with how many belong to it and what it brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedGroup {
    /// The group.
    pub group: DirectoryGroup,
    /// How many belong to it.
    pub members: usize,
    /// The role that it brings.
    pub role: Option<OrganizationRole>,
}

impl Identity {
    /// How the organisation that the caller acts in is provisioned.
    ///
    /// # Errors
    /// When the caller may not see it.
    pub async fn directory(&self, caller: &Caller) -> Result<DirectoryState> {
        self.inner.access.require(caller, Action::DirectoryRead, &facts(caller)).await?;
        let rows = self.inner.store.scoped(caller.scope);
        let providers = self.inner.store.unscoped(Unscoped::SignIn).identity_providers().all().await?;
        Ok(DirectoryState {
            directory: rows.directory().find().await?,
            users: rows.directory_users().count().await?,
            groups: rows.directory_groups().count().await?,
            inherited: roles::inherited(&providers, caller.scope.organization_id),
        })
    }

    /// Groups that the organisation's directory brought, the oldest first.
    ///
    /// # Errors
    /// When the caller may not see them; `Storage` with a bad cursor.
    pub async fn directory_groups(&self, caller: &Caller, page: PageRequest) -> Result<Page<MappedGroup>> {
        let state = self.directory(caller).await?;
        let skip: u64 = match page.after.as_deref() {
            Some(after) => after.parse().map_err(|_| conductor_storage::Error::BadCursor)?,
            None => 0,
        };
        let rows = self.inner.store.scoped(caller.scope).directory_groups();
        let groups = rows.some(skip, Some(page.limit)).await?;
        let ids: Vec<_> = groups.iter().map(|group| group.id).collect();
        let members = rows.members(&ids).await?;
        let own = state.directory.map(|directory| directory.role_mappings).unwrap_or_default();
        let mappings: Vec<GroupRole> = own.into_iter().chain(state.inherited).collect();
        let items = groups.into_iter().map(|group| MappedGroup {
            members: members.iter().filter(|(of, _)| *of == group.id).count(),
            role: roles::brought(&mappings, std::iter::once(&group)),
            group,
        });
        let end = skip.saturating_add(page.limit);
        let next = (end < state.groups).then(|| end.to_string());
        Ok(Page { items: items.collect(), next })
    }

    /// Switches provisioning on or off and says what groups bring. Switched off, its tokens stop at once.
    ///
    /// # Errors
    /// `Personal`; `OwnersOnly` for a group that brings ownership; `Invalid`.
    pub async fn update_directory(&self, caller: &Caller, change: DirectoryChange) -> Result<DirectoryState> {
        let action = Action::DirectoryManage;
        self.inner.access.require(caller, action, &facts(caller)).await?;
        let mut check = Check::default();
        let wanted = change.role_mappings.map(|mappings| checked(&mut check, mappings));
        check.done()?;
        let before = self.inner.store.scoped(caller.scope).directory().find().await?;
        let before = before.map(|directory| directory.role_mappings).unwrap_or_default();
        let owning = |all: &[GroupRole]| -> Vec<GroupRole> {
            all.iter().filter(|one| one.role == OrganizationRole::Owner).cloned().collect()
        };
        if wanted.as_ref().is_some_and(|wanted| owning(wanted) != owning(&before))
            && let Err(refused) = owners_name_owners(caller, &[OrganizationRole::Owner])
        {
            let reason = "only owners say which groups bring ownership";
            let access = &self.inner.access;
            access.refused(caller, action, &facts(caller), "memberships/owners-only", reason).await?;
            return Err(refused);
        }
        let (issuer, audience) =
            (self.inner.tokens.issuer().to_owned(), self.inner.tokens.machine_audience().to_owned());
        let (by, id) = (caller.clone(), ServiceAccountId::generate(&*self.inner.clock));
        let rows = self.inner.store.unscoped(Unscoped::Membership);
        let account = rows
            .write(move |tx| {
                Box::pin(async move {
                    let tenant = tx.scoped(by.scope);
                    if tenant.organization().get().await.map_err(about("organisation"))?.is_personal {
                        return Err(Error::Personal);
                    }
                    let before = tenant.directory().hold().await?;
                    let enabled =
                        change.enabled.unwrap_or(before.as_ref().is_some_and(|before| before.enabled));
                    let mappings = match (wanted, &before) {
                        (Some(wanted), _) => wanted,
                        (None, Some(before)) => before.role_mappings.clone(),
                        (None, None) => Vec::new(),
                    };
                    let spec = account_spec(id, issuer, audience, enabled);
                    let known = before.as_ref().map(|before| before.service_account_id);
                    let account = account(tenant, known, id, spec).await?;
                    let after = match &before {
                        None => tenant.directory().create(account, enabled, &mappings).await?,
                        Some(_) => tenant.directory().update(account, enabled, &mappings).await?,
                    };
                    let mut audit = entry(&by, "directory.updated");
                    audit.data = serde_json::json!({ "enabled": enabled, "role_mappings": mappings });
                    tenant.audit().record(audit).await?;
                    if before.is_none_or(|before| before.role_mappings != after.role_mappings) {
                        let people = tenant.directory_users().read().some(0, None).await?;
                        let people: Vec<_> = people.iter().map(|person| person.user_id).collect();
                        roles::settle(tx, &by, &after, &people).await?;
                    }
                    Ok(account)
                })
            })
            .await?;
        self.inner.cache.forget(conductor_domain::Revoked::ServiceAccount(account));
        self.inner.cache.forget(conductor_domain::Revoked::Organization(caller.scope.organization_id));
        self.directory(caller).await
    }

    /// Lets a directory in: the caller is the account of its organisation's directory, and provisioning is on.
    ///
    /// # Errors
    /// `NotDirectory`, or when the decision point refuses.
    pub async fn provisioner(&self, caller: Caller, base: String) -> Result<Provisioner> {
        let Principal::ServiceAccount { service_account_id } = caller.principal else {
            return Err(self.not_directory(&caller).await);
        };
        self.inner.access.require_scope(&caller, Action::DirectoryProvision).await?;
        let directory = self.inner.store.scoped(caller.scope).directory().find().await?;
        let here = directory
            .filter(|directory| directory.enabled && directory.service_account_id == service_account_id);
        let Some(directory) = here else { return Err(self.not_directory(&caller).await) };
        self.inner.access.require(&caller, Action::DirectoryProvision, &facts(&caller)).await?;
        Ok(Provisioner { caller, directory, base })
    }

    async fn not_directory(&self, caller: &Caller) -> Error {
        let reason = "the credential is not one of the organisation's directory";
        let (action, facts) = (Action::DirectoryProvision, facts(caller));
        match self.inner.access.refused(caller, action, &facts, "directory/own-tokens", reason).await {
            Ok(()) => Error::NotDirectory,
            Err(error) => error.into(),
        }
    }

    /// What the server can do, for whoever asks: `/ServiceProviderConfig`.
    #[must_use]
    pub fn scim_config(&self, base: &str) -> Value {
        conductor_scim::service_provider_config(
            base,
            super::query::MOST,
            (super::BULK_OPERATIONS, super::BULK_BYTES),
        )
    }

    /// The kinds of resources: `/ResourceTypes`.
    #[must_use]
    pub fn scim_resource_types(&self, base: &str) -> Vec<Value> {
        conductor_scim::resource_types(base)
    }

    /// The schemas: `/Schemas`.
    #[must_use]
    pub fn scim_schemas(&self, base: &str) -> Vec<Value> {
        conductor_scim::schemas(base)
    }
}

async fn account(
    tenant: ScopedTx<'_>,
    known: Option<ServiceAccountId>,
    new: ServiceAccountId,
    spec: ServiceAccountSpec,
) -> Result<ServiceAccountId> {
    if let Some(known) = known {
        match tenant.service_accounts().get(known).await {
            Ok(before) => {
                let spec = ServiceAccountSpec { subject: before.subject, inbound: before.inbound, ..spec };
                tenant.service_accounts().update(known, spec).await.map_err(about(ACCOUNT_NAME))?;
                return Ok(known);
            }
            // Somebody deleted it: its tokens are gone, and new ones need a new account.
            Err(conductor_storage::Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    tenant.service_accounts().create(new, spec).await.map_err(about(ACCOUNT_NAME))?;
    Ok(new)
}

const ACCOUNT_NAME: &str = "service account name \"Directory (SCIM)\"";

fn account_spec(id: ServiceAccountId, issuer: String, audience: String, enabled: bool) -> ServiceAccountSpec {
    ServiceAccountSpec {
        environment_id: None,
        name: ACCOUNT.to_owned(),
        description: "Provisions people and groups. Managed under Settings, Provisioning.".to_owned(),
        subject: format!("service_account:{id}"),
        issuer,
        audience,
        credential_ref: None,
        scope_allowlist: vec![Action::DirectoryProvision.as_str().to_owned()],
        inbound: conductor_domain::InboundProof::default(),
        enabled,
    }
}

fn checked(check: &mut Check, mappings: Vec<GroupRole>) -> Vec<GroupRole> {
    if mappings.len() > MOST_MAPPINGS {
        let detail = format!("Map at most {MOST_MAPPINGS} groups.");
        check.fault(FieldError::new("/role_mappings", "too_long", detail));
        return Vec::new();
    }
    let name = |check: &mut Check, at: usize, group: &str| {
        check.text(&format!("/role_mappings/{at}/group"), group, 1, 255)
    };
    mappings
        .into_iter()
        .enumerate()
        .map(|(at, mapping)| GroupRole { group: name(check, at, &mapping.group), ..mapping })
        .collect()
}

/// An entry of the audit log about the directory as a whole.
fn entry(caller: &Caller, event: &str) -> NewAuditEvent {
    let id = caller.scope.organization_id;
    done(caller, event, format!("directory:{id}")).on("organization", id)
}

fn facts(caller: &Caller) -> Facts {
    Facts::new(format!("directory:{}", caller.scope.organization_id), caller.scope)
}
