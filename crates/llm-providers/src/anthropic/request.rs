//! The body of a Messages request.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::{
    Error, Result,
    chat::{ChatRequest, Content, Message, Role, ThinkingBudget, ToolSpec},
    history::well_formed,
    names::ToolNames,
    openai::object,
    wire::Callee,
};

/// A limit is required; this one leaves room for a long answer.
const MAX_TOKENS: u32 = 8_192;

/// The least that a model may be given to think with.
const LEAST_THINKING: u32 = 1_024;

const IMAGES: &[&str] = &["image/jpeg", "image/png", "image/gif", "image/webp"];

/// The body.
pub(super) fn body(request: &ChatRequest, names: &ToolNames, callee: &Callee) -> Result<Value> {
    let history = well_formed(&request.messages);
    let thinking = request.thinking.filter(|_| may_think(&history));
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    set("model", json!(request.model));
    let limit = request.max_tokens.unwrap_or(MAX_TOKENS);
    if let Some(ThinkingBudget { tokens }) = thinking {
        let budget = tokens.max(LEAST_THINKING);
        set("thinking", json!({"type": "enabled", "budget_tokens": budget}));
        // What it thinks counts against the limit, so the answer keeps its own room.
        set("max_tokens", json!(limit.saturating_add(budget)));
    } else {
        set("max_tokens", json!(limit));
        // Newer models refuse both together, and a thinking one refuses either.
        match (request.temperature, request.top_p) {
            (Some(temperature), _) => set("temperature", json!(temperature.clamp(0.0, 1.0))),
            (None, Some(top_p)) => set("top_p", json!(top_p)),
            (None, None) => None,
        };
    }
    if let Some(system) = request.system.as_ref().filter(|system| !system.trim().is_empty()) {
        set("system", json!(system));
    }
    set("messages", messages(&history, names, callee)?);
    if !request.tools.is_empty() {
        set("tools", request.tools.iter().map(|spec| tool(spec, names)).collect());
    }
    if !request.stop.is_empty() {
        set("stop_sequences", json!(request.stop));
    }
    if let Some(user) = &request.user {
        set("metadata", json!({"user_id": user}));
    }
    set("stream", json!(true));
    Ok(Value::Object(body))
}

/// In the middle of its tool calls a model goes on thinking only if it began with a thought that can be handed back.
fn may_think(history: &[Message]) -> bool {
    match history {
        [.., calling, results] if results.role == Role::Tool => {
            let first = calling.content.iter().find_map(thought);
            first.is_some()
        }
        _ => true,
    }
}

fn tool(spec: &ToolSpec, names: &ToolNames) -> Value {
    let mut schema = match &spec.input_schema {
        Value::Object(schema) => schema.clone(),
        _ => Map::new(),
    };
    schema.entry("type").or_insert_with(|| json!("object"));
    json!({"name": names.theirs(&spec.name), "description": spec.description, "input_schema": schema})
}

/// Messages of the same side are joined: results of tools stand in the user's message, before what the user says.
fn messages(history: &[Message], names: &ToolNames, callee: &Callee) -> Result<Value> {
    let mut messages: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in history {
        let role = if message.role == Role::Assistant { "assistant" } else { "user" };
        let mut blocks = Vec::new();
        for part in &message.content {
            blocks.extend(block(part, message.role, names, callee)?);
        }
        if blocks.is_empty() {
            continue;
        }
        match messages.last_mut() {
            Some((last, content)) if *last == role => content.append(&mut blocks),
            Some(_) => messages.push((role, blocks)),
            None => {
                if role == "assistant" {
                    // A conversation begins with the user.
                    messages
                        .push(("user", vec![json!({"type": "text", "text": "(The conversation begins.)"})]));
                }
                messages.push((role, blocks));
            }
        }
    }
    if messages.is_empty() {
        let message = "there is no message; a conversation needs at least one".to_owned();
        return Err(Error::InvalidRequest { provider: callee.provider.clone(), message });
    }
    Ok(messages.into_iter().map(|(role, content)| json!({"role": role, "content": content})).collect())
}

fn block(part: &Content, role: Role, names: &ToolNames, callee: &Callee) -> Result<Option<Value>> {
    Ok(match part {
        // An answer that ends in spaces is refused as the last message.
        Content::Text { text } if role == Role::Assistant => {
            Some(json!({"type": "text", "text": text.trim_end()}))
        }
        Content::Text { text } => Some(json!({"type": "text", "text": text})),
        Content::Image { mime, bytes } => {
            if !IMAGES.contains(&mime.as_str()) {
                let message =
                    format!("it reads pictures of the types {}, not {mime}; convert it", IMAGES.join(", "));
                return Err(Error::InvalidRequest { provider: callee.provider.clone(), message });
            }
            let source = json!({"type": "base64", "media_type": mime, "data": STANDARD.encode(bytes)});
            Some(json!({"type": "image", "source": source}))
        }
        Content::Thinking { .. } | Content::RedactedThinking { .. } => thought(part),
        Content::ToolCall { id, name, arguments } => Some(json!({
            "type": "tool_use",
            "id": plain_id(id),
            "name": names.theirs(name),
            "input": object(arguments),
        })),
        Content::ToolResult { call_id, is_error, text } => Some(json!({
            "type": "tool_result",
            "tool_use_id": plain_id(call_id),
            "content": text,
            "is_error": is_error,
        })),
    })
}

/// A thought that can be handed back: another vendor's has no seal, and none is taken without.
fn thought(part: &Content) -> Option<Value> {
    match part {
        Content::Thinking { text, signature: Some(signature) } => {
            Some(json!({"type": "thinking", "thinking": text, "signature": signature}))
        }
        Content::RedactedThinking { data } => Some(json!({"type": "redacted_thinking", "data": data})),
        _ => None,
    }
}

/// Ids of calls that another vendor made may have other letters.
fn plain_id(id: &str) -> String {
    id.chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || "_-".contains(letter) { letter } else { '_' })
        .collect()
}
