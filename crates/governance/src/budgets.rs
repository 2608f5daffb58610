//! Budgets: who sets them, and how they stand. Holding calls to them is the ledger's.

use std::sync::Arc;

use conductor_access::{Access, Action, Facts};
use conductor_domain::{
    AgentId, BudgetCounter, BudgetId, BudgetPeriod, BudgetScope, BudgetStanding, Caller, EnvironmentId,
    NewAuditEvent, NewBudget, Page, PageRequest, UserId, decimal_of_nanos,
};
use conductor_storage::Store;
use serde_json::json;

use crate::{Error, Result};

/// Budgets of one organisation at most: each is looked at before each call.
const BUDGETS: u64 = 100;
/// Counters of one answer at most.
const COUNTERS: u64 = 100;
/// The largest limit, in billionths: a billion units.
const LARGEST: i64 = 1_000_000_000_000_000_000;
/// Letters of a name at most.
const NAME: usize = 100;

/// A change of a budget; what is `None` stays. Whose spending, period and currency are for good.
#[derive(Clone, Debug, Default)]
pub struct BudgetEdit {
    /// The name.
    pub name: Option<String>,
    /// How much may be spent, in billionths of the currency's unit.
    pub limit_nanos: Option<i64>,
    /// From which part of the limit on people are warned, in percent.
    pub warn_percent: Option<i32>,
    /// Whether a spent budget stops calls.
    pub hard_stop: Option<bool>,
    /// Whether it is held at all.
    pub is_active: Option<bool>,
}

/// Budgets of the organisation that a caller acts in.
#[derive(Clone, Debug)]
pub struct Budgets {
    store: Store,
    access: Arc<Access>,
}

impl Budgets {
    /// Over these rows and this decision point.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>) -> Self {
        Self { store, access }
    }

    /// The organisation's budgets and how they stand, the newest first.
    ///
    /// # Errors
    /// When the caller may not see them, or the cursor is not one of this list.
    pub async fn page(&self, caller: &Caller, page: PageRequest) -> Result<Page<BudgetStanding>> {
        self.require(caller, Action::BudgetRead, None).await?;
        Ok(self.store.visible_to(caller).budgets().page(page, self.store.clock().now()).await?)
    }

    /// A budget and how it stands.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn find(&self, caller: &Caller, id: BudgetId) -> Result<BudgetStanding> {
        self.require(caller, Action::BudgetRead, Some(id)).await?;
        let found = self.store.visible_to(caller).budgets().find(id, self.store.clock().now()).await?;
        found.ok_or(Error::Hidden { what: "budget" })
    }

    /// Who has spent the most of a budget in its present period.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn counters(&self, caller: &Caller, id: BudgetId) -> Result<Vec<BudgetCounter>> {
        let budget = self.find(caller, id).await?.budget;
        let now = self.store.clock().now();
        Ok(self.store.visible_to(caller).budgets().counters(&budget, now, COUNTERS).await?)
    }

    /// Makes a budget. It counts from the next call on, with what was spent in its period before.
    ///
    /// # Errors
    /// `Invalid`, `Taken`, or a refusal.
    pub async fn create(&self, caller: &Caller, mut terms: NewBudget) -> Result<BudgetStanding> {
        self.require(caller, Action::BudgetCreate, None).await?;
        check(&mut terms)?;
        self.check_target(caller, &terms).await?;
        if self.store.visible_to(caller).budgets().count().await? >= BUDGETS {
            let says = "An organisation has 100 budgets at most. Delete one that is no longer needed.";
            return Err(Error::field("", "too_many", says));
        }
        let (id, by) = (BudgetId::generate(&**self.store.clock()), caller.user_id());
        let entry = entry(caller, "budget.created", Action::BudgetCreate, id, &terms);
        let made = self.store.scoped(caller.scope).write(move |tx| {
            Box::pin(async move {
                let budget = tx.budgets().create(id, terms, by).await?;
                tx.budget_ledger().open(&budget).await?;
                tx.audit().record(entry).await?;
                Ok::<_, conductor_storage::Error>(budget)
            })
        });
        let budget = made.await.map_err(taken)?;
        self.changed(caller, budget.id).await
    }

    /// Changes a budget. People are warned anew.
    ///
    /// # Errors
    /// `Hidden`, `Invalid`, `Taken`, or a refusal.
    pub async fn update(&self, caller: &Caller, id: BudgetId, edit: BudgetEdit) -> Result<BudgetStanding> {
        self.require(caller, Action::BudgetUpdate, Some(id)).await?;
        let before = self.find(caller, id).await?.budget.terms;
        let mut terms = NewBudget {
            name: edit.name.unwrap_or(before.name),
            limit_nanos: edit.limit_nanos.unwrap_or(before.limit_nanos),
            warn_percent: edit.warn_percent.unwrap_or(before.warn_percent),
            hard_stop: edit.hard_stop.unwrap_or(before.hard_stop),
            is_active: edit.is_active.unwrap_or(before.is_active),
            ..before
        };
        check(&mut terms)?;
        let entry = entry(caller, "budget.updated", Action::BudgetUpdate, id, &terms);
        let changed = self.store.scoped(caller.scope).write(move |tx| {
            Box::pin(async move {
                tx.budgets().update(id, terms).await?;
                tx.audit().record(entry).await?;
                Ok::<_, conductor_storage::Error>(())
            })
        });
        changed.await.map_err(taken)?;
        self.changed(caller, id).await
    }

    /// Deletes a budget; calls are no longer held to it.
    ///
    /// # Errors
    /// `Hidden`, or a refusal.
    pub async fn delete(&self, caller: &Caller, id: BudgetId) -> Result<()> {
        self.require(caller, Action::BudgetDelete, Some(id)).await?;
        let budget = self.find(caller, id).await?.budget;
        let entry = entry(caller, "budget.deleted", Action::BudgetDelete, id, &budget.terms);
        let deleted = self.store.scoped(caller.scope).write(move |tx| {
            Box::pin(async move {
                tx.budgets().delete(id).await?;
                tx.audit().record(entry).await?;
                Ok::<_, conductor_storage::Error>(())
            })
        });
        deleted.await?;
        self.access.budgets().changed(caller.scope.organization_id);
        Ok(())
    }

    async fn changed(&self, caller: &Caller, id: BudgetId) -> Result<BudgetStanding> {
        self.access.budgets().changed(caller.scope.organization_id);
        let found = self.store.visible_to(caller).budgets().find(id, self.store.clock().now()).await?;
        found.ok_or(Error::Hidden { what: "budget" })
    }

    /// Whether what the budget is for is there, and to be seen.
    async fn check_target(&self, caller: &Caller, terms: &NewBudget) -> Result<()> {
        let Some(target) = terms.target_id else { return Ok(()) };
        let rows = self.store.visible_to(caller);
        let there = match terms.scope {
            BudgetScope::Environment => {
                rows.environments().find(EnvironmentId::from_uuid(target)).await?.is_some()
            }
            BudgetScope::Agent => rows.agents().find(AgentId::from_uuid(target)).await?.is_some(),
            BudgetScope::User => {
                self.access.caller_of(UserId::from_uuid(target), caller.scope).await?.is_some()
            }
            BudgetScope::Organization | BudgetScope::Run => false,
        };
        if there {
            return Ok(());
        }
        let says = format!("This organisation has no such {}; leave it out for each by itself.", terms.scope);
        Err(Error::field("/target_id", "not_found", says))
    }

    async fn require(&self, caller: &Caller, action: Action, id: Option<BudgetId>) -> Result<()> {
        let target = id.map_or_else(|| "budget:*".to_owned(), |id| format!("budget:{id}"));
        Ok(self.access.require(caller, action, &Facts::new(target, caller.scope)).await?)
    }
}

