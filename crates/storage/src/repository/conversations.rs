//! Conversations: written inside their tenant, read by the one person they belong to.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use conductor_domain::{
    Classification, Conversation, ConversationFilter, ConversationId, ConversationPatch, MessageId,
    NewConversation, Page, PageRequest, RunId, Scope, SharedKind, UserId,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    prelude::{Expr, Uuid},
    sea_query::{Func, SimpleExpr},
};

use super::{
    convert::{containing, json, to_json, word},
    grants::granted,
};
use crate::{
    Error, Result, ScopedTx, View,
    columns::Columns,
    conn::Fetch,
    entity::{conversation, message, run},
    tx::Tx,
};

/// The read behind every open page, its columns in the order of `with_turn`. Its text never changes, so its plan is kept.
const FIND_WITH_TURN: &str = "SELECT c.id, c.organization_id, c.environment_id, c.user_id, c.title, c.title_is_manual, \
         c.agent_id, c.model, c.last_message_at, c.is_archived, c.is_pinned, c.settings, c.token_count, \
         c.message_count, c.agent_state, c.auto_route, c.current_leaf_id, c.branched_from_conversation_id, \
         c.branched_from_message_id, c.data_classification, c.created_at, c.updated_at, \
         (SELECT runs.id FROM runs WHERE runs.conversation_id = c.id AND runs.organization_id = c.organization_id \
          AND runs.kind = 'chat' AND runs.status IN ('pending', 'running', 'waiting') ORDER BY runs.id DESC LIMIT 1) \
     FROM conversations c \
     WHERE c.id = $1 AND c.organization_id = $2 AND c.environment_id = $3 AND c.user_id = $4 AND c.deleted_at IS NULL";

