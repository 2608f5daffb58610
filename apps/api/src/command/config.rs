//! `conductor config`: what is in force.

use std::io::Write;

use anyhow::Result;

use crate::config::Loaded;

/// Prints the configuration as TOML, and what is odd about it on standard error.
pub(crate) fn run(loaded: &Loaded) -> Result<()> {
    for warning in &loaded.warnings {
        writeln!(std::io::stderr(), "warning: {warning}")?;
    }
    write!(std::io::stdout(), "{}", loaded.config.shown()?)?;
    Ok(())
}
