//! Servers on the Python SDK, which speaks the protocol of 2026-07-28.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use conductor_mcp_client::{
    Change, CommandLine, Elicitation, ElicitationAnswer, Error, Host, Options, ServerSpec, Session, ToolCall,
};
use serde_json::json;

use crate::peers::{Listening, call, connect, http, notes, peer, python, soon, sse, text};

fn notes_stdio() -> ServerSpec {
    ServerSpec::Stdio(CommandLine::new(python(), [peer("notes.py"), "stdio".to_owned()]))
}

async fn keeps_notes(spec: ServerSpec, version: &str) {
    let session = connect(&spec).await;
    assert_eq!(session.server().protocol_version, version);
    assert_eq!(session.server().name.as_deref(), Some("notes"));
    assert_eq!(session.server().version.as_deref(), Some("1.2.3"));
    assert_eq!(session.server().instructions.as_deref(), Some("Keeps notes."));
    session.ping().await.unwrap();

    let output = session.call_tool(call("add", json!({"a": 2, "b": 3}))).await.unwrap();
    assert_eq!(output.structured, Some(json!({"total": 5})));
    let failed = session.call_tool(call("fail", json!({}))).await.unwrap();
    assert!(failed.is_error && text(&failed).contains("the ink is dry"), "{failed:?}");
    let keyed = ToolCall { idempotency_key: Some("run-7/2".to_owned()), ..call("key", json!({})) };
    assert_eq!(text(&session.call_tool(keyed).await.unwrap()), "run-7/2");

    assert_eq!(session.list_resources().await.unwrap()[0].uri, "note://first");
    assert_eq!(session.read_resource("note://first").await.unwrap()[0].text.as_deref(), Some("buy ink"));
    let prompt =
        session.get_prompt("summarise", json!({"topic": "ink"}).as_object().unwrap().clone()).await.unwrap();
    assert_eq!(prompt.messages[0]["content"]["text"], "Summarise ink.");
}

/// The server announces a new tool; the list then has it.
async fn announces_changes(spec: ServerSpec) {
    let session = connect(&spec).await;
    let before = session.list_tools().await.unwrap();
    let mut changes = session.changes();
    session.call_tool(call("grow", json!({}))).await.unwrap();
    assert_eq!(soon(changes.recv()).await.unwrap(), Change::Tools);
    let after = session.list_tools().await.unwrap();
    assert_eq!(after.len(), before.len() + 1);
    assert!(after.iter().any(|tool| tool.name == "grown"));
}

#[tokio::test]
async fn notes_over_stdio() {
    keeps_notes(notes_stdio(), "2026-07-28").await;
}

#[tokio::test]
async fn notes_over_streamable_http() {
    let server = notes("streamable-http").await;
    keeps_notes(http(&server.url), "2026-07-28").await;
}

#[tokio::test]
async fn notes_over_the_older_event_stream() {
    let server = notes("sse").await;
    keeps_notes(sse(&server.url), "2025-11-25").await;
}

#[tokio::test]
async fn changes_are_announced_over_stdio() {
    announces_changes(notes_stdio()).await;
}

#[tokio::test]
async fn changes_are_announced_over_streamable_http() {
    let server = notes("streamable-http").await;
    announces_changes(http(&server.url)).await;
}

#[tokio::test]
async fn changes_are_announced_over_the_older_event_stream() {
    let server = notes("sse").await;
    announces_changes(sse(&server.url)).await;
}

/// A call that is given up stops the tool's work on the server.
async fn stops_what_nobody_waits_for(spec: ServerSpec) {
    let session = connect(&spec).await;
    let wait = ToolCall { timeout: Some(Duration::from_millis(300)), ..call("wait", json!({})) };
    let error = session.call_tool(wait).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { sent: true, .. }), "{error:?}");
    let stopped = async {
        while text(&session.call_tool(call("stops", json!({}))).await.unwrap()) != "1" {
            tokio::task::yield_now().await;
        }
    };
    soon(stopped).await;
}

#[tokio::test]
async fn a_call_given_up_is_stopped_over_stdio() {
    stops_what_nobody_waits_for(notes_stdio()).await;
}

