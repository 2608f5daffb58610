//! Time-based one-time passwords (RFC 6238): six digits of HMAC-SHA-1 over 30-second steps, as every authenticator app
//! makes them.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use conductor_domain::Redacted;
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::{Choice, ConstantTimeEq};

/// Seconds of a step.
const STEP: i64 = 30;
/// Digits of a code.
const DIGITS: usize = 6;
/// Bytes of a shared secret: as many as the hash gives (RFC 4226).
const SECRET_BYTES: usize = 20;

/// A fresh shared secret, as people type it.
pub(crate) fn secret() -> Redacted<String> {
    let bytes: [u8; SECRET_BYTES] = rand::random();
    Redacted::new(BASE32_NOPAD.encode(&bytes))
}

/// The address that an authenticator app reads from a QR code.
pub(crate) fn address(secret: &Redacted<String>, issuer: &str, account: &str) -> Redacted<String> {
    let (issuer, account) = (escaped(issuer), escaped(account));
    Redacted::new(format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP}",
        secret.expose()
    ))
}

/// The step at which a code is good: the present one, the one before or the one after, but none up to `last`, which
/// was used. Every candidate is compared, in constant time.
pub(crate) fn step_of(secret: &str, code: &str, now: DateTime<Utc>, last: i64) -> Option<i64> {
    let key = BASE32_NOPAD.decode(secret.as_bytes()).ok()?;
    let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
    let present = now.timestamp().div_euclid(STEP);
    let mut found = None;
    for step in [present - 1, present, present + 1] {
        let same: Choice = code_at(&key, step)?.as_bytes().ct_eq(code.as_bytes());
        if bool::from(same) && step > last {
            found = Some(step);
        }
    }
    found
}

fn code_at(key: &[u8], step: i64) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).ok()?;
    mac.update(&u64::try_from(step).ok()?.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash.last()? & 0xf);
    let part: [u8; 4] = hash.get(at..at + 4)?.try_into().ok()?;
    let number = (u32::from_be_bytes(part) & 0x7fff_ffff) % 10_u32.pow(6);
    Some(format!("{number:0DIGITS$}"))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'@') {
            escaped.push(char::from(byte));
        } else {
            // Writing into a string does not fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the SHA-1 rows, cut to six digits.
    #[test]
    fn the_rfcs_own_codes_are_good() {
        let secret = BASE32_NOPAD.encode(b"12345678901234567890");
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let now = DateTime::from_timestamp(second, 0).unwrap();
            assert_eq!(step_of(&secret, code, now, 0), Some(second / 30), "{second}");
            assert_eq!(
                step_of(&secret, &format!(" {} {}\n", &code[..3], &code[3..]), now, 0),
                Some(second / 30)
            );
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_or_late_and_once() {
        let secret = BASE32_NOPAD.encode(b"12345678901234567890");
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let step = 1_111_111_111 / 30;
        assert_eq!(step_of(&secret, "050471", at(1_111_111_111 + 30), 0), Some(step));
        assert_eq!(step_of(&secret, "050471", at(1_111_111_111 - 30), 0), Some(step));
        assert_eq!(step_of(&secret, "050471", at(1_111_111_111 + 60), 0), None);
        assert_eq!(step_of(&secret, "050471", at(1_111_111_111 - 60), 0), None);
        assert_eq!(step_of(&secret, "050471", at(1_111_111_111), step), None, "used");
        for wrong in ["", "0", "05047", "0504710", "050472", "not a code"] {
            assert_eq!(step_of(&secret, wrong, at(1_111_111_111), 0), None, "{wrong:?}");
        }
        assert_eq!(step_of("not base32!", "050471", at(1_111_111_111), 0), None);
    }

    #[test]
    fn apps_can_read_the_address() {
        let secret = secret();
        assert_eq!(secret.expose().len(), 32);
        let address = address(&secret, "Conductor & Söhne", "ada@example.com");
        let expected = format!(
            "otpauth://totp/Conductor%20%26%20S%C3%B6hne:ada@example.com?secret={}&issuer=Conductor%20%26%20S%C3%B6hne&algorithm=SHA1&digits=6&period=30",
            secret.expose()
        );
        assert_eq!(address.expose(), &expected);
    }
}
