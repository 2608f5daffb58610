//! How a request shows who sends it, read from the free fields of a document before anything is sent.

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::{
    header,
    oauth::Grant,
    request::{Credential, Proof},
};
use crate::{Error, Result};

/// How a request shows who sends it. No `Debug` shows a secret.
#[derive(Clone, Debug, Default)]
pub enum Auth {
    /// It does not.
    #[default]
    None,
    /// A token in the header `Authorization`.
    Bearer {
        /// The token.
        token: SecretString,
    },
    /// A key in a header or the query.
    ApiKey {
        /// The name of the header or parameter.
        name: String,
        /// The key.
        value: SecretString,
        /// Where it stands.
        place: Place,
    },
    /// A token that is fetched first.
    OAuth2(OAuth2),
    /// A token that is fetched first, for what a service account signs.
    Account(ServiceAccount),
    /// Any header.
    CustomHeader {
        /// Its name.
        name: String,
        /// Its value.
        value: SecretString,
    },
    /// A user name and a password in the header `Authorization`.
    Basic {
        /// Who signs in.
        username: String,
        /// The password.
        password: SecretString,
    },
}

/// Where an API key stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// In a header.
    #[default]
    Header,
    /// In the query.
    Query,
}

/// The client credentials grant of OAuth 2.0.
#[derive(Clone, Debug)]
pub struct OAuth2 {
    /// Where tokens are given.
    pub token_url: String,
    /// Who asks.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: SecretString,
    /// What for, in words with spaces between.
    pub scope: Option<String>,
    /// For which service, where the token server wants to know.
    pub audience: Option<String>,
}

/// The grant of a signed assertion (RFC 7523): an account shows by its key who it is.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    /// Where tokens are given, and for whom the assertion is meant.
    pub token_url: String,
    /// Who asks.
    pub email: String,
    /// By which of the account's keys, where the token server wants to know.
    pub key_id: Option<String>,
    /// The account's RSA key, in PEM.
    pub private_key: SecretString,
    /// What for, in words with spaces between.
    pub scope: String,
    /// The present moment, which the assertion states.
    pub now: DateTime<Utc>,
}

/// The header of an API key that names none.
const API_KEY: &str = "X-API-Key";

impl Auth {
    /// Reads the fields beside `type` in a document. A credential that is missing is an error that names its field.
    ///
    /// | type | credential | also read |
    /// |---|---|---|
    /// | `bearer` | `token`, `access_token`, `value` or `key` | |
    /// | `api_key` | `value`, else `key`, `api_key` or `token` | `name` or `header` (`X-API-Key`); `in` or `location`: `header`, `query` |
    /// | `oauth2` | `client_secret` | `token_url`, `client_id`, `scope` or `scopes`, `audience`; without `token_url`, a ready `token` |
    /// | `custom_header` | `value` or `token` | `name`, `header` or `key` |
    ///
    /// # Errors
    /// `Invalid`, with the field's pointer below `/auth`.
    pub fn read(auth_type: &str, fields: &Map<String, Value>) -> Result<Self> {
        let fields = Fields { auth_type, fields };
        match auth_type {
            "" | "none" => Ok(Self::None),
            "bearer" => {
                Ok(Self::Bearer { token: fields.secret(&["token", "access_token", "value", "key"])? })
            }
            "api_key" => fields.api_key(),
            "oauth2" => fields.oauth2(),
            "custom_header" => Ok(Self::CustomHeader {
                name: fields.need(&["name", "header", "key"])?,
                value: fields.secret(&["value", "token"])?,
            }),
            other => Err(Error::invalid(
                "/auth/type",
                format!("{other:?} is none of bearer, api_key, oauth2, custom_header and none"),
            )),
        }
    }

