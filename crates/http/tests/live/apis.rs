//! APIs as connectors: operations that people describe are tools, and no request leaves the address or shows the credential.

use conductor_test_support::{Api, Target};
use serde_json::{Value, json};

use crate::{
    executions::{again, completed, graph, run},
    quiet::everything,
    world::{World, text},
};

const SECRET: &str = "canary-of-the-tracker";

fn tracker(target: &Target) -> Value {
    json!({
        "name": "Tracker", "transport": "http", "endpoint": format!("{}/v2", target.url()),
        "auth_type": "bearer", "secret": SECRET,
        "api": { "operations": [
            { "name": "find_issue", "method": "GET", "endpoint": "/issues/{key}", "description": "Finds an issue.", "read_only": true },
            { "name": "create_issue", "method": "POST", "endpoint": "/issues", "input_schema": {
                "type": "object", "additionalProperties": false, "required": ["body"],
                "properties": { "body": { "type": "object", "required": ["title"] } },
            } },
        ] },
    })
}

async fn call(api: &Api, server: &Value, tool: &str, arguments: Value) -> Value {
    let body = json!({ "server_id": server["id"], "tool": tool, "arguments": arguments });
    api.post("/api/mcp/execute/tool", body).await.created()
}

fn result(called: &Value) -> Value {
    assert_eq!(called["ok"], true, "{called}");
    serde_json::from_str(&text(&called["content"][0]["text"])).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_lives() {
    let (world, target) = (World::start().await, Target::start().await);
    let answer = world.admin.post("/api/mcp/servers", tracker(&target)).await;
    assert!(!answer.text.contains(SECRET), "{answer}");
    let server = answer.created();
    assert_eq!((&server["kind"], &server["slug"]), (&json!("api"), &json!("tracker")));
    assert_eq!((&server["has_secret"], &server["capabilities"]["tools"]), (&json!(true), &json!(2)));
    assert!(target.asked().is_empty(), "registering calls nobody");
    let path = format!("/api/mcp/servers/{}", text(&server["id"]));
    let tools = world.admin.get(&format!("{path}/tools")).await.ok();
    let read_only: Vec<&Value> =
        tools["items"].as_array().unwrap().iter().map(|tool| &tool["read_only"]).collect();
    assert_eq!(read_only, [&json!(false), &json!(true)], "{tools}");

    target.push(200, json!({ "title": "Broken" }));
    let found = call(
        &world.admin,
        &server,
        "find_issue",
        json!({ "path": { "key": "A/1?x" }, "query": { "full": true } }),
    )
    .await;
    let found = result(&found);
    assert_eq!((&found["success"], &found["status_code"]), (&json!(true), &json!(200)));
    assert_eq!((&found["data"], &found["error"]), (&json!({ "title": "Broken" }), &Value::Null));
    assert!(found["elapsed_seconds"].is_number(), "{found}");
    let asked = target.request(1).await;
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/v2/issues/A%2F1%3Fx?full=true"));
    assert_eq!(asked.headers["authorization"], format!("Bearer {SECRET}"));

    let unfit = call(&world.admin, &server, "create_issue", json!({ "body": {} })).await;
    assert_eq!(unfit["ok"], false, "{unfit}");
    let made = call(&world.admin, &server, "create_issue", json!({ "body": { "title": "New" } })).await;
    result(&made);
    let asked = target.request(2).await;
    assert_eq!((asked.method.as_str(), asked.body), ("POST", json!({ "title": "New" })));
    assert!(asked.headers.contains_key("idempotency-key"));
    let id = text(&made["run"]["id"]);
    assert!(!everything(&world, &id).await.contains(SECRET), "something holds it");

    target.push(404, json!({ "error": "none" }));
    let gone = call(&world.admin, &server, "find_issue", json!({ "path": { "key": "Z" } })).await;
    assert_eq!(gone["ok"], false, "{gone}");
    let connected = world.admin.post(&format!("{path}/connect"), json!({})).await.ok();
    assert_eq!(connected["ok"], true, "{connected}");
    assert_eq!(world.admin.get(&path).await.ok()["health_status"], "healthy");
    world.admin.delete(&path).await.status(204).ok();
    world.admin.get(&path).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_leaves_the_address() {
    let (world, target) = (World::start().await, Target::start().await);
    let with = |endpoint: &str| {
        let mut body = tracker(&target);
        body["api"]["operations"][0]["endpoint"] = json!(endpoint);
        body
    };
    for endpoint in [
        "//evil.example",
        "https://evil.example/",
        "@evil.example",
        "/../admin",
        "/a/%2e%2e/b",
        "/a\\b",
        "/{",
    ] {
        let problem =
            world.admin.post("/api/mcp/servers", with(endpoint)).await.problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], "/api/operations/0/endpoint", "{endpoint}: {problem}");
    }
    let mut body = tracker(&target);
    body["api"]["free_requests"] = json!(true);
    let server = world.admin.post("/api/mcp/servers", body).await.created();
    for key in ["", ".", ".."] {
        let refused = call(&world.admin, &server, "find_issue", json!({ "path": { "key": key } })).await;
        assert_eq!(refused["ok"], false, "{key}: {refused}");
    }
    for endpoint in ["//evil.example", "https://evil.example", "@evil.example", "/../admin", "/x#y"] {
        let arguments = json!({ "method": "GET", "endpoint": endpoint });
        let refused = call(&world.admin, &server, "request", arguments).await;
        assert_eq!(refused["ok"], false, "{endpoint}: {refused}");
    }
    assert!(target.asked().is_empty());
    let arguments = json!({
        "method": "PUT", "endpoint": "/labels", "query_params": { "a": 1 }, "body": [1],
        "headers": { "Authorization": "Bearer stolen", "X-More": "1" },
    });
    result(&call(&world.admin, &server, "request", arguments).await);
    let asked = target.request(1).await;
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("PUT", "/v2/labels?a=1"));
    assert_eq!(asked.headers["authorization"], format!("Bearer {SECRET}"));
    // Nobody reaches more than the operations where it is not allowed.
    let path = format!("/api/mcp/servers/{}", text(&server["id"]));
    world.admin.put(&path, json!({ "api": tracker(&target)["api"] })).await.ok();
    let body = json!({ "server_id": server["id"], "tool": "request", "arguments": { "method": "GET", "endpoint": "/" } });
    let refused = world.admin.post("/api/mcp/execute/tool", body).await;
    assert!(refused.status >= 400 || refused.text.contains("\"ok\":false"), "{refused}");
    assert_eq!(target.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_goes_to_the_address_it_was_entered_for() {
    let (world, target, other) = (World::start().await, Target::start().await, Target::start().await);
    let server = world.admin.post("/api/mcp/servers", tracker(&target)).await.created();
    let path = format!("/api/mcp/servers/{}", text(&server["id"]));
    let problem =
        world.admin.put(&path, json!({ "endpoint": other.url() })).await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/secret");
    let moved = json!({ "endpoint": other.url(), "secret": "another", "auth_type": "basic" });
    let problem = world.admin.put(&path, moved.clone()).await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/api/auth/username");
    let mut moved = moved;
    moved["api"] = tracker(&target)["api"].clone();
    moved["api"]["auth"] = json!({ "username": "ada" });
    world.admin.put(&path, moved).await.ok();
    result(&call(&world.admin, &server, "find_issue", json!({ "path": { "key": "1" } })).await);
    assert_eq!(other.request(1).await.headers["authorization"], "Basic YWRhOmFub3RoZXI=");
    assert!(target.asked().is_empty());
    // Neither kind becomes the other.
    let mcp = json!({
        "name": "M", "transport": "http", "endpoint": other.url(), "auth_type": "bearer", "secret": "canary",
    });
    let mcp = world.admin.post("/api/mcp/servers", mcp).await.created();
    let path = format!("/api/mcp/servers/{}", text(&mcp["id"]));
    let body = json!({ "api": tracker(&target)["api"] });
    let problem = world.admin.put(&path, body).await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/api");
    // What holds for APIs holds for MCP servers.
    let moved = json!({ "endpoint": target.url() });
    let problem = world.admin.put(&path, moved.clone()).await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/secret");
    let mut entered = moved;
    entered["secret"] = json!("another");
    world.admin.put(&path, entered).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_calls_an_operation_and_a_stranger_does_not() {
    let (world, target) = (World::start().await, Target::start().await);
    let server = world.admin.post("/api/mcp/servers", tracker(&target)).await.created();
    let nodes = |connector: &Value| {
        json!([
            {
                "id": "make", "kind": "tool",
                "config": { "connector_kind": "api", "connector": connector, "tool": "create_issue" },
                "inputs": { "body": { "title": "${input.title}" } },
            },
            { "id": "end", "kind": "transform", "inputs": { "n": "{{steps.make.output.data.n}}", "s": "{{steps.make.output.status_code}}" } },
        ])
    };
    target.push(201, json!({ "n": 5 }));
    let flow = graph("issues", nodes(&json!("Tracker")), &["make -> end"]);
    let report = run(&world.admin, &flow, json!({ "title": "Broken" })).await;
    assert_eq!(completed(&report), &json!({ "n": 5, "s": 201 }));
    let asked = target.request(1).await;
    assert_eq!((asked.path.as_str(), &asked.body), ("/v2/issues", &json!({ "title": "Broken" })));
    let id = text(&report["execution_id"]);
    assert!(!everything(&world, &id).await.contains(SECRET), "something holds it");

    let flow = graph("issues-by-id", nodes(&server["id"]), &["make -> end"]);
    run(&world.admin, &flow, json!({ "title": "By its id" })).await;
    target.request(2).await;
    target.push(500, json!({}));
    let report = again(&world.admin, "issues", json!({ "title": "Fails" })).await;
    assert_eq!((&report["status"], &report["error"]["code"]), (&json!("failed"), &json!("500")));
    let before = target.asked().len();

    let stranger = world.stranger().await;
    for (name, connector) in [("foreign-name", json!("Tracker")), ("foreign-id", server["id"].clone())] {
        let flow = graph(name, nodes(&connector), &["make -> end"]);
        let checked = stranger.post("/api/workflows/check", flow.clone()).await.ok();
        assert_eq!(checked["problems"][0]["code"], "unknown_name", "{checked}");
        let _ = stranger.post("/api/workflows/import", flow).await; // drafts keep what is wrong with them
        let inputs = json!({ "inputs": { "title": "Stolen" } });
        let refused = stranger.post(&format!("/api/workflows/execute/{name}"), inputs).await;
        assert!(matches!(refused.status, 404 | 422), "{refused}");
    }
    assert_eq!(target.asked().len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_are_read_from_a_document() {
    let (world, target) = (World::start().await, Target::start().await);
    let document = json!({
        "openapi": "3.0.3", "info": { "title": "Pets" }, "servers": [{ "url": target.url() }],
        "paths": { "/pets/{id}": { "get": {
            "operationId": "getPet",
            "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } }],
        } } },
    });
    let body = json!({ "document": document.to_string() });
    let mut read = world.admin.post("/api/mcp/operations/import", body).await.ok();
    assert_eq!(read["left_out"], json!([]));
    read.as_object_mut().unwrap().remove("left_out");
    read["transport"] = json!("http");
    let server = world.admin.post("/api/mcp/servers", read).await.created();
    result(&call(&world.admin, &server, "getPet", json!({ "path": { "id": 7 } })).await);
    assert_eq!(target.request(1).await.path, "/pets/7");
    let refused =
        world.admin.post("/api/mcp/operations/import", json!({ "document": "swagger: '2.0'" })).await;
    let problem = refused.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/document/openapi");
}
