//! Mistyped keys: an error in the file, where a person wrote them; a warning in the environment, where clusters inject
//! names of their own.

use std::path::Path;

use anyhow::{Result, bail};
use serde_json::Value;

use super::Config;

/// Refuses unknown keys, naming the nearest known one.
pub(super) fn file(text: &str, path: &Path) -> Result<()> {
    let table: toml::Table =
        text.parse().map_err(|error| anyhow::anyhow!("{} is not valid TOML: {error}", path.display()))?;
    let known = keys();
    for key in table.keys() {
        if !known.contains(key) {
            bail!("{}: there is no setting {key:?}{}", path.display(), suggestion(key, &known));
        }
    }
    Ok(())
}

/// The settings that the environment sets, and a sentence for each variable that is none.
pub(super) fn environment() -> (Vec<String>, Vec<String>) {
    let known = keys();
    let (mut set, mut warnings) = (Vec::new(), Vec::new());
    for (name, _) in std::env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        let Some(key) = name.strip_prefix("CONDUCTOR_") else { continue };
        let key = key.to_lowercase();
        if known.contains(&key) {
            set.push(key);
        } else if !key.starts_with("test_") {
            warnings.push(format!("{name} is not a setting of Conductor{}", suggestion(&key, &known)));
        }
    }
    (set, warnings)
}

fn keys() -> Vec<String> {
    match serde_json::to_value(Config::default()) {
        Ok(Value::Object(map)) => map.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

fn suggestion(key: &str, known: &[String]) -> String {
    let nearest =
        known.iter().max_by(|a, b| strsim::jaro_winkler(key, a).total_cmp(&strsim::jaro_winkler(key, b)));
    nearest.map_or_else(String::new, |nearest| format!("; did you mean {nearest:?}?"))
}

/// A database URL without its password.
pub(super) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match rest.rsplit_once('@') {
        Some((login, place)) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:•••@{place}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_names_the_nearest_known_one() {
        let error = file("lisen = \"127.0.0.1:1\"", Path::new("conductor.toml")).unwrap_err().to_string();
        assert!(error.contains("\"lisen\"") && error.contains("did you mean \"listen\""), "{error}");
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(without_password("postgres://me:secret@db/conductor"), "postgres://me:•••@db/conductor");
        assert_eq!(without_password("sqlite://data/conductor.db"), "sqlite://data/conductor.db");
    }
}