    /// What it adds to a request.
    pub(crate) fn proof(&self) -> Result<Proof<'_>> {
        let credential = match self {
            Self::None => None,
            Self::OAuth2(grant) => return Ok(Proof::Fetched(Grant::Client(grant))),
            Self::Account(account) => return Ok(Proof::Fetched(Grant::Account(account))),
            Self::Bearer { token } => Some(bearer("/auth/token", token)?),
            Self::Basic { username, password } => {
                // The first colon ends the name, so a name cannot hold one.
                if username.contains(':') {
                    return Err(Error::invalid("/auth/username", "a user name holds no colon"));
                }
                let pair = BASE64_STANDARD.encode(format!("{username}:{}", password.expose_secret()));
                let value = header::value("/auth/password", &format!("Basic {pair}"))?;
                Some(Credential::Header(http::header::AUTHORIZATION, value))
            }
            Self::ApiKey { name, value, place: Place::Query } => {
                Some(Credential::Query(name.clone(), value.clone()))
            }
            Self::ApiKey { name, value, place: Place::Header } | Self::CustomHeader { name, value } => {
                let name = header::name("/auth/name", name)?;
                Some(Credential::Header(name, header::value("/auth/value", value.expose_secret())?))
            }
        };
        Ok(Proof::Ready(credential))
    }
}

/// A token in the header `Authorization`.
pub(crate) fn bearer(field: &str, token: &SecretString) -> Result<Credential> {
    let value = header::value(field, &format!("Bearer {}", token.expose_secret()))?;
    Ok(Credential::Header(http::header::AUTHORIZATION, value))
}

/// The free fields of one credential.
struct Fields<'a> {
    auth_type: &'a str,
    fields: &'a Map<String, Value>,
}

impl Fields<'_> {
    fn api_key(&self) -> Result<Auth> {
        let place = match self.text(&["in", "location"])?.as_deref() {
            None | Some("header") => Place::Header,
            Some("query") => Place::Query,
            Some(other) => {
                return Err(Error::invalid("/auth/in", format!("{other:?} is neither header nor query")));
            }
        };
        // `{key: "X-Key", value: "…"}` is a pair; a `key` alone is the credential.
        let pair = self.text(&["value"])?.is_some();
        let names: &[&str] = if pair { &["name", "header", "key"] } else { &["name", "header"] };
        let name = self.text(names)?.unwrap_or_else(|| API_KEY.to_owned());
        let value = self.secret(if pair { &["value"] } else { &["key", "value", "api_key", "token"] })?;
        Ok(Auth::ApiKey { name, value, place })
    }

    fn oauth2(&self) -> Result<Auth> {
        if self.text(&["token_url"])?.is_none()
            && let Some(token) = self.text(&["token", "access_token"])?
        {
            return Ok(Auth::Bearer { token: token.into() });
        }
        let scope = match self.fields.get("scope").or_else(|| self.fields.get("scopes")) {
            Some(Value::Array(words)) => {
                let words: Vec<_> = words.iter().filter_map(Value::as_str).collect();
                Some(words.join(" ")).filter(|scope| !scope.is_empty())
            }
            _ => self.text(&["scope", "scopes"])?,
        };
        Ok(Auth::OAuth2(OAuth2 {
            token_url: self.need(&["token_url"])?,
            client_id: self.need(&["client_id"])?,
            client_secret: self.secret(&["client_secret"])?,
            scope,
            audience: self.text(&["audience"])?,
        }))
    }

    /// The first of these fields that says something, without the line end that files and forms leave behind it.
    fn text(&self, names: &[&str]) -> Result<Option<String>> {
        for name in names {
            let text = match self.fields.get(*name) {
                None | Some(Value::Null) => continue,
                Some(Value::String(text)) => text.trim().to_owned(),
                Some(number @ Value::Number(_)) => number.to_string(),
                Some(_) => {
                    return Err(Error::invalid(format!("/auth/{name}"), format!("{name} is not a text")));
                }
            };
            if !text.is_empty() {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    fn need(&self, names: &[&str]) -> Result<String> {
        let first = names.first().copied().unwrap_or_default();
        self.text(names)?.ok_or_else(|| self.missing(first, "write it into the node's authentication"))
    }

    fn secret(&self, names: &[&str]) -> Result<SecretString> {
        let first = names.first().copied().unwrap_or_default();
        let text = self.text(names)?.ok_or_else(|| self.missing(first, "choose a secret for this node"))?;
        Ok(text.into())
    }

    fn missing(&self, name: &str, advice: &str) -> Error {
        let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        Error::invalid(
            format!("/auth/{name}"),
            format!("{} needs {article} {name}: {advice}", self.auth_type),
        )
    }
}
