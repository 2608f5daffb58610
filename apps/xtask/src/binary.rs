//! The binary of this tree in the dev profile.
//!
//! Everything is built for the whole workspace with one set of features: choosing single packages would choose other
//! features for shared dependencies, and build those once more.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::shell;

/// The features of every build for tests. The page is inside as soon as it has been built.
pub(crate) fn features() -> &'static str {
    if page_is_built() { "xtask/bench,conductor/embed-ui" } else { "xtask/bench" }
}

fn page_is_built() -> bool {
    shell::root().join("frontend/dist/index.html").is_file()
}

/// Builds it and says where it is.
pub(crate) fn conductor() -> Result<PathBuf> {
    // With examples, features are those of the tests, so that what the tests have built is not built once more.
    let mut build = shell::line("cargo build --workspace --bins --examples --locked --features");
    shell::run(build.arg(features()))?;
    Ok(shell::target().join("debug/conductor"))
}

/// The same, and the page has to be inside.
pub(crate) fn conductor_with_page() -> Result<PathBuf> {
    if !page_is_built() {
        bail!("the page is not built: run `cargo xtask test --only npm,frontend-build` first");
    }
    conductor()
}