/// Conversations of one tenant, inside a write.
#[derive(Debug)]
pub struct Conversations<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> Conversations<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// Writes a conversation without messages.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create(&self, new: NewConversation) -> Result<Conversation> {
        let now = self.tx.clock().now();
        let row = conversation::ActiveModel {
            id: Set(new.id.as_uuid()),
            organization_id: Set(self.scope.organization_id.as_uuid()),
            environment_id: Set(self.scope.environment_id.as_uuid()),
            user_id: Set(new.user_id.as_uuid()),
            project_id: Set(None),
            title: Set(new.title),
            title_is_manual: Set(new.title_is_manual),
            agent_id: Set(new.agent_id.map(Into::into)),
            workflow_id: Set(None),
            model: Set(new.model),
            last_message_at: Set(None),
            is_archived: Set(false),
            is_pinned: Set(false),
            settings: Set(to_json("conversations.settings", &new.settings)?),
            token_count: Set(0),
            message_count: Set(0),
            agent_state: Set(serde_json::json!({})),
            auto_route: Set(new.auto_route),
            current_leaf_id: Set(None),
            branched_from_conversation_id: Set(new.branched_from_conversation_id.map(Into::into)),
            branched_from_message_id: Set(new.branched_from_message_id.map(Into::into)),
            data_classification: Set(new.data_classification.as_str().to_owned()),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
        };
        row.insert(&self.tx.conn()).await?.try_into()
    }

    /// A conversation of this tenant, held against other writers until the transaction ends.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such conversation.
    pub async fn get(&self, id: ConversationId) -> Result<Conversation> {
        self.row(id).await?.try_into()
    }

    /// Changes what the patch names.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such conversation.
    pub async fn update(&self, id: ConversationId, patch: ConversationPatch) -> Result<Conversation> {
        let mut row: conversation::ActiveModel = self.row(id).await?.into();
        if let Some(title) = patch.title {
            row.title = Set(title);
        }
        if let Some(manual) = patch.title_is_manual {
            row.title_is_manual = Set(manual);
        }
        if let Some(agent) = patch.agent_id {
            row.agent_id = Set(agent.map(Into::into));
        }
        if let Some(model) = patch.model {
            row.model = Set(model);
        }
        if let Some(archived) = patch.is_archived {
            row.is_archived = Set(archived);
        }
        if let Some(pinned) = patch.is_pinned {
            row.is_pinned = Set(pinned);
        }
        if let Some(settings) = patch.settings {
            row.settings = Set(to_json("conversations.settings", &settings)?);
        }
        if let Some(state) = patch.agent_state {
            row.agent_state = Set(state);
        }
        if let Some(auto_route) = patch.auto_route {
            row.auto_route = Set(auto_route);
        }
        if let Some(leaf) = patch.current_leaf_id {
            row.current_leaf_id = Set(leaf.map(Into::into));
        }
        row.updated_at = Set(self.tx.clock().now());
        row.update(&self.tx.conn()).await?.try_into()
    }

    /// Notes that messages came; the branch that is shown ends at `leaf` now, where one is given.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such conversation.
    pub async fn touch(
        &self,
        id: ConversationId,
        leaf: Option<MessageId>,
        added_messages: i32,
        added_tokens: i64,
    ) -> Result<()> {
        let now = self.tx.clock().now();
        let mut changes = vec![
            (conversation::Column::LastMessageAt, Expr::value(now)),
            (conversation::Column::UpdatedAt, Expr::value(now)),
            (
                conversation::Column::MessageCount,
                Expr::col(conversation::Column::MessageCount).add(added_messages),
            ),
            (conversation::Column::TokenCount, Expr::col(conversation::Column::TokenCount).add(added_tokens)),
        ];
        changes.extend(leaf.map(|leaf| (conversation::Column::CurrentLeafId, Expr::value(leaf.as_uuid()))));
        self.change(id, &changes).await
    }

    /// Notes that a message of this label came; a conversation is at least as sensitive as what it holds.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn raise_label(&self, id: ConversationId, label: Classification) -> Result<()> {
        let lower: Vec<&str> = label.below().map(Classification::as_str).collect();
        if lower.is_empty() {
            return Ok(());
        }
        conversation::Entity::update_many()
            .col_expr(conversation::Column::DataClassification, Expr::value(label.as_str()))
            .filter(self.owned(id))
            .filter(conversation::Column::DataClassification.is_in(lower))
            .exec(&self.tx.conn())
            .await?;
        Ok(())
    }

    /// Sets the label by what is left in the conversation, after messages went; it never falls below internal.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such conversation.
    pub async fn relabel(&self, id: ConversationId) -> Result<()> {
        let left: Vec<String> = message::Entity::find()
            .select_only()
            .column(message::Column::DataClassification)
            .distinct()
            .filter(message::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .filter(message::Column::EnvironmentId.eq(self.scope.environment_id.as_uuid()))
            .filter(message::Column::ConversationId.eq(id.as_uuid()))
            .filter(message::Column::DeletedAt.is_null())
            .into_tuple()
            .all(&self.tx.conn())
            .await?;
        let mut label = Classification::Internal;
        for left in left {
            label = label.max(word("messages.data_classification", &left)?);
        }
        self.change(id, &[(conversation::Column::DataClassification, Expr::value(label.as_str()))]).await
    }

    /// Notes that messages went, and where the branch that is shown ends now.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such conversation.
    pub async fn shrink(&self, id: ConversationId, leaf: Option<MessageId>, removed: i32) -> Result<()> {
        self.change(
            id,
            &[
                (conversation::Column::CurrentLeafId, Expr::value(leaf.map(MessageId::as_uuid))),
                (conversation::Column::UpdatedAt, Expr::value(self.tx.clock().now())),
                (
                    conversation::Column::MessageCount,
                    Expr::col(conversation::Column::MessageCount).sub(removed),
                ),
            ],
        )
        .await
    }

    /// Removes a conversation from every list; its rows stay until they are purged.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such conversation.
    pub async fn delete(&self, id: ConversationId) -> Result<()> {
        self.change(id, &[(conversation::Column::DeletedAt, Expr::value(self.tx.clock().now()))]).await?;
        let grants = ScopedTx { tx: self.tx, scope: self.scope }.grants();
        grants.end_on(SharedKind::Conversation, id.as_uuid()).await.map(drop)
    }

    async fn change(&self, id: ConversationId, columns: &[(conversation::Column, SimpleExpr)]) -> Result<()> {
        let mut change = conversation::Entity::update_many().filter(self.owned(id));
        for (column, value) in columns {
            change = change.col_expr(*column, value.clone());
        }
        let result = change.exec(&self.tx.conn()).await?;
        if result.rows_affected == 0 { Err(Error::NotFound) } else { Ok(()) }
    }

    async fn row(&self, id: ConversationId) -> Result<conversation::Model> {
        conversation::Entity::find()
            .filter(self.owned(id))
            .lock_exclusive()
            .one(&self.tx.conn())
            .await?
            .ok_or(Error::NotFound)
    }

    fn owned(&self, id: ConversationId) -> Condition {
        Condition::all()
            .add(conversation::Column::Id.eq(id.as_uuid()))
            .add(conversation::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .add(conversation::Column::EnvironmentId.eq(self.scope.environment_id.as_uuid()))
            .add(conversation::Column::DeletedAt.is_null())
    }
}

/// Conversations of the caller, in the scope of its request.
#[derive(Debug)]
pub struct VisibleConversations<'a> {
    view: View<'a>,
}

