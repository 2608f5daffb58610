//! SQLite's one writer: it collects what arrived while the last commit reached the disk, commits it as one group,
//! and only then answers. Peers that commit one write at a time wait for the disk once per write.

use std::{panic::AssertUnwindSafe, sync::Arc};

use conductor_domain::Clock;
use futures::{FutureExt, future::BoxFuture};
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Error,
    hub::{Hub, Notice},
    journal::{Append, append_all},
    tx::Tx,
};

/// A closure of `write`, with its types erased: it keeps its own result and says whether to commit.
pub(crate) type Work = Box<dyn for<'t> FnOnce(&'t Tx) -> BoxFuture<'t, bool> + Send>;
/// Tells the caller of `write` that its result stands (or why it does not).
pub(crate) type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// What the writer is asked to do.
pub(crate) enum Command {
    Write(Work, Answer),
    Append(Append),
}

/// At most this many commands share a commit, so that one group never delays the next by much.
const GROUP: usize = 512;

/// The state of the writer task.
pub(crate) struct Writer {
    pub(crate) conn: DatabaseConnection,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Writer {
    /// Runs on a thread of its own until every `Store` is dropped; what is given ends with it. Each statement is a word to
    /// SQLite's thread and one back: among the tasks of a busy server the writer would stand in line for each of them, and
    /// everybody's writes behind it.
    pub(crate) fn start(self) -> std::io::Result<oneshot::Receiver<()>> {
        let (end, ended) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("writer".to_owned()).spawn(move || {
            runtime.block_on(self.run());
            drop(end);
        })?;
        Ok(ended)
    }

    async fn run(mut self) {
        let mut group = Vec::with_capacity(GROUP);
        while self.commands.recv_many(&mut group, GROUP).await > 0 {
            let mut outcome = Group::default();
            let committed = self.commit(std::mem::take(&mut group), &mut outcome).await;
            if committed.is_err() {
                self.reconnect().await;
            }
            outcome.tell(committed, &self.hub);
        }
        // In order, and not when its thread comes to it: the last one to close a database takes its log along.
        if let Err(error) = self.conn.close().await {
            tracing::warn!(error = %error, "the writer's connection was not closed in order");
        }
    }

    /// Closes the connection; the next group opens another. After a commit that failed, SQLite has rolled the transaction
    /// back by itself, or is still in it, as the error has it. The driver counts its levels and does not ask: what it takes
    /// for the next commit may be the end of a savepoint, and everything acknowledged from then on would be lost.
    async fn reconnect(&self) {
        match self.conn.get_sqlite_connection_pool().acquire().await {
            Ok(connection) => {
                if let Err(error) = connection.close().await {
                    tracing::warn!(error = %error, "the writer's connection was not closed in order");
                }
            }
            Err(error) => tracing::warn!(error = %error, "the writer has no connection"),
        }
    }

    async fn commit(&self, commands: Vec<Command>, outcome: &mut Group) -> Result<(), DbErr> {
        let tx = self
            .conn
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            })
            .await;
        let tx = match tx {
            Ok(tx) => tx,
            Err(error) => {
                outcome.refuse(commands);
                return Err(error);
            }
        };
        let (mut appends, mut appended) = (Vec::new(), Ok(()));
        for command in commands {
            match command {
                Command::Append(append) => appends.push(append),
                Command::Write(work, answer) => {
                    appended = appended.and(self.append(&tx, std::mem::take(&mut appends), outcome).await);
                    self.write(&tx, work, answer, outcome).await;
                }
            }
        }
        appended.and(self.append(&tx, appends, outcome).await)?;
        tx.commit().await
    }

    async fn append(
        &self,
        tx: &DatabaseTransaction,
        appends: Vec<Append>,
        outcome: &mut Group,
    ) -> Result<(), DbErr> {
        if appends.is_empty() {
            return Ok(());
        }
        append_all(tx, appends, &*self.clock, &mut outcome.appended).await
    }

    async fn write(&self, tx: &DatabaseTransaction, work: Work, answer: Answer, outcome: &mut Group) {
        let savepoint = match tx.begin().await {
            Ok(savepoint) => Tx::new(savepoint, Arc::clone(&self.clock)),
            Err(error) => return answer(Err(error.into())),
        };
        // A panic in one closure must not take the writer, and so the server, with it.
        let keep = AssertUnwindSafe(work(&savepoint)).catch_unwind().await.unwrap_or(false);
        match savepoint.end(keep).await {
            Ok(notices) => {
                outcome.notices.extend(notices);
                outcome.answers.push(answer);
            }
            Err(error) => answer(Err(error.into())),
        }
    }
}

/// What a group's callers are told after the commit.
#[derive(Default)]
struct Group {
    answers: Vec<Answer>,
    notices: Vec<Notice>,
    appended: crate::journal::Appended,
}

impl Group {
    fn refuse(&mut self, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::Write(_, answer) => self.answers.push(answer),
                Command::Append(append) => self.appended.refuse(append),
            }
        }
    }

    fn tell(self, committed: Result<(), DbErr>, hub: &Hub) {
        match committed {
            Ok(()) => {
                hub.publish(self.notices);
                for answer in self.answers {
                    answer(Ok(()));
                }
                hub.publish(self.appended.answer());
            }
            Err(error) => {
                tracing::error!(error = %error, "a group of writes was not committed");
                for answer in self.answers {
                    answer(Err(Error::Database(DbErr::Custom(error.to_string()))));
                }
                self.appended.fail(&error);
            }
        }
    }
}
