//! The numbers of the process, in the format that Prometheus reads.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// Seconds; from a cache hit to a slow model.
const SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

/// Everything that was counted and measured through the `metrics` macros.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// The body of `GET /metrics`, text format 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        // Histograms collect until someone drains them; whoever reads drains.
        self.0.run_upkeep();
        self.0.render()
    }

    pub(crate) fn recorder() -> (PrometheusRecorder, Self) {
        // Buckets add up over replicas; the default summaries do not.
        let builder = PrometheusBuilder::new().set_buckets(SECONDS).unwrap_or_default();
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        (recorder, Self(handle))
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}
