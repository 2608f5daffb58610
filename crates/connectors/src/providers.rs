//! Systems that Conductor knows by name: their operations, how these are asked, and what an answer means.

mod mail;
mod sheets;
mod shopify;
mod slack;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use conductor_domain::Clock;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::{Error, Failure, Gate, HttpClient, Result};

/// What a system can be asked to do.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Whose it is, such as `slack`.
    pub provider: &'static str,
    /// Its name, such as `messages.send`.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub description: &'static str,
    /// Whether it changes nothing.
    pub read_only: bool,
    /// Its fields, as a JSON Schema of an object.
    pub fields: fn() -> Value,
}

/// What a system is asked.
#[derive(Clone, Debug)]
pub struct Task {
    /// The fields of the operation.
    pub fields: Map<String, Value>,
    /// The account: what the names of the variables begin with that say where the system is and who asks. The system's
    /// own where `None`.
    pub credentials: Option<String>,
    /// Sent along where the system knows such keys, and as the id of a mail.
    pub idempotency_key: String,
    /// How long it may take.
    pub timeout: Duration,
}

/// What the names of an account's variables end with.
pub const ACCOUNT_VARIABLES: [&str; 11] =
    ["TOKEN", "KEY", "URL", "STORE", "HOST", "PORT", "USER", "PASS", "FROM", "TLS", "CA"];

/// What a system said: its answer, or why it refused.
pub type Said = std::result::Result<Map<String, Value>, Failure>;

/// Asks systems by the name of an operation; cheap to clone.
#[derive(Clone, Debug)]
pub struct Providers {
    http: HttpClient,
    /// Variables of the accounts that the operator gave for this.
    variables: Arc<BTreeMap<String, SecretString>>,
    mails: Arc<mail::Mails>,
    /// What is signed for a token says when.
    clock: Arc<dyn Clock>,
    gate: Gate,
}

impl Providers {
    /// Asks by this client, which decides on addresses, with what the operator's variables say. `templates` is the folder
    /// of the texts of mails.
    #[must_use]
    pub fn new(
        http: HttpClient,
        variables: BTreeMap<String, SecretString>,
        templates: Option<PathBuf>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            http,
            variables: Arc::new(variables),
            mails: Arc::new(mail::Mails::new(templates)),
            clock,
            gate: Gate::default(),
        }
    }

    /// The same, which asks this before anything leaves that changes something.
    #[must_use]
    pub fn gated(&self, gate: Gate) -> Self {
        Self { http: self.http.gated(gate.clone()), gate, ..self.clone() }
    }

    /// Every operation.
    pub fn operations() -> impl Iterator<Item = &'static Operation> {
        [slack::OPERATIONS, shopify::OPERATIONS, mail::OPERATIONS, sheets::OPERATIONS].into_iter().flatten()
    }

    /// Asks for an operation and waits for what the system says. A refusal is said, too.
    ///
    /// # Errors
    /// `Invalid` before anything is sent; the others when there is no whole answer.
    pub async fn run(&self, operation: &Operation, task: &Task, cancel: &CancellationToken) -> Result<Said> {
        match operation.provider {
            slack::NAME => {
                slack::run(&self.http, operation, task, &self.settings(slack::PREFIX, task)?, cancel).await
            }
            shopify::NAME => {
                shopify::run(&self.http, operation, task, &self.settings(shopify::PREFIX, task)?, cancel)
                    .await
            }
            sheets::NAME => {
                let settings = self.settings(sheets::PREFIX, task)?;
                sheets::run(&self.http, operation, task, &settings, self.clock.now(), cancel).await
            }
            _ => self.mails.run(task, &self.settings(mail::PREFIX, task)?, &self.gate, cancel).await,
        }
    }

    /// The variables of the account. Its name ends with the system's, so that no credential goes to another system.
    fn settings(&self, own: &str, task: &Task) -> Result<Settings<'_>> {
        let prefix = task.credentials.clone().unwrap_or_else(|| own.to_owned());
        if prefix != own && !prefix.ends_with(&format!("_{own}")) {
            let what =
                format!("{prefix:?} is no account of this system: its name is {own}, or ends with _{own}");
            return Err(Error::invalid("/credentials", what));
        }
        Ok(Settings { prefix, variables: &self.variables })
    }
}

/// The variables of one account.
pub(crate) struct Settings<'a> {
    pub(crate) prefix: String,
    pub(crate) variables: &'a BTreeMap<String, SecretString>,
}

impl Settings<'_> {
    pub(crate) fn get(&self, name: &str) -> Option<&SecretString> {
        self.variables.get(&format!("{}_{name}", self.prefix))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).map(|value| value.expose_secret().trim()).filter(|value| !value.is_empty())
    }

    pub(crate) fn require(&self, name: &str) -> Result<&SecretString> {
        self.get(name).ok_or_else(|| {
            let variable = format!("{}_{name}", self.prefix);
            Error::invalid(
                "/credentials",
                format!(
                    "the server has no {variable}: its operator sets it, and lists {} in CONDUCTOR_INTEGRATION_ACCOUNTS",
                    self.prefix
                ),
            )
        })
    }
}

/// A field that is a text, or a number that stands for one.
fn text(fields: &Map<String, Value>, name: &str) -> Result<String> {
    match fields.get(name) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(Error::invalid(format!("/{name}"), format!("{name} is required, and is a text"))),
    }
}

/// An answer as an object.
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        Value::Null => Map::new(),
        other => Map::from_iter([("data".to_owned(), other)]),
    }
}
