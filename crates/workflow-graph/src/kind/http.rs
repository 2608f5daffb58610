//! An address is requested that no connector stands for.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{About, Found, Settings, Texts, about};
use crate::{Node, fields::Fields, problem::Code, word::words};

words! {
    /// The method of a request.
    Method {
        Get => "GET" "Read.",
        Post => "POST" "Create, or do.",
        Put => "PUT" "Replace.",
        Patch => "PATCH" "Change.",
        Delete => "DELETE" "Delete.",
        Head => "HEAD" "Read the headers.",
        Options => "OPTIONS" "Ask what is possible.",
    }
}

words! {
    /// How a request shows who sends it.
    AuthType {
        Bearer => "bearer" "A token in the header `Authorization`.",
        ApiKey => "api_key" "A key in a header or the query.",
        OAuth2 => "oauth2" "A token that is fetched first.",
        CustomHeader => "custom_header" "Any header.",
        None => "none" "It does not.",
    }
}

/// How a request shows who sends it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Auth {
    /// In which way.
    #[serde(rename = "type")]
    pub auth_type: AuthType,
    /// Everything else that the document says of it; the credential itself is better chosen from the secrets.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// The settings of an http node.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Http {
    /// The method.
    pub method: Method,
    /// The address, or the part of it that the endpoints of one API share.
    pub url: String,
    /// What is added to the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Headers.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub headers: Map<String, Value>,
    /// Parameters of the query.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub query: Map<String, Value>,
    /// What is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// How it shows who sends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// Whether the target does a request once however often it comes with one `Idempotency-Key`. Then a request whose
    /// answer was lost is sent again, and nobody is asked whether it took effect.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub idempotent: bool,
}

/// Words in the names of fields whose values are secret.
pub(super) const SECRET_WORDS: [&str; 6] = ["token", "password", "secret", "api_key", "apikey", "credential"];

impl Auth {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        let auth_type = fields.word("type").unwrap_or_default();
        Self { auth_type, fields: fields.rest() }
    }
}

impl Settings for Http {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            method: fields.word("method").unwrap_or_default(),
            url: fields.text("url").unwrap_or_default(),
            endpoint: fields.text("endpoint"),
            headers: fields.object("headers").unwrap_or_default(),
            query: fields.object("query").unwrap_or_default(),
            body: fields.value("body").cloned(),
            auth: fields.fields("auth").map(|mut auth| Auth::read(&mut auth)),
            idempotent: fields.boolean("idempotent").unwrap_or_default(),
        }
    }

    fn texts<'a>(&'a self, texts: &mut Texts<'a>) {
        texts.template("url", &self.url);
        texts.template("endpoint", &self.endpoint);
        texts.object("/config/headers", &self.headers);
        texts.object("/config/query", &self.query);
        if let Some(body) = &self.body {
            texts.value("/config/body", body);
        }
        if let Some(auth) = &self.auth {
            texts.object("/config/auth", &auth.fields);
        }
    }

    fn check(&self, _node: &Node, found: &mut Found<'_>) {
        found.require("/config/url", !self.url.is_empty());
        let scheme = ["http://", "https://", "{{", "${"];
        if !self.url.is_empty() && !scheme.iter().any(|scheme| self.url.starts_with(scheme)) {
            found.error("/config/url", Code::InvalidValue, "an address begins with https:// or http://");
        }
        for (key, value) in self.auth.iter().flat_map(|auth| &auth.fields) {
            let secret = SECRET_WORDS.iter().any(|word| key.to_lowercase().contains(word));
            let literal = value.as_str().is_some_and(|text| !text.contains("{{") && !text.contains("${"));
            if secret && literal && !key.contains("ref") {
                let message = format!("{key} stands in the workflow itself; choose a secret instead");
                found.warning("/config/auth", Code::LiteralCredential, message);
            }
        }
    }

    fn about() -> About {
        About {
            name: "HTTP request",
            inputs: "None: the settings say what is sent.",
            output: about::fields(
                "How the target answered.",
                json!({
                    "success": about::flag("Whether the status is 2xx."),
                    "status_code": about::whole("The status.", 100),
                    "data": about::any("What it said, as JSON where it is some."),
                    "error": about::any("What is wrong, where there is no success."),
                    "elapsed_seconds": about::number("How long it took.", 0, 300),
                }),
            ),
            settings: json!({
                "method": about::word::<Method>("The method."),
                "url": about::text("The address, a template; it begins with https:// or http://."),
                "endpoint": about::text("What is added to the address."),
                "headers": about::object("Headers."),
                "query": about::object("Parameters of the query."),
                "body": about::any("What is sent."),
                "auth": {
                    "type": "object", "description": "How it shows who sends it, with the name of a credential.",
                    "properties": { "type": about::word::<AuthType>("In which way.") },
                },
                "idempotent": about::flag("Whether the target does a request once for each Idempotency-Key."),
            }),
            required: &["url"],
            example: json!({
                "nodes": [{
                    "id": "order", "kind": "http",
                    "config": { "method": "GET", "url": "https://api.example.com", "endpoint": "/orders/{{inputs.id}}" },
                }],
                "edges": [],
            }),
        }
    }
}
