//! Passwords: what is accepted, how it is hashed, and how many at once.

use std::{collections::HashSet, sync::Arc, sync::LazyLock, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use conductor_domain::{FieldError, Redacted};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use unicode_normalization::UnicodeNormalization;

use crate::{Error, Result};

/// A password is the only factor, so it is long (NIST SP 800-63B-4).
const SHORTEST: usize = 15;
/// Far beyond any passphrase; a limit only so that hashing has one.
const LONGEST_BYTES: usize = 4096;
/// Memory of one hash in KiB, passes, lanes (OWASP).
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

static COMMON: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let lines = include_str!("password/common.txt").lines();
    lines.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(bare).collect()
});

/// Hashes and verifies, a few at a time: each hash takes 19 MiB.
#[derive(Debug)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    wait: Duration,
    /// The hash of nothing anyone knows, for accounts that do not exist.
    decoy: Redacted<String>,
}

impl Passwords {
    pub(crate) async fn start(at_once: usize, wait: Duration) -> Result<Self> {
        let decoy = tokio::task::spawn_blocking(|| {
            let noise: [u8; 32] = rand::random();
            hash(&noise)
        });
        Ok(Self {
            turns: Arc::new(Semaphore::new(at_once.clamp(1, 4))),
            wait,
            decoy: decoy.await.map_err(Error::crypto("hashing a password"))??,
        })
    }

    /// Hashes a password that passed `check`.
    pub(crate) async fn hash(&self, password: &Redacted<String>) -> Result<Redacted<String>> {
        let turn = self.turn().await?;
        let password = prepared(password.expose());
        let hashed = tokio::task::spawn_blocking(move || {
            let hashed = hash(password.expose().as_bytes());
            drop(turn);
            hashed
        });
        hashed.await.map_err(Error::crypto("hashing a password"))?
    }

    /// Compares a password with a hash; with none it takes as long and says no.
    pub(crate) async fn verify(
        &self,
        password: &Redacted<String>,
        stored: Option<Redacted<String>>,
    ) -> Result<bool> {
        let turn = self.turn().await?;
        let known = stored.is_some();
        let against = stored.unwrap_or_else(|| self.decoy.clone());
        let password = prepared(password.expose());
        let verified = tokio::task::spawn_blocking(move || {
            let parsed = PasswordHash::new(against.expose()).map_err(|error| error.to_string());
            let matches =
                parsed.map(|hash| hasher().verify_password(password.expose().as_bytes(), &hash).is_ok());
            drop(turn);
            matches
        });
        let matches = verified
            .await
            .map_err(Error::crypto("verifying a password"))?
            .map_err(Error::crypto("verifying a password"))?;
        Ok(matches && known)
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        match tokio::time::timeout(self.wait, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Error::Limited { retry_after: Duration::from_secs(1) }),
        }
    }
}

fn hasher() -> Argon2<'static> {
    let (memory, passes, lanes) = COST;
    // These are constants within the crate's limits; its own defaults are the same.
    let params = Params::new(memory, passes, lanes, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &[u8]) -> Result<Redacted<String>> {
    let hash = hasher().hash_password(password);
    hash.map(|hash| Redacted::new(hash.to_string()))
        .map_err(|error| Error::crypto("hashing a password")(error.to_string()))
}

/// One spelling for passwords that look the same, so that another keyboard does not lock anyone out.
fn prepared(password: &str) -> Redacted<String> {
    Redacted::new(password.nfkc().collect())
}

/// Whether a password may be chosen. There are no rules about kinds of characters.
pub(crate) fn check(
    pointer: &str,
    password: &Redacted<String>,
    email: &str,
) -> std::result::Result<(), FieldError> {
    let password = prepared(password.expose());
    let text = password.expose();
    let refuse = |code, detail: &str| Err(FieldError::new(pointer, code, detail));
    if text.chars().count() < SHORTEST {
        return refuse(
            "password_too_short",
            "Use at least 15 characters. A few unrelated words are easy to remember.",
        );
    }
    if text.len() > LONGEST_BYTES {
        return refuse("password_too_long", "Use at most 4096 bytes.");
    }
    if guessable(&bare(text), email) {
        return refuse("password_too_common", "This password is easy to guess. Choose other words.");
    }
    Ok(())
}

