//! Prices as calls need them: the whole table in memory, at most a second old.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use chrono::{DateTime, Utc};
use conductor_domain::{ModelPrice, NewModelPrice};
use conductor_storage::{Store, Unscoped};

use crate::Result;

/// Milliseconds for which a table is used without being read again.
const FRESH: i64 = 1_000;

/// The prices of each model, the newest first.
#[derive(Debug)]
struct Table {
    models: HashMap<String, Vec<ModelPrice>>,
    read_at: i64,
}

/// What models cost, for one process.
#[derive(Debug)]
pub struct Prices {
    store: Store,
    table: RwLock<Option<Arc<Table>>>,
}

impl Prices {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, table: RwLock::default() }
    }

    /// The price of a model at a moment: the active one with the latest beginning that is not after it.
    ///
    /// # Errors
    /// When the prices cannot be read.
    pub async fn at(&self, model: &str, moment: DateTime<Utc>) -> Result<Option<ModelPrice>> {
        let table = self.table().await?;
        let prices = table.models.get(model).map(Vec::as_slice).unwrap_or_default();
        let holds = |row: &&ModelPrice| row.price.is_active && row.price.effective_from <= moment;
        Ok(prices.iter().find(holds).cloned())
    }

    /// Takes the catalogue's prices over, as far as no administrator has set others.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn seed(&self, prices: Vec<NewModelPrice>) -> Result<()> {
        let rows = self.store.unscoped(Unscoped::Setup);
        rows.write(move |tx| {
            Box::pin(async move {
                for price in prices {
                    tx.pricing().seed(price).await?;
                }
                Ok::<_, conductor_storage::Error>(())
            })
        })
        .await?;
        self.changed();
        Ok(())
    }

    /// The table is read again before the next call.
    pub fn changed(&self) {
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn table(&self) -> Result<Arc<Table>> {
        let now = self.store.clock().now().timestamp_millis();
        let known = self.table.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| now - known.read_at < FRESH) {
            return Ok(known);
        }
        let mut models: HashMap<String, Vec<ModelPrice>> = HashMap::new();
        for row in self.store.unscoped(Unscoped::DecisionPoint).pricing().all().await? {
            models.entry(row.price.model_name.clone()).or_default().push(row);
        }
        let table = Arc::new(Table { models, read_at: now });
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&table));
        Ok(table)
    }
}
