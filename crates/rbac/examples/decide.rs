//! Asks the built-in rows a few questions and prints the answers with their reasons.
//!
//! Run with `cargo run -p conductor-rbac --example decide`.
#![expect(clippy::print_stdout, reason = "an example shows its answers")]

use conductor_domain::{
    Caller, Classification, EnvironmentId, OrganizationId, Principal, Scope, UserId, Visibility,
};
use conductor_rbac::{Action, Error, PolicyIndex, Request, Resource, denial};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let index = PolicyIndex::built_in().await?;
    let caller = Caller {
        principal: Principal::User { user_id: UserId::NIL },
        scope: Scope { organization_id: OrganizationId::NIL, environment_id: EnvironmentId::NIL },
        organizations: vec![OrganizationId::NIL],
        roles: vec!["platform:standard_user".to_owned(), "organization:member".to_owned()],
        clearance: Classification::Internal,
        attributes: serde_json::json!({}),
        token_scopes: None,
        session_id: None,
        token_id: None,
        address: None,
    };
    let shared = || Resource { visibility: Visibility::Organization, ..Resource::new("agent:reviewer") };
    let search = Resource { official: true, read_only: true, ..Resource::new("tool:web/search") };
    let questions = [
        Request { same_organization: true, ..Request::new(&caller, Action::AgentExecute, shared()) },
        Request { same_organization: true, ..Request::new(&caller, Action::AgentUpdate, shared()) },
        Request::new(&caller, Action::ConversationRead, Resource::new("conversation:somebody-elses")),
        Request::new(&caller, Action::ToolInvoke, search),
    ];
    for question in questions {
        let decision = index.decide(&question);
        println!(
            "{} {}: {:?} by {}",
            question.action, question.resource.target, decision.effect, decision.rule
        );
        for step in &decision.trace {
            println!("    {}: {}", step.source, step.says);
        }
        if let Some(denial) = denial(&decision) {
            println!("    a door answers as for {denial:?}");
        }
    }
    Ok(())
}
