//! The list of models, which is also how a key is tried.

use conductor_domain::Kind;
use conductor_llm_providers::ProviderKind;
use serde_json::json;

use crate::{
    server::{Answer, Server},
    vendors::{KEY, provider},
};

#[tokio::test]
async fn every_provider_with_a_list_is_asked_for_it() {
    let body =
        json!({"object": "list", "data": [{"id": "a", "type": "model"}, {"id": "b/c"}], "has_more": false});
    let lines = [
        (ProviderKind::OpenAi, "GET /v1/models HTTP/1.1", "authorization"),
        (ProviderKind::OpenAiCompatible, "GET /v1/models HTTP/1.1", "authorization"),
        (ProviderKind::Anthropic, "GET /v1/models?limit=1000 HTTP/1.1", "x-api-key"),
    ];
    for (kind, line, header) in lines {
        let mut server = Server::start(vec![Answer::json(200, &body)]).await;
        assert_eq!(provider(kind, &server.url()).list_models().await.unwrap(), ["a", "b/c"]);
        let request = server.request().await;
        assert_eq!(request.line, line);
        assert!(request.headers[header].ends_with(KEY));
    }
    let azure = provider(ProviderKind::Azure, "http://127.0.0.1:9").with_models(["gpt-4o=prod"]);
    assert_eq!(azure.list_models().await.unwrap(), ["gpt-4o"]);
}

#[tokio::test]
async fn a_wrong_key_or_address_is_found_out() {
    let refused =
        json!({"error": {"message": "no", "type": "invalid_request_error", "code": "invalid_api_key"}});
    let server = Server::start(vec![Answer::json(401, &refused)]).await;
    let error = provider(ProviderKind::OpenAi, &server.url()).list_models().await.unwrap_err();
    assert_eq!(error.code(), "provider_key_refused");
    let server = Server::start(vec![Answer::with_status(200, "<html>Ollama is running</html>")]).await;
    let error = provider(ProviderKind::OpenAiCompatible, &server.url()).list_models().await.unwrap_err();
    assert_eq!(error.code(), "provider_garbage");
    assert!(error.to_string().contains("check the base URL"), "{error}");
}
