#![doc = include_str!("../README.md")]

mod access;
mod columns;
mod conn;
#[expect(unreachable_pub, reason = "sea-orm's derives need `pub` inside this private module")]
mod entity;
mod error;
mod hub;
mod journal;
mod open;
mod point;
mod repository;
mod statistics;
mod store;
mod tx;
mod writer;

pub use access::{Scoped, ScopedTx, Unscoped, UnscopedTx, UnscopedView, View};
pub use error::{Error, Result};
pub use hub::{FeedItem, Notified, Signalled};
pub use journal::{Journal, StoredEvent};
pub use open::OpenOptions;
pub use repository::*;
pub use store::Store;
pub use tx::Tx;
