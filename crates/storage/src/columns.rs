//! Reading a row's columns one after the other, for reads that are asked all the time: sea-orm looks each up by its name,
//! and writes the text of an error for each that is NULL.

use rusqlite::types::FromSql;
use sea_orm::{DbErr, QueryResult, RuntimeErr};
use sqlx::{Decode, Postgres, Row, Sqlite, Type};

/// A row whose statement names its columns in the order in which they are read.
pub(crate) struct Columns<'r> {
    row: From<'r>,
    at: usize,
}

enum From<'r> {
    Query(&'r QueryResult),
    Point(&'r rusqlite::Row<'r>),
}

/// What a column of either database can be.
pub(crate) trait Column:
    Type<Sqlite> + Type<Postgres> + for<'r> Decode<'r, Sqlite> + for<'r> Decode<'r, Postgres> + FromSql
{
}

impl<T> Column for T where
    T: Type<Sqlite> + Type<Postgres> + for<'r> Decode<'r, Sqlite> + for<'r> Decode<'r, Postgres> + FromSql
{
}

impl<'r> Columns<'r> {
    pub(crate) fn of(row: &'r QueryResult) -> Self {
        Self { row: From::Query(row), at: 0 }
    }

    pub(crate) fn of_point(row: &'r rusqlite::Row<'r>) -> Self {
        Self { row: From::Point(row), at: 0 }
    }

    /// The next column.
    pub(crate) fn next<T: Column>(&mut self) -> Result<T, DbErr> {
        let at = self.at;
        self.at += 1;
        let row = match self.row {
            From::Query(row) => row,
            From::Point(row) => return row.get(at).map_err(|error| DbErr::Type(error.to_string())),
        };
        let value = match row.try_as_sqlite_row() {
            Some(row) => row.try_get(at),
            None => match row.try_as_pg_row() {
                Some(row) => row.try_get(at),
                None => return Err(DbErr::Custom("a row of no database that is known".to_owned())),
            },
        };
        value.map_err(|error: sqlx::Error| DbErr::Query(RuntimeErr::SqlxError(error.into())))
    }
}
