//! The settings of the types that the canvas form knows by fields of its own, both ways.

use serde_json::{Map, Value, json};

use crate::{
    Config, Kind, Node,
    fields::Fields,
    kind::{Agent, Auth, AuthType, Code, ConnectorKind, Http, Human, Model, Review, Tool},
    limits,
    problem::Code as ProblemCode,
    word::Word,
};

/// Where the stored form's fields stand in a canvas node of this kind.
pub(super) fn moved(kind: Kind) -> Vec<(&'static str, &'static str)> {
    match kind {
        Kind::Agent => vec![("/config/max_rounds", "/config/maxIterations")],
        Kind::Http => {
            vec![("/config/auth", "/config/authentication"), ("/config/query", "/config/query_params")]
        }
        Kind::Tool => vec![("/inputs", "/config/payload"), ("/config/connector", "/config/connector_id")],
        Kind::Review => {
            vec![
                ("/config/max_rounds", "/config/maxRounds"),
                ("/config/prompt", "/config/reviewPrompt"),
                ("/config/min_confidence", "/config/minConfidence"),
            ]
        }
        Kind::Human => {
            vec![
                ("/config/due_ms", "/config/dueMs"),
                ("/config/escalate_to", "/config/escalateTo"),
                ("/config/title", "/config/reviewTitle"),
                ("/config/decisions", "/config/allowedDecisions"),
            ]
        }
        Kind::Condition => vec![("/config/cases", "/config/branches")],
        _ => Vec::new(),
    }
}

/// Reads the settings of a type, start, end and conditional apart.
pub(super) fn read(kind: Kind, node: &mut Node, fields: &mut Fields<'_>) {
    match kind {
        Kind::Agent => node.config = agent(fields).into(),
        Kind::Http if fields.has("connector_id") => tool(ConnectorKind::Api, node, fields),
        Kind::Http if fields.has("connector_kind") => tool(ConnectorKind::Api, node, fields),
        Kind::Http => node.config = http(fields).into(),
        Kind::Tool => tool(ConnectorKind::Mcp, node, fields),
        Kind::Code => node.config = program(fields).into(),
        Kind::Review => node.config = review(fields).into(),
        Kind::Human => node.config = human(fields).into(),
        other => node.config = Config::read(other, fields),
    }
}

fn agent(fields: &mut Fields<'_>) -> Agent {
    Agent {
        prompt: fields.text("prompt"),
        model: fields.fields("model").map(|mut model| {
            let read = Model {
                provider: model.text("provider"),
                name: model.required_text("modelName"),
                display_name: model.text("displayName"),
            };
            model.finish();
            read
        }),
        temperature: fields.number("temperature"),
        tools: fields.texts_within("tools", limits::TOOLS),
        max_rounds: fields.whole("maxIterations"),
        output_fields: fields.texts("outputFields").unwrap_or_default(),
    }
}

fn tool(connector_kind: ConnectorKind, node: &mut Node, fields: &mut Fields<'_>) {
    fields.ignore("connector_kind");
    let tool_key = if connector_kind == ConnectorKind::Api { "operation" } else { "tool" };
    let mut tool = Tool {
        connector_kind,
        connector: fields.text("connector_id"),
        tool: fields.text(tool_key),
        server: fields.object("server"),
    };
    if let Some(payload) = fields.object("payload") {
        node.inputs = payload;
    }
    // A server that is described on the spot: whatever is said of it is its configuration.
    let described = ["transport", "command", "url", "base_url"].iter().any(|key| fields.has(key));
    if tool.server.is_none() && tool.connector.is_none() && described {
        tool.server = Some(fields.rest());
    }
    node.config = tool.into();
}

fn http(fields: &mut Fields<'_>) -> Http {
    let base = fields.text("base_url");
    Http {
        url: fields.text("url").or(base).unwrap_or_default(),
        endpoint: fields.text("endpoint"),
        method: fields.word("method").unwrap_or_default(),
        headers: fields.object("headers").unwrap_or_default(),
        query: fields.object("query_params").unwrap_or_default(),
        body: fields.value("body").cloned(),
        auth: auth(fields),
        idempotent: fields.boolean("idempotent").unwrap_or_default(),
    }
}

