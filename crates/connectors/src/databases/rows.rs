//! What the drivers of SQL have in common: how far rows are read, and what an error of theirs means.

use std::sync::atomic::Ordering;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use sqlx::{error::BoxDynError, mysql::MySqlDatabaseError};

use super::{Sending, Stopped};
use crate::{Error, Failure, error::chain};

/// Rows, as far as they may be read.
pub(super) struct Rows<'a> {
    sending: &'a Sending<'a>,
    rows: Vec<Value>,
    bytes: usize,
}

impl<'a> Rows<'a> {
    pub(super) const fn new(sending: &'a Sending<'a>) -> Self {
        Self { sending, rows: Vec::new(), bytes: 0 }
    }

    /// Takes one, or says that there are too many: rows that are left out would look as if there were none.
    pub(super) fn push(&mut self, row: Map<String, Value>) -> Result<(), Stopped> {
        let most = self.sending.reading;
        if self.rows.len() >= most.rows {
            let what = format!(
                "the answer has more than {} rows: add a LIMIT, or ask the operator for more (CONDUCTOR_DATABASE_ROWS)",
                most.rows
            );
            return Err(failed("too_many_rows", what));
        }
        let row = Value::Object(row);
        self.bytes += row.to_string().len();
        if self.bytes > most.bytes {
            let what =
                format!("the answer is larger than {} bytes: ask for fewer rows or columns", most.bytes);
            return Err(failed("response_too_large", what));
        }
        self.rows.push(row);
        Ok(())
    }

    pub(super) fn into_rows(self) -> Vec<Value> {
        self.rows
    }
}

/// A failure that was undone.
pub(super) fn failed(code: &str, message: impl Into<String>) -> Stopped {
    Stopped::Failed(Failure {
        code: code.to_owned(),
        message: message.into(),
        retryable: false,
        retry_after_seconds: None,
    })
}

/// What an error of a driver means. `ended` are the codes by which the database says that a statement's time is up,
/// `again` those after which the same statement may succeed, and `lost` what the codes of lost connections begin with.
pub(super) fn stopped(
    error: sqlx::Error,
    sending: &Sending<'_>,
    codes: (&[&str], &[&str], &[&str]),
) -> Stopped {
    let outcome_unknown = sending.sent.load(Ordering::SeqCst);
    let (ended, again, lost) = codes;
    match error {
        sqlx::Error::Database(refusal) => {
            // MySQL's numbers say more than its SQLSTATE.
            let code = match refusal.try_downcast_ref::<MySqlDatabaseError>() {
                Some(error) => error.number().to_string(),
                None => refusal.code().unwrap_or_default().into_owned(),
            };
            if ended.contains(&code.as_str()) {
                return Error::TimedOut { after: sending.timeout, outcome_unknown: false }.into();
            }
            if lost.iter().any(|lost| code.starts_with(lost)) {
                let reason = format!("the database ended the connection: {}", refusal.message());
                return Error::Unreachable { reason, outcome_unknown, source: refusal.into_error() }.into();
            }
            Stopped::Failed(Failure {
                retryable: again.contains(&code.as_str()),
                message: format!("the database refuses: {}", refusal.message()),
                code: if code.is_empty() { "database_error".to_owned() } else { code },
                retry_after_seconds: None,
            })
        }
        sqlx::Error::ColumnDecode { index, source } => {
            failed("value_unsupported", format!("column {index} cannot be read: {source}"))
        }
        sqlx::Error::Encode(source) => failed("invalid_request", format!("a value cannot be sent: {source}")),
        other => {
            Error::Unreachable { reason: chain(&other), outcome_unknown, source: Box::new(other) }.into()
        }
    }
}

/// A number with all its digits: as a number where that keeps them, otherwise as a text.
pub(super) fn decimal(value: Decimal) -> Value {
    let text = value.normalize().to_string();
    if value.is_integer() {
        return text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number));
    }
    match text.parse::<f64>() {
        Ok(number) if number.to_string() == text => json!(number),
        _ => json!(text),
    }
}

/// Bytes as a text.
pub(super) fn bytes(value: &[u8]) -> Value {
    json!(STANDARD.encode(value))
}

/// The bytes that such a text stands for.
pub(super) fn unbytes(text: &str) -> Result<Vec<u8>, BoxDynError> {
    Ok(STANDARD.decode(text)?)
}

/// A value as a text, for a column of texts.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
