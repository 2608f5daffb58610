//! Sets up logs, traces and metrics once, at start.

use std::{io, sync::Arc, time::Duration};

use conductor_domain::{Clock, SystemClock};
use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, Layer, fmt::MakeWriter, layer::SubscriberExt, registry::LookupSpan};

use crate::{Error, Metrics, export::Masked, log::Log};

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line, for machines.
    #[default]
    Json,
    /// One line of words, for people.
    Pretty,
}

/// What to set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// How log lines look.
    pub format: Format,
    /// Which events are logged, such as `info` or `info,conductor_runs=debug`.
    pub filter: String,
    /// The base URL of an OTLP collector, such as `http://localhost:4318`; traces go to `/v1/traces` under it.
    pub otlp_endpoint: Option<String>,
    /// The service's name in traces.
    pub service_name: String,
    /// The service's version in traces.
    pub service_version: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            format: Format::default(),
            filter: "info".to_owned(),
            otlp_endpoint: None,
            service_name: "conductor".to_owned(),
            service_version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// Keeps telemetry running; dropping it sends what is still queued.
#[derive(Debug)]
#[must_use = "dropping it ends the sending of traces"]
pub struct Telemetry {
    metrics: Metrics,
    traces: Option<SdkTracerProvider>,
}

/// How long the end of the process waits for the collector.
const LAST_FLUSH: Duration = Duration::from_secs(5);

impl Telemetry {
    /// The numbers, for `GET /metrics`.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.metrics.clone()
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = self.traces.take()
            && let Err(error) = traces.shutdown_with_timeout(LAST_FLUSH)
        {
            tracing::warn!(error = %error, "the last traces were not sent");
        }
    }
}

/// Sets up logs to standard error, metrics, and traces where a collector is configured. Once in a process; keep what it
/// returns until the end.
///
/// # Errors
/// `Filter`, `Endpoint`, or `Twice`.
pub fn init(options: &Options) -> Result<Telemetry, Error> {
    let (subscriber, traces) = subscriber(options, Arc::new(SystemClock), io::stderr)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| Error::Twice)?;
    let (recorder, metrics) = Metrics::recorder();
    metrics::set_global_recorder(recorder).map_err(|_| Error::Twice)?;
    Ok(Telemetry { metrics, traces })
}

/// The subscriber and, where a collector is configured, the provider that feeds it.
pub(crate) fn subscriber<W>(
    options: &Options,
    clock: Arc<dyn Clock>,
    writer: W,
) -> Result<(impl Subscriber + Send + Sync + 'static, Option<SdkTracerProvider>), Error>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder()
        .parse(&options.filter)
        .map_err(|source| Error::Filter { filter: options.filter.clone(), source })?;
    let traces = options.otlp_endpoint.as_deref().map(|endpoint| provider(options, endpoint)).transpose()?;
    let sent = traces.as_ref().map(sent);
    let log = Log::new(options.format, clock, writer).with_filter(filter);
    Ok((tracing_subscriber::registry().with(sent).with(log), traces))
}

/// Spans of our own crates go to the collector; those of libraries (which include the sending itself) do not.
fn sent<S>(traces: &SdkTracerProvider) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup> + Send + Sync,
{
    let ours = tracing_subscriber::filter::filter_fn(|metadata| {
        metadata.target().starts_with("conductor") && *metadata.level() <= tracing::Level::INFO
    });
    tracing_opentelemetry::layer()
        .with_tracer(traces.tracer("conductor"))
        .with_location(false)
        .with_filter(ours)
}