impl<'a> VisibleConversations<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A conversation, if it is the caller's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: ConversationId) -> Result<Option<Conversation>> {
        visible(&self.view)
            .filter(conversation::Column::Id.eq(id.as_uuid()))
            .row(self.view.conn)
            .await?
            .map(Conversation::try_from)
            .transpose()
    }

    /// The same with the turn that is not over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_with_turn(&self, id: ConversationId) -> Result<Option<(Conversation, Option<RunId>)>> {
        let (conn, caller) = (&self.view.conn, self.view.caller);
        let user = caller.user_id().unwrap_or(UserId::NIL);
        let scope = caller.scope;
        let key =
            [id.as_uuid(), scope.organization_id.as_uuid(), scope.environment_id.as_uuid(), user.as_uuid()];
        match conn.point(FIND_WITH_TURN, &key, with_turn).await? {
            Some(found) => Ok(Some(found)),
            None => self.granted_with_turn(id).await,
        }
    }

    /// A conversation of somebody else's that was granted to the caller, with the turn that is not over.
    async fn granted_with_turn(&self, id: ConversationId) -> Result<Option<(Conversation, Option<RunId>)>> {
        let Some(conversation) = self.find(id).await? else { return Ok(None) };
        let running = self.running(&[id]).await?.remove(&id);
        Ok(Some((conversation, running)))
    }

    /// The titles of those of these conversations that the caller may see.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn titles(&self, ids: &[ConversationId]) -> Result<HashMap<ConversationId, String>> {
        let rows: Vec<(Uuid, String)> = visible(&self.view)
            .select_only()
            .column(conversation::Column::Id)
            .column(conversation::Column::Title)
            .filter(conversation::Column::Id.is_in(ids.iter().map(|id| id.as_uuid())))
            .into_tuple()
            .all(&self.view.conn)
            .await?;
        Ok(rows.into_iter().map(|(id, title)| (id.into(), title)).collect())
    }

    /// A page of conversations: pinned ones first, then by their newest message.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, filter: ConversationFilter, page: PageRequest) -> Result<Page<Conversation>> {
        let mut select = visible(&self.view);
        if let Some(archived) = filter.archived {
            select = select.filter(conversation::Column::IsArchived.eq(archived));
        }
        if let Some(text) = filter.q.as_deref().filter(|text| !text.is_empty()) {
            let scope = self.view.caller.scope;
            // What may not be read is not found by its words either.
            let readable = self.view.caller.clearance.reads().map(Classification::as_str);
            select = select.filter(conversation::Column::DataClassification.is_in(readable));
            let said = message::Entity::find()
                .select_only()
                .column(message::Column::ConversationId)
                .filter(message::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
                .filter(message::Column::EnvironmentId.eq(scope.environment_id.as_uuid()))
                .filter(message::Column::DeletedAt.is_null())
                .filter(Expr::expr(Func::lower(Expr::col(message::Column::Content))).like(containing(text)));
            select = select.filter(
                Condition::any()
                    .add(
                        Expr::expr(Func::lower(Expr::col(conversation::Column::Title)))
                            .like(containing(text)),
                    )
                    .add(conversation::Column::Id.in_subquery(said.into_query())),
            );
        }
        if let Some(after) = page.after.as_deref() {
            select = select.filter(Position::parse(after)?.before());
        }
        let rows = select
            .order_by_desc(conversation::Column::IsPinned)
            .order_by_desc(moved_at())
            .order_by_desc(conversation::Column::Id)
            .limit(page.limit + 1)
            .rows(self.view.conn)
            .await?;
        let rows = rows.into_iter().map(Conversation::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |row| Position::of(row).to_string()))
    }

    /// The turns that are not over, by conversation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn running(&self, ids: &[ConversationId]) -> Result<HashMap<ConversationId, RunId>> {
        let scope = self.view.caller.scope;
        let rows: Vec<(Option<Uuid>, Uuid)> = run::Entity::find()
            .select_only()
            .column(run::Column::ConversationId)
            .column(run::Column::Id)
            .filter(run::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
            .filter(run::Column::EnvironmentId.eq(scope.environment_id.as_uuid()))
            .filter(run::Column::ConversationId.is_in(ids.iter().map(|id| id.as_uuid())))
            .filter(run::Column::Kind.eq("chat"))
            .filter(run::open())
            .order_by_asc(run::Column::Id)
            .into_tuple()
            .all(&self.view.conn)
            .await?;
        Ok(rows
            .into_iter()
            .filter_map(|(conversation, run)| Some((conversation?.into(), run.into())))
            .collect())
    }
}

