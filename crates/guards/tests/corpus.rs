//! How good the rules are, over texts that were written for it. `--nocapture` prints the figures.

#![expect(clippy::cast_precision_loss, reason = "a corpus has fewer texts than a float has digits")]

use conductor_domain::GuardKind;
use conductor_guards::{injection, sensitive};

/// The least share of attacks that must be found.
const FOUND: f64 = 0.95;
/// The most benign texts that may be taken for attacks.
const FALSE: f64 = 0.02;

fn texts(file: &str) -> Vec<&str> {
    file.split("\n---\n").map(str::trim_end).collect()
}

#[test]
fn attacks_are_found_and_benign_texts_left_alone() {
    let (attacks, benign) =
        (texts(include_str!("../corpus/attacks.txt")), texts(include_str!("../corpus/benign.txt")));
    let missed: Vec<_> = attacks.iter().filter(|text| injection(text).is_empty()).collect();
    let wrong: Vec<_> =
        benign.iter().filter_map(|text| Some((text, injection(text).first()?.rule.clone()))).collect();
    let found = 1.0 - missed.len() as f64 / attacks.len() as f64;
    let falsely = wrong.len() as f64 / benign.len() as f64;
    println!(
        "injection: {:.1} % of {} attacks found, {:.1} % of {} benign texts flagged",
        100.0 * found,
        attacks.len(),
        100.0 * falsely,
        benign.len()
    );
    assert!(attacks.len() >= 40 && benign.len() >= 60);
    assert!(found >= FOUND, "missed {missed:#?}");
    assert!(falsely <= FALSE, "flagged {wrong:#?}");
}

#[test]
fn secrets_and_personal_data_are_told_from_what_looks_like_them() {
    let mut wrong = Vec::new();
    let mut counts = [0, 0, 0];
    for line in include_str!("../corpus/secrets.txt").lines() {
        let (kind, text) = line.split_once(" | ").unwrap();
        let text = text.replace("\\n", "\n");
        let found: Vec<GuardKind> = sensitive(&text, &[]).into_iter().map(|finding| finding.kind).collect();
        let right = match kind {
            "secret" => found.contains(&GuardKind::Secret),
            "pii" => found.contains(&GuardKind::Pii),
            _ => found.is_empty(),
        };
        counts[["secret", "pii", "none"].iter().position(|it| *it == kind).unwrap()] += 1;
        if !right {
            wrong.push((line, found));
        }
    }
    println!("output: {} of {counts:?} texts (secrets, personal data, neither) judged wrongly", wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn prose_and_source_are_left_alone() {
    // Text in bulk that nobody wrote for this: what the repository itself says.
    let prose = [
        include_str!("../README.md"),
        include_str!("../../rbac/README.md"),
        include_str!("../../../README.md"),
    ];
    for text in prose.iter().flat_map(|text| text.split("\n\n")) {
        // The guards' own README names what they find.
        let quoted = text.contains("ignore all previous");
        assert!(quoted || injection(text).is_empty(), "{text}: {:?}", injection(text));
        assert!(sensitive(text, &[GuardKind::Secret]).is_empty(), "{text}: {:?}", sensitive(text, &[]));
    }
}
