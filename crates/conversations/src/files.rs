//! Uploaded files: taken in as bytes, named by what they are, given back to the person who uploaded them.

use std::{pin::Pin, sync::Arc};

use bytes::Bytes;
use conductor_access::{Access, Action};
use conductor_blobs::Blobs;
use conductor_domain::{Caller, Classification, File, FileId, NewFile, Page, PageRequest};
use conductor_storage::Store;
use futures::{Stream, StreamExt};

use crate::{
    Error, Result,
    facts::{Guarded, entry},
    upload,
};

/// What the operator decided about files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilesOptions {
    /// The largest file that is taken in.
    pub max_bytes: u64,
}

impl Default for FilesOptions {
    fn default() -> Self {
        Self { max_bytes: 25 * 1_024 * 1_024 }
    }
}

/// A person's files.
#[derive(Clone, Debug)]
pub struct Files {
    rows: Guarded,
    blobs: Blobs,
    options: FilesOptions,
}

/// The bytes of a file, and how a browser may treat them.
pub struct FileContent {
    /// The file.
    pub file: File,
    /// Whether a browser may show it in place; only pictures of known types, told by their bytes.
    pub inline: bool,
    /// How many bytes follow.
    pub size_bytes: u64,
    /// The bytes.
    pub stream: Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>,
}

impl std::fmt::Debug for FileContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileContent")
            .field("file", &self.file.id)
            .field("inline", &self.inline)
            .finish_non_exhaustive()
    }
}

impl Files {
    /// The service over these rows and bytes.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>, blobs: Blobs, options: FilesOptions) -> Self {
        Self { rows: Guarded { store, access }, blobs, options }
    }

    /// The largest file that is taken in.
    #[must_use]
    pub fn max_bytes(&self) -> u64 {
        self.options.max_bytes
    }

    /// Takes a file in. Its type is read from its bytes, whatever the sender says.
    ///
    /// # Errors
    /// `Upload` where it is too large or breaks off; `EmptyFile`; `Access` where the caller may not.
    pub async fn upload<S, E>(&self, caller: &Caller, name: &str, stream: S) -> Result<File>
    where
        S: Stream<Item = std::result::Result<Bytes, E>>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let user_id = self.rows.person(caller, Action::FileCreate).await?;
        let blob = self.blobs.put(stream, self.options.max_bytes).await.map_err(Error::Upload)?;
        if blob.size_bytes == 0 {
            return Err(Error::EmptyFile);
        }
        let new = NewFile {
            id: FileId::generate(&**self.rows.store.clock()),
            user_id,
            name: upload::name(name),
            mime_type: blob.mime_type,
            size_bytes: i64::try_from(blob.size_bytes).unwrap_or(i64::MAX),
            sha256: blob.sha256.to_string(),
            data_classification: Classification::Internal,
        };
        let entry =
            entry(caller, "file.created", Action::FileCreate, new.id).labelled(new.data_classification);
        self.rows
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let file = tx.files().create(new).await?;
                    tx.audit().record(entry).await?;
                    Ok(file)
                })
            })
            .await
    }

    /// A page of the caller's files, newest first.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or storage fails.
    pub async fn list(&self, caller: &Caller, page: PageRequest) -> Result<Page<File>> {
        Ok(self.rows.store.visible_to(caller).files().page(page).await?)
    }

    /// A file of the caller's.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn find(&self, caller: &Caller, id: FileId) -> Result<File> {
        self.rows.file(caller, id, Action::FileRead).await
    }

    /// The bytes of a file of the caller's.
    ///
    /// # Errors
    /// `Hidden`; `Unreadable` where the bytes are gone.
    pub async fn content(&self, caller: &Caller, id: FileId) -> Result<FileContent> {
        let file = self.rows.file(caller, id, Action::FileRead).await?;
        let digest = file.sha256.parse().map_err(Error::Unreadable)?;
        let reader = self.blobs.get(&digest).await.map_err(Error::Unreadable)?;
        Ok(FileContent {
            inline: file.is_image(),
            size_bytes: reader.size_bytes(),
            stream: reader.into_stream().boxed(),
            file,
        })
    }

    /// Renames a file or labels it. A label above the caller's own clearance cannot be given: it would be their last look.
    ///
    /// # Errors
    /// `Hidden`; `Invalid` with the fields at fault.
    pub async fn update(
        &self,
        caller: &Caller,
        id: FileId,
        name: Option<String>,
        label: Option<Classification>,
    ) -> Result<File> {
        let file = self.rows.file(caller, id, Action::FileUpdate).await?;
        if label.is_some_and(|label| label > caller.clearance) {
            let detail = format!("your clearance is {}; a label cannot be above it", caller.clearance);
            return Err(Error::field("/data_classification", "clearance_too_low", detail));
        }
        if name.as_deref().is_some_and(|name| name.trim().is_empty()) {
            return Err(Error::field("/name", "required", "a file needs a name"));
        }
        let name = name.map(|name| upload::name(&name));
        let mut entry = entry(caller, "file.updated", Action::FileUpdate, id)
            .labelled(label.unwrap_or(file.data_classification).max(file.data_classification));
        if let Some(label) = label {
            entry.data = serde_json::json!({ "from": file.data_classification, "to": label });
        }
        self.rows
            .store
            .scoped(file.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let file = tx.files().update(id, name, label).await?;
                    tx.audit().record(entry).await?;
                    Ok(file)
                })
            })
            .await
    }

    /// Removes a file; messages that named it say that it is gone. Bytes that another row may name stay.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn delete(&self, caller: &Caller, id: FileId) -> Result<()> {
        let file = self.rows.file(caller, id, Action::FileDelete).await?;
        let entry = entry(caller, "file.deleted", Action::FileDelete, id).labelled(file.data_classification);
        self.rows
            .store
            .scoped(file.scope)
            .write(move |tx| {
                Box::pin(async move {
                    tx.files().delete(id).await?;
                    Ok(tx.audit().record(entry).await?)
                })
            })
            .await
    }
}
