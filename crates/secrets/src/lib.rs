#![doc = include_str!("../README.md")]

mod aws_kms;
mod cipher;
mod encryption;
mod error;
mod file;
mod key;
mod keyring;
mod sealed;
mod signing;
mod strength;
mod tenant;

pub use aws_kms::{AwsKms, AwsKmsOptions};
pub use encryption::{KeyEncryption, KeyPlace};
pub use error::Error;
pub use file::{load, load_or_create};
pub use key::LocalKey;
pub use keyring::Keyring;
pub use sealed::Sealed;
pub use signing::{PublicKey, Signer};
pub use strength::{check_bytes, check_text};
pub use tenant::{Place, TenantKey};
