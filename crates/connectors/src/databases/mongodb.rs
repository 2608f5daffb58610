//! MongoDB: commands over one connection to the host that the account names.
//!
//! A text stays a text: what an expression gave has no operators (the runner sees to that), and what runs programs or
//! writes from a question is refused wherever it stands.

mod scram;
mod wire;

use std::{io, sync::atomic::Ordering};

use bson::{Binary, Bson, Document, doc, oid::ObjectId, spec::BinarySubtype};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;

use self::{scram::Scram, wire::Wire};
use super::{
    Action, Ask, Outcome, Sending, Stopped,
    rows::{Rows, failed},
};
use crate::{Error, Failure, Result, error::chain};

/// What runs programs, or writes what a question found.
const REFUSED: [&str; 5] = ["$where", "$function", "$accumulator", "$out", "$merge"];
/// A command whose time is up.
const EXPIRED: [i32; 2] = [50, 262];
/// Conflicts that pass, and a server that is not, or no longer, the one that takes writes.
const AGAIN: [i32; 5] = [112, 189, 10_107, 11_600, 13_435];

/// A command, and what its answer says.
pub(super) struct Command {
    body: Document,
    action: Action,
    inserted: Option<Value>,
}

/// The command that does what is asked.
pub(super) fn command(ask: &Ask, most: usize) -> Result<Command> {
    let collection = ask.collection.as_deref().unwrap_or_default();
    if collection.is_empty() || collection.starts_with("system.") || collection.contains(['$', '\0']) {
        return Err(Error::invalid("/collection", format!("{collection:?} is no name of a collection")));
    }
    for value in [&ask.query, &ask.data].into_iter().flatten() {
        if let Some(operator) = refused(value) {
            return Err(Error::invalid("/query", format!("{operator} is not taken")));
        }
    }
    // One more than may be read tells that there are more.
    let most = i64::try_from(most.saturating_add(1)).unwrap_or(i64::MAX);
    let mut inserted = None;
    let mut body = match ask.action {
        Action::Find => doc! {
            "find": collection, "filter": filter(ask, true)?, "limit": most, "batchSize": most, "singleBatch": true,
        },
        Action::Count => doc! { "count": collection, "query": filter(ask, true)? },
        Action::Aggregate => {
            let stages = match &ask.query {
                Some(Value::Array(stages)) => stages.clone(),
                Some(Value::Object(stage)) => vec![Value::Object(stage.clone())],
                _ => return Err(Error::invalid("/query", "an aggregate's query is a list of stages")),
            };
            let mut stages =
                stages.into_iter().map(|stage| document("/query", stage)).collect::<Result<Vec<_>>>()?;
            stages.push(doc! { "$limit": most });
            doc! { "aggregate": collection, "pipeline": stages, "cursor": { "batchSize": most } }
        }
        Action::Insert => {
            let all = match ask.data.clone() {
                Some(Value::Array(all)) if !all.is_empty() => all,
                Some(Value::Object(one)) => vec![Value::Object(one)],
                _ => return Err(Error::invalid("/data", "data is a document, or a list of such")),
            };
            let mut documents = Vec::new();
            for one in all {
                let mut one = document("/data", one)?;
                if !one.contains_key("_id") {
                    one.insert("_id", ObjectId::new());
                }
                let id = one.get("_id").cloned().map_or(Value::Null, plain);
                inserted.get_or_insert(id);
                documents.push(one);
            }
            doc! { "insert": collection, "documents": documents, "ordered": true }
        }
        Action::Update => {
            let Some(Value::Object(change)) = ask.data.clone() else {
                return Err(Error::invalid("/data", "data is an object: what each field becomes"));
            };
            let operators = change.keys().any(|key| key.starts_with('$'));
            let change = document("/data", Value::Object(change))?;
            let change = if operators {
                change
            } else {
                doc! { "$set": change }
            };
            doc! { "update": collection, "updates": [{ "q": filter(ask, false)?, "u": change, "multi": true }] }
        }
        Action::Delete => {
            doc! { "delete": collection, "deletes": [{ "q": filter(ask, false)?, "limit": 0 }] }
        }
        Action::Query | Action::Select => {
            return Err(Error::invalid(
                "/action",
                "MongoDB has find, aggregate, count, insert, update and delete",
            ));
        }
    };
    body.insert("maxTimeMS", i64::try_from(ask.timeout.as_millis().max(1)).unwrap_or(i64::MAX));
    Ok(Command { body, action: ask.action, inserted })
}

