//! Documents: read into graphs with everything that is wrong with them, and written again.

use conductor_domain::{Classification, Concurrency, Visibility, WorkflowSpec};
use conductor_workflow_graph::{
    Graph, Imported, Limits, Names, Problem, SCHEMA, Severity, SourceFormat, Syntax, import_as, import_value,
    problem::Invalid, to_canvas, to_conductor, to_hybrid, to_yaml,
};
use serde_json::{Value, json};

use crate::{Error, Result};

/// A document that somebody hands in.
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    /// A text.
    Text(Syntax, String),
    /// A tree of values, such as the field of a request.
    Value(Value),
}

/// What a document is, and what is wrong with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The form it was recognised as.
    pub format: Option<SourceFormat>,
    /// The stored form, where it could be read whole.
    pub graph: Option<Value>,
    /// Everything that is wrong.
    pub problems: Vec<Problem>,
}

/// The form in which a workflow is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nodes and edges, with `${…}`.
    Conductor,
    /// Steps, with `{{…}}`, of what is a list of steps.
    Hybrid,
    /// Nodes and connections.
    Canvas,
    /// What Conductor keeps.
    Stored,
}

/// A written workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The document.
    pub text: String,
    /// What it is called as a file.
    pub file_name: String,
}

impl Document {
    /// Says what the document is and what is wrong with it, as far as it tells that by itself.
    #[must_use]
    pub fn check(&self) -> Checked {
        self.checked(&Names::any())
    }

    /// The same, where names are held against what there is.
    pub(crate) fn checked(&self, names: &Names) -> Checked {
        let imported = self.read(names);
        let graph = imported.graph.as_ref().map(stored);
        Checked { format: imported.format, graph, problems: imported.problems }
    }

    /// Reads the document. What it says of names is checked against `names`.
    pub(crate) fn read(&self, names: &Names) -> Imported {
        let limits = Limits::default();
        match self {
            Self::Text(syntax, text) => import_as(*syntax, text, &limits, names),
            Self::Value(value) => import_value(value, &limits, names),
        }
    }

    /// The graph and whether it is sound, where that is asked for or it is to be kept as a draft.
    pub(crate) fn graph(&self, draft: bool) -> Result<(Graph, bool)> {
        let imported = self.read(&Names::any());
        let sound = !imported.problems.iter().any(|problem| problem.severity == Severity::Error);
        match imported.graph {
            Some(graph) if sound || draft => Ok((graph, sound)),
            _ => Err(Invalid(imported.problems).into()),
        }
    }
}

/// What lists show of a graph, on a workflow that is otherwise as any new one.
pub(crate) fn spec(graph: &Graph, runnable: bool) -> WorkflowSpec {
    let mut spec = WorkflowSpec {
        name: String::new(),
        title: None,
        description: None,
        source_format: String::new(),
        node_count: 0,
        runnable,
        is_active: true,
        is_template: false,
        category: None,
        visibility: Visibility::Private,
        data_classification: Classification::Internal,
        required_permissions: Vec::new(),
        concurrency: Concurrency::Allow,
    };
    tell(graph, runnable, &mut spec);
    spec
}

/// Writes into a row what lists show of a graph.
pub(crate) fn tell(graph: &Graph, runnable: bool, spec: &mut WorkflowSpec) {
    spec.name.clone_from(&graph.name);
    spec.title.clone_from(&graph.title);
    spec.description.clone_from(&graph.description);
    spec.source_format = graph.source_format.as_str().to_owned();
    spec.node_count = i32::try_from(graph.nodes.len()).unwrap_or(i32::MAX);
    spec.runnable = runnable;
}

/// A document of a start and an end, for whoever begins with nothing.
pub(crate) fn blank(name: &str) -> Document {
    Document::Value(json!({
        "schema": SCHEMA,
        "name": name,
        "source_format": SourceFormat::Native.as_str(),
        "nodes": [
            { "id": "start", "kind": "start", "layout": { "x": 0, "y": 0 } },
            { "id": "end", "kind": "end", "layout": { "x": 320, "y": 0 } },
        ],
        "edges": [{ "id": "start-end", "from": "start", "to": "end" }],
        "entry": ["start"],
        "exit": ["end"],
    }))
}

/// The stored form.
pub(crate) fn stored(graph: &Graph) -> Value {
    serde_json::to_value(graph).unwrap_or(Value::Null)
}

/// A stored graph again.
pub(crate) fn restored(document: Value) -> Result<Graph> {
    serde_json::from_value(document).map_err(|error| {
        let (column, source) = ("workflow_versions.graph", Box::new(error));
        Error::Storage(conductor_storage::Error::Corrupt { column, source })
    })
}

/// Writes a graph, or says what of it the form has no words for.
pub(crate) fn write(graph: &Graph, form: Form, syntax: Syntax) -> Result<Written> {
    let document = match form {
        Form::Conductor => to_conductor(graph),
        Form::Hybrid => to_hybrid(graph)?,
        Form::Canvas => to_canvas(graph),
        Form::Stored => stored(graph),
    };
    let (text, ending) = match syntax {
        Syntax::Yaml => (to_yaml(&document), "yaml"),
        // A tree of values is always JSON.
        Syntax::Json => (serde_json::to_string_pretty(&document).unwrap_or_default(), "json"),
    };
    Ok(Written { text, file_name: format!("{}.{ending}", graph.name) })
}
