//! Azure OpenAI and Azure AI Foundry: OpenAI's chat completions under three forms of address.
//!
//! A bare resource (`https://name.openai.azure.com`) has the deployment in the path and a dated `api-version`; an
//! address that ends in `/openai/v1` is OpenAI's own form; one that ends in `/models` is Foundry's inference API.

use async_trait::async_trait;
use reqwest::{Url, header::HeaderMap};
use tokio_util::sync::CancellationToken;

use crate::{
    ChatModel, ChatRequest, ChunkStream, Provider, Result,
    openai::{Completions, Dialect, Endpoint},
    wire::Callee,
};

/// The latest stable version of the dated API.
const API_VERSION: &str = "2024-10-21";

/// The version of Foundry's inference API.
const INFERENCE_VERSION: &str = "2024-05-01-preview";

/// A client of an Azure resource.
#[derive(Debug)]
pub struct Azure {
    completions: Completions,
    callee: Callee,
    address: Url,
    headers: HeaderMap,
    api_version: Option<String>,
}

impl Azure {
    /// The client of a configured provider, which needs an address and a key.
    pub fn new(provider: &Provider) -> Result<Self> {
        let callee = Callee::of(provider);
        let Some(base_url) = &provider.base_url else {
            return Err(
                callee.misconfigured("it has no base URL; give one, such as https://name.openai.azure.com")
            );
        };
        let mut headers = HeaderMap::new();
        headers.insert("api-key", callee.required_key_header("")?);
        Ok(Self {
            address: callee.address(base_url)?,
            api_version: provider.api_version.clone(),
            completions: Completions::new(provider, callee.clone(), Dialect::Azure),
            callee,
            headers,
        })
    }

    /// Where a deployment is.
    fn endpoint(&self, deployment: &str) -> Result<Endpoint> {
        let mut url = self.address.clone();
        let path = url.path().trim_end_matches('/').to_owned();
        let version = |default: Option<&str>| {
            let version = self.api_version.as_deref().or(default);
            version.map(|version| ("api-version".to_owned(), version.to_owned()))
        };
        let query = if path.ends_with("/openai/v1") {
            version(None)
        } else if path.ends_with("/models") {
            version(Some(INFERENCE_VERSION))
        } else {
            let Ok(mut segments) = url.path_segments_mut() else {
                return Err(self.callee.misconfigured("the base URL has no path"));
            };
            segments.pop_if_empty();
            if !path.ends_with("/openai") {
                segments.push("openai");
            }
            segments.extend(["deployments", deployment]);
            drop(segments);
            version(Some(API_VERSION))
        };
        Ok(Endpoint::at(url, self.headers.clone()).with_query(query))
    }
}

#[async_trait]
impl ChatModel for Azure {
    async fn stream(&self, request: ChatRequest, cancel: CancellationToken) -> Result<ChunkStream> {
        let endpoint = self.endpoint(&request.model)?;
        self.completions.stream(endpoint, request, cancel).await
    }
}

#[cfg(test)]
mod tests {
    use async_openai::config::Config;

    use super::*;
    use crate::ProviderKind;

    #[test]
    fn every_form_of_address_finds_the_deployment() {
        let check = |base: &str, deployment: &str, expected: &str| {
            let provider = Provider::new(ProviderKind::Azure, "azure", reqwest::Client::default())
                .with_key("secret")
                .with_base_url(base);
            let endpoint = Azure::new(&provider).unwrap().endpoint(deployment).unwrap();
            let query: String =
                endpoint.query().iter().map(|(name, value)| format!("?{name}={value}")).collect();
            assert_eq!(endpoint.url("/chat/completions") + &query, expected);
        };
        check(
            "https://x.openai.azure.com/",
            "my gpt/../4o",
            "https://x.openai.azure.com/openai/deployments/my%20gpt%2F..%2F4o/chat/completions?api-version=2024-10-21",
        );
        check(
            "https://x.openai.azure.com/openai/",
            "gpt",
            "https://x.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21",
        );
        check(
            "https://x.openai.azure.com/openai/v1/",
            "gpt",
            "https://x.openai.azure.com/openai/v1/chat/completions",
        );
        check(
            "https://x.services.ai.azure.com/models",
            "gpt",
            "https://x.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
        );
    }
}
