//! the caller picks the upstream by a header, or leaves the credential out and gets the operator's
//! (n8n-mcp CVE-2026-45707). A key goes to the address it was entered with, and no other does.

use conductor_test_support::{Provider, Reply};
use serde_json::json;

use crate::{canary::Canary, running::World};

const OPERATOR: &str = "sk-operator-2b8e";
const OWN: &str = "sk-own-71fa";

#[tokio::test(flavor = "multi_thread")]
async fn no_header_and_no_key_of_ones_own_reaches_the_operators_credential() {
    let (operator, own, canary) =
        (Provider::start().await, Provider::start().await, Canary::listen("127.0.0.1").await);
    own.otherwise(Reply::text("from my own"));
    operator.otherwise(Reply::text("from the operator's"));
    let world = World::with_provider(operator.url(), OPERATOR).await;
    let evil = format!("http://127.0.0.1:{}/v1", canary.port);
    let ask = async |model: &str| {
        let mut api = world.admin.clone();
        for header in [
            "x-base-url",
            "x-upstream",
            "x-openai-base-url",
            "x-n8n-url",
            "x-target-url",
            "openai-organization",
        ] {
            api = api.with(header, &evil);
        }
        let api = api.with("x-openai-api-key", "sk-header").with("api-key", "sk-header");
        let body = json!({ "message": "hello", "model": model });
        api.post("/api/messages/stream", body).await.status(200).text
    };
    let said = ask("gpt-4o").await;
    assert!(said.contains("from the operator's"), "{said}");
    let request = operator.request(1).await;
    assert_eq!(request.headers["authorization"], format!("Bearer {OPERATOR}").as_str());
    assert!(!format!("{:?} {}", request.headers, request.body).contains("sk-header"));

    // An address without a key is no provider, and takes nobody else's.
    for key in [json!(null), json!(""), json!("  ")] {
        for provider in ["openai", "openai_compatible", "azure", "anthropic"] {
            let body = json!({
                "provider": provider, "key_name": "mine", "api_key": key, "base_url": evil, "models": ["stolen"],
            });
            let answer = world.admin.post("/api/settings/api-keys", body).await;
            assert_eq!(answer.status, 422, "{answer}");
        }
    }
    let without = json!({ "provider": "openai", "key_name": "mine", "base_url": evil });
    let _ = world.admin.post("/api/settings/api-keys", without).await.status(422);
    assert_eq!(world.admin.get("/api/settings/api-keys").await.ok()["items"], json!([]));

    // Her own key goes to her own address, and the operator's stays at home.
    let body = json!({
        "provider": "openai_compatible", "key_name": "mine", "api_key": OWN, "base_url": own.url(), "models": ["own-model"],
    });
    world.admin.post("/api/settings/api-keys", body).await.created();
    let said = ask("own-model").await;
    assert!(said.contains("from my own"), "{said}");
    let request = own.request(1).await;
    assert_eq!(request.headers["authorization"], format!("Bearer {OWN}").as_str());
    assert!(!format!("{own:?}{:?}", own.requests()).contains(OPERATOR));
    assert_eq!((operator.requests().len(), canary.heard()), (1, 0));

    // A person of another tenant has neither the model nor the key.
    let stranger = world.stranger().await;
    let body = json!({ "message": "hello", "model": "own-model" });
    let answer = stranger.post("/api/messages/stream", body).await;
    assert!(!answer.text.contains("from my own"), "{answer}");
    assert_eq!((own.requests().len(), canary.heard()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_url_that_leads_inwards_is_not_called() {
    let canary = Canary::listen("127.0.0.1").await;
    let world = World::shut_in().await;
    for (number, host) in ["127.0.0.1", "[::ffff:7f00:1]", "2130706433", "localhost"].into_iter().enumerate()
    {
        let model = format!("inward-{number}");
        let body = json!({
            "provider": "openai_compatible", "key_name": model, "api_key": OWN, "models": [model],
            "base_url": format!("http://{host}:{}/v1", canary.port),
        });
        let made = world.admin.post("/api/settings/api-keys", body).await;
        assert!([201, 422].contains(&made.status), "{made}");
        let body = json!({ "message": "hello", "model": model });
        let answer = world.admin.post("/api/messages/stream", body).await;
        assert!(answer.text.contains("failed") || answer.status == 422, "{host}: {answer}");
        assert_eq!(canary.heard(), 0, "{host}");
    }
}
