//! What a person sets on a server: as a new one, or as a change of what there is.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use conductor_domain::{
    ApiSpec, AuthType, Classification, ConnectorSpec, EnvValues, FieldError, Transport, Visibility,
};
use conductor_registry::ServerDraft;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::{AuthSettings, MASK};
use crate::{Problem, json::nullable};

/// A server to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateMcpServerRequest {
    name: String,
    #[serde(default)]
    description: String,
    transport: Transport,
    /// Its address, for `http` and `sse`.
    endpoint: Option<String>,
    /// Its program, for `stdio`.
    command: Option<String>,
    #[serde(default)]
    args: Vec<String>,
    /// The environment of its process; values are kept sealed and never shown again.
    #[serde(default)]
    env_vars: BTreeMap<String, String>,
    auth_type: Option<AuthType>,
    auth_settings: Option<AuthSettings>,
    /// The operations of an API, which then is no MCP server; its `transport` is `http`.
    api: Option<ApiSpec>,
    /// The credential; kept sealed and never shown again.
    #[schema(value_type = Option<String>)]
    secret: Option<SecretString>,
    visibility: Option<Visibility>,
    data_classification: Option<Classification>,
    approval_required: Option<bool>,
    cache_ttl_seconds: Option<i32>,
    enabled: Option<bool>,
}

/// A change of a server: missing fields stay, `null` clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateMcpServerRequest {
    name: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    transport: Option<Transport>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    endpoint: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    command: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Vec<String>>)]
    args: Option<Option<Vec<String>>>,
    /// All of them: those left out are gone.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    env_vars: Option<Option<BTreeMap<String, String>>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<AuthType>)]
    auth_type: Option<Option<AuthType>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<AuthSettings>)]
    auth_settings: Option<Option<AuthSettings>>,
    /// All of it: operations that are left out are gone.
    api: Option<ApiSpec>,
    /// `null` removes the credential, and with it the way in which it was sent.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    secret: Option<Option<SecretString>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Visibility>)]
    visibility: Option<Option<Visibility>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Classification>)]
    data_classification: Option<Option<Classification>>,
    approval_required: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i32>)]
    cache_ttl_seconds: Option<Option<i32>>,
    enabled: Option<bool>,
}

impl CreateMcpServerRequest {
    pub(super) fn into_draft(self) -> Result<ServerDraft, Problem> {
        let spec = ConnectorSpec {
            name: self.name.trim().to_owned(),
            slug: String::new(),
            description: self.description,
            transport: self.transport,
            endpoint: self.endpoint,
            command: self.command,
            args: self.args,
            env_names: Vec::new(),
            auth_type: self.auth_type.unwrap_or_default(),
            auth_header: self.auth_settings.unwrap_or_default().header,
            api: self.api,
            visibility: self.visibility.unwrap_or_default(),
            data_classification: self.data_classification.unwrap_or_default(),
            approval_required: self.approval_required.unwrap_or_default(),
            cache_ttl_seconds: self.cache_ttl_seconds,
            enabled: self.enabled.unwrap_or(true),
        };
        Ok(ServerDraft { spec, env: Some(values(self.env_vars)?), secret: self.secret })
    }
}

impl UpdateMcpServerRequest {
    /// The server as it is to be.
    pub(super) fn apply(self, mut spec: ConnectorSpec) -> Result<ServerDraft, Problem> {
        if let Some(name) = self.name {
            spec.name = name.trim().to_owned();
        }
        spec.description = self.description.map_or(spec.description, Option::unwrap_or_default);
        spec.transport = self.transport.unwrap_or(spec.transport);
        spec.endpoint = self.endpoint.unwrap_or(spec.endpoint);
        spec.command = self.command.unwrap_or(spec.command);
        spec.args = self.args.map_or(spec.args, Option::unwrap_or_default);
        if let Some(None) = self.secret {
            spec.auth_type = AuthType::None;
        }
        spec.auth_type = self.auth_type.map_or(spec.auth_type, Option::unwrap_or_default);
        spec.auth_header =
            self.auth_settings.map_or(spec.auth_header, |settings| settings.unwrap_or_default().header);
        spec.api = self.api.or(spec.api);
        spec.visibility = self.visibility.map_or(spec.visibility, Option::unwrap_or_default);
        spec.data_classification =
            self.data_classification.map_or(spec.data_classification, Option::unwrap_or_default);
        spec.approval_required = self.approval_required.unwrap_or(spec.approval_required);
        spec.cache_ttl_seconds = self.cache_ttl_seconds.unwrap_or(spec.cache_ttl_seconds);
        spec.enabled = self.enabled.unwrap_or(spec.enabled);
        let env = self.env_vars.map(|env| values(env.unwrap_or_default())).transpose()?;
        Ok(ServerDraft { spec, env, secret: self.secret.flatten() })
    }
}

/// Values as they are stored. What the API shows in place of a value is not one.
fn values(env: BTreeMap<String, String>) -> Result<EnvValues, Problem> {
    let masked: Vec<FieldError> = env
        .iter()
        .filter(|(_, value)| *value == MASK)
        .map(|(name, _)| {
            let detail = "this stands for a stored value; send the value itself, or leave env_vars out";
            FieldError::new(format!("/env_vars/{name}"), "masked", detail)
        })
        .collect();
    if masked.is_empty() {
        return Ok(env);
    }
    let detail = "Some values of `env_vars` are the mask that the API shows in place of stored values.";
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", detail).with_errors(masked))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec() -> ConnectorSpec {
        let body = json!({
            "name": "Files", "transport": "http", "endpoint": "https://files.example/mcp",
            "auth_type": "custom_header", "auth_settings": { "header": "X-Key" }, "secret": "s",
            "description": "d",
        });
        let draft = serde_json::from_value::<CreateMcpServerRequest>(body).unwrap().into_draft().unwrap();
        assert!(draft.secret.is_some());
        draft.spec
    }

    fn changed(body: serde_json::Value) -> ServerDraft {
        serde_json::from_value::<UpdateMcpServerRequest>(body).unwrap().apply(spec()).unwrap()
    }

    #[test]
    fn missing_stays_and_null_clears() {
        let draft = changed(json!({}));
        assert_eq!((draft.spec, draft.env.is_none(), draft.secret.is_none()), (spec(), true, true));
        assert_eq!(changed(json!({ "description": null })).spec.description, "");
        assert_eq!(changed(json!({ "endpoint": null })).spec.endpoint, None);
        assert_eq!(changed(json!({ "secret": null })).spec.auth_type, AuthType::None);
        assert_eq!(changed(json!({ "env_vars": null })).env, Some(EnvValues::new()));
    }

    #[test]
    fn a_mask_is_no_value() {
        let body = json!({ "env_vars": { "TOKEN": MASK } });
        let refused =
            serde_json::from_value::<UpdateMcpServerRequest>(body).unwrap().apply(spec()).unwrap_err();
        assert_eq!(refused.code(), "validation_failed");
    }
}
