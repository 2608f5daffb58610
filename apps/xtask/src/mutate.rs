//! `cargo xtask mutate`: takes the guards out one at a time and sees that a test turns red for each.
//!
//! It works in a worktree of HEAD with a target folder of its own: what is built there has holes, and none of it may
//! ever be taken for what this tree builds.

mod guards;

use std::{
    fs,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::Args;

use self::guards::{Guard, guards};
use crate::{
    postgres::{self, Postgres},
    shell,
    tools::{self, BUBBLEWRAP, POSTGRESQL, STRACE},
};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only these guards, such as `rbac-explicit-deny,vault-place`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Name the guards with their tests and stop.
    #[arg(long)]
    list: bool,
}

/// What became of the tests of a guard without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Killed,
    Survived,
    DoesNotBuild,
    /// The runner ended in a way that says nothing about the guard.
    Unclear,
}

impl Outcome {
    /// Reads the exit code of cargo-nextest: only a failed test counts for the guard.
    const fn of(code: Option<i32>) -> Self {
        match code {
            Some(0) => Self::Survived,
            Some(100) => Self::Killed,
            Some(101) => Self::DoesNotBuild,
            _ => Self::Unclear,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Survived => "SURVIVED",
            Self::DoesNotBuild => "does not build",
            Self::Unclear => "unclear",
        }
    }
}

/// Removes each chosen guard in turn, and fails unless a test of each turned red.
pub(crate) fn run(options: &Options) -> Result<()> {
    let chosen = choose(&options.only)?;
    if options.list {
        chosen.iter().for_each(|guard| {
            println!(
                "{:<28} {}\n{:<28} {}: {}",
                guard.name,
                guard.says,
                "",
                guard.file,
                guard.tests.join(", ")
            );
        });
        return Ok(());
    }
    tools::packages(&[&BUBBLEWRAP, &POSTGRESQL, &STRACE])?;
    let tree = Tree::at_head()?;
    let postgres = Postgres::start()?;
    let runner =
        Runner { nextest: tools::cargo_nextest()?, peers: tools::peers()?, tree: &tree, postgres: &postgres };

    // A test that is red anyway would pass every guard off as held.
    for guard in &chosen {
        println!("\n=== {}, whole", guard.name);
        match Outcome::of(runner.test(guard)?) {
            Outcome::Survived => {}
            other => {
                bail!("the tests of `{}` do not pass with the guard in place ({})", guard.name, other.word())
            }
        }
    }
    let mut outcomes = Vec::new();
    for (index, guard) in chosen.iter().enumerate() {
        println!("\n=== {}/{} {}, removed: {}", index + 1, chosen.len(), guard.name, guard.says);
        let started = Instant::now();
        let outcome = runner.without(guard)?;
        println!("=== {} {}", guard.name, outcome.word());
        outcomes.push((*guard, outcome, started.elapsed()));
    }
    drop(postgres);
    close(&outcomes)
}

fn choose(only: &[String]) -> Result<Vec<&'static Guard>> {
    if let Some(unknown) = only.iter().find(|name| !guards().any(|guard| guard.name == **name)) {
        bail!("there is no guard `{unknown}`; `cargo xtask mutate --list` names them");
    }
    Ok(guards().filter(|guard| only.is_empty() || only.iter().any(|name| name == guard.name)).collect())
}

/// The table, and an error that names what was not killed.
fn close(outcomes: &[(&Guard, Outcome, Duration)]) -> Result<()> {
    println!("\n=== guards");
    for (guard, outcome, duration) in outcomes {
        println!("{:<28} {:<15} {:>5}s  {}", guard.name, outcome.word(), duration.as_secs(), guard.file);
    }
    let alive: Vec<_> = outcomes
        .iter()
        .filter(|(_, outcome, _)| *outcome != Outcome::Killed)
        .map(|(guard, outcome, _)| format!("{} ({})", guard.name, outcome.word()))
        .collect();
    println!("{} killed, {} not", outcomes.len() - alive.len(), alive.len());
    if !alive.is_empty() {
        bail!("no test turned red for: {}", alive.join(", "));
    }
    Ok(())
}

/// The worktree in which guards are taken out.
struct Tree {
    root: PathBuf,
    target: PathBuf,
}

impl Tree {
    /// Made once, and set to HEAD each time: what it has built stays, so that a second run builds little.
    fn at_head() -> Result<Self> {
        let folder = shell::target().join("mutate");
        let (root, target) = (folder.join("tree"), folder.join("target"));
        fs::create_dir_all(&folder).with_context(|| format!("{} cannot be created", folder.display()))?;
        let head = shell::read(&mut shell::line("git rev-parse HEAD"))?.trim().to_owned();
        if !shell::read(&mut shell::line("git status --porcelain --untracked-files=no"))?.is_empty() {
            println!("what is not committed is left out: guards are taken out of {head}");
        }
        if root.join(".git").is_file() {
            // A run that was cut off left a guard out.
            shell::run(shell::command("git").args(["reset", "--quiet", "--hard", &head]).current_dir(&root))?;
            shell::run(shell::line("git clean --quiet --force -d").current_dir(&root))?;
        } else {
            shell::run(&mut shell::line("git worktree prune"))?;
            let mut add = shell::line("git worktree add --quiet --force --detach");
            shell::run(add.arg(&root).arg(&head))?;
        }
        Ok(Self { root, target })
    }
}

