//! Reads of one row by its key that SQLite answers on the thread that asks: such a read takes microseconds, and handing
//! it to another thread and being woken again costs more than the read (docs/adr/0028).

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rusqlite::{Connection, OpenFlags, params_from_iter};
use sea_orm::prelude::Uuid;

use crate::{Result, columns::Columns};

/// Connections for reads of one row. As many come to be as threads ask at once, and no read waits for one.
#[derive(Debug)]
pub(crate) struct Points {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Points {
    /// Over a file of SQLite, opened when it is first read.
    pub(crate) fn new(file: &Path) -> Self {
        Self { file: file.to_owned(), idle: Mutex::default() }
    }

    /// The row that `sql` finds by `key`, as `read` makes it. `None` when SQLite could not say without waiting, or failed:
    /// the read then takes its turn with the others, which wait where nobody else is kept, and tell what is wrong.
    pub(crate) fn read<T>(
        &self,
        sql: &'static str,
        key: &[Uuid],
        read: impl FnOnce(&mut Columns<'_>) -> Result<T>,
    ) -> Option<Result<Option<T>>> {
        let taken = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match taken {
            Some(connection) => connection,
            None => open(&self.file).ok()?,
        };
        let found = found(&connection, sql, key, read).ok();
        // One that failed is closed, and the next read opens another.
        if found.is_some() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        found
    }
}

fn found<T>(
    connection: &Connection,
    sql: &'static str,
    key: &[Uuid],
    read: impl FnOnce(&mut Columns<'_>) -> Result<T>,
) -> rusqlite::Result<Result<Option<T>>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params_from_iter(key))?;
    Ok(rows.next()?.map(|row| read(&mut Columns::of_point(row))).transpose())
}

/// A connection that only reads. It never waits for another: a busy file is an error at once.
fn open(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(std::time::Duration::ZERO)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "SELECT name FROM rows WHERE id = $1";

    fn name(row: &mut Columns<'_>) -> Result<String> {
        Ok(row.next()?)
    }

    #[test]
    fn what_cannot_be_said_at_once_is_left_to_those_who_wait() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        let points = Points::new(&file);
        let (known, unknown) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert!(points.read(NAME, &[known], name).is_none() && !file.exists());

        let other = Connection::open(&file).unwrap();
        other.execute_batch("CREATE TABLE rows (id BLOB PRIMARY KEY, name TEXT)").unwrap();
        other.execute("INSERT INTO rows VALUES ($1, 'one')", [known]).unwrap();
        assert_eq!(points.read(NAME, &[known], name).unwrap().unwrap().as_deref(), Some("one"));
        assert!(points.read(NAME, &[unknown], name).unwrap().unwrap().is_none());
        assert_eq!(points.idle.lock().unwrap().len(), 1);

        other.execute_batch("BEGIN EXCLUSIVE").unwrap();
        assert!(points.read(NAME, &[known], name).is_none());
        other.execute_batch("COMMIT").unwrap();
        assert!(points.read(NAME, &[known], name).is_some());
    }

    #[test]
    fn a_row_that_cannot_be_read_is_an_error_and_not_a_wait() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        let other = Connection::open(&file).unwrap();
        other.execute_batch("CREATE TABLE rows (id BLOB PRIMARY KEY, name TEXT)").unwrap();
        other.execute("INSERT INTO rows VALUES ($1, NULL)", [Uuid::nil()]).unwrap();
        assert!(Points::new(&file).read(NAME, &[Uuid::nil()], name).unwrap().is_err());
    }

    #[test]
    fn nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE rows (id BLOB, name TEXT)").unwrap();
        let write = "INSERT INTO rows VALUES ($1, 'one') RETURNING name";
        assert!(Points::new(&file).read(write, &[Uuid::nil()], name).is_none());
    }
}
