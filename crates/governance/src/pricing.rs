//! What models cost, from when on. The table is the platform's: everybody reads it, its administrators write it.

use std::sync::Arc;

use conductor_access::{Access, Action, Facts};
use conductor_domain::{
    Caller, ModelPrice, NewAuditEvent, NewModelPrice, Page, PageRequest, PricingId, Scope, decimal_of_nanos,
};
use conductor_storage::{Store, Unscoped};
use serde_json::json;

use crate::{Error, Result, parts::cut};

/// The most that 1,000 tokens may cost, in billionths: a million units.
const DEAREST: i64 = 1_000_000_000_000_000;
/// Letters of a model's name at most.
const NAME: usize = 200;

/// Which prices.
#[derive(Clone, Debug, Default)]
pub struct PriceFilter {
    /// Of this model.
    pub model_name: Option<String>,
    /// Only those that hold now, one a model.
    pub current: bool,
}

/// Prices of models.
#[derive(Clone, Debug)]
pub struct Pricing {
    store: Store,
    access: Arc<Access>,
}

impl Pricing {
    /// Over these rows and this decision point.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>) -> Self {
        Self { store, access }
    }

    /// Prices by model, the newest of each first.
    ///
    /// # Errors
    /// When the caller may not see them, or the cursor is not one of this list.
    pub async fn page(
        &self,
        caller: &Caller,
        filter: PriceFilter,
        page: PageRequest,
    ) -> Result<Page<ModelPrice>> {
        self.require(caller, Action::PricingRead).await?;
        let now = self.store.clock().now();
        let mut rows = self.store.unscoped(Unscoped::Administration).pricing().all().await?;
        rows.retain(|row| filter.model_name.as_ref().is_none_or(|name| row.price.model_name == *name));
        if filter.current {
            rows.retain(|row| row.price.is_active && row.price.effective_from <= now);
            rows.dedup_by(|next, kept| next.price.model_name == kept.price.model_name);
        }
        cut(rows, page, |row| row.id.to_string())
    }

    /// A price.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn find(&self, caller: &Caller, id: PricingId) -> Result<ModelPrice> {
        self.require(caller, Action::PricingRead).await?;
        let found = self.store.unscoped(Unscoped::Administration).pricing().find(id).await?;
        found.ok_or(Error::Hidden { what: "price" })
    }

    /// Sets what a model costs from a moment on, in place of the price that it has from the same moment; whether it is
    /// a new one. What was charged before stays as it was.
    ///
    /// # Errors
    /// `Invalid`, or a refusal.
    pub async fn put(&self, caller: &Caller, price: NewModelPrice) -> Result<(ModelPrice, bool)> {
        self.require(caller, Action::PricingUpdate).await?;
        check(&price)?;
        let mut entry = NewAuditEvent::by(
            caller,
            "pricing.updated",
            Action::PricingUpdate.as_str(),
            format!("pricing:{}", price.model_name),
        );
        entry.data = json!({
            "model_name": price.model_name,
            "effective_from": price.effective_from,
            "input_cost_per_1k": decimal_of_nanos(price.input_nanos_per_1k),
            "cached_input_cost_per_1k": price.cached_nanos_per_1k.map(decimal_of_nanos),
            "output_cost_per_1k": decimal_of_nanos(price.output_nanos_per_1k),
            "currency": price.currency,
            "is_active": price.is_active,
        });
        let scope = caller.scope;
        let stored = self.store.unscoped(Unscoped::Administration).write(move |tx| {
            Box::pin(async move {
                let (stored, new) = tx.pricing().put(price).await?;
                tx.scoped(scope).audit().record(entry.on("pricing", stored.id)).await?;
                Ok::<_, conductor_storage::Error>((stored, new))
            })
        });
        let stored = stored.await?;
        self.access.prices().changed();
        Ok(stored)
    }

    async fn require(&self, caller: &Caller, action: Action) -> Result<()> {
        Ok(self.access.require(caller, action, &Facts::new("pricing:*", Scope::PLATFORM)).await?)
    }
}

fn check(price: &NewModelPrice) -> Result<()> {
    let name = price.model_name.trim();
    if name.is_empty() || name != price.model_name || name.chars().count() > NAME {
        let says = "A model's name is 1 to 200 characters without spaces around it, as agents ask for it.";
        return Err(Error::field("/model_name", "invalid", says));
    }
    let costs = [
        ("/input_cost_per_1k", Some(price.input_nanos_per_1k)),
        ("/cached_input_cost_per_1k", price.cached_nanos_per_1k),
        ("/output_cost_per_1k", Some(price.output_nanos_per_1k)),
    ];
    for (pointer, nanos) in costs {
        if nanos.is_some_and(|nanos| !(0..=DEAREST).contains(&nanos)) {
            return Err(Error::field(pointer, "out_of_range", "1,000 tokens cost from 0 to 1000000."));
        }
    }
    Ok(())
}
