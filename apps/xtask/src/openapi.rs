//! The committed API contract: Rust → `docs/openapi.json` → the page's generated client.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{binary, frontend, shell};

const GENERATED: &str = "frontend/src/api/generated";

fn snapshot() -> PathBuf {
    shell::root().join("docs/openapi.json")
}

/// The document that the binary of this tree serves.
fn document() -> Result<String> {
    shell::read(shell::command(binary::conductor()?).arg("openapi"))
}

/// `cargo xtask openapi`: writes both.
pub(crate) fn rewrite() -> Result<()> {
    fs::write(snapshot(), document()?)?;
    println!("wrote docs/openapi.json");
    if !shell::root().join("frontend/node_modules").is_dir() {
        frontend::install()?;
    }
    frontend::script("api:gen")
}

/// Fails when the committed document is not the one that this tree serves.
pub(crate) fn check() -> Result<()> {
    let committed =
        fs::read_to_string(snapshot()).context("docs/openapi.json is missing: run `cargo xtask openapi`")?;
    let served = document()?;
    if committed != served {
        let same = committed.lines().zip(served.lines()).take_while(|(old, new)| old == new).count();
        let line = |text: &str| text.lines().nth(same).unwrap_or("(the end)").trim().to_owned();
        bail!(
            "docs/openapi.json is not what the server serves, first at line {}:\n  committed: {}\n  served:    {}\n\
             run `cargo xtask openapi` and commit the result",
            same + 1,
            line(&committed),
            line(&served)
        );
    }
    println!("docs/openapi.json is what the server serves");
    Ok(())
}

/// Generates the page's client again and fails when that changes a file.
pub(crate) fn check_client() -> Result<()> {
    let folder = shell::root().join(GENERATED);
    let before = files(&folder)?;
    frontend::script("api:gen")?;
    let after = files(&folder)?;
    let changed: Vec<_> = after.iter().filter(|(path, text)| before.get(*path) != Some(text)).collect();
    if let Some((path, _)) = changed.first() {
        bail!(
            "{} generated file(s) changed, {} first: commit what `cargo xtask openapi` wrote",
            changed.len(),
            path.display()
        );
    }
    println!("{GENERATED} is what docs/openapi.json generates");
    Ok(())
}

fn files(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} is missing", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.insert(path.clone(), fs::read(&path)?);
        }
    }
    Ok(found)
}
