#![doc = include_str!("../README.md")]

mod injection;
mod reading;
mod sensitive;
mod stream;

use conductor_domain::{GuardFinding, GuardKind};

pub use injection::injection;
pub use sensitive::{mask, sensitive};
pub use stream::Filter;

/// Joins findings of one rule, so that a text that repeats itself is one line.
#[must_use]
pub fn merge(findings: impl IntoIterator<Item = GuardFinding>) -> Vec<GuardFinding> {
    let mut merged: Vec<GuardFinding> = Vec::new();
    for finding in findings {
        match merged.iter_mut().find(|known| known.kind == finding.kind && known.rule == finding.rule) {
            Some(known) => known.count += finding.count,
            None => merged.push(finding),
        }
    }
    merged
}

fn finding(kind: GuardKind, rule: &str, excerpt: String) -> GuardFinding {
    GuardFinding { kind, rule: rule.to_owned(), excerpt, count: 1 }
}

/// At most so many characters, on one line.
fn shortened(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
