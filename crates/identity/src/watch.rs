//! Hearing, a few times a second, what other processes ended: their rows are all that is shared.

use std::{collections::HashSet, time::Duration};

use chrono::TimeDelta;
use conductor_storage::Unscoped;

use crate::{Identity, Result};

/// How often the rows are read. With the time that a write and a read take it stays well below a second.
const EVERY: Duration = Duration::from_millis(300);
/// How far back each reading goes: clocks of servers may differ by this much, and a commit may take a while.
const BACK: TimeDelta = TimeDelta::seconds(30);

impl Identity {
    /// Drops what other processes ended, and so ends the streams that rest on it. Runs until it is dropped.
    pub async fn watch(self) {
        let mut heard = HashSet::new();
        loop {
            tokio::time::sleep(EVERY).await;
            if let Err(error) = self.hear(&mut heard).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "what other processes revoked cannot be read"
                );
                // Whoever asks now reads rows, and is refused while they cannot be read.
                self.inner.cache.forget_all();
            }
        }
    }

    async fn hear(&self, heard: &mut HashSet<[u8; 16]>) -> Result<()> {
        let since = self.inner.clock.now() - BACK;
        let told = self.inner.store.unscoped(Unscoped::SignIn).revocations().since(since).await?;
        let present: HashSet<[u8; 16]> = told.iter().map(|(id, _)| id.into_bytes()).collect();
        for (id, revoked) in told {
            if heard.contains(&id.into_bytes()) {
                continue;
            }
            match revoked {
                Some(revoked) => self.inner.cache.forget(revoked),
                None => self.inner.cache.forget_all(),
            }
        }
        *heard = present;
        Ok(())
    }
}
