//! The steps of `cargo xtask test`, one function and one line in the list each.

use std::{fs, path::PathBuf, process::Stdio};

use anyhow::{Context, Result, bail};

use super::counts::Counts;
use crate::{
    binary, floors, frontend, lint, openapi,
    postgres::{self, Postgres},
    shell,
    tools::{self, BUBBLEWRAP, CHROMIUM, FONTS, POSTGRESQL, Package, STRACE},
};

/// What the steps share: the counted tests, and a PostgreSQL from the first step that needs one.
#[derive(Default)]
pub(super) struct World {
    pub(super) counts: Counts,
    pub(super) postgres: Option<Postgres>,
}

/// One step: a name to choose it by, and what it does.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    needs: &'static [&'static Package],
    act: fn(&mut World) -> Result<()>,
}

impl Step {
    pub(super) fn run(&self, world: &mut World) -> Result<()> {
        tools::packages(self.needs)?;
        (self.act)(world)
    }
}

const fn step(
    name: &'static str,
    title: &'static str,
    needs: &'static [&'static Package],
    act: fn(&mut World) -> Result<()>,
) -> Step {
    Step { name, title, needs, act }
}

/// In running order: cheap and telling first.
pub(super) const STEPS: &[Step] = &[
    step("fmt", "formatting", &[], |_| lint::format()),
    step("floors", "floors and house rules", &[], |_| floors::run()),
    step("crypto", "one TLS stack", &[], |_| lint::single_crypto()),
    step("clippy", "the workspace's lints", &[], |_| lint::clippy()),
    step("deny", "third-party reach, licences, sources", &[], |_| lint::deny()),
    step("npm", "the page's packages", &[], |_| frontend::install()),
    step("frontend-check", "types and lints of the page", &[], |_| frontend::script("check")),
    step("frontend-test", "unit and component tests of the page", &[], vitest),
    step("frontend-build", "the page, within its byte budget", &[], |_| build_page()),
    step("rust", "tests of every crate", &[&BUBBLEWRAP, &POSTGRESQL, &STRACE], nextest),
    step("doc", "examples in the documentation of crates", &[], doctests),
    step("openapi", "the committed API contract", &[], |_| contract()),
    step("e2e", "the page in a browser, on the real binary", &[&CHROMIUM, &FONTS], browser),
    step("schemathesis", "generated requests", &[], schemathesis),
    step("scim", "the public tester for SCIM 2.0", &[], scim),
];

fn nextest(world: &mut World) -> Result<()> {
    let tools_folder = tools::peers()?;
    let packages =
        tools::python_environment("packages", &shell::root().join("crates/sandbox/tests/packages"))?;
    let postgres = match world.postgres.take() {
        Some(running) => running,
        None => Postgres::start()?,
    };
    let report = shell::root().join("target/nextest/default/junit.xml");
    let _ = fs::remove_file(&report);
    let mut command = shell::command(tools::cargo_nextest()?);
    command.args(["nextest", "run", "--workspace", "--locked", "--features", binary::features()]);
    command.env(postgres::VARIABLE, postgres.url()).env("CONDUCTOR_TEST_TOOLS", tools_folder);
    command.env("CONDUCTOR_TEST_PACKAGES", packages);
    world.postgres = Some(postgres);
    let ended = shell::run(&mut command);
    if report.is_file() {
        world.counts.junit("nextest", &report)?;
    }
    ended
}

fn doctests(world: &mut World) -> Result<()> {
    let mut command = shell::line("cargo test --doc --workspace --locked --features");
    command.arg(binary::features());
    println!("$ {}", shell::shown(&command));
    let output = command.stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{}", text.trim());
    world.counts.doctests(&text);
    if !output.status.success() {
        bail!("an example in a crate's README does not hold");
    }
    Ok(())
}

fn vitest(world: &mut World) -> Result<()> {
    let report = report("vitest.json")?;
    let mut command = frontend::npm(&["run", "test", "--", "--reporter=default", "--reporter=json"]);
    let ended = shell::run(command.arg(format!("--outputFile.json={}", report.display())));
    if report.is_file() {
        world.counts.vitest(&report)?;
    }
    ended
}

fn build_page() -> Result<()> {
    frontend::script("build")?;
    frontend::script("budget")
}

fn contract() -> Result<()> {
    openapi::check()?;
    openapi::check_client()
}

fn browser(world: &mut World) -> Result<()> {
    let binary = binary::conductor_with_page()?;
    let report = report("playwright.json")?;
    let mut command = frontend::npm(&["run", "e2e", "--", "--reporter=list,json"]);
    command.env("CONDUCTOR_BIN", binary).env("CONDUCTOR_TEST_TOOLS", tools::peers()?);
    let ended = shell::run(command.env("PLAYWRIGHT_JSON_OUTPUT_FILE", &report));
    if report.is_file() {
        world.counts.playwright(&report)?;
    }
    ended
}

fn schemathesis(world: &mut World) -> Result<()> {
    outsider(world, "schemathesis", "SCHEMATHESIS_REPORT")
}

fn scim(world: &mut World) -> Result<()> {
    outsider(world, "scim", "SCIM_REPORT")
}

/// A tester of somebody else, in Python, against the real binary: `tests/<name>/run.py` in an environment of its own.
fn outsider(world: &mut World, name: &str, variable: &str) -> Result<()> {
    let source = shell::root().join("tests").join(name);
    let environment = tools::python_environment(name, &source)?;
    let report = report(&format!("{name}.xml"))?;
    let mut command = shell::command(environment.join("venv/bin/python"));
    command.arg(source.join("run.py")).env(variable, &report);
    let ended = shell::run(command.env("CONDUCTOR_BIN", binary::conductor_with_page()?));
    if report.is_file() {
        world.counts.junit(name, &report)?;
    }
    ended
}

/// Where a runner writes its report; what an earlier run left there is gone.
fn report(name: &str) -> Result<PathBuf> {
    let folder = shell::target().join("reports");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be created", folder.display()))?;
    let path = folder.join(name);
    let _ = fs::remove_file(&path);
    Ok(path)
}
