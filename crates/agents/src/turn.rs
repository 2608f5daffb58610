//! Turns of conversations: how one begins, and who advances it. The turn belongs to the server; a client only looks on.

mod advance;
mod begin;
mod context;
mod finish;
mod form;
mod keys;
mod model;
mod spend;
mod state;
mod writer;

use std::sync::Arc;

use conductor_access::Access;
use conductor_blobs::Blobs;
use conductor_domain::{Message, Run};
use conductor_llm_providers::Models;
use conductor_runs::ToolPath;
use conductor_storage::Store;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub use advance::KINDS;
pub(crate) use begin::started;
pub use begin::{RunAgent, StartTurn};
pub use keys::ProviderClients;

/// How many turns read at a time what they begin with. The database has few readers: one that waits here costs a place
/// in a queue, one that waits for a reader the kilobytes of its reading.
const READING: usize = 32;

/// What turns need.
pub struct TurnParts {
    /// Rows.
    pub store: Store,
    /// Decisions, limits, the vault.
    pub access: Arc<Access>,
    /// The models of this installation.
    pub models: Models,
    /// How keys that people enter become providers.
    pub clients: ProviderClients,
    /// The tool path.
    pub tools: Arc<ToolPath>,
    /// Bytes of attached files.
    pub blobs: Blobs,
    /// Cancelled when the server goes down.
    pub draining: CancellationToken,
}

/// Starts and advances turns.
pub struct Turns {
    store: Store,
    access: Arc<Access>,
    models: Models,
    clients: ProviderClients,
    tools: Arc<ToolPath>,
    blobs: Blobs,
    draining: CancellationToken,
    reading: Semaphore,
}

impl std::fmt::Debug for Turns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turns").field("models", &self.models).finish_non_exhaustive()
    }
}

/// A turn that has been accepted.
#[derive(Clone, Debug)]
pub struct Started {
    /// The person's message; the one that is answered again, for a regeneration.
    pub message: Message,
    /// The message that is being written.
    pub reply: Message,
    /// The run that writes it.
    pub run: Run,
}

impl Turns {
    /// A service over these parts.
    #[must_use]
    pub fn new(parts: TurnParts) -> Arc<Self> {
        let TurnParts { store, access, models, clients, tools, blobs, draining } = parts;
        let reading = Semaphore::new(READING);
        Arc::new(Self { store, access, models, clients, tools, blobs, draining, reading })
    }

    /// The models of this installation, without anybody's own keys.
    #[must_use]
    pub fn models(&self) -> &Models {
        &self.models
    }
}
