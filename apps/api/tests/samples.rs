//! The sample with a program, on the real binary: a proposal from the request to its submission, over both branches.

use std::path::PathBuf;

use conductor_test_support::{Api, Event, Provider, Reply, Server, Target};
use serde_json::{Value, json};

const SAMPLE: &str =
    include_str!("../../../crates/workflow-graph/tests/fixtures/canvas/proposal-generation-workflow.json");

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// The folder of numpy, which the sample's program names, as `cargo xtask test` installs it.
fn packages() -> PathBuf {
    let folder = std::env::var_os("CONDUCTOR_TEST_PACKAGES").map(PathBuf::from).expect(
        "the packages for tests are not installed: run `cargo xtask test`, or set CONDUCTOR_TEST_PACKAGES to a folder \
         with a virtual environment `venv`",
    );
    let versions = std::fs::read_dir(folder.join("venv/lib")).unwrap();
    let mut folders = versions.flatten().map(|version| version.path().join("site-packages"));
    folders.find(|folder| folder.is_dir()).expect("the environment has no packages")
}

async fn server(provider: &Provider) -> Server {
    Server::configure()
        .env("OPENAI_API_KEY", "sk-scripted")
        .env("OPENAI_BASE_URL", provider.url())
        .env("CONDUCTOR_EGRESS_ALLOW", "127.0.0.1/32")
        .env("CONDUCTOR_CODE_PACKAGES", "numpy")
        .env("CONDUCTOR_CODE_PACKAGES_FOLDER", packages())
        .env("CONDUCTOR_WORKFLOW_SECRETS", "CRM_TOKEN,PROJECTS_KEY,PORTAL_TOKEN")
        .env("CRM_TOKEN", "crm-token")
        .env("PROJECTS_KEY", "projects-key")
        .env("PORTAL_TOKEN", "portal-token")
        .start()
        .await
}

/// The sample with the hosts of this test, and credentials where they are given.
fn sample(target: &Target, credentials: bool) -> Value {
    let mut document: Value = serde_json::from_str(SAMPLE).unwrap();
    for node in document["nodes"].as_array_mut().unwrap() {
        let Some(path) =
            node["config"]["url"].as_str().map(|url| url.splitn(4, '/').last().unwrap().to_owned())
        else {
            continue;
        };
        node["config"]["url"] = json!(format!("{}/{path}", target.url()));
        if credentials {
            node["config"]["authentication"] = match text(&node["config"]["authentication"]).as_str() {
                "bearer" => json!({ "type": "bearer", "token": "{{env.CRM_TOKEN}}" }),
                "api_key" => json!({ "type": "api_key", "key": "{{env.PROJECTS_KEY}}" }),
                _ => json!({ "type": "oauth2", "access_token": "{{env.PORTAL_TOKEN}}" }),
            };
        }
    }
    document
}

fn inputs(value: u64) -> Value {
    json!({ "rfp_document": "Build a bridge.", "prospect_name": "ACME", "deadline": "2030-01-01", "opportunity_value": value })
}

async fn start(api: &Api, workflow: &Value, inputs: Value) -> String {
    let path = format!("/api/workflows/{}/execute", text(&workflow["id"]));
    text(&api.post(&path, json!({ "inputs": inputs })).await.created()["run"]["id"])
}

async fn report(api: &Api, run: &str) -> Value {
    api.events(run, 0).await.until("run.finished").await;
    api.get(&format!("/api/workflows/executions/{run}")).await.ok()
}

#[tokio::test]
async fn a_proposal_is_priced_written_checked_approved_and_submitted_or_the_request_declined() {
    let (provider, target) = (Provider::start().await, Target::start().await);
    let mut server = server(&provider).await;
    let api = server.set_up().await;

    // As it stands, the sample names how its requests are signed and not with what.
    let bare = api.post("/api/workflows/import", sample(&target, false)).await.created();
    assert_eq!(bare["problems"], json!([]));
    provider.push(Reply::text("A matrix."));
    provider.push(Reply::text("{\"win_probability\": 10}"));
    let told = report(&api, &start(&api, &bare, inputs(1)).await).await;
    assert_eq!((&told["status"], &told["error"]["source"]), (&json!("failed"), &json!("5004")), "{told}");
    assert!(target.asked().is_empty(), "something was sent without its credential");

    let path = format!("/api/workflows/{}", text(&bare["id"]));
    let workflow = api.patch(&path, json!({ "graph": sample(&target, true) })).await.ok();
    provider.push(Reply::text("A matrix."));
    provider.push(Reply::text("{\"win_probability\": 29}"));
    let declined = report(&api, &start(&api, &workflow, inputs(499_999)).await).await;
    let nothing = json!({ "proposal_id": null, "final_price": null, "submission_timestamp": null });
    assert_eq!((&declined["status"], &declined["outputs"]), (&json!("completed"), &nothing), "{declined}");
    let asked = target.request(1).await;
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/v1/opportunities/decline"));
    assert_eq!(asked.headers["authorization"], "Bearer crm-token");

    for said in [
        "A matrix.",
        "{\"win_probability\": 40}",
        "A bridge of steel.",
        "The proposal, once.",
        "{\"confidence\": 0.95, \"remarks\": \"\"}",
        "The proposal, with the price up front.",
        "{\"confidence\": 0.95, \"remarks\": \"\"}",
    ] {
        provider.push(Reply::text(said));
    }
    target.push(200, json!({ "projects": ["A bridge of 2019"] }));
    target.push(201, json!({ "proposal_id": "P-7", "submission_timestamp": "2029-12-31T00:00:00Z" }));
    let run = start(&api, &workflow, inputs(500_000)).await;
    let mut events = api.events(&run, 0).await;
    for decision in [
        json!({ "decision": "request_revisions", "comment": "Price up front." }),
        json!({ "decision": "approve" }),
    ] {
        let asks = |event: &Event| event.name == "approval.requested";
        events.until_event("the question of the partner", asks).await;
        let task = api.get("/api/tasks?status=pending").await.ok()["items"][0].clone();
        assert_eq!((&task["title"], &task["priority"]), (&json!("Proposal Final Approval"), &json!("high")));
        api.post(&format!("/api/tasks/{}/decide", text(&task["id"])), decision).await.ok();
    }
    let report = report(&api, &run).await;
    assert_eq!(report["status"], "completed", "{report}");
    assert_eq!(report["outputs"]["proposal_id"], "P-7");
    assert_eq!(report["outputs"]["submission_timestamp"], "2029-12-31T00:00:00Z");
    let price = report["outputs"]["final_price"].as_f64().unwrap();
    assert!((price - 321_000.0).abs() < 0.01, "{price}");
    let priced = report["steps"].as_array().unwrap().iter().find(|step| step["id"] == "5007").unwrap();
    assert_eq!(
        (&priced["output"]["cost"], &priced["output"]["stdout"]),
        (&json!(267_500), &json!("Recommended price: $321,000\n"))
    );
    let (projects, submitted) = (target.request(2).await, target.request(3).await);
    assert_eq!((projects.method.as_str(), projects.path.as_str()), ("GET", "/v1/similar-projects"));
    assert_eq!(projects.headers["x-api-key"], "projects-key");
    assert_eq!((submitted.method.as_str(), submitted.path.as_str()), ("POST", "/v1/submit"));
    assert_eq!(submitted.headers["authorization"], "Bearer portal-token");
    assert!(provider.requests().iter().any(|asked| asked.body.to_string().contains("Price up front.")));
}
