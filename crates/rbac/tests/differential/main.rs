//! The compiled index against a plain reference authorizer, and the properties that no rows may break.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod generate;
mod reference;

use conductor_domain::Effect;
use conductor_rbac::{PolicyIndex, PolicyRow, RoleRow};
use generate::{Lots, World};
use proptest::prelude::*;

fn build(roles: &[RoleRow], policies: &[PolicyRow]) -> PolicyIndex {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(PolicyIndex::build(roles, policies))
        .unwrap()
}

#[test]
fn the_index_agrees_with_the_reference_on_20_000_random_requests() {
    let mut seen = [0_usize; 3];
    for seed in 0..200 {
        let mut lots = Lots(seed);
        let world = generate::world(&mut lots);
        let index = build(&world.roles, &world.policies);
        for _ in 0..100 {
            let facts = generate::facts(&mut lots, &world);
            let request = generate::request(&mut lots, &facts);
            let decision = index.decide(&request);
            let (effect, rule) = reference::decide(&world, &request);
            assert_eq!(
                (decision.effect, &decision.rule),
                (effect, &rule),
                "seed {seed}: {request:#?}\n{decision:#?}"
            );
            assert_eq!(index.effect(&request), effect);
            assert!(!decision.trace.is_empty());
            seen[effect as usize] += 1;
        }
    }
    // The comparison means nothing if the worlds only ever deny.
    assert!(seen.iter().all(|count| *count > 100), "allow, deny, approve: {seen:?}");
}

/// A world, a question in it, and one more rule.
fn drawn(seed: u64) -> (Lots, World, PolicyRow) {
    let mut lots = Lots(seed);
    let world = generate::world(&mut lots);
    let extra = generate::policy(&mut lots, "extra".to_owned());
    (lots, world, extra)
}

fn with(world: &World, extra: &PolicyRow) -> Vec<PolicyRow> {
    world.policies.iter().cloned().chain([extra.clone()]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn an_explicit_deny_always_wins(seed: u64) {
        let (mut lots, world, extra) = drawn(seed);
        let everywhere = generate::everywhere();
        let deny = PolicyRow { effect: "deny".into(), action: "*".into(), target: "*".into(), conditions: serde_json::json!({}), bindings: everywhere, ..extra };
        let index = build(&world.roles, &with(&world, &deny));
        for _ in 0..30 {
            let facts = generate::facts(&mut lots, &world);
            let request = generate::request(&mut lots, &facts);
            prop_assert_eq!(index.effect(&request), Effect::Deny);
        }
    }

    #[test]
    fn one_more_allow_opens_nothing_but_a_tool_call_that_every_other_source_lets_pass(seed: u64) {
        let (mut lots, world, extra) = drawn(seed);
        let allow = PolicyRow { effect: "allow".into(), ..extra };
        let (before, after) = (build(&world.roles, &world.policies), build(&world.roles, &with(&world, &allow)));
        for _ in 0..30 {
            let facts = generate::facts(&mut lots, &world);
            let request = generate::request(&mut lots, &facts);
            let was = before.decide(&request);
            if was.effect == Effect::Deny && after.effect(&request) != Effect::Deny {
                prop_assert_eq!(was.rule, "policies/default-deny");
                prop_assert!(request.same_organization || request.resource.official || request.resource.visibility == conductor_domain::Visibility::Public);
            }
        }
    }

    #[test]
    fn another_tenants_private_row_stays_closed_whatever_is_granted_or_allowed(seed: u64) {
        let (mut lots, world, extra) = drawn(seed);
        let index = build(&world.roles, &with(&world, &PolicyRow { effect: "allow".into(), ..extra }));
        for _ in 0..30 {
            let facts = generate::facts(&mut lots, &world);
            let mut request = generate::request(&mut lots, &facts);
            request.same_organization = false;
            request.resource.official = false;
            request.resource.visibility = conductor_domain::Visibility::Organization;
            request.grant = Some(conductor_rbac::AccessLevel::Admin);
            if request.action.kind().is_content() {
                prop_assert_eq!(index.decide(&request).rule, "visibility/hidden");
            }
        }
    }

    #[test]
    fn a_rule_with_an_unknown_condition_denies_what_it_covers(seed: u64, key in "[a-z_]{3,12}x") {
        let (mut lots, world, extra) = drawn(seed);
        let odd = PolicyRow { action: "*".into(), target: "*".into(), conditions: serde_json::json!({ key: true }), bindings: generate::everywhere(), ..extra };
        let index = build(&world.roles, &with(&world, &odd));
        for _ in 0..30 {
            let facts = generate::facts(&mut lots, &world);
            let request = generate::request(&mut lots, &facts);
            prop_assert_eq!(index.effect(&request), Effect::Deny);
        }
    }
}
