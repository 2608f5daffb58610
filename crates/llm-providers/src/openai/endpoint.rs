//! Where completions are asked for. The library's own configurations read the environment and panic on a malformed
//! key; here both have been settled before.

use async_openai::config::Config;
use reqwest::{Url, header::HeaderMap};
use secrecy::SecretString;

/// An address with the headers and the query that go with it.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    base: String,
    headers: HeaderMap,
    query: Vec<(String, String)>,
    no_key: SecretString,
}

impl Endpoint {
    pub(crate) fn at(base: Url, headers: HeaderMap) -> Self {
        let query = base.query_pairs().into_owned().collect();
        let mut base = base;
        base.set_query(None);
        let base = base.as_str().trim_end_matches('/').to_owned();
        Self { base, headers, query, no_key: SecretString::default() }
    }

    pub(crate) fn with_query(mut self, query: impl IntoIterator<Item = (String, String)>) -> Self {
        self.query.extend(query);
        self
    }

    /// Where the list of models is.
    pub(crate) fn list(&self) -> (String, HeaderMap) {
        (self.url("/models"), self.headers.clone())
    }
}

impl Config for Endpoint {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        self.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    fn api_base(&self) -> &str {
        &self.base
    }

    /// The key is a header by now; nothing that we call asks for it here.
    fn api_key(&self) -> &SecretString {
        &self.no_key
    }
}
