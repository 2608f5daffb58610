//! A-R8: `ATTACH` of a file by whoever writes SQL. No node speaks to SQLite, whose files would be this server's own: a
//! workflow that asks for it is kept with that said of it, runs nothing, and makes no file.

use serde_json::json;

use crate::running::World;

#[tokio::test]
async fn no_node_opens_a_file() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (file, own) = (folder.path().join("taken.db"), world.folders());
    let own = own.first().unwrap().join("conductor.db");
    for (at, source) in
        ["inventory.sqlite.select", "inventory.sqlite3.execute", "inventory.duckdb.select"].iter().enumerate()
    {
        for (nth, query) in [
            format!("ATTACH DATABASE '{}' AS taken", file.display()),
            format!("VACUUM INTO '{}'", file.display()),
            format!("ATTACH '{}' AS own; SELECT * FROM own.users", own.display()),
            "SELECT load_extension('x')".to_owned(),
        ]
        .into_iter()
        .enumerate()
        {
            let name = format!("sql-{at}-{nth}");
            let document = json!({
                "name": name,
                "steps": [{ "id": "read", "type": "database", "config": { "operation": source, "query": query } }],
            });
            let kept = world.admin.post("/api/workflows/import", document).await;
            if kept.status != 422 {
                kept.created();
                let path = format!("/api/workflows/execute/{name}");
                world.admin.post(&path, json!({ "inputs": {} })).await.problem(422, "workflow_invalid");
            }
            assert!(!file.exists(), "{source}: {query}");
        }
    }
}
