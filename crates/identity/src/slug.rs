//! Names of organisations as one word for headers.

use conductor_domain::FieldError;

/// `Acme & Söhne GmbH` as `acme-söhne-gmbh`: lower-case letters and digits, joined by hyphens.
pub(crate) fn from_name(name: &str) -> String {
    let words: Vec<String> = name
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let slug: String = words.join("-").chars().filter(char::is_ascii).take(60).collect();
    let slug = slug.trim_matches('-');
    if slug.is_empty() { "organisation".to_owned() } else { slug.to_owned() }
}

/// A slug that someone chose.
pub(crate) fn check(pointer: &str, slug: &str) -> Result<String, FieldError> {
    let slug = slug.trim().to_ascii_lowercase();
    let good = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if (2..=64).contains(&slug.len())
        && slug.chars().all(good)
        && !slug.starts_with('-')
        && !slug.ends_with('-')
    {
        return Ok(slug);
    }
    let detail = "Use 2 to 64 lower-case letters, digits and hyphens, such as acme-labs.";
    Err(FieldError::new(pointer, "invalid_slug", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_words() {
        assert_eq!(from_name("Acme Labs, Inc."), "acme-labs-inc");
        assert_eq!(from_name("  --  "), "organisation");
        assert_eq!(from_name("日本"), "organisation");
        assert_eq!(check("/slug", " Acme-1 ").unwrap(), "acme-1");
        for bad in ["", "a", "-a-", "a b", "a_b"] {
            assert!(check("/slug", bad).is_err(), "{bad:?}");
        }
    }
}
