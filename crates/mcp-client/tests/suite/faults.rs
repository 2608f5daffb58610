//! Servers that hang, crash, flood, lie and redirect.

use std::{sync::Arc, time::Duration};

use conductor_domain::Redacted;
use conductor_mcp_client::{
    Change, CommandLine, Declines, Endpoint, Error, Options, Result, ServerSpec, Session, ToolCall,
    testing::{Behaviour, Server},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::peers::{call, client, connect, faulty, http, soon, text};

const LEGACY: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

fn stdio(args: &[&str]) -> ServerSpec {
    ServerSpec::Stdio(faulty(args))
}

async fn connect_within(spec: &ServerSpec, handshake: Duration) -> Result<Session> {
    Session::connect(spec, Arc::new(Declines), Options { handshake, ..Options::default() }).await
}

/// Waits until a process is gone, or only its exit status is left for a parent that does not ask.
async fn ended(pid: &str) {
    let running = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
    };
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    soon(async {
        while running() {
            ticks.tick().await;
        }
    })
    .await;
}

/// Asks the faulty server which cancellations it heard of, until there is one.
async fn cancellation_heard(session: &Session) -> Value {
    soon(async {
        loop {
            let heard = session.call_tool(call("echo", json!({}))).await.unwrap();
            let heard: Value = serde_json::from_str(text(&heard)).unwrap();
            if heard["cancelled"].as_array().is_some_and(|cancelled| !cancelled.is_empty()) {
                return heard;
            }
        }
    })
    .await
}

#[tokio::test]
async fn every_older_protocol_is_agreed_on() {
    for version in LEGACY {
        let session = connect(&stdio(&[version])).await;
        assert_eq!(session.server().protocol_version, version);
        assert!(text(&session.call_tool(call("echo", json!({"a": 1}))).await.unwrap()).contains("\"a\":1"));
        let server = Server::start(version).await.unwrap();
        let session = connect(&http(&server.url())).await;
        assert_eq!(session.server().protocol_version, version);
        assert_eq!(text(&session.call_tool(call("echo", json!({"a": 1}))).await.unwrap()), r#"{"a":1}"#);
    }
}

#[tokio::test]
async fn an_unknown_protocol_is_a_failed_handshake() {
    let server = Server::start("2031-01-01").await.unwrap();
    for (spec, version) in [(stdio(&["1999-01-01"]), "1999-01-01"), (http(&server.url()), "2031-01-01")] {
        let error = Session::connect(&spec, Arc::new(Declines), Options::default()).await.unwrap_err();
        let Error::Handshake { reason } = &error else { panic!("{error:?}") };
        assert!(reason.contains(version) && reason.contains("2025-11-25"), "{reason}");
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_unreachable() {
    let spec = ServerSpec::Stdio(CommandLine::new("no-such-program-here", [""; 0]));
    let error = Session::connect(&spec, Arc::new(Declines), Options::default()).await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable { .. }) && !error.sent(), "{error:?}");
    assert!(error.to_string().contains("no-such-program-here"), "{error}");
}

#[tokio::test]
async fn no_shell_reads_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("marker");
    let spec =
        ServerSpec::Stdio(CommandLine::new(format!("touch {}", marker.display()), ["; true", "$(true)"]));
    assert!(Session::connect(&spec, Arc::new(Declines), Options::default()).await.is_err());
    assert!(!marker.exists());
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_unreachable() {
    let url = {
        let server = Server::start("2025-06-18").await.unwrap();
        server.url()
    };
    let error = Session::connect(&http(&url), Arc::new(Declines), Options::default()).await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable { .. }) && !error.outcome_unknown(), "{error:?}");
}

#[tokio::test]
async fn a_process_that_dies_at_once_leaves_its_last_words() {
    let error =
        connect_within(&stdio(&["2025-06-18", "dies-at-once"]), Duration::from_secs(20)).await.unwrap_err();
    let Error::Closed { stderr: Some(stderr), sent: false } = &error else { panic!("{error:?}") };
    assert!(stderr.contains("cannot read /etc/faulty.conf") && stderr.contains('3'), "{stderr}");
}

#[tokio::test]
async fn a_process_that_dies_of_the_probe_is_started_again_without_it() {
    let session = connect(&stdio(&["2024-11-05", "dies-when-probed"])).await;
    assert_eq!(session.server().protocol_version, "2024-11-05");
    session.ping().await.unwrap();
}

