//! The key pair that signs access tokens, from a seed.

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{AlgorithmParameters, Jwk},
};
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// PKCS#8 of an Ed25519 private key, up to the 32 bytes of the seed (RFC 8410).
const PKCS8: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

/// Signs and verifies; its name is the `kid` of its tokens.
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl SigningKey {
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Result<Self> {
        if weak(seed) {
            return Err(Error::WeakKey);
        }
        let encoding = EncodingKey::from_ed_der(&[&PKCS8[..], seed].concat());
        let jwk = Jwk::from_encoding_key(&encoding, Algorithm::EdDSA)
            .map_err(Error::crypto("reading the signing key"))?;
        let decoding = DecodingKey::from_jwk(&jwk).map_err(Error::crypto("reading the signing key"))?;
        let AlgorithmParameters::OctetKeyPair(public) = &jwk.algorithm else { return Err(Error::WeakKey) };
        let digest = Sha256::digest(public.x.as_bytes());
        let kid = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { kid, encoding, decoding })
    }
}

/// Random bytes repeat little: 32 of them have fewer than 16 distinct values once in about 10^17 draws.
fn weak(seed: &[u8; 32]) -> bool {
    let mut seen = [false; 256];
    for byte in seed {
        seen[usize::from(*byte)] = true;
    }
    let counts_up = seed.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1));
    counts_up || seen.iter().filter(|seen| **seen).count() < 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessable_seeds_are_refused() {
        let counting = std::array::from_fn(|at| u8::try_from(at).unwrap());
        for seed in [[0; 32], [7; 32], *b"conductorconductorconductorcondu", counting] {
            assert!(matches!(SigningKey::from_seed(&seed), Err(Error::WeakKey)), "{seed:?}");
        }
    }

    #[test]
    fn a_seed_gives_the_same_key_each_time() {
        let seed = *b"\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60";
        let (one, other) = (SigningKey::from_seed(&seed).unwrap(), SigningKey::from_seed(&seed).unwrap());
        assert_eq!(one.kid, other.kid);
        assert_eq!(one.kid.len(), 16);
    }
}
