//! Where queries run: readers of a database, or a transaction, so that one repository serves both.

use std::sync::{Mutex, PoisonError};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait, ExecResult,
    FromQueryResult, QueryResult, QuerySelect, QueryTrait, RuntimeErr, Select, Statement, Value, Values,
    prelude::Uuid,
};
use sea_query_sqlx::SqlxValues;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, Sqlite, SqliteConnection, query::Query,
    sqlite::SqliteConnectOptions,
};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{columns::Columns, point::Points};

/// The connections that read, with a queue before them: a query that waits for one costs a place in the queue instead
/// of its whole future, which is kilobytes.
#[derive(Debug)]
pub(crate) struct Readers {
    from: Source,
    turns: Semaphore,
}

#[derive(Debug)]
enum Source {
    /// SQLite's, held here: sqlx's pool takes a connection back in a task of its own, which costs a point read a tenth
    /// of its time. They are files that are open, so none of them has to be tested; one is opened when a turn finds none
    /// idle, at first and after one has died.
    Connections { idle: Mutex<Vec<SqliteConnection>>, options: Box<SqliteConnectOptions>, points: Points },
    /// PostgreSQL's pool: connections end with the network.
    Pool(DatabaseConnection),
}

impl Readers {
    /// So many connections to a file of SQLite, opened when they are first needed.
    pub(crate) fn sqlite(options: SqliteConnectOptions, connections: u32) -> Self {
        let points = Points::new(options.get_filename());
        let from = Source::Connections { idle: Mutex::default(), options: Box::new(options), points };
        Self { from, turns: turns(connections) }
    }

    /// Over a pool of so many connections to PostgreSQL.
    pub(crate) fn postgres(pool: DatabaseConnection, connections: u32) -> Self {
        Self { from: Source::Pool(pool), turns: turns(connections) }
    }

    pub(crate) fn backend(&self) -> DbBackend {
        match &self.from {
            Source::Connections { .. } => DbBackend::Sqlite,
            Source::Pool(pool) => pool.get_database_backend(),
        }
    }

    pub(crate) async fn close(self) {
        match self.from {
            Source::Connections { idle, .. } => {
                for connection in idle.into_inner().unwrap_or_else(PoisonError::into_inner) {
                    drop(connection.close().await);
                }
            }
            Source::Pool(pool) => drop(pool.close().await),
        }
    }

    async fn turn(&self) -> Result<Turn<'_>, DbErr> {
        let permit = self.turns.acquire().await.map_err(|closed| DbErr::Custom(closed.to_string()))?;
        match &self.from {
            Source::Pool(pool) => Ok(Turn::Pool(pool, permit)),
            Source::Connections { idle, options, .. } => {
                let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let connection = match taken {
                    Some(connection) => connection,
                    None => options.connect().await.map_err(connection_failed)?,
                };
                Ok(Turn::Connection(Taken { connection: Some(connection), idle, _permit: permit }))
            }
        }
    }
}

fn turns(connections: u32) -> Semaphore {
    Semaphore::new(usize::try_from(connections).unwrap_or(1).max(1))
}

/// A connection for the length of one query.
enum Turn<'a> {
    Connection(Taken<'a>),
    Pool(&'a DatabaseConnection, SemaphorePermit<'a>),
}

/// A connection of SQLite; it goes back when this is dropped, whether its query ended or was given up.
struct Taken<'a> {
    connection: Option<SqliteConnection>,
    idle: &'a Mutex<Vec<SqliteConnection>>,
    _permit: SemaphorePermit<'a>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).extend(self.connection.take());
    }
}

/// A borrowed place to run a query.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Conn<'a> {
    /// The readers.
    Readers(&'a Readers),
    /// A write transaction.
    Tx(&'a DatabaseTransaction),
}

impl Conn<'_> {
    /// A statement of this database. Both number what is bound, `$1`.
    pub(crate) fn statement(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.get_database_backend(), sql, values)
    }

    /// The one row that `sql` finds by `key`; `sql` names its columns in the order in which `read` takes them. Only for a
    /// statement that goes straight to its row: readers of SQLite run it on this thread.
    pub(crate) async fn point<T>(
        &self,
        sql: &'static str,
        key: &[Uuid],
        read: impl Fn(&mut Columns<'_>) -> crate::Result<T>,
    ) -> crate::Result<Option<T>> {
        if let Self::Readers(Readers { from: Source::Connections { points, .. }, .. }) = self
            && let Some(found) = points.read(sql, key, &read)
        {
            return found;
        }
        let row = self.query_one_raw(self.statement(sql, key.iter().copied().map(Value::from))).await?;
        row.map(|row| read(&mut Columns::of(&row))).transpose()
    }
}

