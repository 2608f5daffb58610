//! Runs that go on under a draft of a policy: what is decided of their calls, what is not sent again, and that no draft
//! opens anything.

use conductor_mcp_client::testing;
use serde_json::{Value, json};

use super::{completed, ended, graph, run, step};
use crate::{
    content::pointers,
    world::{World, text},
};

/// A world with one server, and a workflow that calls its tool twice and has ended well.
struct Tried {
    world: World,
    peer: testing::Server,
    policies: String,
    before: Value,
}

impl Tried {
    async fn start(name: &str) -> Self {
        let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
        world.register(&peer, "Peer").await;
        let echo = |id: &str, word: &str| {
            let config = json!({ "connector": "Peer", "tool": "echo" });
            json!({ "id": id, "kind": "tool", "config": config, "inputs": { "word": word } })
        };
        let nodes = json!([
            echo("first", "${input.first}"),
            echo("second", "fixed"),
            { "id": "end", "kind": "transform", "inputs": {
                "first": "{{steps.first.output.word}}", "second": "{{steps.second.output.word}}",
            } },
        ]);
        let flow = graph(name, nodes, &["first -> second", "second -> end"]);
        let before = run(&world.admin, &flow, json!({ "first": "hello" })).await;
        assert_eq!(completed(&before), &json!({ "first": "hello", "second": "fixed" }));
        let organization = world.organization(&world.admin).await;
        Self { policies: format!("/api/v1/orgs/{organization}/policies"), world, peer, before }
    }

    /// How often the tool was called.
    fn calls(&self) -> usize {
        self.peer.received().iter().filter(|request| request.method == "tools/call").count()
    }

    fn path(&self) -> String {
        format!("/api/workflows/executions/{}/resume", text(&self.before["execution_id"]))
    }

    /// The run that goes on, once it has ended.
    async fn resume(&self, body: Value) -> Value {
        let made = self.world.admin.post(&self.path(), body).await.created();
        ended(&self.world.admin, &json!({ "execution_id": made["run"]["id"] })).await
    }

    async fn policy(&self, name: &str, mode: &str, effect: &str) -> Value {
        let body = json!({ "name": name, "mode": mode, "rules": rules(effect) });
        self.world.admin.post(&self.policies, body).await.created()
    }
}

fn rules(effect: &str) -> Value {
    json!([{ "action": "tool.invoke", "target": "tool:peer/*", "effect": effect }])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_not_sent_again_and_what_is_new_is() {
    let it = Tried::start("tries").await;
    let draft = json!({ "draft": { "name": "Looks", "rules": rules("allow") } });
    let same = it.resume(json!({ "node_id": "first", "policy": draft })).await;
    assert_eq!(completed(&same), completed(&it.before));
    assert_eq!(it.calls(), 2, "nothing is done again to try a draft");
    let trial = &same["trial"];
    assert_eq!((&trial["policy_name"], &trial["decided"]), (&json!("Looks"), &json!(2)), "{trial}");
    assert_eq!((&trial["different"], &trial["decisions"][0]["from_journal"]), (&json!(0), &json!(true)));

    let other = json!({ "node_id": "first", "inputs": { "first": "new" }, "policy": draft });
    assert_eq!(completed(&it.resume(other).await)["first"], "new");
    assert_eq!(it.calls(), 3, "what was never asked is asked, once");

    // Without a draft everything is done again, and nothing is said of one.
    let plain = it.resume(json!({ "node_id": "first" })).await;
    assert_eq!((it.calls(), plain.get("trial")), (5, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_denies_denies_this_run_alone_and_says_so() {
    let it = Tried::start("denies").await;
    // It only watches, so that nothing is denied by it otherwise.
    let watches = it.policy("No peer", "shadow", "deny").await;
    let denied = it.resume(json!({ "node_id": "second", "policy": { "policy_id": watches["id"] } })).await;
    assert_eq!((&denied["status"], &denied["error"]["source"]), (&json!("failed"), &json!("second")));
    assert_eq!(step(&denied, "first")["status"], "completed");
    assert_eq!(it.calls(), 2);
    let trial = &denied["trial"];
    assert_eq!(
        (&trial["policy_id"], &trial["decided"], &trial["different"]),
        (&watches["id"], &json!(1), &json!(1))
    );
    let decision = &trial["decisions"][0];
    assert_eq!(
        (&decision["node_id"], &decision["before"], &decision["effect"]),
        (&json!("second"), &json!("allow"), &json!("deny"))
    );
    assert!(text(&decision["reason"]).contains("No peer"), "{decision}");

    // Whoever goes on from what was only tried stays under what it was tried under.
    let path = format!("/api/workflows/executions/{}/resume", text(&denied["execution_id"]));
    let made = it.world.admin.post(&path, json!({})).await.created();
    let again = ended(&it.world.admin, &json!({ "execution_id": made["run"]["id"] })).await;
    assert_eq!((&again["status"], &again["trial"]["policy_id"]), (&json!("failed"), &watches["id"]));
    // The workflow itself runs as before.
    completed(&it.resume(json!({ "node_id": "second" })).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_a_permissive_draft_lets_nothing_through_that_is_denied() {
    let it = Tried::start("attacks").await;
    let stored = it.policy("No peer at all", "enforced", "deny").await;
    let calls = it.calls();
    let loose = rules("allow");
    let bound = json!([{ "scope_type": "org", "scope_id": "*", "priority": 1000 }]);
    for policy in [
        // The policy that denies, emptied, switched off, or turned round; and one beside it.
        json!({ "policy_id": stored["id"], "draft": { "rules": [] } }),
        json!({ "policy_id": stored["id"], "draft": { "is_active": false } }),
        json!({ "policy_id": stored["id"], "draft": { "rules": loose.clone(), "bindings": bound.clone() } }),
        json!({ "draft": { "name": "All", "rules": loose, "bindings": bound } }),
    ] {
        for node in ["first", "second"] {
            let report = it.resume(json!({ "node_id": node, "policy": policy.clone() })).await;
            assert_eq!((&report["status"], &report["error"]["source"]), (&json!("failed"), &json!(node)));
            let decision = &report["trial"]["decisions"][0];
            assert_eq!(decision["effect"], "deny", "{policy}: {decision}");
            // Not what was answered before either: it may be read no more.
            assert_eq!(
                report["steps"].as_array().unwrap().iter().filter(|step| step["id"] == node).count(),
                1
            );
            assert_eq!(decision["from_journal"], false);
        }
    }
    assert_eq!(it.calls(), calls, "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_for_those_who_may_read_policies_and_has_to_be_one() {
    let it = Tried::start("refuses").await;
    let admin = &it.world.admin;
    let empty = admin.post(&it.path(), json!({ "node_id": "first", "policy": {} })).await;
    assert_eq!(pointers(&empty.problem(422, "validation_failed")), ["/policy"]);
    let mut wrong = rules("deny");
    wrong[0]["conditions"] = json!({ "nobody_knows_this": true });
    let wrong = json!({ "policy": { "draft": { "rules": wrong } } });
    admin.post(&it.path(), wrong).await.problem(422, "validation_failed");
    let gone = json!({ "policy_id": "0198c5b2-7f3a-7c4e-9a51-2b6d8e0f1a34" });
    admin.post(&it.path(), json!({ "node_id": "first", "policy": gone })).await.problem(404, "not_found");
    let stranger = it.world.stranger().await;
    let draft = json!({ "node_id": "first", "policy": { "draft": { "rules": rules("deny") } } });
    stranger.post(&it.path(), draft).await.problem(404, "not_found");
    assert_eq!(it.calls(), 2);
}
