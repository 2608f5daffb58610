//! The house's own commands: run, test, lint, openapi, floors, bench and mutate (see README.md).
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool speaks on both")]

mod bench;
mod binary;
mod floors;
mod frontend;
mod house;
mod lint;
mod mutate;
mod openapi;
mod postgres;
mod run;
mod shell;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The house's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the page and the release binary, and start it on ./data.
    Run(run::Options),
    /// Everything that continuous integration runs.
    Test(test::Options),
    /// Formatting, floors, clippy and cargo-deny.
    Lint,
    /// Rewrite docs/openapi.json and the page's generated client.
    Openapi,
    /// Hold the map of the floors and the house rules.
    Floors,
    /// Measure something: `cargo xtask bench --help` lists what.
    Bench(bench::Options),
    /// Take each guard out in turn, and see that a test turns red.
    Mutate(mutate::Options),
    /// Run one command with a PostgreSQL of its own in CONDUCTOR_TEST_POSTGRES.
    WithPostgres(postgres::Options),
}

fn main() -> ExitCode {
    match command(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn command(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run(options) => run::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Lint => lint::run(),
        Command::Openapi => openapi::rewrite(),
        Command::Floors => floors::run(),
        Command::Bench(options) => bench::run(&options),
        Command::Mutate(options) => mutate::run(&options),
        Command::WithPostgres(options) => postgres::with(&options),
    }
}
