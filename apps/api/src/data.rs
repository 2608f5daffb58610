//! The data folder: one server at a time, secrets that nobody else may read.

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};

/// How often the folder is asked for, and how long apart: a server that was killed may hold it for a moment longer, by a
/// process that it had just begun to start.
const TRIES: u32 = 100;
const BETWEEN: Duration = Duration::from_millis(20);

/// The data folder, held for as long as this lives.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    _lock: Option<File>,
}

impl DataFolder {
    /// Makes the folder where there is none.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).with_context(|| format!("cannot make the data folder {}", path.display()))?;
        Ok(Self { path: path.to_owned(), _lock: None })
    }

    /// Holds the folder against a second server, so that a lease found in it belongs to nobody alive.
    pub(crate) fn lock(mut self) -> Result<Self> {
        let path = self.path.join("conductor.lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        let mut tries = 0;
        while file.try_lock().is_err() {
            tries += 1;
            if tries == TRIES {
                bail!("another server uses the data folder {}", self.path.display());
            }
            std::thread::sleep(BETWEEN);
        }
        self._lock = Some(file);
        Ok(self)
    }

    /// A path inside.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}
