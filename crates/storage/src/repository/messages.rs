//! Messages: nodes of a conversation's tree, walked by recursive queries.

use std::collections::HashMap;

use conductor_domain::{
    Classification, ConversationId, Message, MessageId, MessagePatch, NewMessage, Page, PageRequest, Scope,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, FromQueryResult, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Statement, Value, prelude::Expr, prelude::Uuid,
};

use super::{
    conversations::in_visible,
    convert::{after_id, json, to_json, word},
};
use crate::{
    Error, Result, ScopedTx, View,
    conn::{Conn, Fetch},
    entity::message,
    tx::Tx,
};

/// Messages of one tenant, inside a write.
#[derive(Debug)]
pub struct Messages<'t> {
    scoped: ScopedTx<'t>,
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> Messages<'t> {
    pub(crate) fn new(scoped: ScopedTx<'t>) -> Self {
        Self { scoped, tx: scoped.tx, scope: scoped.scope }
    }

    /// Writes a message. The conversation's own counts and leaf are moved by `conversations().touch`.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such conversation; `Dangling` when the parent is not in it.
    pub async fn insert(&self, new: NewMessage) -> Result<Message> {
        let now = self.tx.clock().now();
        self.copy(Message {
            id: new.id,
            scope: self.scope,
            conversation_id: new.conversation_id,
            parent_message_id: new.parent_message_id,
            role: new.role,
            content: new.content,
            status: new.status,
            edited_at: None,
            images: new.images,
            attachments: new.attachments,
            agent_id: new.agent_id,
            model: new.model,
            run_id: new.run_id,
            finish_reason: None,
            input_tokens: 0,
            output_tokens: 0,
            cached_tokens: 0,
            cost_nanos: 0,
            error: None,
            thinking: None,
            tool_calls: serde_json::json!([]),
            data_classification: new.data_classification,
            metadata: new.metadata,
            created_at: now,
            updated_at: now,
        })
        .await
    }

    /// Writes a message with everything it already had elsewhere, for duplicates and branches.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such conversation; `Dangling` when the parent is not in it.
    pub async fn copy(&self, message: Message) -> Result<Message> {
        self.scoped.conversations().get(message.conversation_id).await?;
        if let Some(parent) = message.parent_message_id {
            let parent = self.row(parent).await.map_err(|_| Error::Dangling)?;
            if parent.conversation_id != message.conversation_id.as_uuid() {
                return Err(Error::Dangling);
            }
        }
        let row = message::ActiveModel {
            id: Set(message.id.as_uuid()),
            organization_id: Set(self.scope.organization_id.as_uuid()),
            environment_id: Set(self.scope.environment_id.as_uuid()),
            conversation_id: Set(message.conversation_id.as_uuid()),
            parent_message_id: Set(message.parent_message_id.map(Into::into)),
            role: Set(message.role.as_str().to_owned()),
            content: Set(message.content),
            status: Set(message.status.as_str().to_owned()),
            edited_at: Set(message.edited_at),
            images: Set(to_json("messages.images", &message.images)?),
            attachments: Set(to_json("messages.attachments", &message.attachments)?),
            agent_id: Set(message.agent_id.map(Into::into)),
            model: Set(message.model),
            run_id: Set(message.run_id.map(Into::into)),
            finish_reason: Set(message.finish_reason),
            input_tokens: Set(message.input_tokens),
            output_tokens: Set(message.output_tokens),
            cached_tokens: Set(message.cached_tokens),
            cost_nanos: Set(message.cost_nanos),
            error: Set(message.error.as_ref().map(|error| to_json("messages.error", error)).transpose()?),
            thinking: Set(message.thinking),
            tool_calls: Set(message.tool_calls),
            data_classification: Set(message.data_classification.as_str().to_owned()),
            metadata: Set(message.metadata),
            created_at: Set(message.created_at),
            updated_at: Set(message.updated_at),
            deleted_at: Set(None),
        };
        row.insert(&self.tx.conn()).await?.try_into()
    }

    /// A message of this tenant.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such message.
    pub async fn get(&self, id: MessageId) -> Result<Message> {
        self.row(id).await?.try_into()
    }

    /// Changes what the patch names.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such message.
    pub async fn update(&self, id: MessageId, patch: MessagePatch) -> Result<Message> {
        let mut row: message::ActiveModel = self.row(id).await?.into();
        if let Some(content) = patch.content {
            row.content = Set(content);
        }
        if let Some(status) = patch.status {
            row.status = Set(status.as_str().to_owned());
        }
        if let Some(reason) = patch.finish_reason {
            row.finish_reason = Set(Some(reason));
        }
        if let Some(tokens) = patch.input_tokens {
            row.input_tokens = Set(tokens);
        }
        if let Some(tokens) = patch.output_tokens {
            row.output_tokens = Set(tokens);
        }
        if let Some(tokens) = patch.cached_tokens {
            row.cached_tokens = Set(tokens);
        }
        if let Some(cost) = patch.cost_nanos {
            row.cost_nanos = Set(cost);
        }
        if let Some(error) = patch.error {
            row.error = Set(Some(to_json("messages.error", &error)?));
        }
        if let Some(thinking) = patch.thinking {
            row.thinking = Set(Some(thinking));
        }
        if let Some(calls) = patch.tool_calls {
            row.tool_calls = Set(calls);
        }
        if let Some(model) = patch.model {
            row.model = Set(Some(model));
        }
        if let Some(run) = patch.run_id {
            row.run_id = Set(Some(run.into()));
        }
        if let Some(agent) = patch.agent_id {
            row.agent_id = Set(Some(agent.into()));
        }
        if let Some(at) = patch.edited_at {
            row.edited_at = Set(Some(at));
        }
        if let Some(label) = patch.data_classification {
            row.data_classification = Set(label.as_str().to_owned());
        }
        if let Some(metadata) = patch.metadata {
            row.metadata = Set(metadata);
        }
        row.updated_at = Set(self.tx.clock().now());
        row.update(&self.tx.conn()).await?.try_into()
    }

    /// The branch that ends at `leaf`, root first.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such message.
    pub async fn path_to(&self, leaf: MessageId) -> Result<Vec<Message>> {
        self.row(leaf).await?;
        path(self.tx.conn(), self.scope, leaf, None).await
    }

    /// The highest label on the branch that ends at `leaf`; public where there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn label_of_path(&self, leaf: MessageId) -> Result<Classification> {
        let sql = "WITH RECURSIVE path (id, parent_message_id, data_classification) AS (\
                     SELECT id, parent_message_id, data_classification FROM messages \
                     WHERE id = $1 AND organization_id = $2 AND environment_id = $3 \
                   UNION ALL \
                     SELECT m.id, m.parent_message_id, m.data_classification FROM messages m \
                     JOIN path p ON m.id = p.parent_message_id \
                     WHERE m.organization_id = $2 AND m.environment_id = $3) \
                   SELECT DISTINCT data_classification FROM path";
        #[derive(FromQueryResult)]
        struct Row {
            data_classification: String,
        }
        let conn = self.tx.conn();
        let rows = Row::find_by_statement(statement(conn, sql, leaf, self.scope, [])).all(&conn).await?;
        let mut labels =
            rows.iter().map(|row| word("messages.data_classification", &row.data_classification));
        labels.try_fold(Classification::Public, |highest, label| Ok(highest.max(label?)))
    }

    /// The answers to a message, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn children(&self, id: MessageId) -> Result<Vec<Message>> {
        message::Entity::find()
            .filter(self.live())
            .filter(message::Column::ParentMessageId.eq(id.as_uuid()))
            .order_by_asc(message::Column::Id)
            .all(&self.tx.conn())
            .await?
            .into_iter()
            .map(Message::try_from)
            .collect()
    }

    /// Every message of a conversation, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_of(&self, conversation: ConversationId) -> Result<Vec<Message>> {
        message::Entity::find()
            .filter(self.live())
            .filter(message::Column::ConversationId.eq(conversation.as_uuid()))
            .order_by_asc(message::Column::Id)
            .all(&self.tx.conn())
            .await?
            .into_iter()
            .map(Message::try_from)
            .collect()
    }

    /// Removes a message and everything below it; says what went, and whether a run was writing any of it.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such message.
    pub async fn delete_subtree(&self, id: MessageId) -> Result<(Vec<MessageId>, bool)> {
        self.row(id).await?;
        let gone = subtree(self.tx.conn(), self.scope, id).await?;
        let mut writing = 0;
        // A bound list stays below what a statement may bind.
        for some in gone.chunks(500) {
            let these = self.live().add(message::Column::Id.is_in(some.iter().map(|id| id.as_uuid())));
            writing += message::Entity::find()
                .filter(these.clone())
                .filter(message::Column::Status.is_in(["streaming", "waiting"]))
                .count(&self.tx.conn())
                .await?;
            message::Entity::update_many()
                .col_expr(message::Column::DeletedAt, Expr::value(self.tx.clock().now()))
                .filter(these)
                .exec(&self.tx.conn())
                .await?;
        }
        Ok((gone, writing > 0))
    }

    /// The newest message at or below this one: the end of the branch that a person means by naming it.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such message.
    pub async fn newest_below(&self, id: MessageId) -> Result<MessageId> {
        self.row(id).await?;
        Ok(subtree(self.tx.conn(), self.scope, id).await?.into_iter().max().unwrap_or(id))
    }

    /// The newest message of a conversation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_of(&self, conversation: ConversationId) -> Result<Option<Message>> {
        message::Entity::find()
            .filter(self.live())
            .filter(message::Column::ConversationId.eq(conversation.as_uuid()))
            .order_by_desc(message::Column::Id)
            .one(&self.tx.conn())
            .await?
            .map(Message::try_from)
            .transpose()
    }

    async fn row(&self, id: MessageId) -> Result<message::Model> {
        message::Entity::find_by_id(id.as_uuid())
            .filter(self.live())
            .one(&self.tx.conn())
            .await?
            .ok_or(Error::NotFound)
    }

    fn live(&self) -> Condition {
        live(self.scope)
    }
}

