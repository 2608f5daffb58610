//! Which fields of a node's output the rest of the workflow reads, so that an agent can be asked for just those.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::{
    Config, Expression, Graph, Node, Reference, Root, Template, expression::types::wanted, graph::ValueType,
    kind::Role,
};

/// The fields of one node's output that are read, with their types as far as the places tell that read them.
pub type FieldsRead = BTreeMap<String, ValueType>;

impl Graph {
    /// For each node, the fields of its output that later nodes, edges and the workflow's outputs read. For an agent
    /// node they are what its structured output has to have; a bare name is asked of the nearest agents before its
    /// reader, unless something nearer gives it.
    #[must_use]
    pub fn fields_read(&self) -> BTreeMap<&str, FieldsRead> {
        let search = Search::of(self);
        let mut read: BTreeMap<&str, FieldsRead> = BTreeMap::new();
        for node in &self.nodes {
            if let Config::Agent(agent) = &node.config {
                let fields = agent.output_fields.iter().map(|field| (field.clone(), ValueType::Any));
                read.entry(&node.id).or_default().extend(fields);
            }
        }
        for one in self.uses() {
            let (givers, field, inside) = match &one.reference.root {
                Root::Step(word) => {
                    let Some(field) = one.reference.field() else { continue };
                    let step = search.steps.get(word.as_str()).copied();
                    (step.into_iter().collect(), field, one.reference.path.len() > 1)
                }
                Root::Name(name) => {
                    (search.asked_for(name, &one), name.as_str(), !one.reference.path.is_empty())
                }
                _ => continue,
            };
            // Below the field, the type is that of something inside it.
            let want = if inside { ValueType::Any } else { one.want };
            for giver in givers {
                let known = read.entry(giver).or_default().entry(field.to_owned()).or_insert(want);
                if *known == ValueType::Any {
                    *known = want;
                }
            }
        }
        read
    }

    /// The fields of one node's output that are read: its part of [`Self::fields_read`].
    #[must_use]
    pub fn fields_read_from(&self, id: &str) -> FieldsRead {
        self.fields_read().remove(id).unwrap_or_default()
    }

    /// The inputs that the workflow reads, declared or not.
    #[must_use]
    pub fn inputs_read(&self) -> BTreeSet<String> {
        let uses = self.uses();
        let inputs = uses.iter().filter(|one| one.reference.root == Root::Input);
        inputs.filter_map(|one| one.reference.field().map(str::to_owned)).collect()
    }

    /// The fields of the surroundings that the workflow reads; none where it reads them as a whole.
    #[must_use]
    pub fn context_read(&self) -> Option<BTreeSet<String>> {
        let mut uses = Vec::new();
        let mut look = |text: &str, role: Role| {
            // Most workflows read nothing of them, and nothing is parsed for that.
            if text.contains("context") {
                collect(text, role, ValueType::Any, None, &mut uses);
            }
        };
        for text in self.nodes.iter().flat_map(Node::texts) {
            look(text.text, text.role);
        }
        for condition in self.edges.iter().filter_map(|edge| edge.condition.as_ref()) {
            look(condition, Role::Condition);
        }
        for from in self.outputs.iter().filter_map(|output| output.from.as_ref()) {
            look(from, Role::Expression);
        }
        let fields = uses.iter().filter(|one| one.reference.root == Root::Context);
        fields.map(|one| one.reference.field().map(str::to_owned)).collect()
    }

    /// Everything that the workflow reads, and where.
    pub(crate) fn uses(&self) -> Vec<Use<'_>> {
        let mut uses = Vec::new();
        for node in &self.nodes {
            for text in node.texts() {
                collect(text.text, text.role, ValueType::Any, Some(&node.id), &mut uses);
            }
        }
        for edge in &self.edges {
            if let Some(condition) = &edge.condition {
                // The node that it leaves has run when it is looked at, so it is read from where it leads.
                collect(condition, Role::Condition, ValueType::Any, Some(&edge.to), &mut uses);
            }
        }
        for output in &self.outputs {
            if let Some(from) = &output.from {
                collect(from, Role::Expression, output.value_type, None, &mut uses);
                continue;
            }
            let collects = |node: &&Node| match &node.config {
                Config::End(end) => end.outputs.is_empty() || end.outputs.contains(&output.name),
                _ => false,
            };
            for end in self.nodes.iter().filter(collects) {
                let reference = Reference { root: Root::Name(output.name.clone()), path: Vec::new() };
                uses.push(Use { reference, want: output.value_type, reader: Some(&end.id), optional: true });
            }
        }
        uses
    }
}

