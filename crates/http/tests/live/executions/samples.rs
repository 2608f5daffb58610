//! The samples of the formats, imported as they are and run to their ends over loopback: each in the words of its own
//! format. The one with a program runs on the real binary, where programs run (`apps/api/tests/samples.rs`).

use std::{collections::BTreeSet, path::PathBuf};

use conductor_mcp_client::testing::{self, Behaviour};
use conductor_test_support::{Provider, Reply, Target};
use reqwest::Method;
use serde_json::{Value, json};

use super::{again, completed, keep, step};
use crate::{
    content::pointers,
    world::{World, text},
};

/// The text of a sample, as it stands beside the importers.
fn sample(name: &str) -> String {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../workflow-graph/tests/fixtures");
    std::fs::read_to_string(fixtures.join(name)).unwrap()
}

/// An installation with what the samples name: agents, and a server with their tools.
struct Shop {
    world: World,
    provider: Provider,
    peer: testing::Server,
}

const TOOLS: [&str; 7] = [
    "get_customer_data",
    "search_customers",
    "get_customer_orders",
    "calculate_customer_ltv",
    "update_customer_notes",
    "parts_catalog",
    "create_work_order",
];

impl Shop {
    async fn open() -> Self {
        let provider = Provider::start().await;
        let world = World::with_provider(provider.url(), "sk-scripted").await;
        let peer = testing::Server::start("2025-06-18").await.unwrap();
        let shop = Self { world, provider, peer };
        for tool in TOOLS {
            shop.answers(tool, &json!({ "from": tool }));
        }
        shop.server(&shop.peer, "Shop", &["Sales", "Support"]).await;
        shop
    }

    /// Registers a server, and agents that may use it.
    async fn server(&self, peer: &testing::Server, name: &str, agents: &[&str]) -> Value {
        let server = self.world.register(peer, name).await;
        for agent in agents {
            let servers = json!([{ "server_id": server["id"] }]);
            let body = json!({ "name": agent, "model": "gpt-4o", "mcp_servers": servers });
            self.world.admin.post("/api/agents", body).await.created();
        }
        server
    }

    fn answers(&self, tool: &str, answer: &Value) {
        self.peer.add_tool(
            tool,
            Behaviour::Answer(json!({ "content": [{ "type": "text", "text": answer.to_string() }] })),
        );
    }

    async fn import(&self, name: &str) -> Value {
        let kind = if name.ends_with(".json") { "application/json" } else { "application/yaml" };
        self.world.admin.raw(Method::POST, "/api/workflows/import", kind, sample(name)).await.created()
    }

    /// The arguments of the calls of the shop's tools so far.
    fn calls(&self) -> Vec<(String, Value)> {
        calls(&self.peer)
    }

    fn says(&self, value: &Value) {
        self.provider.push(Reply::text(&value.to_string()));
    }

    /// What the last question to a model was.
    fn asked(&self) -> Value {
        self.provider.requests().last().unwrap().body.clone()
    }
}

fn calls(peer: &testing::Server) -> Vec<(String, Value)> {
    let calls = peer.received().into_iter().filter(|one| one.method == "tools/call");
    calls
        .map(|one| (text(&one.message["params"]["name"]), one.message["params"]["arguments"].clone()))
        .collect()
}

fn output<'r>(report: &'r Value, id: &str) -> &'r Value {
    &step(report, id)["output"]
}

#[tokio::test]
async fn research_and_write_hands_each_answer_to_the_next() {
    let shop = Shop::open().await;
    let admin = &shop.world.admin;
    for name in ["Research agent", "Writing agent"] {
        admin.post("/api/agents", json!({ "name": name, "model": "gpt-4o" })).await.created();
    }
    admin.put("/api/settings", json!({ "preferences": { "writing_style": "terse" } })).await.ok();
    let kept = shop.import("conductor/research-and-write-workflow.yaml").await;
    assert_eq!((&kept["problems"], &kept["source_format"]), (&json!([]), &json!("conductor")));
    for said in ["Tides follow the moon.", "The moon pulls water.", "Moon up, water up."] {
        shop.provider.push(Reply::text(said));
    }
    let report =
        again(admin, "research-and-write-workflow", json!({ "message": "Why are there tides?" })).await;
    assert_eq!(completed(&report), &json!({ "writing_agent": "Moon up, water up." }));
    let asked: Vec<String> = shop.provider.requests().iter().map(|one| one.body.to_string()).collect();
    for (at, words) in [
        (0, "Why are there tides?"),
        (1, "Tides follow the moon."),
        (2, "The moon pulls water."),
        (2, "terse"),
    ] {
        assert!(asked[at].contains(words), "question {at} has no {words:?}: {}", asked[at]);
    }
}

