//! Slack, by its Web API (<https://docs.slack.dev/apis/web-api>): every answer is 200 with `ok`, except one that says to wait.

use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::{Operation, Said, Settings, Task, object, text};
use crate::{Auth, Error, Failure, HttpClient, HttpRequest, Result};

pub(super) const NAME: &str = "slack";
/// `SLACK_BOT_TOKEN`, and `SLACK_BOT_URL` where it is not Slack's own address.
pub(super) const PREFIX: &str = "SLACK_BOT";
const URL: &str = "https://slack.com/api";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        provider: NAME,
        name: "messages.send",
        description: "Writes a message into a channel of Slack.",
        read_only: false,
        fields: || message(&["channel"], json!({})),
    },
    Operation {
        provider: NAME,
        name: "messages.update",
        description: "Replaces a message in Slack by its channel and time stamp.",
        read_only: false,
        fields: || message(&["channel", "ts"], json!({ "ts": { "type": "string" } })),
    },
];

fn message(required: &[&str], more: Value) -> Value {
    let mut properties = json!({
        "channel": { "type": "string", "description": "Its name with #, or its id." },
        "text": { "type": "string", "maxLength": 40_000 },
        "blocks": { "type": "array", "maxItems": 50, "items": { "type": "object" }, "description": "Block Kit." },
        "thread_ts": { "type": "string", "description": "The message that is answered." },
    });
    if let (Value::Object(properties), Value::Object(more)) = (&mut properties, more) {
        properties.extend(more);
    }
    json!({
        "type": "object", "additionalProperties": false, "required": required, "properties": properties,
        "anyOf": [{ "required": ["text"] }, { "required": ["blocks"] }],
    })
}

pub(super) async fn run(
    http: &HttpClient,
    operation: &Operation,
    task: &Task,
    settings: &Settings<'_>,
    cancel: &CancellationToken,
) -> Result<Said> {
    text(&task.fields, "channel")?;
    if !["text", "blocks"].iter().any(|field| task.fields.contains_key(*field)) {
        return Err(Error::invalid("/text", "a message has text, or blocks"));
    }
    let method = if operation.name == "messages.update" { "chat.update" } else { "chat.postMessage" };
    let token = settings.require("TOKEN")?.expose_secret().into();
    let request = HttpRequest {
        endpoint: Some(method.to_owned()),
        // Slack answers a JSON body without a charset with a warning.
        headers: Map::from_iter([("Content-Type".to_owned(), "application/json; charset=utf-8".into())]),
        body: Some(Value::Object(task.fields.clone())),
        auth: Auth::Bearer { token },
        timeout: Some(task.timeout),
        ..HttpRequest::new("POST", settings.text("URL").unwrap_or(URL))
    };
    let answer = http.send(&request, cancel).await?;
    Ok(match answer.error {
        Some(failure) => Err(failure),
        None => said(object(answer.data)),
    })
}

/// `ok` says whether it was done; what was not is named by a word.
fn said(mut answer: Map<String, Value>) -> Said {
    if answer.remove("ok") == Some(Value::Bool(true)) {
        return Ok(answer);
    }
    let word = answer.get("error").and_then(Value::as_str).unwrap_or("no_reason").to_owned();
    // The words by which Slack says that it was its own fault, or too much at once.
    let later = ["ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"];
    Err(Failure {
        message: format!("Slack says {word}"),
        retryable: later.contains(&word.as_str()),
        retry_after_seconds: None,
        code: word,
    })
}
