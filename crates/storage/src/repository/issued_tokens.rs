//! Tokens issued to agents and service accounts, by their `jti`; the text of none of them is kept.

use chrono::{DateTime, TimeDelta, Utc};
use conductor_domain::{
    IssuedToken, NewIssuedToken, Page, PageRequest, Principal, Revoked, Scope, TokenId, TokenKind, UserId,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::convert::{after_id, json, to_json, word};
use crate::{Error, Result, ScopedTx, View, conn::Conn, conn::Fetch, entity::issued_token, tx::Tx};

/// How exactly the last use is kept: not every request is a write.
const USE_KEPT: TimeDelta = TimeDelta::minutes(1);

/// Tokens of the organisation that a caller acts in.
#[derive(Debug)]
pub struct VisibleIssuedTokens<'a> {
    view: View<'a>,
}

impl<'a> VisibleIssuedTokens<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A page of the tokens of an agent or a service account, the newest first. The right to it is checked before.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, of: &Principal, page: PageRequest) -> Result<Page<IssuedToken>> {
        let mut select = within(self.view.caller.scope).filter(belongs(of));
        if let Some(after) = after_id(&page)? {
            select = select.filter(issued_token::Column::Id.lt(after));
        }
        let rows =
            select.order_by_desc(issued_token::Column::Id).limit(page.limit + 1).rows(self.view.conn).await?;
        let rows = rows.into_iter().map(IssuedToken::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |token| token.id.to_string()))
    }
}

/// Tokens of every organisation, for their check.
#[derive(Debug)]
pub struct IssuedTokens<'a> {
    conn: Conn<'a>,
}

impl<'a> IssuedTokens<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// A token, whether it still works or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: TokenId) -> Result<Option<IssuedToken>> {
        let row = issued_token::Entity::find_by_id(id.as_uuid()).one(&self.conn).await?;
        row.map(IssuedToken::try_from).transpose()
    }
}

