#![doc = include_str!("../README.md")]

mod artifacts;
mod conversations;
mod copy;
mod error;
mod facts;
mod files;
mod messages;
mod public_shares;
mod upload;

pub use artifacts::{ArtifactEdit, ArtifactFork, ArtifactView, Artifacts};
pub use conversations::{ConversationEdit, ConversationView, Conversations, NewBranch, OpenConversation};
pub use error::{Error, Result};
pub use files::{FileContent, Files, FilesOptions};
pub use messages::{Branch, Messages};
pub use public_shares::{MadeShare, PublicShares, PublicView, Shown, ShownMessage};
