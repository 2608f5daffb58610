//! The kinds of nodes as programs read them: the examples are workflows that the server takes.

use serde_json::{Value, json};

use crate::world::{World, text};

async fn kinds(world: &World) -> Vec<Value> {
    let answer = world.admin.get("/api/workflows/nodes").await.ok();
    assert_eq!(answer["next_cursor"], Value::Null);
    answer["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn every_example_is_a_workflow_that_can_be_kept() {
    let world = World::start().await;
    let kinds = kinds(&world).await;
    assert!(kinds.len() >= 18, "{kinds:?}");
    // One example runs another, which has to be there.
    for kind in kinds.iter().filter(|kind| kind["type"] == "transform") {
        world.admin.post("/api/workflows/import", kind["example"].clone()).await.created();
    }
    for kind in &kinds {
        for field in ["type", "name", "description"] {
            assert!(!text(&kind[field]).is_empty(), "{kind}");
        }
        for schema in ["inputs", "output", "config"] {
            assert!(kind[schema].is_object(), "{kind}");
        }
        let ports = kind["outputs"].as_array().unwrap();
        assert!(ports.iter().any(|port| port["port"] == "error"), "{kind}");
        let checked = world.admin.post("/api/workflows/check", kind["example"].clone()).await.ok();
        assert_eq!(checked["problems"], json!([]), "{kind}");
        let nodes = kind["example"]["nodes"].as_array().unwrap();
        assert!(nodes.iter().any(|node| node["kind"] == kind["type"]), "{kind}");
        if kind["type"] != "transform" {
            world.admin.post("/api/workflows/import", kind["example"].clone()).await.created();
        }
    }
    world.anonymous().get("/api/workflows/nodes").await.problem(401, "token_missing");
}
