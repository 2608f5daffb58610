//! The types of steps and their configuration, one function each.

use serde_json::{Map, Value};

use crate::{
    Node,
    fields::Fields,
    kind::{Agent, Auth, Database, Http, Integration, Subworkflow, Tool},
    problem::Code,
};

/// Reads the configuration of a step; false where its type is not known.
pub(crate) fn read(word: &str, step: &mut Fields<'_>, node: &mut Node) -> bool {
    const TYPES: [&str; 10] = [
        "mcp",
        "agent",
        "conditional",
        "shopify",
        "slack",
        "email",
        "database",
        "http",
        "google_sheets",
        "workflow",
    ];
    // The format names this provider and not its word, so it may be written either way.
    let word = if word == "googlesheets" { "google_sheets" } else { word };
    if !TYPES.contains(&word) {
        if !word.is_empty() {
            step.refuse_word("type", word, TYPES.into_iter());
        }
        step.ignore("config");
        return false;
    }
    let nothing = Value::Object(Map::new());
    let Some(mut config) = step.fields_or("config", &nothing) else { return false };
    match word {
        "mcp" => tool(&mut config, node),
        "agent" => agent(&mut config, node),
        "database" => database(&mut config, node),
        "http" => http(&mut config, node),
        "workflow" => subworkflow(&mut config, node),
        provider => integration(provider, &mut config, node),
    }
    config.finish();
    true
}

/// What of the stored form stands elsewhere in a step of this type.
pub(crate) fn moved(word: &str) -> Vec<(&'static str, &'static str)> {
    let mut moved = vec![("/guard", "/condition")];
    moved.extend(match word {
        "mcp" => {
            vec![
                ("/inputs", "/config/parameters"),
                ("/config/tool", "/config/tool_name"),
                ("/agent", "/config/agent_type"),
            ]
        }
        "agent" => vec![("/agent", "/config/agentType")],
        "database" => {
            vec![("/config/action", "/config/operation"), ("/config/data_source", "/config/operation")]
        }
        "workflow" => vec![("/inputs", "/config/inputs")],
        "http" => vec![],
        _ => vec![("/inputs", "/config")],
    });
    moved
}

fn tool(config: &mut Fields<'_>, node: &mut Node) {
    node.agent = config.text("agent_type");
    node.inputs = config.object("parameters").unwrap_or_default();
    node.config = Tool { tool: Some(config.required_text("tool_name")), ..Tool::default() }.into();
}

fn agent(config: &mut Fields<'_>, node: &mut Node) {
    node.agent = Some(config.required_text("agentType"));
    let agent = Agent {
        prompt: Some(config.required_text("prompt")),
        temperature: config.number("temperature"),
        ..Agent::default()
    };
    node.config = agent.into();
}

fn database(config: &mut Fields<'_>, node: &mut Node) {
    let operation = config.required_text("operation");
    let mut database = Database::default();
    let parts: Vec<_> = operation.split('.').collect();
    match parts.as_slice() {
        [source, db_type, action] if !source.is_empty() => {
            database.data_source = (*source).to_owned();
            let known_type = crate::kind::DatabaseType::from_word(db_type);
            let known_action = crate::kind::Action::from_word(action);
            if known_type.is_none() {
                let known = crate::kind::DatabaseType::ALL.iter().map(|one| one.as_str());
                config.refuse_word("operation", db_type, known);
            }
            if known_action.is_none() {
                let known = crate::kind::Action::ALL.iter().map(|one| one.as_str());
                config.refuse_word("operation", action, known);
            }
            database.db_type = known_type.unwrap_or_default();
            database.action = known_action.unwrap_or_default();
        }
        _ if operation.is_empty() => {}
        _ => {
            let message =
                format!("{operation:?} is not <dataSource>.<dbType>.<action>, such as primary.mysql.select");
            config.refuse("operation", Code::InvalidValue, message);
        }
    }
    database.read_statement(config);
    node.config = database.into();
}

fn http(config: &mut Fields<'_>, node: &mut Node) {
    let http = Http {
        method: config.word("method").unwrap_or_default(),
        url: config.required_text("url"),
        headers: config.object("headers").unwrap_or_default(),
        query: config.object("query").unwrap_or_default(),
        body: config.value("body").cloned(),
        auth: config.fields("auth").map(|mut auth| Auth::read(&mut auth)),
        idempotent: config.boolean("idempotent").unwrap_or_default(),
        ..Http::default()
    };
    node.config = http.into();
}

fn subworkflow(config: &mut Fields<'_>, node: &mut Node) {
    node.inputs = config.object("inputs").unwrap_or_default();
    let workflow = Subworkflow { workflow: config.required_text("workflow"), ..Subworkflow::default() };
    node.config = workflow.into();
}

fn integration(provider: &str, config: &mut Fields<'_>, node: &mut Node) {
    // Mail knows a single operation, which its steps do not name.
    let operation = match provider {
        "email" => config.text("operation").unwrap_or_else(|| "send".to_owned()),
        _ => config.required_text("operation"),
    };
    let known: &[&'static str] = match provider {
        "slack" => &["channel", "text", "blocks", "ts", "thread_ts"],
        "email" => &["to", "cc", "reply_to", "subject", "template", "data", "body"],
        "shopify" => &["resourceId", "data"],
        _ => &[
            "spreadsheetId",
            "range",
            "values",
            "valueInputOption",
            "insertDataOption",
            "majorDimension",
            "valueRenderOption",
            "dateTimeRenderOption",
        ],
    };
    let fields = known.iter().filter_map(|key| config.value(key).map(|value| (*key, value)));
    node.inputs = fields.map(|(key, value)| (key.to_owned(), value.clone())).collect();
    let credentials = config.text("credentials");
    let integration = Integration { provider: provider.to_owned(), operation, credentials };
    node.config = integration.into();
}
