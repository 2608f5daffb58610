//! One decision for every door: the same call of the same tool, asked for over REST by a person and by a program, in a
//! turn of a chat and in a node of a workflow, is decided by the same rule in the same way, and the server is called where
//! that is allowed and nowhere else.

use conductor_mcp_client::testing::{self, Behaviour};
use conductor_test_support::{Api, Event};
use serde_json::{Value, json};

use crate::{
    executions::{ended, graph, run},
    world::{World, text},
};

/// What is done with a row that nobody may see.
const HIDDEN: &str = "canary-mail";

/// A way to call a tool.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Door {
    Rest,
    Machine,
    Chat,
    Workflow,
}

const DOORS: [Door; 4] = [Door::Rest, Door::Machine, Door::Chat, Door::Workflow];

/// What was decided at a door, and what became of it.
#[derive(Debug, PartialEq)]
struct Decided {
    effect: Value,
    rule: Value,
    obligations: Value,
    reason: Value,
    sent: usize,
}

struct House {
    world: World,
    peer: testing::Server,
    server: String,
    machine: Api,
    policies: String,
}

impl House {
    async fn start() -> Self {
        let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
        let answer = json!({ "mail": HIDDEN, "name": "Ada" }).to_string();
        peer.add_tool("staff", Behaviour::Answer(json!({ "content": [{ "type": "text", "text": answer }] })));
        let server = text(&world.register(&peer, "Peer").await["id"]);
        world.admin.put(&format!("/api/mcp/servers/{server}"), json!({ "visibility": "team" })).await.ok();
        let organization = world.organization(&world.admin).await;
        let accounts = format!("/api/v1/orgs/{organization}/service-accounts");
        let account = json!({ "name": "Program", "scope_allowlist": ["tool.invoke"] });
        let account = text(&world.admin.post(&accounts, account).await.created()["id"]);
        let token = json!({ "name": "program", "scopes": ["tool.invoke"] });
        let issued = world.admin.post(&format!("{accounts}/{account}/tokens"), token).await.created();
        let machine = world.admin.anonymous().with_token(&text(&issued["token"]));
        let policies = format!("/api/v1/orgs/{organization}/policies");
        Self { world, peer, server, machine, policies }
    }

    fn sent(&self) -> usize {
        self.peer.received().iter().filter(|request| request.method == "tools/call").count()
    }

    /// The run in which a door called the tool, at rest.
    async fn through(&self, door: Door, amount: i64) -> String {
        let admin = &self.world.admin;
        let arguments = json!({ "amount": amount });
        match door {
            Door::Rest | Door::Machine => {
                let api = if door == Door::Rest { admin } else { &self.machine };
                let call = json!({ "server_id": self.server, "tool": "staff", "arguments": arguments });
                let answer = api.post("/api/mcp/execute/tool", call).await;
                if answer.status == 403 {
                    answer.problem(403, "policy_denied");
                    let newest = admin.get("/api/runs?limit=1").await.ok();
                    return text(&newest["items"][0]["id"]);
                }
                text(&answer.created()["run"]["id"])
            }
            Door::Chat => {
                let conversation = self.world.open().await;
                let path = format!("/api/conversations/{conversation}/messages");
                let said = json!({ "content": format!("Use staff {arguments}") });
                text(&admin.post(&path, said).await.created()["run"]["id"])
            }
            Door::Workflow => {
                let config = json!({ "connector": "Peer", "tool": "staff" });
                let node = json!({ "id": "ask", "kind": "tool", "config": config, "inputs": arguments });
                let report = run(admin, &graph("asks", json!([node]), &[]), json!({})).await;
                if report["status"] != "waiting" {
                    let _ = ended(admin, &report).await;
                }
                text(&report["execution_id"])
            }
        }
    }

