//! A database per test: a file of SQLite, or a database of its own on the tests' PostgreSQL.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use tempfile::TempDir;

use crate::environment::variable;

/// An empty database that only this test knows; gone when it is dropped.
#[derive(Debug)]
pub struct TestDb {
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Sqlite { _folder: TempDir },
    Postgres { admin: String, name: String, role: OnceLock<String> },
}

impl TestDb {
    /// A SQLite file in a folder of its own.
    ///
    /// # Panics
    /// When no temporary folder can be made.
    #[must_use]
    pub fn sqlite() -> Self {
        let folder = TempDir::new().unwrap_or_else(|error| panic!("a temporary folder: {error}"));
        let url = format!("sqlite://{}/conductor.db", folder.path().display());
        Self { url, place: Place::Sqlite { _folder: folder } }
    }

    /// A database of its own on the PostgreSQL of `CONDUCTOR_TEST_POSTGRES`.
    ///
    /// # Panics
    /// When there is none: a suite that ran on one database only would pass without having tested the other.
    #[must_use]
    pub fn postgres() -> Self {
        let Some(admin) = variable("CONDUCTOR_TEST_POSTGRES") else {
            panic!(
                "CONDUCTOR_TEST_POSTGRES is not set: run `cargo xtask test --only rust`, or one crate's tests with \
                 `cargo xtask with-postgres cargo nextest run -p <crate>`"
            )
        };
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        // A predecessor with the same process id may have died without dropping its own.
        statement(&admin, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        statement(&admin, &format!("CREATE DATABASE {name}"));
        let server = admin.rsplit_once('/').map_or(admin.as_str(), |(server, _)| server);
        let url = format!("{server}/{name}");
        Self { url, place: Place::Postgres { admin, name, role: OnceLock::new() } }
    }

    /// One of each kind, for a suite that runs on both.
    pub fn each() -> impl Iterator<Item = Self> {
        [Self::sqlite as fn() -> Self, Self::postgres].into_iter().map(|make| make())
    }

    /// A role that is no superuser and may make tables here, and the address by which it comes in: what it may do with
    /// them can be taken from it.
    ///
    /// # Panics
    /// On SQLite, which has no roles, and when PostgreSQL refuses it.
    #[must_use]
    pub fn role(&self) -> (String, String) {
        let Place::Postgres { admin, name, role } = &self.place else { panic!("SQLite has no roles") };
        let Some((_, host)) = self.url.split_once('@') else { panic!("no account in the tests' PostgreSQL") };
        let made = role.get_or_init(|| {
            let role = format!("{name}_server");
            statement(admin, &format!("DROP ROLE IF EXISTS {role}"));
            statement(admin, &format!("CREATE ROLE {role} LOGIN NOSUPERUSER PASSWORD '{role}'"));
            statement(&self.url, &format!("GRANT USAGE, CREATE ON SCHEMA public TO {role}"));
            role
        });
        (made.clone(), format!("postgres://{made}:{made}@{host}"))
    }

    /// Every row that is there now, as the statement that would write it, by table: what happened is what differs.
    ///
    /// # Panics
    /// On PostgreSQL, and when `sqlite3` cannot read the file.
    #[must_use]
    pub fn rows(&self) -> BTreeMap<String, BTreeSet<String>> {
        let Some(file) = self.url.strip_prefix("sqlite://") else { panic!("rows are read from SQLite only") };
        let output = Command::new("sqlite3").args([file, ".timeout 10000", ".dump --data-only"]).output();
        let output = match output {
            Ok(output) if output.status.success() => output,
            Ok(output) => panic!("sqlite3: {}", String::from_utf8_lossy(&output.stderr)),
            Err(error) => panic!("sqlite3 could not be started: {error}"),
        };
        let mut rows = BTreeMap::<String, BTreeSet<String>>::new();
        for row in String::from_utf8_lossy(&output.stdout).lines() {
            let named = row.strip_prefix("INSERT INTO ").and_then(|rest| rest.split_once(" VALUES("));
            if let Some((table, _)) = named {
                rows.entry(table.trim_matches('"').to_owned()).or_default().insert(row.to_owned());
            }
        }
        assert!(!rows.is_empty(), "{file} has no rows");
        rows
    }

    /// Changes rows by a statement of the test's own: what no route does, such as that time went by. A server in this process
    /// goes on meanwhile: it may be in the middle of a write, which this one waits for.
    ///
    /// # Panics
    /// On PostgreSQL, and when `sqlite3` refuses it.
    pub async fn change(&self, sql: &str) {
        let Some(file) = self.url.strip_prefix("sqlite://") else {
            panic!("rows are changed on SQLite only")
        };
        let mut sqlite = tokio::process::Command::new("sqlite3");
        let output = sqlite.args([file, ".timeout 10000", sql]).output().await;
        match output {
            Ok(output) if output.status.success() => {}
            Ok(output) => panic!("sqlite3: {}", String::from_utf8_lossy(&output.stderr)),
            Err(error) => panic!("sqlite3 could not be started: {error}"),
        }
    }

    /// The address, such as `sqlite:///tmp/…/conductor.db` or `postgres://…`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        // A test that fails is told why it failed, not that its database was still in use.
        if let Place::Postgres { admin, name, role } = &self.place
            && !std::thread::panicking()
        {
            statement(admin, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            // It owned nothing elsewhere.
            if let Some(role) = role.get() {
                statement(admin, &format!("DROP ROLE IF EXISTS {role}"));
            }
        }
    }
}

fn statement(url: &str, sql: &str) {
    let psql = ["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--command", sql];
    let output =
        Command::new("psql").args(psql).arg(url).env("PGOPTIONS", "-c client_min_messages=error").output();
    match output {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("{sql}: {}", String::from_utf8_lossy(&output.stderr).trim()),
        Err(error) => panic!("psql could not be started: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sqlite_database_is_another_file() {
        let (one, other) = (TestDb::sqlite(), TestDb::sqlite());
        assert_ne!(one.url(), other.url());
        assert!(one.url().starts_with("sqlite:///"), "{}", one.url());
    }

    #[test]
    fn what_a_role_may_do_is_given_and_taken() {
        let one = TestDb::postgres();
        let (role, url) = one.role();
        assert_eq!(one.role().0, role, "there is one for each database");
        statement(&url, "CREATE TABLE t (x int)");
        let reads = || {
            let read = Command::new("psql").args(["--no-psqlrc", "-c", "SELECT x FROM t", &url]).output();
            read.unwrap().status.success()
        };
        assert!(reads());
        statement(one.url(), &format!("REVOKE ALL ON t FROM {role}"));
        assert!(!reads());
        statement(one.url(), &format!("GRANT ALL ON t TO {role}"));
        assert!(reads());
    }

    #[test]
    fn each_postgres_database_is_its_own_and_is_dropped() {
        let (one, other) = (TestDb::postgres(), TestDb::postgres());
        assert_ne!(one.url(), other.url());
        statement(one.url(), "CREATE TABLE t (x int)");
        statement(other.url(), "CREATE TABLE t (x int)");
        let url = one.url().to_owned();
        drop(one);
        let gone = Command::new("psql").args(["--no-psqlrc", "-c", "SELECT 1", &url]).output().unwrap();
        assert!(!gone.status.success());
    }
}
