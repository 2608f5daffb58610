//! One write: a transaction of its own on PostgreSQL, a savepoint of the group's on SQLite.

use std::sync::{Arc, Mutex, PoisonError};

use conductor_domain::Clock;
use sea_orm::DatabaseTransaction;

use crate::{conn::Conn, hub::Notice};

/// What a write closure works on. It must await nothing else.
#[derive(Debug)]
pub struct Tx {
    conn: DatabaseTransaction,
    notices: Mutex<Vec<Notice>>,
    clock: Arc<dyn Clock>,
}

impl Tx {
    pub(crate) fn new(conn: DatabaseTransaction, clock: Arc<dyn Clock>) -> Self {
        Self { conn, notices: Mutex::default(), clock }
    }

    pub(crate) fn conn(&self) -> Conn<'_> {
        Conn::Tx(&self.conn)
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Keeps a notice until the commit.
    pub(crate) fn notify(&self, notice: Notice) {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
    }

    /// Ends the transaction or savepoint; notices of a rolled back one are dropped.
    pub(crate) async fn end(self, keep: bool) -> Result<Vec<Notice>, sea_orm::DbErr> {
        let notices = self.notices.into_inner().unwrap_or_else(PoisonError::into_inner);
        if keep {
            self.conn.commit().await?;
            Ok(notices)
        } else {
            self.conn.rollback().await?;
            Ok(Vec::new())
        }
    }
}