/// Tokens of one tenant, inside a write.
#[derive(Debug)]
pub struct IssuedTokensTx<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> IssuedTokensTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// Keeps a token that is being issued.
    ///
    /// # Errors
    /// When the database fails, or the principal is a person.
    pub async fn create(&self, new: NewIssuedToken) -> Result<IssuedToken> {
        let (kind, agent_id, service_account_id) = match new.principal {
            Principal::Agent { agent_id } => (TokenKind::Agent, Some(agent_id), None),
            Principal::ServiceAccount { service_account_id } => {
                (TokenKind::ServiceAccount, None, Some(service_account_id))
            }
            Principal::User { .. } => return Err(Error::Dangling),
        };
        let row = issued_token::ActiveModel {
            id: Set(new.id.as_uuid()),
            organization_id: Set(self.scope.organization_id.as_uuid()),
            environment_id: Set(self.scope.environment_id.as_uuid()),
            kind: Set(kind.as_str().to_owned()),
            agent_id: Set(agent_id.map(Into::into)),
            service_account_id: Set(service_account_id.map(Into::into)),
            user_id: Set(None),
            client_id: Set(None),
            name: Set(new.name),
            scopes: Set(to_json("issued_tokens.scopes", &new.scopes)?),
            metadata: Set(new.metadata),
            issued_by_id: Set(new.issued_by_id.as_uuid()),
            expires_at: Set(new.expires_at),
            revoked_at: Set(None),
            revoked_by_id: Set(None),
            last_used_at: Set(None),
            created_at: Set(self.tx.clock().now()),
        };
        row.insert(&self.tx.conn()).await?.try_into()
    }

    /// Ends a token of this principal. One that was ended before stays as it was.
    ///
    /// # Errors
    /// `NotFound` when the principal has no such token here.
    pub async fn revoke(&self, of: &Principal, id: TokenId, by: Option<UserId>) -> Result<IssuedToken> {
        let row = self.row(of, id).await?;
        if row.revoked_at.is_some() {
            return row.try_into();
        }
        let mut row: issued_token::ActiveModel = row.into();
        row.revoked_at = Set(Some(self.tx.clock().now()));
        row.revoked_by_id = Set(by.map(Into::into));
        let row = row.update(&self.tx.conn()).await?;
        self.tx.tell(Revoked::Token(id)).await?;
        row.try_into()
    }

    /// A token of this principal, held against other writers until the transaction ends.
    ///
    /// # Errors
    /// `NotFound` when the principal has no such token here.
    pub async fn get(&self, of: &Principal, id: TokenId) -> Result<IssuedToken> {
        self.row(of, id).await?.try_into()
    }

    /// Removes a token's row for good. Whether it may go is checked before.
    ///
    /// # Errors
    /// `NotFound` when the principal has no such token here.
    pub async fn delete(&self, of: &Principal, id: TokenId) -> Result<()> {
        let row = self.row(of, id).await?;
        issued_token::Entity::delete_by_id(row.id).exec(&self.tx.conn()).await?;
        self.tx.tell(Revoked::Token(id)).await
    }

    /// Notes that a token was used, unless that was noted a moment ago.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn touch(&self, id: TokenId, now: DateTime<Utc>) -> Result<()> {
        use sea_orm::prelude::Expr;
        let old = Condition::any()
            .add(issued_token::Column::LastUsedAt.is_null())
            .add(issued_token::Column::LastUsedAt.lt(now - USE_KEPT));
        issued_token::Entity::update_many()
            .col_expr(issued_token::Column::LastUsedAt, Expr::value(now))
            .filter(issued_token::Column::Id.eq(id.as_uuid()))
            .filter(issued_token::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .filter(old)
            .exec(&self.tx.conn())
            .await?;
        Ok(())
    }

    async fn row(&self, of: &Principal, id: TokenId) -> Result<issued_token::Model> {
        within(self.scope)
            .filter(belongs(of))
            .filter(issued_token::Column::Id.eq(id.as_uuid()))
            .lock_exclusive()
            .one(&self.tx.conn())
            .await?
            .ok_or(Error::NotFound)
    }
}

// An agent lies in one environment and a service account may lie in none, so the organisation is what is compared.
fn within(scope: Scope) -> sea_orm::Select<issued_token::Entity> {
    issued_token::Entity::find()
        .filter(issued_token::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
}

fn belongs(of: &Principal) -> Condition {
    match of {
        Principal::Agent { agent_id } => {
            Condition::all().add(issued_token::Column::AgentId.eq(agent_id.as_uuid()))
        }
        Principal::ServiceAccount { service_account_id } => {
            Condition::all().add(issued_token::Column::ServiceAccountId.eq(service_account_id.as_uuid()))
        }
        Principal::User { user_id } => {
            Condition::all().add(issued_token::Column::UserId.eq(user_id.as_uuid()))
        }
    }
}

impl TryFrom<issued_token::Model> for IssuedToken {
    type Error = Error;

    fn try_from(row: issued_token::Model) -> Result<Self> {
        let principal = match (word("issued_tokens.kind", &row.kind)?, row.agent_id, row.service_account_id) {
            (TokenKind::Agent, Some(agent_id), None) => Principal::Agent { agent_id: agent_id.into() },
            (TokenKind::ServiceAccount, None, Some(id)) => {
                Principal::ServiceAccount { service_account_id: id.into() }
            }
            _ => return Err(Error::corrupt("issued_tokens.kind")("a token of nobody".into())),
        };
        Ok(Self {
            id: row.id.into(),
            scope: Scope {
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.into(),
            },
            principal,
            name: row.name,
            scopes: json("issued_tokens.scopes", row.scopes)?,
            metadata: row.metadata,
            issued_by_id: row.issued_by_id.into(),
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            revoked_by_id: row.revoked_by_id.map(Into::into),
            last_used_at: row.last_used_at,
            created_at: row.created_at,
        })
    }
}
