//! Machines' accounts of an organisation.

use conductor_domain::{
    InboundAuth, Page, PageRequest, Revoked, Scope, ServiceAccount, ServiceAccountId, ServiceAccountSpec,
    SubjectKind, TokenId,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::convert::{after_id, json, to_json};
use crate::{
    Error, Result, ScopedTx, View,
    conn::{Conn, Fetch},
    entity::service_account,
    tx::Tx,
};

/// Accounts of one subject under different authorities that a certificate is measured against.
const CANDIDATES: u64 = 100;

/// Service accounts of the organisation that a caller acts in.
#[derive(Debug)]
pub struct VisibleServiceAccounts<'a> {
    view: View<'a>,
}

impl<'a> VisibleServiceAccounts<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A service account of the organisation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: ServiceAccountId) -> Result<Option<ServiceAccount>> {
        of(self.view.caller.scope)
            .filter(service_account::Column::Id.eq(id.as_uuid()))
            .row(self.view.conn)
            .await?
            .map(ServiceAccount::try_from)
            .transpose()
    }

    /// Those of these service accounts that the organisation has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_many(&self, ids: &[ServiceAccountId]) -> Result<Vec<ServiceAccount>> {
        of(self.view.caller.scope)
            .filter(service_account::Column::Id.is_in(ids.iter().map(|id| id.as_uuid())))
            .rows(self.view.conn)
            .await?
            .into_iter()
            .map(ServiceAccount::try_from)
            .collect()
    }

    /// A page of service accounts, the newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, page: PageRequest) -> Result<Page<ServiceAccount>> {
        let mut select = of(self.view.caller.scope);
        if let Some(after) = after_id(&page)? {
            select = select.filter(service_account::Column::Id.lt(after));
        }
        let rows = select
            .order_by_desc(service_account::Column::Id)
            .limit(page.limit + 1)
            .rows(self.view.conn)
            .await?;
        let rows = rows.into_iter().map(ServiceAccount::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |account| account.id.to_string()))
    }
}

/// Service accounts of every organisation, for the check of their tokens.
#[derive(Debug)]
pub struct ServiceAccounts<'a> {
    conn: Conn<'a>,
}

impl<'a> ServiceAccounts<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// A service account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: ServiceAccountId) -> Result<Option<ServiceAccount>> {
        let found = service_account::Entity::find_by_id(id.as_uuid())
            .filter(service_account::Column::DeletedAt.is_null())
            .one(&self.conn)
            .await?;
        found.map(ServiceAccount::try_from).transpose()
    }

    /// The accounts that sign in like this under one of these subjects, whoever vouches for it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_subjects(&self, method: InboundAuth, subjects: &[String]) -> Result<Vec<ServiceAccount>> {
        let found = service_account::Entity::find()
            .filter(service_account::Column::DeletedAt.is_null())
            .filter(service_account::Column::InboundMethod.eq(method.as_str()))
            .filter(service_account::Column::Subject.is_in(subjects.iter().map(String::as_str)))
            .filter(service_account::Column::SignInTokenId.is_not_null())
            // The oldest first: nobody crowds out those who were here before.
            .order_by_asc(service_account::Column::Id)
            .limit(CANDIDATES)
            .all(&self.conn)
            .await?;
        found.into_iter().map(ServiceAccount::try_from).collect()
    }

    /// The account that an issuer's subject is, where it signs in by the issuer's tokens.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_issuer(&self, issuer: &str, subject: &str) -> Result<Option<ServiceAccount>> {
        let found = service_account::Entity::find()
            .filter(service_account::Column::DeletedAt.is_null())
            .filter(service_account::Column::InboundMethod.eq(InboundAuth::Bearer.as_str()))
            .filter(service_account::Column::Issuer.eq(issuer))
            .filter(service_account::Column::Subject.eq(subject))
            .filter(service_account::Column::SignInTokenId.is_not_null())
            .one(&self.conn)
            .await?;
        found.map(ServiceAccount::try_from).transpose()
    }
}

