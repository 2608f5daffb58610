//! `/api/v1/orgs/{org_id}/canvas`: drawings are saved, changed in turn, seen by the organisation and by nobody else.

use serde_json::{Value, json};

use crate::{
    content::{column, pointers},
    world::{World, text},
};

fn drawn() -> Value {
    json!({
        "nodes": [
            { "id": "a", "type": "card", "position": { "x": 0, "y": 0.5 }, "data": { "kind": "agent", "name": "Asks" } },
            { "id": "b", "type": "card", "position": { "x": 10, "y": -20 }, "data": { "kind": "note", "name": "Why" } },
        ],
        "edges": [{ "id": "e", "source": "a", "target": "b" }],
        "viewport": { "x": 0, "y": 0, "zoom": 1.25 },
    })
}

async fn path(world: &World) -> String {
    format!("/api/v1/orgs/{}/canvas", world.organization(&world.admin).await)
}

#[tokio::test]
async fn a_drawing_is_saved_changed_and_deleted() {
    let world = World::start().await;
    let all = path(&world).await;
    let made = world.admin.post(&all, json!({ "name": " Support ", "state_json": drawn() })).await;
    assert_eq!(made.header("etag"), Some("\"1\""));
    let location = made.header("location").unwrap().to_owned();
    let canvas = made.created();
    let me = world.admin.get("/api/auth/me").await.ok();
    for (field, value) in [
        ("name", json!("Support")),
        ("state_json", drawn()),
        ("environment_id", json!(null)),
        ("workflow_id", json!(null)),
        ("owner_user_id", me["user"]["id"].clone()),
        ("revision", json!(1)),
        ("can_edit", json!(true)),
    ] {
        assert_eq!(canvas[field], value, "{field}");
    }
    let found = world.admin.get(&location).await;
    assert_eq!(found.header("etag"), Some("\"1\""));
    assert_eq!(found.ok(), canvas);
    let list = world.admin.get(&all).await.ok();
    assert_eq!(column(&list, "name"), ["Support"]);
    assert_eq!(list["items"][0]["state_json"], json!(null), "a list shows no drawing");

    let workflow = world.admin.post("/api/workflows", json!({ "name": "drawn" })).await.created();
    let change = json!({ "workflow_id": workflow["id"], "environment_id": me["environment"]["id"] });
    let changed = world.admin.with("if-match", "\"1\"").patch(&location, change).await;
    assert_eq!(changed.header("etag"), Some("\"2\""));
    let changed = changed.ok();
    assert_eq!((&changed["name"], &changed["state_json"]), (&json!("Support"), &drawn()));
    assert_eq!(
        (&changed["workflow_id"], &changed["environment_id"]),
        (&workflow["id"], &me["environment"]["id"])
    );
    let _ = world.admin.delete(&format!("/api/workflows/{}", text(&workflow["id"]))).await.status(204);
    assert_eq!(
        world.admin.get(&location).await.ok()["workflow_id"],
        json!(null),
        "it stays without its workflow"
    );

    let empty = json!({ "nodes": [], "edges": [] });
    let replaced = world.admin.put(&location, json!({ "name": "Sales", "state_json": empty })).await.ok();
    assert_eq!((&replaced["name"], &replaced["state_json"]), (&json!("Sales"), &empty));
    assert_eq!(replaced["environment_id"], json!(null), "what a replacement leaves out is none");
    assert_eq!(replaced["revision"], 3);

    for answer in [
        world.admin.with("if-match", "\"1\"").patch(&location, json!({ "name": "Late" })).await,
        world
            .admin
            .with("if-match", "\"2\"")
            .put(&location, json!({ "name": "Late", "state_json": empty }))
            .await,
        world.admin.with("if-match", "\"2\"").delete(&location).await,
    ] {
        answer.problem(412, "version_conflict");
    }
    let _ = world.admin.with("if-match", "\"3\"").delete(&location).await.status(204);
    world.admin.get(&location).await.problem(404, "not_found");
    assert_eq!(world.admin.get(&all).await.ok()["items"], json!([]));
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let world = World::start().await;
    let all = path(&world).await;
    let me = world.admin.get("/api/auth/me").await.ok();
    let body = |name: &str| json!({ "name": name, "state_json": drawn() });
    world.admin.post(&all, body("Support")).await.created();
    let taken = world.admin.post(&all, body("sUPPORT")).await.problem(409, "name_taken");
    assert_eq!(pointers(&taken), ["/name"]);
    let other = text(&world.admin.post(&all, body("Sales")).await.created()["id"]);
    let renamed = world.admin.patch(&format!("{all}/{other}"), json!({ "name": "Support" })).await;
    assert_eq!(pointers(&renamed.problem(409, "name_taken")), ["/name"]);
    // Of an environment of its own there may be another one, once.
    let mut here = body("Support");
    here["environment_id"] = me["environment"]["id"].clone();
    world.admin.post(&all, here.clone()).await.created();
    world.admin.post(&all, here).await.problem(409, "name_taken");
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let world = World::start().await;
    let all = path(&world).await;
    let nobody = "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60";
    let wrong = json!({
        "name": "",
        "environment_id": nobody,
        "workflow_id": nobody,
        "state_json": {
            "nodes": [{ "id": "a", "position": { "x": "0", "y": 0 } }, { "id": "a", "position": { "x": 0, "y": 1e30 } }],
            "edges": [{ "id": "e", "source": "a", "target": "gone" }],
            "viewport": { "x": 0, "y": 0, "zoom": 0 },
        },
    });
    let problem = world.admin.post(&all, wrong.clone()).await.problem(422, "validation_failed");
    let told = [
        "/name",
        "/environment_id",
        "/workflow_id",
        "/state_json/nodes/1/id",
        "/state_json/nodes/0/position/x",
        "/state_json/nodes/1/position/y",
        "/state_json/edges/0/target",
        "/state_json/viewport/zoom",
    ];
    assert_eq!(pointers(&problem), told);
    let made = world.admin.post(&all, json!({ "name": "Plan", "state_json": drawn() })).await.created();
    let one = format!("{all}/{}", text(&made["id"]));
    for answer in [world.admin.put(&one, wrong.clone()).await, world.admin.patch(&one, wrong).await] {
        assert_eq!(pointers(&answer.problem(422, "validation_failed")), told);
    }
    for (body, pointer) in [
        (json!({ "name": "x" }), "/state_json"),
        (json!({ "state_json": drawn() }), "/name"),
        (json!({ "name": "x", "state_json": [] }), "/state_json"),
        (json!({ "name": "x", "state_json": { "edges": 1 } }), "/state_json/nodes"),
        (json!({ "name": "x\n", "state_json": drawn() }), ""),
    ] {
        if pointer.is_empty() {
            // The spaces around a name are nobody's.
            world.admin.post(&all, body).await.created();
            continue;
        }
        let problem = world.admin.post(&all, body).await.problem(422, "validation_failed");
        assert_eq!(pointers(&problem)[0], pointer);
    }
    world.admin.post(&all, json!({ "nmae": "x" })).await.problem(422, "unknown_field");
    let large = json!({ "nodes": [], "edges": [], "words": "x".repeat(600_000) });
    let large = world.admin.post(&all, json!({ "name": "Large", "state_json": large })).await;
    assert_eq!(pointers(&large.problem(422, "validation_failed")), ["/state_json"]);
    let name = "x".repeat(101);
    let long = world.admin.post(&all, json!({ "name": name, "state_json": drawn() })).await;
    assert_eq!(pointers(&long.problem(422, "validation_failed")), ["/name"]);
}

