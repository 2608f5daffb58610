//! Standing answers: "allow in this chat" and "allow always", bound to the tool's approved definition.

use conductor_domain::{AgentId, ConversationId, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, prelude::Uuid};

use crate::{Result, ScopedTx, entity::tool_approval};

/// Standing answers of one tenant, inside a write.
#[derive(Debug)]
pub struct ToolApprovals<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> ToolApprovals<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Lets a tool pass for a person in one conversation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn allow_in(
        &self,
        user: UserId,
        tool: &str,
        hash: &str,
        conversation: ConversationId,
    ) -> Result<()> {
        self.insert(user, tool, hash, "conversation", conversation.as_uuid()).await
    }

    /// Lets a tool pass for a person with one agent.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn allow_for(&self, user: UserId, tool: &str, hash: &str, agent: AgentId) -> Result<()> {
        self.insert(user, tool, hash, "agent", agent.as_uuid()).await
    }

    /// Whether a person has let this very definition of a tool pass here.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stands(
        &self,
        user: UserId,
        tool: &str,
        hash: &str,
        conversation: Option<ConversationId>,
        agent: Option<AgentId>,
    ) -> Result<bool> {
        let mut places = Condition::any();
        for (word, id) in [("conversation", conversation.map(Uuid::from)), ("agent", agent.map(Uuid::from))] {
            if let Some(id) = id {
                places = places.add(
                    Condition::all()
                        .add(tool_approval::Column::ScopeType.eq(word))
                        .add(tool_approval::Column::ScopeId.eq(id)),
                );
            }
        }
        if places.is_empty() {
            return Ok(false);
        }
        let found = tool_approval::Entity::find()
            .filter(tool_approval::Column::OrganizationId.eq(self.tx.scope.organization_id.as_uuid()))
            .filter(tool_approval::Column::EnvironmentId.eq(self.tx.scope.environment_id.as_uuid()))
            .filter(tool_approval::Column::UserId.eq(user.as_uuid()))
            .filter(tool_approval::Column::Tool.eq(tool))
            .filter(tool_approval::Column::DefinitionHash.eq(hash))
            .filter(places)
            .one(&self.tx.tx.conn())
            .await?;
        Ok(found.is_some())
    }

    async fn insert(&self, user: UserId, tool: &str, hash: &str, word: &str, id: Uuid) -> Result<()> {
        let row = tool_approval::ActiveModel {
            id: Set(self.tx.clock().uuid_v7()),
            organization_id: Set(self.tx.scope.organization_id.as_uuid()),
            environment_id: Set(self.tx.scope.environment_id.as_uuid()),
            user_id: Set(user.as_uuid()),
            tool: Set(tool.to_owned()),
            definition_hash: Set(hash.to_owned()),
            scope_type: Set(word.to_owned()),
            scope_id: Set(id),
            created_at: Set(self.tx.clock().now()),
        };
        tool_approval::Entity::insert(row).exec_without_returning(&self.tx.tx.conn()).await?;
        Ok(())
    }
}
