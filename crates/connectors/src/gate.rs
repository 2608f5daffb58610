//! What is asked when a request that changes something is about to leave: whether it still may.
//!
//! Between the decision to send and the moment at which a connection takes the request up lies time: looks into the
//! database, a name, a handshake. A process that stood still in it must not send what another has sent meanwhile.

use std::{error::Error as StdError, fmt, sync::Arc};

use futures::future::BoxFuture;

type Asked = Result<(), Box<dyn StdError + Send + Sync>>;

/// A last question before a request leaves; by default there is none.
#[derive(Clone, Default)]
pub struct Gate(Option<Arc<dyn Fn() -> BoxFuture<'static, Asked> + Send + Sync>>);

impl Gate {
    /// Asks this. An error is the reason why nothing was sent.
    pub fn new(ask: impl Fn() -> BoxFuture<'static, Asked> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(ask)))
    }

    pub(crate) async fn pass(&self) -> Asked {
        match &self.0 {
            Some(ask) => ask().await,
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gate").field(&self.0.is_some()).finish()
    }
}
