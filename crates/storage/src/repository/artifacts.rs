//! Artifacts: a row a version, numbered inside conversation and identifier.

use conductor_domain::{
    Artifact, ArtifactId, ConversationId, MessageId, NewArtifact, Page, PageRequest, Scope, sha256_hex,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect, prelude::Expr, sea_query::Query,
};

use super::{
    conversations::in_visible,
    convert::{after_id, word},
};
use crate::{Error, Result, ScopedTx, View, conn::Fetch, entity::artifact, tx::Tx};

/// What became of a version that was to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It is the newest version now.
    New(Artifact),
    /// The newest version holds the same already; nothing was written.
    Unchanged(Artifact),
}

impl Inserted {
    /// The newest version, whoever wrote it.
    #[must_use]
    pub fn into_artifact(self) -> Artifact {
        match self {
            Self::New(artifact) | Self::Unchanged(artifact) => artifact,
        }
    }
}

/// Artifacts of one tenant, inside a write.
#[derive(Debug)]
pub struct Artifacts<'t> {
    scoped: ScopedTx<'t>,
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> Artifacts<'t> {
    pub(crate) fn new(scoped: ScopedTx<'t>) -> Self {
        Self { scoped, tx: scoped.tx, scope: scoped.scope }
    }

    /// Writes the next version of an identifier, unless the newest one holds the same.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such conversation.
    pub async fn insert_version(&self, new: NewArtifact) -> Result<Inserted> {
        self.insert(new, None).await
    }

    /// Writes the next version of an identifier as a fork of another artifact.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such conversation.
    pub async fn insert_fork(&self, new: NewArtifact, of: ArtifactId) -> Result<Inserted> {
        self.insert(new, Some(of)).await
    }

    async fn insert(&self, new: NewArtifact, fork_of: Option<ArtifactId>) -> Result<Inserted> {
        // The conversation's row is held until the end, so that two writers never count the same number.
        let conversation = self.scoped.conversations().get(new.conversation_id).await?;
        let content_hash = sha256_hex(&new.content);
        let latest = self.latest(new.conversation_id, &new.identifier).await?;
        if let Some(latest) = &latest
            && latest.content_hash == content_hash
            && latest.kind == new.kind
            && latest.title == new.title
            && latest.language == new.language
        {
            return Ok(Inserted::Unchanged(latest.clone()));
        }
        // Numbers of deleted versions are not given again.
        let last: Option<i32> = artifact::Entity::find()
            .select_only()
            .column_as(artifact::Column::Version.max(), "version")
            .filter(artifact::Column::ConversationId.eq(new.conversation_id.as_uuid()))
            .filter(artifact::Column::Identifier.eq(&new.identifier))
            .into_tuple::<Option<i32>>()
            .one(&self.tx.conn())
            .await?
            .flatten();
        let now = self.tx.clock().now();
        let row = artifact::ActiveModel {
            id: Set(new.id.map_or_else(|| self.tx.clock().uuid_v7(), Into::into)),
            organization_id: Set(self.scope.organization_id.as_uuid()),
            environment_id: Set(self.scope.environment_id.as_uuid()),
            conversation_id: Set(new.conversation_id.as_uuid()),
            message_id: Set(new.message_id.map(Into::into)),
            agent_id: Set(new.agent_id.map(Into::into)),
            identifier: Set(new.identifier),
            version: Set(last.unwrap_or(0) + 1),
            kind: Set(new.kind.as_str().to_owned()),
            title: Set(new.title),
            language: Set(new.language),
            content: Set(new.content),
            content_hash: Set(content_hash),
            parent_artifact_id: Set(fork_of.or(latest.map(|latest| latest.id)).map(Into::into)),
            data_classification: Set(conversation
                .data_classification
                .max(new.data_classification)
                .as_str()
                .to_owned()),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
        };
        Ok(Inserted::New(row.insert(&self.tx.conn()).await?.try_into()?))
    }

    /// Writes a version with everything it already had elsewhere, for duplicates and branches.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such conversation; `NameTaken` when it has this version already.
    pub async fn copy(&self, copy: Artifact) -> Result<Artifact> {
        self.scoped.conversations().get(copy.conversation_id).await?;
        let row = artifact::ActiveModel {
            id: Set(copy.id.as_uuid()),
            organization_id: Set(self.scope.organization_id.as_uuid()),
            environment_id: Set(self.scope.environment_id.as_uuid()),
            conversation_id: Set(copy.conversation_id.as_uuid()),
            message_id: Set(copy.message_id.map(Into::into)),
            agent_id: Set(copy.agent_id.map(Into::into)),
            identifier: Set(copy.identifier),
            version: Set(copy.version),
            kind: Set(copy.kind.as_str().to_owned()),
            title: Set(copy.title),
            language: Set(copy.language),
            content: Set(copy.content),
            content_hash: Set(copy.content_hash),
            parent_artifact_id: Set(copy.parent_artifact_id.map(Into::into)),
            data_classification: Set(copy.data_classification.as_str().to_owned()),
            created_at: Set(copy.created_at),
            updated_at: Set(copy.updated_at),
            deleted_at: Set(None),
        };
        row.insert(&self.tx.conn()).await?.try_into()
    }

    /// A version of this tenant.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such version.
    pub async fn get(&self, id: ArtifactId) -> Result<Artifact> {
        artifact::Entity::find_by_id(id.as_uuid())
            .filter(live(self.scope))
            .one(&self.tx.conn())
            .await?
            .ok_or(Error::NotFound)?
            .try_into()
    }

    /// The newest version of an identifier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn latest(&self, conversation: ConversationId, identifier: &str) -> Result<Option<Artifact>> {
        artifact::Entity::find()
            .filter(live(self.scope))
            .filter(artifact::Column::ConversationId.eq(conversation.as_uuid()))
            .filter(artifact::Column::Identifier.eq(identifier))
            .order_by_desc(artifact::Column::Version)
            .one(&self.tx.conn())
            .await?
            .map(Artifact::try_from)
            .transpose()
    }

    /// Every version of every artifact of a conversation, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_of(&self, conversation: ConversationId) -> Result<Vec<Artifact>> {
        artifact::Entity::find()
            .filter(live(self.scope))
            .filter(artifact::Column::ConversationId.eq(conversation.as_uuid()))
            .order_by_asc(artifact::Column::Version)
            .order_by_asc(artifact::Column::Id)
            .all(&self.tx.conn())
            .await?
            .into_iter()
            .map(Artifact::try_from)
            .collect()
    }

    /// Removes every version of an identifier; says how many went.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete(&self, conversation: ConversationId, identifier: &str) -> Result<u64> {
        self.remove(
            Condition::all()
                .add(artifact::Column::ConversationId.eq(conversation.as_uuid()))
                .add(artifact::Column::Identifier.eq(identifier)),
        )
        .await
    }

    /// Removes the versions that came with these messages; says how many went.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_of(&self, messages: &[MessageId]) -> Result<u64> {
        let mut gone = 0;
        for some in messages.chunks(500) {
            let of = artifact::Column::MessageId.is_in(some.iter().map(|id| id.as_uuid()));
            gone += self.remove(Condition::all().add(of)).await?;
        }
        Ok(gone)
    }

    async fn remove(&self, which: Condition) -> Result<u64> {
        let result = artifact::Entity::update_many()
            .col_expr(artifact::Column::DeletedAt, Expr::value(self.tx.clock().now()))
            .filter(live(self.scope))
            .filter(which)
            .exec(&self.tx.conn())
            .await?;
        Ok(result.rows_affected)
    }
}

