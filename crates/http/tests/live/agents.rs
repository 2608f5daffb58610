//! `/api/agents` and its twin under an organisation.

use conductor_mcp_client::testing::{self, Behaviour};
use serde_json::{Value, json};

use crate::{
    content::{column, pointers},
    world::{World, text},
};

async fn create(world: &World, body: Value) -> Value {
    world.admin.post("/api/agents", body).await.created()
}

#[tokio::test]
async fn an_agent_is_made_with_every_default() {
    let world = World::start().await;
    let made = world.admin.post("/api/agents", json!({ "name": "Sales Agent" })).await;
    assert_eq!(made.header("etag"), Some("\"1\""));
    let location = made.header("location").unwrap().to_owned();
    let agent = made.created();
    for (field, value) in [
        ("slug", json!("sales-agent")),
        ("mode", json!("CALLER")),
        ("temperature", json!(0.7)),
        ("max_tokens", json!(4096)),
        ("max_tool_rounds", json!(5)),
        ("execution_config", json!({ "timeout_ms": 30000, "max_retries": 3, "retry_delay_ms": 1000 })),
        ("visibility", json!("private")),
        ("data_classification", json!("internal")),
        ("inbound_auth_method", json!("NONE")),
        ("current_version", json!(1)),
        ("is_active", json!(true)),
        ("is_official", json!(false)),
        ("can_edit", json!(true)),
        ("mcp_servers", json!([])),
    ] {
        assert_eq!(agent[field], value, "{field}");
    }
    let found = world.admin.get(&location).await;
    assert_eq!(found.header("etag"), Some("\"1\""));
    assert_eq!(found.ok(), agent);
    assert_eq!(world.admin.get(&location.replace("/api", "")).await.ok(), agent, "the short address");
}

#[tokio::test]
async fn the_twin_under_the_organisation_is_the_same() {
    let world = World::start().await;
    let base = format!("/api/v1/orgs/{}/agents", world.organization(&world.admin).await);
    let agent = world.admin.post(&base, json!({ "name": "Twin", "mode": "CALLER" })).await.created();
    let path = format!("{base}/{}", text(&agent["id"]));
    assert_eq!(world.admin.get(&path).await.ok(), agent);
    let changed = world.admin.patch(&path, json!({ "description": "d" })).await.ok();
    assert_eq!(world.admin.get(&format!("/api/agents/{}", text(&agent["id"]))).await.ok(), changed);
    assert_eq!(
        column(&world.admin.get(&format!("{base}?official=false")).await.ok(), "id"),
        [agent["id"].clone()]
    );
    let _ = world.admin.delete(&path).await.status(204);
    let foreign = "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60";
    world.admin.get(&format!("/api/v1/orgs/{foreign}/agents")).await.problem(404, "not_found");
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let world = World::start().await;
    let body = json!({
        "name": " ", "temperature": 9, "max_tokens": 0, "tags": ["ok", "no\"quotes"], "tools": ["rm_rf"],
        "mode": "RUNNER", "inbound_auth_method": "MTLS",
        "execution_config": { "timeout_ms": 1 },
    });
    let refused = world.admin.post("/api/agents", body).await.problem(422, "validation_failed");
    assert_eq!(
        pointers(&refused),
        [
            "/name",
            "/temperature",
            "/max_tokens",
            "/execution_config/timeout_ms",
            "/tags/1",
            "/tools/0",
            "/connection_id",
            "/mtls_cert_ref",
            "/mtls_key_ref",
        ]
    );
    let refused = world.admin.post("/api/agents", json!({ "name": "x", "is_official": true })).await;
    assert_eq!(pointers(&refused.problem(422, "unknown_field")), ["/is_official"]);
    world
        .admin
        .post("/api/agents", json!({ "description": "no name" }))
        .await
        .problem(422, "validation_failed");
    let unseen =
        json!({ "name": "x", "mcp_servers": [{ "server_id": "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60" }] });
    let refused = world.admin.post("/api/agents", unseen).await.problem(422, "validation_failed");
    assert_eq!(pointers(&refused), ["/mcp_servers/0/server_id"]);
}

#[tokio::test]
async fn names_and_slugs_are_taken_whatever_the_case() {
    let world = World::start().await;
    create(&world, json!({ "name": "Sales" })).await;
    let taken = world.admin.post("/api/agents", json!({ "name": "Sales", "slug": "other" })).await;
    assert_eq!(pointers(&taken.problem(409, "name_taken")), ["/name"]);
    let taken = world.admin.post("/api/agents", json!({ "name": "Other", "slug": "SALES" })).await;
    assert_eq!(pointers(&taken.problem(409, "name_taken")), ["/slug"]);
    let other = create(&world, json!({ "name": "Other" })).await;
    let path = format!("/api/agents/{}", text(&other["id"]));
    let taken = world.admin.put(&path, json!({ "slug": "Sales" })).await;
    assert_eq!(pointers(&taken.problem(409, "name_taken")), ["/slug"]);
    let _ = world.admin.put(&path, json!({ "slug": "OTHER" })).await.ok();
}

