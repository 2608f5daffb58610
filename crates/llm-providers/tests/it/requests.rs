//! Requests × providers → golden files: the address, the headers and the body that a vendor is sent.

use bytes::Bytes;
use conductor_llm_providers::{
    ChatRequest, Content, Message, Offer, Provider, ProviderKind, Role, ThinkingBudget, ToolSpec,
};
use serde_json::{Value, json};

use crate::{
    server::{Answer, Request, Server},
    vendors::{ALL, collect, fixture, provider, request},
};

async fn sent(request: ChatRequest, provider: impl FnOnce(String) -> Provider) -> Request {
    let mut server = Server::start(vec![Answer::stream("")]).await;
    let chat = provider(server.url()).connect().unwrap();
    let _ = collect(chat.as_ref(), request).await;
    server.request().await
}

fn shown(request: Request) -> Value {
    let kept = ["authorization", "api-key", "x-api-key", "anthropic-version", "content-type", "accept"];
    let headers: serde_json::Map<String, Value> = request
        .headers
        .into_iter()
        .filter(|(name, _)| kept.contains(&name.as_str()))
        .map(|(k, v)| (k, v.into()))
        .collect();
    json!({"line": request.line, "headers": headers, "body": request.body})
}

async fn check(name: &str, request: ChatRequest) {
    for kind in ALL {
        let request = sent(request.clone(), |url| provider(*kind, &url)).await;
        insta::assert_json_snapshot!(format!("{name}_{kind}"), shown(request));
    }
}

/// A history as a turn makes it: thinking, two calls, one result missing, an image, another model's thought.
fn history() -> Vec<Message> {
    let assistant = |content| Message { role: Role::Assistant, content };
    let call = |id: &str, name: &str, arguments: Value| Content::ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments,
    };
    vec![
        Message {
            role: Role::User,
            content: vec![
                Content::text("What is on this picture?"),
                Content::Image { mime: "image/png".to_owned(), bytes: Bytes::from_static(b"\x89PNG") },
            ],
        },
        assistant(vec![
            Content::Thinking { text: "Another vendor's thought".to_owned(), signature: None },
            Content::text("A crab. "),
        ]),
        Message::user("And the weather where it lives?"),
        assistant(vec![
            Content::Thinking { text: "Paris, I think".to_owned(), signature: Some("seal".to_owned()) },
            Content::RedactedThinking { data: "sealed".to_owned() },
            call("call_1", "get_weather", json!({"location": "Paris"})),
            call("call.2", "files.read", json!("{not json")),
            call("call_3", "get_weather", json!({})),
        ]),
        Message::tool_result("call.2", true, "no such file"),
        Message::tool_result("call_1", false, "18 °C"),
    ]
}

#[tokio::test]
async fn plain_text() {
    let request = ChatRequest {
        model: "the-model".to_owned(),
        system: Some("Be brief.".to_owned()),
        messages: vec![Message::user("Hello")],
        temperature: Some(0.5),
        top_p: Some(0.9),
        max_tokens: Some(100),
        stop: vec!["END".to_owned()],
        user: Some("u-1".to_owned()),
        ..ChatRequest::default()
    };
    check("plain_text", request).await;
}

#[tokio::test]
async fn whole_history() {
    let request = ChatRequest { messages: history(), max_tokens: Some(100), ..request() };
    check("whole_history", request).await;
}

#[tokio::test]
async fn thinking_on() {
    let request = ChatRequest {
        model: "gpt-5-mini".to_owned(),
        messages: vec![Message::assistant("Welcome."), Message::user("Think"), Message::user("hard")],
        temperature: Some(0.5),
        max_tokens: Some(100),
        thinking: Some(ThinkingBudget { tokens: 4_000 }),
        stop: vec!["END".to_owned()],
        ..ChatRequest::default()
    };
    check("thinking_on", request).await;
}

#[tokio::test]
async fn tools_without_a_schema_and_with_long_texts() {
    let bare = |name: &str, input_schema| ToolSpec {
        name: name.to_owned(),
        description: "word ".repeat(300).trim_end().to_owned(),
        input_schema,
    };
    let tools =
        vec![bare("none", Value::Null), bare("untyped", json!({"properties": {"a": {}}, "required": ["a"]}))];
    for kind in [ProviderKind::OpenAi, ProviderKind::OpenAiCompatible, ProviderKind::Anthropic] {
        let request = ChatRequest { tools: tools.clone(), ..request() };
        let body = sent(request, |url| provider(kind, &url)).await.body;
        let described = |tool: &Value| {
            let tool = tool.get("function").unwrap_or(tool);
            let schema = tool.get("parameters").or_else(|| tool.get("input_schema")).unwrap().clone();
            (tool["description"].as_str().unwrap().len(), schema)
        };
        let (length, schema) = described(&body["tools"][0]);
        assert_eq!(length, if kind == ProviderKind::OpenAi { 1024 } else { 1499 });
        assert_eq!(schema["type"], "object");
        let (_, schema) = described(&body["tools"][1]);
        assert_eq!((&schema["type"], &schema["required"]), (&json!("object"), &json!(["a"])));
    }
}

