//! Machines' accounts: what a token for a pipeline or another system is issued to.

use conductor_access::{Action, Facts};
use conductor_domain::{
    Caller, EnvironmentId, FieldError, InboundAuth, InboundProof, Page, PageRequest, Scope, ServiceAccount,
    ServiceAccountId, ServiceAccountSpec, TokenId,
};

use crate::{
    Error, Identity, Result,
    check::Check,
    error::about,
    identity::done,
    inbound::{let_in, settled},
    tokens::{check_patterns, is_pattern_text},
};

/// A service account to be made. What is `None` gets what a service account of this installation has.
#[derive(Clone, Debug, Default)]
pub struct ServiceAccountDraft {
    /// Unique in the organisation.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The stage it is confined to.
    pub environment_id: Option<EnvironmentId>,
    /// What it is called where it comes from.
    pub subject: Option<String>,
    /// Who vouches for the subject.
    pub issuer: Option<String>,
    /// Whom its tokens are for.
    pub audience: Option<String>,
    /// The name of a stored secret.
    pub credential_ref: Option<String>,
    /// Patterns of what its tokens may include.
    pub scope_allowlist: Vec<String>,
    /// How it proves who it is, beside the tokens issued to it here.
    pub inbound: InboundProof,
    /// Whether its tokens work.
    pub enabled: bool,
}

/// A change: what is `None` stays, an inner `None` clears.
#[derive(Clone, Debug, Default)]
pub struct ServiceAccountChange {
    /// The name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The stage it is confined to.
    pub environment_id: Option<Option<EnvironmentId>>,
    /// What it is called where it comes from.
    pub subject: Option<String>,
    /// Who vouches for the subject.
    pub issuer: Option<String>,
    /// Whom its tokens are for.
    pub audience: Option<String>,
    /// The name of a stored secret.
    pub credential_ref: Option<Option<String>>,
    /// Patterns of what its tokens may include.
    pub scope_allowlist: Option<Vec<String>>,
    /// The method by which it proves who it is.
    pub inbound_auth_method: Option<InboundAuth>,
    /// Where its issuer publishes its keys.
    pub jwks_uri: Option<Option<String>>,
    /// Its issuer's one key.
    pub public_key: Option<Option<String>>,
    /// The authorities of its certificate.
    pub client_ca: Option<Option<String>>,
    /// The networks that it may come from without a proof.
    pub networks: Option<Vec<String>>,
    /// Whether its tokens work.
    pub enabled: Option<bool>,
}

impl Identity {
    /// Service accounts of the organisation that the caller acts in, the newest first.
    ///
    /// # Errors
    /// When the caller may not see them.
    pub async fn service_accounts(&self, caller: &Caller, page: PageRequest) -> Result<Page<ServiceAccount>> {
        self.inner.access.require(caller, Action::ServiceAccountRead, &facts(caller, None)).await?;
        Ok(self.inner.store.visible_to(caller).service_accounts().page(page).await?)
    }

    /// A service account.
    ///
    /// # Errors
    /// `NotFound`, or when the caller may not see it.
    pub async fn service_account(&self, caller: &Caller, id: ServiceAccountId) -> Result<ServiceAccount> {
        self.service_account_for(caller, id, Action::ServiceAccountRead).await
    }

    /// Makes a service account.
    ///
    /// # Errors
    /// `Taken` for a name in use, or a subject that its issuer has given before; `Invalid`.
    pub async fn create_service_account(
        &self,
        caller: &Caller,
        draft: ServiceAccountDraft,
    ) -> Result<ServiceAccount> {
        self.inner.access.require(caller, Action::ServiceAccountCreate, &facts(caller, None)).await?;
        let id = ServiceAccountId::generate(&*self.inner.clock);
        let spec = ServiceAccountSpec {
            environment_id: draft.environment_id,
            name: draft.name,
            description: draft.description,
            subject: draft.subject.unwrap_or_else(|| format!("service_account:{id}")),
            issuer: draft.issuer.unwrap_or_else(|| self.inner.tokens.issuer().to_owned()),
            audience: draft.audience.unwrap_or_else(|| self.inner.tokens.machine_audience().to_owned()),
            credential_ref: draft.credential_ref,
            scope_allowlist: draft.scope_allowlist,
            inbound: draft.inbound,
            enabled: draft.enabled,
        };
        let spec = self.checked_account(caller, spec, None).await?;
        let (by, now) = (caller.user_id(), self.inner.clock.now());
        let token = TokenId::generate(&*self.inner.clock);
        let audit = done(caller, "service_account.created", target(id)).on("service_account", id);
        let rows = self.inner.store.scoped(caller.scope);
        rows.write(move |tx| {
            Box::pin(async move {
                let account = tx.service_accounts().create(id, spec).await.map_err(about(TAKEN))?;
                let account = match account.inbound.signs_in() {
                    true => let_in(tx, account, token, by, now).await?,
                    false => account,
                };
                tx.audit().record(audit).await?;
                Ok(account)
            })
        })
        .await
    }

