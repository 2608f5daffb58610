//! Provider keys that users entered. Their values are secrets of the vault.

use conductor_domain::{ApiKey, ApiKeyId, NewApiKey, Page, PageRequest, Scope, UserId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::Expr,
};

use super::convert::after_id;
use crate::{Error, Result, ScopedTx, View, conn::Conn, conn::Fetch, entity::api_key, tx::Tx};

/// A caller's own provider keys, in the organisation it acts in.
#[derive(Debug)]
pub struct VisibleApiKeys<'a> {
    view: View<'a>,
}

impl<'a> VisibleApiKeys<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A page of keys, the newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, page: PageRequest) -> Result<Page<ApiKey>> {
        let Some(user) = self.view.caller.user_id() else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        let mut select = of(self.view.caller.scope, user);
        if let Some(after) = after_id(&page)? {
            select = select.filter(api_key::Column::Id.lt(after));
        }
        let rows =
            select.order_by_desc(api_key::Column::Id).limit(page.limit + 1).rows(self.view.conn).await?;
        let rows: Vec<ApiKey> = rows.into_iter().map(Into::into).collect();
        Ok(Page::cut(rows, page.limit, |key| key.id.to_string()))
    }
}

/// Provider keys of one tenant.
#[derive(Debug)]
pub struct ApiKeys<'a> {
    conn: Conn<'a>,
    scope: Scope,
}

impl<'a> ApiKeys<'a> {
    pub(crate) fn new(conn: Conn<'a>, scope: Scope) -> Self {
        Self { conn, scope }
    }

    /// A person's keys that are in use, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_user(&self, user: UserId) -> Result<Vec<ApiKey>> {
        let rows = of(self.scope, user)
            .filter(api_key::Column::IsActive.eq(true))
            .order_by_desc(api_key::Column::Id)
            .all(&self.conn)
            .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

/// Provider keys of one tenant, inside a write.
#[derive(Debug)]
pub struct ApiKeysTx<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> ApiKeysTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// Stores a key.
    ///
    /// # Errors
    /// `NameTaken` when the person has one of this provider and name.
    pub async fn create(&self, new: NewApiKey) -> Result<ApiKey> {
        let now = self.tx.clock().now();
        let row = api_key::ActiveModel {
            id: Set(new.id.as_uuid()),
            organization_id: Set(self.scope.organization_id.as_uuid()),
            environment_id: Set(self.scope.environment_id.as_uuid()),
            user_id: Set(new.user_id.as_uuid()),
            key_name: Set(new.name),
            provider: Set(new.provider),
            key_hash: Set(new.key_hash),
            last_four: Set(new.last_four),
            secret_ref: Set(new.secret_ref),
            base_url: Set(new.base_url),
            models: Set(new.models),
            last_used_at: Set(None),
            is_active: Set(true),
            version: Set(1),
            rotated_at: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
        };
        Ok(row.insert(&self.tx.conn()).await?.into())
    }

    /// Says that a person's key has another value; the value itself is a secret of its own row.
    ///
    /// # Errors
    /// `NotFound` when the person has no such key here.
    pub async fn rotate(
        &self,
        user: UserId,
        id: ApiKeyId,
        key_hash: String,
        last_four: String,
    ) -> Result<ApiKey> {
        let row = of(self.scope, user).filter(api_key::Column::Id.eq(id.as_uuid())).lock_exclusive();
        let row = row.one(&self.tx.conn()).await?.ok_or(Error::NotFound)?;
        let (version, now) = (row.version, self.tx.clock().now());
        let mut row: api_key::ActiveModel = row.into();
        row.key_hash = Set(key_hash);
        row.last_four = Set(last_four);
        row.version = Set(version.saturating_add(1));
        row.rotated_at = Set(Some(now));
        row.updated_at = Set(now);
        Ok(row.update(&self.tx.conn()).await?.into())
    }

    /// Marks a person's key as deleted and says what it was.
    ///
    /// # Errors
    /// `NotFound` when the person has no such key here.
    pub async fn delete(&self, user: UserId, id: ApiKeyId) -> Result<ApiKey> {
        let row =
            of(self.scope, user).filter(api_key::Column::Id.eq(id.as_uuid())).one(&self.tx.conn()).await?;
        let mut row: api_key::ActiveModel = row.ok_or(Error::NotFound)?.into();
        row.is_active = Set(false);
        row.deleted_at = Set(Some(self.tx.clock().now()));
        Ok(row.update(&self.tx.conn()).await?.into())
    }

    /// Notes that a model call used the key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn touch(&self, id: ApiKeyId) -> Result<()> {
        api_key::Entity::update_many()
            .col_expr(api_key::Column::LastUsedAt, Expr::value(self.tx.clock().now()))
            .filter(api_key::Column::Id.eq(id.as_uuid()))
            .filter(api_key::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .exec(&self.tx.conn())
            .await?;
        Ok(())
    }
}

fn of(scope: Scope, user: UserId) -> sea_orm::Select<api_key::Entity> {
    api_key::Entity::find()
        .filter(api_key::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
        .filter(api_key::Column::UserId.eq(user.as_uuid()))
        .filter(api_key::Column::DeletedAt.is_null())
}

impl From<api_key::Model> for ApiKey {
    fn from(row: api_key::Model) -> Self {
        Self {
            id: row.id.into(),
            scope: Scope {
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.into(),
            },
            user_id: row.user_id.into(),
            name: row.key_name,
            provider: row.provider,
            last_four: row.last_four,
            secret_ref: row.secret_ref,
            base_url: row.base_url,
            models: row.models,
            last_used_at: row.last_used_at,
            is_active: row.is_active,
            version: row.version,
            rotated_at: row.rotated_at,
            created_at: row.created_at,
        }
    }
}
