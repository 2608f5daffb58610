//! Shopify, by the REST Admin API (<https://shopify.dev/docs/api/admin-rest>).

use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::{Operation, Said, Settings, Task, object, text};
use crate::{Auth, Error, HttpClient, HttpRequest, Result};

pub(super) const NAME: &str = "shopify";
/// `SHOPIFY_STORE` (`example.myshopify.com`, or an address) and `SHOPIFY_TOKEN`.
pub(super) const PREFIX: &str = "SHOPIFY";
/// Shopify keeps a version for a year; the answer is that of the oldest one it still has, where this one is gone.
const VERSION: &str = "2026-07";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        provider: NAME,
        name: "orders.get",
        description: "Reads an order of a Shopify store.",
        read_only: true,
        fields: || fields(&["resourceId"], json!({})),
    },
    Operation {
        provider: NAME,
        name: "orders.update",
        description: "Changes an order of a Shopify store, such as its tags or its note.",
        read_only: false,
        fields: || {
            fields(&["resourceId", "data"], json!({ "data": { "type": "object", "minProperties": 1 } }))
        },
    },
];

fn fields(required: &[&str], more: Value) -> Value {
    let mut properties =
        json!({ "resourceId": { "type": ["string", "integer"], "description": "The order's number." } });
    if let (Value::Object(properties), Value::Object(more)) = (&mut properties, more) {
        properties.extend(more);
    }
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}

pub(super) async fn run(
    http: &HttpClient,
    operation: &Operation,
    task: &Task,
    settings: &Settings<'_>,
    cancel: &CancellationToken,
) -> Result<Said> {
    let order = text(&task.fields, "resourceId")?;
    // Orders are named by the global id of the other API, too.
    let order = order.strip_prefix("gid://shopify/Order/").unwrap_or(&order).to_owned();
    if order.is_empty()
        || !order.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
    {
        return Err(Error::invalid("/resourceId", format!("{order:?} is no id of an order")));
    }
    let token = settings.require("TOKEN")?.expose_secret().into();
    let store = settings.require("STORE")?.expose_secret().trim().to_owned();
    let url = if store.contains("://") { store } else { format!("https://{store}") };
    let mut request = HttpRequest {
        endpoint: Some(format!("admin/api/{VERSION}/orders/{order}.json")),
        auth: Auth::CustomHeader { name: "X-Shopify-Access-Token".to_owned(), value: token },
        timeout: Some(task.timeout),
        ..HttpRequest::new("GET", url)
    };
    if operation.name == "orders.update" {
        let Some(Value::Object(data)) = task.fields.get("data") else {
            return Err(Error::invalid("/data", "data is required, and is an object"));
        };
        let mut changed = Map::from_iter([("id".to_owned(), json!(order))]);
        changed.extend(data.clone());
        request.method = "PUT".to_owned();
        request.body = Some(json!({ "order": changed }));
    }
    let answer = http.send(&request, cancel).await?;
    Ok(match answer.error {
        None => Ok(object(answer.data)),
        Some(mut failure) => {
            if let Some(errors) = answer.data.get("errors") {
                failure.message = format!("{}: {errors}", failure.message);
            }
            Err(failure)
        }
    })
}