pub(super) async fn run(
    stream: TcpStream,
    command: &Command,
    sending: &Sending<'_>,
) -> Result<Outcome, Stopped> {
    let account = sending.account;
    let broken = |source: io::Error| -> Stopped {
        let outcome_unknown = sending.sent.load(Ordering::SeqCst);
        Error::Unreachable { reason: chain(&source), outcome_unknown, source: Box::new(source) }.into()
    };
    let wire = Wire::over(stream, &account.host, account.tls, account.authority.as_deref()).await;
    let mut wire = wire.map_err(broken)?;
    if !account.user.is_empty() {
        sign_in(&mut wire, sending).await.map_err(|why| match why {
            SignIn::Refused(what) => failed("auth_failed", what),
            SignIn::Broken(error) => broken(error),
        })?;
    }
    let mut body = command.body.clone();
    body.insert("$db", account.database.as_str());
    sending.leave(command.action.reads()).await?;
    let answer = wire.ask(&body).await.map_err(broken)?;
    outcome(answer, command, sending)
}

enum SignIn {
    Refused(String),
    Broken(io::Error),
}

impl From<io::Error> for SignIn {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

async fn sign_in(wire: &mut Wire, sending: &Sending<'_>) -> Result<(), SignIn> {
    let account = sending.account;
    let refused = |answer: &Document| {
        let why = answer.get_str("errmsg").unwrap_or("the server does not prove that it knows the password");
        SignIn::Refused(format!("the database lets nobody in: {why}"))
    };
    let nonce: [u8; 18] = rand::random();
    let nonce: String = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
    let scram = Scram::new(&account.user, nonce);
    let source = account.authenticates.as_str();
    let start = doc! {
        "saslStart": 1, "mechanism": "SCRAM-SHA-256", "payload": payload(scram.first()),
        "options": { "skipEmptyExchange": true }, "$db": source,
    };
    let answer = wire.ask(&start).await?;
    let password = account.password.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
    let Some(proof) = said(&answer).and_then(|challenge| scram.prove(password, &challenge)) else {
        return Err(refused(&answer));
    };
    let id = answer.get("conversationId").cloned().unwrap_or(Bson::Int32(1));
    let next = doc! { "saslContinue": 1, "conversationId": id.clone(), "payload": payload(proof.message.clone()), "$db": source };
    let answer = wire.ask(&next).await?;
    if !said(&answer).is_some_and(|said| proof.accepts(&said)) {
        return Err(refused(&answer));
    }
    if !answer.get_bool("done").unwrap_or(false) {
        let last = doc! { "saslContinue": 1, "conversationId": id, "payload": payload(String::new()), "$db": source };
        let answer = wire.ask(&last).await?;
        if !fine(&answer) {
            return Err(refused(&answer));
        }
    }
    Ok(())
}

fn payload(text: String) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: text.into_bytes() }
}

/// What the server said in a sign-in; `None` where it refused.
fn said(answer: &Document) -> Option<String> {
    let Some(Bson::Binary(payload)) = answer.get("payload").filter(|_| fine(answer)) else { return None };
    String::from_utf8(payload.bytes.clone()).ok()
}

fn number(answer: &Document, name: &str) -> Option<i64> {
    match answer.get(name)? {
        Bson::Int32(number) => Some(i64::from(*number)),
        Bson::Int64(number) => Some(*number),
        Bson::Double(number) => Some(*number as i64),
        _ => None,
    }
}

fn fine(answer: &Document) -> bool {
    number(answer, "ok") == Some(1)
}

