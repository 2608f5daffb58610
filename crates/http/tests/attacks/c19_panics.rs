//! C-19: a panic in a handler ends its request, says nothing of why, and leaves the server as it was. What panics here is
//! a page that the app hands in; `apps/api/tests/faults.rs` takes the stores away.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_panic_is_a_500_and_no_more() {
    let (world, admin) = World::set_up().await;
    let before = world.rows();
    for _ in 0..20 {
        let problem = world.get("/docs/errors/panic").send().await.problem(500, "internal");
        assert!(!problem.to_string().contains("cannot be written"), "{problem}");
    }
    world.unchanged(&before, "a panic");
    world.get("/health").send().await.status(200);
    world.post("/api/conversations", json!({})).by(&admin).send().await.created();
}