#[tokio::test]
async fn the_organisation_sees_a_drawing_and_its_owner_changes_it() {
    let world = World::start().await;
    let all = path(&world).await;
    let (member, stranger) = (world.colleague("grace@example.com", "member").await, world.stranger().await);
    let viewer = world.colleague("vera@example.com", "viewer").await;
    let made = world.admin.post(&all, json!({ "name": "Plan", "state_json": drawn() })).await.created();
    let one = format!("{all}/{}", text(&made["id"]));
    let seen = member.get(&one).await.ok();
    assert_eq!((&seen["state_json"], &seen["can_edit"]), (&drawn(), &json!(false)));
    assert_eq!(column(&member.get(&all).await.ok(), "can_edit"), [json!(false)]);
    // Whose clearance does not reach what is internal sees none.
    viewer.get(&one).await.problem(403, "clearance_too_low");
    assert_eq!(viewer.get(&all).await.ok()["items"], json!([]));
    for api in [&member, &viewer] {
        let _ = api.patch(&one, json!({ "name": "Theirs" })).await.status(403);
        let _ = api.put(&one, json!({ "name": "Theirs", "state_json": drawn() })).await.status(403);
        let _ = api.delete(&one).await.status(403);
    }
    let _ = viewer.post(&all, json!({ "name": "Mine", "state_json": drawn() })).await.status(403);
    let own = member.post(&all, json!({ "name": "Mine", "state_json": drawn() })).await.created();
    let theirs = format!("{all}/{}", text(&own["id"]));
    member.patch(&theirs, json!({ "name": "Ours" })).await.ok();
    let kept = world.admin.patch(&theirs, json!({ "name": "Kept" })).await.ok();
    assert_eq!(
        kept["can_edit"], true,
        "whoever manages the organisation's workflows changes every drawing of it"
    );

    // Another organisation, by the path of the first and by its own.
    let elsewhere = format!("/api/v1/orgs/{}/canvas", world.organization(&stranger).await);
    let foreign = format!("{elsewhere}/{}", text(&made["id"]));
    for path in [&one, &foreign] {
        stranger.get(path).await.problem(404, "not_found");
        stranger.patch(path, json!({ "name": "Theirs" })).await.problem(404, "not_found");
        stranger
            .put(path, json!({ "name": "Theirs", "state_json": drawn() }))
            .await
            .problem(404, "not_found");
        stranger.delete(path).await.problem(404, "not_found");
    }
    stranger.get(&all).await.problem(404, "not_found");
    assert_eq!(stranger.get(&elsewhere).await.ok()["items"], json!([]));
    // Workflows of others cannot be named, whether one sees them or not.
    let public = json!({ "name": "public", "visibility": "public" });
    let public = world.admin.post("/api/workflows", public).await.created();
    let naming = json!({ "name": "x", "state_json": drawn(), "workflow_id": public["id"] });
    let refused = stranger.post(&elsewhere, naming).await.problem(422, "validation_failed");
    assert_eq!(pointers(&refused), ["/workflow_id"]);
    assert_eq!(world.admin.get(&one).await.ok()["revision"], 1);
}
