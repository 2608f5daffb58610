//! Data sources of workflows: what a database is asked, by an account of the operator, and what it gave.
//!
//! Values are bound and never written into a statement. What only reads runs where nothing can be changed. A statement
//! that changes something tells whether it may have taken effect when no answer comes back.

mod account;
mod mongodb;
mod mysql;
mod postgres;
mod rows;
mod sql;
mod statement;
mod tunnel;

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use self::account::Account;
use crate::{Error, Failure, Gate, Result, Said};

pub use sql::{Bound, Piece, bind};

/// How long the database may take to end a statement whose time is up.
const GRACE: Duration = Duration::from_secs(2);

/// A kind of database that can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// MySQL and MariaDB.
    Mysql,
    /// PostgreSQL.
    Postgresql,
    /// MongoDB.
    Mongodb,
}

/// What is done there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Any statement.
    Query,
    /// A question of SQL.
    Select,
    /// Rows are added.
    Insert,
    /// Rows are changed.
    Update,
    /// Rows are deleted.
    Delete,
    /// A question of MongoDB.
    Find,
    /// A pipeline of MongoDB, which only reads.
    Aggregate,
    /// How many documents there are.
    Count,
}

impl Engine {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Mysql, Self::Postgresql, Self::Mongodb];

    /// Its name in workflows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mysql => "mysql",
            Self::Postgresql => "postgresql",
            Self::Mongodb => "mongodb",
        }
    }

    /// What can be done there.
    #[must_use]
    pub const fn actions(self) -> &'static [Action] {
        use Action as A;
        match self {
            Self::Mysql | Self::Postgresql => &[A::Select, A::Insert, A::Update, A::Delete, A::Query],
            Self::Mongodb => &[A::Find, A::Aggregate, A::Count, A::Insert, A::Update, A::Delete],
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.as_str() == name)
    }
}

impl Action {
    /// Its name in workflows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Find => "find",
            Self::Aggregate => "aggregate",
            Self::Count => "count",
        }
    }

    /// Whether it changes nothing.
    #[must_use]
    pub const fn reads(self) -> bool {
        matches!(self, Self::Select | Self::Find | Self::Aggregate | Self::Count)
    }
}

/// What a database is asked.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Which kind of database.
    pub engine: Engine,
    /// What is done.
    pub action: Action,
    /// The name of the data source in the workflow.
    pub data_source: String,
    /// A statement, or the condition of rows that are changed or deleted, with `?` for its values.
    pub sql: Option<String>,
    /// The values.
    pub params: Vec<Value>,
    /// A filter or a pipeline of MongoDB.
    pub query: Option<Value>,
    /// The table or collection.
    pub collection: Option<String>,
    /// What is written: fields, or a list of such where rows are added.
    pub data: Option<Value>,
    /// How long it may take.
    pub timeout: Duration,
}

/// How far an answer is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// How many rows.
    pub rows: usize,
    /// How many bytes as JSON.
    pub bytes: usize,
}

impl Default for Reading {
    fn default() -> Self {
        Self { rows: 1_000, bytes: 4 * 1_024 * 1_024 }
    }
}

type Found = BoxFuture<'static, Result<Vec<SocketAddr>>>;

/// Says where a host may be dialled; whoever guards is handed in.
#[derive(Clone)]
pub struct Reach(Arc<dyn Fn(String, u16) -> Found + Send + Sync>);

impl Reach {
    /// Asks this for the addresses of a host.
    pub fn new(ask: impl Fn(String, u16) -> Found + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reach")
    }
}

/// Asks databases; cheap to clone.
#[derive(Clone, Debug)]
pub struct Databases {
    /// Variables of the accounts that the operator gave for this.
    variables: Arc<BTreeMap<String, SecretString>>,
    reach: Reach,
    reading: Reading,
    gate: Gate,
}

/// A statement ready to be sent.
struct Statement {
    sql: String,
    values: Vec<Value>,
    reads: bool,
    action: Action,
}

/// What is sent, in the words of a kind of database.
enum Order {
    Mysql(Statement),
    Postgresql(Statement),
    Mongodb(mongodb::Command),
}

/// What came of it.
#[derive(Debug, Default)]
struct Outcome {
    /// The rows, where the statement gave any.
    rows: Option<Vec<Value>>,
    /// How many rows it changed.
    affected: u64,
    inserted_id: Option<Value>,
}

/// What a driver needs beside the statement.
struct Sending<'a> {
    account: &'a Account,
    reading: Reading,
    timeout: Duration,
    gate: &'a Gate,
    /// Whether something that may change something has left.
    sent: &'a AtomicBool,
}

impl Sending<'_> {
    /// Asks whether what changes something may leave, and notes that it has.
    async fn leave(&self, reads: bool) -> Result<()> {
        if reads {
            return Ok(());
        }
        if let Err(source) = self.gate.pass().await {
            return Err(Error::Unreachable {
                reason: crate::error::chain(&*source),
                outcome_unknown: false,
                source,
            });
        }
        self.sent.store(true, Ordering::SeqCst);
        Ok(())
    }
}

