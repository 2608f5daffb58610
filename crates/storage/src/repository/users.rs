//! Accounts. They belong to people, not to a tenant, so every way to them is a named exception.

use conductor_domain::{
    Mfa, NewUser, Page, PageRequest, PlatformRole, Redacted, Revoked, Scope, User, UserChange, UserId,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::json;

use super::convert::{after_id, json, to_json, word};
use crate::{Error, Result, conn::Conn, entity::user, tx::Tx};

/// Accounts, as sign-in and administration read them.
#[derive(Debug)]
pub struct Users<'a> {
    conn: Conn<'a>,
}

impl<'a> Users<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// Whether there is any account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn any(&self) -> Result<bool> {
        Ok(live().count(&self.conn).await? > 0)
    }

    /// An account by its id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: UserId) -> Result<Option<User>> {
        live()
            .filter(user::Column::Id.eq(id.as_uuid()))
            .one(&self.conn)
            .await?
            .map(User::try_from)
            .transpose()
    }

    /// An account by its normalised address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_by_email(&self, email: &str) -> Result<Option<User>> {
        Ok(self.find_for_sign_in(email).await?.map(|(user, _)| user))
    }

    /// An account by its normalised address, with its password's hash where it has one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_for_sign_in(&self, email: &str) -> Result<Option<(User, Option<Redacted<String>>)>> {
        live().filter(user::Column::Email.eq(email)).one(&self.conn).await?.map(with_hash).transpose()
    }

    /// The hash of an account's password, where it has one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn password_hash(&self, id: UserId) -> Result<Option<Redacted<String>>> {
        let row = live().filter(user::Column::Id.eq(id.as_uuid())).one(&self.conn).await?;
        Ok(row.and_then(|row| row.password_hash).map(Redacted::new))
    }

    /// An account's second factor, confirmed or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mfa(&self, id: UserId) -> Result<Option<Mfa>> {
        let row = live().filter(user::Column::Id.eq(id.as_uuid())).one(&self.conn).await?;
        row.and_then(|row| row.mfa).map(|mfa| json("users.mfa", mfa)).transpose()
    }

    /// Every account, the newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, page: PageRequest) -> Result<Page<User>> {
        let mut select = live();
        if let Some(after) = after_id(&page)? {
            select = select.filter(user::Column::Id.lt(after));
        }
        let rows = select.order_by_desc(user::Column::Id).limit(page.limit + 1).all(&self.conn).await?;
        let rows = rows.into_iter().map(User::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |user| user.id.to_string()))
    }
}

/// Accounts, inside a write.
#[derive(Debug)]
pub struct UsersTx<'t> {
    tx: &'t Tx,
}

impl<'t> UsersTx<'t> {
    pub(crate) fn new(tx: &'t Tx) -> Self {
        Self { tx }
    }

