//! Data sources of workflows on the real binary, over the tests' own PostgreSQL: each action, what must not become SQL,
//! what must not change anything, and what is told when there is no answer.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, not their helpers")]

use conductor_test_support::{Api, Server, TestDb};
use serde_json::{Value, json};

const EVIL: &str = "'); DROP TABLE customers; --";

async fn server(database: &TestDb) -> (Server, Api) {
    let mut server = Server::configure()
        .env("CONDUCTOR_EGRESS_ALLOW", "127.0.0.1/32")
        .env(
            "CONDUCTOR_INTEGRATION_ACCOUNTS",
            "SHOP_POSTGRESQL,FAR_POSTGRESQL,CLOSED_POSTGRESQL,ODD_POSTGRESQL",
        )
        .env("SHOP_POSTGRESQL_URL", database.url())
        .env("SHOP_POSTGRESQL_TLS", "none")
        .env("FAR_POSTGRESQL_URL", "postgres://someone:hidden-far@10.1.2.3:5432/far")
        .env("FAR_POSTGRESQL_TLS", "none")
        .env("CLOSED_POSTGRESQL_URL", "postgres://someone@127.0.0.1:1/closed")
        .env("CLOSED_POSTGRESQL_TLS", "none")
        .env("ODD_POSTGRESQL_URL", "mysql://someone@127.0.0.1:1/odd")
        .start()
        .await;
    let api = server.set_up().await;
    (server, api)
}

fn node(id: &str, action: &str, fields: &Value) -> Value {
    at("shop", id, action, fields)
}

fn at(data_source: &str, id: &str, action: &str, fields: &Value) -> Value {
    let mut config = json!({ "data_source": data_source, "db_type": "postgresql", "action": action });
    for (field, value) in fields.as_object().unwrap() {
        config[field] = value.clone();
    }
    json!({ "id": id, "kind": "database", "config": config })
}

fn document(name: &str, nodes: &[Value]) -> Value {
    let ids: Vec<&str> = nodes.iter().map(|node| node["id"].as_str().unwrap()).collect();
    let edges: Vec<Value> = ids
        .windows(2)
        .map(|pair| json!({ "id": format!("to-{}", pair[1]), "from": pair[0], "port": "out", "to": pair[1] }))
        .collect();
    json!({
        "schema": "conductor.workflow/1", "name": name, "source_format": "native",
        "nodes": nodes, "edges": edges, "entry": [ids.first()], "exit": [ids.last()],
    })
}

/// Runs these nodes one after the other, and gives the report with its events.
async fn run(api: &Api, name: &str, nodes: &[Value], inputs: Value) -> (Value, String) {
    api.post("/api/workflows/import", document(name, nodes)).await.created();
    let body = json!({ "workflow": name, "inputs": inputs });
    let started = api.post("/api/execute/workflow", body).await.created();
    let run = started["run"]["id"].as_str().unwrap().to_owned();
    let mut events = api.events(&run, 0).await;
    events.until("run.finished").await;
    let journal: String = events.seen().iter().map(|event| event.data.to_string()).collect();
    (api.get(&format!("/api/workflows/executions/{run}")).await.ok(), journal)
}

fn output<'r>(report: &'r Value, id: &str) -> &'r Value {
    let steps = report["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["id"] == id);
    &step.unwrap_or_else(|| panic!("{id} has not begun: {report}"))["output"]
}

async fn failed(api: &Api, name: &str, node: Value, code: &str, says: &str) {
    let (report, _) = run(api, name, &[node], json!({ "name": EVIL })).await;
    assert_eq!(report["status"], "failed", "{name}: {report}");
    assert_eq!(report["error"]["code"], code, "{name}: {report}");
    assert!(report["error"]["message"].as_str().unwrap().contains(says), "{name}: {report}");
}

/// A table of customers.
async fn customers(api: &Api) {
    let sql = "CREATE TABLE customers (id SERIAL PRIMARY KEY, name TEXT NOT NULL, spent NUMERIC, tags TEXT[], \
               more JSONB, seen TIMESTAMPTZ)";
    let (report, _) =
        run(api, "customers", &[node("make", "query", &json!({ "query": sql }))], json!({})).await;
    assert_eq!(report["status"], "completed", "{report}");
}

/// How many customers there are.
async fn count(api: &Api, name: &str) -> Value {
    let sql = "SELECT COUNT(*) AS n FROM customers";
    let (report, _) = run(api, name, &[node("count", "select", &json!({ "query": sql }))], json!({})).await;
    output(&report, "count")["data"][0]["n"].clone()
}

