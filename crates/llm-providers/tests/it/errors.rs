//! Error bodies × providers → one shape. Bodies are those the vendors publish or are seen to send.

use std::time::Duration;

use conductor_domain::{ErrorKind, Kind};
use conductor_llm_providers::{Error, ProviderKind};
use serde_json::{Value, json};

use crate::{
    server::{Answer, Server, Then},
    vendors::{ALL, COMPLETIONS, KEY, collect, fixture, provider, request, text, vendor},
};

async fn fails(kind: ProviderKind, answer: Answer) -> Error {
    let server = Server::start(vec![answer]).await;
    let (chunks, error) = collect(vendor(kind, &server.url()).as_ref(), request()).await;
    assert_eq!(chunks, []);
    error.unwrap()
}

fn openai(kind: &str, code: Value, message: &str) -> Value {
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
}

fn anthropic(kind: &str, message: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"})
}

#[track_caller]
fn check(error: &Error, code: &str, retryable: bool, says: &str) {
    assert_eq!((error.code(), error.retryable()), (code, retryable), "{error}");
    assert!(error.to_string().contains(says), "{error}");
    assert!(!format!("{error} {error:?}").contains(KEY), "{error:?}");
}

#[tokio::test]
async fn a_bad_key_is_named_and_not_shown() {
    let message = format!("Incorrect API key provided: {KEY}. You can find your API key at …");
    for kind in COMPLETIONS {
        let body = openai("invalid_request_error", "invalid_api_key".into(), &message);
        let error = fails(*kind, Answer::json(401, &body)).await;
        check(&error, "provider_key_refused", false, "Incorrect API key provided: [redacted].");
        assert_eq!(error.kind(), ErrorKind::Upstream);
    }
    let body = json!({"error": {"code": "401", "message": "Access denied due to invalid subscription key"}});
    check(
        &fails(ProviderKind::Azure, Answer::json(401, &body)).await,
        "provider_key_refused",
        false,
        "Access denied",
    );
    let body = anthropic("authentication_error", "invalid x-api-key");
    check(
        &fails(ProviderKind::Anthropic, Answer::json(401, &body)).await,
        "provider_key_refused",
        false,
        "x-api-key",
    );
    let body = anthropic("permission_error", "Your API key does not have permission");
    check(
        &fails(ProviderKind::Anthropic, Answer::json(403, &body)).await,
        "provider_not_allowed",
        false,
        "permission",
    );
}

#[tokio::test]
async fn an_unknown_model_is_no_wrong_address() {
    let body =
        openai("invalid_request_error", "model_not_found".into(), "The model `the-model` does not exist");
    check(
        &fails(ProviderKind::OpenAi, Answer::json(404, &body)).await,
        "model_unknown",
        false,
        "\"the-model\"",
    );
    let body =
        json!({"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist."}});
    check(&fails(ProviderKind::Azure, Answer::json(404, &body)).await, "model_unknown", false, "deployment");
    let body = json!({"error": {"message": "model \"the-model\" not found, try pulling it first", "type": "api_error"}});
    check(
        &fails(ProviderKind::OpenAiCompatible, Answer::json(404, &body)).await,
        "model_unknown",
        false,
        "pulling",
    );
    let body = anthropic("not_found_error", "model: the-model");
    check(
        &fails(ProviderKind::Anthropic, Answer::json(404, &body)).await,
        "model_unknown",
        false,
        "model: the-model",
    );
    for kind in ALL {
        let error =
            fails(*kind, Answer::with_status(404, "<html>no such page, no model either</html>")).await;
        check(&error, "provider_misconfigured", false, "check the base URL");
    }
}

#[tokio::test]
async fn a_long_conversation_is_told_from_other_bad_requests() {
    let message =
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000";
    let body = openai("invalid_request_error", "context_length_exceeded".into(), message);
    check(&fails(ProviderKind::OpenAi, Answer::json(400, &body)).await, "context_too_long", false, "128000");
    let body =
        json!({"object": "error", "message": message, "type": "BadRequestError", "param": null, "code": 400});
    check(
        &fails(ProviderKind::OpenAiCompatible, Answer::json(400, &body)).await,
        "context_too_long",
        false,
        "128000",
    );
    let body = anthropic("invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum");
    check(
        &fails(ProviderKind::Anthropic, Answer::json(400, &body)).await,
        "context_too_long",
        false,
        "208310",
    );
    let body = anthropic("request_too_large", "Request exceeds the maximum size");
    check(
        &fails(ProviderKind::Anthropic, Answer::json(413, &body)).await,
        "context_too_long",
        false,
        "maximum size",
    );
    let body = anthropic("invalid_request_error", "messages.0.content: Field required");
    let error = fails(ProviderKind::Anthropic, Answer::json(400, &body)).await;
    check(&error, "provider_request_invalid", false, "Field required");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let body = json!({"detail": [{"loc": ["body", "tools"], "msg": "field required"}]});
    let error = fails(ProviderKind::OpenAiCompatible, Answer::json(422, &body)).await;
    check(&error, "provider_request_invalid", false, "field required");
}

