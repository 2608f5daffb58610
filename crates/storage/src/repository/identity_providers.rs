//! Identity providers, the people they vouch for, and sign-ins on their way.

use conductor_domain::{
    ExternalIdentity, IdentityProvider, IdentityProviderId, IdentityProviderSpec, OrganizationId, SignInFlow,
    UserId,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::convert::{json, to_json};
use crate::{
    Error, Result,
    conn::Conn,
    entity::{external_identity, identity_provider, sign_in_flow},
    tx::Tx,
};

/// Identity providers of the platform.
#[derive(Debug)]
pub struct IdentityProviders<'a> {
    conn: Conn<'a>,
}

impl<'a> IdentityProviders<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// A provider.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: IdentityProviderId) -> Result<Option<IdentityProvider>> {
        let row = live().filter(identity_provider::Column::Id.eq(id.as_uuid())).one(&self.conn).await?;
        row.map(IdentityProvider::try_from).transpose()
    }

    /// A provider by its name in addresses.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_by_slug(&self, slug: &str) -> Result<Option<IdentityProvider>> {
        let row = live().filter(identity_provider::Column::Slug.eq(slug)).one(&self.conn).await?;
        row.map(IdentityProvider::try_from).transpose()
    }

    /// Every provider, the oldest first. There are few.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all(&self) -> Result<Vec<IdentityProvider>> {
        let rows = live().order_by_asc(identity_provider::Column::Id).all(&self.conn).await?;
        rows.into_iter().map(IdentityProvider::try_from).collect()
    }

    /// Whom a provider's subject is here.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn identity(
        &self,
        provider: IdentityProviderId,
        subject: &str,
    ) -> Result<Option<ExternalIdentity>> {
        let row = external_identity::Entity::find()
            .filter(external_identity::Column::ProviderId.eq(provider.as_uuid()))
            .filter(external_identity::Column::Subject.eq(subject))
            .one(&self.conn)
            .await?;
        row.map(ExternalIdentity::try_from).transpose()
    }
}

/// Identity providers, inside a write.
#[derive(Debug)]
pub struct IdentityProvidersTx<'t> {
    tx: &'t Tx,
}

impl<'t> IdentityProvidersTx<'t> {
    pub(crate) fn new(tx: &'t Tx) -> Self {
        Self { tx }
    }

