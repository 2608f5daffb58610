#![doc = include_str!("../README.md")]

mod digest;
mod error;
mod mime;
mod store;

pub use digest::Digest;
pub use error::Error;
pub use mime::sniff;
pub use store::{Blob, Blobs, Reader, Removal};