fn provider(options: &Options, endpoint: &str) -> Result<SdkTracerProvider, Error> {
    let exporter = SpanExporter::builder()
        .with_http()
        // The base is ours to complete: only the environment variable is completed by the exporter itself.
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(Duration::from_secs(10))
        .build()
        .map_err(|source| Error::Endpoint { endpoint: endpoint.to_owned(), source })?;
    let resource = Resource::builder()
        .with_service_name(options.service_name.clone())
        .with_attribute(KeyValue::new("service.version", options.service_version.clone()))
        .build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(Masked(exporter)).with_resource(resource).build())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use conductor_domain::FixedClock;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(options: &Options, say: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let clock = FixedClock::at(chrono::DateTime::from_timestamp(1_767_225_600, 0).unwrap());
        let (subscriber, _) = subscriber(options, clock, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, say);
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_json_line_carries_the_ids_of_the_spans_around_it() {
        let text = logged(&Options::default(), || {
            let request =
                tracing::info_span!("route.agents.create", request.id = "r-1", organization.id = "o-1");
            let _request = request.enter();
            let run = tracing::info_span!("job.turn", run.id = tracing::field::Empty, attempt = 1);
            run.record("run.id", "u-1");
            let _run = run.enter();
            tracing::info!(attempt = 2, level = "mine", "a turn began");
        });
        let line: Value = serde_json::from_str(&text).unwrap();
        let expected = json!({
            "timestamp": "2026-01-01T00:00:00.000000Z", "level": "INFO", "target": "conductor_telemetry::setup::tests",
            "message": "a turn began", "span": "job.turn", "request.id": "r-1", "organization.id": "o-1",
            "run.id": "u-1", "attempt": 2, "field.level": "mine",
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn secrets_are_masked_in_fields_messages_spans_and_errors() {
        for format in [Format::Json, Format::Pretty] {
            let text = logged(&Options { format, ..Options::default() }, || {
                let span = tracing::info_span!("s", api_key = "canary-1", input_tokens = 12);
                let _span = span.enter();
                let error = io::Error::other("refused Bearer canary-2-canary");
                tracing::info!(
                    password = "canary-3", headers.authorization = "canary-4", cookie = ?["canary-5"],
                    note = "the key sk-canary-6-canary", error = &error as &dyn std::error::Error,
                    "sent ck_canary_7_canary to https://u:canary-8@host/",
                );
            });
            assert!(!text.contains("canary"), "{text}");
            assert_eq!(text.matches("[redacted]").count(), 8, "{text}");
            assert!(text.contains("12"), "counts of tokens are no secret: {text}");
        }
    }

    #[test]
    fn a_value_cannot_forge_a_line() {
        for format in [Format::Json, Format::Pretty] {
            let text = logged(&Options { format, ..Options::default() }, || {
                tracing::info!(name = "a\n2026-01-01 ERROR forged", "b\u{1b}[2J\nforged too");
            });
            assert_eq!(text.lines().count(), 1, "{text}");
            assert!(!text.contains('\u{1b}'), "{text}");
        }
    }

    #[test]
    fn the_filter_chooses_and_a_broken_one_says_so() {
        let quiet = Options { filter: "warn".to_owned(), ..Options::default() };
        assert_eq!(logged(&quiet, || tracing::info!("unheard")), "");
        let broken = Options { filter: "conductor=loud".to_owned(), ..Options::default() };
        let Err(error) = subscriber(&broken, Arc::new(SystemClock), io::sink) else { panic!("it was read") };
        assert!(error.to_string().contains("conductor=loud"), "{error}");
    }

    #[test]
    fn numbers_are_rendered_for_prometheus() {
        let (recorder, numbers) = Metrics::recorder();
        metrics::with_local_recorder(&recorder, || {
            metrics::counter!("conductor_runs_total", "kind" => "chat").increment(3);
            metrics::histogram!("conductor_http_request_seconds").record(0.02);
        });
        let text = numbers.render();
        assert!(text.contains("conductor_runs_total{kind=\"chat\"} 3"), "{text}");
        assert!(text.contains("conductor_http_request_seconds_bucket{le=\"0.025\"} 1"), "{text}");
        assert!(text.contains("conductor_http_request_seconds_bucket{le=\"0.01\"} 0"), "{text}");
    }
}
