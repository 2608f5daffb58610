//! PostgreSQL, by sqlx. The database says which type each placeholder has, and values are sent as that.

use std::path::Path;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use futures::TryStreamExt;
use rust_decimal::Decimal;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use sqlx::{
    Arguments, AssertSqlSafe, Column, ConnectOptions, Connection, Either, Executor, PgConnection, Postgres,
    Row, SqlSafeStr, Statement as _, Transaction, TypeInfo, ValueRef,
    error::BoxDynError,
    postgres::{PgArguments, PgConnectOptions, PgRow, PgSslMode, PgTypeInfo, PgTypeKind},
};
use uuid::Uuid;

use super::{
    Action, Outcome, Sending, Statement, Stopped,
    rows::{self, Rows, bytes, decimal, failed, text, unbytes},
};

/// `query_canceled`; conflicts that pass; a server that goes down, and connections that broke.
const CODES: (&[&str], &[&str], &[&str]) = (&["57014"], &["40001", "40P01", "55P03"], &["57P0", "08"]);

pub(super) async fn run(
    folder: &Path,
    statement: &Statement,
    sending: &Sending<'_>,
) -> Result<Outcome, Stopped> {
    let stopped = |error| rows::stopped(error, sending, CODES);
    let mut connection = options(folder, sending).connect().await.map_err(stopped)?;
    let begin = if statement.reads { "BEGIN READ ONLY" } else { "BEGIN" };
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

fn options(folder: &Path, sending: &Sending<'_>) -> PgConnectOptions {
    let account = sending.account;
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(&account.host)
        .port(account.port)
        .socket(folder)
        .username(&account.user)
        .application_name("conductor")
        .ssl_mode(if account.tls { PgSslMode::VerifyFull } else { PgSslMode::Disable })
        .options([("statement_timeout", sending.timeout.as_millis().max(1).to_string())])
        .disable_statement_logging();
    if !account.database.is_empty() {
        options = options.database(&account.database);
    }
    if let Some(password) = &account.password {
        options = options.password(password.expose_secret());
    }
    if let Some(file) = &account.authority {
        options = options.ssl_root_cert(file);
    }
    options
}

async fn carry_out(
    transaction: &mut Transaction<'_, Postgres>,
    statement: &Statement,
    sending: &Sending<'_>,
) -> Result<Outcome, Stopped> {
    let stopped = |error| rows::stopped(error, sending, CODES);
    let connection: &mut PgConnection = &mut *transaction;
    let sql = AssertSqlSafe(statement.sql.clone()).into_sql_str();
    let prepared = (&mut *connection).prepare(sql).await.map_err(stopped)?;
    let arguments = arguments(prepared.parameters(), &statement.values)?;
    sending.leave(statement.reads).await?;
    let mut found = Rows::new(sending);
    let mut affected = 0;
    {
        let mut answer = (&mut *connection).fetch_many(prepared.query_with(arguments));
        while let Some(part) = answer.try_next().await.map_err(stopped)? {
            match part {
                Either::Left(done) => affected += done.rows_affected(),
                Either::Right(row) => found.push(object(&row).map_err(stopped)?)?,
            }
        }
    }
    let gives = !prepared.columns().is_empty();
    let rows = found.into_rows();
    let inserted_id = match statement.action {
        Action::Insert => rows.first().and_then(|row| row.get("id")).cloned(),
        _ => None,
    };
    Ok(Outcome { rows: gives.then_some(rows), affected, inserted_id })
}

/// The values, as the types that the database expects.
fn arguments(kinds: Option<Either<&[PgTypeInfo], usize>>, values: &[Value]) -> Result<PgArguments, Stopped> {
    let kinds = match kinds {
        Some(Either::Left(kinds)) => kinds,
        _ => &[],
    };
    let mut arguments = PgArguments::default();
    for (index, value) in values.iter().enumerate() {
        let kind = kinds.get(index).map_or("TEXT", |kind| kind.name());
        add(&mut arguments, kind, value).map_err(|error| {
            failed("invalid_request", format!("value {} is no {kind}: {error}", index + 1))
        })?;
    }
    Ok(arguments)
}

fn add(arguments: &mut PgArguments, kind: &str, value: &Value) -> Result<(), BoxDynError> {
    if value.is_null() {
        return arguments.add(None::<String>);
    }
    let plain = || text(value);
    match kind {
        "BOOL" => arguments.add(plain().parse::<bool>()?),
        "INT2" => arguments.add(plain().parse::<i16>()?),
        "INT4" => arguments.add(plain().parse::<i32>()?),
        "INT8" => arguments.add(plain().parse::<i64>()?),
        "FLOAT4" => arguments.add(plain().parse::<f32>()?),
        "FLOAT8" => arguments.add(plain().parse::<f64>()?),
        "NUMERIC" => {
            let digits = plain();
            let number = digits.parse::<Decimal>().or_else(|_| Decimal::from_scientific(&digits))?;
            arguments.add(number)
        }
        "UUID" => arguments.add(plain().parse::<Uuid>()?),
        "JSON" | "JSONB" => arguments.add(value.clone()),
        "DATE" => arguments.add(plain().parse::<NaiveDate>()?),
        "TIME" => arguments.add(plain().parse::<NaiveTime>()?),
        "TIMESTAMP" => arguments.add(moment(&plain())?.naive_utc()),
        "TIMESTAMPTZ" => arguments.add(moment(&plain())?),
        "BYTEA" => arguments.add(unbytes(&plain())?),
        "BOOL[]" => arguments.add(list(value, |item| Ok(text(item).parse::<bool>()?))?),
        "INT2[]" => arguments.add(list(value, |item| Ok(text(item).parse::<i16>()?))?),
        "INT4[]" => arguments.add(list(value, |item| Ok(text(item).parse::<i32>()?))?),
        "INT8[]" => arguments.add(list(value, |item| Ok(text(item).parse::<i64>()?))?),
        "FLOAT8[]" => arguments.add(list(value, |item| Ok(text(item).parse::<f64>()?))?),
        "UUID[]" => arguments.add(list(value, |item| Ok(text(item).parse::<Uuid>()?))?),
        "TEXT[]" | "VARCHAR[]" => arguments.add(list(value, |item| Ok(text(item)))?),
        // Texts, and words of an enumeration, which are sent the same.
        _ => arguments.add(plain()),
    }
}

fn list<T>(value: &Value, item: impl Fn(&Value) -> Result<T, BoxDynError>) -> Result<Vec<T>, BoxDynError> {
    let items = value.as_array().ok_or("it is no list")?;
    items.iter().map(item).collect()
}

/// A moment with its zone, or in UTC without one; a day begins at its midnight.
fn moment(text: &str) -> Result<DateTime<Utc>, BoxDynError> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment.to_utc());
    }
    let plain = text.replace('T', " ");
    if let Ok(moment) = NaiveDateTime::parse_from_str(&plain, "%Y-%m-%d %H:%M:%S%.f") {
        return Ok(moment.and_utc());
    }
    let day = plain.parse::<NaiveDate>()?;
    Ok(day.and_time(NaiveTime::MIN).and_utc())
}