/// What runs the tests of a guard, with what `cargo xtask test` gives them.
struct Runner<'a> {
    nextest: PathBuf,
    peers: PathBuf,
    tree: &'a Tree,
    postgres: &'a Postgres,
}

impl Runner<'_> {
    /// The tests of a guard without it. The file is as it was afterwards, whatever came of them.
    fn without(&self, guard: &Guard) -> Result<Outcome> {
        let path = self.tree.root.join(guard.file);
        let whole = fs::read_to_string(&path).with_context(|| format!("{} is unreadable", path.display()))?;
        fs::write(&path, guard.removed(&whole)?)?;
        let ended = self.test(guard);
        fs::write(&path, whole)?;
        Ok(Outcome::of(ended?))
    }

    fn test(&self, guard: &Guard) -> Result<Option<i32>> {
        let mut command = self.command(guard);
        println!("$ {}", shell::shown(&command));
        let ended = command.status().context("cargo-nextest could not be started")?;
        Ok(ended.code())
    }

    fn command(&self, guard: &Guard) -> Command {
        let mut command = shell::command(&self.nextest);
        command.current_dir(&self.tree.root).env("CARGO_TARGET_DIR", &self.tree.target);
        // What a removed guard leaves unused is no finding.
        command.env("RUSTFLAGS", "--cap-lints=warn").env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "true");
        // A snapshot that differs is to fail, not to be written.
        command.env("INSTA_UPDATE", "no").env(postgres::VARIABLE, self.postgres.url());
        command.env("CONDUCTOR_TEST_TOOLS", &self.peers);
        command.args(["nextest", "run", "--locked", "--no-tests", "fail", "--package", guard.package]);
        command.args(["--cargo-quiet", "--status-level", "fail", "--filterset", &filter(guard.tests)]);
        command
    }
}

/// The filter of nextest that chooses these test functions, in whatever module they stand.
fn filter(tests: &[&str]) -> String {
    let each: Vec<_> = tests.iter().map(|test| format!("test(/(^|::){test}$/)")).collect();
    each.join(" | ")
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        path::Path,
    };

    use super::*;

    /// The sources of a package: its folder's `src` and `tests`.
    fn sources(folder: &Path) -> String {
        let mut text = String::new();
        let mut folders = vec![folder.join("src"), folder.join("tests")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    text.push_str(&fs::read_to_string(&path).unwrap());
                }
            }
        }
        text
    }

    #[test]
    fn every_guard_stands_once_where_the_table_says() {
        let mut wrong = Vec::new();
        for guard in guards() {
            let text = fs::read_to_string(shell::root().join(guard.file)).unwrap_or_default();
            match guard.removed(&text) {
                Ok(without) if without == text => wrong.push(format!("{}: nothing is removed", guard.name)),
                Ok(_) => {}
                Err(error) => wrong.push(error.to_string()),
            }
        }
        assert!(
            wrong.is_empty(),
            "change apps/xtask/src/mutate/guards.rs with its guards:\n{}",
            wrong.join("\n")
        );
    }

    #[test]
    fn every_guard_names_tests_that_exist() {
        let mut texts = BTreeMap::new();
        let mut missing = Vec::new();
        for guard in guards() {
            let crate_name = guard.package.strip_prefix("conductor-").unwrap();
            let text = texts
                .entry(crate_name)
                .or_insert_with(|| sources(&shell::root().join("crates").join(crate_name)));
            let unknown = |test: &&&str| !text.contains(&format!("fn {test}("));
            missing.extend(guard.tests.iter().filter(unknown).map(|test| format!("{}: {test}", guard.name)));
            assert!(!guard.tests.is_empty(), "{} names no test", guard.name);
        }
        assert!(missing.is_empty(), "no such test: {missing:?}");
    }

    #[test]
    fn names_are_unique_and_removals_too() {
        let names: BTreeSet<_> = guards().map(|guard| guard.name).collect();
        assert_eq!(names.len(), guards().count());
        let removals: BTreeSet<_> = guards().map(|guard| (guard.file, guard.piece)).collect();
        assert_eq!(removals.len(), names.len());
        assert!(names.len() >= 25);
    }

    #[test]
    fn a_piece_that_is_gone_or_stands_twice_is_named() {
        let guard = guards().next().unwrap();
        let error = |text: &str| guard.removed(text).unwrap_err().to_string();
        assert!(error("").contains("stands 0 times"), "{}", error(""));
        assert!(error(&guard.piece.repeat(2)).contains("stands 2 times"));
        assert_eq!(guard.removed(&format!("a{}b", guard.piece)).unwrap(), format!("a{}b", guard.without));
    }

    #[test]
    fn only_a_failed_test_counts_for_a_guard() {
        let outcomes = [Some(0), Some(100), Some(101), Some(4), None].map(Outcome::of);
        let unclear = Outcome::Unclear;
        assert_eq!(outcomes, [Outcome::Survived, Outcome::Killed, Outcome::DoesNotBuild, unclear, unclear]);
    }

    #[test]
    fn tests_are_chosen_by_their_whole_name() {
        assert_eq!(filter(&["a", "b"]), "test(/(^|::)a$/) | test(/(^|::)b$/)");
    }

    #[test]
    fn what_is_left_alive_is_named() {
        let guard = guards().next().unwrap();
        let second = Duration::from_secs(1);
        assert!(close(&[(guard, Outcome::Killed, second)]).is_ok());
        let error = close(&[(guard, Outcome::Survived, second)]).unwrap_err().to_string();
        assert_eq!(error, format!("no test turned red for: {} (SURVIVED)", guard.name));
    }
}