    async fn decided(&self, door: Door, amount: i64) -> (Decided, Vec<Event>) {
        let before = self.sent();
        let run = self.through(door, amount).await;
        let mut events = self.world.admin.events(&run, 0).await;
        let decided = events.until("tool.decided").await;
        let events = match decided.data["effect"] == "approve" {
            true => {
                events.until("approval.requested").await;
                events.seen().to_vec()
            }
            false => events.rest().await,
        };
        let decisions: Vec<&Event> = events.iter().filter(|event| event.name == "tool.decided").collect();
        assert_eq!(decisions.len(), 1, "{door:?}: {events:?}");
        let data = &decisions[0].data;
        let decided = Decided {
            effect: data["effect"].clone(),
            rule: data["rule_id"].clone(),
            obligations: data["obligations"].clone(),
            reason: data["reason"].clone(),
            sent: self.sent() - before,
        };
        (decided, events)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_call_is_decided_alike_at_every_door() {
    let house = House::start().await;
    let rule = |effect: &str, extra: Value| {
        let mut rule = json!({ "action": "tool.invoke", "target": "tool:peer/staff", "effect": effect });
        rule.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        rule
    };
    let large = json!({ "conditions": { "arguments": { "/amount": { "at_least": 10 } } } });
    let hides = json!({ "obligations": [{ "kind": "mask_fields", "pointers": ["/mail"] }] });
    // What a rule says, how much is asked for, what comes of it, and whether the server is called.
    let cases: [(&str, Option<Value>, i64, &str, usize); 12] = [
        ("nobody wrote a rule", None, 20, "allow", 1),
        ("allowed", Some(rule("allow", json!({}))), 20, "allow", 1),
        ("denied", Some(rule("deny", json!({}))), 20, "deny", 0),
        ("asked about", Some(rule("approve", json!({}))), 20, "approve", 0),
        ("denied by what is asked for", Some(rule("deny", large.clone())), 20, "deny", 0),
        ("not denied by what is asked for", Some(rule("deny", large)), 5, "allow", 1),
        (
            "denied by the server's label",
            Some(rule("deny", json!({ "conditions": { "labels": ["server:peer"] } }))),
            20,
            "deny",
            0,
        ),
        (
            "not denied by another server's label",
            Some(rule("deny", json!({ "conditions": { "labels": ["server:others"] } }))),
            20,
            "allow",
            1,
        ),
        (
            "denied by where it comes from",
            Some(rule("deny", json!({ "conditions": { "addresses": ["127.0.0.0/8"] } }))),
            20,
            "deny",
            0,
        ),
        (
            "not denied by where others come from",
            Some(rule("deny", json!({ "conditions": { "addresses": ["203.0.113.0/24"] } }))),
            20,
            "allow",
            1,
        ),
        (
            "denied by the stage",
            Some(rule("deny", json!({ "conditions": { "environment_types": ["dev", "staging", "prod"] } }))),
            20,
            "deny",
            0,
        ),
        ("allowed with a field hidden", Some(rule("allow", hides)), 20, "allow", 1),
    ];
    for (what, rules, amount, effect, sent) in cases {
        let policy = match rules {
            Some(rule) => {
                let bindings = json!([{ "scope_type": "org", "scope_id": "*", "priority": 90 }]);
                let body = json!({ "name": what, "rules": [rule], "bindings": bindings });
                Some(text(&house.world.admin.post(&house.policies, body).await.created()["id"]))
            }
            None => None,
        };
        let mut first: Option<Decided> = None;
        for door in DOORS {
            let (decided, events) = house.decided(door, amount).await;
            assert_eq!(
                (&decided.effect, decided.sent),
                (&json!(effect), sent),
                "{what} at {door:?}: {decided:?}"
            );
            if !decided.obligations.as_array().unwrap().is_empty() {
                assert!(events.iter().all(|event| !event.data.to_string().contains(HIDDEN)), "{door:?}");
            }
            match &first {
                Some(first) => assert_eq!(&decided, first, "{what} at {door:?}"),
                None => first = Some(decided),
            }
        }
        if let Some(policy) = policy {
            let _ = house.world.admin.delete(&format!("{}/{policy}", house.policies)).await.status(204);
        }
    }
}
