//! What the tests need beside Rust and Node: Debian packages, pinned cargo tools, and MCP servers of others.
//!
//! Everything that is not a Debian package lives in a cache outside the tree, under a name that changes with its pin,
//! so that a second run installs nothing.

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::shell;

const CARGO_DENY: &str = "0.20.2";
const CARGO_NEXTEST: [u32; 3] = [0, 9, 143];

/// A Debian package, and how to see that it is there.
pub(crate) struct Package {
    name: &'static str,
    present: fn() -> bool,
}

pub(crate) const BUBBLEWRAP: Package =
    Package { name: "bubblewrap", present: || shell::which("bwrap").is_some() };
pub(crate) const CHROMIUM: Package =
    Package { name: "chromium", present: || Path::new("/usr/bin/chromium").is_file() };
pub(crate) const FONTS: Package =
    Package { name: "fonts-dejavu-core", present: || Path::new("/usr/share/fonts/truetype/dejavu").is_dir() };
pub(crate) const POSTGRESQL: Package =
    Package { name: "postgresql", present: || crate::postgres::programs().is_some() };
pub(crate) const STRACE: Package = Package { name: "strace", present: || shell::which("strace").is_some() };
pub(crate) const VENV: Package = Package { name: "python3-venv", present: python_has_venv };

fn python_has_venv() -> bool {
    shell::command("python3")
        .args(["-c", "import ensurepip, venv"])
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Installs the packages that are missing where that is allowed, else names them.
pub(crate) fn packages(wanted: &[&Package]) -> Result<()> {
    let mut missing: Vec<_> =
        wanted.iter().filter(|package| !(package.present)()).map(|package| package.name).collect();
    missing.sort_unstable();
    missing.dedup();
    if missing.is_empty() {
        return Ok(());
    }
    if !shell::is_root() || shell::which("apt-get").is_none() {
        bail!(
            "the tests need these packages of the distribution, please install them: {}",
            missing.join(" ")
        );
    }
    println!("installing {}", missing.join(" "));
    let apt = || {
        let mut command = shell::command("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet");
        command
    };
    shell::run(apt().arg("update"))?;
    shell::run(apt().args(["install", "--yes", "--no-install-recommends"]).args(&missing))?;
    match wanted.iter().find(|package| !(package.present)()) {
        Some(package) => bail!("{} was installed and still is not found", package.name),
        None => Ok(()),
    }
}

/// The folder of installed tools.
fn cache() -> Result<PathBuf> {
    let base = shell::setting("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base.or_else(|| shell::setting("HOME").map(|home| Path::new(&home).join(".cache")));
    let cache = base.context("neither XDG_CACHE_HOME nor HOME is set")?.join("conductor/tools");
    fs::create_dir_all(&cache).with_context(|| format!("{} cannot be created", cache.display()))?;
    Ok(cache)
}

/// The pinned cargo-deny, built once.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    installed("cargo-deny", CARGO_DENY)
}

/// A cargo-nextest that is at least the pinned one: the machine's own, else one built once.
pub(crate) fn cargo_nextest() -> Result<PathBuf> {
    if let Some(found) = shell::which("cargo-nextest") {
        let version = shell::read(shell::command(&found).args(["nextest", "--version"])).unwrap_or_default();
        if numbers(version.split_whitespace().nth(1).unwrap_or_default()) >= CARGO_NEXTEST.to_vec() {
            return Ok(found);
        }
    }
    installed("cargo-nextest", &CARGO_NEXTEST.map(|number| number.to_string()).join("."))
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map_while(|number| number.parse().ok()).collect()
}

fn installed(name: &str, version: &str) -> Result<PathBuf> {
    let folder = cache()?.join(format!("{name}-{version}"));
    let program = folder.join("bin").join(name);
    if !program.is_file() {
        println!("building {name} {version}, once (it stays in {})", folder.display());
        let mut cargo = shell::cargo();
        cargo.args(["install", "--quiet", "--locked", name, "--version", version, "--root"]).arg(&folder);
        // A build of its own folder would be thrown away; the default one is temporary as well.
        shell::run(cargo.env_remove("CARGO_TARGET_DIR"))?;
    }
    Ok(program)
}

/// Servers and clients of others, for the tests of `crates/mcp-client`: `<folder>/node_modules` and `<folder>/venv`.
pub(crate) fn peers() -> Result<PathBuf> {
    let source = shell::root().join("crates/mcp-client/tests/peers");
    keyed("peers", &source, &["package.json", "package-lock.json", "requirements.txt"], |folder| {
        shell::run(shell::command("npm").args(["ci", "--no-audit", "--no-fund", "--prefix"]).arg(folder))?;
        python(folder)
    })
}

/// A Python environment with what `requirements.txt` of this folder names: `<folder>/venv`.
pub(crate) fn python_environment(name: &str, source: &Path) -> Result<PathBuf> {
    keyed(name, source, &["requirements.txt"], python)
}

fn python(folder: &Path) -> Result<()> {
    packages(&[&VENV])?;
    let venv = folder.join("venv");
    shell::run(shell::command("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    let mut pip = shell::command(venv.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    shell::run(pip.arg(folder.join("requirements.txt")))
}

/// A folder made once per content of its pins; the last file written says that it is whole.
fn keyed(name: &str, source: &Path, pins: &[&str], install: impl Fn(&Path) -> Result<()>) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    let mut texts = Vec::new();
    for pin in pins {
        let path = source.join(pin);
        let text = fs::read(&path).with_context(|| format!("{} is missing", path.display()))?;
        text.hash(&mut hasher);
        texts.push((pin, text));
    }
    let folder = cache()?.join(format!("{name}-{:016x}", hasher.finish()));
    let complete = folder.join("complete");
    if !complete.is_file() {
        println!("installing {name} into {}", folder.display());
        fs::create_dir_all(&folder)?;
        for (pin, text) in texts {
            fs::write(folder.join(pin), text)?;
        }
        install(&folder)?;
        fs::write(&complete, "")?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(numbers("0.9.143") >= CARGO_NEXTEST.to_vec());
        assert!(numbers("0.10.2") >= CARGO_NEXTEST.to_vec());
        assert!(numbers("0.9.99") < CARGO_NEXTEST.to_vec());
        assert!(numbers("") < CARGO_NEXTEST.to_vec());
    }
}
