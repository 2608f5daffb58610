//! The reference servers in TypeScript, over every transport.

use conductor_mcp_client::{Error, ServerSpec};
use serde_json::json;

use crate::peers::{
    call, connect, everything_http, everything_sse, everything_stdio, filesystem, http, sse, text,
};

/// Everything a server offers, the same over each transport.
async fn offers_everything(spec: ServerSpec, version: &str) {
    let session = connect(&spec).await;
    assert_eq!(session.server().protocol_version, version);
    assert_eq!(session.server().name.as_deref(), Some("mcp-servers/everything"));
    assert!(session.server().instructions.is_some());
    session.ping().await.unwrap();

    let tools = session.list_tools().await.unwrap();
    let echo = tools.iter().find(|tool| tool.name == "echo").unwrap();
    assert_eq!(echo.input_schema["properties"]["message"]["type"], "string");
    let again = session.list_tools().await.unwrap();
    let hashes = |tools: &[conductor_mcp_client::Tool]| {
        tools.iter().map(|tool| tool.definition_hash()).collect::<Vec<_>>()
    };
    assert_eq!(hashes(&tools), hashes(&again), "an unchanged definition keeps its hash");

    let output = session.call_tool(call("echo", json!({"message": "hello"}))).await.unwrap();
    assert!(text(&output).contains("hello"));
    assert!(!output.is_error);
    let output = session.call_tool(call("get-sum", json!({"a": 2, "b": 40}))).await.unwrap();
    assert!(text(&output).contains("42"));
    let output =
        session.call_tool(call("get-structured-content", json!({"location": "New York"}))).await.unwrap();
    assert!(output.structured.unwrap()["temperature"].is_number());
    let output = session.call_tool(call("get-tiny-image", json!({}))).await.unwrap();
    assert!(output.content.iter().any(|block| block["type"] == "image" && block["mimeType"] == "image/png"));
    let output = session.call_tool(call("get-resource-links", json!({"count": 2}))).await.unwrap();
    assert!(output.content.iter().any(|block| block["type"] == "resource_link"));

    let resources = session.list_resources().await.unwrap();
    let contents = session.read_resource(&resources[0].uri).await.unwrap();
    assert!(contents[0].text.is_some() || contents[0].blob.is_some());
    assert!(!session.list_resource_templates().await.unwrap().is_empty());
    assert!(matches!(session.read_resource("nowhere://x").await, Err(Error::Rejected { .. })));

    let prompts = session.list_prompts().await.unwrap();
    let with_arguments =
        prompts.iter().find(|prompt| prompt.arguments.iter().any(|argument| argument.required)).unwrap();
    let arguments =
        with_arguments.arguments.iter().map(|argument| (argument.name.clone(), json!("Oslo"))).collect();
    let prompt = session.get_prompt(&with_arguments.name, arguments).await.unwrap();
    assert!(prompt.messages[0]["content"]["text"].as_str().unwrap().contains("Oslo"));

    session.close().await;
    assert!(session.is_closed());
    let error = session.call_tool(call("echo", json!({"message": "late"}))).await.unwrap_err();
    assert!(matches!(error, Error::Closed { sent: false, .. }), "{error}");
}

#[tokio::test]
async fn everything_over_stdio() {
    offers_everything(ServerSpec::Stdio(everything_stdio()), "2025-11-25").await;
}

#[tokio::test]
async fn everything_over_streamable_http() {
    let server = everything_http().await;
    offers_everything(http(&server.url), "2025-11-25").await;
}

#[tokio::test]
async fn everything_over_the_older_event_stream() {
    let server = everything_sse().await;
    offers_everything(sse(&server.url), "2025-11-25").await;
}

#[tokio::test]
async fn a_wrong_argument_is_answered_not_thrown() {
    let session = connect(&ServerSpec::Stdio(everything_stdio())).await;
    let output = session.call_tool(call("get-sum", json!({"a": "two"}))).await;
    match output {
        Ok(output) => assert!(output.is_error),
        Err(error) => assert!(matches!(error, Error::Rejected { .. }) && !error.outcome_unknown(), "{error}"),
    }
    session.ping().await.unwrap();
}

#[tokio::test]
async fn files_are_read_and_written_only_in_the_given_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    std::fs::write(path.join("a.txt"), "contents of a").unwrap();
    let session = connect(&ServerSpec::Stdio(filesystem(&path))).await;

    let read = session.call_tool(call("read_text_file", json!({"path": path.join("a.txt")}))).await.unwrap();
    assert_eq!(text(&read), "contents of a");
    let written = json!({"path": path.join("b.txt"), "content": "contents of b"});
    assert!(!session.call_tool(call("write_file", written)).await.unwrap().is_error);
    assert_eq!(std::fs::read_to_string(path.join("b.txt")).unwrap(), "contents of b");
    let outside = session.call_tool(call("read_text_file", json!({"path": "/etc/hostname"}))).await.unwrap();
    assert!(outside.is_error && text(&outside).contains("denied"), "{outside:?}");
}