#[tokio::test]
async fn market_research_asks_three_servers_at_once_and_waits_for_all() {
    let shop = Shop::open().await;
    let mut peers = Vec::new();
    for (server, agent, tool, answer) in [
        ("brave-search-server", "Web search agent", "brave_search", "a rival"),
        ("sharepoint-server", "Document agent", "search_documents", "an old plan"),
        ("company-crm-server", "Data agent", "search_customers", "twelve buyers"),
    ] {
        let peer = testing::Server::start("2025-06-18").await.unwrap();
        let answer =
            json!({ "content": [{ "type": "text", "text": json!({ "found": answer }).to_string() }] });
        peer.add_tool(tool, Behaviour::Answer(answer));
        shop.server(&peer, server, &[agent]).await;
        peers.push(peer);
    }
    let kept = shop.import("conductor/market-research-workflow.json").await;
    assert_eq!(kept["problems"], json!([]));
    shop.provider.push(Reply::text("Sell to twelve buyers before the rival does."));
    let report = again(&shop.world.admin, "market-research-workflow", json!({ "message": "kettles" })).await;
    assert_eq!(completed(&report), &json!({ "synthesize": "Sell to twelve buyers before the rival does." }));
    let asked = shop.asked().to_string();
    for found in ["a rival", "an old plan", "twelve buyers"] {
        assert!(asked.contains(found), "the synthesis is not told of {found}: {asked}");
    }
    let made: Vec<(String, Value)> = peers.iter().flat_map(calls).collect();
    assert_eq!(
        made,
        [
            ("brave_search".to_owned(), json!({ "query": "kettles" })),
            ("search_documents".to_owned(), json!({ "query": "kettles", "site": "market-research" })),
            ("search_customers".to_owned(), json!({ "query": "kettles", "status": "active" })),
        ]
    );
}

#[tokio::test]
async fn tools_of_the_older_form_answer_in_its_words_also_when_they_fail() {
    let shop = Shop::open().await;
    shop.import("hybrid/mcp-examples.yaml").await;
    let inputs = json!({ "customer_query": "ada", "customer_id": "c-1", "interaction_summary": "Called about a kettle." });
    let report = again(&shop.world.admin, "mcp-examples", inputs.clone()).await;
    let notes = json!({
        "success": true, "result": { "from": "update_customer_notes" }, "tool_name": "update_customer_notes", "agent_type": "sales",
    });
    assert_eq!(completed(&report), &notes);
    let search = json!({
        "success": true, "result": { "from": "search_customers" }, "tool_name": "search_customers", "agent_type": null,
    });
    assert_eq!(output(&report, "search"), &search);
    let expected = [
        ("search_customers".to_owned(), json!({ "query": "ada", "limit": 10 })),
        ("calculate_customer_ltv".to_owned(), json!({ "customer_id": "c-1", "include_projections": true })),
        (
            "update_customer_notes".to_owned(),
            json!({ "customer_id": "c-1", "notes": "Called about a kettle.", "interaction_type": "call" }),
        ),
    ];
    assert_eq!(shop.calls(), expected);

    shop.peer.behave("search_customers", Behaviour::Fail("The index is gone.".to_owned()));
    let report = again(&shop.world.admin, "mcp-examples", inputs).await;
    assert_eq!(completed(&report), &notes, "without on_error a step's failure does not end the work");
    let failed = output(&report, "search");
    assert_eq!(
        (&failed["success"], &failed["error"], &failed["tool_name"]),
        (&json!(false), &json!("The index is gone."), &json!("search_customers"))
    );
}

