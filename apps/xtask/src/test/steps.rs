//! The steps of `cargo xtask test`, one function and one line in the list each.

use std::{fs, path::PathBuf, process::Stdio};

use anyhow::{Context, Result, bail};

use super::counts::Counts;
use crate::{
    floors, frontend, lint, openapi,
    postgres::{self, Postgres},
    shell,
    tools::{self, CHROMIUM, FONTS, POSTGRESQL, Package, STRACE},
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

/// In running order: cheap and telling first.
pub(super) const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        title: "formatting",
        needs: &[],
        act: |_| lint::format(),
    },
    Step {
        name: "floors",
        title: "floors and house rules",
        needs: &[],
        act: |_| floors::run(),
    },
    Step {
        name: "crypto",
        title: "one TLS stack",
        needs: &[],
        act: |_| lint::single_crypto(),
    },
    Step {
        name: "clippy",
        title: "the workspace's lints",
        needs: &[],
        act: |_| lint::clippy(),
    },
    Step {
        name: "deny",
        title: "third-party reach, licences, sources",
        needs: &[],
        act: |_| lint::deny(),
    },
    Step {
        name: "npm",
        title: "the page's packages",
        needs: &[],
        act: |_| frontend::install(),
    },
    Step {
        name: "frontend-check",
        title: "types and lints of the page",
        needs: &[],
        act: |_| frontend::script("check"),
    },
    Step {
        name: "frontend-test",
        title: "unit and component tests of the page",
        needs: &[],
        act: vitest,
    },
    Step {
        name: "frontend-build",
        title: "the page, within its byte budget",
        needs: &[],
        act: |_| build_page(),
    },
    Step {
        name: "rust",
        title: "tests of every crate",
        needs: &[&POSTGRESQL, &STRACE],
        act: nextest,
    },
    Step {
        name: "doc",
        title: "examples in the docs of embeddable crates",
        needs: &[],
        act: doctests,
    },
    Step {
        name: "openapi",
        title: "the committed API contract",
        needs: &[],
        act: |_| contract(),
    },
    Step {
        name: "e2e",
        title: "the page in a browser, on the real binary",
        needs: &[&CHROMIUM, &FONTS],
        act: browser,
    },
    Step {
        name: "schemathesis",
        title: "generated requests",
        needs: &[],
        act: schemathesis,
    },
];

/// Crates that others embed; their README is their documentation.
const EMBEDDABLE: [&str; 5] = ["domain", "rbac", "llm-providers", "mcp-client", "secrets"];

fn nextest(world: &mut World) -> Result<()> {
    let tools_folder = tools::peers()?;
    let postgres = match world.postgres.take() {
        Some(running) => running,
        None => Postgres::start()?,
    };
    let report = shell::root().join("target/nextest/default/junit.xml");
    let _ = fs::remove_file(&report);
    let mut command = shell::command(tools::cargo_nextest()?);
    command.args(["nextest", "run", "--workspace", "--locked"]);
    command
        .env(postgres::VARIABLE, postgres.url())
        .env("CONDUCTOR_TEST_TOOLS", tools_folder);
    world.postgres = Some(postgres);
    let ended = shell::run(&mut command);
    if report.is_file() {
        world.counts.nextest(&report)?;
    }
    ended
}

fn doctests(world: &mut World) -> Result<()> {
    let mut command = shell::line("cargo test --doc --locked");
    for name in EMBEDDABLE {
        command.args(["-p", &format!("conductor-{name}")]);
    }
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
    let binary = binary_with_page()?;
    let report = report("playwright.json")?;
    let mut command = frontend::npm(&["run", "e2e", "--", "--reporter=list,json"]);
    let ended = shell::run(
        command
            .env("CONDUCTOR_BIN", binary)
            .env("PLAYWRIGHT_JSON_OUTPUT_FILE", &report),
    );
    if report.is_file() {
        world.counts.playwright(&report)?;
    }
    ended
}

fn schemathesis(_: &mut World) -> Result<()> {
    let source = shell::root().join("tests/schemathesis");
    let environment = tools::python_environment("schemathesis", &source)?;
    let mut command = shell::command(environment.join("venv/bin/python"));
    shell::run(
        command
            .arg(source.join("run.py"))
            .env("CONDUCTOR_BIN", binary_with_page()?),
    )
}

/// The binary of this tree in the dev profile, with the page inside.
fn binary_with_page() -> Result<PathBuf> {
    let root = shell::root();
    if !root.join("frontend/dist/index.html").is_file() {
        bail!("the page is not built: run `cargo xtask test --only npm,frontend-build` first");
    }
    shell::run(&mut shell::line(
        "cargo build --locked -p conductor --features embed-ui",
    ))?;
    Ok(root.join("target/debug/conductor"))
}

/// Where a runner writes its report; what an earlier run left there is gone.
fn report(name: &str) -> Result<PathBuf> {
    let folder = shell::root().join("target/reports");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be created", folder.display()))?;
    let path = folder.join(name);
    let _ = fs::remove_file(&path);
    Ok(path)
}
