//! What models cost. The table is the platform's own: one price a model and moment, for every tenant.

use conductor_domain::{ModelPrice, NewModelPrice, PriceSource, PricingId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};

use super::convert::word;
use crate::{Error, Result, conn::Conn, entity::model_price, tx::Tx};

/// Prices of every model.
#[derive(Debug)]
pub struct Pricing<'a> {
    conn: Conn<'a>,
}

impl<'a> Pricing<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// Every price, by model and the newest of each first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all(&self) -> Result<Vec<ModelPrice>> {
        let select = model_price::Entity::find()
            .order_by_asc(model_price::Column::ModelName)
            .order_by_desc(model_price::Column::EffectiveFrom);
        select.all(&self.conn).await?.into_iter().map(ModelPrice::try_from).collect()
    }

    /// A price.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: PricingId) -> Result<Option<ModelPrice>> {
        let row = model_price::Entity::find_by_id(id.as_uuid()).one(&self.conn).await?;
        row.map(ModelPrice::try_from).transpose()
    }
}

/// Prices of every model, inside a write.
#[derive(Debug)]
pub struct PricingTx<'t> {
    tx: &'t Tx,
}

impl<'t> PricingTx<'t> {
    pub(crate) fn new(tx: &'t Tx) -> Self {
        Self { tx }
    }

    /// Stores a price, in place of the one that the model has from the same moment on; whether it is a new one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put(&self, price: NewModelPrice) -> Result<(ModelPrice, bool)> {
        let stored = self.row(&price).await?;
        let new = stored.is_none();
        Ok((self.write(stored, price).await?, new))
    }

    /// Stores what the catalogue says, but never over what an administrator said.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seed(&self, price: NewModelPrice) -> Result<()> {
        let stored = self.row(&price).await?;
        if let Some(row) = &stored {
            let known = ModelPrice::try_from(row.clone())?.price;
            if known.source == PriceSource::Administrator || known == price {
                return Ok(());
            }
        }
        self.write(stored, price).await.map(|_| ())
    }

    async fn row(&self, price: &NewModelPrice) -> Result<Option<model_price::Model>> {
        let select = model_price::Entity::find()
            .filter(model_price::Column::ModelName.eq(&price.model_name))
            .filter(model_price::Column::EffectiveFrom.eq(price.effective_from));
        Ok(select.one(&self.tx.conn()).await?)
    }

    async fn write(&self, stored: Option<model_price::Model>, price: NewModelPrice) -> Result<ModelPrice> {
        let (conn, clock, now) = (self.tx.conn(), self.tx.clock(), self.tx.clock().now());
        let new = stored.is_none();
        let mut row = stored.map(IntoActiveModel::into_active_model).unwrap_or_default();
        if new {
            row.id = Set(clock.uuid_v7());
            row.model_name = Set(price.model_name);
            row.effective_from = Set(price.effective_from);
            row.created_at = Set(now);
        }
        row.provider = Set(price.provider);
        row.input_nanos_per_1k = Set(price.input_nanos_per_1k);
        row.cached_nanos_per_1k = Set(price.cached_nanos_per_1k);
        row.output_nanos_per_1k = Set(price.output_nanos_per_1k);
        row.currency = Set(price.currency);
        row.is_active = Set(price.is_active);
        row.source = Set(price.source.as_str().to_owned());
        row.updated_at = Set(now);
        let row = if new { row.insert(&conn).await? } else { row.update(&conn).await? };
        row.try_into()
    }
}

impl TryFrom<model_price::Model> for ModelPrice {
    type Error = Error;

    fn try_from(row: model_price::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            price: NewModelPrice {
                model_name: row.model_name,
                provider: row.provider,
                input_nanos_per_1k: row.input_nanos_per_1k,
                cached_nanos_per_1k: row.cached_nanos_per_1k,
                output_nanos_per_1k: row.output_nanos_per_1k,
                currency: row.currency,
                effective_from: row.effective_from,
                is_active: row.is_active,
                source: word("model_pricing.source", &row.source)?,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