#[tokio::test]
async fn a_server_that_says_nothing_fails_in_time() {
    let handshake = Duration::from_millis(700);
    let silent = Server::always(Behaviour::Hang).await.unwrap();
    for spec in [stdio(&["2025-06-18", "mute"]), http(&silent.url())] {
        let error = soon(connect_within(&spec, handshake)).await.unwrap_err();
        assert!(matches!(&error, Error::TimedOut { after, sent: false } if *after == handshake), "{error:?}");
    }
}

#[tokio::test]
async fn a_banner_on_standard_output_is_no_obstacle() {
    let session = connect(&stdio(&["2025-06-18", "banner"])).await;
    session.ping().await.unwrap();
    assert!(session.log().iter().any(|line| line.contains("Faulty server ready!")), "{:?}", session.log());
}

#[tokio::test]
async fn a_crash_during_a_call_leaves_its_outcome_open_and_no_secret() {
    let spec = ServerSpec::Stdio(faulty(&["2025-06-18"]).with_env("FAULTY_KEY", "cheddar-4711"));
    let session = connect(&spec).await;
    let error = soon(session.call_tool(call("crash", json!({})))).await.unwrap_err();
    let Error::Closed { stderr: Some(stderr), sent: true } = &error else { panic!("{error:?}") };
    assert!(stderr.contains("out of cheese, key •••"), "{stderr}");
    assert!(error.outcome_unknown());
    assert!(!format!("{error:?} {session:?} {:?}", session.log()).contains("cheddar"));
    soon(session.closed()).await;
    let late = session.call_tool(call("echo", json!({}))).await.unwrap_err();
    assert!(matches!(&late, Error::Closed { sent: false, .. }) && !late.outcome_unknown(), "{late:?}");
}

#[tokio::test]
async fn a_call_that_hangs_times_out_and_the_server_is_told() {
    let session = connect(&stdio(&["2025-06-18"])).await;
    let hanging = ToolCall { timeout: Some(Duration::from_millis(200)), ..call("hang", json!({})) };
    let error = session.call_tool(hanging).await.unwrap_err();
    assert!(matches!(&error, Error::TimedOut { sent: true, .. }) && error.outcome_unknown(), "{error:?}");
    let heard = cancellation_heard(&session).await;
    assert_eq!(heard["cancelled"], heard["hanging"]);
}

#[tokio::test]
async fn a_cancelled_call_ends_and_the_server_is_told() {
    let server = Server::start("2025-11-25").await.unwrap();
    server.add_tool("hang", Behaviour::Hang);
    let session = connect(&http(&server.url())).await;
    let cancel = CancellationToken::new();
    let hanging = ToolCall { cancel: cancel.clone(), ..call("hang", json!({})) };
    let (result, ()) = tokio::join!(session.call_tool(hanging), async {
        server.wait_for("tools/call").await;
        cancel.cancel();
    });
    let error = result.unwrap_err();
    assert!(matches!(&error, Error::Cancelled { sent: true }) && error.outcome_unknown(), "{error:?}");
    let asked = server.wait_for("tools/call").await;
    let told = soon(server.wait_for("notifications/cancelled")).await;
    assert_eq!(told.message["params"]["requestId"], asked.message["id"]);
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_any_more_is_cancelled() {
    let session = connect(&stdio(&["2025-06-18"])).await;
    let hanging = session.call_tool(call("hang", json!({})));
    assert!(tokio::time::timeout(Duration::from_millis(200), hanging).await.is_err());
    let heard = cancellation_heard(&session).await;
    assert_eq!(heard["cancelled"], heard["hanging"]);
}

#[tokio::test]
async fn a_cancelled_call_that_was_not_sent_is_known_not_to_have_happened() {
    let server = Server::start("2025-11-25").await.unwrap();
    let session = connect(&http(&server.url())).await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    let error = session.call_tool(ToolCall { cancel, ..call("echo", json!({})) }).await.unwrap_err();
    assert!(matches!(&error, Error::Cancelled { sent: false }) && !error.outcome_unknown());
    assert!(server.received().iter().all(|received| received.method != "tools/call"));
}

#[tokio::test]
async fn noise_between_messages_is_logged_and_skipped() {
    let session = connect(&stdio(&["2025-06-18"])).await;
    let output = session.call_tool(call("not-json", json!({}))).await.unwrap();
    assert_eq!(text(&output), "after the noise");
    assert!(session.log().iter().any(|line| line.contains("Segmentation fault")));
}

#[tokio::test]
async fn an_answer_that_is_no_message_fails_its_call_at_once() {
    let session = connect(&stdio(&["2025-06-18"])).await;
    let error = soon(session.call_tool(call("not-a-message", json!({})))).await.unwrap_err();
    assert!(matches!(&error, Error::Protocol { sent: true, .. }) && error.outcome_unknown(), "{error:?}");
    session.ping().await.unwrap();

    let server = Server::start("2025-06-18").await.unwrap();
    server.add_tool("garbage", Behaviour::Garbage("<html>It works!</html>".to_owned()));
    server.add_tool("empty", Behaviour::Answer(json!({})));
    server.add_tool("odd", Behaviour::Answer(json!({"content": "a string"})));
    let session = connect(&http(&server.url())).await;
    for name in ["garbage", "empty", "odd"] {
        let error = soon(session.call_tool(call(name, json!({})))).await.unwrap_err();
        assert!(matches!(&error, Error::Protocol { sent: true, .. }), "{name}: {error:?}");
    }
    session.ping().await.unwrap();
}

#[tokio::test]
async fn an_answer_beyond_the_limit_fails_its_call_and_nothing_else() {
    let options = Options { max_message_bytes: 100_000, ..Options::default() };
    let server = Server::start("2025-06-18").await.unwrap();
    server.add_tool("big", Behaviour::Flood(200_000));
    for spec in [stdio(&["2025-06-18"]), http(&server.url())] {
        let session = Session::connect(&spec, Arc::new(Declines), options).await.unwrap();
        let error = soon(session.call_tool(call("big", json!({"bytes": 200_000})))).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit_bytes: 100_000 }), "{error:?}");
        session.ping().await.unwrap();
        assert!(session.call_tool(call("echo", json!({}))).await.is_ok());
    }
}