#[tokio::test]
async fn a_lead_is_qualified_and_its_score_recorded_where_there_is_one() {
    let shop = Shop::open().await;
    shop.import("hybrid/intelligent-lead-qualification.yaml").await;
    let name = "intelligent-lead-qualification";
    let inputs = json!({ "lead_email": "bo@example.com", "company": "Bo & Sons", "message": "40 seats?" });
    let found =
        json!({ "qualification_score": 82, "customer_id": "c-9", "qualification_reasoning": "A budget." });
    shop.says(&found);
    let report = again(&shop.world.admin, name, inputs.clone()).await;
    let outputs = completed(&report);
    assert!(outputs["qualification_score"].as_f64().unwrap() > 0.0, "{report}");
    let asked = shop.asked().to_string();
    for words in
        ["Bo & Sons writes: 40 seats?", "qualification_score", "customer_id", "qualification_reasoning"]
    {
        assert!(asked.contains(words), "no {words:?} in {asked}");
    }
    let (tool, arguments) = shop.calls().pop().unwrap();
    assert_eq!(tool, "update_customer_notes");
    assert_eq!(
        arguments,
        json!({ "customer_id": "c-9", "notes": "Score 82: A budget.", "interaction_type": "lead_qualification" })
    );

    shop.says(&json!({ "qualification_score": 0, "customer_id": "", "qualification_reasoning": "Spam." }));
    let report = again(&shop.world.admin, name, inputs.clone()).await;
    assert_eq!(completed(&report)["qualification_score"], 0);
    assert_eq!(step(&report, "record_score")["status"], "skipped");
    shop.peer.behave("search_customers", Behaviour::Fail("Down.".to_owned()));
    shop.says(&found);
    let report = again(&shop.world.admin, name, inputs).await;
    assert_eq!(step(&report, "record_score")["status"], "skipped", "nobody to record it with");
    assert_eq!(completed(&report)["qualification_score"], 82);
}

/// The nodes of each sample that no server runs so far, and that its run is refused for.
const REFUSED: [(&str, &[&str]); 1] = [("canvas/small-samples.json", &["5"])];

/// The nodes that a refusal names.
fn named(refused: &Value, graph: &Value) -> BTreeSet<String> {
    let index = |pointer: &str| pointer.split('/').nth(2).and_then(|at| at.parse::<usize>().ok());
    let nodes =
        pointers(refused).into_iter().map(|pointer| index(pointer).unwrap_or_else(|| panic!("{refused}")));
    nodes.map(|at| text(&graph["nodes"][at]["id"])).collect()
}

#[tokio::test]
async fn what_cannot_run_so_far_is_taken_and_its_run_refused_for_exactly_that() {
    let shop = Shop::open().await;
    // Managed connectors are names that have to be there.
    for name in ["jira-prod-01", "mcp_teams"] {
        shop.server(&shop.peer, name, &[]).await;
    }
    for (name, nodes) in REFUSED {
        let kept = shop.import(name).await;
        let errors = kept["problems"].as_array().unwrap().iter().filter(|one| one["severity"] == "error");
        assert_eq!(errors.count(), 0, "{name}: {}", kept["problems"]);
        let path = format!("/api/workflows/{}/execute", text(&kept["id"]));
        let refused = shop.world.admin.post(&path, json!({})).await.problem(422, "workflow_invalid");
        let expected: BTreeSet<String> = nodes.iter().map(|node| (*node).to_owned()).collect();
        assert_eq!(named(&refused, &kept["graph"]), expected, "{name}: {refused}");
    }
    assert!(
        shop.calls().is_empty() && shop.provider.requests().is_empty(),
        "something ran before it was refused"
    );
}

/// A sample in whose graph requests stand for the operations of other systems, which want accounts of the operator's
/// (`apps/api/tests/integrations.rs`), and given rows for databases (`apps/api/tests/databases.rs`).
pub(super) fn stood_in(kept: &Value, target: &Target, rows: &Value) -> Value {
    let mut graph = kept["graph"].clone();
    for node in graph["nodes"].as_array_mut().unwrap() {
        match text(&node["kind"]).as_str() {
            "integration" => {
                let endpoint = format!("/{}", text(&node["id"]));
                let body = node["inputs"].take();
                node["config"] =
                    json!({ "method": "POST", "url": target.url(), "endpoint": endpoint, "body": body });
                node["kind"] = json!("http");
            }
            "database" => {
                let keep = node["config"]["data"].take();
                node["config"] = json!({});
                node["inputs"] = rows.clone();
                node["inputs"]["kept"] = keep;
                node["kind"] = json!("transform");
            }
            _ => continue,
        }
        if node["inputs"].is_null() {
            node.as_object_mut().unwrap().remove("inputs");
        }
    }
    graph["name"] = json!(format!("{}-stood-in", text(&graph["name"])));
    graph
}

