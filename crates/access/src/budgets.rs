//! Whether a spender has budgets at all, without asking the database at every call. Where one applies, the ledger in
//! the call's own transaction decides; what is remembered here only says that there is nothing to decide.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use conductor_domain::{Budget, BudgetRefusal, BudgetStanding, OrganizationId, RefusalReason, Spender};
use conductor_storage::{Store, Unscoped};

use crate::{Error, Result};

/// Milliseconds for which an organisation's budgets are used without being read again.
const FRESH: i64 = 500;

/// The budgets of one organisation, as they were read.
#[derive(Clone, Debug)]
struct Known {
    budgets: Arc<[Budget]>,
    read_at: i64,
}

/// Budgets, for one process.
#[derive(Debug)]
pub struct Budgets {
    store: Store,
    known: RwLock<HashMap<OrganizationId, Known>>,
}

impl Budgets {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, known: RwLock::default() }
    }

    /// Whether any budget counts what this spender spends.
    ///
    /// # Errors
    /// When the budgets cannot be read; then nothing may be spent.
    pub async fn apply(&self, spender: &Spender) -> Result<bool> {
        let budgets = self.of(spender.scope.organization_id).await?;
        Ok(budgets.iter().any(|budget| budget.subject(spender).is_some()))
    }

    /// Lets work begin where no budget of the spender is spent. It reserves nothing: each call does that for itself.
    ///
    /// # Errors
    /// `Budget` where one is spent.
    pub async fn admit(&self, spender: &Spender) -> Result<()> {
        if !self.apply(spender).await? {
            return Ok(());
        }
        let spent = self.standings(spender).await?.into_iter().find(|standing| {
            standing.budget.stops() && standing.spent_nanos() >= standing.budget.terms.limit_nanos
        });
        spent.map_or(Ok(()), |standing| Err(Error::budget(refusal(standing), &**self.store.clock())))
    }

    /// How the budgets that count what this spender spends stand.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn standings(&self, spender: &Spender) -> Result<Vec<BudgetStanding>> {
        let rows = self.store.unscoped(Unscoped::DecisionPoint);
        Ok(rows.budgets().standings(spender, self.store.clock().now()).await?)
    }

    /// The budgets of an organisation are read again before the next call.
    pub fn changed(&self, organization: OrganizationId) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(&organization);
    }

    async fn of(&self, organization: OrganizationId) -> Result<Arc<[Budget]>> {
        let now = self.store.clock().now().timestamp_millis();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&organization).cloned();
        if let Some(known) = known.filter(|known| now - known.read_at < FRESH) {
            return Ok(known.budgets);
        }
        let budgets: Arc<[Budget]> =
            self.store.unscoped(Unscoped::DecisionPoint).budgets().of(organization).await?.into();
        let read = Known { budgets: Arc::clone(&budgets), read_at: now };
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(organization, read);
        Ok(budgets)
    }
}

fn refusal(standing: BudgetStanding) -> BudgetRefusal {
    BudgetRefusal {
        budget_id: standing.budget.id,
        scope: standing.budget.terms.scope,
        limit_nanos: standing.budget.terms.limit_nanos,
        spent_nanos: standing.spent_nanos(),
        reserved_nanos: standing.reserved_nanos(),
        currency: standing.budget.terms.currency.clone(),
        reason: RefusalReason::Spent,
        resets_at: standing.resets_at,
        name: standing.budget.terms.name,
    }
}
