//! What is wrong with a workflow: every problem at once, each with its node, its field and what to do about it.

use conductor_domain::{ErrorKind, FieldError, Kind};
use serde::Serialize;

use crate::word::words;

words! {
    /// Whether a workflow with this problem can run.
    Severity {
        Error => "error" "It cannot.",
        Warning => "warning" "It can, and probably does not do what was meant.",
    }
}

words! {
    /// The kinds of problems: stable words for whoever tells them apart by machine.
    Code {
        Syntax => "syntax" "The document is no YAML or JSON.",
        TooLarge => "too_large" "A limit is reached.",
        UnknownFormat => "unknown_format" "The document is none of the known forms.",
        UnknownField => "unknown_field" "There is no such field.",
        MissingField => "missing_field" "A required field is absent.",
        WrongType => "wrong_type" "A field holds the wrong type of value, or an expression does.",
        InvalidValue => "invalid_value" "A field holds a value that it cannot hold.",
        UnknownKind => "unknown_kind" "There is no such kind of node.",
        DuplicateId => "duplicate_id" "Two nodes or edges have one id.",
        UnknownNode => "unknown_node" "An edge, entry or exit names a node that is not there.",
        UnknownPort => "unknown_port" "An edge leaves by a port that the node does not have.",
        UnconnectedPort => "unconnected_port" "A port leads nowhere.",
        BranchMismatch => "branch_mismatch" "A branch and the drawn connections disagree.",
        MissingEntry => "missing_entry" "The workflow begins nowhere.",
        MissingExit => "missing_exit" "The workflow ends nowhere.",
        Unreachable => "unreachable" "No path from the entry leads to the node.",
        Cycle => "cycle" "Nodes wait for each other without a loop, review or human node.",
        BadExpression => "bad_expression" "An expression cannot be read.",
        UnknownReference => "unknown_reference" "An expression names something that is not there.",
        EarlyReference => "early_reference" "An expression reads a node that does not run before it.",
        UnknownName => "unknown_name" "An agent, tool, connector or workflow of this name is not known.",
        LiteralCredential => "literal_credential" "A credential stands in the document itself.",
        Unsayable => "unsayable" "The form that is to be written has no words for it.",
    }
}

/// A line and a column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Position {
    /// The line.
    pub line: u64,
    /// The column, in characters.
    pub column: u64,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Whether the workflow can run nevertheless.
    pub severity: Severity,
    /// Which kind of problem it is.
    pub code: Code,
    /// The node that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// A JSON pointer to the field, into the document that was read or the graph that was checked.
    pub pointer: String,
    /// Where a document stops being YAML or JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Problem {
    /// An error at `pointer`.
    #[must_use]
    pub fn error(code: Code, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        let (pointer, message) = (pointer.into(), message.into());
        Self { severity: Severity::Error, code, node: None, pointer, position: None, message }
    }

    /// A warning at `pointer`.
    pub(crate) fn warning(code: Code, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, pointer, message) }
    }

    /// The same, about a node.
    #[must_use]
    pub fn about(mut self, node: impl Into<String>) -> Self {
        self.node = Some(node.into());
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.severity)?;
        if let Some(node) = &self.node {
            write!(formatter, " in {node}")?;
        }
        if !self.pointer.is_empty() {
            write!(formatter, " at {}", self.pointer)?;
        }
        if let Some(Position { line, column }) = self.position {
            write!(formatter, " in line {line}, column {column}")?;
        }
        write!(formatter, ": {}", self.message)
    }
}

/// A workflow that cannot be taken, with everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", told("the workflow cannot run", .0))]
pub struct Invalid(pub Vec<Problem>);

impl Kind for Invalid {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn code(&self) -> &'static str {
        "workflow_invalid"
    }

    fn fields(&self) -> Vec<FieldError> {
        fields(&self.0)
    }
}

/// A workflow that a form has no words for, with everything that it cannot say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", told("the form has no words for the workflow", .0))]
pub struct Unsayable(pub Vec<Problem>);

impl Kind for Unsayable {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn code(&self) -> &'static str {
        "workflow_unsayable"
    }

    fn fields(&self) -> Vec<FieldError> {
        fields(&self.0)
    }
}

fn fields(problems: &[Problem]) -> Vec<FieldError> {
    let fields = problems
        .iter()
        .map(|problem| FieldError::new(problem.pointer.clone(), problem.code.as_str(), problem.to_string()));
    fields.collect()
}

/// What does not work, the first problem, and how many more there are.
fn told(what: &str, problems: &[Problem]) -> String {
    let first = problems.first().map(ToString::to_string).unwrap_or_default();
    match problems.len() {
        0 => what.to_owned(),
        1 => format!("{what}: {first}"),
        more => format!("{what}: {first}, and {} more", more - 1),
    }
}

/// How many problems are collected: who has more reads none of them, and collecting costs time.
pub(crate) const MOST: usize = 1_000;

/// A key as part of a JSON pointer (RFC 6901).
pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// `, did you mean x?` where one of the known words is close to the written one.
pub(crate) fn suggestion<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    // A long word is close to nothing and costs time to compare.
    if written.len() > 100 {
        return String::new();
    }
    let written = written.to_lowercase();
    let distance = |word: &str| strsim::damerau_levenshtein(&written, &word.to_lowercase());
    let near = known.into_iter().take(MOST).map(|word| (distance(word), word)).min();
    match near {
        Some((distance, word)) if distance <= 2.max(word.len() / 3) && distance < word.len() => {
            format!(", did you mean {word}?")
        }
        _ => String::new(),
    }
}