impl Shop {
    /// Imports a sample, and keeps what stands in for it; gives the name of that.
    async fn stands_in(&self, name: &str, target: &Target, rows: &Value) -> String {
        let graph = stood_in(&self.import(name).await, target, rows);
        keep(&self.world.admin, &graph).await;
        text(&graph["name"])
    }
}

/// What a target was asked, as path and body.
fn sent(target: &Target) -> Vec<(String, Value)> {
    target.asked().into_iter().map(|asked| (asked.path, asked.body)).collect()
}

#[tokio::test]
async fn an_order_is_approved_below_the_risk_and_otherwise_looked_at() {
    let (shop, target) = (Shop::open().await, Target::start().await);
    let name = shop.stands_in("hybrid/intelligent-order-processing.yaml", &target, &json!({})).await;
    let inputs = json!({ "customer_id": "c-1", "order_id": "o-7" });
    shop.says(&json!({ "risk_score": 0.1, "issues": [] }));
    let report = again(&shop.world.admin, &name, inputs.clone()).await;
    assert_eq!(completed(&report)["risk_score"], 0.1);
    assert_eq!(step(&report, "flag_for_review")["status"], "skipped");
    assert_eq!(shop.calls()[0].1, json!({ "customer_id": "c-1", "status": "pending" }));
    assert!(
        shop.asked().to_string().contains("get_customer_orders"),
        "the order is not told: {}",
        shop.asked()
    );
    shop.says(&json!({ "risk_score": 0.3, "issues": ["no stock"] }));
    let report = again(&shop.world.admin, &name, inputs).await;
    assert_eq!(step(&report, "auto_approve")["status"], "skipped");
    let flag = json!({
        "channel": "#order-review",
        "text": "Order o-7 needs a look.\nRisk score: 0.3\nIssues: [\"no stock\"]\n",
    });
    let approve = json!({ "resourceId": "o-7", "data": { "status": "processing" } });
    assert_eq!(sent(&target), [("/auto_approve".to_owned(), approve), ("/flag_for_review".to_owned(), flag)]);
}

#[tokio::test]
async fn a_hot_lead_gets_a_demo_and_others_are_nurtured() {
    let (shop, target) = (Shop::open().await, Target::start().await);
    let name = shop.stands_in("hybrid/ai-lead-qualification.yaml", &target, &json!({})).await;
    let inputs = json!({ "lead_email": "bo@example.com", "company": "Bo & Sons", "message": "40 seats?" });
    let mut found = json!({
        "customer_id": "c-9", "qualification_score": 70, "estimated_deal_value": 12_000,
        "recommended_next_action": "Call.", "qualification_reasoning": "A budget.",
    });
    shop.says(&found);
    completed(&again(&shop.world.admin, &name, inputs.clone()).await);
    let (tool, notes) = shop.calls().pop().unwrap();
    assert_eq!(
        (tool.as_str(), &notes["interaction_type"]),
        ("update_customer_notes", &json!("lead_qualification"))
    );
    assert_eq!(notes["notes"], "Qualification: 70/100\nDeal Size: $12000\nNext: Call.\nWhy: A budget.\n");
    found["qualification_score"] = json!(69.5);
    shop.says(&found);
    completed(&again(&shop.world.admin, &name, inputs).await);
    let sent = sent(&target);
    let to: BTreeSet<&str> = sent[..2].iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(to, BTreeSet::from(["/schedule_demo", "/notify_sales_team"]));
    let demo = &sent.iter().find(|(path, _)| path == "/schedule_demo").unwrap().1;
    assert_eq!(
        demo,
        &json!({ "to": ["bo@example.com"], "subject": "Your demo with Example", "template": "high_value_lead" })
    );
    let told = &sent.iter().find(|(path, _)| path == "/notify_sales_team").unwrap().1;
    assert_eq!(told["text"], "Bo & Sons scored 70/100\nDeal Size: $12000\n");
    assert_eq!((sent.len(), sent[2].0.as_str()), (3, "/nurture_sequence"));
}

