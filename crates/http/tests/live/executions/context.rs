//! What an organisation says for all its workflows: read by the steps of another engine's form as they are, set by
//! administrators alone, and never in place of what a run says of itself.

use conductor_mcp_client::testing;
use serde_json::{Value, json};

use super::{again, completed, graph, keep, run, step};
use crate::world::{World, text};

/// A workflow as the form with steps writes it.
fn flow() -> Value {
    let words = "{{context.company.name}} in {{context.company.city}}, {{context.currency}}";
    json!({
        "name": "greets",
        "steps": [{
            "id": "note", "type": "mcp",
            "config": {
                "tool_name": "echo",
                "parameters": { "word": words, "prices": "{{context.prices}}", "cheap": "{{context.limits.small < 5}}" },
            },
        }],
    })
}

fn noted(report: &Value) -> &Value {
    completed(report);
    &step(report, "note")["output"]["result"]
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_read_what_their_organisation_says() {
    let world = World::start().await;
    let peer = testing::Server::start("2025-06-18").await.unwrap();
    world.register(&peer, "Peer").await;
    let path = format!("/api/v1/orgs/{}", world.organization(&world.admin).await);
    let organization = world.admin.get(&path).await.ok();
    assert_eq!(organization["context"], json!({}));
    let name = text(&organization["name"]);

    // Nothing was said yet: the company is the organisation, and what nobody said is null.
    let context = json!({ "limits": { "small": 3 } });
    world.admin.patch(&path, json!({ "context": context })).await.ok();
    keep(&world.admin, &flow()).await;
    let report = again(&world.admin, "greets", json!({})).await;
    assert_eq!(noted(&report), &json!({ "word": format!("{name} in , "), "prices": null, "cheap": true }));

    let context = json!({
        "company": { "name": "TechStart", "city": "Ulm" }, "currency": "EUR",
        "prices": [1, 2], "limits": { "small": 9 },
    });
    let changed = world.admin.patch(&path, json!({ "context": context })).await.ok();
    assert_eq!(changed["context"], context);
    assert_eq!(world.admin.get(&path).await.ok()["context"], context);
    // The run that was goes through once more as it went, whatever is said by now.
    let replayed = format!("/api/workflows/executions/{}/replay", text(&report["execution_id"]));
    let replayed = world.admin.post(&replayed, json!(null)).await.ok();
    assert_eq!((&replayed["identical"], &replayed["differences"]), (&json!(true), &json!([])), "{replayed}");
    let report = again(&world.admin, "greets", json!({})).await;
    let said = json!({ "word": "TechStart in Ulm, EUR", "prices": [1, 2], "cheap": false });
    assert_eq!(noted(&report), &said);
    // Another change leaves it as it is.
    world.admin.patch(&path, json!({ "industry": "Tides" })).await.ok();
    assert_eq!(world.admin.get(&path).await.ok()["context"], context);

    // It ends at the organisation: elsewhere nobody reads or writes it.
    let stranger = world.stranger().await;
    stranger.patch(&path, json!({ "context": {} })).await.problem(404, "not_found");
    let nodes = json!([{ "id": "t", "kind": "transform", "inputs": { "currency": "{{context.currency}}" } }]);
    let report = run(&stranger, &graph("elsewhere", nodes, &[]), json!({})).await;
    assert_eq!(completed(&report), &json!({ "currency": null }));
}

#[tokio::test]
async fn nobody_says_what_a_run_says_of_itself() {
    let world = World::start().await;
    let path = format!("/api/v1/orgs/{}", world.organization(&world.admin).await);
    let forged = json!({
        "run": { "id": "forged" }, "trigger": {}, "workflow": {}, "organization": {}, "user": {}, "iteration": {},
        "company": "TechStart", "a b": 1, "currency": "EUR",
    });
    let refused = world.admin.patch(&path, json!({ "context": forged })).await;
    let problem = refused.problem(422, "validation_failed");
    let mut pointers: Vec<String> =
        problem["errors"].as_array().unwrap().iter().map(|one| text(&one["pointer"])).collect();
    pointers.sort();
    let names = ["a b", "company", "iteration", "organization", "run", "trigger", "user", "workflow"]
        .map(|name| format!("/context/{name}"));
    assert_eq!(pointers, names);
    for wrong in [json!([]), json!("EUR"), json!({ "text": "x".repeat(20_000) })] {
        let refused = world.admin.patch(&path, json!({ "context": wrong })).await;
        assert_eq!(refused.problem(422, "validation_failed")["errors"][0]["pointer"], "/context", "{wrong}");
    }
    assert_eq!(world.admin.get(&path).await.ok()["context"], json!({}), "something of it was kept");

    world.admin.patch(&path, json!({ "context": { "currency": "EUR" } })).await.ok();
    assert_eq!(world.admin.patch(&path, json!({ "context": null })).await.ok()["context"], json!({}));
    let member = world.colleague("vera@example.com", "viewer").await;
    let _ = member.patch(&path, json!({ "context": { "currency": "USD" } })).await.status(403);
    let nodes = json!([{ "id": "t", "kind": "transform", "inputs": {
        "run": "{{context.run.id}}", "workflow": "{{context.workflow.name}}", "currency": "{{context.currency}}",
    } }]);
    let report = run(&world.admin, &graph("itself", nodes, &[]), json!({})).await;
    let said = json!({ "run": report["execution_id"], "workflow": "itself", "currency": null });
    assert_eq!(completed(&report), &said);
}
