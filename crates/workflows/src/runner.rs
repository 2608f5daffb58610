//! The runner: takes a run of a workflow from wherever its journal says it stands to where it ends or waits.

mod advance;
mod again;
mod ask;
mod calls;
mod doubt;
mod finish;
mod kinds;
mod known;
mod opening;
mod pass;
mod people;
mod plan;
mod ready;
mod replay;
mod scope;
mod state;
mod tally;
mod tell;
mod walk;

use std::sync::Arc;

pub(crate) use again::{Again, Unfit, place_of};

use conductor_access::Access;
use conductor_runs::ToolPath;
use conductor_storage::Store;
use conductor_workflow_graph::{Graph, Problem, problem::Code};
pub(crate) use known::Known;
pub(crate) use opening::Opening;
pub(crate) use plan::Plan;
pub use replay::Difference;
pub(crate) use replay::Replay;
pub(crate) use scope::{Surroundings, said};
use serde_json::{Map, Value};
pub(crate) use state::{State, place};
use tokio_util::sync::CancellationToken;

/// How runs of workflows are bounded, and what they may read.
#[derive(Clone, Debug)]
pub struct RunnerOptions {
    /// How many attempts at nodes one run may begin; beyond it the run fails.
    pub nodes_per_run: u64,
    /// Values of the environment that expressions may read as `env.NAME`.
    pub env: Map<String, Value>,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self { nodes_per_run: 100_000, env: Map::new() }
    }
}

/// Advances runs of workflows.
pub struct Runner {
    store: Store,
    access: Arc<Access>,
    tools: Arc<ToolPath>,
    options: RunnerOptions,
    draining: CancellationToken,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("options", &self.options).finish_non_exhaustive()
    }
}

/// The nodes of a graph that this server does not run.
pub(crate) fn unsupported_nodes(graph: &Graph) -> Vec<Problem> {
    let nodes = graph.nodes.iter().enumerate();
    let unsupported = nodes.filter(|(_, node)| !kinds::runs(&node.config)).map(|(index, node)| {
        let told = kinds::unsupported(&node.config);
        Problem::error(Code::InvalidValue, format!("/nodes/{index}/kind"), told.detail).about(&node.id)
    });
    unsupported.collect()
}

impl Runner {
    /// A runner over this store that reaches the world by this path. `draining` is cancelled when the server goes down.
    #[must_use]
    pub fn new(
        store: Store,
        access: Arc<Access>,
        tools: Arc<ToolPath>,
        options: RunnerOptions,
        draining: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self { store, access, tools, options, draining })
    }
}
