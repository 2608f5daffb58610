//! Names and slugs: unique in their scope, and found where nobody chose one.

use conductor_domain::{AgentId, AgentSpec};
use conductor_storage::ScopedTx;

use crate::{Error, Result};

/// The longest name and the longest slug.
pub(super) const MAX_CHARS: usize = 100;

/// An address made of a name: lower-case words joined by hyphens.
pub(super) fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            letter if letter.is_ascii_alphanumeric() => slug.push(letter),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.truncate(MAX_CHARS);
    let slug = slug.trim_end_matches('-');
    // A name of another script leaves nothing; its agent is told apart by a number.
    if slug.is_empty() { "agent".to_owned() } else { slug.to_owned() }
}

/// Refuses a name or slug that another agent of the scope has.
pub(super) async fn require_free(tx: ScopedTx<'_>, spec: &AgentSpec, of: Option<AgentId>) -> Result<()> {
    for other in tx.agents().named_like(&spec.name, &spec.slug).await? {
        if Some(other.id) == of {
            continue;
        }
        if other.spec.name == spec.name {
            return Err(Error::NameTaken { field: "name", value: spec.name.clone() });
        }
        if other.spec.slug.eq_ignore_ascii_case(&spec.slug) {
            return Err(Error::NameTaken { field: "slug", value: spec.slug.clone() });
        }
    }
    Ok(())
}

/// A free name and slug for a copy: `Name (copy)`, `Name (copy 2)`, …
pub(super) async fn free(tx: ScopedTx<'_>, name: &str) -> Result<(String, String)> {
    let base = name.split(" (copy").next().unwrap_or(name);
    let base: String = base.chars().take(MAX_CHARS - " (copy 99999)".len()).collect();
    let base_slug = slug_of(&base);
    let taken = tx.agents().named_like(&base, &base_slug).await?;
    let mut number = 1;
    loop {
        let suffix = if number == 1 { " (copy)".to_owned() } else { format!(" (copy {number})") };
        let name = format!("{base}{suffix}");
        let slug = slug_of(&name);
        let free =
            taken.iter().all(|agent| agent.spec.name != name && !agent.spec.slug.eq_ignore_ascii_case(&slug));
        if free {
            return Ok((name, slug));
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_plain_words() {
        for (name, slug) in [
            ("Sales Agent", "sales-agent"),
            ("  R&D / 2026  ", "r-d-2026"),
            ("Übersetzer", "bersetzer"),
            ("翻訳", "agent"),
            ("a--b", "a-b"),
        ] {
            assert_eq!(slug_of(name), slug);
        }
        assert!(slug_of(&"ab ".repeat(90)).len() <= MAX_CHARS);
    }
}