#[tokio::test]
async fn every_action_answers_in_the_words_of_the_form_and_values_stay_values() {
    let database = TestDb::postgres();
    let (server, api) = server(&database).await;
    customers(&api).await;
    let nodes = [
        node(
            "add",
            "insert",
            &json!({
                "collection": "public.customers",
                "data": {
                    "name": "{{inputs.name}}", "spent": 12.5, "tags": ["a", "b"], "more": { "vip": true },
                    "seen": "2026-01-02T03:04:05Z",
                },
            }),
        ),
        node(
            "both",
            "insert",
            &json!({ "collection": "customers", "data": [{ "name": "Bo" }, { "name": "Cy" }] }),
        ),
        node(
            "bare",
            "select",
            &json!({ "query": "SELECT * FROM customers WHERE name = {{inputs.name}} AND id < ?", "params": ["{{inputs.most}}"] }),
        ),
        node(
            "quoted",
            "select",
            &json!({ "query": "SELECT id FROM customers WHERE name LIKE '%{{inputs.name}}%' OR name = '?'" }),
        ),
        node(
            "change",
            "update",
            &json!({ "collection": "customers", "data": { "spent": "{{inputs.most}}" }, "where": "name = {{inputs.name}} -- it" }),
        ),
        node(
            "drop",
            "delete",
            &json!({ "collection": "customers", "where": "name IN (?, ?)", "params": ["Bo", EVIL] }),
        ),
        node("left", "query", &json!({ "query": "SELECT name, spent FROM customers ORDER BY id" })),
    ];
    let (report, journal) = run(&api, "all", &nodes, json!({ "name": EVIL, "most": 100 })).await;
    assert_eq!(report["status"], "completed", "{report}");
    let add = output(&report, "add");
    for (field, value) in [
        ("success", json!(true)),
        ("operation", json!("shop.postgresql.insert")),
        ("dataSource", json!("shop")),
        ("count", json!(1)),
        ("insertedId", json!(1)),
    ] {
        assert_eq!(add[field], value, "{field}: {add}");
    }
    assert_eq!(add["data"]["name"], EVIL);
    assert_eq!(output(&report, "both")["count"], 2);
    let row = json!({
        "id": 1, "name": EVIL, "spent": 12.5, "tags": ["a", "b"], "more": { "vip": true }, "seen": "2026-01-02T03:04:05Z",
    });
    assert_eq!(output(&report, "bare")["data"], json!([row]));
    assert_eq!(output(&report, "quoted")["data"], json!([{ "id": 1 }]));
    let change = output(&report, "change");
    assert_eq!((&change["count"], &change["data"]), (&json!(1), &json!({ "spent": 100 })));
    assert_eq!(output(&report, "drop")["count"], 2);
    assert_eq!(output(&report, "left")["data"], json!([{ "name": "Cy", "spent": null }]));

    let secret = database.url().split_once("://").unwrap().1.split_once('@').unwrap().0;
    let secret = secret.split_once(':').unwrap().1;
    assert!(
        !journal.contains(secret) && !report.to_string().contains(secret) && !server.log().contains(secret)
    );
}

#[tokio::test]
async fn a_select_changes_nothing_and_one_statement_is_one() {
    let database = TestDb::postgres();
    let (_server, api) = server(&database).await;
    customers(&api).await;
    let add = json!({ "collection": "customers", "data": { "name": "Bo" } });
    run(&api, "one", &[node("add", "insert", &add)], json!({})).await;
    for (name, sql, code) in [
        ("with", "WITH gone AS (DELETE FROM customers RETURNING *) SELECT * FROM gone", "25006"),
        ("next", "SELECT nextval('customers_id_seq')", "25006"),
        ("analyze", "EXPLAIN ANALYZE DELETE FROM customers", "25006"),
        ("delete", "DELETE FROM customers", "invalid_request"),
        ("do", "DO $$ BEGIN SET TRANSACTION READ WRITE; DELETE FROM customers; END $$", "invalid_request"),
        ("two", "SELECT 1; DELETE FROM customers", "invalid_request"),
        ("end", "COMMIT", "invalid_request"),
    ] {
        failed(&api, name, node("n", "select", &json!({ "query": sql })), code, "").await;
    }
    let two = json!({ "query": "DELETE FROM customers; DELETE FROM customers" });
    failed(&api, "two-changes", node("n", "query", &two), "invalid_request", "more than one statement").await;
    let wide = json!({ "collection": "customers", "where": "id = 9) OR (1 = 1" });
    failed(&api, "wide", node("n", "delete", &wide), "invalid_request", "closes more").await;
    let table = json!({ "collection": "customers\" --", "where": "1 = 1" });
    failed(&api, "table", node("n", "delete", &table), "invalid_request", "no plain name").await;
    let column = json!({ "collection": "customers", "data": { "name\") --": 1 } });
    failed(&api, "column", node("n", "insert", &column), "invalid_request", "no plain name").await;
    let comment = json!({ "query": "SELECT 1 -- {{inputs.name}}" });
    failed(&api, "comment", node("n", "select", &comment), "node_invalid", "in a comment").await;
    // A condition that is a value is no condition.
    let given = json!({ "collection": "customers", "where": "{{inputs.name}}" });
    let (report, _) = run(&api, "given", &[node("n", "delete", &given)], json!({ "name": "1 = 1" })).await;
    assert_eq!(report["status"], "failed", "{report}");
    assert_eq!(count(&api, "still").await, 1);
}