    /// The same rows, to read in this transaction.
    #[must_use]
    pub fn read(&self) -> IdentityProviders<'t> {
        IdentityProviders::new(self.tx.conn())
    }

    /// Enters a provider.
    ///
    /// # Errors
    /// `NameTaken` when another one has the slug.
    pub async fn create(
        &self,
        id: IdentityProviderId,
        slug: String,
        spec: &IdentityProviderSpec,
        secret_ref: Option<String>,
        enabled: bool,
    ) -> Result<IdentityProvider> {
        let now = self.tx.clock().now();
        let row = identity_provider::ActiveModel {
            id: Set(id.as_uuid()),
            slug: Set(slug),
            spec: Set(to_json("identity_providers.spec", spec)?),
            secret_ref: Set(secret_ref),
            enabled: Set(enabled),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
        };
        row.insert(&self.tx.conn()).await?.try_into()
    }

    /// Changes a provider.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn update(
        &self,
        id: IdentityProviderId,
        spec: &IdentityProviderSpec,
        secret_ref: Option<String>,
        enabled: bool,
    ) -> Result<IdentityProvider> {
        let mut row: identity_provider::ActiveModel = self.row(id).await?.into();
        row.spec = Set(to_json("identity_providers.spec", spec)?);
        row.secret_ref = Set(secret_ref);
        row.enabled = Set(enabled);
        row.updated_at = Set(self.tx.clock().now());
        row.update(&self.tx.conn()).await?.try_into()
    }

    /// Removes a provider; whom it vouched for it vouches for no longer.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn delete(&self, id: IdentityProviderId) -> Result<IdentityProvider> {
        let row = self.row(id).await?;
        let conn = self.tx.conn();
        external_identity::Entity::delete_many()
            .filter(external_identity::Column::ProviderId.eq(id.as_uuid()))
            .exec(&conn)
            .await?;
        let mut row: identity_provider::ActiveModel = row.into();
        row.deleted_at = Set(Some(self.tx.clock().now()));
        row.update(&conn).await?.try_into()
    }

    /// Ties a provider's subject to an account, or says what its groups gave now.
    ///
    /// # Errors
    /// `NameTaken` when the subject is somebody else.
    pub async fn remember(&self, identity: &ExternalIdentity) -> Result<()> {
        let (conn, now) = (self.tx.conn(), self.tx.clock().now());
        let granted = to_json("external_identities.granted", &identity.granted)?;
        let row = external_identity::Entity::find()
            .filter(external_identity::Column::ProviderId.eq(identity.provider_id.as_uuid()))
            .filter(external_identity::Column::Subject.eq(identity.subject.as_str()))
            .filter(external_identity::Column::UserId.eq(identity.user_id.as_uuid()))
            .one(&conn)
            .await?;
        if let Some(row) = row {
            let mut row: external_identity::ActiveModel = row.into();
            (row.granted, row.last_used_at) = (Set(granted), Set(now));
            row.update(&conn).await?;
            return Ok(());
        }
        let row = external_identity::ActiveModel {
            id: Set(self.tx.clock().uuid_v7()),
            provider_id: Set(identity.provider_id.as_uuid()),
            subject: Set(identity.subject.clone()),
            user_id: Set(identity.user_id.as_uuid()),
            granted: Set(granted),
            created_at: Set(now),
            last_used_at: Set(now),
        };
        row.insert(&conn).await?;
        Ok(())
    }

    /// Writes down a sign-in that begins, and forgets those that never came back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(&self, flow: SignInFlow) -> Result<()> {
        let (conn, now) = (self.tx.conn(), self.tx.clock().now());
        sign_in_flow::Entity::delete_many()
            .filter(sign_in_flow::Column::ExpiresAt.lte(now))
            .exec(&conn)
            .await?;
        let row = sign_in_flow::ActiveModel {
            state_hash: Set(flow.state_hash),
            provider_id: Set(flow.provider_id.as_uuid()),
            browser_hash: Set(flow.browser_hash),
            return_to: Set(flow.return_to),
            expires_at: Set(flow.expires_at),
        };
        sign_in_flow::Entity::insert(row).exec_without_returning(&conn).await?;
        Ok(())
    }

    /// Takes a sign-in that comes back, once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take(&self, state_hash: &str) -> Result<Option<SignInFlow>> {
        let (conn, now) = (self.tx.conn(), self.tx.clock().now());
        let row = sign_in_flow::Entity::find_by_id(state_hash).lock_exclusive().one(&conn).await?;
        let Some(row) = row else { return Ok(None) };
        sign_in_flow::Entity::delete_by_id(state_hash).exec(&conn).await?;
        Ok(Some(row).filter(|row| row.expires_at > now).map(|row| SignInFlow {
            state_hash: row.state_hash,
            provider_id: row.provider_id.into(),
            browser_hash: row.browser_hash,
            return_to: row.return_to,
            expires_at: row.expires_at,
        }))
    }

    async fn row(&self, id: IdentityProviderId) -> Result<identity_provider::Model> {
        live()
            .filter(identity_provider::Column::Id.eq(id.as_uuid()))
            .lock_exclusive()
            .one(&self.tx.conn())
            .await?
            .ok_or(Error::NotFound)
    }
}

fn live() -> sea_orm::Select<identity_provider::Entity> {
    identity_provider::Entity::find().filter(identity_provider::Column::DeletedAt.is_null())
}

impl TryFrom<identity_provider::Model> for IdentityProvider {
    type Error = Error;

    fn try_from(row: identity_provider::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            slug: row.slug,
            spec: json("identity_providers.spec", row.spec)?,
            secret_ref: row.secret_ref,
            enabled: row.enabled,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl TryFrom<external_identity::Model> for ExternalIdentity {
    type Error = Error;

    fn try_from(row: external_identity::Model) -> Result<Self> {
        let granted: Vec<OrganizationId> = json("external_identities.granted", row.granted)?;
        Ok(Self {
            provider_id: row.provider_id.into(),
            subject: row.subject,
            user_id: UserId::from_uuid(row.user_id),
            granted,
        })
    }
}