/// Service accounts of one organisation, inside a write.
#[derive(Debug)]
pub struct ServiceAccountsTx<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> ServiceAccountsTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// Makes a service account.
    ///
    /// # Errors
    /// `NameTaken` when the organisation has one of this name, or any has its subject and issuer.
    pub async fn create(&self, id: ServiceAccountId, spec: ServiceAccountSpec) -> Result<ServiceAccount> {
        let row = service_account::ActiveModel {
            id: Set(id.as_uuid()),
            organization_id: Set(self.scope.organization_id.as_uuid()),
            created_at: Set(self.tx.clock().now()),
            deleted_at: Set(None),
            ..self.columns(spec)?
        };
        row.insert(&self.tx.conn()).await?.try_into()
    }

    /// Puts another description in a service account's place.
    ///
    /// # Errors
    /// `NotFound`, or `NameTaken` as `create`.
    pub async fn update(&self, id: ServiceAccountId, spec: ServiceAccountSpec) -> Result<ServiceAccount> {
        let row = self.row(id).await?;
        let row = service_account::ActiveModel { id: Set(row.id), ..self.columns(spec)? };
        let account = row.update(&self.tx.conn()).await?.try_into()?;
        self.tx.tell(Revoked::ServiceAccount(id)).await?;
        Ok(account)
    }

    /// Names what an account acts by when it signs in without a token of ours; `None` where it does not.
    ///
    /// # Errors
    /// `NotFound` when the organisation has no such account.
    pub async fn sign_in_by(&self, id: ServiceAccountId, token: Option<TokenId>) -> Result<ServiceAccount> {
        let mut row: service_account::ActiveModel = self.row(id).await?.into();
        row.sign_in_token_id = Set(token.map(Into::into));
        row.update(&self.tx.conn()).await?.try_into()
    }

    /// Removes a service account; its tokens are dead.
    ///
    /// # Errors
    /// `NotFound` when the organisation has no such account.
    pub async fn delete(&self, id: ServiceAccountId) -> Result<()> {
        let mut row: service_account::ActiveModel = self.row(id).await?.into();
        row.deleted_at = Set(Some(self.tx.clock().now()));
        row.update(&self.tx.conn()).await?;
        let grants = ScopedTx { tx: self.tx, scope: self.scope }.grants();
        grants.end_of(SubjectKind::ServiceAccount, id.as_uuid()).await?;
        self.tx.tell(Revoked::ServiceAccount(id)).await
    }

    /// A service account, held against other writers until the transaction ends.
    ///
    /// # Errors
    /// `NotFound` when the organisation has no such account.
    pub async fn get(&self, id: ServiceAccountId) -> Result<ServiceAccount> {
        self.row(id).await?.try_into()
    }

    async fn row(&self, id: ServiceAccountId) -> Result<service_account::Model> {
        of(self.scope)
            .filter(service_account::Column::Id.eq(id.as_uuid()))
            .lock_exclusive()
            .one(&self.tx.conn())
            .await?
            .ok_or(Error::NotFound)
    }

    fn columns(&self, spec: ServiceAccountSpec) -> Result<service_account::ActiveModel> {
        Ok(service_account::ActiveModel {
            environment_id: Set(spec.environment_id.map(Into::into)),
            name: Set(spec.name),
            description: Set(spec.description),
            subject: Set(spec.subject),
            issuer: Set(spec.issuer),
            audience: Set(spec.audience),
            credential_ref: Set(spec.credential_ref),
            scope_allowlist: Set(to_json("service_accounts.scope_allowlist", &spec.scope_allowlist)?),
            enabled: Set(spec.enabled),
            inbound_method: Set(Some(spec.inbound.method.as_str().to_owned())),
            inbound: Set(Some(to_json("service_accounts.inbound", &spec.inbound)?)),
            updated_at: Set(self.tx.clock().now()),
            ..Default::default()
        })
    }
}

// A name is unique in its organisation, so the environment does not take part.
fn of(scope: Scope) -> sea_orm::Select<service_account::Entity> {
    service_account::Entity::find()
        .filter(service_account::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
        .filter(service_account::Column::DeletedAt.is_null())
}

impl TryFrom<service_account::Model> for ServiceAccount {
    type Error = Error;

    fn try_from(row: service_account::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            organization_id: row.organization_id.into(),
            environment_id: row.environment_id.map(Into::into),
            name: row.name,
            description: row.description,
            subject: row.subject,
            issuer: row.issuer,
            audience: row.audience,
            credential_ref: row.credential_ref,
            scope_allowlist: json("service_accounts.scope_allowlist", row.scope_allowlist)?,
            enabled: row.enabled,
            inbound: row
                .inbound
                .map(|inbound| json("service_accounts.inbound", inbound))
                .transpose()?
                .unwrap_or_default(),
            sign_in_token_id: row.sign_in_token_id.map(Into::into),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
