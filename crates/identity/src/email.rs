//! Addresses: one spelling per account, so that limits and uniqueness cannot be walked around.

use conductor_domain::FieldError;
use unicode_normalization::UnicodeNormalization;

/// Trimmed, compatibility-composed, lower-case.
pub(crate) fn normalise(email: &str) -> String {
    email.trim().nfkc().flat_map(char::to_lowercase).collect()
}

/// The normalised form of something that looks like an address.
pub(crate) fn check(pointer: &str, email: &str) -> Result<String, FieldError> {
    let email = normalise(email);
    let plausible = email.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && !host.contains('@')
            && host.len() >= 3
            && host.split('.').all(|label| !label.is_empty())
    });
    let clean =
        email.len() <= 254 && !email.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    if plausible && clean {
        return Ok(email);
    }
    Err(FieldError::new(pointer, "invalid_email", "Enter an email address such as ada@example.com."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_one() {
        for spelling in [
            "ada@example.com",
            " Ada@Example.COM\n",
            "ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ",
            "\u{212b}da@example.com",
        ] {
            let expected =
                if spelling.starts_with('\u{212b}') { "åda@example.com" } else { "ada@example.com" };
            assert_eq!(normalise(spelling), expected);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in
            ["", "ada", "@example.com", "ada@", "ada@a..b", "a da@example.com", "a@b@c.de", "ada@x\r\ny.com"]
        {
            assert!(check("/email", bad).is_err(), "{bad:?}");
        }
        assert_eq!(check("/email", "Ada@localhost").unwrap(), "ada@localhost");
    }
}