/// Why a statement gave no outcome.
enum Stopped {
    /// The database refused it, and undid it.
    Failed(Failure),
    /// There is no answer.
    Broken(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

impl Databases {
    /// Asks with what the operator's variables say, at addresses that `reach` allows.
    #[must_use]
    pub fn new(variables: BTreeMap<String, SecretString>, reach: Reach, reading: Reading) -> Self {
        Self { variables: Arc::new(variables), reach, reading, gate: Gate::default() }
    }

    /// The same, which asks this before anything leaves that changes something.
    #[must_use]
    pub fn gated(&self, gate: Gate) -> Self {
        Self { gate, ..self.clone() }
    }

    /// The account of a data source: what the names of its variables begin with.
    #[must_use]
    pub fn account(engine: Engine, data_source: &str) -> String {
        let name = data_source.replace(['-', '.', ' '], "_").to_ascii_uppercase();
        format!("{name}_{}", engine.as_str().to_ascii_uppercase())
    }

    /// Sends a statement and waits for what the database says. A refusal is said, too.
    ///
    /// # Errors
    /// `Invalid` and `Refused` before anything is sent; the others when there is no whole answer.
    pub async fn run(&self, ask: &Ask, cancel: &CancellationToken) -> Result<Said> {
        let account = account::of(ask, &self.variables)?;
        let order = match ask.engine {
            Engine::Mongodb => Order::Mongodb(mongodb::command(ask, self.reading.rows)?),
            Engine::Mysql => Order::Mysql(statement::of(ask)?),
            Engine::Postgresql => Order::Postgresql(statement::of(ask)?),
        };
        let sent = AtomicBool::new(false);
        let sending = Sending {
            account: &account,
            reading: self.reading,
            timeout: ask.timeout,
            gate: &self.gate,
            sent: &sent,
        };
        let unknown = || sent.load(Ordering::SeqCst);
        let ended = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(Error::Cancelled { outcome_unknown: unknown() }),
            ended = tokio::time::timeout(ask.timeout + GRACE, self.ask(&order, &sending)) => ended,
        };
        match ended {
            Err(_) => Err(Error::TimedOut { after: ask.timeout, outcome_unknown: unknown() }),
            Ok(Err(Stopped::Broken(error))) => Err(error),
            Ok(Err(Stopped::Failed(failure))) => Ok(Err(failure)),
            Ok(Ok(outcome)) => Ok(Ok(answer(ask, outcome))),
        }
    }

    async fn ask(&self, order: &Order, sending: &Sending<'_>) -> Result<Outcome, Stopped> {
        let account = sending.account;
        let addresses = (self.reach.0)(account.host.clone(), account.port).await?;
        let stream = tunnel::dial(&addresses).await?;
        if let Order::Mongodb(command) = order {
            return mongodb::run(stream, command, sending).await;
        }
        let tunnel = tunnel::open(stream, account.port)?;
        let work = async {
            match order {
                Order::Mysql(statement) => mysql::run(&tunnel.socket(), statement, sending).await,
                Order::Postgresql(statement) => postgres::run(tunnel.folder(), statement, sending).await,
                Order::Mongodb(_) => Err(Error::invalid("/db_type", "MongoDB needs no tunnel").into()),
            }
        };
        tokio::select! {
            outcome = work => outcome,
            never = tunnel.carry() => match never {},
        }
    }
}

/// The answer in the words of workflows.
fn answer(ask: &Ask, outcome: Outcome) -> Map<String, Value> {
    let operation = format!("{}.{}.{}", ask.data_source, ask.engine.as_str(), ask.action.as_str());
    let given = || ask.data.clone().unwrap_or_default();
    let rows = outcome.rows.as_ref().map_or(0, Vec::len) as u64;
    let (data, count) = match ask.action {
        Action::Select | Action::Find | Action::Aggregate => {
            (Value::Array(outcome.rows.unwrap_or_default()), rows)
        }
        Action::Query => match outcome.rows {
            Some(found) => (Value::Array(found), rows),
            None => (Value::Null, outcome.affected),
        },
        Action::Insert | Action::Update => (given(), outcome.affected),
        Action::Delete => (Value::Null, outcome.affected),
        Action::Count => (json!(outcome.affected), outcome.affected),
    };
    let mut said = Map::from_iter([
        ("success".to_owned(), json!(true)),
        ("operation".to_owned(), json!(operation)),
        ("dataSource".to_owned(), json!(ask.data_source)),
        ("data".to_owned(), data),
        ("count".to_owned(), json!(count)),
    ]);
    if let Some(id) = outcome.inserted_id {
        said.insert("insertedId".to_owned(), id);
    }
    said
}
