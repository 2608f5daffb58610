//! A run once more from its journal: whatever it worked out is worked out again, and compared.
//!
//! What calls answered, what people decided, what events carried and what the clock said is taken from the journal; nothing
//! is called, asked or waited for.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use conductor_domain::{CallId, EventBody};
use conductor_workflow_graph::{Config, Node};
use serde_json::{Value, json};

use super::{
    kinds::{self, Act, Made, Sent},
    known::Known,
    state::{Place, place},
};

/// Where a replay came to something else than the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The node; none for what the workflow itself gives.
    pub node_id: Option<String>,
    /// Its round or item.
    pub iteration: Vec<i32>,
    /// `output`, `port` or `edges`.
    pub what: &'static str,
    /// As the journal has it.
    pub recorded: Value,
    /// As it was worked out again.
    pub replayed: Value,
}

/// A run that is gone through once more.
pub(crate) struct Replay {
    pub(crate) known: Known,
    /// Whether the run has begun to do something itself: what stands before was taken over from another, which explains it.
    begun: bool,
    /// What calls answered that went well.
    answers: HashMap<CallId, Value>,
    /// How many endings of nodes were worked out again.
    pub(crate) nodes: u64,
    pub(crate) differences: Vec<Difference>,
    /// What the workflow gives, worked out again.
    pub(crate) outputs: Option<Value>,
}

impl Replay {
    pub(crate) fn new(known: Known) -> Self {
        let (answers, differences) = (HashMap::new(), Vec::new());
        Self { known, begun: false, answers, nodes: 0, differences, outputs: None }
    }

    /// Goes through the next event.
    pub(crate) fn take(&mut self, at: DateTime<Utc>, body: &EventBody) {
        match body {
            EventBody::RunStatus { .. } => self.begun = true,
            EventBody::ToolResult { call_id, ok: true, content, .. } => {
                self.answers.insert(*call_id, content.clone());
            }
            EventBody::NodeFinished {
                node_id,
                iteration,
                call_id,
                output,
                port: Some(port),
                edges,
                error,
                ..
            } if self.begun => {
                if let Some(place) = place(&self.known.plan, node_id, iteration) {
                    let output = output.clone().unwrap_or_default();
                    let again = match error {
                        // Why it failed is in the journal alone; where it went from there is worked out.
                        Some(_) => None,
                        None => self.again(&place, at, *call_id),
                    };
                    self.compare(&place, at, again, (&output, port, edges));
                }
                // Nobody asks for it again, and it may be large.
                call_id.iter().for_each(|call| drop(self.answers.remove(call)));
            }
            EventBody::RunFinished { output: Some(output), .. } => {
                let replayed = self.known.outputs(at);
                if replayed != *output && !self.clocked_outputs() {
                    let recorded = output.clone();
                    let replayed = replayed.clone();
                    self.differences.push(Difference {
                        node_id: None,
                        iteration: Vec::new(),
                        what: "output",
                        recorded,
                        replayed,
                    });
                }
                self.outputs = Some(replayed);
            }
            _ => {}
        }
        self.known.state.apply(&self.known.plan, at, body);
    }

    /// What a node gives and by which port it is left, where that can be worked out again.
    fn again(
        &self,
        place: &Place,
        at: DateTime<Utc>,
        call: Option<CallId>,
    ) -> Option<kinds::Result<(Value, String)>> {
        let known = &self.known;
        let node = known.plan.node(place.node);
        if asks_the_clock(node) {
            return None;
        }
        match &node.config {
            // What a person, an event or a moment said is no matter of working out.
            Config::Human(_) | Config::Wait(_) => None,
            Config::Loop(_) => {
                let last = known.state.rounds(place).map(|(number, _)| number).max()?;
                Some(Ok((known.round_output(place, last), conductor_workflow_graph::OUT.to_owned())))
            }
            Config::Map(_) => {
                let count = known.state.rounds(place).count();
                let numbers = 1..=i32::try_from(count).unwrap_or(i32::MAX);
                let outputs = numbers.map(|number| known.round_output(place, number)).collect();
                Some(Ok((Value::Array(outputs), conductor_workflow_graph::OUT.to_owned())))
            }
            config if kinds::calls(config) => {
                let made = Made(self.answers.get(&call?)?.clone());
                Some(known.looking_at(place, at, |begin| begin.made(&made)).map(left))
            }
            _ => Some(known.looking_at(place, at, |begin| begin.begin()).map(|act| match act {
                Act::Done { output, port } => (output, port),
                _ => (Value::Null, String::new()),
            })),
        }
    }

    fn compare(
        &mut self,
        place: &Place,
        at: DateTime<Utc>,
        again: Option<kinds::Result<(Value, String)>>,
        (output, port, edges): (&Value, &String, &[String]),
    ) {
        self.nodes += 1;
        let mut differ = Vec::new();
        match again {
            None => {}
            Some(Ok((again, by))) => {
                if again != *output {
                    differ.push(("output", output.clone(), again));
                }
                if by != *port {
                    differ.push(("port", json!(port), json!(by)));
                }
            }
            Some(Err(problem)) => differ.push(("output", output.clone(), json!({ "error": problem.detail }))),
        }
        let asks = self.known.plan.outgoing(place.node).iter().any(|edge| {
            self.known
                .plan
                .edge(*edge)
                .condition
                .as_ref()
                .is_some_and(|condition| names_the_clock(&json!(condition)))
        });
        if !asks {
            match self.known.edges_by(place, at, port, output) {
                Ok(again) if again == edges => {}
                Ok(again) => differ.push(("edges", json!(edges), json!(again))),
                Err(problem) => differ.push(("edges", json!(edges), json!({ "error": problem.detail }))),
            }
        }
        let node_id = self.known.plan.node(place.node).id.clone();
        self.differences.extend(differ.into_iter().map(|(what, recorded, replayed)| Difference {
            node_id: Some(node_id.clone()),
            iteration: place.iteration.clone(),
            what,
            recorded,
            replayed,
        }));
    }

    fn clocked_outputs(&self) -> bool {
        let outputs = &self.known.plan.graph.outputs;
        outputs.iter().any(|output| output.from.as_ref().is_some_and(|from| names_the_clock(&json!(from))))
    }
}

fn left(sent: Sent) -> (Value, String) {
    match sent {
        Sent::On { output, port } | Sent::Back { output, port, .. } => (output, port),
        Sent::Failed { code, detail } => (json!({ "code": code, "detail": detail }), String::new()),
    }
}

/// Whether what a node works out depends on when it does.
fn asks_the_clock(node: &Node) -> bool {
    serde_json::to_value(node).is_ok_and(|node| names_the_clock(&node))
}

/// Whether some text of a value reads the clock in an expression.
fn names_the_clock(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == "now")
        }
        Value::Array(items) => items.iter().any(names_the_clock),
        Value::Object(fields) => fields.values().any(names_the_clock),
        _ => false,
    }
}
