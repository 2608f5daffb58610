//! Names by which workflows are run: plain words, unique in their scope, found where nobody chose one.

use conductor_domain::WorkflowId;
use conductor_storage::ScopedTx;

use crate::{Error, Result};

/// The longest name.
pub(super) const MAX_CHARS: usize = 100;

/// Whether a name can stand in an address as it is.
pub(super) fn is_plain(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    (1..=MAX_CHARS).contains(&name.len())
        && name.chars().all(plain)
        && name.starts_with(|letter: char| letter.is_ascii_alphanumeric())
}

/// A plain name made of any other: lower-case words joined by hyphens.
pub(super) fn plain(name: &str) -> String {
    let mut made = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            letter if letter.is_ascii_alphanumeric() => made.push(letter),
            _ if made.is_empty() || made.ends_with('-') => {}
            _ => made.push('-'),
        }
    }
    made.truncate(MAX_CHARS);
    let made = made.trim_end_matches('-');
    // A name of another script leaves nothing; its workflow is told apart by a number.
    if made.is_empty() { "workflow".to_owned() } else { made.to_owned() }
}

/// Refuses a name that another workflow of the scope has.
pub(super) async fn require_free(tx: ScopedTx<'_>, name: &str, of: Option<WorkflowId>) -> Result<()> {
    for (id, taken) in tx.workflows().names_like(name).await? {
        if Some(id) != of && taken.eq_ignore_ascii_case(name) {
            return Err(Error::NameTaken { what: "workflow", name: name.to_owned() });
        }
    }
    Ok(())
}

/// A free name for a copy: `name-copy`, `name-copy-2`, …
pub(super) async fn free(tx: ScopedTx<'_>, name: &str) -> Result<String> {
    let base = name.split("-copy").next().unwrap_or(name);
    let base: String = base.chars().take(MAX_CHARS - "-copy-99999".len()).collect();
    numbered(tx, &format!("{base}-copy")).await
}

/// The name where it is free, otherwise the next with a number: `name`, `name-2`, …
pub(super) async fn numbered(tx: ScopedTx<'_>, base: &str) -> Result<String> {
    let taken = tx.workflows().names_like(base).await?;
    let mut number = 1;
    loop {
        let name = if number == 1 { base.to_owned() } else { format!("{base}-{number}") };
        if taken.iter().all(|(_, taken)| !taken.eq_ignore_ascii_case(&name)) {
            return Ok(name);
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_plain_words() {
        for (name, made) in [
            ("Proposal Generation Workflow", "proposal-generation-workflow"),
            ("  R&D / 2026  ", "r-d-2026"),
            ("翻訳", "workflow"),
        ] {
            assert_eq!(plain(name), made);
            assert!(is_plain(made));
        }
        assert!(plain(&"ab ".repeat(90)).len() <= MAX_CHARS);
        assert!(is_plain("Lead_Scoring.v2") && !is_plain("") && !is_plain("-a") && !is_plain("a b"));
    }
}
