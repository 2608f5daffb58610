//! XChaCha20-Poly1305 and random bytes, as every envelope here uses them.

use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use rand::{TryRngCore, rngs::OsRng};
use zeroize::Zeroizing;

use crate::{Error, sealed::NONCE};

pub(crate) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, Error> {
    let mut bytes = Zeroizing::new([0; N]);
    OsRng.try_fill_bytes(&mut *bytes).map_err(|source| Error::Random { source })?;
    Ok(bytes)
}

pub(crate) fn encrypt(key: &[u8; 32], nonce: &[u8; NONCE], msg: &[u8], aad: &[u8]) -> Result<Vec<u8>, Error> {
    // It fails only on messages of more than 256 GiB.
    XChaCha20Poly1305::new(&Key::from(*key))
        .encrypt(&XNonce::from(*nonce), Payload { msg, aad })
        .map_err(|_| Error::NotSealed)
}

pub(crate) fn decrypt(
    key: &[u8; 32],
    nonce: &[u8],
    msg: &[u8],
    aad: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| Error::NotSealed)?;
    XChaCha20Poly1305::new(&Key::from(*key))
        .decrypt(&XNonce::from(nonce), Payload { msg, aad })
        .map(Zeroizing::new)
        .map_err(|_| Error::Tampered)
}
