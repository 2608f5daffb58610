//! Opening a database so that "acknowledged" means "on disk", or refusing to.

use std::{path::Path, str::FromStr, sync::Arc, time::Duration};

use conductor_domain::Clock;
use conductor_migrations::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, SqlxPostgresConnector, SqlxSqliteConnector, Statement,
};
use sqlx::{
    AssertSqlSafe, Executor,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::mpsc;

use crate::{
    Error, Result, Store,
    conn::Readers,
    hub::Hub,
    statistics,
    store::{Inner, Path as WritePath},
    writer::Writer,
};

/// SQLite before 3.51.3 can corrupt a WAL database when two connections write and checkpoint at once
/// (<https://sqlite.org/wal.html>, "the WAL-reset bug").
const SQLITE_AT_LEAST: (u32, u32, u32) = (3, 51, 3);

/// Where the database is and how much of it to use.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// `sqlite:///path/to/file.db` or `postgres://…`.
    pub url: String,
    /// Readers on SQLite, connections on PostgreSQL.
    pub connections: u32,
    /// Writes that may wait before new ones are refused.
    pub queue: usize,
    /// How long PostgreSQL keeps the rows of a transaction whose server says nothing more, as a paused machine does:
    /// others wait for them so long. As long as a lease, since its runs are to be had after that.
    pub silence: Duration,
    /// Changes nothing, not even the schema: for evidence, and beside a server that runs.
    pub read_only: bool,
}

impl OpenOptions {
    /// The defaults for a URL: 8 connections, a queue of 4,096, a silence of 15 s.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        let silence = Duration::from_secs(15);
        Self { url: url.into(), connections: 8, queue: 4_096, silence, read_only: false }
    }

    /// The URL of a SQLite file.
    #[must_use]
    pub fn sqlite(file: &Path) -> Self {
        Self::new(format!("sqlite://{}", file.display()))
    }

    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be reached, is too old, or does not keep what it acknowledges.
    pub async fn open(self, clock: Arc<dyn Clock>) -> Result<Store> {
        if self.url.starts_with("sqlite:") {
            self.open_sqlite(clock).await
        } else if self.url.starts_with("postgres:") || self.url.starts_with("postgresql:") {
            self.open_postgres(clock).await
        } else {
            Err(refuse("the URL must begin with sqlite:// or postgres://"))
        }
    }

    async fn open_sqlite(self, clock: Arc<dyn Clock>) -> Result<Store> {
        let options = SqliteConnectOptions::from_str(&self.url)
            .map_err(|error| refuse(error.to_string()))?
            .create_if_missing(!self.read_only)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true)
            .pragma("mmap_size", "0")
            .pragma("trusted_schema", "OFF")
            // What is deleted is overwritten, so that the file does not keep what an erasure removed.
            .pragma("secure_delete", "ON")
            .statement_cache_capacity(1_024);
        let writes =
            if self.read_only { options.clone().pragma("query_only", "ON") } else { options.clone() };
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(writes)
            .await
            .map_err(|error| refuse(error.to_string()))?;
        let writer = SqlxSqliteConnector::from_sqlx_sqlite_pool(writer);
        assert_sqlite(&writer).await?;
        if !self.read_only {
            migrate(&writer).await?;
            statistics::tell_planner(&writer).await?;
        }
        let reads = options.pragma("query_only", "ON");
        let hub = Arc::new(Hub::new(clock.now().timestamp_micros()));
        let (commands, queue) = mpsc::channel(self.queue);
        let writer =
            Writer { conn: writer, commands: queue, hub: Arc::clone(&hub), clock: Arc::clone(&clock) };
        let ended = writer.start().map_err(|error| refuse(format!("no thread for the writer: {error}")))?;
        Ok(Store::new(Inner {
            read: Readers::sqlite(reads, self.connections),
            path: WritePath::Writer { commands, ended },
            hub,
            clock,
        }))
    }

    async fn open_postgres(self, clock: Arc<dyn Clock>) -> Result<Store> {
        let options = PgConnectOptions::from_str(&self.url).map_err(|error| refuse(error.to_string()))?;
        if !self.read_only {
            // By connections of their own: whoever holds the lock says nothing while the migrations run, however long.
            let pool = PgPoolOptions::new().max_connections(2).connect_with(options.clone()).await;
            let pool = pool.map_err(|error| refuse(error.to_string()))?;
            let pool = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
            migrate(&pool).await?;
            pool.close().await?;
        }
        let silence = self.silence;
        let pool = PgPoolOptions::new()
            .max_connections(self.connections.max(2))
            .acquire_timeout(Duration::from_secs(10))
            .after_connect(move |connection, _| {
                let give_up =
                    format!("SET idle_in_transaction_session_timeout = {}", silence.as_millis().max(1));
                Box::pin(async move { connection.execute(AssertSqlSafe(give_up)).await.map(drop) })
            })
            .connect_with(options)
            .await
            .map_err(|error| refuse(error.to_string()))?;
        let pool = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
        assert_postgres(&pool).await?;
        let hub = Arc::new(Hub::new(clock.now().timestamp_micros()));
        Ok(Store::new(Inner {
            read: Readers::postgres(pool.clone(), self.connections.max(2)),
            path: WritePath::Transactions(pool),
            hub,
            clock,
        }))
    }
}

async fn migrate(conn: &DatabaseConnection) -> Result<()> {
    match conn.get_database_backend() {
        DbBackend::Postgres => {
            use sea_orm::TransactionTrait;
            // Nodes that start together migrate one after the other. The key is arbitrary but fixed: "cond" in ASCII. The
            // lock falls with the transaction.
            let lock = conn.begin().await?;
            lock.execute_unprepared("SELECT pg_advisory_xact_lock(1668247140)").await?;
            Migrator::up(conn, None).await?;
            lock.commit().await?;
        }
        _ => Migrator::up(conn, None).await?,
    }
    Ok(())
}

async fn assert_sqlite(conn: &DatabaseConnection) -> Result<()> {
    let version = text(conn, "SELECT sqlite_version()").await?;
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found < SQLITE_AT_LEAST {
        return Err(refuse(format!("SQLite {version} is older than 3.51.3, which can corrupt its WAL")));
    }
    for (pragma, wanted) in
        [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1"), ("secure_delete", "1")]
    {
        let found = text(conn, &format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}")).await?;
        if found != wanted {
            return Err(refuse(format!("PRAGMA {pragma} is {found}, not {wanted}")));
        }
    }
    Ok(())
}

async fn assert_postgres(conn: &DatabaseConnection) -> Result<()> {
    for (setting, refused) in [("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off")] {
        let found = text(conn, &format!("SELECT current_setting('{setting}')")).await?;
        if found == refused {
            return Err(refuse(format!(
                "PostgreSQL runs with {setting} = {found}; acknowledged writes would be lost"
            )));
        }
    }
    Ok(())
}

async fn text(conn: &DatabaseConnection, sql: &str) -> Result<String> {
    let statement = Statement::from_string(conn.get_database_backend(), sql);
    let row = conn.query_one_raw(statement).await?.ok_or(Error::NotFound)?;
    Ok(row.try_get_by_index(0)?)
}

fn refuse(reason: impl Into<String>) -> Error {
    Error::Open { reason: reason.into() }
}