/// The caller's conversations and those granted to it; a caller that is no person owns none, for the nil id owns
/// nothing.
pub(super) fn visible(view: &View<'_>) -> sea_orm::Select<conversation::Entity> {
    let caller = view.caller;
    let user = caller.user_id().unwrap_or(UserId::NIL);
    conversation::Entity::find()
        .filter(conversation::Column::OrganizationId.eq(caller.scope.organization_id.as_uuid()))
        .filter(conversation::Column::EnvironmentId.eq(caller.scope.environment_id.as_uuid()))
        .filter(
            Condition::any()
                .add(conversation::Column::UserId.eq(user.as_uuid()))
                .add(conversation::Column::Id.in_subquery(granted(view, SharedKind::Conversation))),
        )
        .filter(conversation::Column::DeletedAt.is_null())
}

/// The condition that a row belongs to one of the caller's conversations.
pub(super) fn in_visible(view: &View<'_>, column: impl ColumnTrait) -> SimpleExpr {
    column.in_subquery(visible(view).select_only().column(conversation::Column::Id).into_query())
}

fn moved_at() -> SimpleExpr {
    SimpleExpr::FunctionCall(Func::coalesce([
        Expr::col(conversation::Column::LastMessageAt),
        Expr::col(conversation::Column::CreatedAt),
    ]))
}

/// Where a conversation stands in the list.
struct Position {
    pinned: bool,
    at: DateTime<Utc>,
    id: Uuid,
}

impl Position {
    fn of(row: &Conversation) -> Self {
        Self {
            pinned: row.is_pinned,
            at: row.last_message_at.unwrap_or(row.created_at),
            id: row.id.as_uuid(),
        }
    }

