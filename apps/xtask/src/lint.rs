//! `cargo xtask lint`: the checks that need no test to run.

use anyhow::{Result, bail};

use crate::{floors, shell, tools};

/// All of them, cheapest first.
pub(crate) fn run() -> Result<()> {
    format()?;
    floors::run()?;
    clippy()?;
    deny()?;
    single_crypto()
}

/// Formatting.
pub(crate) fn format() -> Result<()> {
    shell::run(&mut shell::line("cargo fmt --all --check"))
}

/// The workspace's lints, every warning an error. Tests may unwrap: clippy's own switch for that does not see the
/// helper functions of integration tests, so the code that ships is linted once more without the exception; examples are
/// among it, which also keeps the features of shared dependencies those of the first time.
pub(crate) fn clippy() -> Result<()> {
    shell::run(&mut shell::line(
        "cargo clippy --workspace --all-targets --features xtask/bench --locked -- -D warnings \
         -A clippy::unwrap_used -A clippy::expect_used -A clippy::panic",
    ))?;
    shell::run(&mut shell::line(
        "cargo clippy --workspace --lib --bins --examples --features xtask/bench --locked -- -D warnings",
    ))
}

/// Third-party reach, licences and sources, as `deny.toml` lists them.
pub(crate) fn deny() -> Result<()> {
    let mut deny = shell::command(tools::cargo_deny()?);
    shell::run(deny.args(["--locked", "check", "bans", "licenses", "sources"]))
}

/// One TLS and crypto stack: neither ring nor openssl comes in by a side door.
pub(crate) fn single_crypto() -> Result<()> {
    let mut tree = shell::cargo();
    tree.args(["tree", "--workspace", "--locked", "--all-features", "--edges", "normal,build,dev"]);
    let tree = shell::read(tree.args(["--prefix", "none", "--format", "{p}"]))?;
    let foreign = |line: &&str| matches!(line.split(' ').next(), Some("ring" | "openssl" | "openssl-sys"));
    if let Some(line) = tree.lines().find(foreign) {
        bail!("{line} came into the dependency tree; `cargo tree --all-features -i <name>` shows by whom");
    }
    println!("neither ring nor openssl in the dependency tree");
    Ok(())
}