impl Taken<'_> {
    fn get(&mut self) -> Result<&mut SqliteConnection, DbErr> {
        self.connection.as_mut().ok_or_else(|| DbErr::Custom("the reader was given back".to_owned()))
    }

    /// What a query said. A connection whose thread has died is not given back, so the next turn opens another.
    fn ended<T>(&mut self, said: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        if matches!(said, Err(sqlx::Error::WorkerCrashed)) {
            self.connection = None;
        }
        said
    }
}

fn prepared(statement: Statement) -> Query<'static, Sqlite, SqlxValues> {
    let values = statement.values.unwrap_or_else(|| Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql), SqlxValues(values))
}

fn connection_failed(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(error.into()))
}

fn query_failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

fn execution_failed(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

#[async_trait::async_trait]
impl ConnectionTrait for Conn<'_> {
    fn get_database_backend(&self) -> DbBackend {
        match self {
            Self::Readers(readers) => readers.backend(),
            Self::Tx(tx) => tx.get_database_backend(),
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match self {
            Self::Readers(readers) => match readers.turn().await? {
                Turn::Pool(pool, _permit) => pool.execute_raw(statement).await,
                Turn::Connection(mut taken) => {
                    let done = prepared(statement).execute(taken.get()?).await;
                    taken.ended(done).map(Into::into).map_err(execution_failed)
                }
            },
            Self::Tx(tx) => tx.execute_raw(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match self {
            Self::Readers(readers) => match readers.turn().await? {
                Turn::Pool(pool, _permit) => pool.execute_unprepared(sql).await,
                Turn::Connection(mut taken) => {
                    let done = taken.get()?.execute(AssertSqlSafe(sql)).await;
                    taken.ended(done).map(Into::into).map_err(execution_failed)
                }
            },
            Self::Tx(tx) => tx.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self {
            Self::Readers(readers) => match readers.turn().await? {
                Turn::Pool(pool, _permit) => pool.query_one_raw(statement).await,
                Turn::Connection(mut taken) => {
                    let row = prepared(statement).fetch_optional(taken.get()?).await;
                    taken.ended(row).map(|row| row.map(Into::into)).map_err(query_failed)
                }
            },
            Self::Tx(tx) => tx.query_one_raw(statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Readers(readers) => match readers.turn().await? {
                Turn::Pool(pool, _permit) => pool.query_all_raw(statement).await,
                Turn::Connection(mut taken) => {
                    let rows = prepared(statement).fetch_all(taken.get()?).await;
                    taken
                        .ended(rows)
                        .map(|rows| rows.into_iter().map(Into::into).collect())
                        .map_err(query_failed)
                }
            },
            Self::Tx(tx) => tx.query_all_raw(statement).await,
        }
    }
}

/// Running a query as its text alone. `one` and `all` of sea-orm keep the query's tree while they wait for a connection,
/// and the trees of what a caller may see are tens of kilobytes.
pub(crate) trait Fetch<E: EntityTrait>: Sized {
    /// The first row.
    fn row(self, conn: Conn<'_>) -> impl Future<Output = Result<Option<E::Model>, DbErr>> + Send;

    /// Every row.
    fn rows(self, conn: Conn<'_>) -> impl Future<Output = Result<Vec<E::Model>, DbErr>> + Send;
}

impl<E: EntityTrait> Fetch<E> for Select<E> {
    fn row(self, conn: Conn<'_>) -> impl Future<Output = Result<Option<E::Model>, DbErr>> + Send {
        let statement = self.limit(1).build(conn.get_database_backend());
        async move {
            let row = conn.query_one_raw(statement).await?;
            row.map(|row| E::Model::from_query_result(&row, "")).transpose()
        }
    }

    fn rows(self, conn: Conn<'_>) -> impl Future<Output = Result<Vec<E::Model>, DbErr>> + Send {
        let statement = self.build(conn.get_database_backend());
        async move {
            let rows = conn.query_all_raw(statement).await?;
            rows.iter().map(|row| E::Model::from_query_result(row, "")).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_that_has_died_is_replaced() {
        let readers = Readers::sqlite(SqliteConnectOptions::new().in_memory(true), 1);
        for _ in 0..2 {
            let Ok(Turn::Connection(mut taken)) = readers.turn().await else { panic!("no turn") };
            let died = taken.ended::<()>(Err(sqlx::Error::WorkerCrashed));
            assert!(died.is_err() && taken.get().is_err());
        }
        let one = Conn::Readers(&readers)
            .query_one_raw(Statement::from_string(DbBackend::Sqlite, "SELECT 1"))
            .await;
        assert!(one.unwrap().is_some());
    }
}
