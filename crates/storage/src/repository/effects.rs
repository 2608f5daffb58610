//! The effect ledger: what was about to happen outside, and whether it did.

use conductor_domain::{CallId, EffectState, RunId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, prelude::Expr};

use super::convert::word;
use crate::{Result, ScopedTx, entity::effect, tx::Tx};

/// The effects of one tenant's runs, inside a write.
#[derive(Debug)]
pub struct Effects<'t> {
    tx: &'t Tx,
}

impl<'t> Effects<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx }
    }

    /// Writes that a call is about to be sent, with the key that the target gets too.
    ///
    /// # Errors
    /// `NameTaken` when the call was prepared before.
    pub async fn prepare(&self, run: RunId, call: CallId, key: &str, request_hash: &str) -> Result<()> {
        let now = self.tx.clock().now();
        let row = effect::ActiveModel {
            run_id: Set(run.as_uuid()),
            call_id: Set(call.as_uuid()),
            key: Set(key.to_owned()),
            request_hash: Set(request_hash.to_owned()),
            state: Set(EffectState::Prepared.as_str().to_owned()),
            response_ref: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
        };
        effect::Entity::insert(row).exec_without_returning(&self.tx.conn()).await?;
        Ok(())
    }

    /// Writes how a prepared call ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle(&self, run: RunId, call: CallId, state: EffectState) -> Result<()> {
        effect::Entity::update_many()
            .col_expr(effect::Column::State, Expr::value(state.as_str()))
            .col_expr(effect::Column::UpdatedAt, Expr::value(self.tx.clock().now()))
            .filter(effect::Column::RunId.eq(run.as_uuid()))
            .filter(effect::Column::CallId.eq(call.as_uuid()))
            .exec(&self.tx.conn())
            .await?;
        Ok(())
    }

    /// How a call stands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, run: RunId, call: CallId) -> Result<Option<EffectState>> {
        effect::Entity::find_by_id((run.as_uuid(), call.as_uuid()))
            .one(&self.tx.conn())
            .await?
            .map(|row| word("effects.state", &row.state))
            .transpose()
    }
}
