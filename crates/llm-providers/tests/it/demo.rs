//! The embedded model, as a person meets it.

use std::time::Duration;

use bytes::Bytes;
use conductor_llm_providers::{
    ChatModel, ChatRequest, Chunk, Content, Demo, DemoOptions, Message, Reply, Role, StopReason,
    ThinkingBudget, ToolSpec,
};
use futures::StreamExt;
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::vendors::{collect, text};

fn demo() -> Demo {
    Demo::new(DemoOptions { delay: Duration::ZERO })
}

fn asked(text: &str) -> ChatRequest {
    ChatRequest { model: "demo".to_owned(), messages: vec![Message::user(text)], ..ChatRequest::default() }
}

async fn reply(request: ChatRequest) -> (Vec<Chunk>, Reply) {
    let (chunks, error) = collect(&demo(), request).await;
    assert!(error.is_none(), "{error:?}");
    let mut reply = Reply::default();
    chunks.iter().for_each(|chunk| reply.push(chunk));
    (chunks, reply)
}

fn echo() -> ToolSpec {
    ToolSpec {
        name: "everything__echo".to_owned(),
        description: "Echoes back the input.\nMore words.".to_owned(),
        input_schema: json!({"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]}),
    }
}

#[tokio::test]
async fn it_says_once_that_it_is_a_demo_and_how_to_add_a_key() {
    let (_, first) = reply(asked("What is Conductor?")).await;
    assert!(first.text().contains("self-hosted server"));
    assert!(first.text().contains("built-in demo model") && first.text().contains("/settings/keys"));
    let mut request = asked("What is Conductor?");
    request.messages.push(first.into_message());
    request.messages.push(Message::user("And agents?"));
    let (_, second) = reply(request).await;
    assert!(second.text().contains("An **agent** is") && !second.text().contains("built-in demo model"));
}

#[tokio::test]
async fn the_same_question_has_the_same_answer() {
    let (first, _) = reply(asked("hello")).await;
    let (second, _) = reply(asked("hello")).await;
    assert_eq!(first, second);
    assert!(first.len() > 50, "it comes in small pieces");
}

#[tokio::test]
async fn it_calls_a_tool_and_reports_what_it_answered() {
    let mut request = asked(r#"use echo with {"message":"hi"} and draw an svg of the sea"#);
    request.tools = vec![echo()];
    let (_, first) = reply(request.clone()).await;
    assert_eq!(first.stopped, Some((StopReason::ToolUse, "demo".to_owned())));
    let call = Content::ToolCall {
        id: "demo_call_1".to_owned(),
        name: "everything__echo".to_owned(),
        arguments: json!({"message": "hi"}),
    };
    assert_eq!(first.content.last(), Some(&call));

    request.messages.push(first.into_message());
    request.messages.push(Message::tool_result("demo_call_1", false, "Echo: hi\nagain"));
    let (_, second) = reply(request.clone()).await;
    assert!(
        second.text().starts_with("`everything__echo` answered:\n\n> Echo: hi\n> again"),
        "{}",
        second.text()
    );
    assert!(second.text().contains("```svg id=sea-svg"), "{}", second.text());
    assert_eq!(second.stopped.as_ref().unwrap().0, StopReason::EndTurn);

    request.messages.push(second.into_message());
    request.messages.push(Message::user("use echo with message=more"));
    let (_, third) = reply(request.clone()).await;
    let Some(Content::ToolCall { id, .. }) = third.content.last() else { panic!("no call: {third:?}") };
    assert_eq!(id, "demo_call_2");
    request.messages.push(third.clone().into_message());
    request.messages.push(Message::tool_result("demo_call_2", true, "denied by a person"));
    let (_, fourth) = reply(request).await;
    assert!(
        fourth.text().contains("`everything__echo` failed:\n\n> denied by a person"),
        "{}",
        fourth.text()
    );
}

#[tokio::test]
async fn it_knows_its_tools() {
    let mut request = asked("Which tools do you have?");
    let (_, none) = reply(request.clone()).await;
    assert!(none.text().contains("No tool is given to me"));
    request.tools = vec![echo()];
    let (_, some) = reply(request.clone()).await;
    assert!(some.text().contains("- `everything__echo`: Echoes back the input.\n"));
    request.messages = vec![Message::user("use frobnicate with a=1")];
    let (_, unknown) = reply(request).await;
    assert!(unknown.text().contains("I have no tool named `frobnicate`. I can call these tools"));
}

#[tokio::test]
async fn it_writes_streams_of_any_length() {
    let (chunks, written) = reply(asked("write 5000 tokens")).await;
    assert_eq!(chunks.iter().filter(|chunk| matches!(chunk, Chunk::TextDelta { .. })).count(), 5000);
    assert_eq!(written.usage.output, 5000);
    let (_, counted) = reply(asked("Count to 12")).await;
    assert_eq!(counted.text(), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12.");
    let (_, limited) = reply(ChatRequest { max_tokens: Some(3), ..asked("Count to 12") }).await;
    assert_eq!((limited.text().as_str(), limited.stopped.unwrap().0), ("1, 2, 3, ", StopReason::MaxTokens));
}

#[tokio::test]
async fn it_thinks_when_asked_and_says_that_it_does_not_really() {
    let thinking = Some(ThinkingBudget { tokens: 1024 });
    for request in [asked("Think about approvals"), ChatRequest { thinking, ..asked("What are approvals?") }]
    {
        let (_, reply) = reply(request).await;
        assert!(reply.thinking().contains("this is not real reasoning"), "{reply:?}");
        assert!(reply.text().contains("ask for an **approval**"));
    }
}

#[tokio::test]
async fn it_does_not_pretend_to_see() {
    let mut request = asked("What is on it?");
    request.messages[0]
        .content
        .push(Content::Image { mime: "image/png".to_owned(), bytes: Bytes::from_static(b"x") });
    let (_, reply) = reply(request).await;
    assert!(reply.text().starts_with("I received the picture, but a demo cannot see"));
}

#[tokio::test]
async fn nothing_to_answer_is_answered() {
    for messages in
        [vec![], vec![Message { role: Role::User, content: vec![] }], vec![Message::assistant("Hi")]]
    {
        let (_, reply) = reply(ChatRequest { messages, ..asked("") }).await;
        assert!(reply.text().contains("I am a demo"));
    }
}

#[tokio::test(start_paused = true)]
async fn it_keeps_its_pace_and_stops_when_cancelled() {
    let demo = Demo::new(DemoOptions { delay: Duration::from_millis(10) });
    let cancel = CancellationToken::new();
    let start = Instant::now();
    let mut chunks = demo.stream(asked("write 100 tokens"), cancel.clone()).await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..20 {
        seen.push(chunks.next().await.unwrap().unwrap());
    }
    assert_eq!(start.elapsed(), Duration::from_millis(200));
    cancel.cancel();
    let rest: Vec<_> = chunks.collect().await;
    assert!(
        matches!(rest.as_slice(), [Ok(Chunk::Stopped { reason: StopReason::Cancelled, .. })]),
        "{rest:?}"
    );
    assert_eq!(text(&seen).split_whitespace().count(), 20);
}
