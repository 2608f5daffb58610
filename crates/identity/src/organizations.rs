//! Organisations: the caller's own, and the one it acts in.

use conductor_access::{Action, Facts};
use conductor_domain::{
    Caller, Environment, NewOrganization, Organization, OrganizationChange, OrganizationId, OrganizationRole,
    Page, PageRequest, Scope, UserChange,
};
use conductor_storage::Unscoped;

use crate::{
    Error, Identity, Result, accounts, check::Check, context, error::about, identity::done, session::person,
    slug,
};

/// An organisation to be founded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrganizationDraft {
    /// The name.
    pub name: String,
    /// The slug; made from the name when absent.
    pub slug: Option<String>,
    /// The line of business.
    pub industry: Option<String>,
    /// A web address.
    pub website: Option<String>,
    /// An IANA name.
    pub timezone: Option<String>,
}

/// An organisation as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MyOrganization {
    /// The organisation.
    pub organization: Organization,
    /// The person's role there.
    pub role: OrganizationRole,
    /// Whether requests that name no organisation act in it.
    pub is_active: bool,
    /// Its environments, the default one first.
    pub environments: Vec<Environment>,
}

impl Identity {
    /// The caller's organisations, the newest first.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn my_organizations(&self, caller: &Caller, page: PageRequest) -> Result<Page<MyOrganization>> {
        let user = person(caller)?;
        let page = self.inner.store.visible_to(caller).organizations().page(page).await?;
        let rows = self.inner.store.unscoped(Unscoped::Membership);
        let active = rows.users().find(user).await?.and_then(|user| user.active);
        let roles = rows.organizations().of_user(user).await?;
        let ids: Vec<OrganizationId> = page.items.iter().map(|organization| organization.id).collect();
        let environments = rows.environments().of(&ids).await?;
        let items = page.items.into_iter().filter_map(|organization| {
            let (_, role) = roles.iter().find(|(other, _)| other.id == organization.id)?;
            let inside =
                environments.iter().filter(|environment| environment.organization_id == organization.id);
            Some(MyOrganization {
                role: *role,
                is_active: active.is_some_and(|active| active.organization_id == organization.id),
                environments: inside.cloned().collect(),
                organization,
            })
        });
        Ok(Page { items: items.collect(), next: page.next })
    }

    /// Makes an organisation the active one.
    ///
    /// # Errors
    /// `NotFound` when the caller is no member.
    pub async fn switch_organization(&self, caller: &Caller, id: OrganizationId) -> Result<MyOrganization> {
        let user = person(caller)?;
        let rows = self.inner.store.unscoped(Unscoped::Membership);
        let mut mine = rows.organizations().of_user(user).await?.into_iter();
        let (organization, role) =
            mine.find(|(other, _)| other.id == id).ok_or(Error::NotFound { what: "organisation" })?;
        let environments = rows.environments().of(&[id]).await?;
        let environment = environments.first().ok_or(Error::NotFound { what: "environment" })?.id;
        let scope = Scope { organization_id: id, environment_id: environment };
        let change = UserChange { active: Some(Some(scope)), ..Default::default() };
        let audit = done(caller, "account.organization_switched", format!("user:{user}")).on("user", user);
        rows.write(move |tx| {
            Box::pin(async move {
                tx.scoped(scope).audit().record(audit).await?;
                tx.users().update(user, change).await
            })
        })
        .await?;
        self.inner.cache.forget_user(user);
        Ok(MyOrganization { organization, role, is_active: true, environments })
    }

    /// The organisations that the caller is a member of, the newest first.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn organizations(&self, caller: &Caller, page: PageRequest) -> Result<Page<Organization>> {
        Ok(self.inner.store.visible_to(caller).organizations().page(page).await?)
    }

    /// The organisation that the caller acts in.
    ///
    /// # Errors
    /// When the caller may not see it.
    pub async fn organization(&self, caller: &Caller) -> Result<Organization> {
        self.inner.access.require(caller, Action::OrganizationRead, &facts(caller)).await?;
        let found =
            self.inner.store.visible_to(caller).organizations().find(caller.scope.organization_id).await?;
        found.ok_or(Error::NotFound { what: "organisation" })
    }

    /// Founds an organisation that the caller owns.
    ///
    /// # Errors
    /// `Taken` or `Invalid`.
    pub async fn create_organization(
        &self,
        caller: &Caller,
        draft: OrganizationDraft,
    ) -> Result<Organization> {
        let user = person(caller)?;
        let facts = Facts::new("organization:new", caller.scope).owned_by(Some(user));
        self.inner.access.require(caller, Action::OrganizationCreate, &facts).await?;
        let mut check = Check::default();
        let name = check.text("/name", &draft.name, 1, 200);
        let chosen =
            draft.slug.and_then(|slug| slug::check("/slug", &slug).map_err(|fault| check.fault(fault)).ok());
        let industry = check.optional("/industry", draft.industry, 200);
        let website = check.web("/website", draft.website);
        let timezone = check.optional("/timezone", draft.timezone, 64);
        check.done()?;

        let by = caller.clone();
        let rows = self.inner.store.unscoped(Unscoped::Membership);
        let organization = rows
            .write(move |tx| {
                Box::pin(async move {
                    let slug = match chosen {
                        Some(slug) => slug,
                        None => accounts::free_slug(tx, &name).await?,
                    };
                    let scope = accounts::new_scope(tx.clock());
                    let id = scope.organization_id;
                    let new =
                        NewOrganization { id, name, slug, is_personal: false, industry, website, timezone };
                    let organization = accounts::found(tx, new, scope, user).await?;
                    let audit = done(&by, "organization.created", format!("organization:{id}"));
                    tx.scoped(scope).audit().record(audit.on("organization", id)).await?;
                    Ok::<_, Error>(organization)
                })
            })
            .await?;
        self.inner.cache.forget_user(user);
        Ok(organization)
    }

    /// Changes the organisation that the caller acts in.
    ///
    /// # Errors
    /// `Taken` or `Invalid`.
    pub async fn update_organization(
        &self,
        caller: &Caller,
        change: OrganizationChange,
    ) -> Result<Organization> {
        self.inner.access.require(caller, Action::OrganizationUpdate, &facts(caller)).await?;
        let mut check = Check::default();
        let change = OrganizationChange {
            name: change.name.map(|name| check.text("/name", &name, 1, 200)),
            slug: change
                .slug
                .and_then(|slug| slug::check("/slug", &slug).map_err(|fault| check.fault(fault)).ok()),
            industry: change.industry.map(|text| check.optional("/industry", text, 200)),
            website: change.website.map(|text| check.web("/website", text)),
            timezone: change.timezone.map(|text| check.optional("/timezone", text, 64)),
            requires_mfa: change.requires_mfa,
            key_max_age_days: change.key_max_age_days,
            context_extra: change.context_extra,
        };
        if let Some(context) = &change.context_extra {
            context::faults(context).into_iter().for_each(|fault| check.fault(fault));
        }
        if change.key_max_age_days.flatten().is_some_and(|days| !(1..=3_650).contains(&days)) {
            let detail = "Choose 1 to 3650 days, or none.";
            check.fault(conductor_domain::FieldError::new("/key_max_age_days", "out_of_range", detail));
        }
        check.done()?;
        if change.requires_mfa == Some(true) && !self.account(caller).await?.mfa_enabled {
            // Whoever asks it of others would be the first to stand outside.
            return Err(Error::MfaMissing);
        }
        let by = caller.clone();
        let organization = self
            .inner
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let organization =
                        tx.organization().update(change).await.map_err(about("organisation name or slug"))?;
                    let target = format!("organization:{}", organization.id);
                    let audit = done(&by, "organization.updated", target).on("organization", organization.id);
                    tx.audit().record(audit).await?;
                    Ok::<_, Error>(organization)
                })
            })
            .await?;
        // Its slug is part of where its members stand.
        self.inner.cache.forget_all();
        Ok(organization)
    }

    /// Deletes the organisation that the caller acts in; its rows are kept, unreachable.
    ///
    /// # Errors
    /// `Permanent` for a personal one.
    pub async fn delete_organization(&self, caller: &Caller) -> Result<()> {
        self.inner.access.require(caller, Action::OrganizationDelete, &facts(caller)).await?;
        let by = caller.clone();
        self.inner
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let organization = tx.organization().get().await.map_err(about("organisation"))?;
                    if organization.is_personal {
                        return Err(Error::Permanent { what: "a personal organisation" });
                    }
                    tx.organization().delete().await?;
                    let target = format!("organization:{}", organization.id);
                    let audit = done(&by, "organization.deleted", target).on("organization", organization.id);
                    tx.audit().record(audit).await?;
                    Ok(())
                })
            })
            .await?;
        self.inner.cache.forget_all();
        Ok(())
    }
}

fn facts(caller: &Caller) -> Facts {
    Facts::new(format!("organization:{}", caller.scope.organization_id), caller.scope)
}
