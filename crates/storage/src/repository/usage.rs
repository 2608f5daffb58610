//! The usage ledger: one row a model call.

use conductor_domain::NewUsage;
use sea_orm::{ActiveValue::Set, EntityTrait};

use crate::{Result, ScopedTx, entity::usage_record};

/// The usage ledger of one tenant, inside a write.
#[derive(Debug)]
pub struct Usage<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> Usage<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Writes what a model call took and cost.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record(&self, usage: NewUsage) -> Result<()> {
        let clock = self.tx.clock();
        let row = usage_record::ActiveModel {
            id: Set(clock.uuid_v7()),
            organization_id: Set(self.tx.scope.organization_id.as_uuid()),
            environment_id: Set(self.tx.scope.environment_id.as_uuid()),
            user_id: Set(usage.user_id.map(Into::into)),
            conversation_id: Set(usage.conversation_id.map(Into::into)),
            message_id: Set(usage.message_id.map(Into::into)),
            agent_id: Set(usage.agent_id.map(Into::into)),
            workflow_id: Set(None),
            run_id: Set(usage.run_id.into()),
            model: Set(usage.model),
            provider: Set(usage.provider),
            input_tokens: Set(usage.input_tokens),
            output_tokens: Set(usage.output_tokens),
            cached_tokens: Set(usage.cached_tokens),
            cost_nanos: Set(usage.cost_nanos),
            currency: Set(usage.currency),
            created_at: Set(clock.now()),
        };
        usage_record::Entity::insert(row).exec_without_returning(&self.tx.tx.conn()).await?;
        Ok(())
    }
}