    /// Changes a service account. What its tokens may do follows at once.
    ///
    /// # Errors
    /// `NotFound`; else as `create_service_account`.
    pub async fn update_service_account(
        &self,
        caller: &Caller,
        id: ServiceAccountId,
        change: ServiceAccountChange,
    ) -> Result<ServiceAccount> {
        let before = self.service_account_for(caller, id, Action::ServiceAccountUpdate).await?;
        let mut spec = ServiceAccountSpec::from(before.clone());
        macro_rules! set {
            ($($field:ident),+) => {$( if let Some(value) = change.$field { spec.$field = value; } )+};
        }
        set!(
            name,
            description,
            environment_id,
            subject,
            issuer,
            audience,
            credential_ref,
            scope_allowlist,
            enabled
        );
        macro_rules! prove {
            ($($from:ident => $to:ident),+) => {$( if let Some(value) = change.$from { spec.inbound.$to = value; } )+};
        }
        prove!(
            inbound_auth_method => method,
            jwks_uri => jwks_uri,
            public_key => public_key,
            client_ca => client_ca,
            networks => networks
        );
        let spec = self.checked_account(caller, spec, Some(&before)).await?;
        let (by, now) = (caller.user_id(), self.inner.clock.now());
        let token = TokenId::generate(&*self.inner.clock);
        let audit = done(caller, "service_account.updated", target(id)).on("service_account", id);
        let rows = self.inner.store.scoped(caller.scope);
        let account = rows
            .write(move |tx| {
                Box::pin(async move {
                    let before = tx.service_accounts().get(id).await.map_err(about("service account"))?;
                    let account = tx.service_accounts().update(id, spec).await.map_err(about(TAKEN))?;
                    let account = settled(tx, &before, account, token, by, now).await?;
                    tx.audit().record(audit).await?;
                    Ok::<_, Error>(account)
                })
            })
            .await?;
        self.inner.cache.forget(conductor_domain::Revoked::ServiceAccount(id));
        Ok(account)
    }

    /// Deletes a service account; its tokens stop at once.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_service_account(&self, caller: &Caller, id: ServiceAccountId) -> Result<()> {
        self.service_account_for(caller, id, Action::ServiceAccountDelete).await?;
        let audit = done(caller, "service_account.deleted", target(id)).on("service_account", id);
        let rows = self.inner.store.scoped(caller.scope);
        rows.write(move |tx| {
            Box::pin(async move {
                tx.service_accounts().delete(id).await.map_err(about("service account"))?;
                tx.audit().record(audit).await?;
                Ok::<_, Error>(())
            })
        })
        .await?;
        self.inner.cache.forget(conductor_domain::Revoked::ServiceAccount(id));
        Ok(())
    }

    /// A service account on which the caller may do this.
    pub(crate) async fn service_account_for(
        &self,
        caller: &Caller,
        id: ServiceAccountId,
        action: Action,
    ) -> Result<ServiceAccount> {
        self.inner.access.require(caller, action, &facts(caller, Some(id))).await?;
        let found = self.inner.store.visible_to(caller).service_accounts().find(id).await?;
        found.ok_or(Error::NotFound { what: "service account" })
    }

    async fn checked_account(
        &self,
        caller: &Caller,
        spec: ServiceAccountSpec,
        before: Option<&ServiceAccount>,
    ) -> Result<ServiceAccountSpec> {
        let mut check = Check::default();
        let mut spec = ServiceAccountSpec {
            environment_id: spec.environment_id,
            name: check.text("/name", &spec.name, 1, 100),
            description: check.text("/description", &spec.description, 0, 500),
            subject: check.text("/subject", &spec.subject, 1, 255),
            issuer: check.text("/issuer", &spec.issuer, 1, 255),
            audience: check.text("/audience", &spec.audience, 1, 255),
            credential_ref: check.optional("/credential_ref", spec.credential_ref, 255),
            scope_allowlist: spec.scope_allowlist.into_iter().map(|text| text.trim().to_owned()).collect(),
            inbound: spec.inbound,
            enabled: spec.enabled,
        };
        if is_pattern_text(&mut check, "/scope_allowlist", &spec.scope_allowlist) {
            check_patterns(&mut check, "/scope_allowlist", &spec.scope_allowlist);
        }
        let environment = match spec.environment_id {
            None => None,
            Some(id) => {
                let found = self.inner.store.visible_to(caller).environments().find(id).await?;
                if found.is_none() {
                    let detail = "The organisation has no such environment.";
                    check.fault(FieldError::new("/environment_id", "unknown", detail));
                }
                found
            }
        };
        self.check_inbound(&mut check, &mut spec, environment.as_ref());
        if spec.inbound.signs_in() && caller.user_id().is_none() {
            // It acts by the rights of whoever entered it, so a person has to.
            return Err(Error::PeopleOnly);
        }
        if let Some(reference) = &spec.credential_ref
            && self.inner.store.scoped(caller.scope).secrets().find(reference).await?.is_none()
        {
            let detail = "The organisation has no stored secret of this name.";
            check.fault(FieldError::new("/credential_ref", "unknown", detail));
        }
        check.done()?;
        // Looked up where it is entered, so that a mistake shows here and not when the machine comes.
        let known = before.is_some_and(|before| before.inbound.jwks_uri == spec.inbound.jwks_uri);
        if let (false, Some(address)) = (known, &spec.inbound.jwks_uri)
            && let Err(error) = self.inner.providers.key_set(address, self.inner.clock.now(), true).await
        {
            let Error::ProviderUnusable { why } = error else { return Err(error) };
            let detail = format!("No keys are found there: {why}.");
            return Err(Error::field("/jwks_uri", "unusable", detail));
        }
        Ok(spec)
    }
}

const TAKEN: &str = "name, or the subject of its issuer,";

fn target(id: ServiceAccountId) -> String {
    format!("service_account:{id}")
}

/// A service account is its organisation's, whatever stage it is confined to.
fn facts(caller: &Caller, id: Option<ServiceAccountId>) -> Facts {
    let Scope { organization_id, .. } = caller.scope;
    let name = id.map_or_else(|| format!("service_account:*@{organization_id}"), target);
    Facts::new(name, caller.scope)
}
