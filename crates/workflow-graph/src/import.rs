//! A document in any of the forms becomes a graph, or a list of everything that is wrong with it.

use std::collections::HashSet;

use serde_json::Value;

use crate::{
    Graph, canvas, conductor,
    document::{self, Syntax},
    fields::{Fields, Sink},
    graph::SourceFormat,
    hybrid,
    limits::Limits,
    names::Names,
    problem::{Code, Invalid, Problem, Severity},
    validate,
};

/// What an import found.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Imported {
    /// The graph, wherever the document could be read whole. It may still have problems; a draft may be kept so.
    pub graph: Option<Graph>,
    /// The form of the document, where it was recognised.
    pub format: Option<SourceFormat>,
    /// Everything that is wrong, errors first. Pointers lead into the document.
    pub problems: Vec<Problem>,
}

impl Imported {
    /// The graph and its warnings, where it can run.
    ///
    /// # Errors
    ///
    /// It cannot.
    pub fn into_graph(self) -> Result<(Graph, Vec<Problem>), Invalid> {
        let sound = self.problems.iter().all(|problem| problem.severity == Severity::Warning);
        match self.graph {
            Some(graph) if sound => Ok((graph, self.problems)),
            _ => Err(Invalid(self.problems)),
        }
    }
}

/// Reads a document of any form, JSON or YAML, and checks what it says.
pub fn import(text: &str, limits: &Limits, names: &Names) -> Imported {
    import_as(Syntax::of(text), text, limits, names)
}

/// The same for a document whose syntax is known, as a content type tells it.
pub fn import_as(syntax: Syntax, text: &str, limits: &Limits, names: &Names) -> Imported {
    match document::parse(text, syntax, limits) {
        Ok(document) => import_value(&document, limits, names),
        Err(problem) => Imported { graph: None, format: None, problems: vec![problem] },
    }
}

/// The same for a document that is a tree of values already.
pub fn import_value(document: &Value, limits: &Limits, names: &Names) -> Imported {
    let sink = Sink::default();
    if document.is_null() {
        let problem = Problem::error(Code::Syntax, "", "the document is empty");
        return Imported { graph: None, format: None, problems: vec![problem] };
    }
    let Some(fields) = Fields::of(document, String::new(), None, &sink) else {
        return Imported { graph: None, format: None, problems: sink.into_problems() };
    };
    let Some(format) = detect(&fields) else {
        let message = "the form of the document is not known: a workflow has nodes and edges, a graph, \
                       steps, or nodes and connections";
        let problem = Problem::error(Code::UnknownFormat, "", message);
        return Imported { graph: None, format: None, problems: vec![problem] };
    };
    let read = match format {
        SourceFormat::Hybrid => hybrid::read(fields, limits),
        SourceFormat::Canvas => canvas::read(fields, limits),
        _ => conductor::read(fields, limits),
    };
    let mut problems = sink.into_problems();
    let whole = problems.is_empty();
    problems.extend(meaning(&read, names, &problems));
    problems.sort_by_key(|problem| problem.severity);
    if problems.len() > limits.problems {
        let more = problems.split_off(limits.problems);
        let rest = Problem::error(Code::TooLarge, "", format!("and {} more problems", more.len()));
        let severity = more.first().map_or(Severity::Error, |first| first.severity);
        problems.push(Problem { severity, ..rest });
    }
    Imported { graph: whole.then_some(read.graph), format: Some(format), problems }
}

/// Reads the stored form, without asking what it means.
pub(crate) fn read_stored(document: &Value) -> Result<Graph, Vec<Problem>> {
    let sink = Sink::default();
    let unlimited = Limits { nodes: usize::MAX, edges: usize::MAX, ..Limits::default() };
    let read =
        Fields::of(document, String::new(), None, &sink).map(|fields| conductor::read(fields, &unlimited));
    match (read, sink.into_problems()) {
        (Some(read), problems) if problems.is_empty() => Ok(read.graph),
        (_, problems) => Err(problems),
    }
}

fn detect(fields: &Fields<'_>) -> Option<SourceFormat> {
    if fields.has("steps") {
        Some(SourceFormat::Hybrid)
    } else if fields.has("connections") {
        Some(SourceFormat::Canvas)
    } else if fields.has("graph") || fields.has("edges") || fields.has("schema") || fields.has("nodes") {
        Some(SourceFormat::Conductor)
    } else {
        None
    }
}

/// A graph and where its parts stood in the document.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) graph: Graph,
    /// One for each node.
    pub(crate) nodes: Vec<Origin>,
    /// A pointer for each edge.
    pub(crate) edges: Vec<String>,
    /// What stands elsewhere at the top of the document.
    pub(crate) moved: Vec<(&'static str, String)>,
    /// Nodes whose kind is not known: nothing can be said of what they mean.
    pub(crate) unknown: HashSet<String>,
}

/// Where a node stood in the document.
#[derive(Debug, Default)]
pub(crate) struct Origin {
    pub(crate) pointer: String,
    /// Fields of the stored form and where the document has them, from the node.
    moved: Vec<(String, String)>,
}

impl Origin {
    /// A node at `pointer` whose fields stand where the stored form has them, but for these.
    pub(crate) fn new(pointer: &str, moved: &[(&str, &str)]) -> Self {
        let moved = moved.iter().map(|(stored, written)| ((*stored).to_owned(), (*written).to_owned()));
        Self { pointer: pointer.to_owned(), moved: moved.collect() }
    }

    /// The same with one more field that stands elsewhere, looked at before the others.
    pub(crate) fn with(mut self, stored: String, written: String) -> Self {
        self.moved.insert(0, (stored, written));
        self
    }
}

impl Read {
    /// A pointer into the stored form as a pointer into the document.
    fn translate(&self, pointer: &str) -> String {
        let indexed = |list: &str| {
            let rest = pointer.strip_prefix(list)?;
            let (index, below) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            Some((index.parse::<usize>().ok()?, below))
        };
        if let Some((index, below)) = indexed("/nodes/") {
            let Some(origin) = self.nodes.get(index) else { return pointer.to_owned() };
            let moved = origin.moved.iter().find_map(|(stored, written)| {
                below.strip_prefix(stored.as_str()).map(|rest| format!("{written}{rest}"))
            });
            return format!("{}{}", origin.pointer, moved.as_deref().unwrap_or(below));
        }
        if let Some((index, below)) = indexed("/edges/") {
            return self.edges.get(index).map_or_else(|| pointer.to_owned(), |edge| format!("{edge}{below}"));
        }
        let moved = self.moved.iter().find_map(|(stored, written)| {
            pointer.strip_prefix(stored).map(|rest| format!("{written}{rest}"))
        });
        moved.unwrap_or_else(|| pointer.to_owned())
    }
}

/// What validation finds, less what only repeats that a field could not be read.
fn meaning(read: &Read, names: &Names, shape: &[Problem]) -> Vec<Problem> {
    let repeats = |problem: &Problem| {
        let about_unknown = problem.node.as_ref().is_some_and(|node| read.unknown.contains(node));
        about_unknown
            || shape.iter().any(|earlier| {
                !earlier.pointer.is_empty() && problem.pointer.starts_with(earlier.pointer.as_str())
            })
    };
    let found = validate::validate(&read.graph, names).into_iter().map(|mut problem| {
        problem.pointer = read.translate(&problem.pointer);
        problem
    });
    found.filter(|problem| !repeats(problem)).collect()
}
