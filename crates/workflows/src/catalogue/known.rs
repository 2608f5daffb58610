//! What exists for a caller, as far as a graph can name it.

use std::collections::BTreeSet;

use conductor_domain::{AgentFilter, Caller, ConnectorFilter, Page, PageRequest, WorkflowFilter};
use conductor_storage::{Result, Store};
use conductor_workflow_graph::Names;

/// Rows that are read at once.
const PAGE: u64 = 1_000;

/// The names of agents, servers and workflows that the caller sees. Tools belong to their servers, which may not even be
/// connected at the moment, and values of the environment to the runner.
pub(super) async fn names(store: &Store, caller: &Caller) -> Result<Names> {
    let view = store.visible_to(caller);
    let (mut agents, mut connectors, mut workflows) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut next = first();
    while let Some(request) = next {
        let page = view.agents().page(AgentFilter::default(), request).await?;
        next = after(&page);
        for agent in page.items {
            agents.extend([agent.spec.name, agent.spec.slug, agent.spec.agent_type]);
        }
    }
    let mut next = first();
    while let Some(request) = next {
        let page = view.connectors().page(ConnectorFilter::default(), request).await?;
        next = after(&page);
        for connector in page.items {
            connectors.extend([connector.id.to_string(), connector.spec.name, connector.spec.slug]);
        }
    }
    let mut next = first();
    while let Some(request) = next {
        let page = view.workflows().page(WorkflowFilter::default(), request).await?;
        next = after(&page);
        workflows.extend(page.items.into_iter().map(|workflow| workflow.spec.name));
    }
    Ok(Names {
        agents: Some(agents),
        connectors: Some(connectors),
        workflows: Some(workflows),
        ..Names::default()
    })
}

fn first() -> Option<PageRequest> {
    Some(PageRequest { limit: PAGE, after: None })
}

fn after<T>(page: &Page<T>) -> Option<PageRequest> {
    page.next.clone().map(|after| PageRequest { limit: PAGE, after: Some(after) })
}