    fn parse(text: &str) -> Result<Self> {
        let mut parts = text.splitn(3, '~');
        let (Some(pinned), Some(at), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Error::BadCursor);
        };
        Ok(Self {
            pinned: match pinned {
                "1" => true,
                "0" => false,
                _ => return Err(Error::BadCursor),
            },
            at: at.parse().map_err(|_| Error::BadCursor)?,
            id: id.parse().map_err(|_| Error::BadCursor)?,
        })
    }

    /// The condition of everything that stands after it.
    fn before(&self) -> Condition {
        let older = Condition::any()
            .add(moved_at().lt(self.at))
            .add(Condition::all().add(moved_at().eq(self.at)).add(conversation::Column::Id.lt(self.id)));
        Condition::any()
            .add(conversation::Column::IsPinned.lt(self.pinned))
            .add(Condition::all().add(conversation::Column::IsPinned.eq(self.pinned)).add(older))
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = self.at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        write!(f, "{}~{at}~{}", i32::from(self.pinned), self.id)
    }
}

/// A row of `FIND_WITH_TURN`.
fn with_turn(row: &mut Columns<'_>) -> Result<(Conversation, Option<RunId>)> {
    let conversation = Conversation {
        id: row.next::<Uuid>()?.into(),
        scope: Scope {
            organization_id: row.next::<Uuid>()?.into(),
            environment_id: row.next::<Uuid>()?.into(),
        },
        user_id: row.next::<Uuid>()?.into(),
        title: row.next()?,
        title_is_manual: row.next()?,
        agent_id: row.next::<Option<Uuid>>()?.map(Into::into),
        model: row.next()?,
        last_message_at: row.next()?,
        is_archived: row.next()?,
        is_pinned: row.next()?,
        settings: json("conversations.settings", row.next()?)?,
        token_count: row.next()?,
        message_count: row.next()?,
        agent_state: row.next()?,
        auto_route: row.next()?,
        current_leaf_id: row.next::<Option<Uuid>>()?.map(Into::into),
        branched_from_conversation_id: row.next::<Option<Uuid>>()?.map(Into::into),
        branched_from_message_id: row.next::<Option<Uuid>>()?.map(Into::into),
        data_classification: word("conversations.data_classification", &row.next::<String>()?)?,
        created_at: row.next()?,
        updated_at: row.next()?,
    };
    Ok((conversation, row.next::<Option<Uuid>>()?.map(Into::into)))
}

impl TryFrom<conversation::Model> for Conversation {
    type Error = Error;

    fn try_from(row: conversation::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            scope: Scope {
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.into(),
            },
            user_id: row.user_id.into(),
            title: row.title,
            title_is_manual: row.title_is_manual,
            agent_id: row.agent_id.map(Into::into),
            model: row.model,
            last_message_at: row.last_message_at,
            is_archived: row.is_archived,
            is_pinned: row.is_pinned,
            settings: json("conversations.settings", row.settings)?,
            token_count: row.token_count,
            message_count: row.message_count,
            agent_state: row.agent_state,
            auto_route: row.auto_route,
            current_leaf_id: row.current_leaf_id.map(Into::into),
            branched_from_conversation_id: row.branched_from_conversation_id.map(Into::into),
            branched_from_message_id: row.branched_from_message_id.map(Into::into),
            data_classification: word("conversations.data_classification", &row.data_classification)?,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use conductor_migrations::{Migrator, MigratorTrait};
    use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};

    use super::FIND_WITH_TURN;

    #[tokio::test]
    async fn looking_at_a_conversation_makes_no_temporary_table() {
        let database = Database::connect("sqlite::memory:").await.unwrap();
        Migrator::up(&database, None).await.unwrap();
        let explain = Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN {FIND_WITH_TURN}"));
        let steps = database.query_all_raw(explain).await.unwrap();
        let steps: Vec<String> = steps.iter().map(|step| step.try_get("", "opcode").unwrap()).collect();
        assert!(steps.iter().any(|step| step == "ResultRow"), "{steps:?}");
        assert!(
            !steps.iter().any(|step| step.starts_with("OpenEphemeral") || step.starts_with("Sorter")),
            "{steps:?}"
        );
    }
}
