//! a redirect from where the server may call to where it may not (Open WebUI CVE-2026-45401).

use serde_json::json;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::{
    canary::{Canary, id},
    doors,
    world::{Reach, World},
};

#[tokio::test]
async fn a_redirect_to_a_private_host_is_not_followed() {
    let (canary, origin) = (Canary::listen("127.0.0.2").await, MockServer::start().await);
    let reach = Reach { allow: vec!["127.0.0.1/32"], stdio: false };
    let world = World::reaching(reach, |_| {}, |_| {}).await;
    let admin = world.first_account().await;
    for status in [301, 302, 303, 307, 308] {
        origin.reset().await;
        let to = format!("http://127.0.0.2:{}/mcp", canary.port);
        let redirect = ResponseTemplate::new(status).insert_header("location", to.as_str());
        Mock::given(matchers::any()).respond_with(redirect).mount(&origin).await;
        doors::refused_everywhere(&world, &admin, &origin.uri()).await;
        assert!(origin.received_requests().await.unwrap().len() >= 2, "both doors asked the first host");
        assert_eq!(canary.heard(), 0, "{status}");
    }
    // A credential for the first host goes there alone.
    let server = json!({
        "name": "Bearer", "transport": "http", "endpoint": origin.uri(), "auth_type": "bearer", "secret": "canary-a02",
    });
    let server = id(&world.post("/api/mcp/servers", server).by(&admin).send().await.created());
    world.post(&format!("/api/mcp/servers/{server}/connect"), json!({})).by(&admin).send().await.ok();
    assert_eq!(canary.heard(), 0);
}