/// Whether a list of guesses would hold it: common passwords and their repetitions, runs, the person's own address.
fn guessable(text: &str, email: &str) -> bool {
    let unit = repeated_unit(text);
    let name = bare(email.split('@').next().unwrap_or_default());
    let rest = text.replace(&name, "");
    COMMON.contains(text)
        || COMMON.contains(unit)
        || (unit.len() < text.len() && unit.chars().count() < 8)
        || is_run(text)
        || text == bare(email)
        || (name.len() >= 3 && rest.len() < text.len() && rest.chars().count() < 8)
}

/// Lower-case letters and digits only: how a guesser would count variants as one.
fn bare(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The shortest part that the text repeats from its start to its end.
fn repeated_unit(text: &str) -> &str {
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    for size in 1..letters.len() {
        if letters.iter().enumerate().skip(size).all(|(at, (_, letter))| *letter == letters[at - size].1) {
            return &text[..letters[size].0];
        }
    }
    text
}

/// Whether each character follows the one before, as in `abcdefg` or `9876543`; a run may start over.
fn is_run(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|letter| i64::from(u32::from(letter))).collect();
    let steps = codes.windows(2).filter(|pair| (pair[1] - pair[0]).abs() == 1).count();
    codes.len() > 1 && steps * 10 >= (codes.len() - 1) * 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> Option<&'static str> {
        check("/password", &Redacted::new(password.to_owned()), "ada.lovelace@example.com")
            .err()
            .map(|field| field.code)
    }

    #[test]
    fn long_passwords_of_any_kind_are_accepted() {
        for good in [
            "correct horse battery staple",
            "пароль из нескольких слов",
            "fifteen letters",
            "x7 Q!x7 Q!x7 Q Ω end of it",
            &(0..64).filter_map(|at| char::from_u32(33 + at * 37 % 90)).collect::<String>(),
            "never cut at seventy-two bytes, whatever bcrypt did in its days, because argon2 reads it all",
        ] {
            assert_eq!(refused(good), None, "{good}");
        }
    }

    #[test]
    fn short_and_guessable_passwords_are_refused() {
        assert_eq!(refused("fourteen chars"), Some("password_too_short"));
        assert_eq!(refused("ααααααααααβγδε"), Some("password_too_short"));
        assert_eq!(refused(&"x y".repeat(2000)), Some("password_too_long"));
        for common in [
            "passwordpassword",
            "Password Password",
            "123456789012345",
            "aaaaaaaaaaaaaaaa",
            "abcabcabcabcabcabc",
            "abcdefghijklmnop",
            "qwertyuiopasdfghjkl",
            "iloveyouiloveyou",
            "ada.lovelace2026",
            "ada.lovelace@example.com",
        ] {
            assert_eq!(refused(common), Some("password_too_common"), "{common}");
        }
    }

    #[tokio::test]
    async fn every_character_counts() {
        let passwords = Passwords::start(2, Duration::from_secs(60)).await.unwrap();
        let long =
            "a sentence of more than seventy-two bytes, so that a hash which stops there would not notice";
        let stored = passwords.hash(&Redacted::new(long.to_owned())).await.unwrap();
        assert!(stored.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", stored.expose());
        let matches = async |text: &str| {
            passwords.verify(&Redacted::new(text.to_owned()), Some(stored.clone())).await.unwrap()
        };
        assert!(matches(long).await);
        assert!(!matches(&long[..long.len() - 1]).await);
        assert!(!matches(&format!("{long} ")).await);
        assert!(!passwords.verify(&Redacted::new(long.to_owned()), None).await.unwrap());
    }

    #[tokio::test]
    async fn whoever_waits_too_long_for_a_hash_is_told_to_come_back() {
        let passwords = Passwords::start(1, Duration::ZERO).await.unwrap();
        let held = passwords.turn().await.unwrap();
        let refused = passwords.verify(&Redacted::new("anything".to_owned()), None).await;
        assert!(matches!(refused, Err(Error::Limited { .. })));
        drop(held);
        assert!(!passwords.verify(&Redacted::new("anything".to_owned()), None).await.unwrap());
    }
}
