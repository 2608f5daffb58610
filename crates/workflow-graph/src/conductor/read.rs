//! Reads the Conductor form.

use serde_json::{Map, Value};

use crate::{
    Config, Edge, Input, Kind, Node, Output,
    fields::Fields,
    graph::{OUT, RunCaps, SCHEMA, SourceFormat},
    import::{Origin, Read},
    kind::{Agent, Tool},
    limits::{self, Limits},
    node::Layout,
    problem::Code,
    trigger::Trigger,
    word::Word,
};

/// Reads a document.
pub(crate) fn read(mut fields: Fields<'_>, limits: &Limits) -> Read {
    let mut read = Read::default();
    if let Some(schema) = fields.text("schema").filter(|schema| schema != SCHEMA) {
        fields.refuse("schema", Code::UnknownFormat, format!("{schema:?} is not {SCHEMA}"));
    }
    let graph = &mut read.graph;
    graph.name = fields.required_text("name");
    graph.title = fields.text("title").filter(|title| *title != graph.name);
    graph.description = fields.text("description");
    graph.source_format = fields.word("source_format").unwrap_or(SourceFormat::Conductor);
    graph.triggers = triggers(&mut fields);
    graph.inputs = inputs(&mut fields, "inputs");
    graph.outputs = outputs(&mut fields, "outputs");
    graph.variables = fields.object("variables").unwrap_or_default();
    graph.limits = RunCaps::read(&mut fields);
    if fields.has("graph") {
        read.moved = ["/entry", "/exit"].map(|key| (key, format!("/graph{key}"))).to_vec();
        if let Some(mut wrapped) = fields.fields("graph") {
            parts(&mut wrapped, &mut read, limits);
            wrapped.finish();
        }
    } else {
        parts(&mut fields, &mut read, limits);
    }
    fields.finish();
    read
}

/// Nodes, edges, entry and exit.
fn parts(fields: &mut Fields<'_>, read: &mut Read, limits: &Limits) {
    if within(fields, "nodes", limits.nodes) {
        for node in fields.each("nodes") {
            self::node(node, read);
        }
    }
    if within(fields, "edges", limits.edges) {
        for (index, edge) in fields.each("edges").into_iter().enumerate() {
            self::edge(edge, index, read);
        }
    }
    // What a document leaves out follows from the edges.
    let roots = || read.graph.roots();
    let entry = fields.texts("entry").unwrap_or_else(roots);
    let exit = fields.texts("exit").unwrap_or_else(|| read.graph.leaves());
    (read.graph.entry, read.graph.exit) = (entry, exit);
}

/// Whether a list is there and not too long; a problem is noted where it is not.
pub(crate) fn within(fields: &mut Fields<'_>, key: &'static str, limit: usize) -> bool {
    let count = fields.list(key).map(Vec::len);
    match count {
        None if !fields.has(key) && key == "nodes" => {
            fields.refuse(key, Code::MissingField, format!("{key} is required"));
            false
        }
        Some(count) if count > limit => {
            fields.refuse(key, Code::TooLarge, format!("there are {count} {key}, more than {limit}"));
            false
        }
        found => found.is_some(),
    }
}

fn node(mut fields: Fields<'_>, read: &mut Read) {
    let id = fields.required_text("id");
    if id.is_empty() {
        return;
    }
    fields.node = Some(id.clone());
    let mut node = Node { id, ..Node::default() };
    node.name = fields.text("name").filter(|name| *name != node.id);
    node.read_common(&mut fields);
    let mut moved = Vec::new();
    match fields.text("kind") {
        Some(word) => match kind(&word) {
            Some(kind) => node.config = config(kind, &mut fields, "config"),
            None => {
                let known = Kind::WORDS.iter().map(|kind| kind.word());
                fields.refuse_word("kind", &word, known);
                read.unknown.insert(node.id.clone());
                fields.ignore("config");
            }
        },
        None if fields.has("kind") => {
            read.unknown.insert(node.id.clone());
        }
        None if fields.has("mcp_server") || fields.has("tool") => {
            let connector = fields.text("mcp_server");
            let tool = Some(fields.required_text("tool"));
            node.config = Tool { connector, tool, ..Tool::default() }.into();
            moved = vec![("/config/connector", "/mcp_server"), ("/config/tool", "/tool")];
        }
        None => node.config = Agent::default().into(),
    }
    if let Some(mut layout) = fields.fields("layout") {
        node.layout = Layout::read(&mut layout);
        layout.finish();
    }
    read.nodes.push(Origin::new(&fields.pointer, &moved));
    read.graph.nodes.push(node);
    fields.finish();
}

fn kind(word: &str) -> Option<Kind> {
    // The word of other editors.
    if word == "switch" { Some(Kind::Condition) } else { Kind::from_word(word) }
}

/// Reads the settings of a kind from an object in a field, or from nothing.
fn config(kind: Kind, fields: &mut Fields<'_>, key: &'static str) -> Config {
    let nothing = Value::Object(Map::new());
    let Some(mut settings) = fields.fields_or(key, &nothing) else { return Config::default() };
    let config = Config::read(kind, &mut settings);
    settings.finish();
    config
}

fn edge(mut fields: Fields<'_>, index: usize, read: &mut Read) {
    let edge = Edge {
        id: fields.text("id").unwrap_or_else(|| edge_id(index)),
        from: fields.required_text("from"),
        port: fields.text("port").unwrap_or_else(|| OUT.to_owned()),
        to: fields.required_text("to"),
        condition: fields.text("condition"),
    };
    if !edge.from.is_empty() && !edge.to.is_empty() {
        read.edges.push(fields.pointer.clone());
        read.graph.edges.push(edge);
    }
    fields.finish();
}

/// The id of an edge that the document gives none.
pub(crate) fn edge_id(index: usize) -> String {
    format!("e{}", index + 1)
}

pub(crate) fn triggers(fields: &mut Fields<'_>) -> Vec<Trigger> {
    let triggers = fields.each_within("triggers", limits::DECLARED).into_iter().filter_map(|mut fields| {
        let trigger = Trigger::read(&mut fields, "type");
        fields.finish();
        trigger
    });
    triggers.collect()
}

pub(crate) fn inputs(fields: &mut Fields<'_>, key: &'static str) -> Vec<Input> {
    let inputs = fields.each_within(key, limits::DECLARED).into_iter().map(|mut fields| {
        let input = Input {
            name: fields.required_text("name"),
            value_type: fields.word("type").unwrap_or_default(),
            required: fields.boolean("required").unwrap_or_default(),
            default: fields.value("default").cloned(),
        };
        fields.finish();
        input
    });
    inputs.collect()
}

pub(crate) fn outputs(fields: &mut Fields<'_>, key: &'static str) -> Vec<Output> {
    let outputs = fields.each_within(key, limits::DECLARED).into_iter().map(|mut fields| {
        let output = Output {
            name: fields.required_text("name"),
            value_type: fields.word("type").unwrap_or_default(),
            from: fields.text("from"),
        };
        fields.finish();
        output
    });
    outputs.collect()
}
