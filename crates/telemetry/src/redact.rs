//! Masks secrets on their way into logs and traces: by the name of the field, and by the look of the value.
//!
//! A net under the rope: code that handles secrets uses types that do not print. What slips through is caught here.

use std::borrow::Cow;

/// What stands where a secret stood.
pub(crate) const MASK: &str = "[redacted]";

/// Words of a field's name that make its value secret.
const NAMES: &[&str] = &[
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "passphrase",
    "passwd",
    "password",
    "secret",
    "secrets",
    "token",
];

/// The same for names of two words.
const PAIRS: &[(&str, &str)] = &[("api", "key"), ("private", "key"), ("signing", "key"), ("access", "key")];

/// Prefixes that providers, platforms and we give to keys, with the fewest characters that follow.
const PREFIXES: &[(&str, usize)] = &[
    ("sk-", 8),
    ("sk_", 8),
    ("ck_", 6),
    ("rk_", 8),
    ("pk_", 8),
    ("ghp_", 8),
    ("gho_", 8),
    ("ghs_", 8),
    ("github_pat_", 8),
    ("glpat-", 8),
    ("xoxb-", 8),
    ("xoxp-", 8),
    ("AKIA", 12),
    ("AIza", 20),
    ("hf_", 8),
    ("gsk_", 8),
];

/// Schemes of the `Authorization` header; what follows one is a credential.
const SCHEMES: &[&str] = &["bearer", "basic"];

/// Whether a field of this name holds a secret, such as `password`, `http.request.header.authorization`, `api_key`.
/// Counts of tokens (`input_tokens`) do not.
#[must_use]
pub fn is_sensitive_name(name: &str) -> bool {
    let snake = split_camel(name);
    let mut words = snake.split(|other: char| !other.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut last = "";
    words.any(|word| {
        let pair = (std::mem::replace(&mut last, word), word);
        NAMES.contains(&word) || word == "apikey" || PAIRS.contains(&pair)
    })
}

/// `apiKey` and `X-Api-Key` as `api_key` and `x-api-key`.
fn split_camel(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut after_lower = false;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && after_lower {
            snake.push('_');
        }
        after_lower = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// The text with everything that looks like a credential masked: keys by their prefix, what follows `Bearer` or
/// `Basic`, JSON web tokens, passwords in URLs.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut clean = String::new();
    let mut kept = 0;
    let mut after_scheme = false;
    for (start, word) in words(text) {
        let secret =
            if (after_scheme && word.len() >= 6) || is_web_token(word) { Some(0) } else { key_start(word) };
        let colon_before = word.ends_with(':');
        after_scheme = SCHEMES.contains(&word.trim_end_matches(':').to_ascii_lowercase().as_str())
            || (after_scheme && colon_before && word.len() == 1);
        if let Some(offset) = secret {
            clean.push_str(&text[kept..start + offset]);
            clean.push_str(MASK);
            kept = start + word.len();
        }
    }
    let masked = if kept == 0 {
        Cow::Borrowed(text)
    } else {
        clean.push_str(&text[kept..]);
        Cow::Owned(clean)
    };
    match mask_userinfo(&masked) {
        Some(cleaner) => Cow::Owned(cleaner),
        None => masked,
    }
}

/// Runs of characters that credentials are made of, with where they start.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_.+/=~:".contains(letter);
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(is_part)?;
        let len = text[start..].find(|letter| !is_part(letter)).unwrap_or(text.len() - start);
        rest = start + len;
        Some((start, &text[start..rest]))
    })
}

/// Where in a word a key starts: at its beginning or after a separator, as in `key=sk-…`.
fn key_start(word: &str) -> Option<usize> {
    PREFIXES
        .iter()
        .filter_map(|(prefix, least)| {
            word.match_indices(prefix).map(|(at, _)| at).find(|at| {
                let bounded = *at == 0 || !word.as_bytes()[at - 1].is_ascii_alphanumeric();
                let body = &word[at + prefix.len()..];
                bounded
                    && body
                        .bytes()
                        .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
                        .count()
                        >= *least
            })
        })
        .min()
}

fn is_web_token(word: &str) -> bool {
    let word = word.rsplit(['=', ':']).find(|part| part.contains('.')).unwrap_or(word);
    word.starts_with("eyJ") && word.len() > 20 && word.matches('.').count() == 2
}

/// `https://user:pass@host` as `https://[redacted]@host`.
fn mask_userinfo(text: &str) -> Option<String> {
    let mut clean = String::new();
    let mut kept = 0;
    for (scheme, _) in text.match_indices("://") {
        let start = scheme + 3;
        if start < kept {
            continue;
        }
        let authority = &text[start..];
        let end = authority
            .find(|end: char| end == '/' || end == '?' || end == '#' || end.is_whitespace() || end == '"');
        let authority = &authority[..end.unwrap_or(authority.len())];
        if let Some(at) = authority.rfind('@') {
            clean.push_str(&text[kept..start]);
            clean.push_str(MASK);
            kept = start + at;
        }
    }
    (kept > 0).then(|| clean + &text[kept..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_hold_secrets_are_known_in_any_spelling() {
        for name in [
            "password",
            "user.password",
            "new_password",
            "token",
            "access_token",
            "refresh-token",
            "client_secret",
            "http.request.header.authorization",
            "Authorization",
            "api_key",
            "apiKey",
            "X-Api-Key",
            "apikey",
            "cookie",
            "set-cookie",
            "privateKey",
            "credentials",
        ] {
            assert!(is_sensitive_name(name), "{name}");
        }
        for name in [
            "gen_ai.usage.input_tokens",
            "max_tokens",
            "run.id",
            "keyboard",
            "author",
            "tokenizer",
            "key_id",
            "organization.id",
            "message",
        ] {
            assert!(!is_sensitive_name(name), "{name}");
        }
    }

    #[test]
    fn values_that_look_like_credentials_are_masked_and_the_rest_is_kept() {
        let cases = [
            ("Authorization: Bearer abc.def-123", "Authorization: Bearer [redacted]"),
            ("bearer QWxhZGRpbjpvcGVu and more", "bearer [redacted] and more"),
            ("Basic dXNlcjpwYXNz", "Basic [redacted]"),
            ("key sk-proj-abcdef123456 was refused", "key [redacted] was refused"),
            ("?key=sk-ant-abcdef123456&x=1", "?key=[redacted]&x=1"),
            ("ck_live_0123456789", "[redacted]"),
            ("\"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl\"", "\"[redacted]\""),
            ("postgres://app:hunter2@db:5432/x", "postgres://[redacted]@db:5432/x"),
            ("two: ck_abcdef12, ghp_abcdefgh12345678.", "two: [redacted], [redacted]"),
        ];
        for (text, expected) in cases {
            assert_eq!(redact(text), expected);
        }
        for text in [
            "a task-oriented agent",
            "risk-averse",
            "asked for a bearer",
            "see https://host/@user",
            "sk-1",
            "run 5 of 7",
        ] {
            assert!(matches!(redact(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_key_survives_in_any_surrounding(before in "[ -~]{0,20}", after in "[ -~]{0,20}", key in "[A-Za-z0-9]{24}") {
            let text = format!("{before} sk-{key} {after}");
            prop_assert!(!redact(&text).contains(&key));
            let text = format!("{before} Bearer {key} {after}");
            prop_assert!(!redact(&text).contains(&key));
        }

        #[test]
        fn any_text_is_taken_without_a_panic(text: String) {
            let _ = (redact(&text), is_sensitive_name(&text));
        }
    }
}