/// Artifacts of the caller's conversations.
#[derive(Debug)]
pub struct VisibleArtifacts<'a> {
    view: View<'a>,
}

impl<'a> VisibleArtifacts<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A version, if it is in a conversation of the caller's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: ArtifactId) -> Result<Option<Artifact>> {
        self.visible()
            .filter(artifact::Column::Id.eq(id.as_uuid()))
            .row(self.view.conn)
            .await?
            .map(Artifact::try_from)
            .transpose()
    }

    /// The newest version of an identifier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn latest(&self, conversation: ConversationId, identifier: &str) -> Result<Option<Artifact>> {
        self.versions(conversation, identifier)
            .order_by_desc(artifact::Column::Version)
            .row(self.view.conn)
            .await?
            .map(Artifact::try_from)
            .transpose()
    }

    /// A page of the newest version of each artifact of a conversation, the newest artifact first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn latest_page(
        &self,
        conversation: ConversationId,
        page: PageRequest,
    ) -> Result<Page<Artifact>> {
        let mut newest = Query::select();
        newest
            .column(artifact::Column::Identifier)
            .expr(artifact::Column::Version.max())
            .from(artifact::Entity)
            .and_where(artifact::Column::ConversationId.eq(conversation.as_uuid()))
            .and_where(artifact::Column::DeletedAt.is_null())
            .group_by_col(artifact::Column::Identifier);
        let mut select =
            self.visible().filter(artifact::Column::ConversationId.eq(conversation.as_uuid())).filter(
                Expr::tuple([
                    Expr::col((artifact::Entity, artifact::Column::Identifier)),
                    Expr::col((artifact::Entity, artifact::Column::Version)),
                ])
                .in_subquery(newest),
            );
        if let Some(after) = after_id(&page)? {
            select = select.filter(artifact::Column::Id.lt(after));
        }
        let rows =
            select.order_by_desc(artifact::Column::Id).limit(page.limit + 1).rows(self.view.conn).await?;
        let rows = rows.into_iter().map(Artifact::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |artifact| artifact.id.to_string()))
    }

    /// A page of the versions of an identifier, newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn versions_page(
        &self,
        conversation: ConversationId,
        identifier: &str,
        page: PageRequest,
    ) -> Result<Page<Artifact>> {
        let mut select = self.versions(conversation, identifier);
        if let Some(after) = page.after.as_deref() {
            let after: i32 = after.parse().map_err(|_| Error::BadCursor)?;
            select = select.filter(artifact::Column::Version.lt(after));
        }
        let rows = select
            .order_by_desc(artifact::Column::Version)
            .limit(page.limit + 1)
            .rows(self.view.conn)
            .await?;
        let rows = rows.into_iter().map(Artifact::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |artifact| artifact.version.to_string()))
    }

    /// The versions that came with these messages, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_messages(&self, messages: &[MessageId]) -> Result<Vec<Artifact>> {
        self.visible()
            .filter(artifact::Column::MessageId.is_in(messages.iter().map(|id| id.as_uuid())))
            .order_by_asc(artifact::Column::Id)
            .rows(self.view.conn)
            .await?
            .into_iter()
            .map(Artifact::try_from)
            .collect()
    }

    fn versions(&self, conversation: ConversationId, identifier: &str) -> sea_orm::Select<artifact::Entity> {
        self.visible()
            .filter(artifact::Column::ConversationId.eq(conversation.as_uuid()))
            .filter(artifact::Column::Identifier.eq(identifier))
    }

    fn visible(&self) -> sea_orm::Select<artifact::Entity> {
        artifact::Entity::find()
            .filter(live(self.view.caller.scope))
            .filter(in_visible(&self.view, artifact::Column::ConversationId))
    }
}

fn live(scope: Scope) -> Condition {
    Condition::all()
        .add(artifact::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
        .add(artifact::Column::EnvironmentId.eq(scope.environment_id.as_uuid()))
        .add(artifact::Column::DeletedAt.is_null())
}

impl TryFrom<artifact::Model> for Artifact {
    type Error = Error;

    fn try_from(row: artifact::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            scope: Scope {
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.into(),
            },
            conversation_id: row.conversation_id.into(),
            message_id: row.message_id.map(Into::into),
            agent_id: row.agent_id.map(Into::into),
            identifier: row.identifier,
            version: row.version,
            kind: word("artifacts.type", &row.kind)?,
            title: row.title,
            language: row.language,
            content: row.content,
            content_hash: row.content_hash,
            parent_artifact_id: row.parent_artifact_id.map(Into::into),
            data_classification: word("artifacts.data_classification", &row.data_classification)?,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
