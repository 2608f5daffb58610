//! Reading a row's columns one after the other, for reads that are asked all the time: sea-orm looks each up by its name,
//! and writes the text of an error for each that is NULL.

use sea_orm::{DbErr, QueryResult, RuntimeErr};
use sqlx::{Decode, Postgres, Row, Sqlite, Type};

/// A row whose statement names its columns in the order in which they are read.
pub(crate) struct Columns<'r> {
    row: &'r QueryResult,
    at: usize,
}

/// What a column of either database can be.
pub(crate) trait Column:
    Type<Sqlite> + Type<Postgres> + for<'r> Decode<'r, Sqlite> + for<'r> Decode<'r, Postgres>
{
}

impl<T> Column for T where
    T: Type<Sqlite> + Type<Postgres> + for<'r> Decode<'r, Sqlite> + for<'r> Decode<'r, Postgres>
{
}

impl<'r> Columns<'r> {
    pub(crate) fn of(row: &'r QueryResult) -> Self {
        Self { row, at: 0 }
    }

    /// The next column.
    pub(crate) fn next<T: Column>(&mut self) -> Result<T, DbErr> {
        let at = self.at;
        self.at += 1;
        let value = match self.row.try_as_sqlite_row() {
            Some(row) => row.try_get(at),
            None => match self.row.try_as_pg_row() {
                Some(row) => row.try_get(at),
                None => return Err(DbErr::Custom("a row of no database that is known".to_owned())),
            },
        };
        value.map_err(|error: sqlx::Error| DbErr::Query(RuntimeErr::SqlxError(error.into())))
    }
}
