//! What SQLite's planner is told of the tables, written by us instead of counted.
//!
//! Every query carries its tenant's columns, and without statistics SQLite takes an index that begins with two of them
//! for more selective than one on the column that matters: ending a run then goes through all of its organisation.
//! Counting (`ANALYZE`) would help only after the tables have grown, and change plans under a running server. So the
//! planner is given fixed figures, as <https://sqlite.org/lang_analyze.html> (§ 5) proposes: the same plans everywhere.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait};

use crate::Result;

/// As many rows are assumed in every table.
const ROWS: u64 = 1_000_000;
/// As many are assumed in an index of some rows alone, such as the runs that are open. Nearly all are in those of rows that
/// are not deleted.
const SOME: u64 = 10_000;
/// As many rows are assumed for one value of a column that nothing is known of, such as an id or a moment.
const FEW: u64 = 10;

/// Of how many values one picks, by column. What is not named here is nearly unique.
const VALUES: [(&str, u64); 16] = [
    ("organization_id", 100),
    ("environment_id", 2),
    ("is_active", 2),
    ("kind", 2),
    ("scope", 2),
    ("role", 2),
    ("state", 2),
    ("subject_type", 2),
    ("resource_type", 2),
    ("provider", 4),
    ("status", 100),
    ("user_id", 100),
    ("owner_user_id", 100),
    ("workflow_id", 1_000),
    ("agent_id", 1_000),
    ("connector_id", 1_000),
];

const INDEXES: &str = "SELECT t.name, i.name, i.\"unique\", i.partial AND s.sql NOT LIKE '%deleted_at%', c.name \
     FROM sqlite_schema AS t, pragma_index_list(t.name) AS i, pragma_index_xinfo(i.name) AS c, \
     sqlite_schema AS s \
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND c.key = 1 AND s.name = i.name \
     ORDER BY t.name, i.name, c.seqno";

/// Writes the figures where they are not what they should be.
pub(crate) async fn tell_planner(conn: &DatabaseConnection) -> Result<()> {
    let wanted = wanted(conn).await?;
    conn.execute_unprepared("ANALYZE sqlite_schema").await?; // makes the table that they go to, and nothing else
    if written(conn).await? == wanted {
        return Ok(());
    }
    let tx = conn.begin().await?;
    tx.execute_unprepared("DELETE FROM sqlite_stat1").await?;
    for ((table, index), figures) in wanted {
        let insert = "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)";
        let values = [table.into(), index.into(), figures.into()];
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, insert, values)).await?;
    }
    tx.commit().await?;
    conn.execute_unprepared("ANALYZE sqlite_schema").await?; // reads them
    Ok(())
}

/// Table and index, with what `sqlite_stat1` says of them.
type Figures = BTreeMap<(String, String), String>;

async fn written(conn: &DatabaseConnection) -> Result<Figures> {
    let select = "SELECT tbl, idx, stat FROM sqlite_stat1 WHERE idx IS NOT NULL";
    let rows = conn.query_all_raw(Statement::from_string(DbBackend::Sqlite, select)).await?;
    let mut figures = Figures::new();
    for row in rows {
        figures.insert((row.try_get_by_index(0)?, row.try_get_by_index(1)?), row.try_get_by_index(2)?);
    }
    Ok(figures)
}

async fn wanted(conn: &DatabaseConnection) -> Result<Figures> {
    let rows = conn.query_all_raw(Statement::from_string(DbBackend::Sqlite, INDEXES)).await?;
    let mut indexes: BTreeMap<(String, String), Index> = BTreeMap::new();
    for row in rows {
        let key = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let index = indexes.entry(key).or_default();
        index.is_unique = row.try_get_by_index(2)?;
        // Without the text of its own: the index of a key.
        index.is_partial = row.try_get_by_index::<Option<bool>>(3)?.unwrap_or_default();
        index.columns.push(row.try_get_by_index(4)?);
    }
    Ok(indexes.into_iter().map(|(key, index)| (key, index.figures())).collect())
}

/// What the figures of an index follow from. Expressions have no name.
#[derive(Default)]
struct Index {
    is_unique: bool,
    is_partial: bool,
    columns: Vec<Option<String>>,
}

impl Index {
    /// The rows of the index, then those that the first column picks, the first two, and so on.
    fn figures(&self) -> String {
        let mut left = if self.is_partial { SOME } else { ROWS };
        let mut figures = vec![left.to_string()];
        for (at, column) in self.columns.iter().enumerate() {
            let values = VALUES.iter().find(|(name, _)| Some(*name) == column.as_deref());
            left = (left / values.map_or(ROWS, |(_, values)| *values)).max(FEW);
            let is_whole_key = self.is_unique && at + 1 == self.columns.len();
            figures.push(if is_whole_key { 1 } else { left }.to_string());
        }
        figures.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_further_column_picks_fewer_rows_and_a_whole_key_picks_one() {
        let figures = |is_unique, is_partial, columns: &[&str]| {
            let columns = columns.iter().map(|name| Some((*name).to_owned())).collect();
            Index { is_unique, is_partial, columns }.figures()
        };
        assert_eq!(figures(false, false, &["run_id"]), "1000000 10");
        let tenant = ["organization_id", "environment_id", "created_at"];
        assert_eq!(figures(false, false, &tenant), "1000000 10000 5000 10");
        assert_eq!(figures(true, false, &["run_id", "seq"]), "1000000 10 1");
        assert_eq!(figures(false, true, &["lease_until"]), "10000 10");
    }
}
