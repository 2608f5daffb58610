//! Traces over a real socket: what a collector receives, secrets masked, nothing lost at the end of the process.

use conductor_domain::gen_ai;
use conductor_telemetry::{Options, init};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

fn contains(body: &[u8], text: &str) -> bool {
    body.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_reach_the_collector_when_the_guard_is_dropped() {
    let collector = MockServer::start().await;
    Mock::given(matchers::method("POST"))
        .and(matchers::path("/v1/traces"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&collector)
        .await;
    let options = Options {
        otlp_endpoint: Some(format!("{}/", collector.uri())),
        service_version: "9.8.7".to_owned(),
        filter: "off".to_owned(),
        ..Options::default()
    };
    let telemetry = init(&options).unwrap();
    assert!(init(&options).is_err(), "a second set-up is refused");
    {
        let span = tracing::info_span!(
            target: "conductor_runs", "chat", { gen_ai::REQUEST_MODEL } = "gpt-4o", api_key = "canary-1",
            note = "sk-canary-2-canary",
        );
        let _entered = span.enter();
        tracing::info!(target: "conductor_runs", "asked with Bearer canary-3-canary");
        let _library = tracing::info_span!(target: "hyper", "a span of a library").entered();
    }
    metrics_are_counted(&telemetry);
    // Inside the runtime, as the server does it at its end.
    drop(telemetry);

    let requests = collector.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!(request.headers["content-type"], "application/x-protobuf");
    for expected in
        ["conductor", "9.8.7", "chat", "gen_ai.request.model", "gpt-4o", "asked with Bearer [redacted]"]
    {
        assert!(contains(&request.body, expected), "the collector should have received {expected:?}");
    }
    for absent in ["canary", "a span of a library"] {
        assert!(!contains(&request.body, absent), "the collector should not have received {absent:?}");
    }
}

fn metrics_are_counted(telemetry: &conductor_telemetry::Telemetry) {
    metrics::counter!("conductor_test_total").increment(1);
    assert!(telemetry.metrics().render().contains("conductor_test_total 1"));
}
