//! Data sources of workflows: what a database is asked, by an account of the operator, and what it gave.
//!
//! Values are bound and never written into a statement. What only reads runs where nothing can be changed. A statement
//! that changes something tells whether it may have taken effect when no answer comes back.

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
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{Error, Failure, Gate, Result, Said, providers::Settings};

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
}

/// What is done there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Any statement.
    Query,
    /// A question.
    Select,
    /// Rows are added.
    Insert,
    /// Rows are changed.
    Update,
    /// Rows are deleted.
    Delete,
}

impl Engine {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Mysql, Self::Postgresql];

    /// Its name in workflows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mysql => "mysql",
            Self::Postgresql => "postgresql",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.as_str() == name)
    }
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 5] = [Self::Select, Self::Insert, Self::Update, Self::Delete, Self::Query];

    /// Its name in workflows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// Whether it changes nothing.
    #[must_use]
    pub const fn reads(self) -> bool {
        matches!(self, Self::Select)
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
    /// The table.
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

/// How a database is reached and signed in to.
struct Account {
    host: String,
    port: u16,
    database: String,
    user: String,
    password: Option<SecretString>,
    tls: bool,
    /// A file with the certificates that are trusted beside the usual ones.
    authority: Option<String>,
}

/// A statement ready to be sent.
struct Statement {
    sql: String,
    values: Vec<Value>,
    reads: bool,
    action: Action,
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
    async fn leave(&self, statement: &Statement) -> Result<()> {
        if statement.reads {
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
        let account = self.read(ask)?;
        let statement = statement::of(ask)?;
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
            ended = tokio::time::timeout(ask.timeout + GRACE, self.ask(ask.engine, &statement, &sending)) => ended,
        };
        match ended {
            Err(_) => Err(Error::TimedOut { after: ask.timeout, outcome_unknown: unknown() }),
            Ok(Err(Stopped::Broken(error))) => Err(error),
            Ok(Err(Stopped::Failed(failure))) => Ok(Err(failure)),
            Ok(Ok(outcome)) => Ok(Ok(answer(ask, outcome))),
        }
    }

    async fn ask(
        &self,
        engine: Engine,
        statement: &Statement,
        sending: &Sending<'_>,
    ) -> Result<Outcome, Stopped> {
        let account = sending.account;
        let addresses = (self.reach.0)(account.host.clone(), account.port).await?;
        let stream = tunnel::dial(&addresses).await?;
        let tunnel = tunnel::open(stream, account.port)?;
        let work = async {
            match engine {
                Engine::Postgresql => postgres::run(tunnel.folder(), statement, sending).await,
                Engine::Mysql => mysql::run(&tunnel.socket(), statement, sending).await,
            }
        };
        tokio::select! {
            outcome = work => outcome,
            never = tunnel.carry() => match never {},
        }
    }

    /// The account of what is asked, from the operator's variables.
    fn read(&self, ask: &Ask) -> Result<Account> {
        let prefix = Self::account(ask.engine, &ask.data_source);
        let settings = Settings { prefix, variables: &self.variables };
        // The variable may hold a password: no message shows it.
        let wrong = |what: &str| Error::invalid("/data_source", format!("{}_URL {what}", settings.prefix));
        let url = settings.require("URL")?.expose_secret().trim();
        let url = Url::parse(url).map_err(|_| wrong("is no address such as mysql://host:3306/database"))?;
        let (schemes, port): (&[&str], u16) = match ask.engine {
            Engine::Mysql => (&["mysql", "mariadb"], 3306),
            Engine::Postgresql => (&["postgres", "postgresql"], 5432),
        };
        if !schemes.contains(&url.scheme()) {
            return Err(wrong(&format!("begins with none of {}", schemes.join(", "))));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong("names no host"))?;
        let plain = |text: &str| {
            let pair = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
            url::form_urlencoded::parse(pair.as_bytes()).map(|(_, text)| text.into_owned()).next()
        };
        let database = plain(url.path().trim_start_matches('/')).unwrap_or_default();
        let user = settings.text("USER").map(ToOwned::to_owned);
        let user = user.or_else(|| plain(url.username()).filter(|user| !user.is_empty()));
        let password = settings.get("PASS").cloned();
        let tls = match settings.text("TLS").unwrap_or("verify") {
            "verify" => true,
            "none" => false,
            other => {
                let what = format!("{}_TLS is {other:?}, not verify or none", settings.prefix);
                return Err(Error::invalid("/data_source", what));
            }
        };
        Ok(Account {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: url.port().unwrap_or(port),
            database,
            user: user.ok_or_else(|| wrong("names no user, and there is no _USER beside it"))?,
            password: password.or_else(|| url.password().and_then(plain).map(SecretString::from)),
            tls,
            authority: settings.text("CA").map(ToOwned::to_owned),
        })
    }
}

/// The answer in the words of workflows.
fn answer(ask: &Ask, outcome: Outcome) -> Map<String, Value> {
    let operation = format!("{}.{}.{}", ask.data_source, ask.engine.as_str(), ask.action.as_str());
    let given = || ask.data.clone().unwrap_or_default();
    let rows = outcome.rows.as_ref().map_or(0, Vec::len) as u64;
    let (data, count) = match ask.action {
        Action::Select => (Value::Array(outcome.rows.unwrap_or_default()), rows),
        Action::Query => match outcome.rows {
            Some(found) => (Value::Array(found), rows),
            None => (Value::Null, outcome.affected),
        },
        Action::Insert | Action::Update => (given(), outcome.affected),
        Action::Delete => (Value::Null, outcome.affected),
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
