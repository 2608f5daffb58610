//! Secrets and personal data in a text, by their own shapes and check digits.

use std::{ops::Range, sync::LazyLock};

use conductor_domain::{GuardFinding, GuardKind};
use regex::Regex;

use crate::{finding, merge};

/// How many characters of a match a finding shows.
const SHOWN: usize = 4;

/// A rule: its name, what it finds, its pattern, and what a match must also be. The last group of the pattern that
/// matched is what is replaced, else all of it.
struct Rule {
    name: &'static str,
    kind: GuardKind,
    pattern: &'static str,
    check: fn(&str) -> bool,
}

const fn rule(name: &'static str, kind: GuardKind, pattern: &'static str, check: fn(&str) -> bool) -> Rule {
    Rule { name, kind, pattern, check }
}

fn always(_: &str) -> bool {
    true
}

const RULES: [Rule; 20] = [
    rule(
        "private-key",
        GuardKind::Secret,
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\z)",
        always,
    ),
    rule("aws-key-id", GuardKind::Secret, r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", always),
    rule(
        "github-token",
        GuardKind::Secret,
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})\b",
        always,
    ),
    rule("gitlab-token", GuardKind::Secret, r"\bglpat-[A-Za-z0-9_-]{20,}", always),
    rule("slack-token", GuardKind::Secret, r"\bxox[abeprs]-[A-Za-z0-9-]{10,}", always),
    rule("stripe-key", GuardKind::Secret, r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}\b", always),
    rule("model-provider-key", GuardKind::Secret, r"\bsk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{20,}", varied),
    rule("google-key", GuardKind::Secret, r"\bAIza[0-9A-Za-z_-]{35}\b", always),
    rule("npm-token", GuardKind::Secret, r"\bnpm_[A-Za-z0-9]{36}\b", always),
    rule("hugging-face-token", GuardKind::Secret, r"\bhf_[A-Za-z0-9]{30,}\b", always),
    rule(
        "json-web-token",
        GuardKind::Secret,
        r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
        always,
    ),
    rule(
        "bearer-token",
        GuardKind::Secret,
        r"(?i)\bauthorization\s*:\s*(?:bearer|basic)\s+([A-Za-z0-9+/=._~-]{12,})",
        varied,
    ),
    rule(
        "password-in-address",
        GuardKind::Secret,
        r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,64}:([^\s/@]{3,128})@",
        unlike_a_placeholder,
    ),
    rule(
        "assigned-secret",
        GuardKind::Secret,
        r#"(?i)\b(?:password|passwd|pwd|passphrase|secret(?:[_-]?key)?|client[_-]?secret|api[_-]?key|access[_-]?key|access[_-]?token|auth[_-]?token|private[_-]?token)["']?\s*(?:=|:|=>|:=)\s*["']?([^\s"',;(){}<>\[\]]{8,128})"#,
        random_like,
    ),
    rule(
        "email",
        GuardKind::Pii,
        r"(?i)\b[a-z0-9](?:[a-z0-9._%+-]{0,62}[a-z0-9_+-])?@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,24}\b",
        a_persons_address,
    ),
    rule("payment-card", GuardKind::Pii, r"\b\d(?:[ -]?\d){12,18}\b", a_card),
    rule("iban", GuardKind::Pii, r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b", an_iban),
    rule("us-social-security", GuardKind::Pii, r"\b\d{3}-\d{2}-\d{4}\b", a_social_security_number),
    rule(
        "phone",
        GuardKind::Pii,
        r"\+[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){1,4}\b",
        a_phone_number,
    ),
    rule(
        "uk-national-insurance",
        GuardKind::Pii,
        r"\b[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b",
        always,
    ),
];

static PATTERNS: LazyLock<Vec<(&Rule, Regex)>> =
    LazyLock::new(|| RULES.iter().filter_map(|rule| Some((rule, Regex::new(rule.pattern).ok()?))).collect());

