//! One call of an API's operation: the arguments become a request below its address, the vault gives the credential.

use std::time::Duration;

use conductor_connectors::{Auth, Gate, HttpAnswer, HttpRequest, OAuth2, Place};
use conductor_domain::{
    ApiMethod, ApiSpec, AuthType, Connector, ConnectorHealth, FREE_REQUEST, Health, Kind, NewAuditEvent,
    ProblemView,
};
use conductor_runs::{CallError, Dispatch, ToolOutput, problem};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::{Error, Registry, Result, api::elsewhere, registry::tell};

/// The header of `api_key` where none is named.
const API_KEY_HEADER: &str = "X-API-Key";
/// How long a try to reach an API may take.
const TRY: Duration = Duration::from_secs(15);

impl Registry {
    /// Makes one call.
    pub(crate) async fn request(
        &self,
        connector: &Connector,
        api: &ApiSpec,
        name: &str,
        dispatch: Dispatch,
    ) -> Result<ToolOutput, CallError> {
        let server = &connector.spec.name;
        if !connector.spec.enabled {
            return Err(not_sent("connector_disabled", server, "it is switched off"));
        }
        let auth = self.api_auth(connector, api).await;
        let auth = auth.map_err(|error| not_sent(error.code(), server, &error.to_string()))?;
        let request = built(api, name, &dispatch.arguments)
            .map_err(|detail| not_sent("validation_failed", server, &detail))?;
        let request = HttpRequest {
            url: connector.spec.endpoint.clone().unwrap_or_default(),
            auth,
            timeout: Some(dispatch.timeout),
            idempotency_key: Some(dispatch.idempotency_key.clone()),
            ..request
        };
        let client = self.http.gated(gate(&dispatch));
        let answer = client.send(&request, &dispatch.cancel).await.map_err(|error| CallError {
            problem: problem(
                error.code(),
                &format!("{server} did not answer"),
                error.to_string(),
                error.retryable(),
            ),
            outcome_unknown: error.outcome_unknown(),
        })?;
        told(server, &answer)
    }

    /// How requests to an API sign in.
    async fn api_auth(&self, connector: &Connector, api: &ApiSpec) -> Result<Auth> {
        let spec = &connector.spec;
        if spec.auth_type == AuthType::None {
            return Ok(Auth::None);
        }
        let Some(reference) = &connector.secret_ref else {
            let says = "this API has no credential yet; enter it in its settings".to_owned();
            return Err(Error::Invalid { faults: vec![("/secret".to_owned(), says)] });
        };
        let secret = self.access.vault().open(connector.scope, reference).await?;
        let (header, auth) = (spec.auth_header.clone(), api.auth.clone());
        Ok(match spec.auth_type {
            AuthType::None => Auth::None,
            AuthType::Bearer => Auth::Bearer { token: secret },
            AuthType::ApiKey => match auth.query.filter(|name| !name.is_empty()) {
                Some(name) => Auth::ApiKey { name, value: secret, place: Place::Query },
                None => {
                    let name = header.unwrap_or_else(|| API_KEY_HEADER.to_owned());
                    Auth::ApiKey { name, value: secret, place: Place::Header }
                }
            },
            AuthType::CustomHeader => Auth::CustomHeader { name: header.unwrap_or_default(), value: secret },
            AuthType::Basic => Auth::Basic { username: auth.username.unwrap_or_default(), password: secret },
            AuthType::OAuth2 => Auth::OAuth2(OAuth2 {
                token_url: auth.token_url.unwrap_or_default(),
                client_id: auth.client_id.unwrap_or_default(),
                client_secret: secret,
                scope: auth.scope,
                audience: auth.audience,
            }),
        })
    }

    /// Asks an API's address whether anybody is there. Any answer but a refused credential or a failure will do: few APIs
    /// have something at their address itself.
    pub(crate) async fn reach_api(
        &self,
        connector: &Connector,
        api: &ApiSpec,
        entry: Option<NewAuditEvent>,
    ) -> Result<(Connector, Option<ProblemView>)> {
        if !connector.spec.enabled {
            return Err(Error::Disabled);
        }
        let name = &connector.spec.name;
        let auth = self.api_auth(connector, api).await?;
        let url = connector.spec.endpoint.clone().unwrap_or_default();
        let request = HttpRequest { auth, timeout: Some(TRY), ..HttpRequest::new("GET", url) };
        let failed = match self.http.send(&request, &CancellationToken::new()).await {
            Ok(answer) if matches!(answer.status_code, 401 | 403) => {
                let detail = format!("it refuses the credential with {}", answer.status_code);
                Some((Health::Error, problem("auth_failed", &format!("{name} refused"), detail, false)))
            }
            Ok(answer) if answer.status_code >= 500 => {
                let detail = format!("it answered {}", answer.status_code);
                Some((Health::Error, problem("connection_error", &format!("{name} failed"), detail, true)))
            }
            Ok(_) => None,
            Err(error) => {
                let title = format!("{name} did not answer");
                let told = problem(error.code(), &title, error.to_string(), error.retryable());
                Some((Health::Offline, told))
            }
        };
        let found = ConnectorHealth {
            health: failed.as_ref().map_or(Health::Healthy, |(health, _)| *health),
            message: failed.as_ref().map(|(_, problem)| problem.detail.clone()),
            capabilities: Some(json!({ "tools": api.tools() })),
        };
        let (id, is_failed) = (connector.id, failed.is_some());
        let connector = self
            .write_at(connector.scope, move |tx| {
                Box::pin(async move {
                    if let Some(mut entry) = entry {
                        if is_failed {
                            entry.data = json!({ "failed": true });
                        }
                        tx.audit().record(entry).await?;
                    }
                    let connector = tx.connectors().set_health(id, found).await?;
                    tell(tx, &connector);
                    Ok(connector)
                })
            })
            .await?;
        Ok((connector, failed.map(|(_, problem)| problem)))
    }
}

