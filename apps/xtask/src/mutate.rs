//! `cargo xtask mutate`: takes one guard after the other out of a copy of the source, and holds that a test misses it.
//! A guard that nobody misses is not guarded itself: the next change may lose it.

mod guards;

use std::{fs, path::Path, process::Command, time::Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use self::guards::{GUARDS, Guard};
use crate::{
    postgres::{self, Postgres},
    shell, tools,
};

/// How nextest ends where tests failed, as its documentation of exit codes has it.
const TESTS_FAILED: i32 = 100;
/// And where cargo could not build them.
const BUILD_FAILED: i32 = 101;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only guards of which the name or the file holds this.
    #[arg(long)]
    only: Option<String>,
    /// Name the guards and stop.
    #[arg(long)]
    list: bool,
}

/// What became of the tests without a guard.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// One turned red.
    Missed,
    /// None did.
    Survived,
    /// There is nothing to test: without the guard nothing is built.
    Unbuilt,
}

/// Takes out each chosen guard and fails where one is not missed.
pub(crate) fn run(options: &Options) -> Result<()> {
    let wanted = |guard: &&Guard| {
        options.only.as_deref().is_none_or(|only| guard.name.contains(only) || guard.file.contains(only))
    };
    let chosen: Vec<&Guard> = GUARDS.iter().filter(wanted).collect();
    if options.list || chosen.is_empty() {
        chosen.iter().for_each(|guard| println!("{:<64} {}", guard.name, guard.file));
        return if chosen.is_empty() { Err(anyhow::anyhow!("no guard is called so")) } else { Ok(()) };
    }
    tools::packages(&[&tools::POSTGRESQL])?;
    let postgres = Postgres::start()?;
    let copy = Copy::make()?;
    let mut faults = 0_usize;
    let mut lines = Vec::new();
    for guard in &chosen {
        let began = Instant::now();
        let outcome = copy.without(guard, postgres.url())?;
        faults += usize::from(outcome != Outcome::Missed);
        let line = format!("{outcome:<10?} {:>4} s  {}", began.elapsed().as_secs(), guard.name);
        println!("{line}");
        lines.push(line);
    }
    println!("\n{}", lines.join("\n"));
    if faults > 0 {
        bail!("{faults} of {} guards are not missed by any test", chosen.len());
    }
    println!("all {} guards are missed by a test when they are gone", chosen.len());
    Ok(())
}

/// A copy of what is committed, so that the working tree is left alone.
struct Copy {
    folder: std::path::PathBuf,
}

impl Copy {
    fn make() -> Result<Self> {
        let folder = shell::target().join("mutate/tree");
        let copy = Self { folder };
        copy.remove();
        let mut add = shell::line("git worktree add --detach --quiet");
        shell::run(add.arg(&copy.folder).arg("HEAD"))?;
        Ok(copy)
    }

    /// The tests that should miss a guard, without it.
    fn without(&self, guard: &Guard, postgres: &str) -> Result<Outcome> {
        let file = self.folder.join(guard.file);
        let source = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", guard.file))?;
        fs::write(&file, source.replacen(guard.source, guard.without, 1))?;
        let ended = self.nextest(guard, postgres).status()?.code();
        fs::write(&file, source)?;
        match ended {
            Some(0) => Ok(Outcome::Survived),
            Some(TESTS_FAILED) => Ok(Outcome::Missed),
            Some(BUILD_FAILED) => Ok(Outcome::Unbuilt),
            other => bail!("{}: nextest ended with {other:?}, as where there is no such test", guard.name),
        }
    }

    fn nextest(&self, guard: &Guard, postgres: &str) -> Command {
        let mut nextest = shell::line("cargo nextest run --locked --retries 0 --status-level fail");
        nextest.args(["--no-tests", "fail", "-p", guard.package, "-E", guard.tests]);
        // What is forbidden in our own source is not in what is left of it, where everything behind a guard is dead.
        nextest.env("RUSTFLAGS", "--cap-lints allow");
        nextest.env("CARGO_TARGET_DIR", shell::target().join("mutate/target"));
        nextest.env(postgres::VARIABLE, postgres).current_dir(&self.folder);
        nextest
    }

    fn remove(&self) {
        if Path::new(&self.folder).exists() {
            let mut remove = shell::line("git worktree remove --force");
            // A folder that is left over is in the way of the next copy, which says so.
            drop(shell::run(remove.arg(&self.folder)));
        }
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.remove();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A list that no longer fits the source would take out nothing, and call that a guard that is missed by nobody.
    #[test]
    fn every_guard_stands_once_where_it_is_said_to_stand() {
        for guard in GUARDS {
            let source = fs::read_to_string(shell::root().join(guard.file)).unwrap();
            assert_eq!(source.matches(guard.source).count(), 1, "{}: {}", guard.file, guard.source);
            assert_ne!(guard.source, guard.without, "{}", guard.name);
        }
        let names: BTreeSet<_> = GUARDS.iter().map(|guard| guard.name).collect();
        assert_eq!(names.len(), GUARDS.len(), "each has a name of its own");
    }

    /// A night is too late to hear that the tests of a guard have another name.
    #[test]
    fn every_filter_names_tests_that_there_are() {
        for guard in GUARDS.iter().filter(|guard| guard.tests != "all()") {
            let folder = guard.package.replacen("conductor-", "crates/", 1);
            let words = guard.tests.split("test(").skip(1).filter_map(|rest| rest.split_once("::)"));
            for (module, _) in words {
                let last = module.rsplit("::").next().unwrap_or(module);
                let listed = shell::read(shell::line("git ls-files").arg(&folder)).unwrap();
                let there = listed.lines().any(|file| {
                    file.ends_with(&format!("/{last}.rs")) || file.contains(&format!("/{last}/"))
                });
                assert!(there, "{}: no file of tests is called {last}", guard.name);
            }
        }
    }
}