#[tokio::test]
async fn an_order_that_looks_like_fraud_goes_to_people_with_buttons() {
    let (shop, target) = (Shop::open().await, Target::start().await);
    let name = shop.stands_in("hybrid/smart-order-processing.yaml", &target, &json!({})).await;
    let inputs = json!({
        "customer_id": "c-1", "order_id": "o-7", "customer_email": "bo@example.com", "order_details": { "total": 9 },
    });
    shop.says(&json!({ "fraud_score": 0.29, "risk_level": "low", "risk_factors": [] }));
    let report = again(&shop.world.admin, &name, inputs.clone()).await;
    completed(&report);
    assert_eq!(shop.asked()["temperature"], 0.2);
    assert_eq!(step(&report, "update_customer_notes")["status"], "skipped");
    shop.says(&json!({ "fraud_score": 0.8, "risk_level": "high", "risk_factors": ["velocity"] }));
    let report = again(&shop.world.admin, &name, inputs).await;
    completed(&report);
    assert_eq!(step(&report, "send_confirmation")["status"], "skipped");
    let (tool, notes) = shop.calls().pop().unwrap();
    assert_eq!((tool.as_str(), &notes["interaction_type"]), ("update_customer_notes", &json!("fraud_flag")));
    assert!(text(&notes["notes"]).contains("Risk factors: [\"velocity\"]"), "{notes}");
    let sent = sent(&target);
    let paths: Vec<&str> = sent.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/auto_process", "/send_confirmation", "/flag_for_review"]);
    assert_eq!(sent[0].1, json!({ "resourceId": "o-7", "data": { "tags": "auto-approved,ai-processed" } }));
    assert_eq!(sent[1].1["body"], "Your order o-7 is on its way.");
    let blocks = &sent[2].1["blocks"];
    assert_eq!(blocks[2]["elements"][0]["url"], "https://admin.example.com/orders/o-7/approve");
    assert_eq!(
        (&blocks[2]["elements"][1]["style"], &blocks[2]["elements"][1]["url"]),
        (&json!("danger"), &json!("https://admin.example.com/orders/o-7/reject"))
    );
    assert!(text(&blocks[1]["text"]["text"]).contains("*Fraud score:* 0.8\n*Risk level:* high"), "{blocks}");
}

#[tokio::test]
async fn steps_with_a_guard_are_done_where_it_holds() {
    let (shop, target) = (Shop::open().await, Target::start().await);
    let rows = json!({ "success": true, "count": 1, "data": [{ "sku": "k-1", "quantity": 2 }] });
    let kept = shop.import("hybrid/automated-restock-analysis.yaml").await;
    let low = text(&keep(&shop.world.admin, &stood_in(&kept, &target, &rows)).await["name"]);
    let inputs = json!({ "threshold": 10, "season": "fall" });
    shop.says(&json!({ "restock_items": ["k-1"], "total_cost": 90 }));
    completed(&again(&shop.world.admin, &low, inputs.clone()).await);
    assert!(shop.asked().to_string().contains("It is fall."));
    assert_eq!(sent(&target)[0].1["text"], "To order: [\"k-1\"] for $90");
    let enough = json!({ "success": true, "count": 0, "data": [] });
    let mut graph = stood_in(&kept, &target, &enough);
    graph["name"] = json!("restock-enough");
    keep(&shop.world.admin, &graph).await;
    let report = again(&shop.world.admin, "restock-enough", inputs).await;
    assert_eq!(
        (&report["status"], &step(&report, "plan")["status"]),
        (&json!("completed"), &json!("skipped"))
    );
    assert_eq!(target.asked().len(), 1, "nobody is told of nothing");

    let spare = shop.stands_in("hybrid/database-fallback.yaml", &target, &rows).await;
    shop.peer.behave("get_customer_data", Behaviour::Fail("Down.".to_owned()));
    let report = again(&shop.world.admin, &spare, json!({})).await;
    completed(&report);
    assert_eq!(output(&report, "fallback_data_fetch")["count"], 1);
    shop.peer.behave(
        "get_customer_data",
        Behaviour::Answer(json!({ "content": [{ "type": "text", "text": "{}" }] })),
    );
    let report = again(&shop.world.admin, &spare, json!({})).await;
    completed(&report);
    assert_eq!(step(&report, "fallback_data_fetch")["status"], "skipped");
}

