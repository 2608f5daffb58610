//! The rows that every installation starts with: eight roles and the baseline policies.
//!
//! They are data, seeded into storage like any other row, so that an operator reads and changes them where the rest is.

use conductor_domain::Effect;
use serde_json::json;

use crate::{Binding, PolicyRow, RoleRow};

/// The platform's four roles and an organisation's four. A request is permitted by either set.
#[must_use]
pub fn roles() -> Vec<RoleRow> {
    vec![
        role(
            "platform:guest",
            &[],
            &[
                "agent.read",
                "agent.execute",
                "workflow.read",
                "workflow.execute",
                "conversation.*",
                "message.*",
                "artifact.*",
                "file.*",
                "connector.read",
                "tool.read",
                "tool.invoke",
                "run.*",
                "human_task.*",
                "user.read",
                "user.update",
                "user.erase",
                "settings.*",
                "pricing.read",
                "usage.read",
            ],
        ),
        role(
            "platform:standard_user",
            &["platform:guest"],
            &[
                "agent.create",
                "agent.update",
                "agent.delete",
                "agent.clone",
                "workflow.create",
                "workflow.update",
                "workflow.delete",
                "workflow.clone",
                "connector.create",
                "connector.update",
                "connector.delete",
                "connector.execute",
                "tool.update",
                "tool.approve",
                "api_key.*",
                "organization.create",
            ],
        ),
        role(
            "platform:power_user",
            &["platform:standard_user"],
            &["agent.share", "connector.share", "workflow.share"],
        ),
        role(
            "platform:admin",
            &["platform:power_user"],
            &[
                "user.*:any",
                "agent.*:official",
                "workflow.*:official",
                "connector.*:official",
                "tool.*:official",
                "connector.confirm",
                "platform_audit.read",
                "secret_key.*",
                "id_provider.*",
                "pricing.*",
            ],
        ),
        role(
            "organization:viewer",
            &[],
            &[
                "agent.read",
                "workflow.read",
                "conversation.read",
                "message.read",
                "artifact.read",
                "file.read",
                "connector.read",
                "tool.read",
                "run.read",
                "human_task.read",
                "organization.read",
                "environment.read",
                "membership.read",
                "access_request.create",
            ],
        ),
        role(
            "organization:member",
            &["organization:viewer"],
            &[
                "agent.create",
                "agent.update",
                "agent.delete",
                "agent.execute",
                "agent.clone",
                "workflow.create",
                "workflow.update",
                "workflow.delete",
                "workflow.execute",
                "workflow.clone",
                "conversation.*",
                "message.*",
                "artifact.*",
                "file.*",
                "connector.create",
                "connector.update",
                "connector.delete",
                "connector.execute",
                "tool.update",
                "tool.approve",
                "tool.invoke",
                "run.*",
                "human_task.*",
            ],
        ),
        role(
            "organization:admin",
            &["organization:member"],
            &[
                "agent.*:any",
                "workflow.*:any",
                "conversation.delete:any",
                "artifact.delete:any",
                "file.delete:any",
                "connector.read:any",
                "connector.update:any",
                "connector.delete:any",
                "connector.execute:any",
                "connector.share:any",
                "tool.*:any",
                "run.*:any",
                "human_task.*:any",
                "organization.update",
                "environment.*",
                "membership.*",
                "audit.read",
                "policy.*",
                "service_account.*",
                "agent_token.*",
                "usage.read:any",
                "budget.*",
                "grant.*",
                "directory.*",
            ],
        ),
        role("organization:owner", &["organization:admin"], &["organization.delete"]),
    ]
}

fn role(name: &str, inherits: &[&str], permissions: &[&str]) -> RoleRow {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    RoleRow { role: name.to_owned(), permissions: owned(permissions), inherits: owned(inherits) }
}

/// The baseline: tools follow what a role may see; confidential data stays with servers that may hold it; viewers look
/// only; guests build nothing.
#[must_use]
pub fn policies() -> Vec<PolicyRow> {
    let everywhere = || vec![Binding { scope_type: "org".into(), scope_id: "*".into(), priority: 0 }];
    let row = |id: &str, action: &str, target: &str, effect: Effect, conditions| PolicyRow {
        id: id.to_owned(),
        policy: Some(id.to_owned()),
        action: action.to_owned(),
        target: target.to_owned(),
        effect: effect.as_str().to_owned(),
        conditions,
        obligations: vec![],
        bindings: everywhere(),
    };
    let content =
        ["agent", "conversation", "message", "artifact", "file", "connector", "tool", "run", "human_task"];
    vec![
        row(
            "baseline/tools-follow-visibility",
            "tool.invoke",
            "tool:*",
            Effect::Allow,
            json!({ "no_roles": ["platform:guest"] }),
        ),
        row(
            "baseline/tools-follow-visibility/guests",
            "tool.invoke",
            "tool:*",
            Effect::Allow,
            json!({ "roles": ["platform:guest"], "read_only": true }),
        ),
        row(
            "baseline/labels-do-not-flow-down",
            "tool.invoke",
            "tool:*",
            Effect::Deny,
            json!({ "outbound": true, "flows_down": true, "context_at_least": "confidential" }),
        ),
        row(
            "baseline/viewers-look-only",
            "*",
            "*",
            Effect::Deny,
            json!({ "roles": ["organization:viewer"], "kinds": content, "changes": true }),
        ),
        row(
            "baseline/guests-build-nothing",
            "*",
            "*",
            Effect::Deny,
            json!({
                "roles": ["platform:guest"],
                "actions": [
                    "agent.create", "agent.update", "agent.delete", "agent.clone", "agent.share",
                    "connector.create", "connector.update", "connector.delete", "connector.execute", "connector.share",
                    "tool.update", "tool.approve",
                ],
            }),
        ),
    ]
}