#[tokio::test]
async fn limits_say_how_long_to_wait() {
    for kind in ALL {
        let body = match kind {
            ProviderKind::Anthropic => anthropic("rate_limit_error", "This request would exceed your limit"),
            _ => openai("requests", "rate_limit_exceeded".into(), "Rate limit reached for the-model"),
        };
        let error = fails(*kind, Answer::json(429, &body).header("retry-after", "7")).await;
        check(&error, "provider_rate_limited", true, "limit");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        assert_eq!(error.kind(), ErrorKind::Limited { retry_after: Some(Duration::from_secs(7)) });
    }
    let body = openai("insufficient_quota", "insufficient_quota".into(), "You exceeded your current quota");
    check(
        &fails(ProviderKind::OpenAi, Answer::json(429, &body)).await,
        "provider_quota_exhausted",
        false,
        "quota",
    );
    let body =
        anthropic("invalid_request_error", "Your credit balance is too low to access the Anthropic API.");
    check(
        &fails(ProviderKind::Anthropic, Answer::json(400, &body)).await,
        "provider_quota_exhausted",
        false,
        "credit",
    );
}

#[tokio::test]
async fn a_provider_in_trouble_may_be_asked_again() {
    let body = anthropic("overloaded_error", "Overloaded");
    check(
        &fails(ProviderKind::Anthropic, Answer::json(529, &body)).await,
        "provider_overloaded",
        true,
        "Overloaded",
    );
    for kind in ALL {
        let error = fails(*kind, Answer::with_status(502, "<html>\n  Bad\n gateway</html>")).await;
        check(&error, "provider_error", true, "<html> Bad gateway</html> (HTTP 502)");
        let error = fails(*kind, Answer::with_status(503, "").header("retry-after", "2")).await;
        check(&error, "provider_overloaded", true, "HTTP 503");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(2)));
    }
}

#[tokio::test]
async fn refused_content_is_no_bad_request() {
    let body = json!({"error": {
        "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        "type": null, "param": "prompt", "code": "content_filter", "status": 400,
        "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}},
    }});
    check(&fails(ProviderKind::Azure, Answer::json(400, &body)).await, "provider_refused", false, "filtered");
}

#[tokio::test]
async fn an_answer_that_is_no_stream_is_garbage() {
    for kind in ALL {
        let page = Answer::with_status(200, "<!doctype html><title>Sign in</title>")
            .header("content-type", "text/html");
        let error = fails(*kind, page).await;
        check(
            &error,
            "provider_garbage",
            false,
            "text/html where an event stream was expected; check the base URL",
        );
        let error = fails(*kind, Answer::json(200, &json!({"error": "model is loading"}))).await;
        check(&error, "provider_error", true, "model is loading");
        let error = fails(*kind, Answer::stream(b"data: \xff\xfe\xfa\n\n")).await;
        check(&error, "provider_garbage", false, "cannot be read");
        let error = fails(*kind, Answer::stream(vec![b'x'; 5 * 1024 * 1024])).await;
        check(&error, "provider_garbage", false, "cannot be read");
        let error =
            fails(*kind, Answer::with_status(307, "").header("location", "http://127.0.0.1:9/")).await;
        assert!(matches!(error, Error::Unreachable { .. } | Error::Misconfigured { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn an_address_without_a_server_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for kind in ALL {
        let (_, error) = collect(vendor(*kind, &url).as_ref(), request()).await;
        let error = error.unwrap();
        check(&error, "provider_unreachable", true, "cannot be reached");
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(!source.contains("127.0.0.1"), "{source}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_keeps_what_came() {
    for kind in ALL {
        let answer = Answer::stream(fixture(*kind, "cut_in_a_word")).then(Then::BreakOff);
        let server = Server::start(vec![answer]).await;
        let (chunks, error) = collect(vendor(*kind, &server.url()).as_ref(), request()).await;
        assert_eq!(text(&chunks), "Half a wo");
        check(&error.unwrap(), "provider_cut", true, "broke off");
    }
}

#[tokio::test]
async fn an_answer_that_is_complete_survives_a_broken_connection() {
    for kind in ALL {
        let whole = fixture(*kind, "text");
        let end = String::from_utf8_lossy(&whole).find("data: [DONE]").unwrap_or(whole.len());
        let server = Server::start(vec![Answer::stream(&whole[..end]).then(Then::BreakOff)]).await;
        let (chunks, error) = collect(vendor(*kind, &server.url()).as_ref(), request()).await;
        assert_eq!((text(&chunks).as_str(), error.is_none()), ("Grüße aus 東京 🦀", true), "{error:?}");
    }
}

#[tokio::test]
async fn silence_ends() {
    for kind in ALL {
        for answer in [Answer::silence(), Answer::stream(fixture(*kind, "cut_in_a_word")).then(Then::Hold)] {
            let mut server = Server::start(vec![answer]).await;
            let mut impatient = provider(*kind, &server.url());
            impatient.timeouts.first = Duration::from_millis(300);
            impatient.timeouts.idle = Duration::from_millis(100);
            let (_, error) = collect(impatient.connect().unwrap().as_ref(), request()).await;
            check(&error.unwrap(), "provider_timeout", true, "said nothing");
            server.hung_up().await;
        }
    }
}