/// `authentication` is a word or an object; `auth_config` and `auth` are its other names.
fn auth(fields: &mut Fields<'_>) -> Option<Auth> {
    let mut found = None;
    for key in ["authentication", "auth_config", "auth"] {
        let Some(value) = fields.value(key) else { continue };
        if found.is_some() {
            fields.refuse(key, ProblemCode::InvalidValue, "the authentication is given twice");
        }
        found = match value {
            Value::String(word) => {
                let auth_type = AuthType::from_word(word);
                if auth_type.is_none() {
                    fields.refuse_word(key, word, AuthType::WORDS.iter().map(|one| one.word()));
                }
                auth_type.map(|auth_type| Auth { auth_type, fields: Map::new() })
            }
            _ => fields.fields(key).map(|mut auth| Auth::read(&mut auth)),
        };
    }
    found
}

fn program(fields: &mut Fields<'_>) -> Code {
    Code {
        language: fields.word("language").unwrap_or_default(),
        code: fields.text("code").unwrap_or_default(),
        packages: fields.texts("packages").unwrap_or_default(),
    }
}

fn review(fields: &mut Fields<'_>) -> Review {
    Review {
        prompt: fields.text("reviewPrompt"),
        min_confidence: fields.number("minConfidence"),
        max_rounds: fields.whole("maxRounds"),
    }
}

fn human(fields: &mut Fields<'_>) -> Human {
    Human {
        title: fields.text("reviewTitle").unwrap_or_default(),
        message: fields.text("message"),
        priority: fields.word("priority").unwrap_or_default(),
        decisions: fields.texts_within("allowedDecisions", limits::PORTS).unwrap_or_default(),
        assignees: fields.texts("assignees").unwrap_or_default(),
        channels: fields.texts("notificationChannels").unwrap_or_default(),
        comment_required: fields.boolean("commentRequired").unwrap_or_default(),
        due_ms: fields.whole("dueMs"),
        escalate_to: fields.texts("escalateTo").unwrap_or_default(),
    }
}

/// Writes the settings of a node, start, end and conditional apart.
pub(super) fn write(node: &Node) -> Map<String, Value> {
    let written = match &node.config {
        Config::Agent(agent) => json!({
            "prompt": agent.prompt,
            "model": agent.model.as_ref().map(|model| without_nulls(json!({
                "provider": model.provider, "modelName": model.name, "displayName": model.display_name,
            }))),
            "tools": agent.tools,
            "maxIterations": agent.max_rounds,
            "temperature": agent.temperature,
            "outputFields": some(&agent.output_fields),
        }),
        Config::Tool(tool) => {
            let api = tool.connector_kind == ConnectorKind::Api;
            json!({
                // An API without a connector would otherwise read as an address.
                "connector_kind": (api && tool.connector.is_none()).then_some("api"),
                "connector_id": tool.connector,
                "operation": tool.tool.as_ref().filter(|_| api),
                "tool": tool.tool.as_ref().filter(|_| !api),
                "server": tool.server,
                "payload": (!node.inputs.is_empty()).then_some(&node.inputs),
            })
        }
        Config::Http(http) => json!({
            "url": http.url,
            "endpoint": http.endpoint,
            "method": http.method,
            "authentication": http.auth.as_ref().map(|auth| {
                if auth.fields.is_empty() { json!(auth.auth_type) } else { json!(auth) }
            }),
            "headers": (!http.headers.is_empty()).then_some(&http.headers),
            "query_params": (!http.query.is_empty()).then_some(&http.query),
            "body": http.body,
            "idempotent": http.idempotent.then_some(true),
        }),
        Config::Code(code) => json!({
            "language": code.language, "code": code.code, "packages": code.packages,
        }),
        Config::Review(review) => json!({
            "reviewPrompt": review.prompt,
            "minConfidence": review.min_confidence,
            "maxRounds": review.max_rounds,
        }),
        Config::Human(human) => json!({
            "reviewTitle": human.title,
            "priority": human.priority,
            "message": human.message,
            "allowedDecisions": some(&human.decisions),
            "notificationChannels": some(&human.channels),
            "assignees": some(&human.assignees),
            "commentRequired": human.comment_required.then_some(true),
            "dueMs": human.due_ms,
            "escalateTo": some(&human.escalate_to),
        }),
        other => json!(other).get("config").cloned().unwrap_or_default(),
    };
    match without_nulls(written) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// The fields of one object that hold something.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().filter(|(_, value)| !value.is_null()).collect())
        }
        other => other,
    }
}

fn some(list: &[String]) -> Option<&[String]> {
    (!list.is_empty()).then_some(list)
}