#[tokio::test]
async fn versions_come_back() {
    let world = World::start().await;
    let agent = create(&world, json!({ "name": "Poet", "system_prompt": "one", "tags": [" Fun "] })).await;
    assert_eq!(agent["tags"], json!(["fun"]));
    let path = format!("/api/agents/{}", text(&agent["id"]));
    let second = world.admin.with("if-match", "\"1\"").put(&path, json!({ "system_prompt": "two" })).await;
    assert_eq!(second.header("etag"), Some("\"2\""));
    assert_eq!(second.ok()["system_prompt"], "two");
    let stale = world.admin.with("if-match", "\"1\"").put(&path, json!({ "system_prompt": "lost" })).await;
    stale.problem(412, "version_conflict");
    world.admin.with("if-match", "2").put(&path, json!({})).await.problem(400, "bad_request");
    let noted =
        world.admin.post(&format!("{path}/fork"), json!({ "note": "before the change" })).await.created();
    assert_eq!((&noted["version"], &noted["note"]), (&json!(3), &json!("before the change")));
    let back = world.admin.post(&format!("{path}/versions/1/rollback"), json!({})).await.status(200).json();
    assert_eq!((&back["system_prompt"], &back["current_version"]), (&json!("one"), &json!(4)));
    let versions = world.admin.get(&format!("{path}/versions?limit=3")).await.ok();
    assert_eq!(column(&versions, "version"), [4, 3, 2]);
    assert_eq!(versions["items"][2]["snapshot"]["system_prompt"], "two");
    assert!(versions["next_cursor"].is_string());
    world.admin.post(&format!("{path}/versions/9/rollback"), json!({})).await.problem(404, "not_found");
    world.admin.with("if-match", "\"3\"").delete(&path).await.problem(412, "version_conflict");
    let _ = world.admin.with("if-match", "\"4\"").delete(&path).await.status(204);
    world.admin.get(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn null_gives_a_default_again() {
    let world = World::start().await;
    let agent =
        create(&world, json!({ "name": "Poet", "temperature": 0.1, "top_p": 0.5, "model": "demo" })).await;
    let path = format!("/api/agents/{}", text(&agent["id"]));
    let cleared =
        world.admin.patch(&path, json!({ "temperature": null, "top_p": null, "model": null })).await.ok();
    assert_eq!((&cleared["temperature"], &cleared["model"]), (&json!(0.7), &json!("")));
    assert_eq!(cleared["top_p"], json!(null));
    assert_eq!(cleared["name"], "Poet");
}

#[tokio::test]
async fn official_agents_are_there_and_can_be_cloned() {
    let world = World::start().await;
    let official = world.admin.get("/api/agents?official=true").await.ok();
    let mut slugs: Vec<String> = column(&official, "slug").iter().map(text).collect();
    slugs.sort();
    assert_eq!(
        slugs,
        ["analysis-agent", "artifact-agent", "conversation-agent", "orchestrator-agent", "search-agent"]
    );
    let member = world.colleague("grace@example.com", "member").await;
    let agent = &official["items"][0];
    let path = format!("/api/agents/{}", text(&agent["id"]));
    assert_eq!(member.get(&path).await.ok()["can_edit"], false);
    let refused = member.put(&path, json!({ "system_prompt": "mine" })).await;
    assert!(!refused.problem(403, "policy_denied")["rule_id"].is_null());
    let clone = member.post(&format!("{path}/clone"), json!({})).await.created();
    assert_eq!(clone["name"], format!("{} (copy)", text(&agent["name"])));
    assert_eq!((&clone["visibility"], &clone["is_official"]), (&json!("private"), &json!(false)));
    assert_eq!((&clone["forked_from_agent_id"], &clone["can_edit"]), (&agent["id"], &json!(true)));
    assert_eq!(clone["system_prompt"], agent["system_prompt"]);
    let second = member.post(&format!("{path}/clone"), json!({})).await.created();
    assert_eq!(second["name"], format!("{} (copy 2)", text(&agent["name"])));
    let taken = member.post(&format!("{path}/clone"), json!({ "name": clone["name"] })).await;
    assert_eq!(pointers(&taken.problem(409, "name_taken")), ["/name"]);
    world.admin.delete(&path).await.problem(403, "official_agent");
    // A second start writes nothing anew; a change by an administrator stays.
    let _ = world.admin.put(&path, json!({ "description": "Ours" })).await.ok();
    assert_eq!(conductor_agents::seed(world.store()).await.unwrap(), 0);
    assert_eq!(member.get(&path).await.ok()["description"], "Ours");
}

#[tokio::test]
async fn a_shared_agent_is_seen_by_members_only() {
    let world = World::start().await;
    let (member, stranger) = (world.colleague("grace@example.com", "member").await, world.stranger().await);
    let private = create(&world, json!({ "name": "Mine" })).await;
    let shared = create(&world, json!({ "name": "Ours", "visibility": "organization" })).await;
    let path = |agent: &Value| format!("/api/agents/{}", text(&agent["id"]));
    member.get(&path(&private)).await.problem(404, "not_found");
    assert_eq!(member.get(&path(&shared)).await.ok()["can_edit"], false);
    member.put(&path(&shared), json!({ "name": "Theirs" })).await.problem(403, "policy_denied");
    stranger.get(&path(&shared)).await.problem(404, "not_found");
    let widened = member.post("/api/agents", json!({ "name": "Wide", "visibility": "organization" })).await;
    widened.problem(403, "role_missing");
    let viewer = world.colleague("vera@example.com", "viewer").await;
    let _ = viewer.post("/api/agents", json!({ "name": "Nope" })).await.status(403);
}

#[tokio::test]
async fn an_agent_is_tried_and_its_tools_are_listed() {
    let world = World::start().await;
    let agent =
        create(&world, json!({ "name": "Maker", "model": "demo", "tools": ["create_artifact"] })).await;
    let path = format!("/api/agents/{}", text(&agent["id"]));
    let tools = world.admin.get(&format!("{path}/available-tools")).await.ok();
    assert_eq!(column(&tools, "name"), ["create_artifact"]);
    assert_eq!(column(&tools, "source"), ["builtin"]);
    let started = world.admin.post(&format!("{path}/test"), json!({ "input": "Hello" })).await.created();
    assert_eq!((&started["run"]["kind"], &started["run"]["trigger"]), (&json!("agent"), &json!("test")));
    world.finished(&started).await;
    assert_eq!(world.admin.get(&format!("{path}/mcp-servers")).await.ok()["items"], json!([]));
    let missing = "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60";
    let body = json!({ "server_id": missing });
    world.admin.post(&format!("{path}/mcp-servers"), body).await.problem(404, "not_found");
    world.admin.delete(&format!("{path}/mcp-servers/{missing}")).await.problem(404, "not_found");
    let _ = world.admin.get("/agents/available-tools").await.ok();
}

#[tokio::test]
async fn the_list_is_filtered() {
    let world = World::start().await;
    create(&world, json!({ "name": "Sales", "tags": ["crm"] })).await;
    create(&world, json!({ "name": "Poet", "description": "writes verses", "tags": ["fun"] })).await;
    let names =
        async |query: &str| column(&world.admin.get(&format!("/api/agents?{query}")).await.ok(), "name");
    assert_eq!(names("tag=crm").await, ["Sales"]);
    assert_eq!(names("q=VERSES").await, ["Poet"]);
    assert_eq!(names("official=false").await, ["Poet", "Sales"]);
    assert_eq!(names("official=false&limit=1").await, ["Poet"]);
    world.admin.get("/api/agents?owner=me").await.problem(422, "unknown_field");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_uses_what_it_is_allowed_of_a_server() {
    let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
    peer.add_tool("other", Behaviour::Fail("no".to_owned()));
    let server = world.register(&peer, "Echo").await;
    let agent = create(&world, json!({ "name": "Caller", "mode": "CALLER" })).await;
    let path = format!("/api/agents/{}", text(&agent["id"]));
    let runner = world.admin.put(&path, json!({ "mode": "RUNNER" })).await.problem(422, "validation_failed");
    assert_eq!(pointers(&runner), ["/connection_id"]);

    let servers = format!("{path}/mcp-servers");
    let body = json!({ "server_id": server["id"], "allowed_tools": ["echo"] });
    let added = world.admin.post(&servers, body).await.created();
    assert_eq!(added, json!({ "server_id": server["id"], "name": "Echo", "allowed_tools": ["echo"] }));
    let tools =
        async || column(&world.admin.get(&format!("{path}/available-tools")).await.ok(), "display_name");
    assert_eq!(tools().await, ["echo"]);
    let runner = world.admin.put(&path, json!({ "mode": "RUNNER" })).await.ok();
    assert_eq!(runner["mcp_servers"], json!([added]));

    let one = format!("{servers}/{}", text(&server["id"]));
    let widened = world.admin.put(&one, json!({ "allowed_tools": null })).await.ok();
    assert_eq!(widened["allowed_tools"], json!(null));
    assert_eq!(tools().await.len(), 2);
    let clone = world.admin.post(&format!("{path}/clone"), json!({})).await.created();
    assert_eq!((&clone["mcp_servers"], &clone["mode"]), (&json!([widened]), &json!("RUNNER")));

    let needed = world.admin.delete(&one).await.problem(422, "validation_failed");
    assert_eq!(pointers(&needed), ["/connection_id"], "a runner keeps its last server");
    let _ = world.admin.put(&path, json!({ "mode": "CALLER" })).await.ok();
    let _ = world.admin.delete(&one).await.status(204);
    assert_eq!(world.admin.get(&servers).await.ok()["items"], json!([]));
    world.admin.delete(&one).await.problem(404, "not_found");
    let versions = world.admin.get(&format!("{path}/versions")).await.ok();
    assert_eq!(versions["items"][0]["version"], 6, "every change of its servers is a version");
    let back = world.admin.post(&format!("{path}/versions/2/rollback"), json!({})).await.status(200).json();
    assert_eq!(back["mcp_servers"], json!([added]), "a version keeps what the agent could reach");
}
