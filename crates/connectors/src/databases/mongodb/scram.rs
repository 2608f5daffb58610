//! SCRAM-SHA-256 (RFC 7677), the usual sign-in of MongoDB: the password itself never leaves.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How often a password is hashed at least, and at most: a server must not keep us busy.
const ROUNDS: std::ops::RangeInclusive<u32> = 4_096..=200_000;

/// A sign-in that has begun.
pub(super) struct Scram {
    nonce: String,
    first: String,
}

/// What is answered to the server, and what it has to know in turn.
pub(super) struct Proof {
    pub(super) message: String,
    signature: [u8; 32],
}

impl Scram {
    pub(super) fn new(user: &str, nonce: String) -> Self {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        Self { first: format!("n={user},r={nonce}"), nonce }
    }

    /// The first message.
    pub(super) fn first(&self) -> String {
        format!("n,,{}", self.first)
    }

    /// The answer to the server's first message; `None` where that makes no sense.
    pub(super) fn prove(&self, password: &str, challenge: &str) -> Option<Proof> {
        let field = |name: &str| challenge.split(',').find_map(|part| part.strip_prefix(name));
        let (nonce, salt, rounds) = (field("r=")?, STANDARD.decode(field("s=")?).ok()?, field("i=")?);
        let rounds: u32 = rounds.parse().ok().filter(|rounds| ROUNDS.contains(rounds))?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return None;
        }
        let salted = salted(password.as_bytes(), &salt, rounds)?;
        let key = mac(&salted, b"Client Key")?;
        let stored: [u8; 32] = Sha256::digest(key).into();
        let last = format!("c=biws,r={nonce}");
        let all = format!("{},{challenge},{last}", self.first);
        let signature = mac(&stored, all.as_bytes())?;
        let mut proof = key;
        proof.iter_mut().zip(signature).for_each(|(byte, mask)| *byte ^= mask);
        let servers = mac(&salted, b"Server Key")?;
        Some(Proof {
            message: format!("{last},p={}", STANDARD.encode(proof)),
            signature: mac(&servers, all.as_bytes())?,
        })
    }
}

impl Proof {
    /// Whether the server knows the password, too.
    pub(super) fn accepts(&self, said: &str) -> bool {
        let signature = said.split(',').find_map(|part| part.strip_prefix("v="));
        let signature = signature.and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
        signature.ct_eq(&self.signature[..]).into()
    }
}

/// PBKDF2 with one block, which is all that SHA-256 wants.
fn salted(password: &[u8], salt: &[u8], rounds: u32) -> Option<[u8; 32]> {
    let mut block = mac(password, &[salt, &[0, 0, 0, 1]].concat())?;
    let mut salted = block;
    for _ in 1..rounds {
        block = mac(password, &block)?;
        salted.iter_mut().zip(block).for_each(|(byte, mask)| *byte ^= mask);
    }
    Some(salted)
}

fn mac(key: &[u8], text: &[u8]) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text);
    Some(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange of RFC 7677, section 3.
    #[test]
    fn the_example_of_the_standard_is_met() {
        let scram = Scram::new("user", "rOprNGfwEbeRWgbNEkqO".to_owned());
        assert_eq!(scram.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let challenge =
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let proof = scram.prove("pencil", challenge).unwrap();
        assert_eq!(
            proof.message,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert!(proof.accepts("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert!(!proof.accepts("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5="));
        assert!(scram.prove("pencil", "r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096").is_none());
    }
}
