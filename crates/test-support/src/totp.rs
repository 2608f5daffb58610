//! What an authenticator app shows, made by another hand than the server's.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The six digits of a secret at a second since 1970 (RFC 6238: SHA-1, steps of 30 s).
#[must_use]
pub fn totp(secret: &str, at: i64) -> String {
    let key = BASE32_NOPAD.decode(secret.as_bytes()).unwrap_or_else(|error| panic!("{secret}: {error}"));
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).unwrap_or_else(|error| panic!("{error}"));
    mac.update(&(at / 30).to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[19] & 15);
    let number = (0..4).fold(0_u32, |number, byte| number << 8 | u32::from(hash[at + byte])) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}
