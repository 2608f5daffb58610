#![doc = include_str!("../README.md")]

mod error;
mod file;
mod key;
mod keyring;
mod sealed;
mod signing;
mod strength;

pub use error::Error;
pub use file::{load, load_or_create};
pub use key::LocalKey;
pub use keyring::{Keyring, Place};
pub use sealed::Sealed;
pub use signing::{PublicKey, Signer};
pub use strength::{check_bytes, check_text};
