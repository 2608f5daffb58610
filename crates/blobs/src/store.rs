//! The files: `objects/ab/cdef…` under their own hash, `partial/…` while they arrive.

use std::{
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use tokio::{
    fs::{self, File},
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf},
    task::spawn_blocking,
};
use tokio_util::io::ReaderStream;

use crate::{
    Digest, Error,
    mime::{SNIFFED, sniff},
};

/// What was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// The hash of the bytes, and their name.
    pub sha256: Digest,
    /// How many there are.
    pub size_bytes: u64,
    /// What they are by their first bytes, whatever was claimed.
    pub mime_type: String,
}

/// A store of files under one folder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Blobs {
    root: Arc<Path>,
    /// Held while a file that is there already is noted as uploaded again, and while one that is old is removed.
    ages: Arc<Mutex<()>>,
}

/// Whether a file could be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It is not there any more.
    Gone,
    /// Somebody uploaded the same bytes a moment ago, and may be about to write a row that names them.
    Fresh,
}

impl Blobs {
    /// Opens the store, creating its folder where needed, and removes what an earlier process left half-written.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn open(root: impl Into<PathBuf>) -> Result<Self, Error> {
        let store = Self { root: root.into().into(), ages: Arc::default() };
        fs::create_dir_all(store.objects()).await.map_err(Error::storage("create its folder"))?;
        fs::create_dir_all(store.partial()).await.map_err(Error::storage("create its folder"))?;
        store.clean().await.map_err(Error::storage("remove half-written files"))?;
        Ok(store)
    }

    async fn clean(&self) -> io::Result<()> {
        let mut entries = fs::read_dir(self.partial()).await?;
        let mut removed = 0;
        while let Some(entry) = entries.next_entry().await? {
            fs::remove_file(entry.path()).await?;
            removed += 1;
        }
        if removed > 0 {
            tracing::info!(removed, "removed half-written files of an earlier process");
        }
        Ok(())
    }

    /// Takes bytes as they come, at most `max_bytes`. When this returns they are on disk; when it fails, or is dropped
    /// on the way, nothing is kept. The same bytes are stored once.
    ///
    /// # Errors
    /// `TooLarge`, `Upload` when the stream fails, or `Storage`.
    pub async fn put<S, E>(&self, stream: S, max_bytes: u64) -> Result<Blob, Error>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let attempted = || Error::storage("write the file");
        let partial = self.partial();
        let draft = blocking(move || NamedTempFile::new_in(partial)).await.map_err(attempted())?;
        let mut file = File::from_std(draft.reopen().map_err(attempted())?);
        let mut hash = Sha256::new();
        let mut head = Vec::with_capacity(SNIFFED);
        let mut size_bytes = 0_u64;
        let mut stream = std::pin::pin!(stream);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|source| Error::Upload { source: source.into() })?;
            size_bytes += chunk.len() as u64;
            if size_bytes > max_bytes {
                return Err(Error::TooLarge { max_bytes });
            }
            let wanted = SNIFFED.saturating_sub(head.len()).min(chunk.len());
            head.extend_from_slice(&chunk[..wanted]);
            hash.update(&chunk);
            file.write_all(&chunk).await.map_err(attempted())?;
        }
        file.flush().await.map_err(attempted())?;
        file.sync_all().await.map_err(attempted())?;
        let sha256 = Digest::from_bytes(hash.finalize().into());
        self.keep(draft, sha256, size_bytes).await.map_err(attempted())?;
        Ok(Blob { sha256, size_bytes, mime_type: sniff(&head).to_owned() })
    }

    /// Gives a finished file its name, in such an order that the name never shows less than the whole file.
    async fn keep(&self, draft: NamedTempFile, sha256: Digest, size_bytes: u64) -> io::Result<()> {
        let (path, objects, ages) = (self.path(&sha256), self.objects(), Arc::clone(&self.ages));
        blocking(move || {
            let folder = path.parent().unwrap_or(&objects);
            if !folder.is_dir() {
                std::fs::create_dir_all(folder)?;
                sync_folder(&objects)?;
            }
            let _ages = ages.lock().unwrap_or_else(PoisonError::into_inner);
            // Already there: keep it, unless it is shorter than it should be. Whoever is about to remove it sees that it
            // came again.
            if std::fs::metadata(&path).is_ok_and(|known| known.len() == size_bytes) {
                std::fs::File::options().write(true).open(&path)?.set_modified(SystemTime::now())?;
                return draft.close();
            }
            draft.persist(&path).map_err(|error| error.error)?;
            sync_folder(folder)
        })
        .await
    }

    /// Opens a stored file for reading, as an `AsyncRead` and, by `into_stream`, as a stream.
    ///
    /// # Errors
    /// `NotFound`, or `Storage`.
    pub async fn get(&self, sha256: &Digest) -> Result<Reader, Error> {
        let file = File::open(self.path(sha256)).await.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => Error::NotFound { sha256: *sha256 },
            _ => Error::Storage { attempted: "open the file", source },
        })?;
        let size_bytes = file.metadata().await.map_err(Error::storage("open the file"))?.len();
        Ok(Reader { file, size_bytes })
    }

    /// A stored file, whole and checked against its hash.
    ///
    /// # Errors
    /// `NotFound`, `TooLarge` when it has more than `max_bytes`, `Damaged`, or `Storage`.
    pub async fn read(&self, sha256: &Digest, max_bytes: u64) -> Result<Bytes, Error> {
        let mut reader = self.get(sha256).await?;
        if reader.size_bytes > max_bytes {
            return Err(Error::TooLarge { max_bytes });
        }
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).await.map_err(Error::storage("read the file"))?;
        let (found, bytes) = hashed(bytes).await.map_err(Error::storage("read the file"))?;
        if found != *sha256 {
            return Err(Error::Damaged { sha256: *sha256 });
        }
        Ok(bytes)
    }

    /// Whether a file is stored.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn contains(&self, sha256: &Digest) -> Result<bool, Error> {
        fs::try_exists(self.path(sha256)).await.map_err(Error::storage("look for the file"))
    }

    /// Removes a file; says whether it was there. The caller knows that no row names it any more.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn delete(&self, sha256: &Digest) -> Result<bool, Error> {
        match fs::remove_file(self.path(sha256)).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(Error::Storage { attempted: "delete the file", source }),
        }
    }

    /// Removes a file that no row names, unless it was uploaded, again or for the first time, less than `young` ago. The
    /// caller looked at the rows before, and looks again when it is told `Fresh`.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn remove_old(&self, sha256: &Digest, young: Duration) -> Result<Removal, Error> {
        let (path, ages) = (self.path(sha256), Arc::clone(&self.ages));
        let removed = blocking(move || {
            let _ages = ages.lock().unwrap_or_else(PoisonError::into_inner);
            let modified = match std::fs::metadata(&path) {
                Ok(known) => known.modified()?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Removal::Gone),
                Err(error) => return Err(error),
            };
            // A clock that was set back makes a file young for a while, which is the safe side.
            if SystemTime::now().duration_since(modified).is_ok_and(|age| age >= young) {
                std::fs::remove_file(&path)?;
                return Ok(Removal::Gone);
            }
            Ok(Removal::Fresh)
        });
        removed.await.map_err(Error::storage("delete the file"))
    }

    fn objects(&self) -> PathBuf {
        self.root.join("objects")
    }

    fn partial(&self) -> PathBuf {
        self.root.join("partial")
    }

    fn path(&self, sha256: &Digest) -> PathBuf {
        let name = sha256.to_string();
        let (folder, rest) = name.split_at(2);
        self.objects().join(folder).join(rest)
    }
}

/// A stored file, open for reading.
#[derive(Debug)]
pub struct Reader {
    file: File,
    size_bytes: u64,
}

impl Reader {
    /// How many bytes the file has.
    #[must_use]
    pub const fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// The file as a stream of pieces of up to 64 KiB.
    pub fn into_stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        ReaderStream::with_capacity(self.file, 64 * 1024)
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_read(context, buffer)
    }
}

/// Makes a new name in a folder survive a power cut.
fn sync_folder(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

async fn hashed(bytes: Vec<u8>) -> io::Result<(Digest, Bytes)> {
    blocking(move || Ok((Digest::from_bytes(Sha256::digest(&bytes).into()), Bytes::from(bytes)))).await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}