/// Messages of the caller's conversations.
#[derive(Debug)]
pub struct VisibleMessages<'a> {
    view: View<'a>,
}

impl<'a> VisibleMessages<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A message, if it is in a conversation of the caller's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: MessageId) -> Result<Option<Message>> {
        self.visible()
            .filter(message::Column::Id.eq(id.as_uuid()))
            .row(self.view.conn)
            .await?
            .map(Message::try_from)
            .transpose()
    }

    /// The whole branch that ends at `leaf`, root first; empty when the caller does not see it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn path_to(&self, leaf: MessageId) -> Result<Vec<Message>> {
        if self.find(leaf).await?.is_none() {
            return Ok(Vec::new());
        }
        path(self.view.conn, self.view.caller.scope, leaf, None).await
    }

    /// The last messages of the branch that ends at `leaf`, oldest first; the next page goes further back.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn path_page(&self, leaf: MessageId, page: PageRequest) -> Result<Page<Message>> {
        let from = match after_id(&page)? {
            // The cursor names the oldest message that was shown: the next page starts at its parent.
            Some(shown) => {
                let shown = self.find(shown.into()).await?.ok_or(Error::BadCursor)?;
                match shown.parent_message_id {
                    Some(parent) => parent,
                    None => return Ok(Page { items: Vec::new(), next: None }),
                }
            }
            None => leaf,
        };
        if self.find(from).await?.is_none() {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let items = path(self.view.conn, self.view.caller.scope, from, Some(page.limit)).await?;
        let next = items
            .first()
            .filter(|oldest| oldest.parent_message_id.is_some())
            .map(|oldest| oldest.id.to_string());
        Ok(Page { items, next })
    }

    /// Messages of all branches, oldest first; the next page goes further back.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn all_page(&self, conversation: ConversationId, page: PageRequest) -> Result<Page<Message>> {
        let mut select = self.visible().filter(message::Column::ConversationId.eq(conversation.as_uuid()));
        if let Some(after) = after_id(&page)? {
            select = select.filter(message::Column::Id.lt(after));
        }
        let rows =
            select.order_by_desc(message::Column::Id).limit(page.limit + 1).rows(self.view.conn).await?;
        let rows = rows.into_iter().map(Message::try_from).collect::<Result<Vec<_>>>()?;
        let mut page = Page::cut(rows, page.limit, |message| message.id.to_string());
        page.items.reverse();
        Ok(page)
    }

    /// The ids of a conversation's messages by their parent, oldest first: what a branch switcher steps through.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn siblings(
        &self,
        conversation: ConversationId,
        parents: &[Option<MessageId>],
    ) -> Result<HashMap<Option<MessageId>, Vec<MessageId>>> {
        let mut wanted = Condition::any()
            .add(message::Column::ParentMessageId.is_in(parents.iter().flatten().map(|id| id.as_uuid())));
        if parents.contains(&None) {
            wanted = wanted.add(message::Column::ParentMessageId.is_null());
        }
        let rows: Vec<(Uuid, Option<Uuid>)> = self
            .visible()
            .select_only()
            .column(message::Column::Id)
            .column(message::Column::ParentMessageId)
            .filter(message::Column::ConversationId.eq(conversation.as_uuid()))
            .filter(wanted)
            .order_by_asc(message::Column::Id)
            .into_tuple()
            .all(&self.view.conn)
            .await?;
        let mut siblings: HashMap<_, Vec<_>> = HashMap::new();
        for (id, parent) in rows {
            siblings.entry(parent.map(Into::into)).or_default().push(id.into());
        }
        Ok(siblings)
    }

    /// The newest message at or below this one; `None` when the caller does not see it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_below(&self, id: MessageId) -> Result<Option<MessageId>> {
        if self.find(id).await?.is_none() {
            return Ok(None);
        }
        Ok(subtree(self.view.conn, self.view.caller.scope, id).await?.into_iter().max())
    }

    fn visible(&self) -> sea_orm::Select<message::Entity> {
        message::Entity::find()
            .filter(live(self.view.caller.scope))
            .filter(in_visible(&self.view, message::Column::ConversationId))
    }
}