/// A place in a text, and the rule that found it.
pub(crate) struct Place {
    pub(crate) range: Range<usize>,
    rule: &'static str,
    kind: GuardKind,
}

/// What a text holds of these kinds, without what it says; empty where it holds nothing.
#[must_use]
pub fn sensitive(text: &str, kinds: &[GuardKind]) -> Vec<GuardFinding> {
    told(text, &places(text, kinds))
}

/// The text with everything of these kinds replaced by the name of its rule, and what that was.
#[must_use]
pub fn mask(text: &str, kinds: &[GuardKind]) -> (String, Vec<GuardFinding>) {
    let places = places(text, kinds);
    (masked(text, &places), told(text, &places))
}

pub(crate) fn masked(text: &str, places: &[Place]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for place in places {
        masked.push_str(&text[at..place.range.start]);
        masked.push_str("[");
        masked.push_str(place.rule);
        masked.push_str("]");
        at = place.range.end;
    }
    masked.push_str(&text[at..]);
    masked
}

pub(crate) fn told(text: &str, places: &[Place]) -> Vec<GuardFinding> {
    merge(places.iter().map(|place| {
        let shown: String = text[place.range.clone()].chars().take(SHOWN).collect();
        finding(place.kind, place.rule, format!("{shown}…"))
    }))
}

/// Places in order that do not overlap; where two rules find the same, the earlier rule of the list names it.
pub(crate) fn places(text: &str, kinds: &[GuardKind]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for (rule, pattern) in PATTERNS.iter().filter(|(rule, _)| kinds.is_empty() || kinds.contains(&rule.kind))
    {
        for found in pattern.captures_iter(text) {
            let Some(whole) = found.iter().flatten().last() else { continue };
            let range = whole.range();
            let taken = |place: &Place| place.range.start < range.end && range.start < place.range.end;
            if (rule.check)(whole.as_str()) && !places.iter().any(taken) {
                places.push(Place { range, rule: rule.name, kind: rule.kind });
            }
        }
    }
    places.sort_by_key(|place| place.range.start);
    places
}

/// At least a letter and a digit or a mark: `sk-learn-contrib-something-long` is a name.
fn varied(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= 2 && text.bytes().any(|it| it.is_ascii_alphabetic())
}

/// `${PASSWORD}`, `<password>`, `***`, `password` are what documentation writes.
fn unlike_a_placeholder(text: &str) -> bool {
    let plain = text.to_ascii_lowercase();
    let marks = ["$", "{", "<", "%", "*", "xxx", "…", "..."];
    let words = [
        "password",
        "passwd",
        "secret",
        "changeme",
        "example",
        "your",
        "token",
        "redacted",
        "placeholder",
        "dummy",
    ];
    !marks.iter().any(|mark| plain.contains(mark)) && !words.iter().any(|word| plain.contains(word))
}

/// Letters and digits mixed so that no word or name looks like it: at least 3 bits a character (Shannon).
fn random_like(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    if digits < 2 || letters < 2 || !unlike_a_placeholder(text) || text.contains("::") || text.contains("()")
    {
        return false;
    }
    let mut counts = [0_usize; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 128 characters")]
    let share = |count: usize| count as f64 / text.len() as f64;
    let bits: f64 =
        counts.iter().filter(|count| **count > 0).map(|count| -share(*count) * share(*count).log2()).sum();
    bits >= 3.0
}

/// Addresses that stand for nobody: those of documentation (RFC 2606), and `git@host` and the like.
fn a_persons_address(text: &str) -> bool {
    let (name, host) = text.rsplit_once('@').unwrap_or_default();
    let host = host.to_ascii_lowercase();
    let reserved = ["example.com", "example.org", "example.net", "localhost"];
    let machine = ["git", "noreply", "no-reply", "npm", "user", "root"];
    let ending = host.rsplit('.').next().unwrap_or_default();
    !reserved.iter().any(|it| host == *it || host.ends_with(&format!(".{it}")))
        && !["test", "invalid", "example", "local", "png", "jpg", "svg", "js", "css"].contains(&ending)
        && !machine.contains(&name.to_ascii_lowercase().as_str())
}

fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|it| it.to_digit(10)).collect()
}

