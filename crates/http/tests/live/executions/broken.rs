//! Targets that fail again and again are left alone, by those for whom they failed.

use conductor_test_support::Target;
use serde_json::{Value, json};

use super::{completed, graph, run};
use crate::world::World;

/// Sends once: what may have an effect is not tried again by itself.
fn pays(target: &Target, name: &str, endpoint: &str) -> Value {
    let config = json!({ "method": "POST", "url": target.url(), "endpoint": endpoint, "body": {} });
    graph(name, json!([{ "id": "pay", "kind": "http", "config": config }]), &[])
}

#[tokio::test]
async fn a_target_that_fails_is_left_alone_and_other_targets_and_tenants_are_not() {
    let (world, target, other) = (World::start().await, Target::start().await, Target::start().await);
    let (admin, stranger) = (&world.admin, world.stranger().await);
    for number in 0..5 {
        target.push(503, json!({ "error": "busy" }));
        let failed = run(admin, &pays(&target, &format!("pays-{number}"), "/pay"), json!({})).await;
        assert_eq!(failed["error"]["code"], "503", "{failed}");
    }
    assert_eq!(target.asked().len(), 5);

    // Another page of the same host fails with it; nothing is sent, and what a person reads says so.
    let left = run(admin, &pays(&target, "pays-again", "/other"), json!({})).await;
    assert_eq!((&left["error"]["code"], target.asked().len()), (&json!("circuit_open"), 5), "{left}");
    let says = left["error"]["message"].as_str().unwrap();
    assert!(says.contains("Nothing was sent") && says.contains("127.0.0.1:"), "{says}");

    completed(&run(admin, &pays(&other, "pays-elsewhere", "/pay"), json!({})).await);
    // What one tenant makes fail is no other's: else anybody could shut it for all.
    completed(&run(&stranger, &pays(&target, "pays-too", "/pay"), json!({})).await);
}

#[tokio::test]
async fn answers_that_refuse_are_answers() {
    let (world, target) = (World::start().await, Target::start().await);
    for number in 0..7 {
        target.push(404, json!({ "error": "no such order" }));
        let failed = run(&world.admin, &pays(&target, &format!("asks-{number}"), "/order"), json!({})).await;
        assert_ne!(failed["error"]["code"], "circuit_open", "{failed}");
    }
    assert_eq!(target.asked().len(), 7);
}
