//! `cargo xtask run`: from a fresh clone to a running server in one command.

use std::{os::unix::process::CommandExt, process::Stdio};

use anyhow::{Context, Result};
use clap::Args;

use crate::{frontend, shell};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Where the server keeps its database, files and keys.
    #[arg(long, default_value = "./data")]
    data: String,
    /// Further flags for `conductor serve`, after `--`.
    #[arg(last = true)]
    serve: Vec<String>,
}

/// Builds the page and the binary, then becomes the server.
pub(crate) fn run(options: &Options) -> Result<()> {
    frontend::install()?;
    frontend::script("build")?;
    shell::run(&mut shell::line("cargo build --release --locked -p conductor --features embed-ui"))?;

    let mut server = shell::command(shell::target().join("release/conductor"));
    server.args(["serve", "--data", &options.data]).args(&options.serve).stdin(Stdio::inherit());
    println!("$ {}", shell::shown(&server));
    Err(server.exec()).context("target/release/conductor could not be started")
}
