//! The audit log: rows are written unsealed in the action's own transaction; nothing here changes or removes one.

use conductor_domain::NewAuditEvent;
use sea_orm::{ActiveValue::Set, EntityTrait};

use crate::{Result, ScopedTx, entity::audit_event};

/// The audit log of one tenant, inside a write.
#[derive(Debug)]
pub struct Audit<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> Audit<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Writes one entry.
    ///
    /// # Errors
    /// When the database fails; the action must then fail too.
    pub async fn record(&self, event: NewAuditEvent) -> Result<()> {
        let clock = self.tx.clock();
        let row = audit_event::ActiveModel {
            id: Set(clock.uuid_v7()),
            organization_id: Set(self.tx.scope.organization_id.as_uuid()),
            environment_id: Set(Some(self.tx.scope.environment_id.as_uuid())),
            event_type: Set(event.event_type),
            subject: Set(event.subject),
            user_id: Set(event.user_id.map(Into::into)),
            action: Set(event.action),
            target: Set(event.target),
            decision: Set(if event.allowed { "allow" } else { "deny" }.to_owned()),
            rule_id: Set(event.rule_id),
            resource_type: Set(event.resource_type),
            resource_id: Set(event.resource_id),
            data_classification: Set(event.data_classification.map(|label| label.as_str().to_owned())),
            ip_address: Set(event.address.map(|address| address.to_string())),
            denial_reason: Set(event.denial_reason),
            run_id: Set(event.run_id.map(Into::into)),
            event_data: Set(event.data),
            context: Set(event.context),
            ts: Set(clock.now()),
            seq: Set(None),
            prev_hash: Set(None),
            hash: Set(None),
        };
        audit_event::Entity::insert(row).exec_without_returning(&self.tx.tx.conn()).await?;
        Ok(())
    }
}
