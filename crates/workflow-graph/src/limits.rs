//! How large a workflow may be. What exceeds a limit is refused with its number, before it costs anything.

/// Ways out of one node: cases of a condition, decisions of a person.
pub(crate) const PORTS: usize = 100;

/// Inputs, and outputs, of one workflow.
pub(crate) const DECLARED: usize = 200;

/// Values that the expressions of one workflow read.
pub(crate) const REFERENCES: usize = 20_000;

/// Tools that one node leaves its agent.
pub(crate) const TOOLS: usize = 200;

/// Characters of a tool's name.
pub(crate) const TOOL_NAME: usize = 200;

/// Rounds of tool calls of an agent that a node asks.
pub(crate) const ROUNDS: u32 = 100;

/// The limits of an import. Three more are fixed, since what they bound is looked through for each expression: a node
/// has at most 100 ports, a workflow 200 inputs, 200 outputs and 20,000 references.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the document: 4 MiB.
    pub bytes: usize,
    /// Nested lists and objects, of the document and of branches in branches: 64.
    pub depth: usize,
    /// Nodes, nested steps included: 1,000.
    pub nodes: usize,
    /// Edges: 5,000.
    pub edges: usize,
    /// Problems that are listed; the rest is counted: 200.
    pub problems: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 4 * 1024 * 1024, depth: 64, nodes: 1_000, edges: 5_000, problems: 200 }
    }
}