#[tokio::test]
async fn thinking_stops_where_a_thought_cannot_be_handed_back() {
    let thinking = Some(ThinkingBudget { tokens: 2_000 });
    let with_seal = ChatRequest { messages: history(), thinking, ..request() };
    let mut without_seal = with_seal.clone();
    without_seal.messages[3].content.drain(..2);
    let sent = |request| sent(request, |url| provider(ProviderKind::Anthropic, &url));
    assert_eq!(sent(with_seal).await.body["thinking"], json!({"type": "enabled", "budget_tokens": 2000}));
    assert_eq!(sent(without_seal).await.body.get("thinking"), None);
}

#[tokio::test]
async fn a_reasoning_deployment_is_known_by_what_it_serves() {
    let request =
        ChatRequest { model: "prod".to_owned(), max_tokens: Some(5), temperature: Some(1.0), ..request() };
    let body = sent(request, |url| {
        let mut azure = provider(ProviderKind::Azure, &url);
        azure.models = vec![Offer::from("gpt-5-mini=prod")];
        azure
    })
    .await
    .body;
    assert_eq!(body["max_completion_tokens"], 5);
    assert_eq!((body.get("max_tokens"), body.get("temperature")), (None, None));
}

#[tokio::test]
async fn a_server_without_a_key_gets_none() {
    let request = sent(request(), |url| {
        let mut provider = provider(ProviderKind::OpenAiCompatible, &format!("{url}/openai/v1/"));
        provider.key = None;
        provider
    })
    .await;
    assert_eq!(request.line, "POST /openai/v1/chat/completions HTTP/1.1");
    assert_eq!(request.headers.get("authorization"), None);
}

#[tokio::test]
async fn an_anthropic_address_may_name_the_version() {
    for path in ["", "/", "/v1", "/v1/"] {
        let request = sent(request(), |url| provider(ProviderKind::Anthropic, &format!("{url}{path}"))).await;
        assert_eq!(request.line, "POST /v1/messages HTTP/1.1");
    }
}

#[tokio::test]
async fn a_picture_of_a_type_that_no_claude_reads_is_refused_before_it_is_sent() {
    let server = Server::start(vec![Answer::stream(fixture(ProviderKind::Anthropic, "text"))]).await;
    let image = Content::Image { mime: "image/tiff".to_owned(), bytes: Bytes::from_static(b"II") };
    let request =
        ChatRequest { messages: vec![Message { role: Role::User, content: vec![image] }], ..request() };
    let chat = provider(ProviderKind::Anthropic, &server.url()).connect().unwrap();
    let (_, error) = collect(chat.as_ref(), request).await;
    assert!(error.unwrap().to_string().contains("image/tiff; convert it"));
}

#[test]
fn a_wrong_configuration_says_what_to_correct() {
    let check = |kind, change: &dyn Fn(&mut Provider), expected: &str| {
        let mut wrong = provider(kind, "http://127.0.0.1");
        change(&mut wrong);
        let message = wrong.connect().err().unwrap().to_string();
        assert!(message.contains(expected), "{message}");
        assert!(!message.contains("secret"), "{message}");
    };
    check(ProviderKind::OpenAi, &|provider| provider.key = None, "it has no API key; add one");
    check(ProviderKind::Anthropic, &|provider| provider.key = Some("".into()), "it has no API key; add one");
    check(ProviderKind::Azure, &|provider| provider.base_url = None, "https://name.openai.azure.com");
    check(ProviderKind::OpenAiCompatible, &|provider| provider.base_url = None, "http://localhost:11434/v1");
    check(ProviderKind::OpenAi, &|provider| provider.key = Some("secret\n\u{1}x".into()), "enter it again");
    check(
        ProviderKind::OpenAi,
        &|provider| provider.base_url = Some("localhost:1234".into()),
        "http:// or https://",
    );
    check(ProviderKind::OpenAi, &|provider| provider.base_url = Some("https://".into()), "is no address");
    let with_password =
        |provider: &mut Provider| provider.base_url = Some("https://me:secret@host/v1".into());
    check(ProviderKind::Anthropic, &with_password, "give the key as the API key");
    let shown = format!("{:?}", provider(ProviderKind::OpenAi, "http://127.0.0.1"));
    assert!(!shown.contains("secret"), "{shown}");
}