#[tokio::test]
async fn large_answers_and_slow_statements_end() {
    let database = TestDb::postgres();
    let (_server, api) = server(&database).await;
    let many = json!({ "query": "SELECT n FROM generate_series(1, 100000) AS n" });
    failed(&api, "many", node("n", "select", &many), "too_many_rows", "more than 1000 rows").await;
    let wide = json!({ "query": "SELECT repeat('x', 5000000) AS x" });
    failed(&api, "wide", node("n", "select", &wide), "response_too_large", "bytes").await;
    let most = json!({ "query": "SELECT n FROM generate_series(1, 1000) AS n" });
    let (report, _) = run(&api, "most", &[node("n", "select", &most)], json!({})).await;
    assert_eq!(output(&report, "n")["count"], 1_000);

    let mut slow = node("n", "select", &json!({ "query": "SELECT pg_sleep(600)" }));
    slow["timeout_ms"] = json!(300);
    let (report, _) = run(&api, "slow", &[slow], json!({})).await;
    assert_eq!(report["status"], "failed", "{report}");
    assert!(report["error"]["code"].as_str().unwrap().contains("time"), "{report}");
    // It does not go on there: the database was told when its time is up.
    let sql = "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND state = 'active'";
    let look = [node("n", "select", &json!({ "query": sql }))];
    run(&api, "look", &look, json!({})).await;
    let mut left = json!(1);
    for _ in 0..50 {
        let report = api.post("/api/workflows/execute/look", json!({ "inputs": {} })).await.ok();
        left = output(&report, "n")["data"][0]["n"].clone();
        if left == 0 {
            break;
        }
    }
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_is_missing_or_out_of_reach_is_told_and_a_failure_can_be_gone_on_from() {
    let database = TestDb::postgres();
    let (server, api) = server(&database).await;
    let one = json!({ "query": "SELECT 1" });
    failed(&api, "missing", at("other", "n", "select", &one), "invalid_request", "OTHER_POSTGRESQL_URL")
        .await;
    failed(
        &api,
        "far",
        at("far", "n", "select", &one),
        "egress_refused",
        "CONDUCTOR_EGRESS_ALLOW=10.1.2.3/32",
    )
    .await;
    failed(&api, "closed", at("closed", "n", "select", &one), "connection_error", "no answer").await;
    failed(&api, "odd", at("odd", "n", "select", &one), "invalid_request", "begins with none of").await;
    failed(
        &api,
        "absent",
        node("n", "select", &json!({ "query": "SELECT * FROM absent" })),
        "42P01",
        "absent",
    )
    .await;
    assert!(!server.log().contains("hidden-far"));

    let mut spared = node("n", "select", &json!({ "query": "SELECT * FROM absent" }));
    spared["on_error"] = json!("continue");
    let (report, _) = run(&api, "spared", &[spared], json!({})).await;
    assert_eq!(report["status"], "completed", "{report}");
    let output = output(&report, "n");
    assert_eq!((&output["success"], &output["operation"]), (&json!(false), &json!("shop.postgresql.select")));
    assert!(output["error"].as_str().unwrap().contains("absent"), "{output}");

    let unknown = json!({
        "id": "n", "kind": "database",
        "config": { "data_source": "shop", "db_type": "bigquery", "action": "select", "query": "SELECT 1" },
    });
    api.post("/api/workflows/import", document("unknown", &[unknown])).await.created();
    let body = json!({ "workflow": "unknown", "inputs": {} });
    let refused = api.post("/api/execute/workflow", body).await;
    assert_eq!(refused.status, 422, "{refused}");
    assert!(
        refused.text.contains("bigquery") && refused.text.contains("mysql, postgresql, mongodb"),
        "{refused}"
    );
}

/// The sample has no value for its placeholder, and its data source is here one of PostgreSQL.
#[tokio::test]
async fn the_sample_of_a_fallback_falls_back() {
    let database = TestDb::postgres();
    let (_server, api) = server(&database).await;
    customers(&api).await;
    let sample = include_str!("../../../crates/workflow-graph/tests/fixtures/hybrid/database-fallback.yaml");
    let sample = sample.replace("primary.mysql.select", "shop.postgresql.select");
    let given = format!(
        "{}      params: [\"{{{{inputs.id}}}}\"]\n",
        sample.replace("name: database-fallback", "name: given")
    );
    for (text, name) in [(sample, "database-fallback"), (given, "given")] {
        let imported =
            api.raw(reqwest::Method::POST, "/api/workflows/import", "application/yaml", text).await;
        imported.created();
        let report =
            api.post(&format!("/api/workflows/execute/{name}"), json!({ "inputs": { "id": 7 } })).await.ok();
        // A step that fails is an outcome in this form.
        assert_eq!(report["status"], "completed", "{report}");
        let fetched = output(&report, "fallback_data_fetch");
        if name == "given" {
            assert_eq!(fetched["count"], 0);
        } else {
            assert_eq!(fetched["success"], false);
            assert!(fetched["error"].as_str().unwrap().contains("placeholders"), "{report}");
        }
    }
}
