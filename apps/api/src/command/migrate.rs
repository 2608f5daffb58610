//! `conductor migrate`: the schema up to date, without a server.

use std::{io::Write, sync::Arc};

use anyhow::Result;
use conductor_domain::SystemClock;
use conductor_storage::OpenOptions;

use crate::{config::Config, data::DataFolder};

/// Opens the database, which migrates it, and says so.
pub(crate) async fn run(config: Config) -> Result<()> {
    let _folder = DataFolder::open(&config.data)?;
    let store = OpenOptions::new(config.database()).open(Arc::new(SystemClock)).await?;
    writeln!(std::io::stdout(), "the {} database is up to date", store.kind())?;
    store.close().await;
    Ok(())
}
