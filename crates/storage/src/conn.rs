//! Either the readers or a transaction, so that one repository serves both.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    Statement,
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// The readers' pool, with a queue before it: a query that waits for a connection costs a place in the queue instead
/// of its whole future, which is kilobytes.
#[derive(Debug)]
pub(crate) struct Readers {
    pub(crate) pool: DatabaseConnection,
    turns: Semaphore,
}

impl Readers {
    /// Over a pool of so many connections.
    pub(crate) fn new(pool: DatabaseConnection, connections: u32) -> Self {
        Self { pool, turns: Semaphore::new(usize::try_from(connections).unwrap_or(1).max(1)) }
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, DbErr> {
        self.turns.acquire().await.map_err(|closed| DbErr::Custom(closed.to_string()))
    }
}

/// A borrowed place to run a query.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Conn<'a> {
    /// The readers' pool.
    Pool(&'a Readers),
    /// A write transaction.
    Tx(&'a DatabaseTransaction),
}

#[async_trait::async_trait]
impl ConnectionTrait for Conn<'_> {
    fn get_database_backend(&self) -> DbBackend {
        match self {
            Self::Pool(readers) => readers.pool.get_database_backend(),
            Self::Tx(tx) => tx.get_database_backend(),
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match self {
            Self::Pool(readers) => {
                let _turn = readers.turn().await?;
                readers.pool.execute_raw(statement).await
            }
            Self::Tx(tx) => tx.execute_raw(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match self {
            Self::Pool(readers) => {
                let _turn = readers.turn().await?;
                readers.pool.execute_unprepared(sql).await
            }
            Self::Tx(tx) => tx.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self {
            Self::Pool(readers) => {
                let _turn = readers.turn().await?;
                readers.pool.query_one_raw(statement).await
            }
            Self::Tx(tx) => tx.query_one_raw(statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Pool(readers) => {
                let _turn = readers.turn().await?;
                readers.pool.query_all_raw(statement).await
            }
            Self::Tx(tx) => tx.query_all_raw(statement).await,
        }
    }
}
