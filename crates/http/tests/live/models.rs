//! The list of models.

use serde_json::json;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn models_say_whether_they_can_be_used_and_why_not() {
    let world = World::start().await;
    let models = world.admin.get("/api/models").await.ok();
    let items = models["items"].as_array().unwrap();
    let usable: Vec<_> = items.iter().filter(|model| model["available"] == json!(true)).collect();
    assert_eq!(usable.len(), 1, "only the demo works without a key: {usable:#?}");
    assert_eq!((&usable[0]["id"], &usable[0]["is_default"]), (&models["default_model"], &json!(true)));
    for model in items.iter().filter(|model| model["available"] == json!(false)) {
        assert!(!model["unavailable_reason"].as_str().unwrap().is_empty(), "{model}");
    }
    let priced = items.iter().find(|model| model["id"] == "gpt-4o").unwrap();
    assert!(priced["input_cost_per_1k"].as_str().unwrap().parse::<f64>().unwrap() > 0.0, "{priced}");
    world.admin.anonymous().get("/api/models").await.problem(401, "token_missing");
}
