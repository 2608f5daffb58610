//! What the caller knows to exist, for checks that the graph alone cannot make.

use std::collections::BTreeSet;

/// The names that a workflow may use. Where a set is absent, every name is taken for known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Agents.
    pub agents: Option<BTreeSet<String>>,
    /// Tools, as `tool` or `connector/tool`.
    pub tools: Option<BTreeSet<String>>,
    /// Connectors. Data sources are accounts of the operator, whom nobody here can ask.
    pub connectors: Option<BTreeSet<String>>,
    /// Workflows.
    pub workflows: Option<BTreeSet<String>>,
    /// Values of the environment that may be read.
    pub env: Option<BTreeSet<String>>,
}

impl Names {
    /// Everything exists.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }
}
