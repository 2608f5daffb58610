//! Workflows beside LangGraph and Restate: a script drives all three, since one of them lives in Python.

use anyhow::Result;

use crate::{
    postgres::{Postgres, VARIABLE},
    shell, tools,
};

pub(super) fn run(rounds: usize, seconds: u64) -> Result<()> {
    tools::packages(&[&tools::POSTGRESQL, &tools::VENV])?;
    let postgres = Postgres::start()?;
    let mut script = shell::command("python3");
    script.arg("benches/workflows/run.py").env(VARIABLE, postgres.url());
    script.arg("--conductor").arg(shell::target().join("release/conductor"));
    script.arg("--out").arg(shell::target().join("bench/workflows.json"));
    shell::run(script.args(["--rounds", &rounds.to_string(), "--seconds", &seconds.to_string()]))
}
