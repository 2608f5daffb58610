//! What the test command hands to the tests, by environment variable.

use std::{
    hash::{BuildHasher, RandomState},
    path::PathBuf,
};

/// An environment variable that is set and not empty.
#[expect(
    clippy::disallowed_methods,
    reason = "the test command speaks to the tests by environment variables"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The folder of MCP servers that others wrote: `node_modules/` from npm, `venv/` from PyPI.
///
/// # Panics
/// When the tests were not started by `cargo xtask test`, which prepares it.
#[must_use]
pub fn tools_dir() -> PathBuf {
    match variable("CONDUCTOR_TEST_TOOLS") {
        Some(folder) => PathBuf::from(folder),
        None => panic!(
            "CONDUCTOR_TEST_TOOLS is not set: run `cargo xtask test --only rust`, which installs the tools"
        ),
    }
}

/// How often something is tried in a test that is worth more the longer it goes on: `usual`, or what this environment
/// variable says, for a night.
#[must_use]
pub fn times(name: &str, usual: usize) -> usize {
    variable(name).and_then(|times| times.parse().ok()).unwrap_or(usual)
}

/// The seed of a test that draws lots: `CONDUCTOR_TEST_SEED`, to see a failure again, or another one each time.
#[must_use]
pub fn seed() -> u64 {
    let named = variable("CONDUCTOR_TEST_SEED").and_then(|seed| seed.parse().ok());
    named.unwrap_or_else(|| RandomState::new().hash_one("seed"))
}
