//! OpenAI's chat completions, and the shared ground of all who speak them.

mod completions;
mod endpoint;
mod events;
mod request;
mod transport;

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use tokio_util::sync::CancellationToken;

pub(crate) use completions::{Completions, Dialect};
pub(crate) use endpoint::Endpoint;
pub(crate) use events::complete;
pub(crate) use request::object;

use crate::{ChatModel, ChatRequest, ChunkStream, Provider, Result, wire::Callee};

/// Where OpenAI is.
const ADDRESS: &str = "https://api.openai.com/v1";

/// A client of OpenAI.
#[derive(Debug)]
pub struct OpenAi {
    completions: Completions,
    endpoint: Endpoint,
}

impl OpenAi {
    /// The client of a configured provider, which needs a key.
    pub fn new(provider: &Provider) -> Result<Self> {
        let callee = Callee::of(provider);
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, callee.required_key_header("Bearer ")?);
        let endpoint =
            Endpoint::at(versioned(&callee, provider.base_url.as_deref().unwrap_or(ADDRESS))?, headers);
        Ok(Self { completions: Completions::new(provider, callee, Dialect::OpenAi), endpoint })
    }

    /// Where the list of models is.
    pub(crate) fn list(&self) -> (String, HeaderMap) {
        self.endpoint.list()
    }
}

#[async_trait]
impl ChatModel for OpenAi {
    async fn stream(&self, request: ChatRequest, cancel: CancellationToken) -> Result<ChunkStream> {
        self.completions.stream(self.endpoint.clone(), request, cancel).await
    }
}

/// An address; one without a path is taken for that of a server whose API is under `/v1`, as it is with all of them.
pub(crate) fn versioned(callee: &Callee, base_url: &str) -> Result<reqwest::Url> {
    let mut url = callee.address(base_url)?;
    if matches!(url.path(), "" | "/") {
        url.set_path("/v1");
    }
    Ok(url)
}
