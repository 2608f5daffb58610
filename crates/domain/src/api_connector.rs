//! An API whose operations people describe, so that each of them is a tool.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::classification::words;

/// The name of the tool that sends any request, where an API allows that.
pub const FREE_REQUEST: &str = "request";

/// What an API can do, and what its sign-in needs beside the credential.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ApiSpec {
    /// Its operations; each is a tool.
    #[serde(default)]
    pub operations: Vec<ApiOperation>,
    /// Whether there is also a tool `request`, which reaches every endpoint below the address.
    #[serde(default)]
    pub free_requests: bool,
    /// How the credential is shown, where a header does not say it all.
    #[serde(default)]
    pub auth: ApiAuth,
}

impl ApiSpec {
    /// How many tools it makes.
    #[must_use]
    pub fn tools(&self) -> u64 {
        u64::try_from(self.operations.len()).unwrap_or(u64::MAX).saturating_add(self.free_requests.into())
    }
}

/// What a sign-in needs beside the credential. Nothing here is secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ApiAuth {
    /// The parameter of the query that holds the key, for `api_key` without a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Who signs in, for `basic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Where tokens are given, for `oauth2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_url: Option<String>,
    /// Who asks for them, for `oauth2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// What for, in words with spaces between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// For which service, where the token server wants to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
}

/// The method of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum ApiMethod {
    /// Reads.
    #[default]
    Get,
    /// Makes, or does.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
    /// Reads the headers only.
    Head,
    /// Asks what is possible.
    Options,
}

words!(ApiMethod {
    Get = "GET",
    Post = "POST",
    Put = "PUT",
    Patch = "PATCH",
    Delete = "DELETE",
    Head = "HEAD",
    Options = "OPTIONS",
});

/// One operation of an API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ApiOperation {
    /// The tool's name: letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// The method.
    #[serde(default)]
    pub method: ApiMethod,
    /// What is added to the address; `{key}` is replaced by the argument `path.key`.
    #[serde(default)]
    pub endpoint: String,
    /// What it does, for models and people.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of the arguments: an object with `path`, `query`, `headers` and `body`. Without one it follows from the
    /// endpoint and the method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub input_schema: Option<Value>,
    /// Whether it changes nothing.
    #[serde(default)]
    pub read_only: bool,
}

impl ApiOperation {
    /// The names in braces of its endpoint.
    #[must_use]
    pub fn placeholders(&self) -> Vec<&str> {
        let mut names = Vec::new();
        let mut rest = self.endpoint.as_str();
        while let Some((_, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else { break };
            if !names.contains(&name) {
                names.push(name);
            }
            rest = after;
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_named_once_and_in_order() {
        let operation = |endpoint: &str| ApiOperation {
            name: "x".to_owned(),
            method: ApiMethod::Get,
            endpoint: endpoint.to_owned(),
            description: String::new(),
            input_schema: None,
            read_only: true,
        };
        assert_eq!(operation("/a/{b}/c/{d}?e={b}").placeholders(), ["b", "d"]);
        assert!(operation("/a").placeholders().is_empty());
        assert!(operation("/a/{b").placeholders().is_empty());
    }
}
