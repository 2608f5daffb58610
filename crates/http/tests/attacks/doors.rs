//! The doors through which somebody hands the server an address to call: an MCP server, an identity provider.

use serde_json::json;

use crate::{
    canary::{Canary, id},
    world::{Person, World},
};

/// Hands an address to every door and asks that it be used; nothing comes of it.
///
/// A provider's base URL is the third: `a05_upstream_of_the_caller.rs` calls it, since only a turn does.
pub(crate) async fn refused_everywhere(world: &World, admin: &Person, url: &str) {
    let name = format!("Server at {}", url.len());
    let body = json!({ "name": name, "transport": "http", "endpoint": url });
    let made = world.post("/api/mcp/servers", body).by(admin).send().await;
    match made.status.as_u16() {
        422 => {}
        201 => {
            let server = format!("/api/mcp/servers/{}", id(&made.json()));
            let connected = world.post(&format!("{server}/connect"), json!({})).by(admin).send().await.ok();
            assert_eq!(connected["ok"], false, "{url}: {connected}");
            for action in ["discover", "restart"] {
                let answer = world.post(&format!("{server}/{action}"), json!({})).by(admin).send().await;
                let healthy = answer.status == 200 && answer.json()["health_status"] == "healthy";
                assert!(!answer.status.is_server_error() || answer.status == 502, "{url}: {}", answer.text());
                assert!(!healthy, "{url}: {}", answer.text());
            }
            let tools = world.get(&format!("{server}/tools")).by(admin).send().await.ok();
            assert_eq!(tools["items"], json!([]), "{url}");
            world.delete(&server).by(admin).send().await.status(204);
        }
        other => panic!("{url}: {other}: {}", made.text()),
    }
    let provider = json!({ "name": "Login", "issuer": url, "client_id": "conductor" });
    let answer = world.post("/api/v1/identity-providers", provider).by(admin).send().await;
    assert!(
        answer.status.is_client_error() || answer.status == 502,
        "{url}: {} {}",
        answer.status,
        answer.text()
    );
    let providers = world.get("/api/v1/identity-providers").by(admin).send().await.ok();
    assert_eq!(providers["items"], json!([]), "{url}");
}

/// The same for many addresses, with a canary that must hear nothing.
pub(crate) async fn all_refused(canary: &Canary, urls: &[String]) {
    let (world, admin) = World::set_up().await;
    for url in urls {
        refused_everywhere(&world, &admin, url).await;
        assert_eq!(canary.heard(), 0, "{url}");
    }
}
