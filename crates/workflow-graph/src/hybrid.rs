//! The Hybrid form: steps that run in order, with branches that meet again at the next step.

mod step;
mod write;

pub(crate) use write::write;

use crate::{
    Edge, Node,
    conductor::edge_id,
    fields::Fields,
    graph::{OUT, SourceFormat},
    import::{Origin, Read},
    kind::{Case, Condition},
    limits::Limits,
    node::OnError,
    problem::Code,
};

/// Reads a document.
pub(crate) fn read(mut fields: Fields<'_>, limits: &Limits) -> Read {
    let mut read = Read::default();
    read.graph.source_format = SourceFormat::Hybrid;
    read.graph.name = fields.required_text("name");
    read.graph.description = fields.text("description");
    let mut steps = Steps { read, limits, full: false };
    let ends = steps.chain(&mut fields, "steps", Vec::new(), limits.depth);
    let mut read = steps.read;
    if read.graph.nodes.is_empty() && fields.has("steps") {
        fields.refuse("steps", Code::MissingEntry, "a workflow has at least one step");
    }
    read.graph.entry = read.graph.nodes.first().map(|node| node.id.clone()).into_iter().collect();
    read.moved = vec![("/entry", "/steps".to_owned()), ("/exit", "/steps".to_owned())];
    for end in ends {
        if !read.graph.exit.contains(&end.node) {
            read.graph.exit.push(end.node);
        }
    }
    fields.finish();
    read
}

/// A port that the next step is to be joined to.
struct Loose {
    node: String,
    port: String,
    pointer: String,
}

impl Loose {
    fn of(node: &Node, port: &str, fields: &Fields<'_>) -> Self {
        Self { node: node.id.clone(), port: port.to_owned(), pointer: fields.pointer.clone() }
    }
}

struct Steps<'l> {
    read: Read,
    limits: &'l Limits,
    full: bool,
}

impl Steps<'_> {
    /// Reads a list of steps that follows `loose`; gives what the step after it follows.
    fn chain(
        &mut self,
        parent: &mut Fields<'_>,
        key: &'static str,
        mut loose: Vec<Loose>,
        depth: usize,
    ) -> Vec<Loose> {
        let Some(depth) = depth.checked_sub(1) else {
            parent.refuse(key, Code::TooLarge, "branches are nested too deeply");
            return loose;
        };
        for mut step in parent.each(key) {
            if self.read.graph.nodes.len() >= self.limits.nodes {
                if !std::mem::replace(&mut self.full, true) {
                    let message = format!("there are more than {} steps", self.limits.nodes);
                    step.refuse("id", Code::TooLarge, message);
                }
                return loose;
            }
            loose = self.step(&mut step, loose, depth);
            step.finish();
        }
        loose
    }

    fn step(&mut self, fields: &mut Fields<'_>, loose: Vec<Loose>, depth: usize) -> Vec<Loose> {
        let mut id = fields.required_text("id");
        let word = fields.required_text("type");
        if id.is_empty() {
            // The rest of the step is read all the same, for its problems.
            id.clone_from(&fields.pointer);
            self.read.unknown.insert(id.clone());
        } else {
            fields.node = Some(id.clone());
        }
        let node = Node { id, on_error: on_error(fields), ..Node::default() };
        self.connect(loose, &node.id);
        match word.as_str() {
            "conditional" => self.conditional(fields, node, depth),
            word => self.plain(word, fields, node),
        }
    }

    /// Leads what is loose to a node.
    fn connect(&mut self, loose: Vec<Loose>, to: &str) {
        for from in loose {
            let id = edge_id(self.read.graph.edges.len());
            let edge = Edge { id, from: from.node, port: from.port, to: to.to_owned(), condition: None };
            self.read.graph.edges.push(edge);
            self.read.edges.push(from.pointer);
        }
    }

    fn plain(&mut self, word: &str, fields: &mut Fields<'_>, mut node: Node) -> Vec<Loose> {
        node.guard = fields.text("condition");
        if !step::read(word, fields, &mut node) {
            self.read.unknown.insert(node.id.clone());
        }
        let end = Loose::of(&node, OUT, fields);
        self.read.nodes.push(Origin::new(&fields.pointer, &step::moved(word)));
        self.read.graph.nodes.push(node);
        vec![end]
    }

    fn conditional(&mut self, fields: &mut Fields<'_>, mut node: Node, depth: usize) -> Vec<Loose> {
        let case = |expression, port: &str| Case { expression, port: port.to_owned() };
        let cases = vec![case(Some(fields.required_text("condition")), "true"), case(None, "false")];
        node.config = Condition { cases }.into();
        let [holds, fails] = ["true", "false"].map(|port| vec![Loose::of(&node, port, fields)]);
        let moved = [("/config/cases/0/expression", "/condition"), ("/config/cases/0", "/if_true")];
        self.read.nodes.push(Origin::new(&fields.pointer, &moved));
        self.read.graph.nodes.push(node);
        let mut ends = self.chain(fields, "if_true", holds, depth);
        ends.extend(self.chain(fields, "if_false", fails, depth));
        ends
    }
}

/// The two words of this form; those that other forms add are no words of it.
fn on_error(fields: &mut Fields<'_>) -> OnError {
    match fields.text("on_error").as_deref() {
        Some("stop") => OnError::Stop,
        None | Some("continue") => OnError::Continue,
        Some(other) => {
            fields.refuse_word("on_error", other, ["stop", "continue"].into_iter());
            OnError::Continue
        }
    }
}