fn outcome(answer: Document, command: &Command, sending: &Sending<'_>) -> Result<Outcome, Stopped> {
    if !fine(&answer) {
        return Err(refusal(&answer, sending));
    }
    let affected = number(&answer, "n").and_then(|count| u64::try_from(count).ok()).unwrap_or_default();
    if let Some(Bson::Document(first)) = answer.get_array("writeErrors").ok().and_then(|all| all.first()) {
        let why = first.get_str("errmsg").unwrap_or("a write failed");
        let code = number(first, "code").map_or_else(|| "database_error".to_owned(), |code| code.to_string());
        let done = if affected > 0 { format!(" ({affected} were written before it)") } else { String::new() };
        return Err(failed(&code, format!("the database refuses: {why}{done}")));
    }
    let mut outcome = Outcome { affected, inserted_id: command.inserted.clone(), rows: None };
    if matches!(command.action, Action::Find | Action::Aggregate) {
        let mut found = Rows::new(sending);
        let batch = answer.get_document("cursor").ok().and_then(|cursor| cursor.get_array("firstBatch").ok());
        for row in batch.into_iter().flatten() {
            let row = match plain(row.clone()) {
                Value::Object(row) => row,
                other => Map::from_iter([("value".to_owned(), other)]),
            };
            found.push(row)?;
        }
        let more = answer.get_document("cursor").ok().and_then(|cursor| number(cursor, "id"));
        if more.is_some_and(|id| id != 0) {
            return Err(failed(
                "response_too_large",
                "the answer has more than one batch: ask for fewer documents",
            ));
        }
        outcome.rows = Some(found.into_rows());
    }
    Ok(outcome)
}

fn refusal(answer: &Document, sending: &Sending<'_>) -> Stopped {
    let code = number(answer, "code").and_then(|code| i32::try_from(code).ok()).unwrap_or_default();
    if EXPIRED.contains(&code) {
        // Several documents are not changed as one: some may have been.
        let outcome_unknown = sending.sent.load(Ordering::SeqCst);
        return Error::TimedOut { after: sending.timeout, outcome_unknown }.into();
    }
    let name = answer.get_str("codeName").unwrap_or("database_error");
    Stopped::Failed(Failure {
        code: name.to_owned(),
        message: format!("the database refuses: {}", answer.get_str("errmsg").unwrap_or(name)),
        retryable: AGAIN.contains(&code),
        retry_after_seconds: None,
    })
}

/// Which documents are meant. What changes something has to say so: an empty filter is all of them.
fn filter(ask: &Ask, all: bool) -> Result<Document> {
    match &ask.query {
        Some(filter @ Value::Object(_)) => document("/query", filter.clone()),
        None | Some(Value::Null) if all => Ok(Document::new()),
        _ => {
            let what = format!("{} needs a query: an object, {{}} for all documents", ask.action.as_str());
            Err(Error::invalid("/query", what))
        }
    }
}

fn document(pointer: &str, value: Value) -> Result<Document> {
    match Bson::try_from(value) {
        Ok(Bson::Document(document)) => Ok(document),
        Ok(_) => Err(Error::invalid(pointer, "a document is an object")),
        Err(error) => Err(Error::invalid(pointer, format!("this is no document: {error}"))),
    }
}

/// A value as JSON: ids and moments as the texts that people write, everything else as extended JSON has it.
fn plain(value: Bson) -> Value {
    match value {
        Bson::ObjectId(id) => json!(id.to_hex()),
        Bson::DateTime(moment) => moment.try_to_rfc3339_string().map_or(Value::Null, Value::String),
        Bson::Decimal128(number) => json!(number.to_string()),
        Bson::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        Bson::Document(fields) => {
            Value::Object(fields.into_iter().map(|(name, field)| (name, plain(field))).collect())
        }
        other => other.into_relaxed_extjson(),
    }
}

/// The first operator in it that is not taken.
fn refused(value: &Value) -> Option<&str> {
    match value {
        Value::Array(items) => items.iter().find_map(refused),
        Value::Object(fields) => fields.iter().find_map(|(name, field)| {
            if REFUSED.contains(&name.as_str()) { Some(name.as_str()) } else { refused(field) }
        }),
        _ => None,
    }
}
