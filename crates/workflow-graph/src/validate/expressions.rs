//! Every expression of a graph: whether it can be read, what it names, and what types that has.

use std::collections::{HashMap, HashSet};

use super::Shape;
use crate::{
    Config, Expression, Graph, Node, Reference, Root, Segment, Template,
    expression::{
        self,
        types::{expect, infer, type_of},
    },
    graph::ValueType,
    kind::{Role, Text},
    limits,
    names::Names,
    problem::{Code, MOST, Problem, suggestion},
};

pub(super) fn check(shape: &Shape<'_>, names: &Names, problems: &mut Vec<Problem>) {
    let graph = shape.graph;
    let mut checker = Checker {
        shape,
        names,
        problems,
        variables: variables(graph),
        before: HashMap::new(),
        references: 0,
    };
    for (index, node) in graph.nodes.iter().enumerate() {
        for text in node.texts() {
            let want = wanted(node, &text);
            let pointer = format!("/nodes/{index}{}", text.pointer);
            checker.text(&text, want, &pointer, Some(Reader { node, itself: false }));
        }
    }
    for (index, edge) in graph.edges.iter().enumerate() {
        if let (Some(condition), Some(node)) = (&edge.condition, graph.node(&edge.from)) {
            let text = Text { pointer: String::new(), text: condition, role: Role::Condition };
            let pointer = format!("/edges/{index}/condition");
            checker.text(&text, ValueType::Boolean, &pointer, Some(Reader { node, itself: true }));
        }
    }
    for (index, output) in graph.outputs.iter().enumerate() {
        if let Some(from) = &output.from {
            let text = Text { pointer: String::new(), text: from, role: Role::Expression };
            checker.text(&text, ValueType::Any, &format!("/outputs/{index}/from"), None);
        }
    }
}

/// The type that the place of a text asks for.
fn wanted(node: &Node, text: &Text<'_>) -> ValueType {
    match (text.role, &node.config) {
        (Role::Condition, _) => ValueType::Boolean,
        (Role::Expression, Config::Map(_)) => ValueType::Array,
        _ => ValueType::Any,
    }
}

/// The names of variables, those of maps among them.
fn variables(graph: &Graph) -> HashSet<&str> {
    let items = graph.nodes.iter().filter_map(|node| match &node.config {
        Config::Map(map) => Some(map.item()),
        _ => None,
    });
    graph.variables.keys().map(String::as_str).chain(items).collect()
}

/// How many faults of one kind are told of one text.
const MOST_IN_A_TEXT: usize = 10;

/// The node that a text is evaluated at; before it, or after it where its own output can be read too.
#[derive(Clone, Copy)]
struct Reader<'g> {
    node: &'g Node,
    itself: bool,
}

struct Checker<'c, 'g> {
    shape: &'c Shape<'g>,
    names: &'c Names,
    problems: &'c mut Vec<Problem>,
    variables: HashSet<&'g str>,
    before: HashMap<&'g str, HashSet<&'g str>>,
    /// How many there were so far.
    references: usize,
}

