//! Environments of the organisation that the caller acts in.

use conductor_access::{Action, Facts};
use conductor_domain::{
    Caller, Environment, EnvironmentId, EnvironmentType, NewEnvironment, Page, PageRequest,
};

use crate::{Error, Identity, Result, check::Check, error::about, identity::done};

impl Identity {
    /// The organisation's environments, the newest first.
    ///
    /// # Errors
    /// When the caller may not see them.
    pub async fn environments(&self, caller: &Caller, page: PageRequest) -> Result<Page<Environment>> {
        self.inner.access.require(caller, Action::EnvironmentRead, &facts(caller, None)).await?;
        Ok(self.inner.store.visible_to(caller).environments().page(page).await?)
    }

    /// One environment.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn environment(&self, caller: &Caller, id: EnvironmentId) -> Result<Environment> {
        self.inner.access.require(caller, Action::EnvironmentRead, &facts(caller, Some(id))).await?;
        let found = self.inner.store.visible_to(caller).environments().find(id).await?;
        found.ok_or(Error::NotFound { what: "environment" })
    }

    /// Makes an environment.
    ///
    /// # Errors
    /// `Taken` or `Invalid`.
    pub async fn create_environment(
        &self,
        caller: &Caller,
        name: &str,
        environment_type: EnvironmentType,
    ) -> Result<Environment> {
        self.inner.access.require(caller, Action::EnvironmentCreate, &facts(caller, None)).await?;
        let mut check = Check::default();
        let name = check.text("/name", name, 1, 100);
        check.done()?;
        let id = EnvironmentId::generate(&*self.inner.clock);
        let organization_id = caller.scope.organization_id;
        let new = NewEnvironment { id, organization_id, name, environment_type, is_default: false };
        let audit = done(caller, "environment.created", format!("environment:{id}")).on("environment", id);
        let environment = self
            .inner
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let environment =
                        tx.environments().create(new).await.map_err(about("environment name"))?;
                    tx.audit().record(audit).await?;
                    Ok::<_, Error>(environment)
                })
            })
            .await?;
        self.inner.cache.forget_all();
        Ok(environment)
    }

    /// Changes an environment's name or type.
    ///
    /// # Errors
    /// `NotFound`, `Taken` or `Invalid`.
    pub async fn update_environment(
        &self,
        caller: &Caller,
        id: EnvironmentId,
        name: Option<String>,
        environment_type: Option<EnvironmentType>,
    ) -> Result<Environment> {
        self.inner.access.require(caller, Action::EnvironmentUpdate, &facts(caller, Some(id))).await?;
        let mut check = Check::default();
        let name = name.map(|name| check.text("/name", &name, 1, 100));
        check.done()?;
        let audit = done(caller, "environment.updated", format!("environment:{id}")).on("environment", id);
        self.inner
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let changed = tx.environments().update(id, name, environment_type).await;
                    let environment = changed.map_err(about("environment name"))?;
                    tx.audit().record(audit).await?;
                    Ok(environment)
                })
            })
            .await
    }

    /// Deletes an environment that is not the default one; its rows are kept, unreachable.
    ///
    /// # Errors
    /// `NotFound` or `Permanent`.
    pub async fn delete_environment(&self, caller: &Caller, id: EnvironmentId) -> Result<()> {
        self.inner.access.require(caller, Action::EnvironmentDelete, &facts(caller, Some(id))).await?;
        let audit = done(caller, "environment.deleted", format!("environment:{id}")).on("environment", id);
        self.inner
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    if tx.environments().get(id).await.map_err(about("environment"))?.is_default {
                        return Err(Error::Permanent { what: "the default environment" });
                    }
                    tx.environments().delete(id).await?;
                    tx.audit().record(audit).await?;
                    Ok(())
                })
            })
            .await?;
        self.inner.cache.forget_all();
        Ok(())
    }
}

fn facts(caller: &Caller, id: Option<EnvironmentId>) -> Facts {
    let target = id.map_or_else(|| "environment:new".to_owned(), |id| format!("environment:{id}"));
    Facts::new(target, caller.scope)
}
