//! Reads the canvas form.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::{
    TYPES,
    branches::{self, Branch},
    look, settings, slug,
};
use crate::{
    Config, Edge, Kind, Node, Output, conductor,
    fields::{Fields, Sink},
    graph::{OUT, RunCaps, SourceFormat},
    import::{Origin, Read},
    kind::{End, Start},
    limits::{self, Limits},
    node::Layout,
    problem::{Code, Problem},
    trigger::Trigger,
};

/// What the nodes say beyond themselves.
#[derive(Default)]
struct Said {
    numbers: HashMap<i64, String>,
    ends: Vec<(usize, Vec<Output>)>,
    branches: Vec<(String, Vec<Branch>)>,
}

/// Reads a document.
pub(crate) fn read(mut fields: Fields<'_>, limits: &Limits) -> Read {
    let mut read = Read::default();
    let mut said = Said::default();
    let sink = fields.sink;
    let name = fields.text("name");
    let title = fields.required_text("title");
    let graph = &mut read.graph;
    graph.name = name.unwrap_or_else(|| slug(&title));
    if graph.name.is_empty() && !title.is_empty() {
        let message = "the title has no letters to make a name of; add a name";
        fields.refuse("title", Code::InvalidValue, message);
    }
    graph.title = Some(title).filter(|title| *title != graph.name);
    graph.description = fields.text("description");
    graph.source_format = fields.word("source_format").unwrap_or(SourceFormat::Canvas);
    graph.variables = fields.object("variables").unwrap_or_default();
    graph.limits = RunCaps::read(&mut fields);
    let triggers = conductor::triggers(&mut fields);
    let inputs = conductor::inputs(&mut fields, "inputs");
    let declared = fields.has("outputs");
    let outputs = conductor::outputs(&mut fields, "outputs");
    let outputs = declared.then_some(outputs);
    if conductor::within(&mut fields, "nodes", limits.nodes) {
        for node in fields.each("nodes") {
            self::node(node, &mut read, &mut said);
        }
    }
    read.graph.triggers.extend(triggers);
    read.graph.inputs.extend(inputs);
    collect_outputs(&mut read, &said, outputs);
    let (inputs, outputs) = (read.graph.inputs.len(), read.graph.outputs.len());
    for (list, count) in [("inputs", inputs), ("outputs", outputs)] {
        fields.check_count(list, count, limits::DECLARED);
    }
    read.graph.inputs.truncate(limits::DECLARED);
    read.graph.outputs.truncate(limits::DECLARED);
    if conductor::within(&mut fields, "connections", limits.edges) {
        let mut plain = HashMap::new();
        for connection in fields.each("connections") {
            self::connection(connection, &mut read, &said, &mut plain);
        }
        connect_branches(&mut read, &said, plain, sink);
    }
    ends(&mut fields, &mut read);
    fields.finish();
    read
}

fn node(mut fields: Fields<'_>, read: &mut Read, said: &mut Said) {
    if !fields.has("id") {
        fields.refuse("id", Code::MissingField, "id is required");
        return;
    }
    let Some(number) = fields.whole::<i64>("id") else { return };
    let id = fields.text("key").unwrap_or_else(|| number.to_string());
    fields.node = Some(id.clone());
    if said.numbers.insert(number, id.clone()).is_some() {
        fields.refuse("id", Code::DuplicateId, format!("the number {number} belongs to another node"));
    }
    let mut node = Node { id, ..Node::default() };
    node.name = fields.text("name").filter(|name| *name != node.id);
    node.read_common(&mut fields);
    node.layout = Layout::read(&mut fields);
    fields.text("status");
    let word = fields.required_text("type");
    let kind = TYPES.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind);
    match kind {
        Some(kind) => {
            let nothing = Value::Object(Map::new());
            if let Some(mut settings) = fields.fields_or("config", &nothing) {
                read_settings(kind, &mut node, &mut settings, read, said);
                settings.finish();
            }
        }
        None => {
            if !word.is_empty() {
                fields.refuse_word("type", &word, TYPES.iter().map(|(name, _)| *name));
            }
            fields.ignore("config");
            read.unknown.insert(node.id.clone());
        }
    }
    let look = look(&node.config);
    node.layout.icon = node.layout.icon.filter(|icon| icon != look.icon);
    node.layout.color = node.layout.color.filter(|color| color != look.color);
    let mut origin = Origin::new(&fields.pointer, &settings::moved(node.config.kind()));
    if let Config::Condition(condition) = &node.config {
        for case in 0..condition.cases.len() {
            let stored = format!("/config/cases/{case}/expression");
            origin = origin.with(stored, format!("/config/branches/{case}/condition"));
        }
    }
    read.nodes.push(origin);
    read.graph.nodes.push(node);
    fields.finish();
}