impl<'g> Checker<'_, 'g> {
    fn text(&mut self, text: &Text<'_>, want: ValueType, pointer: &str, reader: Option<Reader<'g>>) {
        if self.problems.len() >= MOST || !text.holds_expressions() {
            return;
        }
        let mut push = |problem: Problem| {
            self.problems.push(match reader {
                Some(reader) => problem.about(&reader.node.id),
                None => problem,
            });
        };
        let bad = |error: expression::Error| Problem::error(Code::BadExpression, pointer, error.to_string());
        let graph = self.shape.graph;
        let types = |reference: &Reference| type_of_reference(graph, reference);
        let mut wrong = Vec::new();
        let mut refuse = |at: usize, why: String| wrong.push((at, why));
        let references: Vec<Reference> = match text.role {
            Role::Template => match Template::parse(text.text) {
                Ok(template) => {
                    for node in template.nodes() {
                        infer(node, &types, &mut refuse);
                    }
                    template.references().cloned().collect()
                }
                Err(error) => return push(bad(error)),
            },
            Role::Expression | Role::Condition => match Expression::parse(text.text) {
                Ok(expression) => {
                    expect(expression.node(), want, &types, &mut refuse);
                    expression.references().into_iter().cloned().collect()
                }
                Err(error) => return push(bad(error)),
            },
        };
        for (at, why) in wrong.into_iter().take(MOST_IN_A_TEXT) {
            let fault = expression::Fault::WrongType(why);
            let message = expression::Error::new(fault, text.text, at).to_string();
            push(Problem::error(Code::WrongType, pointer, message));
        }
        let room = limits::REFERENCES.saturating_sub(self.references);
        self.references += references.len();
        if room > 0 && references.len() > room {
            let message = format!("expressions read more than {} values", limits::REFERENCES);
            self.problems.push(Problem::error(Code::TooLarge, pointer, message));
        }
        if references.len() > room {
            return;
        }
        let before = self.problems.len();
        let mut seen = HashSet::new();
        for reference in references.iter().filter(|reference| seen.insert(*reference)) {
            if self.problems.len() - before >= MOST_IN_A_TEXT {
                break;
            }
            self.reference(reference, pointer, reader);
        }
    }

    fn reference(&mut self, reference: &Reference, pointer: &str, reader: Option<Reader<'g>>) {
        let graph = self.shape.graph;
        let problem = match &reference.root {
            Root::Step(word) => match graph.step(word) {
                None => {
                    let near = suggestion(word, graph.nodes.iter().map(|node| node.id.as_str()));
                    Some((Code::UnknownReference, format!("there is no node {word}{near}")))
                }
                Some(step) if !self.runs_before(&step.id, reader) => {
                    let message = format!("{word} does not run before this, so its output is null here");
                    Some((Code::EarlyReference, message))
                }
                Some(_) => None,
            },
            // A conversation or a trigger hands in the message, declared or not.
            Root::Input => reference.field().filter(|field| *field != "message").and_then(|field| {
                let names = || graph.inputs.iter().map(|input| input.name.as_str());
                let unknown = !graph.inputs.is_empty() && !names().any(|name| name == field);
                unknown.then(|| {
                    let near = suggestion(field, names());
                    (Code::UnknownReference, format!("there is no input {field}{near}"))
                })
            }),
            Root::Variable => {
                reference.field().filter(|field| !self.variables.contains(field)).map(|field| {
                    let near = suggestion(field, self.variables.iter().copied());
                    (Code::UnknownReference, format!("there is no variable {field}{near}"))
                })
            }
            Root::Env => reference.field().zip(self.names.env.as_ref()).and_then(|(field, allowed)| {
                let message = format!("{field} is not among the allowed values of the environment");
                (!allowed.contains(field)).then_some((Code::UnknownReference, message))
            }),
            Root::Name(name) => (!self.may_be_known(name, reference, reader)).then(|| {
                let message =
                    format!("{name} is no variable, no input, and no node before this one can give it");
                (Code::UnknownReference, message)
            }),
            Root::Context | Root::Preferences | Root::Now => None,
        };
        if let Some((code, message)) = problem {
            let problem = match code {
                Code::EarlyReference => Problem::warning(code, pointer, message),
                _ => Problem::error(code, pointer, message),
            };
            self.problems.push(match reader {
                Some(reader) => problem.about(&reader.node.id),
                None => problem,
            });
        }
    }

    fn before(&mut self, node: &'g Node) -> &HashSet<&'g str> {
        self.before.entry(node.id.as_str()).or_insert_with(|| self.shape.before(&node.id))
    }

    fn runs_before(&mut self, step: &str, reader: Option<Reader<'g>>) -> bool {
        // At the end of the workflow everything has run.
        let Some(Reader { node, itself }) = reader else { return true };
        (itself && node.id == step) || self.before(node).contains(step)
    }

    /// Whether a bare name can be something: a variable, an input, or a field of what a node before gave.
    fn may_be_known(&mut self, name: &str, reference: &Reference, reader: Option<Reader<'g>>) -> bool {
        let graph = self.shape.graph;
        if self.variables.contains(name)
            || graph.inputs.is_empty()
            || graph.inputs.iter().any(|input| input.name == name)
        {
            return true;
        }
        let result = matches!(reference.path.first(), Some(Segment::Key(key)) if key == "result");
        if result && graph.step(name).is_some() {
            return true;
        }
        graph.nodes.iter().any(|node| gives(node, name) && self.runs_before(&node.id, reader))
    }
}

/// Whether the output of a node may have a field of this name.
fn gives(node: &Node, name: &str) -> bool {
    match &node.config {
        Config::Start(_)
        | Config::End(_)
        | Config::Condition(_)
        | Config::Parallel(_)
        | Config::Join(_)
        | Config::Loop(_) => false,
        Config::Transform(_) => node.inputs.contains_key(name),
        _ => true,
    }
}

fn type_of_reference(graph: &Graph, reference: &Reference) -> ValueType {
    let input = |name: &str| graph.inputs.iter().find(|input| input.name == name);
    let whole = reference.path.len() == 1;
    match (&reference.root, reference.field()) {
        (Root::Input, Some(field)) if whole => input(field).map_or(ValueType::Any, |input| input.value_type),
        (Root::Variable, Some(field)) if whole => graph.variables.get(field).map_or(ValueType::Any, type_of),
        (Root::Name(name), _) if reference.path.is_empty() => match graph.variables.get(name) {
            Some(value) => type_of(value),
            None => input(name).map_or(ValueType::Any, |input| input.value_type),
        },
        (Root::Now, _) => ValueType::String,
        _ => ValueType::Any,
    }
}
