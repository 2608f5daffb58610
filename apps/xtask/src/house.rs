//! House rules as code: what every source file holds to, and a page for every error code (docs/style.md).

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// More than this and a file is split.
const LONGEST_FILE: usize = 800;

/// One sentence per broken rule, in all Rust sources below `root`.
pub(crate) fn violations(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut codes = BTreeSet::new();
    for path in rust_files(root)? {
        let text = fs::read_to_string(&path).with_context(|| format!("{} is unreadable", path.display()))?;
        let name = path.strip_prefix(root).unwrap_or(&path).to_owned();
        found.extend(
            broken_rules(&text)
                .into_iter()
                .map(|rule| format!("{}: {rule}", name.display())),
        );
        if name.starts_with("crates") && name.components().any(|part| part.as_os_str() == "src") {
            codes.extend(error_codes(&text));
        }
    }
    let page = |code: &String| root.join("docs/errors").join(format!("{code}.md"));
    found.extend(codes.iter().filter(|code| !page(code).is_file()).map(|code| {
        format!(
            "the error code `{code}` has no page: write docs/errors/{code}.md, saying what to do about it"
        )
    }));
    Ok(found)
}

fn broken_rules(text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    if !text.starts_with("//!") && !text.starts_with("#![doc") {
        broken.push("opens without `//!` saying why the file exists".to_owned());
    }
    let lines = text.lines().count();
    if lines > LONGEST_FILE {
        broken.push(format!("has {lines} lines, more than {LONGEST_FILE}: split it"));
    }
    if text.lines().any(|line| line.trim_start().starts_with("#[ignore")) {
        broken.push("switches a test off with #[ignore]".to_owned());
    }
    broken
}

/// The string literals that the bodies of `fn code` answer with.
fn error_codes(text: &str) -> BTreeSet<String> {
    let production = text.split("#[cfg(test)]").next().unwrap_or_default();
    production
        .split("fn code(")
        .skip(1)
        .flat_map(|rest| literals(body(rest)))
        .collect()
}

/// The text between the first brace and the one that closes it.
fn body(text: &str) -> &str {
    let Some(start) = text.find('{') else { return "" };
    let mut depth = 0_usize;
    for (at, character) in text.char_indices().skip_while(|(at, _)| *at < start) {
        match character {
            '{' => depth += 1,
            '}' if depth == 1 => return &text[start..at],
            '}' => depth -= 1,
            _ => {}
        }
    }
    ""
}

fn literals(text: &str) -> Vec<String> {
    let code = |word: &&str| {
        !word.is_empty()
            && word
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
    };
    text.split('"')
        .skip(1)
        .step_by(2)
        .filter(code)
        .map(str::to_owned)
        .collect()
}

fn rust_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders: Vec<_> = ["apps", "crates", "migrations"].map(|top| root.join(top)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("{} is unreadable", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell;

    #[test]
    fn the_house_keeps_its_rules() {
        assert_eq!(violations(&shell::root()).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn each_rule_is_noticed() {
        let text = format!("fn a() {{}}\n{}    #[ignore]\n", "\n".repeat(LONGEST_FILE));
        let broken = broken_rules(&text);
        assert_eq!(broken.len(), 3, "{broken:?}");
        assert!(broken_rules("//! Why.\n").is_empty());
    }

    #[test]
    fn codes_are_read_from_the_bodies_of_code() {
        let text = r#"
            impl Kind for Error {
                fn kind(&self) -> ErrorKind { ErrorKind::Invalid }
                fn code(&self) -> &'static str {
                    match self { Self::A { .. } => "a_code", Self::B(source) => source.code(), _ => "other" }
                }
                fn rule_id(&self) -> Option<String> { Some("not_a_code".to_owned()) }
            }"#;
        assert_eq!(
            error_codes(text),
            BTreeSet::from(["a_code".to_owned(), "other".to_owned()])
        );
    }
}
