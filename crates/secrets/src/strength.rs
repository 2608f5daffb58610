//! Refuses secrets that could be guessed, so that no installation runs on a known or typed-in key.

use crate::Error;

/// Texts that stand in examples, images and other products' defaults; compared without case, ends and separators.
const KNOWN: &[&str] = &[
    "admin",
    "changeit",
    "changeme",
    "changethis",
    "conductor",
    "conductorsecret",
    "default",
    "defaultsecret",
    "example",
    "flowise",
    "insecure",
    "jwtsecret",
    "langflow",
    "letmein",
    "mysecret",
    "mysecretkey",
    "n8n",
    "openwebui",
    "password",
    "pleasechangeme",
    "qwerty",
    "secret",
    "secretkey",
    "supersecret",
    "supersecretkey",
    "test",
    "testsecret",
    "thisisasecret",
    "yoursecret",
    "yoursecretkey",
];

/// Checks raw key material: at least 32 bytes that look drawn by lot.
///
/// # Errors
/// `Weak`, saying what is weak.
pub fn check_bytes(key: &[u8]) -> Result<(), Error> {
    let weak = |why: &str| Err(Error::Weak { why: why.to_owned() });
    if key.len() < 32 {
        return Err(Error::Weak { why: format!("it has {} bytes and needs 32", key.len()) });
    }
    if key.iter().all(|byte| *byte == 0) {
        return weak("it is all zeros");
    }
    // 32 bytes drawn by lot hold about 30 different ones; fewer than 16 do not happen.
    let mut seen = [false; 256];
    key.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    if seen.iter().filter(|seen| **seen).count() < 16 {
        return weak("it repeats the same few bytes");
    }
    let step = key[1].wrapping_sub(key[0]);
    if key.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == step) {
        return weak("it counts up in equal steps");
    }
    // By lot, once in 10^14; by hand, always.
    if key.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        return weak("it is readable text instead of random bytes");
    }
    Ok(())
}

/// Checks a secret that is text, such as a signing secret or a setup token: at least `least` characters, not a known
/// default, not one fragment repeated.
///
/// # Errors
/// `Weak`, saying what is weak.
pub fn check_text(secret: &str, least: usize) -> Result<(), Error> {
    let weak = |why: &str| Err(Error::Weak { why: why.to_owned() });
    let plain: String =
        secret.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let stem = plain.trim_end_matches(|end: char| end.is_ascii_digit());
    if KNOWN.contains(&plain.as_str()) || KNOWN.contains(&stem) {
        return weak("it is a well-known default");
    }
    let length = secret.chars().count();
    if length < least {
        return Err(Error::Weak { why: format!("it has {length} characters and needs {least}") });
    }
    let bytes = secret.as_bytes();
    let repeats =
        (1..=bytes.len() / 2).any(|period| bytes.iter().skip(period).eq(&bytes[..bytes.len() - period]));
    if repeats {
        return weak("it repeats one fragment");
    }
    let different = secret.chars().collect::<std::collections::BTreeSet<_>>().len();
    if different < least.min(32) / 4 {
        return weak("it repeats the same few characters");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessable_keys_are_refused_with_their_fault() {
        let counting: Vec<u8> = (0..32).collect();
        let faults = [
            (vec![0; 32], "zeros"),
            (vec![7; 16], "16 bytes"),
            (b"abcd".repeat(8), "same few"),
            (counting, "equal steps"),
            (b"correct horse battery staple,ok?".to_vec(), "readable text"),
        ];
        for (key, fault) in faults {
            let said = check_bytes(&key).unwrap_err().to_string();
            assert!(said.contains(fault), "{said} should say {fault}");
        }
    }

    #[test]
    fn known_defaults_are_refused_in_any_dress() {
        for secret in ["changeme", "Change-Me!", "SUPER_SECRET_KEY", "password123", "flowise"] {
            assert!(check_text(secret, 4).unwrap_err().to_string().contains("well-known"), "{secret}");
        }
        assert!(check_text("abcabcabcabcabcabcabcabc", 16).is_err());
        assert!(check_text("aaaaaaaaaaaaaaaaaaaaaaab", 16).is_err());
        assert!(check_text("shorter", 16).is_err());
        check_text("tO4!vz0p9Qm-1xLb7Kw2", 16).unwrap();
    }
}
