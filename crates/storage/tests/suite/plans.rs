//! What SQLite reads for a statement: the rows that it asks for, not everything that the organisation has.

use sea_orm::{ConnectionTrait, Statement};

use crate::support::World;

/// Statements as the repositories write them, and the index that each should go by.
const STATEMENTS: [(&str, &str); 8] = [
    (
        "UPDATE human_tasks SET status = 'expired' WHERE run_id = ? AND organization_id = ? AND status = 'pending'",
        "ix_human_tasks_run_id",
    ),
    (
        "SELECT * FROM human_tasks WHERE organization_id = ? AND environment_id = ? AND status = 'pending' \
         ORDER BY id LIMIT 50",
        "ix_human_tasks_organization_id_status",
    ),
    (
        "SELECT * FROM permission_grants WHERE organization_id = ? AND resource_type = ? AND resource_id = ? \
         AND is_active",
        "ix_permission_grants_resource_id",
    ),
    (
        "SELECT * FROM runs WHERE organization_id = ? AND environment_id = ? AND connector_id = ? \
         ORDER BY created_at DESC, id DESC LIMIT 50",
        "ix_runs_connector_id",
    ),
    (
        "SELECT id FROM runs WHERE status IN ('pending', 'running', 'waiting') AND (lease_until IS NULL OR \
         lease_until < ?) AND (status IN ('pending', 'running') OR (status = 'waiting' AND (id IN (SELECT run_id FROM \
         run_signals WHERE consumed_at IS NULL) OR wake_at <= ?))) ORDER BY id LIMIT 100",
        "ix_runs_open",
    ),
    (
        "SELECT * FROM audit_events WHERE organization_id = ? AND seq IS NULL ORDER BY id LIMIT 500",
        "ix_audit_events_unsealed",
    ),
    (
        "SELECT * FROM runs WHERE organization_id = ? AND environment_id = ? AND parent_run_id = ?",
        "ix_runs_parent_run_id",
    ),
    (
        "SELECT * FROM runs WHERE organization_id = ? AND environment_id = ? ORDER BY created_at DESC, id DESC LIMIT 50",
        "ix_runs_organization_id_environment_id_created_at",
    ),
];

#[tokio::test]
async fn the_tenant_of_a_row_is_not_the_way_to_it() {
    let world = World::sqlite().await;
    let again = world.another().await; // what is told once stands, and is not told again
    let conn = sea_orm::Database::connect(world.database.url()).await.unwrap();
    for (statement, index) in STATEMENTS {
        let explain = format!("EXPLAIN QUERY PLAN {}", statement.replace('?', "1"));
        let plan = Statement::from_string(sea_orm::DbBackend::Sqlite, explain);
        let rows = conn.query_all_raw(plan).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.try_get_by_index(3).unwrap()).collect();
        assert!(plan.iter().any(|line| line.split(' ').any(|word| word == index)), "{statement}\n{plan:#?}");
    }
    conn.close().await.unwrap();
    drop(again);
}
