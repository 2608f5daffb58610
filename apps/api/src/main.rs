//! The `conductor` binary: reads configuration, wires the crates together, runs a subcommand.

mod command;
mod config;
mod data;
mod page;
mod wire;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};

use config::{Config, Flags};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// By this word the server starts itself as the worker of its sandbox.
const SANDBOX_WORKER: &str = "sandbox-worker";

/// A self-hosted server where people talk to AI agents, and agents use tools under a policy.
#[derive(Debug, Parser)]
#[command(name = "conductor", version)]
struct Arguments {
    /// The configuration file; `conductor.toml` in the working folder where it is not given.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of the database, the files and the generated secrets.
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// `sqlite://…` or `postgres://…`.
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server.
    Serve {
        /// Where to listen, such as 127.0.0.1:8420.
        #[arg(long)]
        listen: Option<String>,
    },
    /// Brings the database's schema up to date.
    Migrate,
    /// Prints the OpenAPI document.
    Openapi,
    /// Prints the configuration that is in force, with secrets masked.
    Config,
    /// Checks the audit log.
    #[command(subcommand)]
    Audit(command::audit::Audit),
    /// Rotates the keys of secrets.
    #[command(subcommand)]
    Secrets(command::secrets::Secrets),
    /// Looks at workflows.
    #[command(subcommand)]
    Workflow(command::workflow::Workflow),
    /// Does what needs no page.
    #[command(subcommand)]
    Admin(command::admin::Admin),
}

fn main() -> Result<ExitCode> {
    // The worker of the sandbox gives away what it holds, so nothing is set up before it.
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == SANDBOX_WORKER) {
        return Ok(conductor_sandbox::worker_main(words.next_back()));
    }
    run().map(|()| ExitCode::SUCCESS)
}

/// Huge pages make a third more of what the server holds, for they are held whole however little of them is used
/// (docs/benchmarks.md). A kernel without them refuses, and nothing is lost.
fn save_memory() {
    #[cfg(target_os = "linux")]
    rustix::thread::disable_transparent_huge_pages(true).unwrap_or_default();
}

fn run() -> Result<()> {
    save_memory();
    let arguments = Arguments::parse();
    let mut flags =
        Flags { listen: None, data: arguments.data.clone(), database_url: arguments.database_url.clone() };
    if let Command::Serve { listen } = &arguments.command {
        flags.listen.clone_from(listen);
    }
    // What needs no server's configuration does not stumble over it.
    let command = match arguments.command {
        Command::Openapi => return command::openapi::run(),
        Command::Workflow(workflow) => return command::workflow::run(workflow),
        command => command,
    };
    let loaded = Config::load(arguments.config.as_deref(), &flags)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match command {
        Command::Serve { .. } => runtime.block_on(command::serve::run(loaded)),
        Command::Migrate => runtime.block_on(command::migrate::run(loaded.config)),
        Command::Config => command::config::run(&loaded),
        Command::Audit(audit) => runtime.block_on(command::audit::run(loaded.config, audit)),
        Command::Secrets(secrets) => runtime.block_on(command::secrets::run(loaded.config, secrets)),
        Command::Admin(admin) => runtime.block_on(command::admin::run(loaded.config, admin)),
        Command::Openapi | Command::Workflow(_) => Ok(()),
    }
}