fn live(scope: Scope) -> Condition {
    Condition::all()
        .add(message::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
        .add(message::Column::EnvironmentId.eq(scope.environment_id.as_uuid()))
        .add(message::Column::DeletedAt.is_null())
}

/// From a message up to the root, at most `limit` messages; the answer is root first.
async fn path(conn: Conn<'_>, scope: Scope, leaf: MessageId, limit: Option<u64>) -> Result<Vec<Message>> {
    let sql = "WITH RECURSIVE path (id, parent_message_id, depth) AS (\
                 SELECT id, parent_message_id, 1 FROM messages \
                 WHERE id = $1 AND organization_id = $2 AND environment_id = $3 AND deleted_at IS NULL \
               UNION ALL \
                 SELECT m.id, m.parent_message_id, p.depth + 1 FROM messages m \
                 JOIN path p ON m.id = p.parent_message_id \
                 WHERE m.organization_id = $2 AND m.environment_id = $3 AND p.depth < $4) \
               SELECT m.* FROM messages m JOIN path p ON m.id = p.id ORDER BY p.depth DESC";
    let depth = limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(i64::from(i32::MAX));
    message::Entity::find()
        .from_raw_sql(statement(conn, sql, leaf, scope, [depth.into()]))
        .all(&conn)
        .await?
        .into_iter()
        .map(Message::try_from)
        .collect()
}

/// A message and everything below it.
async fn subtree(conn: Conn<'_>, scope: Scope, root: MessageId) -> Result<Vec<MessageId>> {
    let sql = "WITH RECURSIVE below (id) AS (\
                 SELECT id FROM messages \
                 WHERE id = $1 AND organization_id = $2 AND environment_id = $3 AND deleted_at IS NULL \
               UNION ALL \
                 SELECT m.id FROM messages m JOIN below b ON m.parent_message_id = b.id \
                 WHERE m.organization_id = $2 AND m.environment_id = $3 AND m.deleted_at IS NULL) \
               SELECT id FROM below";
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
    }
    let rows = Row::find_by_statement(statement(conn, sql, root, scope, [])).all(&conn).await?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}