#[tokio::test]
async fn branches_within_branches_come_together_again() {
    let (shop, target) = (Shop::open().await, Target::start().await);
    let name =
        shop.stands_in("hybrid/predictive-maintenance.yaml", &target, &json!({ "success": true })).await;
    let inputs = json!({ "machine_id": "MFG-001", "issue_type": "vibration", "priority": "medium" });
    for (risk, part, tools) in [
        (0.2, false, &[][..]),
        (0.7, false, &["create_work_order"]),
        (0.9, true, &["parts_catalog", "create_work_order"]),
    ] {
        let before = shop.calls().len();
        shop.says(&json!({ "failure_risk": risk, "needs_part": part, "work_order": "Look at it." }));
        let report = again(&shop.world.admin, &name, inputs.clone()).await;
        assert_eq!(completed(&report)["failure_risk"], risk);
        let calls = shop.calls().split_off(before);
        let called: Vec<&str> = calls.iter().map(|(tool, _)| tool.as_str()).collect();
        assert_eq!(called, tools, "{report}");
        if let Some((_, order)) = calls.last() {
            let parts = if part { json!({ "from": "parts_catalog" }) } else { json!(null) };
            assert_eq!((&order["parts"], &order["description"]), (&parts, &json!("Look at it.")));
        }
        let kept = &output(&report, "log_event")["kept"];
        assert_eq!((&kept["machine_id"], &kept["risk"]), (&json!("MFG-001"), &json!(risk)), "{report}");
    }
}

#[tokio::test]
async fn what_support_finds_is_told_to_sales() {
    let (shop, target) = (Shop::open().await, Target::start().await);
    let name = shop.stands_in("hybrid/support-to-sales-handoff.yaml", &target, &json!({})).await;
    shop.says(&json!({ "summary": "Wants a second kettle." }));
    let inputs =
        json!({ "customer_id": "cust_789", "opportunity_type": "upsell", "details": "Asked twice." });
    completed(&again(&shop.world.admin, &name, inputs).await);
    let told =
        json!({ "channel": "#techstart-sales", "text": "upsell for cust_789: Wants a second kettle." });
    assert_eq!(sent(&target), [("/notify_sales".to_owned(), told)]);
}

#[tokio::test]
async fn managed_and_ad_hoc_nodes_answer_in_the_words_of_the_canvas() {
    let (shop, target) = (Shop::open().await, Target::start().await);
    let jira = testing::Server::start("2025-06-18").await.unwrap();
    jira.add_tool(
        "create_issue",
        Behaviour::Answer(json!({ "content": [{ "type": "text", "text": "{\"key\":\"J-1\"}" }] })),
    );
    shop.server(&jira, "jira-prod-01", &[]).await;
    let teams = testing::Server::start("2025-06-18").await.unwrap();
    shop.server(&teams, "mcp_teams", &[]).await;
    let mut document: Value = serde_json::from_str(&sample("canvas/small-samples.json")).unwrap();
    // The last node describes a local program, which is connected to by nobody.
    document["nodes"].as_array_mut().unwrap().truncate(4);
    document["connections"].as_array_mut().unwrap().truncate(3);
    for node in [1, 2] {
        document["nodes"][node]["config"]["url"] = json!(target.url());
    }
    let kept = keep(&shop.world.admin, &document).await;
    target.push(200, json!({ "properties": { "gridId": "BOU" } }));
    let report = again(&shop.world.admin, &text(&kept["name"]), json!({})).await;
    completed(&report);
    assert_eq!(calls(&jira), [("create_issue".to_owned(), json!({ "summary": "A new issue" }))]);
    assert_eq!(calls(&teams), [("echo".to_owned(), json!({ "query": "today" }))]);
    assert_eq!(output(&report, "4"), &json!({ "query": "today" }));
    let weather = output(&report, "2");
    for (field, value) in [
        ("success", json!(true)),
        ("status_code", json!(200)),
        ("data", json!({ "properties": { "gridId": "BOU" } })),
        ("error", json!(null)),
    ] {
        assert_eq!(weather[field], value, "{field}");
    }
    assert!(weather["elapsed_seconds"].is_number(), "{weather}");
    let asked = target.asked();
    assert_eq!((asked[0].path.as_str(), asked[1].path.as_str()), ("/points/39.7,-97.1", "/"));
    assert_eq!(asked[0].headers["user-agent"], "conductor");
}
