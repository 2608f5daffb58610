//! The page's own commands, all of them npm scripts of `frontend/package.json`.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell;

/// The oldest Node.js that the page's tools accept.
const NODE: u32 = 20;

/// An npm command inside `frontend/`.
pub(crate) fn npm(arguments: &[&str]) -> Command {
    let mut command = shell::command("npm");
    command.current_dir(shell::root().join("frontend")).args(arguments);
    command
}

/// Installs exactly what the lock file names.
pub(crate) fn install() -> Result<()> {
    let found = shell::read(shell::command("node").arg("--version"));
    let found =
        found.with_context(|| format!("Node.js {NODE} or newer builds the page: install it, with npm"))?;
    let major =
        found.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE) {
        bail!("the page needs Node.js {NODE} or newer, this machine has {}", found.trim());
    }
    shell::run(&mut npm(&["ci", "--no-audit", "--no-fund"]))
}

/// One npm script.
pub(crate) fn script(name: &str) -> Result<()> {
    shell::run(&mut npm(&["run", name]))
}