fn read_settings(kind: Kind, node: &mut Node, settings: &mut Fields<'_>, read: &mut Read, said: &mut Said) {
    match kind {
        Kind::Start => {
            if settings.has("triggerType") {
                if read.graph.triggers.is_empty() {
                    read.moved.push(("/triggers/0/", format!("{}/", settings.pointer)));
                }
                read.graph.triggers.extend(Trigger::read(settings, "triggerType"));
            }
            read.moved.push(("/inputs", settings.at("inputVariables")));
            read.graph.inputs.extend(conductor::inputs(settings, "inputVariables"));
            node.config = Start {}.into();
        }
        Kind::End => {
            read.moved.push(("/outputs", settings.at("outputVariables")));
            let outputs = conductor::outputs(settings, "outputVariables");
            said.ends.push((read.graph.nodes.len(), outputs));
            node.config = End::default().into();
        }
        Kind::Condition => {
            let (condition, branches) = branches::read(settings);
            said.branches.push((node.id.clone(), branches));
            node.config = condition.into();
        }
        other => self::settings::read(other, node, settings),
    }
}

/// The workflow's outputs are those of its one end, or of all of them together, each of which then names its own.
fn collect_outputs(read: &mut Read, said: &Said, declared: Option<Vec<Output>>) {
    let graph = &mut read.graph;
    let several = declared.is_some() || said.ends.len() > 1;
    let whole = declared.is_some();
    if several {
        // They stand at the top, or at more than one end.
        read.moved.retain(|(stored, _)| *stored != "/outputs");
    }
    graph.outputs = declared.unwrap_or_default();
    let mut seen = HashSet::new();
    for (index, outputs) in &said.ends {
        for output in outputs.iter().filter(|_| !whole) {
            // What two ends name alike is one output; what one end names twice is for validation to find.
            if seen.insert(output.name.as_str()) || !several {
                graph.outputs.push(output.clone());
            }
        }
        if let Some(Node { config: Config::End(end), .. }) = graph.nodes.get_mut(*index).filter(|_| several) {
            end.outputs = outputs.iter().map(|output| output.name.clone()).collect();
        }
    }
}

fn connection(mut fields: Fields<'_>, read: &mut Read, said: &Said, plain: &mut HashMap<String, Vec<usize>>) {
    let number = fields.whole::<i64>("id");
    let key = fields.text("key");
    if number.is_none() && key.is_none() {
        fields.refuse("id", Code::MissingField, "id is required");
    }
    let mut end = |key: &'static str| {
        if !fields.has(key) {
            fields.refuse(key, Code::MissingField, format!("{key} is required"));
        }
        let number = fields.whole::<i64>(key)?;
        Some(said.numbers.get(&number).cloned().unwrap_or_else(|| number.to_string()))
    };
    let ends = end("from").zip(end("to"));
    let port = fields.text("port");
    let condition = fields.text("condition");
    if let Some((from, to)) = ends {
        let conditional = read.graph.node(&from).is_some_and(|node| node.config.kind() == Kind::Condition);
        if conditional && port.is_none() {
            plain.entry(from.clone()).or_default().push(read.graph.edges.len());
        }
        let id = key.or_else(|| number.map(|number| number.to_string())).unwrap_or_default();
        let port = port.unwrap_or_else(|| OUT.to_owned());
        read.edges.push(fields.pointer.clone());
        read.graph.edges.push(Edge { id, from, port, to, condition });
    }
    fields.finish();
}

fn connect_branches(read: &mut Read, said: &Said, mut plain: HashMap<String, Vec<usize>>, sink: &Sink) {
    let mismatch = |pointer: String, message: String, id: &str| {
        sink.push(Problem::error(Code::BranchMismatch, pointer, message).about(id));
    };
    for (id, branches) in &said.branches {
        let free = plain.remove(id).unwrap_or_default();
        let edges = &mut read.graph.edges;
        let id_of = |number: i64| said.numbers.get(&number).cloned().unwrap_or_else(|| number.to_string());
        let left = branches::connect(branches, edges, free, id, &id_of, |pointer, message| {
            mismatch(pointer, message, id);
        });
        for index in left {
            let pointer = read.edges.get(index).cloned().unwrap_or_default();
            mismatch(pointer, "no branch leads along this connection".to_owned(), id);
        }
    }
}

/// Entry and exit: as given, else the start and end nodes, else where no connection leads to or from.
fn ends(fields: &mut Fields<'_>, read: &mut Read) {
    let of = |kind: Kind| {
        let nodes = read.graph.nodes.iter().filter(move |node| node.config.kind() == kind);
        nodes.map(|node| node.id.clone()).collect::<Vec<_>>()
    };
    let or = |found: Vec<String>, other: Vec<String>| if found.is_empty() { other } else { found };
    let entry = fields.texts("entry").unwrap_or_else(|| or(of(Kind::Start), read.graph.roots()));
    let exit = fields.texts("exit").unwrap_or_else(|| or(of(Kind::End), read.graph.leaves()));
    (read.graph.entry, read.graph.exit) = (entry, exit);
}
