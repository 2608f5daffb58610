//! Any server that speaks OpenAI's chat completions: Groq, Ollama, vLLM, LM Studio, and whatever comes next.

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use tokio_util::sync::CancellationToken;

use crate::{
    ChatModel, ChatRequest, ChunkStream, Provider, Result,
    openai::{Completions, Dialect, Endpoint, versioned},
    wire::Callee,
};

/// A client of such a server.
#[derive(Debug)]
pub struct Compatible {
    completions: Completions,
    endpoint: Endpoint,
}

impl Compatible {
    /// The client of a configured provider, which needs an address and may do without a key.
    pub fn new(provider: &Provider) -> Result<Self> {
        let callee = Callee::of(provider);
        let Some(base_url) = &provider.base_url else {
            return Err(
                callee.misconfigured("it has no base URL; give one, such as http://localhost:11434/v1")
            );
        };
        let mut headers = HeaderMap::new();
        if let Some(key) = callee.key_header("Bearer ")? {
            headers.insert(AUTHORIZATION, key);
        }
        let endpoint = Endpoint::at(versioned(&callee, base_url)?, headers);
        Ok(Self { completions: Completions::new(provider, callee, Dialect::Compatible), endpoint })
    }

    /// Where the list of models is.
    pub(crate) fn list(&self) -> (String, HeaderMap) {
        self.endpoint.list()
    }
}

#[async_trait]
impl ChatModel for Compatible {
    async fn stream(&self, request: ChatRequest, cancel: CancellationToken) -> Result<ChunkStream> {
        self.completions.stream(self.endpoint.clone(), request, cancel).await
    }
}
