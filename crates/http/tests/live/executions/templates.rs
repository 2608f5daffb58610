//! The workflows that ship with Conductor: seen by everybody, made one's own, and run to their ends.

use conductor_mcp_client::testing::{self, Behaviour};
use conductor_test_support::{Api, Provider, Reply, Target};
use serde_json::{Value, json};

use super::{completed, ended, samples::stood_in};
use crate::{
    content::column,
    world::{World, text},
};

async fn templates(api: &Api) -> Vec<Value> {
    let answer = api.get("/api/workflow-templates").await.ok();
    assert_eq!(answer["next_cursor"], json!(null));
    answer["items"].as_array().unwrap().clone()
}

async fn instantiate(api: &Api, id: &str, body: Value) -> Value {
    api.post(&format!("/api/workflow-templates/{id}/instantiate"), body).await.created()
}

/// Something for each input that has to be given.
fn inputs(graph: &Value) -> Value {
    let asked = graph["inputs"].as_array().unwrap().iter().filter(|input| input["required"] == true);
    let given = asked.map(|input| {
        let value = match input["type"].as_str().unwrap() {
            "array" => json!([{ "name": "one", "overdue": 3 }, { "name": "two", "overdue": 31 }]),
            "number" | "integer" => json!(1),
            _ => json!(format!("a-{}", text(&input["name"]))),
        };
        (text(&input["name"]), value)
    });
    Value::Object(given.collect())
}

/// Runs a workflow to its end; whoever is asked chooses the first decision.
async fn run_whole(api: &Api, workflow: &Value) -> Value {
    let path = format!("/api/workflows/{}/execute", text(&workflow["id"]));
    let body = json!({ "inputs": inputs(&workflow["graph"]) });
    let started = api.post(&path, body).await.created();
    let id = text(&started["run"]["id"]);
    let mut events = api.events(&id, 0).await;
    let asks = |event: &conductor_test_support::Event| {
        event.name == "approval.requested" || event.name == "run.finished"
    };
    while events.until_event("a question or the end", asks).await.name != "run.finished" {
        let tasks = api.get("/api/tasks?status=pending").await.ok();
        let task = &tasks["items"][0];
        let decision = json!({ "decision": task["allowed_decisions"][0] });
        api.post(&format!("/api/tasks/{}/decide", text(&task["id"])), decision).await.ok();
    }
    ended(api, &json!({ "execution_id": id })).await
}

