//! The guards that `cargo xtask mutate` takes out: where each stands, what stands there without it, and the tests that
//! have to turn red.
//!
//! A guard that moves or changes is changed here too; a unit test says when that was forgotten.

mod calls;
mod doors;
mod people;
mod rules;
mod tenants;

use anyhow::{Result, bail};

/// One guard.
#[derive(Debug)]
pub(super) struct Guard {
    /// To choose it by.
    pub(super) name: &'static str,
    /// What holds while it stands.
    pub(super) says: &'static str,
    /// The source file, from the top folder.
    pub(super) file: &'static str,
    /// The piece of source that is the guard; it stands in the file exactly once.
    pub(super) piece: &'static str,
    /// What stands there without it; it compiles.
    pub(super) without: &'static str,
    /// The package of the tests.
    pub(super) package: &'static str,
    /// The fewest test functions that have to notice.
    pub(super) tests: &'static [&'static str],
}

impl Guard {
    /// The text of its file without it.
    pub(super) fn removed(&self, text: &str) -> Result<String> {
        match text.matches(self.piece).count() {
            1 => Ok(text.replacen(self.piece, self.without, 1)),
            count => bail!("{}: its piece stands {count} times in {}, not once", self.name, self.file),
        }
    }
}

/// All of them, the innermost first.
pub(super) fn guards() -> impl Iterator<Item = &'static Guard> {
    [rules::RULES, tenants::TENANTS, calls::CALLS, people::PEOPLE, doors::DOORS].into_iter().flatten()
}
