//! Writes the Hybrid form, where that form has words for all that the graph does. Where it has not, every node that it
//! cannot say is named with the reason, all at once: a document that leaves something out would run otherwise.
//!
//! What people alone see is left out: places, names and titles, and what inputs were declared to be. Start and end are
//! where the list of steps starts and ends. Texts of a graph that was read from steps stay as they were written; those of
//! another one are respelt in `{{…}}`.

mod paths;
mod step;
mod texts;

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value, json};

use self::paths::Paths;
use crate::{
    Config, Graph, Kind, Root, Trigger,
    fields::{Fields, Sink},
    graph::SourceFormat,
    limits::Limits,
    problem::{Code, Problem, Unsayable},
};

/// Branches in branches. Each is two levels of the document, and a document has at most 64.
const NESTED: usize = 30;

/// Writes a document.
pub(crate) fn write(graph: &Graph) -> Result<Value, Unsayable> {
    let mut problems = whole(graph);
    problems.extend(references(graph));
    let mut steps = HashMap::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        match step::write(node) {
            Ok(mut step) => {
                if graph.source_format != SourceFormat::Hybrid {
                    texts::respell(node, &mut step);
                }
                steps.insert(index, step);
            }
            Err(why) => problems.extend(why.into_iter().map(|(field, why)| {
                Problem::error(Code::Unsayable, format!("/nodes/{index}{field}"), why).about(&node.id)
            })),
        }
    }
    let paths = Paths::of(graph, &mut problems);
    if problems.is_empty() {
        let mut writer = Writer { graph, paths: &paths, steps, written: HashSet::new(), problems };
        let list = writer.chain(paths.first(), paths.end(), NESTED);
        writer.unreached();
        problems = writer.problems;
        let document = document(graph, list);
        if problems.is_empty() {
            problems = differences(graph, &paths, &document);
        }
        if problems.is_empty() {
            return Ok(document);
        }
    }
    let most = Limits::default().problems;
    if problems.len() > most {
        let more = problems.split_off(most).len();
        problems.push(Problem::error(Code::TooLarge, "", format!("and {more} more problems")));
    }
    Err(Unsayable(problems))
}

fn document(graph: &Graph, steps: Vec<Value>) -> Value {
    let mut document = Map::new();
    document.insert("name".to_owned(), json!(graph.name));
    if let Some(description) = &graph.description {
        document.insert("description".to_owned(), json!(description));
    }
    document.insert("steps".to_owned(), Value::Array(steps));
    Value::Object(document)
}

/// What the workflow says as a whole and the form has no place for.
fn whole(graph: &Graph) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut refuse =
        |pointer: String, why: &str| problems.push(Problem::error(Code::Unsayable, pointer, why));
    for (index, trigger) in graph.triggers.iter().enumerate() {
        // Every workflow is started by hand and by the API.
        if !matches!(trigger, Trigger::Manual | Trigger::Api) {
            refuse(format!("/triggers/{index}"), "a workflow of steps is started by nothing but a call");
        }
    }
    for (index, input) in graph.inputs.iter().enumerate() {
        if input.default.is_some() {
            let why = "a workflow of steps declares no inputs, so they have no defaults";
            refuse(format!("/inputs/{index}/default"), why);
        }
    }
    for (present, pointer, why) in [
        (!graph.outputs.is_empty(), "/outputs", "a workflow of steps declares no outputs"),
        (!graph.variables.is_empty(), "/variables", "a workflow of steps has no variables"),
        (!graph.limits.is_none(), "/limits", "a workflow of steps has no limits of its own"),
    ] {
        if present {
            refuse(pointer.to_owned(), why);
        }
    }
    problems
}

/// Steps are read by their ids, and start and end are none.
fn references(graph: &Graph) -> Vec<Problem> {
    let at: HashMap<&str, usize> =
        graph.nodes.iter().enumerate().rev().map(|(index, node)| (node.id.as_str(), index)).collect();
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for one in graph.uses() {
        let word = match &one.reference.root {
            Root::Step(word) => word,
            Root::Name(word) if one.reference.field() == Some("result") => word,
            _ => continue,
        };
        let Some(step) = graph.step(word) else { continue };
        let why = match step.config.kind() {
            Kind::Start | Kind::End => {
                format!("it reads what {word} gives, which is no step; read inputs.x, or the step before")
            }
            _ if step.id != *word => {
                format!("it reads {word:?} by its name; steps are read by their ids: {}", step.id)
            }
            _ => continue,
        };
        let Some(reader) = one.reader.filter(|reader| seen.insert(((*reader).to_owned(), word.clone())))
        else {
            continue;
        };
        let pointer = at.get(reader).map(|index| format!("/nodes/{index}")).unwrap_or_default();
        problems.push(Problem::error(Code::Unsayable, pointer, why).about(reader));
    }
    problems
}

