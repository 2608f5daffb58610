//! Streamable HTTP: the protocol library's worker on a client that was handed in.

use std::collections::HashMap;

use rmcp::{
    RoleClient,
    transport::{
        StreamableHttpClientTransport, Transport, streamable_http_client::StreamableHttpClientTransportConfig,
    },
};

use crate::Endpoint;

/// Calls under way at once. The library's own limit is so low that a few slow calls would hold up everybody's.
const CONCURRENT: usize = 256;

/// Prepares the transport; nothing is sent yet.
pub(crate) fn streamable(
    endpoint: &Endpoint,
    max_message_bytes: usize,
) -> impl Transport<RoleClient> + 'static {
    let headers: HashMap<_, _> =
        endpoint.headers().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let config = StreamableHttpClientTransportConfig::with_uri(endpoint.url().as_str())
        .custom_headers(headers)
        .max_concurrent_requests(CONCURRENT)
        .max_sse_event_size(max_message_bytes);
    StreamableHttpClientTransport::with_client(endpoint.client().clone(), config)
}
