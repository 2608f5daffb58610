//! An uploaded file: a row that names bytes by their hash.

use chrono::{DateTime, Utc};

use crate::{Classification, FileId, FileRef, Scope, UserId};

/// A file, as its row holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The file.
    pub id: FileId,
    /// Whose tenant it is in.
    pub scope: Scope,
    /// Who uploaded it; nobody else reads it.
    pub user_id: UserId,
    /// Its name, without any path.
    pub name: String,
    /// What its first bytes say it is.
    pub mime_type: String,
    /// How large it is.
    pub size_bytes: i64,
    /// Where its bytes are.
    pub sha256: String,
    /// The label of what it holds.
    pub data_classification: Classification,
    /// When it was uploaded.
    pub created_at: DateTime<Utc>,
}

impl File {
    /// The file as a message names it.
    #[must_use]
    pub fn reference(&self) -> FileRef {
        FileRef {
            id: self.id,
            name: self.name.clone(),
            mime_type: self.mime_type.clone(),
            size_bytes: self.size_bytes,
        }
    }

    /// Whether a model with eyes can look at it.
    #[must_use]
    pub fn is_image(&self) -> bool {
        matches!(self.mime_type.as_str(), "image/png" | "image/jpeg" | "image/gif" | "image/webp")
    }
}

/// A file to be written, once its bytes are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// The file.
    pub id: FileId,
    /// Who uploads it.
    pub user_id: UserId,
    /// Its name.
    pub name: String,
    /// What its first bytes say it is.
    pub mime_type: String,
    /// How large it is.
    pub size_bytes: i64,
    /// Where its bytes are.
    pub sha256: String,
    /// The label of what it holds.
    pub data_classification: Classification,
}