struct Writer<'w> {
    graph: &'w Graph,
    paths: &'w Paths,
    /// The steps of the nodes, by their places in the graph, without their branches.
    steps: HashMap<usize, Map<String, Value>>,
    written: HashSet<usize>,
    problems: Vec<Problem>,
}

impl Writer<'_> {
    fn refuse(&mut self, index: usize, why: impl Into<String>) {
        let problem = Problem::error(Code::Unsayable, format!("/nodes/{index}"), why);
        self.problems.push(match self.graph.nodes.get(index) {
            Some(node) => problem.about(&node.id),
            None => problem,
        });
    }

    /// The steps from one node to another, which is none of them.
    fn chain(&mut self, from: usize, to: usize, depth: usize) -> Vec<Value> {
        let mut list = Vec::new();
        let mut at = from;
        while at != to && at != self.paths.end() {
            let Some(below) = depth.checked_sub(1) else {
                self.refuse(at, format!("it stands in more than {NESTED} branches within each other"));
                break;
            };
            let Some(mut step) = self.steps.get(&at).filter(|_| self.written.insert(at)).cloned() else {
                let why =
                    "several branches lead to it before all of them meet; a step has one place in the list";
                self.refuse(at, why);
                break;
            };
            at = match *self.paths.ways(at) {
                [holds, fails] => {
                    let meet = self.paths.meet(at);
                    for (key, branch) in [("if_true", holds), ("if_false", fails)] {
                        let branch = self.chain(branch, meet, below);
                        if !branch.is_empty() {
                            step.insert(key.to_owned(), Value::Array(branch));
                        }
                    }
                    meet
                }
                [next] => next,
                _ => self.paths.end(),
            };
            list.push(Value::Object(step));
        }
        list
    }

    fn unreached(&mut self) {
        if !self.problems.is_empty() {
            return;
        }
        for index in 0..self.graph.nodes.len() {
            if self.steps.contains_key(&index)
                && !self.written.contains(&index)
                && !self.paths.is_left_out(index)
            {
                self.refuse(index, "no way leads to it from the first step, so it has no place in the list");
            }
        }
    }
}

/// Where reading the document gives another workflow: whatever the rules above do not know of is said here.
fn differences(graph: &Graph, paths: &Paths, document: &Value) -> Vec<Problem> {
    let sink = Sink::default();
    let Some(fields) = Fields::of(document, String::new(), None, &sink) else { return Vec::new() };
    let again = super::read(fields, &Limits::default()).graph;
    let problems = sink.into_problems();
    if !problems.is_empty() {
        return problems;
    }
    let mut problems = Vec::new();
    let mut refuse = |id: &str, why: String| {
        let index = graph.nodes.iter().position(|node| node.id == *id).unwrap_or_default();
        problems.push(Problem::error(Code::Unsayable, format!("/nodes/{index}"), why).about(id));
    };
    let drawn = paths.drawn(graph);
    let read: BTreeSet<_> =
        again.edges.iter().map(|edge| (edge.from.clone(), edge.port.clone(), edge.to.clone())).collect();
    for (from, _, to) in drawn.difference(&read) {
        refuse(from, format!("the way from it to {to} has no place in a list of steps"));
    }
    for (from, _, to) in read.difference(&drawn) {
        refuse(from, format!("in a list of steps {to} would follow it"));
    }
    // A condition of which nothing holds ends a workflow of either form.
    let decides = |id: &str| matches!(graph.node(id).map(|node| &node.config), Some(Config::Condition(_)));
    let ends = paths.exits(graph);
    let read: BTreeSet<_> = again.exit.iter().cloned().collect();
    for id in ends.difference(&read).filter(|id| !decides(id)) {
        refuse(id, "the workflow ends with it, and steps end with the last one".to_owned());
    }
    for id in read.difference(&ends).filter(|id| !decides(id)) {
        refuse(id, "nothing follows it, and yet the workflow does not end with it".to_owned());
    }
    problems
}