#[tokio::test]
async fn a_process_gets_a_clean_environment() {
    let spec = ServerSpec::Stdio(faulty(&["2025-06-18"]).with_env("FAULTY_KEY", "value"));
    let session = connect(&spec).await;
    let output = session.call_tool(call("environment", json!({}))).await.unwrap();
    let seen: Value = serde_json::from_str(text(&output)).unwrap();
    assert_eq!(seen["cwd"], "/");
    let allowed = ["FAULTY_KEY", "HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ"];
    let names: Vec<_> = seen["env"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(names.iter().all(|name| allowed.contains(name)), "{names:?}");
    assert!(names.contains(&"FAULTY_KEY") && names.contains(&"PATH"));
    // The test's own environment has more than that.
    assert!(std::env::vars_os().any(|(name, _)| !allowed.iter().any(|allowed| name == *allowed)));
}

#[tokio::test]
async fn closing_ends_the_process_and_its_children() {
    let session = connect(&stdio(&["2025-06-18"])).await;
    let output = session.call_tool(call("spawn", json!({}))).await.unwrap();
    let grandchild = text(&output).to_owned();
    soon(session.close()).await;
    ended(&grandchild).await;
}

#[tokio::test]
async fn dropping_the_last_handle_ends_a_process_that_neither_reads_nor_leaves() {
    let session = connect(&stdio(&["2025-06-18"])).await;
    let output = session.call_tool(call("stuck", json!({}))).await.unwrap();
    let pid = text(&output).to_owned();
    let another = session.clone();
    drop(session);
    assert!(!another.is_closed());
    drop(another);
    ended(&pid).await;
}

#[tokio::test]
async fn a_changed_definition_is_announced_and_has_another_hash() {
    let session = connect(&stdio(&["2025-06-18"])).await;
    let before = session.list_tools().await.unwrap();
    let mut changes = session.changes();
    session.call_tool(call("swap", json!({}))).await.unwrap();
    assert_eq!(soon(changes.recv()).await.unwrap(), Change::Tools);
    let after = session.list_tools().await.unwrap();
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.name, after.name);
        assert_ne!(before.definition_hash(), after.definition_hash());
    }
}

#[tokio::test]
async fn many_slow_calls_do_not_hold_up_a_quick_one() {
    let server = Server::start("2025-06-18").await.unwrap();
    server.add_tool("hang", Behaviour::Hang);
    for spec in [stdio(&["2025-06-18"]), http(&server.url())] {
        let session = connect(&spec).await;
        let slow = futures::future::join_all((0..100).map(|_| session.call_tool(call("hang", json!({})))));
        let quick = soon(session.call_tool(call("echo", json!({}))));
        tokio::select! {
            results = slow => panic!("{results:?}"),
            result = quick => drop(result.unwrap()),
        }
    }
}