fn object(row: &PgRow) -> Result<Map<String, Value>, sqlx::Error> {
    let columns = row.columns().iter().enumerate();
    columns
        .map(|(index, column)| Ok((column.name().to_owned(), value(row, index, column.type_info())?)))
        .collect()
}

fn value(row: &PgRow, index: usize, kind: &PgTypeInfo) -> Result<Value, sqlx::Error> {
    if row.try_get_raw(index)?.is_null() {
        return Ok(Value::Null);
    }
    macro_rules! plain {
        ($kind:ty) => {
            json!(row.try_get::<$kind, _>(index)?)
        };
    }
    Ok(match kind.name() {
        "BOOL" => plain!(bool),
        "INT2" => plain!(i16),
        "INT4" => plain!(i32),
        "INT8" => plain!(i64),
        "FLOAT4" => plain!(f32),
        "FLOAT8" => plain!(f64),
        "NUMERIC" => decimal(row.try_get(index)?),
        "TEXT" | "VARCHAR" | "BPCHAR" | "CHAR" | "NAME" | "CITEXT" | "citext" | "UNKNOWN" => plain!(String),
        "UUID" => plain!(Uuid),
        "JSON" | "JSONB" => row.try_get::<Value, _>(index)?,
        "DATE" => plain!(NaiveDate),
        "TIME" => plain!(NaiveTime),
        "TIMESTAMP" => plain!(NaiveDateTime),
        "TIMESTAMPTZ" => plain!(DateTime<Utc>),
        "BYTEA" => {
            let found: Vec<u8> = row.try_get(index)?;
            bytes(&found)
        }
        "BOOL[]" => plain!(Vec<Option<bool>>),
        "INT2[]" => plain!(Vec<Option<i16>>),
        "INT4[]" => plain!(Vec<Option<i32>>),
        "INT8[]" => plain!(Vec<Option<i64>>),
        "FLOAT8[]" => plain!(Vec<Option<f64>>),
        "UUID[]" => plain!(Vec<Option<Uuid>>),
        "TEXT[]" | "VARCHAR[]" | "NAME[]" => plain!(Vec<Option<String>>),
        "VOID" => Value::Null,
        name => match kind.kind() {
            PgTypeKind::Enum(_) => json!(row.try_get_unchecked::<String, _>(index)?),
            _ => {
                let source = format!("it is of type {name}: cast it to text in the query").into();
                let index = row.columns()[index].name().to_owned();
                return Err(sqlx::Error::ColumnDecode { index, source });
            }
        },
    })
}
