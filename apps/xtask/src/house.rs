//! House rules as code: what every source file holds to, a page for every error code (docs/style.md), and no merge left
//! half done.

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
    let (mut codes, mut words) = (BTreeSet::new(), BTreeSet::new());
    for path in files(root, &["apps", "crates", "migrations"], "rs")? {
        let text = fs::read_to_string(&path).with_context(|| format!("{} is unreadable", path.display()))?;
        let name = path.strip_prefix(root).unwrap_or(&path).to_owned();
        found.extend(broken_rules(&text).into_iter().map(|rule| format!("{}: {rule}", name.display())));
        if name.components().any(|part| part.as_os_str() == "src") && !name.starts_with("apps/xtask") {
            codes.extend(error_codes(&text));
            words.extend(text.split('"').filter(|word| is_code(word)).map(str::to_owned));
        }
    }
    let mut prose = files(root, &["docs", "crates"], "md")?;
    prose.extend(["README.md", "CHANGELOG.md"].map(|name| root.join(name)));
    for path in prose {
        let text = fs::read_to_string(&path).with_context(|| format!("{} is unreadable", path.display()))?;
        if text.lines().any(|line| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ")) {
            found.push(format!("{}: a merge was left half done", path.display()));
        }
    }
    let pages = pages(&root.join("docs/errors"))?;
    found.extend(codes.difference(&pages).map(|code| {
        format!(
            "the error code `{code}` has no page: write docs/errors/{code}.md, saying what to do about it"
        )
    }));
    found.extend(
        pages.difference(&words).map(|code| {
            format!("docs/errors/{code}.md explains a code that nothing answers with: delete it")
        }),
    );
    Ok(found)
}

/// The codes that have a page.
fn pages(folder: &Path) -> Result<BTreeSet<String>> {
    let mut pages = BTreeSet::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} is unreadable", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        pages.extend(name.strip_suffix(".md").filter(|code| is_code(code)).map(str::to_owned));
    }
    Ok(pages)
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

/// The codes that a file names: in the bodies of `fn code`, and where a problem is made by hand.
fn error_codes(text: &str) -> BTreeSet<String> {
    let production = text.split("#[cfg(test)]").next().unwrap_or_default();
    let answered = production.split("fn code(").skip(1).flat_map(|rest| literals(body(rest)));
    let made = ["Problem::new(", " problem(", "::problem("].into_iter().flat_map(|call| {
        let arguments = production.split(call).skip(1).filter_map(|rest| rest.split([';', '{']).next());
        arguments.filter_map(|arguments| arguments.split('"').nth(1)).filter(|word| is_code(word))
    });
    answered.chain(made.map(str::to_owned)).collect()
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
    text.split('"').skip(1).step_by(2).filter(|word| is_code(word)).map(str::to_owned).collect()
}

fn is_code(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|letter| matches!(letter, 'a'..='z' | '0'..='9' | '_'))
}

/// The files below these folders of `root` whose names end so.
fn files(root: &Path, tops: &[&str], ending: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders: Vec<_> = tops.iter().map(|top| root.join(top)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("{} is unreadable", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
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
    fn codes_are_read_from_problems_made_by_hand() {
        let text = r#"
            let first = Problem::new(StatusCode::BAD_REQUEST, "bad_request", "The body ended.");
            let second = runs::problem("too_late", "Too late", detail, false);
            let third = problem(error.code(), "not a code", "nor_this", true);"#;
        assert_eq!(error_codes(text), BTreeSet::from(["bad_request".to_owned(), "too_late".to_owned()]));
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
        assert_eq!(error_codes(text), BTreeSet::from(["a_code".to_owned(), "other".to_owned()]));
    }
}