fn check(terms: &mut NewBudget) -> Result<()> {
    terms.name = terms.name.trim().to_owned();
    if terms.name.is_empty() || terms.name.chars().count() > NAME {
        return Err(Error::field("/name", "invalid", "A name is 1 to 100 characters."));
    }
    if !(1..=LARGEST).contains(&terms.limit_nanos) {
        return Err(Error::field("/limit", "out_of_range", "A limit is more than 0 and at most 1000000000."));
    }
    if !(1..=100).contains(&terms.warn_percent) {
        return Err(Error::field(
            "/warn_percent",
            "out_of_range",
            "A warning comes from 1 to 100 percent on.",
        ));
    }
    let of_one = matches!(terms.scope, BudgetScope::Organization | BudgetScope::Run);
    if of_one && terms.target_id.is_some() {
        let says = "A budget of the organisation or of runs has no target.";
        return Err(Error::field("/target_id", "invalid", says));
    }
    if terms.scope == BudgetScope::Run && terms.period != BudgetPeriod::Total {
        return Err(Error::field("/period", "invalid", "A budget of runs is for all of a run: `total`."));
    }
    Ok(())
}

fn taken(error: conductor_storage::Error) -> Error {
    match error {
        conductor_storage::Error::NameTaken { .. } => Error::Taken { what: "name" },
        other => other.into(),
    }
}

fn entry(caller: &Caller, event: &str, action: Action, id: BudgetId, terms: &NewBudget) -> NewAuditEvent {
    let mut entry =
        NewAuditEvent::by(caller, event, action.as_str(), format!("budget:{id}")).on("budget", id.as_uuid());
    entry.data = json!({
        "name": terms.name,
        "scope": terms.scope,
        "target_id": terms.target_id,
        "period": terms.period,
        "limit": decimal_of_nanos(terms.limit_nanos),
        "currency": terms.currency,
        "warn_percent": terms.warn_percent,
        "hard_stop": terms.hard_stop,
        "is_active": terms.is_active,
    });
    entry
}