/// A reference, the type that its place asks for, and the node that reads it; none where the workflow itself does.
pub(crate) struct Use<'g> {
    pub(crate) reference: Reference,
    want: ValueType,
    pub(crate) reader: Option<&'g str>,
    /// Whether it may stay null, as the outputs at an end may.
    optional: bool,
}

fn collect<'g>(text: &str, role: Role, want: ValueType, reader: Option<&'g str>, uses: &mut Vec<Use<'g>>) {
    let mut tell = |reference: &Reference, want: ValueType| {
        uses.push(Use { reference: reference.clone(), want, reader, optional: false });
    };
    match role {
        Role::Template => {
            if let Ok(template) = Template::parse(text) {
                template.nodes().for_each(|node| wanted(node, ValueType::Any, &mut tell));
            }
        }
        Role::Condition | Role::Expression => {
            let want = if role == Role::Condition { ValueType::Boolean } else { want };
            if let Ok(expression) = Expression::parse(text) {
                wanted(expression.node(), want, &mut tell);
            }
        }
    }
}

/// What the search for the giver of a name looks at, prepared once for all names.
struct Search<'g> {
    graph: &'g Graph,
    /// The ids of nodes by their ids and, after those, by their names.
    steps: HashMap<&'g str, &'g str>,
    nodes: HashMap<&'g str, &'g Node>,
    before: HashMap<&'g str, Vec<&'g str>>,
    /// What is no field of anybody's output: variables and inputs.
    own: HashSet<&'g str>,
    assigned: HashMap<&'g str, HashSet<&'g str>>,
}

impl<'g> Search<'g> {
    fn of(graph: &'g Graph) -> Self {
        let mut search = Self {
            graph,
            steps: HashMap::new(),
            nodes: HashMap::new(),
            before: HashMap::new(),
            own: graph.variables.keys().map(String::as_str).collect(),
            assigned: HashMap::new(),
        };
        search.own.extend(graph.inputs.iter().map(|input| input.name.as_str()));
        for node in &graph.nodes {
            search.nodes.entry(&node.id).or_insert(node);
            if let Config::Code(code) = &node.config {
                search.assigned.insert(&node.id, code.assigned().into_iter().collect());
            }
        }
        search.steps = search.nodes.keys().map(|id| (*id, *id)).collect();
        for node in &graph.nodes {
            if let Some(name) = &node.name {
                search.steps.entry(name).or_insert(&node.id);
            }
        }
        for edge in &graph.edges {
            search.before.entry(&edge.to).or_default().push(&edge.from);
        }
        search
    }

    /// The agents that a bare name is asked of.
    fn asked_for(&self, name: &str, one: &Use<'_>) -> Vec<&'g str> {
        let mut agents = Vec::new();
        if self.own.contains(name) {
            return agents;
        }
        let before = |id: &str| self.before.get(id).map(Vec::as_slice).unwrap_or_default();
        let mut seen = HashSet::new();
        let mut open: Vec<&str> = match one.reader {
            Some(reader) => before(reader).to_vec(),
            None => self.graph.exit.iter().map(String::as_str).collect(),
        };
        while let Some(id) = open.pop() {
            let Some(node) = self.nodes.get(id).filter(|_| seen.insert(id)) else { continue };
            match &node.config {
                Config::Agent(_) => agents.push(node.id.as_str()),
                _ if self.gives(node, name, one.optional) => {}
                _ => open.extend(before(id)),
            }
        }
        agents
    }

    /// Whether a node that is no agent gives the name, so that nobody before it is asked.
    fn gives(&self, node: &Node, name: &str, optional: bool) -> bool {
        match &node.config {
            Config::Code(_) => self.assigned.get(node.id.as_str()).is_some_and(|names| names.contains(name)),
            Config::Transform(_) => node.inputs.contains_key(name),
            // Their answers are their own affair: what may stay null is not made up by an agent before them.
            Config::Http(_)
            | Config::Tool(_)
            | Config::Database(_)
            | Config::Integration(_)
            | Config::Subworkflow(_)
            | Config::Wait(_) => optional,
            _ => false,
        }
    }
}
