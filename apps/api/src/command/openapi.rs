//! `conductor openapi`: the contract, as the committed snapshot holds it.

use std::io::Write;

use anyhow::Result;

/// Prints the document.
pub(crate) fn run() -> Result<()> {
    let document = serde_json::to_string_pretty(&conductor_http::openapi(env!("CARGO_PKG_VERSION")))?;
    writeln!(std::io::stdout(), "{document}")?;
    Ok(())
}
