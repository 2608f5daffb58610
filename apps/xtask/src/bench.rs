//! `cargo xtask bench`: measurements that are repeated by hand, never timed tests (docs/benchmarks.md).
//!
//! A plain xtask only builds: the release binary, and this program again with the load generators inside (feature
//! `bench`), to which it then hands over. So `cargo xtask floors` stays quick to build.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};

#[cfg(feature = "bench")]
mod backtest;
#[cfg(feature = "bench")]
mod bare;
#[cfg(feature = "bench")]
mod cold_start;
#[cfg(feature = "bench")]
mod decisions;
#[cfg(feature = "bench")]
mod http;
#[cfg(feature = "bench")]
mod journal;
#[cfg(feature = "bench")]
mod load;
#[cfg(feature = "bench")]
mod report;
#[cfg(feature = "bench")]
mod restart;
#[cfg(feature = "bench")]
mod rounds;
#[cfg(feature = "bench")]
mod streams;
#[cfg(feature = "bench")]
mod tenant;
#[cfg(feature = "bench")]
mod workflows;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// What to measure.
    scenario: Scenario,
    /// How often each side is measured; the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long one round of requests takes.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// What the bare server answers: a file of JSON.
    #[arg(long, hide = true)]
    body: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Scenario {
    /// A draft of a policy before 1,000,000 recorded decisions.
    Backtest,
    /// P-F1: from start to the first answer of /health on a fresh data folder, and the memory of an idle server.
    ColdStart,
    /// P-A1: decisions a second at 11,000 rules against casbin, and what one adds at 100,000 bindings.
    Decisions,
    /// P-H1: an authenticated read of one row against bare axum, 64 connections, taken in turns.
    Http,
    /// Durable steps a second, one run and 32 at once, against a commit for each step.
    Journal,
    /// 10,000 open runs: how soon a server that died with them answers, and how soon all that is due moves.
    Restart,
    /// A run that a person sends back 1,000 times, 1 GB of step data in all: what memory grows by.
    Rounds,
    /// 1,000 event streams at once, 64 tokens each, none short, and the memory that they take.
    Streams,
    /// P-W1 to P-W4: durable steps of workflows beside LangGraph and Restate, which a script installs and drives.
    Workflows,
    /// The bare axum server that `http` compares with.
    #[value(hide = true)]
    Bare,
}

/// Builds and hands over.
#[cfg(not(feature = "bench"))]
pub(crate) fn run(options: &Options) -> Result<()> {
    use std::os::unix::process::CommandExt;

    use crate::shell;

    let mut build =
        shell::line("cargo build --release --locked -p conductor -p xtask --features xtask/bench");
    if shell::root().join("frontend/dist/index.html").is_file() {
        build.args(["--features", "conductor/embed-ui"]);
    } else {
        println!("the page is not built: the server is measured without it (`cargo xtask run` builds it)");
    }
    shell::run(&mut build)?;
    let scenario =
        options.scenario.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    // A thousand streams need more open files than a shell usually allows.
    let mut bench = shell::command("sh");
    bench
        .args(["-c", r#"ulimit -n "$(ulimit -Hn)"; exec "$0" "$@""#])
        .arg(shell::target().join("release/xtask"));
    bench.args(["bench", &scenario, "--rounds", &options.rounds.to_string()]);
    Err(bench.args(["--seconds", &options.seconds.to_string()]).exec().into())
}

/// Measures.
#[cfg(feature = "bench")]
pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        match options.scenario {
            Scenario::Backtest => backtest::run(options.rounds).await,
            Scenario::ColdStart => cold_start::run(options.rounds).await,
            Scenario::Decisions => decisions::run(options.rounds, options.seconds).await,
            Scenario::Http => http::run(options.rounds, options.seconds).await,
            Scenario::Journal => journal::run(options.rounds, options.seconds).await,
            Scenario::Restart => restart::run().await,
            Scenario::Rounds => rounds::run().await,
            Scenario::Streams => streams::run().await,
            Scenario::Workflows => workflows::run(options.rounds, options.seconds),
            Scenario::Bare => bare::serve(options.body.as_deref()).await,
        }
    })
}
