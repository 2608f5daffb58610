//! What the decision point is told of an agent.

use conductor_access::Facts;
use conductor_domain::Agent;

/// The facts of an agent's row.
pub(crate) fn facts(agent: &Agent) -> Facts {
    Facts::from(agent)
}
