//! The role × action × situation matrix: the policy as a table that people read and review.

use std::fmt::Write;

use conductor_domain::{Classification, Effect, EnvironmentId, OrganizationId, Scope, Visibility};
use conductor_rbac::{AccessLevel, Action, Denial, PolicyIndex, Request, Resource, built_in_roles, denial};

/// The situations of a cell, each with the letter that stands where it is allowed.
const SITUATIONS: [(char, &str); 10] = [
    ('O', "the caller's own row"),
    ('S', "another member's row, shared with the organisation"),
    ('W', "another member's private row, granted `write`"),
    ('P', "another member's private row"),
    ('F', "an official row of the platform"),
    ('R', "an official row; a tool among them is declared read-only"),
    ('A', "an official row; a tool among them asks for approval"),
    ('U', "another tenant's public row"),
    ('X', "another tenant's private row"),
    ('C', "the caller's own row, classified above the caller's clearance"),
];

fn ask<'a>(role: &'a [String], action: Action, situation: char) -> Request<'a> {
    let mut resource = Resource::new(format!("{}:one", action.kind()));
    let mut request = Request {
        subject: "user:someone".into(),
        roles: role,
        token_scopes: None,
        clearance: Classification::Internal,
        scope: Scope { organization_id: OrganizationId::NIL, environment_id: EnvironmentId::NIL },
        agents: &[],
        action,
        resource: resource.clone(),
        owner: matches!(situation, 'O' | 'C'),
        same_organization: matches!(situation, 'O' | 'S' | 'W' | 'P' | 'C'),
        same_environment: matches!(situation, 'O' | 'S' | 'W' | 'P' | 'C'),
        grant: (situation == 'W').then_some(AccessLevel::Write).into_iter().collect(),
        attributes: None,
        arguments: None,
        context_labels: &[],
        environment_type: None,
        address: None,
        now: None,
    };
    match situation {
        'S' => resource.visibility = Visibility::Organization,
        'F' => resource.official = true,
        'R' => (resource.official, resource.read_only) = (true, true),
        'A' => (resource.official, resource.asks) = (true, true),
        'U' => resource.visibility = Visibility::Public,
        'C' => resource.classification = Classification::Restricted,
        _ => {}
    }
    request.resource = resource;
    request
}

#[tokio::test]
async fn roles_actions_and_situations() {
    let index = PolicyIndex::built_in().await.unwrap();
    let mut table = String::from(
        "A letter stands where the built-in rows allow the action, `?` where they ask first.\n\n",
    );
    for (letter, meaning) in SITUATIONS {
        writeln!(table, "{letter}  {meaning}").unwrap();
    }
    let roles = built_in_roles();
    write!(table, "\n{:24}", "").unwrap();
    for role in &roles {
        write!(table, "{:24}", role.role).unwrap();
    }
    for action in Action::ALL {
        write!(table, "\n{:24}", action.as_str()).unwrap();
        for role in &roles {
            let held = [role.role.clone()];
            let cell: String = SITUATIONS
                .iter()
                .map(|(letter, _)| match index.effect(&ask(&held, *action, *letter)) {
                    Effect::Allow => *letter,
                    Effect::Approve => '?',
                    Effect::Deny => '.',
                })
                .collect();
            write!(table, "{cell:24}").unwrap();
        }
    }
    let table: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    insta::assert_snapshot!("roles_actions_situations", table);
}

#[tokio::test]
async fn what_may_not_be_read_is_hidden_from_every_other_action() {
    let index = PolicyIndex::built_in().await.unwrap();
    for role in built_in_roles() {
        let held = [role.role];
        for action in Action::ALL.iter().filter(|action| action.kind().is_content()) {
            for situation in ['P', 'X'] {
                let decision = index.decide(&ask(&held, *action, situation));
                let creates = action.need() == conductor_rbac::Need::Tenant;
                if !(creates && situation == 'P') {
                    assert_eq!(
                        denial(&decision),
                        Some(Denial::Hidden),
                        "{held:?} {action} {situation}: {decision:?}"
                    );
                }
            }
        }
    }
}