/// Method, endpoint, headers, query and body of an operation with these arguments.
fn built(api: &ApiSpec, name: &str, arguments: &Value) -> Result<HttpRequest, String> {
    let object = |field: &str| match arguments.get(field) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(fields)) => Ok(fields.clone()),
        Some(_) => Err(format!("{field} is no object")),
    };
    let (method, endpoint, query) = if name == FREE_REQUEST && api.free_requests {
        let text = |field: &str| arguments.get(field).and_then(Value::as_str).unwrap_or_default();
        let method: ApiMethod =
            text("method").parse().map_err(|_| format!("{:?} is no method", text("method")))?;
        (method, text("endpoint").to_owned(), object("query_params")?)
    } else {
        let operation = api.operations.iter().find(|operation| operation.name == name);
        let operation = operation.ok_or_else(|| format!("this API has no operation {name} any more"))?;
        (operation.method, filled(&operation.endpoint, &object("path")?)?, object("query")?)
    };
    if let Some(says) = elsewhere(&endpoint) {
        return Err(says.to_owned());
    }
    Ok(HttpRequest {
        method: method.as_str().to_owned(),
        endpoint: Some(endpoint),
        headers: object("headers")?,
        query,
        body: arguments.get("body").filter(|body| !body.is_null()).cloned(),
        ..HttpRequest::default()
    })
}

/// An endpoint with its parameters, each of which stays within its own part of the path.
fn filled(endpoint: &str, arguments: &Map<String, Value>) -> Result<String, String> {
    let (mut whole, mut rest) = (String::with_capacity(endpoint.len()), endpoint);
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or("the endpoint has a brace without its pair")?;
        let value = match arguments.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
            _ => return Err(format!("path.{name} is a text or a number")),
        };
        // An empty part would make the list of one of its items; a step would lead to another folder.
        if value.is_empty() || matches!(value.as_str(), "." | "..") {
            return Err(format!("path.{name} is neither empty nor a step to another folder"));
        }
        whole.push_str(before);
        encode(&value, &mut whole);
        rest = after;
    }
    whole.push_str(rest);
    Ok(whole)
}

/// Percent-encodes all but what RFC 3986 calls unreserved.
fn encode(value: &str, whole: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            whole.push(char::from(byte));
        } else {
            whole.push('%');
            for nibble in [byte >> 4, byte & 15] {
                whole.push(DIGITS.get(usize::from(nibble)).copied().map(char::from).unwrap_or_default());
            }
        }
    }
}

/// An answer in the words of API results; one that refuses or fails is a failure of the call.
fn told(server: &str, answer: &HttpAnswer) -> Result<ToolOutput, CallError> {
    let Some(failure) = &answer.error else {
        return Ok(ToolOutput::text(serde_json::to_string(answer).unwrap_or_default()));
    };
    let data = if answer.data.is_null() { String::new() } else { format!(" It said: {}", answer.data) };
    let detail: String = format!("{}{data}", failure.message).chars().take(2_000).collect();
    let title = format!("{server} refused or failed");
    Err(CallError {
        problem: problem(&failure.code, &title, detail, failure.retryable),
        outcome_unknown: false,
    })
}

/// Asks whether the run is still held.
fn gate(dispatch: &Dispatch) -> Gate {
    let held = dispatch.still_held();
    Gate::new(move || {
        let asked = held();
        Box::pin(async move { Ok(asked.await?) })
    })
}

fn not_sent(code: &str, server: &str, detail: &str) -> CallError {
    let unsent = problem(code, &format!("{server} was not called"), detail, false);
    CallError { problem: unsent, outcome_unknown: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(value: Value) -> Result<String, String> {
        filled("/items/{id}/parts", &Map::from_iter([("id".to_owned(), value)]))
    }

    #[test]
    fn a_parameter_stays_in_its_place() {
        for (value, path) in [
            (json!("a"), "/items/a/parts"),
            (json!(7), "/items/7/parts"),
            (json!("a/../b"), "/items/a%2F..%2Fb/parts"),
            (json!("?x=1#y"), "/items/%3Fx%3D1%23y/parts"),
            (json!("%2e%2e"), "/items/%252e%252e/parts"),
            (json!("ä b"), "/items/%C3%A4%20b/parts"),
        ] {
            assert_eq!(fill(value).unwrap(), path);
        }
        for value in [json!(""), json!("."), json!(".."), json!(null), json!({})] {
            assert!(fill(value.clone()).is_err(), "{value}");
        }
    }

    #[test]
    fn a_free_request_stays_below_the_address_and_only_where_it_is_allowed() {
        let api = ApiSpec { free_requests: true, ..ApiSpec::default() };
        let asked = |endpoint: &str| json!({ "method": "GET", "endpoint": endpoint });
        assert!(built(&api, "request", &asked("/a?b=c")).is_ok());
        for endpoint in ["//evil.example", "https://evil.example", "@evil.example", "/../admin", "\\\\evil"] {
            assert!(built(&api, "request", &asked(endpoint)).is_err(), "{endpoint}");
        }
        assert!(built(&ApiSpec::default(), "request", &asked("/a")).is_err());
    }
}