/// Known first digits, a length that its issuer uses, and the check digit of ISO/IEC 7812.
fn a_card(text: &str) -> bool {
    let digits = digits(text);
    let first = digits.iter().take(4).fold(0, |number, digit| number * 10 + digit);
    let issued = match digits.len() {
        13 | 19 => (4000..5000).contains(&first),
        14 => (3000..3060).contains(&first) || (3600..3700).contains(&first) || (3800..4000).contains(&first),
        15 => (3400..3500).contains(&first) || (3700..3800).contains(&first),
        16 => {
            (3528..=3589).contains(&first)
                || (4000..5600).contains(&first)
                || (2221..=2720).contains(&first)
                || (6000..7000).contains(&first)
        }
        _ => false,
    };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match (at % 2, digit * 2) {
            (0, _) => *digit,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    issued && sum % 10 == 0 && digits.iter().any(|digit| *digit != digits[0])
}

/// ISO 13616: the first four characters go last, letters count from 10, and the rest by 97 is 1.
fn an_iban(text: &str) -> bool {
    let plain: Vec<char> = text.chars().filter(|it| !it.is_whitespace()).collect();
    if !(15..=34).contains(&plain.len()) {
        return false;
    }
    let rest = plain[4..].iter().chain(&plain[..4]).try_fold(0_u32, |rest, it| {
        let value = it.to_digit(36)?;
        Some(if value > 9 { (rest * 100 + value) % 97 } else { (rest * 10 + value) % 97 })
    });
    rest == Some(1)
}

fn a_social_security_number(text: &str) -> bool {
    let (area, rest) = text.split_at(3);
    !(area == "000"
        || area == "666"
        || area.starts_with('9')
        || rest.starts_with("-00")
        || text.ends_with("0000"))
}

/// E.164: 8 to 15 digits, country code included.
fn a_phone_number(text: &str) -> bool {
    (9..=15).contains(&digits(text).len())
}

#[cfg(test)]
mod tests {
    use conductor_domain::GuardKind;

    use super::{PATTERNS, RULES, mask, sensitive};

    #[test]
    fn every_rule_compiles() {
        assert_eq!(PATTERNS.len(), RULES.len());
    }

    #[test]
    fn what_is_found_is_replaced_and_not_told() {
        let text = "key AKIAIOSFODNN7EXAMPLE, mail ada@lovelace.dev, card 4242 4242 4242 4242.";
        let (masked, found) = mask(text, &[]);
        assert_eq!(masked, "key [aws-key-id], mail [email], card [payment-card].");
        let rules: Vec<_> = found.iter().map(|found| (found.rule.as_str(), found.excerpt.as_str())).collect();
        assert_eq!(rules, [("aws-key-id", "AKIA…"), ("email", "ada@…"), ("payment-card", "4242…")]);
        assert_eq!(
            mask(text, &[GuardKind::Pii]).0,
            "key AKIAIOSFODNN7EXAMPLE, mail [email], card [payment-card]."
        );
    }

    #[test]
    fn only_the_secret_part_of_a_sentence_goes() {
        assert_eq!(
            mask("postgres://app:h7Gq2xLw@db/prod", &[]).0,
            "postgres://app:[password-in-address]@db/prod"
        );
        assert_eq!(mask("password = \"h7Gq2xLw9pZ\"", &[]).0, "password = \"[assigned-secret]\"");
    }

    #[test]
    fn check_digits_decide() {
        assert!(sensitive("4242 4242 4242 4243", &[]).is_empty());
        assert_eq!(sensitive("DE89 3704 0044 0532 0130 00", &[])[0].rule, "iban");
        assert!(sensitive("DE89 3704 0044 0532 0130 01", &[]).is_empty());
        assert!(sensitive("000-12-3456 and order 123-45-67890", &[]).is_empty());
    }
}