    /// The same accounts, to read in this transaction.
    #[must_use]
    pub fn read(&self) -> Users<'t> {
        Users::new(self.tx.conn())
    }

    /// Whether anyone but this person is an active administrator of the platform. The administrators' rows are locked
    /// until the transaction ends, so that two who step down at once do not both count on the other.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn another_administrator(&self, than: UserId) -> Result<bool> {
        let administrators = live()
            .filter(user::Column::PlatformRole.eq(PlatformRole::Admin.as_str()))
            .filter(user::Column::IsActive.eq(true))
            .order_by_asc(user::Column::Id)
            .lock_exclusive()
            .all(&self.tx.conn())
            .await?;
        Ok(administrators.iter().any(|administrator| administrator.id != than.as_uuid()))
    }

    /// Makes an account.
    ///
    /// # Errors
    /// `NameTaken` when the address has an account.
    pub async fn create(&self, new: NewUser) -> Result<User> {
        let now = self.tx.clock().now();
        let row = user::ActiveModel {
            id: Set(new.id.as_uuid()),
            email: Set(new.email),
            password_hash: Set(new.password_hash.map(Redacted::into_inner)),
            first_name: Set(new.first_name),
            last_name: Set(new.last_name),
            name: Set(new.name),
            avatar_url: Set(None),
            platform_role: Set(new.role.as_str().to_owned()),
            data_clearance_level: Set(new.clearance.as_str().to_owned()),
            attributes: Set(json!({})),
            preferences: Set(json!({})),
            custom_instructions: Set(None),
            default_agent_id: Set(None),
            active_organization_id: Set(new.active.map(|scope| scope.organization_id.as_uuid())),
            active_environment_id: Set(new.active.map(|scope| scope.environment_id.as_uuid())),
            is_active: Set(true),
            is_verified: Set(new.is_verified),
            token_version: Set(1),
            mfa: Set(None),
            last_login: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
        };
        row.insert(&self.tx.conn()).await?.try_into()
    }

    /// Changes an account.
    ///
    /// # Errors
    /// `NotFound` when there is no such account.
    pub async fn update(&self, id: UserId, change: UserChange) -> Result<User> {
        let row = live().filter(user::Column::Id.eq(id.as_uuid())).one(&self.tx.conn()).await?;
        let row = row.ok_or(Error::NotFound)?;
        let now = self.tx.clock().now();
        let version = row.token_version;
        let moves = change.is_active.is_some()
            || change.role.is_some()
            || change.clearance.is_some()
            || change.attributes.is_some()
            || change.bump_token_version;
        let mut row: user::ActiveModel = row.into();
        apply(&mut row, change, version, now);
        row.updated_at = Set(now);
        let user = row.update(&self.tx.conn()).await?.try_into()?;
        if moves {
            self.tx.tell(Revoked::User(id)).await?;
        }
        Ok(user)
    }

    /// Gives an account another address.
    ///
    /// # Errors
    /// `NameTaken` when the address has an account; `NotFound`.
    pub async fn set_email(&self, id: UserId, email: String) -> Result<User> {
        let row = live().filter(user::Column::Id.eq(id.as_uuid())).one(&self.tx.conn()).await?;
        let mut row: user::ActiveModel = row.ok_or(Error::NotFound)?.into();
        row.email = Set(email);
        row.updated_at = Set(self.tx.clock().now());
        let user = row.update(&self.tx.conn()).await?.try_into()?;
        self.tx.tell(Revoked::User(id)).await?;
        Ok(user)
    }

    /// Notes that people decided about an account: from now on no directory opens it again by itself.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn taken_over(&self, id: UserId) -> Result<()> {
        self.tx.account_taken_over(id).await
    }

    /// An account's second factor, held against other writers until the transaction ends: a code is taken once.
    ///
    /// # Errors
    /// `NotFound` when there is no such account.
    pub async fn hold_mfa(&self, id: UserId) -> Result<Option<Mfa>> {
        let row =
            live().filter(user::Column::Id.eq(id.as_uuid())).lock_exclusive().one(&self.tx.conn()).await?;
        row.ok_or(Error::NotFound)?.mfa.map(|mfa| json("users.mfa", mfa)).transpose()
    }

    /// Sets or removes an account's second factor.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_mfa(&self, id: UserId, mfa: Option<&Mfa>) -> Result<()> {
        let value = mfa.map(|mfa| to_json("users.mfa", mfa)).transpose()?;
        let row = user::ActiveModel {
            id: Set(id.as_uuid()),
            mfa: Set(value),
            updated_at: Set(self.tx.clock().now()),
            ..Default::default()
        };
        row.update(&self.tx.conn()).await?;
        self.tx.tell(Revoked::User(id)).await
    }
}

fn apply(row: &mut user::ActiveModel, change: UserChange, version: i32, now: chrono::DateTime<chrono::Utc>) {
    macro_rules! set {
        ($($field:ident),+) => {$( if let Some(value) = change.$field { row.$field = Set(value); } )+};
    }
    set!(
        name,
        first_name,
        last_name,
        avatar_url,
        attributes,
        preferences,
        custom_instructions,
        is_active,
        is_verified
    );
    if let Some(agent) = change.default_agent_id {
        row.default_agent_id = Set(agent.map(Into::into));
    }
    if let Some(active) = change.active {
        row.active_organization_id = Set(active.map(|scope| scope.organization_id.as_uuid()));
        row.active_environment_id = Set(active.map(|scope| scope.environment_id.as_uuid()));
    }
    if let Some(hash) = change.password_hash {
        row.password_hash = Set(Some(hash.into_inner()));
    }
    if let Some(role) = change.role {
        row.platform_role = Set(role.as_str().to_owned());
    }
    if let Some(clearance) = change.clearance {
        row.data_clearance_level = Set(clearance.as_str().to_owned());
    }
    if change.signed_in {
        row.last_login = Set(Some(now));
    }
    if change.bump_token_version {
        row.token_version = Set(version.saturating_add(1));
    }
}

fn live() -> sea_orm::Select<user::Entity> {
    user::Entity::find().filter(user::Column::DeletedAt.is_null())
}

fn with_hash(mut row: user::Model) -> Result<(User, Option<Redacted<String>>)> {
    let hash = row.password_hash.take().map(Redacted::new);
    Ok((row.try_into()?, hash))
}

impl TryFrom<user::Model> for User {
    type Error = Error;

    fn try_from(row: user::Model) -> Result<Self> {
        let active = row.active_organization_id.zip(row.active_environment_id);
        Ok(Self {
            id: row.id.into(),
            email: row.email,
            name: row.name,
            first_name: row.first_name,
            last_name: row.last_name,
            avatar_url: row.avatar_url,
            role: word("users.platform_role", &row.platform_role)?,
            clearance: word("users.data_clearance_level", &row.data_clearance_level)?,
            attributes: row.attributes,
            preferences: row.preferences,
            custom_instructions: row.custom_instructions,
            default_agent_id: row.default_agent_id.map(Into::into),
            active: active.map(|(organization, environment)| Scope {
                organization_id: organization.into(),
                environment_id: environment.into(),
            }),
            is_active: row.is_active,
            is_verified: row.is_verified,
            mfa_enabled: row.mfa.as_ref().is_some_and(|mfa| !mfa["confirmed_at"].is_null()),
            token_version: row.token_version,
            last_login: row.last_login,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
