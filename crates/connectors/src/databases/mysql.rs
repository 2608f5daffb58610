//! MySQL and MariaDB, by sqlx. The database fits values to its columns, so that they are sent as what they are.

use std::path::Path;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use futures::TryStreamExt;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use sqlx::{
    Arguments, AssertSqlSafe, Column, ConnectOptions, Connection, Either, Executor, MySql, MySqlConnection,
    Row, SqlSafeStr, Statement as _, Transaction, TypeInfo, ValueRef,
    error::BoxDynError,
    mysql::{MySqlArguments, MySqlConnectOptions, MySqlRow, MySqlSslMode, MySqlTypeInfo},
};

use super::{
    Action, Outcome, Sending, Statement, Stopped,
    rows::{self, Rows, bytes, decimal, failed},
};

/// A statement whose time is up (MySQL, MariaDB); locks that pass; a server that goes down.
const CODES: (&[&str], &[&str], &[&str]) = (&["3024", "1969"], &["1205", "1213"], &["1053", "1927"]);

pub(super) async fn run(
    socket: &Path,
    statement: &Statement,
    sending: &Sending<'_>,
) -> Result<Outcome, Stopped> {
    let stopped = |error| rows::stopped(error, sending, CODES);
    let mut connection = options(socket, sending).connect().await.map_err(stopped)?;
    limit(&mut connection, sending).await?;
    let begin = if statement.reads { "START TRANSACTION READ ONLY" } else { "START TRANSACTION" };
    let mut transaction = connection.begin_with(begin).await.map_err(stopped)?;
    let done = carry_out(&mut transaction, statement, sending).await;
    let outcome = match done {
        Ok(outcome) => outcome,
        Err(why) => {
            // Dropping the connection undoes it as well; so it is done at once.
            let _ = transaction.rollback().await;
            return Err(why);
        }
    };
    transaction.commit().await.map_err(stopped)?;
    let _ = connection.close().await;
    Ok(outcome)
}

fn options(socket: &Path, sending: &Sending<'_>) -> MySqlConnectOptions {
    let account = sending.account;
    let mut options = MySqlConnectOptions::new()
        .host(&account.host)
        .port(account.port)
        .socket(socket)
        .username(&account.user)
        .ssl_mode(if account.tls { MySqlSslMode::VerifyIdentity } else { MySqlSslMode::Disabled })
        .disable_statement_logging();
    if !account.database.is_empty() {
        options = options.database(&account.database);
    }
    if let Some(password) = &account.password {
        options = options.password(password.expose_secret());
    }
    if let Some(file) = &account.authority {
        options = options.ssl_ca(file);
    }
    options
}

/// Has the server end questions whose time is up. MySQL and MariaDB call it differently, and old ones not at all: there
/// only the connection ends.
async fn limit(connection: &mut MySqlConnection, sending: &Sending<'_>) -> Result<(), Stopped> {
    let millis = sending.timeout.as_millis().max(1);
    let ours = format!("SET SESSION max_execution_time = {millis}");
    let others = format!("SET SESSION max_statement_time = {}.{:03}", millis / 1_000, millis % 1_000);
    for sql in [ours, others] {
        match (&mut *connection).execute(AssertSqlSafe(sql)).await {
            Ok(_) => return Ok(()),
            Err(sqlx::Error::Database(_)) => {}
            Err(error) => return Err(rows::stopped(error, sending, CODES)),
        }
    }
    Ok(())
}

async fn carry_out(
    transaction: &mut Transaction<'_, MySql>,
    statement: &Statement,
    sending: &Sending<'_>,
) -> Result<Outcome, Stopped> {
    let stopped = |error| rows::stopped(error, sending, CODES);
    let connection: &mut MySqlConnection = &mut *transaction;
    let sql = AssertSqlSafe(statement.sql.clone()).into_sql_str();
    // What cannot be prepared is refused here, and more than one statement with it.
    let prepared = (&mut *connection).prepare(sql).await.map_err(stopped)?;
    let mut arguments = MySqlArguments::default();
    for value in &statement.values {
        add(&mut arguments, value)
            .map_err(|error| failed("invalid_request", format!("a value cannot be sent: {error}")))?;
    }
    sending.leave(statement.reads).await?;
    let mut found = Rows::new(sending);
    let (mut affected, mut last) = (0, 0);
    {
        let mut answer = (&mut *connection).fetch_many(prepared.query_with(arguments));
        while let Some(part) = answer.try_next().await.map_err(stopped)? {
            match part {
                Either::Left(done) => {
                    affected += done.rows_affected();
                    last = done.last_insert_id();
                }
                Either::Right(row) => found.push(object(&row).map_err(stopped)?)?,
            }
        }
    }
    let gives = !prepared.columns().is_empty();
    let inserted_id = match statement.action {
        Action::Insert | Action::Query if last > 0 => Some(json!(last)),
        _ => None,
    };
    Ok(Outcome { rows: gives.then(|| found.into_rows()), affected, inserted_id })
}

fn add(arguments: &mut MySqlArguments, value: &Value) -> Result<(), BoxDynError> {
    match value {
        Value::Null => arguments.add(None::<String>),
        Value::Bool(value) => arguments.add(*value),
        Value::String(text) => arguments.add(text.clone()),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), _, _) => arguments.add(number),
            (_, Some(number), _) => arguments.add(number),
            (_, _, Some(number)) => arguments.add(number),
            _ => arguments.add(number.to_string()),
        },
        other => arguments.add(other.to_string()),
    }
}

fn object(row: &MySqlRow) -> Result<Map<String, Value>, sqlx::Error> {
    let columns = row.columns().iter().enumerate();
    columns
        .map(|(index, column)| Ok((column.name().to_owned(), value(row, index, column.type_info())?)))
        .collect()
}

fn value(row: &MySqlRow, index: usize, kind: &MySqlTypeInfo) -> Result<Value, sqlx::Error> {
    if row.try_get_raw(index)?.is_null() {
        return Ok(Value::Null);
    }
    macro_rules! plain {
        ($kind:ty) => {
            json!(row.try_get::<$kind, _>(index)?)
        };
    }
    Ok(match kind.name() {
        "BOOLEAN" => plain!(bool),
        "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => plain!(i64),
        "TINYINT UNSIGNED" | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED" | "INT UNSIGNED"
        | "BIGINT UNSIGNED" | "BIT" => plain!(u64),
        "YEAR" => json!(row.try_get_unchecked::<u16, _>(index)?),
        "FLOAT" => plain!(f32),
        "DOUBLE" => plain!(f64),
        "DECIMAL" => decimal(row.try_get(index)?),
        "DATE" => plain!(NaiveDate),
        // A span of more than a day is no time of a day.
        "TIME" => plain!(NaiveTime),
        "DATETIME" => plain!(NaiveDateTime),
        "TIMESTAMP" => plain!(DateTime<Utc>),
        "JSON" => row.try_get::<Value, _>(index)?,
        "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" | "ENUM" | "SET" => {
            json!(row.try_get_unchecked::<String, _>(index)?)
        }
        "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" => {
            let found: Vec<u8> = row.try_get_unchecked(index)?;
            bytes(&found)
        }
        name => {
            let source = format!("it is of type {name}: cast it to CHAR in the query").into();
            let index = row.columns()[index].name().to_owned();
            return Err(sqlx::Error::ColumnDecode { index, source });
        }
    })
}
