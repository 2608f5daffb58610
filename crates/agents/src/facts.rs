//! What the decision point is told of an agent.

use conductor_access::Facts;
use conductor_domain::Agent;

/// The facts of an agent's row.
pub(crate) fn facts(agent: &Agent) -> Facts {
    Facts::new(format!("agent:{}", agent.id), agent.scope)
        .owned_by(agent.owner_user_id)
        .seen_by(agent.spec.visibility)
        .labelled(agent.spec.data_classification)
        .official(agent.is_official)
}