#[tokio::test]
async fn a_call_given_up_is_stopped_over_streamable_http() {
    let server = notes("streamable-http").await;
    stops_what_nobody_waits_for(http(&server.url)).await;
}

#[tokio::test]
async fn a_call_given_up_is_stopped_over_the_older_event_stream() {
    let server = notes("sse").await;
    stops_what_nobody_waits_for(sse(&server.url)).await;
}

/// The server is killed during a call.
async fn notices_its_end(server: Listening, spec: ServerSpec) {
    let session = connect(&spec).await;
    let mut changes = session.changes();
    session.call_tool(call("grow", json!({}))).await.unwrap();
    soon(changes.recv()).await.unwrap();
    let waiting = tokio::spawn({
        let session = session.clone();
        async move { session.call_tool(call("wait", json!({}))).await }
    });
    // Answered after `wait` was begun, since both go the same way.
    session.call_tool(call("stops", json!({}))).await.unwrap();
    drop(server);
    let error = soon(waiting).await.unwrap().unwrap_err();
    assert!(error.outcome_unknown() && !matches!(error, Error::TimedOut { .. }), "{error:?}");
    // Over HTTP this may go out on a connection that is only then found dead, so its outcome may be open too.
    let error = soon(session.call_tool(call("stops", json!({})))).await.unwrap_err();
    assert!(!matches!(error, Error::TimedOut { .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_killed_during_a_call_is_noticed_over_streamable_http() {
    let server = notes("streamable-http").await;
    let spec = http(&server.url);
    notices_its_end(server, spec).await;
}

#[tokio::test]
async fn a_server_killed_during_a_call_is_noticed_over_the_older_event_stream() {
    let server = notes("sse").await;
    let spec = sse(&server.url);
    notices_its_end(server, spec).await;
}

#[tokio::test]
async fn a_question_that_nobody_answers_ends_the_call() {
    let session = connect(&notes_stdio()).await;
    match soon(session.call_tool(call("paint", json!({})))).await {
        Ok(output) => assert!(output.is_error, "{output:?}"),
        Err(error) => assert!(matches!(error, Error::Rejected { .. }), "{error:?}"),
    }
}

#[derive(Default)]
struct Painter(Mutex<Vec<Elicitation>>);

#[async_trait]
impl Host for Painter {
    fn elicits(&self) -> bool {
        true
    }

    async fn elicit(&self, elicitation: Elicitation) -> ElicitationAnswer {
        self.0.lock().unwrap().push(elicitation);
        ElicitationAnswer::Accept(Some(json!({"colour": "blue"})))
    }
}

async fn asks_the_host(spec: ServerSpec) {
    let painter = Arc::new(Painter::default());
    let session = Session::connect(&spec, painter.clone(), Options::default()).await.unwrap();
    let output = session.call_tool(call("paint", json!({}))).await.unwrap();
    assert_eq!(text(&output), "blue");
    let asked = painter.0.lock().unwrap();
    assert_eq!(asked[0].message, "Which colour?");
    assert_eq!(asked[0].schema.as_ref().unwrap()["properties"]["colour"]["type"], "string");
}

#[tokio::test]
async fn a_question_reaches_the_host_over_stdio() {
    asks_the_host(notes_stdio()).await;
}

#[tokio::test]
async fn a_question_reaches_the_host_over_the_older_event_stream() {
    let server = notes("sse").await;
    asks_the_host(sse(&server.url)).await;
}

#[tokio::test]
async fn the_clock_server_tells_the_time() {
    let server = CommandLine::new(python(), ["-m", "mcp_server_time"]);
    let session = connect(&ServerSpec::Stdio(server)).await;
    let names: Vec<_> = session.list_tools().await.unwrap().into_iter().map(|tool| tool.name).collect();
    assert!(names.contains(&"get_current_time".to_owned()), "{names:?}");
    let output =
        session.call_tool(call("get_current_time", json!({"timezone": "Europe/Oslo"}))).await.unwrap();
    assert!(text(&output).contains("Europe/Oslo"));
}
