//! Provider keys that people enter. Their values go into the vault and never come back out through here.

use conductor_access::{Action, Facts, Resealed};
use conductor_domain::{
    ApiKey, ApiKeyId, Caller, FieldError, NewApiKey, Page, PageRequest, Redacted, UserId, sha256_hex,
};
use conductor_storage::Unscoped;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::{Error, Identity, Result, check::Check, error::about, identity::done, session::person};

/// The providers that a key may be for.
pub const PROVIDERS: [&str; 4] = ["anthropic", "openai", "azure", "openai_compatible"];

/// A key to be stored.
#[derive(Clone, Debug)]
pub struct NewProviderKey {
    /// One of `PROVIDERS`.
    pub provider: String,
    /// What the person calls it.
    pub name: String,
    /// The value.
    pub value: Redacted<String>,
    /// Where the provider is; needed for `azure` and `openai_compatible`.
    pub base_url: Option<String>,
    /// Model ids it serves, beyond those of the catalogue.
    pub models: Vec<String>,
}

impl Identity {
    /// The caller's keys, the newest first.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn api_keys(&self, caller: &Caller, page: PageRequest) -> Result<Page<ApiKey>> {
        let user = person(caller)?;
        self.inner.access.require(caller, Action::ApiKeyRead, &facts(caller, user)).await?;
        Ok(self.inner.store.visible_to(caller).api_keys().page(page).await?)
    }

    /// Stores a key, sealed.
    ///
    /// # Errors
    /// `Taken` when the caller has one of this provider and name; `Invalid`.
    pub async fn create_api_key(&self, caller: &Caller, new: NewProviderKey) -> Result<ApiKey> {
        let user = person(caller)?;
        self.inner.access.require(caller, Action::ApiKeyCreate, &facts(caller, user)).await?;
        let (name, base_url, models) = checked(&new)?;

        let id = ApiKeyId::generate(&*self.inner.clock);
        let reference = format!("api_key:{id}");
        let value = new.value.expose().trim();
        let secret =
            self.inner.access.vault().seal(caller.scope, &reference, "api_key", value, Some(user)).await?;
        let row = NewApiKey {
            id,
            user_id: user,
            name,
            provider: new.provider,
            key_hash: sha256_hex(value.as_bytes()),
            last_four: last_four(value),
            secret_ref: reference,
            base_url,
            models: json!(models),
        };
        let audit = done(caller, "api_key.created", format!("api_key:{id}")).on("api_key", id);
        self.inner
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let key = tx.api_keys().create(row).await.map_err(about("key name"))?;
                    tx.secrets().create(secret).await?;
                    tx.audit().record(audit).await?;
                    Ok(key)
                })
            })
            .await
    }

    /// After how many days the organisation reminds its members to replace a key.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn key_max_age(&self, caller: &Caller) -> Result<Option<i32>> {
        let rows = self.inner.store.unscoped(Unscoped::Membership);
        let here = rows.organizations().find(caller.scope.organization_id).await?;
        Ok(here.and_then(|organization| organization.key_max_age_days))
    }

    /// Puts another value in a key's place; calls that are on their way end with the old one.
    ///
    /// # Errors
    /// `NotFound` when the caller has no such key; `Invalid`, also for the value that it has already.
    pub async fn rotate_api_key(
        &self,
        caller: &Caller,
        id: ApiKeyId,
        value: &Redacted<String>,
    ) -> Result<ApiKey> {
        let user = person(caller)?;
        self.inner.access.require(caller, Action::ApiKeyRotate, &facts(caller, user)).await?;
        let keys = self.inner.store.scoped(caller.scope).api_keys().of_user(user).await?;
        let key = keys.into_iter().find(|key| key.id == id).ok_or(Error::NotFound { what: "key" })?;
        let mut check = Check::default();
        check_value(&mut check, value);
        check.done()?;
        let vault = self.inner.access.vault();
        let value = value.expose().trim();
        if vault.open(caller.scope, &key.secret_ref).await.is_ok_and(|old| old.expose_secret() == value) {
            let detail = "This is the value that the key has already. Paste the new one.";
            return Err(Error::field("/api_key", "unchanged", detail));
        }
        let resealed = vault.reseal(caller.scope, &key.secret_ref, value).await?;
        let (hash, last_four) = (sha256_hex(value.as_bytes()), last_four(value));
        let audit = done(caller, "api_key.rotated", format!("api_key:{id}")).on("api_key", id);
        self.inner
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let Resealed { version, ciphertext, key_id } = resealed;
                    let rotated =
                        tx.api_keys().rotate(user, id, hash, last_four).await.map_err(about("key"))?;
                    tx.secrets().replace(&key.secret_ref, version, ciphertext, key_id).await?;
                    tx.audit().record(audit).await?;
                    Ok(rotated)
                })
            })
            .await
    }

    /// Deletes a key and its secret.
    ///
    /// # Errors
    /// `NotFound` when the caller has no such key.
    pub async fn delete_api_key(&self, caller: &Caller, id: ApiKeyId) -> Result<()> {
        let user = person(caller)?;
        self.inner.access.require(caller, Action::ApiKeyDelete, &facts(caller, user)).await?;
        let audit = done(caller, "api_key.deleted", format!("api_key:{id}")).on("api_key", id);
        self.inner
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let key = tx.api_keys().delete(user, id).await.map_err(about("key"))?;
                    tx.secrets().delete(&key.secret_ref).await?;
                    tx.audit().record(audit).await?;
                    Ok(())
                })
            })
            .await
    }
}

fn checked(new: &NewProviderKey) -> Result<(String, Option<String>, Vec<String>)> {
    let mut check = Check::default();
    if !PROVIDERS.contains(&new.provider.as_str()) {
        let detail = format!("Choose one of: {}.", PROVIDERS.join(", "));
        check.fault(FieldError::new("/provider", "unknown_provider", detail));
    }
    let name = check.text("/key_name", &new.name, 1, 100);
    check_value(&mut check, &new.value);
    let base_url = check.web("/base_url", new.base_url.clone());
    if base_url.is_none() && matches!(new.provider.as_str(), "azure" | "openai_compatible") {
        check.fault(FieldError::new("/base_url", "required", "This provider needs the address of its API."));
    }
    let models: Vec<String> = new.models.iter().map(|model| check.text("/models", model, 1, 200)).collect();
    if models.len() > 100 {
        check.fault(FieldError::new("/models", "too_long", "Name at most 100 models."));
    }
    check.done().map(|()| (name, base_url, models))
}

fn check_value(check: &mut Check, value: &Redacted<String>) {
    let value = value.expose().trim();
    if !(8..=1024).contains(&value.len()) || value.chars().any(|letter| !letter.is_ascii_graphic()) {
        let detail = "Paste the key as the provider shows it: 8 to 1024 characters without spaces.";
        check.fault(FieldError::new("/api_key", "invalid", detail));
    }
}

fn last_four(value: &str) -> String {
    let letters: Vec<char> = value.chars().collect();
    letters[letters.len().saturating_sub(4)..].iter().collect()
}

fn facts(caller: &Caller, owner: UserId) -> Facts {
    Facts::new(format!("api_key:{owner}"), caller.scope).owned_by(Some(owner))
}
