//! The compiled index against a plain reference authorizer, and the properties that no rows may break.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod generate;
mod reference;

use conductor_domain::Effect;
use conductor_rbac::{AccessLevel, GrantIndex, Levels, PolicyIndex, PolicyRow, RoleRow};
use generate::{Lots, World};
use proptest::prelude::*;

fn build(roles: &[RoleRow], policies: &[PolicyRow]) -> PolicyIndex {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(PolicyIndex::build(roles, policies))
        .unwrap()
}

/// Random worlds, of a hundred requests each; `DIFFERENTIAL_WORLDS` asks for more or fewer.
#[expect(clippy::disallowed_methods, reason = "how much a test does is the environment's to say")]
fn worlds() -> u64 {
    std::env::var("DIFFERENTIAL_WORLDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000)
}

#[test]
fn the_index_agrees_with_the_reference_on_a_million_random_requests() {
    let mut seen = [0_usize; 3];
    for seed in 0..worlds() {
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

#[test]
fn grants_found_by_the_index_are_those_of_the_rows_and_decide_alike() {
    let (mut held, mut opened) = (0, 0);
    for seed in 0..600 {
        let mut lots = Lots(seed);
        let world = generate::world(&mut lots);
        let policies = build(&world.roles, &world.policies);
        // One change at a time, as they come in life; and all at once, as after a start.
        let grants =
            world.grants.iter().fold(GrantIndex::default(), |index, row| index.changed([row.clone()]));
        let whole = GrantIndex::default().changed(world.grants.iter().cloned());
        assert_eq!(grants.len(), whole.len());
        for _ in 0..60 {
            let facts = generate::facts(&mut lots, &world);
            let mut request = generate::request(&mut lots, &facts);
            let Some(now) = request.now else { continue };
            let target = request.resource.target.to_string();
            let targets = [target.as_str(), "agent:1"];
            let rows: Levels = reference::levels(&world, &request, &targets, now).into_iter().collect();
            let found = grants.levels(&request.subject, request.roles, targets, now);
            assert_eq!(found, rows, "seed {seed}: {request:#?} {:#?}", world.grants);
            assert_eq!(whole.levels(&request.subject, request.roles, targets, now), rows);
            request.grant = Levels::NONE;
            let without = policies.effect(&request);
            request.grant = found;
            assert_eq!(policies.effect(&request), reference::decide(&world, &request).0);
            held += usize::from(found.any());
            opened += usize::from(without != policies.effect(&request));
            // Once every end has passed, only grants without one are left.
            let late = now + chrono::TimeDelta::days(1000);
            let forever = reference::levels(&world, &request, &targets, late);
            assert_eq!(
                grants.levels(&request.subject, request.roles, targets, late),
                forever.into_iter().collect()
            );
        }
    }
    assert!(held > 500 && opened > 25, "{held} questions met a grant, which opened {opened}");
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
            request.grant = Levels::NONE.with(AccessLevel::Admin);
            if request.action.kind().is_content() {
                prop_assert_eq!(index.decide(&request).rule, "visibility/hidden");
            }
        }
    }

    #[test]
    fn one_more_grant_opens_nothing_beyond_its_level_and_nothing_of_another_tenant(seed: u64) {
        let (mut lots, world, _) = drawn(seed);
        let index = build(&world.roles, &world.policies);
        for _ in 0..30 {
            let facts = generate::facts(&mut lots, &world);
            let mut request = generate::request(&mut lots, &facts);
            request.grant = Levels::NONE;
            let was = index.decide(&request);
            for level in AccessLevel::ALL {
                request.grant = Levels::NONE.with(*level);
                let opened = was.effect == Effect::Deny && index.effect(&request) != Effect::Deny;
                if opened && !world.policies.iter().any(|row| row.conditions.get("grant_includes").is_some()) {
                    let conductor_rbac::Need::Access(needed) = request.action.need() else {
                        panic!("{} needs no level", request.action);
                    };
                    prop_assert!(level.includes(needed) && request.same_organization);
                    prop_assert!(request.clearance >= request.resource.classification);
                }
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
