//! `/api/workflows`: documents of every form come in, are told what is wrong with them, and go out again.

use conductor_test_support::{Answer, Api};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    content::{column, pointers},
    world::{World, text},
};

/// A workflow of two steps, in the form with steps.
const STEPS: &str = "
name: lead-qualification
description: Qualifies a lead.
steps:
  - id: qualify
    type: agent
    config: { agentType: assistant, prompt: 'Qualify {{inputs.lead_email}}.' }
  - id: tell
    type: email
    condition: '{{steps.qualify.output.score >= 70}}'
    config: { to: [sales@example.com], subject: 'A lead', body: '{{steps.qualify.output.reason}}' }
";

async fn import(api: &Api, query: &str, kind: &str, text: &str) -> Answer {
    api.raw(Method::POST, &format!("/api/workflows/import{query}"), kind, text).await
}

async fn create(api: &Api, body: Value) -> Value {
    api.post("/api/workflows", body).await.created()
}

fn path(workflow: &Value) -> String {
    format!("/api/workflows/{}", text(&workflow["id"]))
}

#[tokio::test]
async fn what_steps_cannot_say_is_refused_with_every_node() {
    let world = World::start().await;
    let agent =
        |id: &str| json!({ "id": id, "kind": "agent", "agent": "assistant", "config": { "prompt": "Go" } });
    let graph = json!({
        "name": "wide",
        "nodes": [
            agent("first"),
            agent("left"),
            { "id": "right", "kind": "wait", "config": { "duration_ms": 1 } },
            { "id": "ask", "kind": "human", "config": { "title": "May it?", "decisions": ["yes"] } },
        ],
        "edges": [
            { "from": "first", "to": "left" },
            { "from": "first", "to": "right" },
            { "from": "left", "to": "ask" },
        ],
    });
    let wide = import(&world.admin, "?draft=true", "application/json", &graph.to_string()).await.created();
    let body = json!({ "format": "hybrid" });
    let export = format!("{}/export", path(&wide));
    let refused = world.admin.post(&export, body.clone()).await.problem(422, "workflow_unsayable");
    let told: Vec<_> = column(&json!({ "items": refused["errors"] }), "detail");
    let told: Vec<_> = told.iter().filter_map(Value::as_str).collect();
    for node in ["first", "right", "ask"] {
        assert!(told.iter().any(|one| one.starts_with(&format!("error in {node} at "))), "{node}: {told:#?}");
    }
    assert!(!told.iter().any(|one| one.contains(" in left ")), "{told:#?}");
    // Who may not see the workflow is told nothing of its nodes.
    world.stranger().await.post(&export, body).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_workflow_begins_with_a_start_and_an_end() {
    let world = World::start().await;
    let made = world.admin.post("/api/workflows", json!({ "name": "Weekly.Report" })).await;
    assert_eq!(made.header("etag"), Some("\"1\""));
    let location = made.header("location").unwrap().to_owned();
    let workflow = made.created();
    for (field, value) in [
        ("name", json!("Weekly.Report")),
        ("title", json!(null)),
        ("source_format", json!("native")),
        ("version", json!(1)),
        ("revision", json!(1)),
        ("node_count", json!(2)),
        ("runnable", json!(true)),
        ("is_active", json!(true)),
        ("visibility", json!("private")),
        ("data_classification", json!("internal")),
        ("is_official", json!(false)),
        ("can_edit", json!(true)),
        ("problems", json!([])),
    ] {
        assert_eq!(workflow[field], value, "{field}");
    }
    assert_eq!(workflow["graph"]["schema"], "conductor.workflow/1");
    let found = world.admin.get(&location).await;
    assert_eq!(found.header("etag"), Some("\"1\""));
    assert_eq!(found.ok(), workflow);
    let nameless = world.admin.post("/api/workflows", json!({})).await.problem(422, "validation_failed");
    assert_eq!(pointers(&nameless), ["/name"]);
    let sentence = world.admin.post("/api/workflows", json!({ "name": "Not a name" })).await;
    assert_eq!(pointers(&sentence.problem(422, "validation_failed")), ["/name"]);
    let taken = world.admin.post("/api/workflows", json!({ "name": "weekly.report" })).await;
    assert_eq!(pointers(&taken.problem(409, "name_taken")), ["/name"]);
    world.admin.post("/api/workflows", json!({ "nmae": "x" })).await.problem(422, "unknown_field");
}

#[tokio::test]
async fn a_document_of_every_form_is_taken_and_given_out_again() {
    let world = World::start().await;
    let steps = import(&world.admin, "", "application/yaml", STEPS).await.created();
    assert_eq!((&steps["name"], &steps["source_format"]), (&json!("lead-qualification"), &json!("hybrid")));
    assert_eq!(steps["description"], "Qualifies a lead.");
    let nodes = json!({
        "name": "research",
        "nodes": [{ "id": "a", "agent": "conversation-agent", "inputs": { "query": "${user_query}" } }],
        "edges": [],
    });
    let nodes = import(&world.admin, "", "application/json", &nodes.to_string()).await.created();
    assert_eq!((&nodes["source_format"], &nodes["problems"]), (&json!("conductor"), &json!([])));
    let canvas = json!({
        "title": "Proposal Generation",
        "nodes": [
            { "id": 1, "type": "Start", "config": {} },
            { "id": 2, "type": "End", "config": {} },
        ],
        "connections": [{ "id": 10, "from": 1, "to": 2 }],
    });
    // A text of which nobody says what it is.
    let answer = import(&world.admin, "?draft=true", "text/plain", &canvas.to_string()).await;
    let canvas = answer.created();
    assert_eq!(
        (&canvas["name"], &canvas["title"], &canvas["source_format"]),
        (&json!("proposal-generation"), &json!("Proposal Generation"), &json!("canvas")),
        "it is run by a plain name"
    );

    for workflow in [&steps, &nodes, &canvas] {
        for (format, syntax) in
            [("conductor", "yaml"), ("conductor", "json"), ("canvas", "json"), ("stored", "yaml")]
        {
            let body = json!({ "format": format, "syntax": syntax });
            let written = world.admin.post(&format!("{}/export", path(workflow)), body).await;
            assert_eq!(written.header("content-type"), Some(&*format!("application/{syntax}")));
            let name = format!("attachment; filename=\"{}.{syntax}\"", text(&workflow["name"]));
            assert_eq!(written.header("content-disposition"), Some(&*name));
            let kind = format!("application/{syntax}");
            let checked = world.admin.raw(Method::POST, "/api/workflows/check", &kind, written.text).await;
            assert_eq!(checked.ok()["graph"], workflow["graph"], "{format} {syntax} of {}", workflow["name"]);
        }
    }
    // What was read from steps goes out as steps, and comes back as it was.
    for syntax in ["yaml", "json"] {
        let body = json!({ "format": "hybrid", "syntax": syntax });
        let written = world.admin.post(&format!("{}/export", path(&steps)), body).await;
        let kind = format!("application/{syntax}");
        assert_eq!(written.header("content-type"), Some(&*kind));
        let checked = world.admin.raw(Method::POST, "/api/workflows/check", &kind, written.text).await.ok();
        assert_eq!((&checked["format"], &checked["graph"]), (&json!("hybrid"), &steps["graph"]));
    }
    let again = import(&world.admin, "?name=second", "application/yaml", STEPS).await.created();
    assert_eq!((&again["name"], &again["graph"]["name"]), (&json!("second"), &json!("second")));
    let taken = import(&world.admin, "", "application/yaml", STEPS).await;
    assert_eq!(pointers(&taken.problem(409, "name_taken")), ["/name"]);
    let names = async |query: &str| {
        column(&world.admin.get(&format!("/api/workflows?official=false&{query}")).await.ok(), "name")
    };
    assert_eq!(names("").await, ["second", "proposal-generation", "research", "lead-qualification"]);
    assert_eq!(names("q=PROPOSAL").await, ["proposal-generation"]);
    assert_eq!(names("q=qualifies&limit=1").await, ["second"]);
    assert_eq!(names("template=true").await, Vec::<Value>::new());
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let world = World::start().await;
    let wrong = "
name: wrong
steps:
  - { id: a, type: agnet, config: {} }
  - { id: a, type: transform, condition: '{{steps.nobody.output.x > }}' }
";
    let refused = import(&world.admin, "", "application/yaml", wrong).await.problem(422, "workflow_invalid");
    let told = refused.to_string();
    assert!(told.contains("agent") && refused["errors"].as_array().unwrap().len() >= 2, "{told}");
    let broken = "name: x\nsteps:\n  - id: [\n";
    let refused = import(&world.admin, "", "text/yaml", broken).await.problem(422, "workflow_invalid");
    assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("line"), "{refused}");
    let checked = world.admin.raw(Method::POST, "/api/workflows/check", "text/yaml", broken).await.ok();
    assert!(checked["problems"][0]["position"]["line"].as_u64().unwrap() >= 3, "{checked}");
    assert_eq!((&checked["format"], &checked["graph"]), (&json!(null), &json!(null)));
    for (kind, body, status, code) in [
        ("application/xml", "<a/>", 415, "unsupported_media_type"),
        ("application/json", "", 422, "workflow_invalid"),
        ("application/json", "{}", 422, "workflow_invalid"),
        ("application/json", "[1, 2]", 422, "workflow_invalid"),
    ] {
        import(&world.admin, "", kind, body).await.problem(status, code);
    }
    let path = "/api/workflows/import";
    let bytes = world.admin.raw(Method::POST, path, "application/yaml", vec![b'a', 0xff]).await;
    bytes.problem(400, "bad_request");
    let large = vec![b' '; 3 * 1024 * 1024];
    world.admin.raw(Method::POST, path, "application/yaml", large).await.problem(413, "body_too_large");
    assert_eq!(world.admin.get("/api/workflows?official=false").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn what_cannot_run_is_a_draft_where_that_is_asked_for() {
    let world = World::start().await;
    let loose = json!({
        "name": "loose",
        "nodes": [{ "id": "a", "kind": "transform" }, { "id": "b", "kind": "transform" }],
        "edges": [{ "from": "a", "to": "nowhere" }],
    });
    let refused = import(&world.admin, "", "application/json", &loose.to_string()).await;
    let refused = refused.problem(422, "workflow_invalid");
    assert!(pointers(&refused).contains(&"/edges/0/to"), "{refused}");
    let draft = import(&world.admin, "?draft=true", "application/json", &loose.to_string()).await.created();
    assert_eq!(draft["runnable"], false);
    assert!(draft["problems"].as_array().unwrap().iter().any(|problem| problem["severity"] == "error"));
    let mut mended = draft["graph"].clone();
    mended["edges"][0]["to"] = json!("b");
    let mended = world.admin.put(&path(&draft), json!({ "graph": mended })).await.ok();
    assert_eq!((&mended["runnable"], &mended["version"]), (&json!(true), &json!(2)));

    // Names are looked up when a workflow is read: what it names may come later.
    let named = json!({
        "name": "named",
        "nodes": [
            { "id": "a", "agent": "nobody-agent" },
            { "id": "b", "kind": "subworkflow", "config": { "workflow": "later" } },
        ],
        "edges": [{ "from": "a", "to": "b" }],
    });
    let named = import(&world.admin, "", "application/json", &named.to_string()).await.created();
    assert_eq!(column(&json!({ "items": named["problems"] }), "code"), ["unknown_name", "unknown_name"]);
    assert_eq!((&named["runnable"], &named["problems"][0]["node"]), (&json!(true), &json!("a")));
    create(&world.admin, json!({ "name": "later" })).await;
    world.admin.post("/api/agents", json!({ "name": "Nobody agent" })).await.created();
    assert_eq!(world.admin.get(&path(&named)).await.ok()["problems"], json!([]));
}

#[tokio::test]
async fn versions_come_back_and_a_stale_change_is_refused() {
    let world = World::start().await;
    let workflow = import(&world.admin, "", "application/yaml", STEPS).await.created();
    let path = path(&workflow);
    let mut graph = workflow["graph"].clone();
    graph["nodes"][0]["config"]["prompt"] = json!("Qualify.");
    let second = world.admin.with("if-match", "\"1\"").put(&path, json!({ "graph": graph })).await;
    assert_eq!(second.header("etag"), Some("\"2\""));
    assert_eq!(second.ok()["version"], 2);
    let stale = world.admin.with("if-match", "\"1\"").patch(&path, json!({ "category": "sales" })).await;
    stale.problem(412, "version_conflict");
    let beside = world.admin.patch(&path, json!({ "category": "sales", "is_template": true })).await.ok();
    assert_eq!((&beside["version"], &beside["revision"]), (&json!(2), &json!(3)), "no graph, no version");
    let same = world.admin.put(&path, json!({ "graph": graph })).await.ok();
    assert_eq!(same["version"], 2, "an equal graph is none");
    let titled = world.admin.patch(&path, json!({ "title": "Leads" })).await.ok();
    assert_eq!((&titled["version"], &titled["graph"]["title"]), (&json!(3), &json!("Leads")));

    let back = world.admin.post(&format!("{path}/versions/1/rollback"), json!({})).await.status(200).json();
    assert_eq!((&back["version"], &back["graph"]), (&json!(4), &workflow["graph"]));
    let versions = world.admin.get(&format!("{path}/versions?limit=3")).await.ok();
    assert_eq!(column(&versions, "version"), [4, 3, 2]);
    assert_eq!(versions["items"][0]["note"], "rollback to version 1");
    assert_eq!(versions["items"][2]["graph"], graph);
    world.admin.post(&format!("{path}/versions/9/rollback"), json!({})).await.problem(404, "not_found");
    let body = json!({ "format": "stored", "version": 2 });
    assert_eq!(world.admin.post(&format!("{path}/export"), body).await.ok(), graph);
    let missing = json!({ "format": "stored", "version": 9 });
    world.admin.post(&format!("{path}/export"), missing).await.problem(404, "not_found");
    world.admin.with("if-match", "\"1\"").delete(&path).await.problem(412, "version_conflict");
    let _ = world.admin.delete(&path).await.status(204);
    world.admin.get(&path).await.problem(404, "not_found");
    let _ = import(&world.admin, "", "application/yaml", STEPS).await.created();
}

#[tokio::test]
async fn a_shared_workflow_is_seen_by_whom_it_is_shared_with() {
    let world = World::start().await;
    let (member, stranger) = (world.colleague("grace@example.com", "member").await, world.stranger().await);
    let private = create(&world.admin, json!({ "name": "mine" })).await;
    let shared = create(&world.admin, json!({ "name": "ours", "visibility": "organization" })).await;
    for api in [&member, &stranger] {
        api.get(&path(&private)).await.problem(404, "not_found");
    }
    assert_eq!(member.get(&path(&shared)).await.ok()["can_edit"], false);
    member.put(&path(&shared), json!({ "title": "Theirs" })).await.problem(403, "policy_denied");
    member.delete(&path(&shared)).await.problem(403, "policy_denied");
    stranger.get(&path(&shared)).await.problem(404, "not_found");
    let wide = json!({ "name": "wide", "visibility": "organization" });
    member.post("/api/workflows", wide).await.problem(403, "role_missing");
    let own = create(&member, json!({ "name": "own" })).await;
    member.patch(&path(&own), json!({ "visibility": "organization" })).await.problem(403, "role_missing");
    let viewer = world.colleague("vera@example.com", "viewer").await;
    let _ = viewer.post("/api/workflows", json!({ "name": "nope" })).await.status(403);

    let user = text(&member.get("/api/auth/me").await.ok()["user"]["id"]);
    let share = json!({ "user_id": user, "permission_level": "edit" });
    let given = world.admin.post(&format!("{}/share", path(&private)), share).await.created();
    assert_eq!((&given["resource_type"], &given["resource_name"]), (&json!("workflow"), &json!("mine")));
    let edited = member.patch(&path(&private), json!({ "title": "Mine, by both" })).await.ok();
    assert_eq!((&edited["can_edit"], &edited["can_share"]), (&json!(true), &json!(false)));
    let clone = member.post(&format!("{}/clone", path(&private)), json!({})).await.created();
    assert_eq!((&clone["name"], &clone["title"]), (&json!("mine-copy"), &json!("Mine, by both (copy)")));
    assert_eq!(
        (&clone["forked_from_workflow_id"], &clone["visibility"]),
        (&private["id"], &json!("private"))
    );
    let second = member.post(&format!("{}/clone", path(&private)), json!({})).await.created();
    assert_eq!(second["name"], "mine-copy-2");
    let shares = world.admin.get(&format!("{}/shares", path(&private))).await.ok();
    assert_eq!(column(&shares, "id"), [given["id"].clone()]);
    let taken = format!("{}/share/{}", path(&private), text(&given["id"]));
    let _ = world.admin.delete(&taken).await.status(204);
    member.get(&path(&private)).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_document_is_loaded_by_its_path_and_nothing_leads_out_of_the_folder() {
    let world = World::start().await;
    let load = async |path: &str| world.admin.post("/api/workflows/load", json!({ "filePath": path })).await;
    load("lead.yml").await.problem(403, "workflow_folder_off");
    let folder = world.workflows_folder();
    std::fs::create_dir_all(folder.join("customers/acme/sales")).unwrap();
    std::fs::write(folder.join("customers/acme/sales/lead.yml"), STEPS).unwrap();
    let loaded = load("customers/acme/sales/lead.yml").await.created();
    assert_eq!((&loaded["name"], &loaded["source_format"]), (&json!("lead-qualification"), &json!("hybrid")));
    let imported = world.admin.get(&path(&loaded)).await.ok();
    assert_eq!(imported["graph"], loaded["graph"]);
    load("customers/acme/sales/lead.yml").await.problem(409, "name_taken");
    let body = json!({ "filePath": "customers/acme/sales/lead.yml" });
    let again = world.admin.post("/api/workflows/load?name=second", body.clone()).await.created();
    assert_eq!(again["name"], "second");

    // What lies outside: beside the folder, by a link out of it, and by every way to write a path there.
    let outside = folder.parent().unwrap().join("outside.yml");
    std::fs::write(&outside, STEPS).unwrap();
    std::fs::write(folder.parent().unwrap().join("workflows.yml"), STEPS).unwrap();
    std::os::unix::fs::symlink(&outside, folder.join("link.yml")).unwrap();
    std::os::unix::fs::symlink(folder.parent().unwrap(), folder.join("up")).unwrap();
    std::fs::write(folder.join("secret.key"), STEPS).unwrap();
    std::fs::create_dir(folder.join("folder.yml")).unwrap();
    std::os::unix::fs::symlink(folder.join("secret.key"), folder.join("innocent.yml")).unwrap();
    let absolute = outside.to_str().unwrap();
    for (way, code) in [
        ("../outside.yml", "invalid"),
        ("customers/../../outside.yml", "invalid"),
        ("customers/../customers/acme/sales/lead.yml", "invalid"),
        ("./../outside.yml", "invalid"),
        ("..\\outside.yml", "invalid"),
        (absolute, "invalid"),
        ("//etc/hosts.yml", "invalid"),
        ("file:///etc/hosts.yml", "not_found"),
        ("%2e%2e/outside.yml", "not_found"),
        ("../workflows.yml", "invalid"),
        ("link.yml", "not_found"),
        ("up/outside.yml", "not_found"),
        ("innocent.yml", "not_found"),
        ("secret.key", "invalid"),
        ("folder.yml", "not_found"),
        ("nothing.yml", "not_found"),
        ("lead.yml\0.yml", "invalid"),
        ("", "invalid"),
        (" ", "invalid"),
    ] {
        let refused = load(way).await.problem(422, "validation_failed");
        assert_eq!(pointers(&refused), ["/filePath"], "{way:?}");
        assert_eq!(refused["errors"][0]["code"], code, "{way:?}: {refused}");
        assert!(!refused.to_string().contains("qualif"), "{way:?} tells of the file: {refused}");
    }
    std::fs::write(folder.join("large.yml"), "x".repeat(5 << 20)).unwrap();
    let refused = load("large.yml").await.problem(422, "validation_failed");
    assert_eq!(refused["errors"][0]["code"], "too_large");
    std::fs::write(folder.join("latin.yml"), [0x6e, 0xe4]).unwrap();
    load("latin.yml").await.problem(422, "validation_failed");
    std::fs::write(folder.join("bad.json"), "{\"name\": \"x\", \"steps\": []}").unwrap();
    load("bad.json").await.problem(422, "workflow_invalid");
    world.admin.post("/api/workflows/load", json!({ "path": "a.yml" })).await.problem(422, "unknown_field");
    let viewer = world.colleague("vera@example.com", "viewer").await;
    let _ = viewer.post("/api/workflows/load", body).await.status(403);
}
