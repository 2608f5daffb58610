//! Uploaded files: rows that name bytes by their hash, read by the one person who uploaded them.

use conductor_domain::{Classification, File, FileId, NewFile, Page, PageRequest, Scope, UserId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, prelude::Expr,
};

use super::convert::{after_id, word};
use crate::{Error, Result, ScopedTx, View, conn::Fetch, entity::file, tx::Tx};

/// Files of one tenant, inside a write.
#[derive(Debug)]
pub struct Files<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> Files<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// Writes a file whose bytes are stored.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create(&self, new: NewFile) -> Result<File> {
        let now = self.tx.clock().now();
        let row = file::ActiveModel {
            id: Set(new.id.as_uuid()),
            organization_id: Set(self.scope.organization_id.as_uuid()),
            environment_id: Set(self.scope.environment_id.as_uuid()),
            user_id: Set(new.user_id.as_uuid()),
            name: Set(new.name),
            mime_type: Set(new.mime_type),
            size_bytes: Set(new.size_bytes),
            sha256: Set(new.sha256),
            data_classification: Set(new.data_classification.as_str().to_owned()),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
        };
        row.insert(&self.tx.conn()).await?.try_into()
    }

    /// A file of this tenant. The right of the person who asks is checked before.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such file.
    pub async fn get(&self, id: FileId) -> Result<File> {
        file::Entity::find()
            .filter(self.owned(id))
            .one(&self.tx.conn())
            .await?
            .ok_or(Error::NotFound)?
            .try_into()
    }

    /// Changes a file's name or label; `None` leaves it.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such file.
    pub async fn update(
        &self,
        id: FileId,
        name: Option<String>,
        label: Option<Classification>,
    ) -> Result<File> {
        let row = file::Entity::find().filter(self.owned(id)).one(&self.tx.conn()).await?;
        let mut row: file::ActiveModel = row.ok_or(Error::NotFound)?.into();
        if let Some(name) = name {
            row.name = Set(name);
        }
        if let Some(label) = label {
            row.data_classification = Set(label.as_str().to_owned());
        }
        row.updated_at = Set(self.tx.clock().now());
        row.update(&self.tx.conn()).await?.try_into()
    }

    /// Removes a file from every list; its bytes stay while another row names them.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such file.
    pub async fn delete(&self, id: FileId) -> Result<()> {
        let result = file::Entity::update_many()
            .col_expr(file::Column::DeletedAt, Expr::value(self.tx.clock().now()))
            .filter(self.owned(id))
            .exec(&self.tx.conn())
            .await?;
        if result.rows_affected == 0 { Err(Error::NotFound) } else { Ok(()) }
    }

    fn owned(&self, id: FileId) -> Condition {
        Condition::all()
            .add(file::Column::Id.eq(id.as_uuid()))
            .add(file::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .add(file::Column::EnvironmentId.eq(self.scope.environment_id.as_uuid()))
            .add(file::Column::DeletedAt.is_null())
    }
}

/// Files that the caller uploaded.
#[derive(Debug)]
pub struct VisibleFiles<'a> {
    view: View<'a>,
}

impl<'a> VisibleFiles<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A file, if the caller uploaded it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: FileId) -> Result<Option<File>> {
        self.visible()
            .filter(file::Column::Id.eq(id.as_uuid()))
            .row(self.view.conn)
            .await?
            .map(File::try_from)
            .transpose()
    }

    /// Those of these files that the caller uploaded, in no order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_many(&self, ids: &[FileId]) -> Result<Vec<File>> {
        self.visible()
            .filter(file::Column::Id.is_in(ids.iter().map(|id| id.as_uuid())))
            .rows(self.view.conn)
            .await?
            .into_iter()
            .map(File::try_from)
            .collect()
    }

    /// A page of files, newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, page: PageRequest) -> Result<Page<File>> {
        let mut select = self.visible();
        if let Some(after) = after_id(&page)? {
            select = select.filter(file::Column::Id.lt(after));
        }
        let rows = select.order_by_desc(file::Column::Id).limit(page.limit + 1).rows(self.view.conn).await?;
        let rows = rows.into_iter().map(File::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |file| file.id.to_string()))
    }

    fn visible(&self) -> sea_orm::Select<file::Entity> {
        let caller = self.view.caller;
        let user = caller.user_id().unwrap_or(UserId::NIL);
        file::Entity::find()
            .filter(file::Column::OrganizationId.eq(caller.scope.organization_id.as_uuid()))
            .filter(file::Column::EnvironmentId.eq(caller.scope.environment_id.as_uuid()))
            .filter(file::Column::UserId.eq(user.as_uuid()))
            .filter(file::Column::DeletedAt.is_null())
    }
}

impl TryFrom<file::Model> for File {
    type Error = Error;

    fn try_from(row: file::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            scope: Scope {
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.into(),
            },
            user_id: row.user_id.into(),
            name: row.name,
            mime_type: row.mime_type,
            size_bytes: row.size_bytes,
            sha256: row.sha256,
            data_classification: word("files.data_classification", &row.data_classification)?,
            created_at: row.created_at,
        })
    }
}
