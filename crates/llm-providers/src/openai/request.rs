//! The body of a chat-completions request.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::{
    chat::{ChatRequest, Content, Message, Role, ThinkingBudget, ToolSpec},
    history::well_formed,
    names::ToolNames,
    openai::completions::Dialect,
};

/// The longest description of a tool that OpenAI takes.
const LONGEST_DESCRIPTION: usize = 1024;

/// Whether a model of this name reasons, and so refuses to be told a temperature.
pub(super) fn reasons(model: &str) -> bool {
    let model = model.rsplit('/').next().unwrap_or(model);
    let is = |prefix: &str| {
        model.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
    };
    (is("o1") || is("o3") || is("o4") || is("gpt-5")) && !model.contains("-chat")
}

/// The body.
pub(super) fn body(request: &ChatRequest, names: &ToolNames, dialect: Dialect, reasons: bool) -> Value {
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    set("model", json!(request.model));
    set("messages", messages(request, names));
    set("stream", json!(true));
    set("stream_options", json!({"include_usage": true}));
    if !request.tools.is_empty() {
        let tools = request.tools.iter().map(|spec| tool(spec, names, dialect));
        set("tools", tools.collect());
    }
    let reasons = reasons && dialect != Dialect::Compatible;
    if let Some(limit) = request.max_tokens {
        let name = if dialect == Dialect::OpenAi || reasons { "max_completion_tokens" } else { "max_tokens" };
        // What it thinks counts against the limit, so the answer keeps its own room.
        let thinking = request.thinking.filter(|_| reasons).map_or(0, |budget| budget.tokens);
        set(name, json!(limit.saturating_add(thinking)));
    }
    if reasons {
        if let Some(budget) = request.thinking {
            set("reasoning_effort", json!(effort(budget)));
        }
    } else {
        if let Some(temperature) = request.temperature {
            set("temperature", json!(temperature));
        }
        if let Some(top_p) = request.top_p {
            set("top_p", json!(top_p));
        }
        if !request.stop.is_empty() {
            set("stop", json!(request.stop));
        }
    }
    if let Some(user) = &request.user {
        set("user", json!(user));
    }
    Value::Object(body)
}

/// The level nearest to a budget.
const fn effort(budget: ThinkingBudget) -> &'static str {
    match budget.tokens {
        0..=2_048 => "low",
        2_049..=8_192 => "medium",
        _ => "high",
    }
}

fn tool(spec: &ToolSpec, names: &ToolNames, dialect: Dialect) -> Value {
    let description: String = match dialect {
        Dialect::Compatible => spec.description.clone(),
        Dialect::OpenAi | Dialect::Azure => spec.description.chars().take(LONGEST_DESCRIPTION).collect(),
    };
    let mut parameters = match &spec.input_schema {
        Value::Object(schema) => schema.clone(),
        _ => Map::new(),
    };
    // A schema without these is refused, even if there is nothing to say.
    parameters.entry("type").or_insert_with(|| json!("object"));
    parameters.entry("properties").or_insert_with(|| json!({}));
    json!({
        "type": "function",
        "function": {"name": names.theirs(&spec.name), "description": description, "parameters": parameters},
    })
}

fn messages(request: &ChatRequest, names: &ToolNames) -> Value {
    let mut messages = Vec::new();
    if let Some(system) = request.system.as_ref().filter(|system| !system.trim().is_empty()) {
        messages.push(json!({"role": "system", "content": system}));
    }
    for message in well_formed(&request.messages) {
        match message.role {
            Role::User => messages.push(json!({"role": "user", "content": user_content(&message)})),
            Role::Assistant => messages.extend(assistant(&message, names)),
            Role::Tool => messages.extend(message.content.iter().filter_map(tool_result)),
        }
    }
    Value::Array(messages)
}

fn user_content(message: &Message) -> Value {
    if let [Content::Text { text }] = message.content.as_slice() {
        return json!(text);
    }
    let parts = message.content.iter().filter_map(|part| match part {
        Content::Text { text } => Some(json!({"type": "text", "text": text})),
        Content::Image { mime, bytes } => {
            let url = format!("data:{mime};base64,{}", STANDARD.encode(bytes));
            Some(json!({"type": "image_url", "image_url": {"url": url}}))
        }
        _ => None,
    });
    parts.collect()
}

/// Thoughts stay behind: chat completions have no place for them.
fn assistant(message: &Message, names: &ToolNames) -> Option<Value> {
    let text: Vec<&str> = message.content.iter().filter_map(Content::as_text).collect();
    let calls: Vec<Value> = message
        .content
        .iter()
        .filter_map(|part| match part {
            Content::ToolCall { id, name, arguments } => Some(json!({
                "id": id,
                "type": "function",
                "function": {"name": names.theirs(name), "arguments": object(arguments).to_string()},
            })),
            _ => None,
        })
        .collect();
    let text = (!text.is_empty()).then(|| text.join("\n"));
    match (text, calls.is_empty()) {
        (None, true) => None,
        (text, true) => Some(json!({"role": "assistant", "content": text})),
        (text, false) => Some(json!({"role": "assistant", "content": text, "tool_calls": calls})),
    }
}

/// Arguments that were no JSON go back as an object that holds them, since servers parse what they get.
pub(crate) fn object(arguments: &Value) -> Value {
    match arguments {
        Value::Object(_) => arguments.clone(),
        other => json!({"invalid_arguments": other}),
    }
}

fn tool_result(part: &Content) -> Option<Value> {
    match part {
        Content::ToolResult { call_id, is_error, text } => {
            // There is no field that says so.
            let text = if *is_error { format!("The tool failed: {text}") } else { text.clone() };
            Some(json!({"role": "tool", "tool_call_id": call_id, "content": text}))
        }
        _ => None,
    }
}