#[tokio::test]
async fn a_server_that_went_away_is_unreachable() {
    let server = Server::start("2025-06-18").await.unwrap();
    let session = connect(&http(&server.url())).await;
    session.ping().await.unwrap();
    drop(server);
    for _ in 0..2 {
        let error = soon(session.call_tool(call("echo", json!({})))).await.unwrap_err();
        assert!(matches!(error, Error::Unreachable { .. } | Error::Protocol { .. }), "{error:?}");
    }
    let error = soon(session.ping()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_flood_of_news_is_survived() {
    let session = connect(&stdio(&["2025-06-18"])).await;
    let mut changes = session.changes();
    let output = soon(session.call_tool(call("news", json!({"count": 20_000})))).await.unwrap();
    assert_eq!(text(&output), "20000");
    // More than are kept: the listener learns that it missed some, and reads the lists again.
    let lagged = soon(async {
        loop {
            match changes.recv().await {
                Ok(change) => assert_eq!(change, Change::Tools),
                Err(error) => return error,
            }
        }
    });
    assert!(matches!(lagged.await, tokio::sync::broadcast::error::RecvError::Lagged(_)));
    session.ping().await.unwrap();
}

#[tokio::test]
async fn changes_are_announced_on_the_stream_of_the_older_http_protocol() {
    let server = Server::start("2025-06-18").await.unwrap();
    let session = connect(&http(&server.url())).await;
    let mut changes = session.changes();
    soon(server.wait_for("GET")).await;
    server.add_tool("new", Behaviour::Fail("not today".to_owned()));
    assert_eq!(soon(changes.recv()).await.unwrap(), Change::Tools);
    assert_eq!(session.list_tools().await.unwrap().len(), 2);
    let output = session.call_tool(call("new", json!({}))).await.unwrap();
    assert!(output.is_error && text(&output) == "not today");
}

#[tokio::test]
async fn lists_are_read_to_the_end_and_no_further() {
    let server = Server::start("2025-06-18").await.unwrap();
    for number in 0..129 {
        server.add_tool(&format!("tool-{number}"), Behaviour::Hang);
    }
    let session = connect(&http(&server.url())).await;
    assert_eq!(session.list_tools().await.unwrap().len(), 130);
    let bounded = Options { max_listed: 70, ..Options::default() };
    let session = Session::connect(&http(&server.url()), Arc::new(Declines), bounded).await.unwrap();
    assert_eq!(session.list_tools().await.unwrap().len(), 70);
    let small = Options { max_message_bytes: 8_000, ..Options::default() };
    let session = Session::connect(&http(&server.url()), Arc::new(Declines), small).await.unwrap();
    let error = session.list_tools().await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit_bytes: 8_000 }), "{error:?}");

    let tool = json!({"name": "again", "inputSchema": {"type": "object"}});
    server.behave("tools/list", Behaviour::Answer(json!({"tools": [tool], "nextCursor": "again"})));
    let session = connect(&http(&server.url())).await;
    assert_eq!(session.list_tools().await.unwrap().len(), 2, "the page that names itself is read once more");
    // Nothing is asked that the server does not offer.
    assert!(session.list_resources().await.unwrap().is_empty());
    assert!(session.list_prompts().await.unwrap().is_empty());
    assert!(
        server
            .received()
            .iter()
            .all(|one| !one.method.starts_with("resources") && !one.method.starts_with("prompts"))
    );
}

#[tokio::test]
async fn malformed_items_of_a_list_do_not_hide_the_others() {
    let server = Server::start("2025-06-18").await.unwrap();
    server.set_tool(json!({"name": "no-schema"}), Behaviour::Hang);
    server.set_tool(json!({"name": "good", "inputSchema": {"type": "object"}}), Behaviour::Hang);
    let session = connect(&http(&server.url())).await;
    let names: Vec<_> = session.list_tools().await.unwrap().into_iter().map(|tool| tool.name).collect();
    assert_eq!(names, ["echo", "good"]);
}

#[tokio::test]
async fn a_redirect_is_refused_and_the_credential_stays() {
    let elsewhere = Server::start("2025-06-18").await.unwrap();
    let location = ("location".to_owned(), elsewhere.url());
    for status in [301, 302, 307, 308] {
        let server = Server::always(Behaviour::Status(status, vec![location.clone()])).await.unwrap();
        let endpoint = Endpoint::new(&server.url(), client()).unwrap();
        let endpoint = endpoint.with_header("X-Api-Key", &Redacted::new("k-4711".to_owned())).unwrap();
        for spec in [ServerSpec::Http(endpoint.clone()), ServerSpec::Sse(endpoint.clone())] {
            let error = connect_within(&spec, Duration::from_secs(30)).await.unwrap_err();
            assert!(matches!(&error, Error::Refused { status: found, .. } if *found == status), "{error:?}");
        }
    }
    let server = Server::start("2025-06-18").await.unwrap();
    server.add_tool("away", Behaviour::Status(302, vec![location]));
    let session = connect(&http(&server.url())).await;
    let error = session.call_tool(call("away", json!({}))).await.unwrap_err();
    assert!(matches!(&error, Error::Refused { status: 302, .. }) && !error.outcome_unknown(), "{error:?}");
    assert!(elsewhere.received().is_empty());
}