fn statement<const N: usize>(
    conn: Conn<'_>,
    sql: &str,
    message: MessageId,
    scope: Scope,
    more: [Value; N],
) -> Statement {
    let first: [Value; 3] = [
        message.as_uuid().into(),
        scope.organization_id.as_uuid().into(),
        scope.environment_id.as_uuid().into(),
    ];
    conn.statement(sql, first.into_iter().chain(more))
}

impl TryFrom<message::Model> for Message {
    type Error = Error;

    fn try_from(row: message::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            scope: Scope {
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.into(),
            },
            conversation_id: row.conversation_id.into(),
            parent_message_id: row.parent_message_id.map(Into::into),
            role: word("messages.role", &row.role)?,
            content: row.content,
            status: word("messages.status", &row.status)?,
            edited_at: row.edited_at,
            images: json("messages.images", row.images)?,
            attachments: json("messages.attachments", row.attachments)?,
            agent_id: row.agent_id.map(Into::into),
            model: row.model,
            run_id: row.run_id.map(Into::into),
            finish_reason: row.finish_reason,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cached_tokens: row.cached_tokens,
            cost_nanos: row.cost_nanos,
            error: row.error.map(|error| json("messages.error", error)).transpose()?,
            thinking: row.thinking,
            tool_calls: row.tool_calls,
            data_classification: word("messages.data_classification", &row.data_classification)?,
            metadata: row.metadata,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
