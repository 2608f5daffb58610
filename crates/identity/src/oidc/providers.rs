//! Identity providers as administrators of the platform enter them, and as the sign-in page shows them.

use conductor_access::{Action, Facts};
use conductor_domain::{
    Caller, FieldError, IdentityProvider, IdentityProviderId, IdentityProviderSpec, Redacted, Scope,
};
use conductor_storage::Unscoped;

use crate::{Error, Identity, Result, check::Check, error::about, identity::done, slug};

/// A provider as it is entered.
#[derive(Clone, Debug)]
pub struct ProviderDraft {
    /// Its name in addresses; made from the name where there is none. It never changes.
    pub slug: Option<String>,
    /// What is said of it.
    pub spec: IdentityProviderSpec,
    /// The client's secret: a new one, none any more (`Some(None)`), or the one that is stored (`None`).
    pub secret: Option<Option<Redacted<String>>>,
    /// Whether people may sign in with it.
    pub enabled: bool,
}

/// A provider as the sign-in page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicProvider {
    /// Its name in addresses.
    pub slug: String,
    /// The name on the button.
    pub name: String,
}

impl Identity {
    /// The providers that people may sign in with.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn public_providers(&self) -> Result<Vec<PublicProvider>> {
        let all = self.inner.store.unscoped(Unscoped::SignIn).identity_providers().all().await?;
        let shown = all.into_iter().filter(|provider| provider.enabled);
        Ok(shown.map(|provider| PublicProvider { slug: provider.slug, name: provider.spec.name }).collect())
    }

    /// Every provider.
    ///
    /// # Errors
    /// When the caller is no administrator of the platform.
    pub async fn providers(&self, caller: &Caller) -> Result<Vec<IdentityProvider>> {
        self.inner.access.require(caller, Action::IdentityProviderRead, &facts(None)).await?;
        Ok(self.inner.store.unscoped(Unscoped::Administration).identity_providers().all().await?)
    }

    /// A provider.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn provider(&self, caller: &Caller, id: IdentityProviderId) -> Result<IdentityProvider> {
        self.inner.access.require(caller, Action::IdentityProviderRead, &facts(Some(id))).await?;
        let found = self.inner.store.unscoped(Unscoped::Administration).identity_providers().find(id).await?;
        found.ok_or(Error::NotFound { what: "identity provider" })
    }

    /// Enters a provider; it is looked up first, so that a mistake shows here and not at somebody's sign-in.
    ///
    /// # Errors
    /// `Invalid`, also where no provider answers there; `Taken`.
    pub async fn create_provider(&self, caller: &Caller, draft: ProviderDraft) -> Result<IdentityProvider> {
        self.inner.access.require(caller, Action::IdentityProviderManage, &facts(None)).await?;
        let mut check = Check::default();
        let slug = match &draft.slug {
            Some(slug) => slug::check("/slug", slug).map_err(|fault| check.fault(fault)).unwrap_or_default(),
            None => slug::from_name(&draft.spec.name),
        };
        let spec = self.checked(check, draft.spec).await?;
        self.looked_up(&spec.issuer).await?;
        let id = IdentityProviderId::generate(&*self.inner.clock);
        let secret = match draft.secret.flatten() {
            None => None,
            Some(secret) => Some(self.sealed(caller, id, &secret).await?),
        };
        let audit = done(caller, "identity_provider.created", target(id)).on("identity_provider", id);
        let (scope, enabled) = (caller.scope, draft.enabled);
        let rows = self.inner.store.unscoped(Unscoped::Administration);
        rows.write(move |tx| {
            Box::pin(async move {
                let reference = secret.as_ref().map(|secret| secret.reference.clone());
                let providers = tx.identity_providers();
                let made = providers.create(id, slug, &spec, reference, enabled).await;
                let made = made.map_err(about("name"))?;
                if let Some(secret) = secret {
                    tx.scoped(Scope::PLATFORM).secrets().create(secret).await?;
                }
                tx.scoped(scope).audit().record(audit).await?;
                Ok(made)
            })
        })
        .await
    }

    /// Changes a provider.
    ///
    /// # Errors
    /// As `create_provider`, and `NotFound`.
    pub async fn update_provider(
        &self,
        caller: &Caller,
        id: IdentityProviderId,
        draft: ProviderDraft,
    ) -> Result<IdentityProvider> {
        self.inner.access.require(caller, Action::IdentityProviderManage, &facts(Some(id))).await?;
        let before = self.provider(caller, id).await?;
        let spec = self.checked(Check::default(), draft.spec).await?;
        if before.secret_ref.is_some() && draft.secret.is_none() && spec.issuer != before.spec.issuer {
            // A stored secret goes to the issuer that it was entered for and to nobody else.
            return Err(Error::field(
                "/client_secret",
                "required",
                "Enter the secret again: it was for another issuer.",
            ));
        }
        self.looked_up(&spec.issuer).await?;
        let secret = match &draft.secret {
            Some(Some(secret)) => Some(self.sealed(caller, id, secret).await?),
            _ => None,
        };
        let audit = done(caller, "identity_provider.updated", target(id)).on("identity_provider", id);
        let (scope, enabled, replaces) = (caller.scope, draft.enabled, draft.secret.is_some());
        let rows = self.inner.store.unscoped(Unscoped::Administration);
        rows.write(move |tx| {
            Box::pin(async move {
                let secrets = tx.scoped(Scope::PLATFORM).secrets();
                let mut reference = before.secret_ref;
                if replaces {
                    if let Some(old) = reference.take() {
                        secrets.delete(&old).await?;
                    }
                    reference = secret.as_ref().map(|secret| secret.reference.clone());
                    if let Some(secret) = secret {
                        secrets.create(secret).await?;
                    }
                }
                let changed = tx.identity_providers().update(id, &spec, reference, enabled).await;
                let changed = changed.map_err(about("identity provider"))?;
                tx.scoped(scope).audit().record(audit).await?;
                Ok(changed)
            })
        })
        .await
    }

    /// Removes a provider. Accounts stay; their sessions too, until they end.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_provider(&self, caller: &Caller, id: IdentityProviderId) -> Result<()> {
        self.inner.access.require(caller, Action::IdentityProviderManage, &facts(Some(id))).await?;
        let audit = done(caller, "identity_provider.deleted", target(id)).on("identity_provider", id);
        let scope = caller.scope;
        let rows = self.inner.store.unscoped(Unscoped::Administration);
        rows.write(move |tx| {
            Box::pin(async move {
                let gone = tx.identity_providers().delete(id).await.map_err(about("identity provider"))?;
                if let Some(reference) = gone.secret_ref {
                    tx.scoped(Scope::PLATFORM).secrets().delete(&reference).await?;
                }
                tx.scoped(scope).audit().record(audit).await?;
                Ok(())
            })
        })
        .await
    }

    async fn sealed(
        &self,
        caller: &Caller,
        id: IdentityProviderId,
        secret: &Redacted<String>,
    ) -> Result<conductor_domain::NewSecret> {
        let reference = format!("identity_provider:{id}");
        let vault = self.inner.access.vault();
        Ok(vault.seal(Scope::PLATFORM, &reference, "oauth2", secret.expose(), caller.user_id()).await?)
    }

    async fn checked(&self, mut check: Check, spec: IdentityProviderSpec) -> Result<IdentityProviderSpec> {
        let words = |check: &mut Check, pointer: &str, all: Vec<String>, longest: usize| -> Vec<String> {
            if all.len() > 50 {
                check.fault(FieldError::new(pointer, "too_long", "Name at most 50."));
            }
            all.iter().map(|word| check.text(pointer, word, 1, longest)).collect()
        };
        let spec = IdentityProviderSpec {
            name: check.text("/name", &spec.name, 1, 60),
            issuer: check.text("/issuer", &spec.issuer, 1, 500),
            client_id: check.text("/client_id", &spec.client_id, 1, 255),
            scopes: words(&mut check, "/scopes", spec.scopes, 100),
            groups_claim: check.text("/groups_claim", &spec.groups_claim, 1, 100),
            email_domains: words(&mut check, "/email_domains", spec.email_domains, 253),
            ..spec
        };
        if spec.scopes.iter().any(|scope| scope.contains(char::is_whitespace)) {
            check.fault(FieldError::new("/scopes", "invalid", "Scopes have no spaces."));
        }
        if !spec.issuer.is_empty()
            && let Err(Error::ProviderUnusable { why }) = self.inner.providers.check(&spec.issuer)
        {
            check.fault(FieldError::new("/issuer", "invalid_url", why));
        }
        if spec.role_mappings.len() > 200 {
            check.fault(FieldError::new("/role_mappings", "too_long", "Map at most 200 groups."));
        }
        let rows = self.inner.store.unscoped(Unscoped::Administration);
        let mapped = spec.role_mappings.iter().map(|mapping| ("/role_mappings", mapping.organization_id));
        for (pointer, id) in mapped.chain(spec.organization_id.map(|id| ("/organization_id", id))) {
            let found = rows.organizations().find(id).await?;
            if found.is_none_or(|organization| organization.is_personal) {
                check.fault(FieldError::new(pointer, "not_found", "Name a team of this platform."));
            }
        }
        check.done()?;
        Ok(spec)
    }

    /// Whoever enters an issuer is told at that field why it cannot be used.
    async fn looked_up(&self, issuer: &str) -> Result<()> {
        match self.inner.providers.look_up(issuer, self.inner.clock.now()).await {
            Err(Error::ProviderUnusable { why }) => {
                let detail = format!("This provider cannot be used: {why}.");
                Err(Error::field("/issuer", "unusable", detail))
            }
            other => other.map(drop),
        }
    }
}

fn target(id: IdentityProviderId) -> String {
    format!("identity_provider:{id}")
}

fn facts(id: Option<IdentityProviderId>) -> Facts {
    Facts::new(id.map_or_else(|| "identity_provider:*".to_owned(), target), Scope::PLATFORM)
}