#[tokio::test]
async fn the_credential_is_sent_with_every_request() {
    let server = Server::start("2025-06-18").await.unwrap();
    let endpoint = Endpoint::new(&server.url(), client()).unwrap();
    let endpoint = endpoint.with_header("Authorization", &Redacted::new("Bearer t-4711".to_owned())).unwrap();
    let session = connect(&ServerSpec::Http(endpoint)).await;
    session.list_tools().await.unwrap();
    session.call_tool(call("echo", json!({}))).await.unwrap();
    soon(server.wait_for("GET")).await;
    let received = server.received();
    assert!(received.len() >= 5);
    assert!(received.iter().all(|one| one.headers["authorization"] == "Bearer t-4711"));
}

#[tokio::test]
async fn refusals_say_why() {
    let challenge = ("www-authenticate".to_owned(), "Bearer realm=\"x\"".to_owned());
    let retry = ("retry-after".to_owned(), "7".to_owned());
    let server = Server::start("2025-06-18").await.unwrap();
    server.add_tool("challenge", Behaviour::Status(401, vec![challenge.clone()]));
    server.add_tool("plain", Behaviour::Status(401, Vec::new()));
    server.add_tool("forbidden", Behaviour::Status(403, Vec::new()));
    server.add_tool("often", Behaviour::Status(429, vec![retry]));
    server.add_tool("broken", Behaviour::Status(500, Vec::new()));
    server.add_tool("arguments", Behaviour::Reject(-32602, "wrong".to_owned()));
    server.add_tool("inside", Behaviour::Reject(-32603, "oh no".to_owned()));
    server.add_tool("gone", Behaviour::Drop);
    let session = connect(&http(&server.url())).await;
    let fails = async |name| session.call_tool(call(name, json!({}))).await.unwrap_err();

    let error = fails("challenge").await;
    assert!(
        matches!(&error, Error::Unauthorized { challenge: Some(text) } if text.contains("realm")),
        "{error:?}"
    );
    for name in ["plain", "forbidden"] {
        let error = fails(name).await;
        assert!(matches!(&error, Error::Unauthorized { .. }) && !error.outcome_unknown(), "{error:?}");
    }
    let error = fails("often").await;
    let seven = Some(Duration::from_secs(7));
    assert!(
        matches!(&error, Error::Refused { status: 429, retry_after, .. } if *retry_after == seven),
        "{error:?}"
    );
    assert!(!error.outcome_unknown());
    let error = fails("broken").await;
    assert!(matches!(&error, Error::Refused { status: 500, .. }) && error.outcome_unknown(), "{error:?}");
    let error = fails("arguments").await;
    assert!(matches!(&error, Error::Rejected { code: -32602, .. }) && !error.outcome_unknown(), "{error:?}");
    let error = fails("inside").await;
    assert!(matches!(&error, Error::Rejected { code: -32603, .. }) && error.outcome_unknown(), "{error:?}");
    let error = fails("gone").await;
    assert!(error.outcome_unknown(), "{error:?}");
    session.ping().await.unwrap();

    let locked = Server::always(Behaviour::Status(401, vec![challenge])).await.unwrap();
    let error = connect_within(&http(&locked.url()), Duration::from_secs(30)).await.unwrap_err();
    assert!(matches!(&error, Error::Unauthorized { challenge: Some(_) }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_forgot_the_session_is_asked_once_more_in_a_new_one() {
    let server = Server::start("2025-06-18").await.unwrap();
    let session = connect(&http(&server.url())).await;
    for round in 1..=3 {
        let output = soon(session.call_tool(call("echo", json!({ "round": round })))).await.unwrap();
        assert!(text(&output).contains(&round.to_string()));
        server.forget_sessions();
    }
    let received = server.received();
    let handshakes = received.iter().filter(|one| one.method == "initialize").count();
    assert_eq!(handshakes, 3, "one for each session");
}