#[tokio::test]
async fn what_ships_is_seen_and_made_ones_own() {
    let world = World::start().await;
    let all = templates(&world.admin).await;
    assert!(all.len() >= 30, "templates are gone");
    for template in &all {
        let one = world.admin.get(&format!("/api/workflow-templates/{}", text(&template["id"]))).await.ok();
        assert_eq!(&one, template);
        let missing = template["problems"].as_array().unwrap();
        assert!(missing.iter().all(|problem| problem["code"] == "unknown_name"), "{missing:?}");
        assert_eq!(missing.is_empty(), template["servers"] == json!([]), "{}: {missing:?}", template["id"]);
    }
    let made = instantiate(&world.admin, "research-and-write", json!({})).await;
    for (field, value) in [
        ("name", json!("research-and-write")),
        ("title", json!("Research and write")),
        ("category", json!("research")),
        ("visibility", json!("private")),
        ("is_official", json!(false)),
        ("is_template", json!(false)),
        ("runnable", json!(true)),
        ("problems", json!([])),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    let again = instantiate(&world.admin, "research-and-write", json!({})).await;
    assert_eq!(again["name"], "research-and-write-2");
    assert_eq!(
        instantiate(&world.admin, "research-and-write", json!({})).await["name"],
        "research-and-write-3"
    );
    let named = instantiate(&world.admin, "research-and-write", json!({ "name": "mine" })).await;
    assert_eq!((&named["name"], &named["title"]), (&json!("mine"), &json!("Research and write")));
    let path = "/api/workflow-templates/research-and-write/instantiate";
    world.admin.post(path, json!({ "name": "mine" })).await.problem(409, "name_taken");
    world.admin.post(path, json!({ "name": "not a name" })).await.problem(422, "validation_failed");
    world.admin.post(path, json!({ "visibility": "public" })).await.problem(422, "unknown_field");
    for wrong in ["nothing", "..%2Fresearch-and-write", "research-and-write.yaml"] {
        let path = format!("/api/workflow-templates/{wrong}");
        world.admin.get(&path).await.problem(404, "not_found");
        world.admin.post(&format!("{path}/instantiate"), json!({})).await.problem(404, "not_found");
    }

    // What is missing is told, and whoever may make no workflow makes none of a template.
    let orders = instantiate(&world.admin, "intelligent-order-processing", json!({})).await;
    let pointers: Vec<&Value> =
        orders["problems"].as_array().unwrap().iter().map(|one| &one["pointer"]).collect();
    assert_eq!(
        pointers,
        ["/nodes/0/config/connector", "/nodes/3/config/connector", "/nodes/5/config/connector"]
    );
    let path = format!("/api/workflows/{}/execute", text(&orders["id"]));
    let body = json!({ "inputs": { "customer_id": "c", "order_id": "o" } });
    world.admin.post(&path, body).await.problem(422, "workflow_invalid");
    let viewer = world.colleague("vera@example.com", "viewer").await;
    let _ = viewer.post("/api/workflow-templates/market-research/instantiate", json!({})).await.status(403);
    let stranger = world.stranger().await;
    assert_eq!(templates(&stranger).await.len(), all.len());
    instantiate(&stranger, "research-and-write", json!({})).await;
    assert_eq!(column(&stranger.get("/api/workflows").await.ok(), "name"), [json!("research-and-write")]);
}

#[tokio::test]
async fn what_needs_only_agents_that_write_runs_with_the_demo_model() {
    let world = World::start().await;
    for id in
        ["research-and-write", "market-research", "content-generation", "lead-nurturing", "payment-reminders"]
    {
        let report = run_whole(&world.admin, &instantiate(&world.admin, id, json!({})).await).await;
        let outputs = completed(&report).as_object().unwrap();
        assert!(outputs.values().all(|value| !value.is_null()), "{id}: {outputs:?}");
    }
}

/// Every field that a template reads of an agent, sure of itself, with some said otherwise.
fn found(otherwise: &Value) -> Value {
    let mut found = json!({
        "risk_score": 0.9, "issues": [], "fraud_score": 0.1, "risk_factors": [], "urgency": "high", "why": "It burns.",
        "qualification_score": 80, "reasoning": "A budget.", "category": "billing", "severity": "high", "summary": "Down.",
        "supplier": "ACME", "total": 2_000, "due_date": "2030-01-01", "missing": [], "confidence": 1, "remarks": "",
        "open_points": ["Who signs."], "failure_risk": 0.9, "restock_items": ["k-1"], "total_cost": 90,
        "customer_id": "c-9", "estimated_deal_value": 12_000, "recommended_next_action": "Call.",
        "qualification_reasoning": "A budget.",
    });
    for (field, value) in otherwise.as_object().unwrap() {
        found[field] = value.clone();
    }
    found
}

/// Runs every template to its end with a model that always says this, and gives what other systems were asked.
async fn run_all(found: &Value) -> Vec<String> {
    let (provider, target) = (Provider::start().await, Target::start().await);
    provider.otherwise(Reply::text(&found.to_string()));
    let world = World::with_provider(provider.url(), "sk-scripted").await;
    let mut peers = Vec::new();
    for (name, tools) in [
        ("shop", &["get_customer_orders", "update_order", "list_orders", "list_low_stock"][..]),
        ("crm", &["search_customers", "update_customer_notes", "calculate_customer_ltv"][..]),
    ] {
        let peer = testing::Server::start("2025-06-18").await.unwrap();
        for tool in tools {
            let answer = json!({ "content": [{ "type": "text", "text": "[]" }] });
            peer.add_tool(tool, Behaviour::Answer(answer));
        }
        world.register(&peer, name).await;
        peers.push(peer);
    }
    for template in templates(&world.admin).await {
        let id = text(&template["id"]);
        assert_eq!(template["problems"], json!([]), "{id}");
        let mut made = instantiate(&world.admin, &id, json!({})).await;
        // Hosts and credentials are those of this test; requests stand for operations of other systems.
        let mut graph = stood_in(&made, &target, &json!({}));
        graph["name"] = made["graph"]["name"].clone();
        for node in graph["nodes"].as_array_mut().unwrap().iter_mut().filter(|node| node["kind"] == "http") {
            node["config"]["url"] = json!(target.url());
            for field in ["token", "value"] {
                if node["config"]["auth"][field].is_string() {
                    node["config"]["auth"][field] = json!("{{env.CRM_TOKEN}}");
                }
            }
        }
        if graph != made["graph"] {
            let path = format!("/api/workflows/{}", text(&made["id"]));
            made = world.admin.patch(&path, json!({ "graph": graph })).await.ok();
        }
        let report = run_whole(&world.admin, &made).await;
        let outputs = completed(&report);
        assert!(!outputs.as_object().unwrap().is_empty(), "{id} gives nothing");
        if id == "intelligent-order-processing" {
            let risk = &found["risk_score"];
            let decision = if risk == 0.9 { json!("approve") } else { json!(null) };
            assert_eq!((&outputs["risk_score"], &outputs["decision"]), (risk, &decision));
        }
    }
    target.asked().into_iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect()
}

#[tokio::test]
async fn every_template_runs_to_its_end_with_what_it_needs() {
    assert_eq!(
        run_all(&found(&json!({}))).await,
        [
            "POST /process",
            "POST /confirm",
            "GET /admin/api/2025-01/orders/a-order_id.json",
            "PUT /admin/api/2025-01/orders/a-order_id.json",
            "POST /tell",
            "POST /tell",
            "POST /demo",
            "POST /tell",
            "POST /api/chat.postMessage",
        ]
    );
}

#[tokio::test]
async fn every_template_runs_to_its_other_end() {
    let other = json!({
        "risk_score": 0.1, "fraud_score": 0.3, "urgency": "low", "qualification_score": 69.5, "severity": "low",
        "failure_risk": 0.1, "total_cost": 0, "category": "technical",
    });
    assert_eq!(
        run_all(&found(&other)).await,
        [
            "POST /flag",
            "GET /admin/api/2025-01/orders/a-order_id.json",
            "PUT /admin/api/2025-01/orders/a-order_id.json",
            "POST /tell",
            "POST /nurture",
        ]
    );
}
