//! The pool against servers that come and go.

use std::{sync::Arc, time::Duration};

use conductor_domain::{ConnectorId, Redacted, SystemClock};
use conductor_mcp_client::{
    Change, Declines, Endpoint, Error, HealthStatus, Options, Pool, PoolEventKind, PoolOptions, ServerSpec,
    testing::{Behaviour, Server},
};
use futures::future::join_all;
use serde_json::json;

use crate::peers::{call, client, everything_stdio, faulty, http, soon, text};

fn pool(options: PoolOptions) -> Pool {
    Pool::new(options, Arc::new(Declines), Arc::new(SystemClock))
}

fn connector() -> ConnectorId {
    ConnectorId::generate(&SystemClock)
}

fn quick() -> PoolOptions {
    PoolOptions { restart_first: Duration::from_millis(1), ..PoolOptions::default() }
}

fn faulty_spec() -> ServerSpec {
    ServerSpec::Stdio(faulty(&["2025-06-18"]))
}

fn connections(server: &Server) -> usize {
    server.received().iter().filter(|received| received.method == "initialize").count()
}

#[tokio::test]
async fn many_who_come_at_once_share_one_connection() {
    let server = Server::start("2025-06-18").await.unwrap();
    let (pool, connector_id, spec) = (pool(quick()), connector(), http(&server.url()));
    let calls = (0..20).map(|number| {
        let (pool, spec) = (&pool, &spec);
        async move {
            let session = pool.session(connector_id, spec).await.unwrap();
            let output = session.call_tool(call("echo", json!({ "number": number }))).await.unwrap();
            assert_eq!(text(&output), format!(r#"{{"number":{number}}}"#));
        }
    });
    join_all(calls).await;
    assert_eq!(connections(&server), 1);
    pool.shutdown().await;
}

#[tokio::test]
async fn two_credentials_never_share_a_connection() {
    let server = Server::start("2025-06-18").await.unwrap();
    let (pool, connector_id) = (pool(quick()), connector());
    for token in ["Bearer alice", "Bearer bob", "Bearer alice"] {
        let endpoint = Endpoint::new(&server.url(), client()).unwrap();
        let endpoint = endpoint.with_header("authorization", &Redacted::new(token.to_owned())).unwrap();
        let session = pool.session(connector_id, &ServerSpec::Http(endpoint)).await.unwrap();
        session.call_tool(call("echo", json!({}))).await.unwrap();
        let last = server.received().pop().unwrap();
        assert_eq!(
            (last.method.as_str(), &last.headers["authorization"]),
            ("tools/call", &token.parse().unwrap())
        );
    }
    assert_eq!(connections(&server), 2);
}

#[tokio::test]
async fn many_who_wait_for_a_failing_attempt_share_its_failure() {
    let server = Server::always(Behaviour::Hang).await.unwrap();
    let session = Options { handshake: Duration::from_millis(500), ..Options::default() };
    let (pool, connector_id, spec) =
        (pool(PoolOptions { session, ..quick() }), connector(), http(&server.url()));
    let results = join_all((0..8).map(|_| pool.session(connector_id, &spec))).await;
    assert!(results.iter().all(|result| matches!(result, Err(Error::TimedOut { .. }))), "{results:?}");
    assert_eq!(server.received().len(), 1);
    assert_eq!(pool.health(connector_id).unwrap().failures, 1);
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_reopened_when_needed() {
    let server = Server::start("2025-06-18").await.unwrap();
    let options = PoolOptions { idle_close: Duration::from_secs(1), ..quick() };
    let (pool, connector_id, spec) = (pool(options), connector(), http(&server.url()));
    let session = pool.session(connector_id, &spec).await.unwrap();
    session.list_tools().await.unwrap();
    soon(session.closed()).await;
    let health = pool.health(connector_id).unwrap();
    assert_eq!((health.status, health.connected), (HealthStatus::Healthy, false));
    let session = pool.session(connector_id, &spec).await.unwrap();
    session.call_tool(call("echo", json!({}))).await.unwrap();
    assert_eq!(connections(&server), 2);
}

#[tokio::test]
async fn a_call_longer_than_the_idle_time_is_not_cut_off() {
    let server = Server::start("2025-06-18").await.unwrap();
    server.add_tool("slow", Behaviour::Hang);
    let options = PoolOptions { idle_close: Duration::from_millis(500), ..quick() };
    let (pool, connector_id, spec) = (pool(options), connector(), http(&server.url()));
    let session = pool.session(connector_id, &spec).await.unwrap();
    let slow = conductor_mcp_client::ToolCall {
        timeout: Some(Duration::from_millis(1500)),
        ..call("slow", json!({}))
    };
    let error = session.call_tool(slow).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
}

#[tokio::test]
async fn a_crashed_server_is_started_again_and_everybody_hears_of_it() {
    let (pool, connector_id, spec) = (pool(quick()), connector(), faulty_spec());
    let mut events = pool.events();
    let session = pool.session(connector_id, &spec).await.unwrap();
    let error = session.call_tool(call("crash", json!({}))).await.unwrap_err();
    assert!(matches!(error, Error::Closed { sent: true, .. }), "{error:?}");

    let event = soon(events.recv()).await.unwrap();
    assert_eq!((event.kind, event.key.connector_id), (PoolEventKind::Closed, connector_id));
    assert_eq!(soon(events.recv()).await.unwrap().kind, PoolEventKind::Restarted);
    let health = pool.health(connector_id).unwrap();
    assert_eq!((health.status, health.connected, health.restarts), (HealthStatus::Healthy, true, 1));

    let session = pool.session(connector_id, &spec).await.unwrap();
    session.call_tool(call("swap", json!({}))).await.unwrap();
    assert_eq!(soon(events.recv()).await.unwrap().kind, PoolEventKind::Changed(Change::Tools));
    pool.shutdown().await;
}

#[tokio::test]
async fn a_server_that_fails_repeatedly_is_left_alone_and_then_tried_once() {
    let options = PoolOptions { failures_to_open: 3, open_first: Duration::from_millis(300), ..quick() };
    let server = Server::start("2025-06-18").await.unwrap();
    server.add_tool("gone", Behaviour::Drop);
    let (pool, connector_id, spec) = (pool(options), connector(), http(&server.url()));
    for _ in 0..3 {
        let session = pool.session(connector_id, &spec).await.unwrap();
        assert!(session.call_tool(call("gone", json!({}))).await.unwrap_err().outcome_unknown());
    }
    let asked = server.received().len();
    let session = pool.session(connector_id, &spec).await.unwrap();
    let error = session.call_tool(call("echo", json!({}))).await.unwrap_err();
    let Error::CircuitOpen { retry_after } = error else { panic!("{error:?}") };
    assert!(!error.outcome_unknown());
    assert_eq!(server.received().len(), asked, "nothing was sent");
    let health = pool.health(connector_id).unwrap();
    assert_eq!((health.status, health.failures), (HealthStatus::Error, 3));

    tokio::time::sleep(retry_after).await;
    session.call_tool(call("echo", json!({}))).await.unwrap();
    assert_eq!(pool.health(connector_id).unwrap().failures, 0);
}

#[tokio::test]
async fn a_check_counts_what_is_offered() {
    let (pool, connector_id) = (pool(quick()), connector());
    assert!(pool.health(connector_id).is_none());
    let health = pool.check(connector_id, &ServerSpec::Stdio(everything_stdio())).await.unwrap();
    assert_eq!((health.status, health.connected), (HealthStatus::Healthy, true));
    assert!(health.tools_count.unwrap() > 5 && health.resources_count.unwrap() > 0);
    assert_eq!(health.server.unwrap().name.as_deref(), Some("mcp-servers/everything"));
    assert!(health.last_error.is_none());
    pool.shutdown().await;
}

#[tokio::test]
async fn a_check_of_what_is_not_there_says_offline() {
    let url = Server::start("2025-06-18").await.unwrap().url();
    let (pool, connector_id) = (pool(quick()), connector());
    let health = pool.check(connector_id, &http(&url)).await.unwrap();
    assert_eq!((health.status, health.connected), (HealthStatus::Offline, false));
    assert!(matches!(health.last_error, Some(Error::Unreachable { .. })));
}

#[tokio::test]
async fn an_open_connection_is_asked_from_time_to_time() {
    let server = Server::start("2025-06-18").await.unwrap();
    let options = PoolOptions { check_every: Duration::from_millis(20), ..quick() };
    let (pool, connector_id, spec) = (pool(options), connector(), http(&server.url()));
    pool.session(connector_id, &spec).await.unwrap();
    soon(server.wait_for("ping")).await;
}

#[tokio::test]
async fn a_restart_ends_the_old_process() {
    let (pool, connector_id, spec) = (pool(quick()), connector(), faulty_spec());
    let old = pool.session(connector_id, &spec).await.unwrap();
    let new = pool.restart(connector_id, &spec).await.unwrap();
    assert!(old.is_closed());
    new.ping().await.unwrap();
    pool.remove(connector_id).await;
    assert!(new.is_closed());
    assert!(pool.health(connector_id).is_none());
}

#[tokio::test]
async fn after_the_shutdown_nothing_is_open_and_nothing_opens() {
    let server = Server::start("2025-06-18").await.unwrap();
    let (pool, connector_id, spec) = (pool(quick()), connector(), http(&server.url()));
    let session = pool.session(connector_id, &spec).await.unwrap();
    pool.shutdown().await;
    assert!(session.is_closed());
    assert!(matches!(pool.session(connector_id, &spec).await, Err(Error::ShutDown)));
}

#[tokio::test]
async fn dropping_the_pool_ends_its_processes() {
    let (pool, connector_id, spec) = (pool(quick()), connector(), faulty_spec());
    let session = pool.session(connector_id, &spec).await.unwrap();
    drop(pool);
    soon(session.closed()).await;
}
