//! Signatures as Standard Webhooks describes them: HMAC-SHA-256 over id, moment and body.

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use conductor_domain::Redacted;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// Bytes of a secret that we draw.
pub(super) const BYTES: usize = 32;
/// Signatures of one request that are looked at.
const MOST: usize = 16;
/// The longest id of a message.
const LONGEST_ID: usize = 255;

/// A request as it came.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'r> {
    /// `webhook-id`: what the sender calls the message.
    pub id: &'r str,
    /// `webhook-timestamp`: when it was sent, in seconds.
    pub timestamp: &'r str,
    /// `webhook-signature`: `v1,` and base64, several between spaces.
    pub signatures: &'r str,
    /// The body, byte by byte.
    pub body: &'r [u8],
}

impl Signed<'_> {
    /// When it was sent.
    pub(super) fn sent_at(&self) -> Option<DateTime<Utc>> {
        let digits = self.timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = self.timestamp.parse().ok().filter(|_| digits)?;
        DateTime::from_timestamp(seconds, 0)
    }

    /// Whether one of these keys signed it. Every signature is compared with every key, in constant time.
    pub(super) fn is_by(&self, keys: &[Vec<u8>]) -> bool {
        let mut right = Choice::from(0);
        for key in keys {
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { continue };
            for part in [self.id.as_bytes(), b".", self.timestamp.as_bytes(), b".", self.body] {
                mac.update(part);
            }
            let expected = mac.finalize().into_bytes();
            let given = self.signatures.split(' ').filter_map(|one| one.strip_prefix("v1,"));
            for given in given.take(MOST).filter_map(|text| BASE64_STANDARD.decode(text).ok()) {
                right |= expected.as_slice().ct_eq(&given);
            }
        }
        let named = (1..=LONGEST_ID).contains(&self.id.len());
        named && bool::from(right)
    }
}

/// A new secret, as senders read it.
pub(super) fn draw() -> Redacted<String> {
    let bytes: [u8; BYTES] = rand::random();
    Redacted::new(format!("{PREFIX}{}", BASE64_STANDARD.encode(bytes)))
}

/// The key that a secret stands for: 24 to 64 bytes.
pub(super) fn key(secret: &str) -> Option<Vec<u8>> {
    let key = BASE64_STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
    (24..=64).contains(&key.len()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const EXAMPLE: Signed<'_> = Signed {
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp: "1614265330",
        signatures: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        body: br#"{"test": 2432232314}"#,
    };

    #[test]
    fn the_published_example_is_signed_right() {
        let key = key(SECRET).unwrap();
        assert_eq!(key.len(), 24);
        assert!(EXAMPLE.is_by(std::slice::from_ref(&key)));
        assert!(EXAMPLE.is_by(&[vec![7; 32], key.clone()]), "the one before the newest");
        assert_eq!(EXAMPLE.sent_at().map(|at| at.timestamp()), Some(1_614_265_330));
        let several = format!("v1a,AAAA v1,not-base64 v1,AAAA {} v2,AAAA", EXAMPLE.signatures);
        assert!(Signed { signatures: &several, ..EXAMPLE }.is_by(std::slice::from_ref(&key)));

        let other_body = br#"{"test": 2432232315}"#;
        let cut = &EXAMPLE.signatures[..EXAMPLE.signatures.len() - 4];
        let other_version = EXAMPLE.signatures.replace("v1,", "v2,");
        for wrong in [
            Signed { id: "msg_p5jXN8AQM9LWM0D4loKWxJel", ..EXAMPLE },
            Signed { id: "", ..EXAMPLE },
            Signed { timestamp: "1614265331", ..EXAMPLE },
            Signed { body: other_body, ..EXAMPLE },
            Signed { body: b"", ..EXAMPLE },
            Signed { signatures: cut, ..EXAMPLE },
            Signed { signatures: "", ..EXAMPLE },
            Signed { signatures: "v1,", ..EXAMPLE },
            Signed { signatures: &other_version, ..EXAMPLE },
        ] {
            assert!(!wrong.is_by(std::slice::from_ref(&key)), "{wrong:?}");
        }
        assert!(!EXAMPLE.is_by(&[vec![7; 32]]));
        assert!(!EXAMPLE.is_by(&[]));
    }

    #[test]
    fn secrets_are_drawn_as_they_are_read() {
        let (one, other) = (draw(), draw());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(key(one.expose()).map(|key| key.len()), Some(BYTES));
        for bad in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64"] {
            assert_eq!(key(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_moment_is_whole_seconds() {
        for bad in ["", "-1", "+1", "1.5", " 1", "1e3", "99999999999999999999", "9223372036854775807"] {
            assert_eq!(Signed { timestamp: bad, ..EXAMPLE }.sent_at(), None, "{bad}");
        }
    }
}
