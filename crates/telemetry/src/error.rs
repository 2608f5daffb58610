//! What can go wrong when telemetry is set up, at start.

use conductor_domain::{ErrorKind, Kind};

/// A setting that cannot be used, or a second set-up in one process.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The log filter is no filter.
    #[error("the log filter {filter:?} cannot be read; write for example `info,conductor_runs=debug`")]
    Filter {
        /// The filter as configured.
        filter: String,
        /// Why.
        #[source]
        source: tracing_subscriber::filter::ParseError,
    },
    /// The address of the trace collector cannot be used.
    #[error(
        "traces cannot be sent to {endpoint:?}; write the collector's base URL, such as http://localhost:4318"
    )]
    Endpoint {
        /// The address as configured.
        endpoint: String,
        /// Why.
        #[source]
        source: opentelemetry_otlp::ExporterBuildError,
    },
    /// Another subscriber or recorder is installed already.
    #[error("telemetry is set up already; `init` is called once in a process")]
    Twice,
}

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Filter { .. } | Self::Endpoint { .. } => ErrorKind::Invalid,
            Self::Twice => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Filter { .. } | Self::Endpoint { .. } => "configuration_invalid",
            Self::Twice => "internal",
        }
    }
}
