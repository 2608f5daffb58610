//! One call, the same decision whatever door it comes through: a person's request, a turn of a conversation, a task that
//! an agent was given, a node of a workflow, and a machine's own token.
//!
//! A table of policies is held against all doors. Where a door brings something along that another one does not have (an
//! agent that acts, a subject, a label), and a rule asks about exactly that, the table says so with the reason.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use conductor_mcp_client::testing;
use conductor_test_support::{Api, Provider, Reply};
use serde_json::{Value, json};

use crate::{
    executions::{again, graph, keep},
    world::{World, text},
};

/// What a call is given; the tool gives it back.
const WORD: &str = "canary-given";
const AMOUNT: i64 = 14_820;

/// How a call comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    /// `POST /api/mcp/execute/tool` by a person.
    Person,
    /// The same under the organisation's path.
    Organization,
    /// The model of a conversation asks for it.
    Turn,
    /// The model of an agent asks for it to which another agent gave a task.
    Task,
    /// A node of a workflow.
    Node,
    /// An agent, by its own token.
    AgentToken,
    /// A service account, by its own token.
    ServiceAccount,
}

const DOORS: [Door; 7] = [
    Door::Person,
    Door::Organization,
    Door::Turn,
    Door::Task,
    Door::Node,
    Door::AgentToken,
    Door::ServiceAccount,
];

/// What a call came to, as far as it is the same at each door.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    effect: String,
    rule: String,
    obligations: Value,
    /// Why it was denied, as the audit log has it.
    reason: Value,
    /// What rules that only watch would have said of it, as the audit log has it.
    watched: Vec<String>,
    /// How often the server saw it.
    sent: usize,
    /// What it answered, as it was let through; `null` where it was not made.
    shown: Value,
}

/// Who decides.
#[derive(Clone, Copy, Debug)]
enum By {
    /// The rule of the policy that the case writes.
    Own,
    /// What is there without it.
    Name(&'static str),
}

const BASELINE: By = By::Name("baseline/tools-follow-visibility");

/// What else is so while a case is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Around {
    Nothing,
    /// The server holds what the person, and with them their machines, is not cleared for.
    Confidential,
    /// No rule of Conductor's own lets tools pass.
    NoBaseline,
    /// The tool asks before each call.
    Asks,
}

/// One line of the table.
struct Case {
    name: &'static str,
    policy: Value,
    around: Around,
    effect: &'static str,
    by: By,
    /// The only doors at which that holds, and why; at the others the baseline allows the call.
    only: Option<(&'static [Door], &'static str)>,
}

impl Case {
    fn of(name: &'static str, policy: Value, effect: &'static str, by: By) -> Self {
        Self { name, policy, around: Around::Nothing, effect, by, only: None }
    }

    fn amid(self, around: Around) -> Self {
        Self { around, ..self }
    }

    fn only_at(self, doors: &'static [Door], why: &'static str) -> Self {
        Self { only: Some((doors, why)), ..self }
    }

    /// What decides at a door.
    fn expected(&self, door: Door) -> (&'static str, By) {
        match self.only {
            Some((doors, _)) if !doors.contains(&door) => ("allow", BASELINE),
            _ => (self.effect, self.by),
        }
    }
}

/// A rule about the tool.
fn rule(effect: &str, conditions: Value) -> Value {
    json!([{ "action": "tool.invoke", "target": "tool:peer/*", "effect": effect, "conditions": conditions }])
}

/// The same with something to be done on the way, above what Conductor's own rules say.
fn obliged(effect: &str, obligation: Value) -> Value {
    let mut rules = rule(effect, json!({}));
    rules[0]["obligations"] = json!([obligation]);
    json!({ "rules": rules, "bindings": everywhere(60) })
}

fn everywhere(priority: i32) -> Value {
    json!([{ "scope_type": "org", "scope_id": "*", "priority": priority }])
}

/// An installation in which one call can be made through every door.
struct Building {
    world: World,
    peer: testing::Server,
    provider: Provider,
    organization: String,
    me: String,
    server: String,
    worker: String,
    lead: String,
    by_agent: Api,
    by_account: Api,
    seen: Mutex<HashSet<String>>,
}

impl Building {
    async fn start() -> Self {
        let (peer, provider) = (testing::Server::start("2025-06-18").await.unwrap(), Provider::start().await);
        provider.otherwise(Reply::text("Done."));
        let world = World::with_provider(provider.url(), "sk-scripted").await;
        let admin = &world.admin;
        let organization = world.organization(admin).await;
        let me = text(&admin.get("/api/auth/me").await.ok()["user"]["id"]);
        let server = text(&world.register(&peer, "Peer").await["id"]);
        admin.put(&format!("/api/mcp/servers/{server}"), json!({ "visibility": "team" })).await.ok();

        let body = json!({
            "name": "Worker", "model": "gpt-4o", "visibility": "organization", "tags": ["experimental"],
        });
        let worker = text(&admin.post("/api/agents", body).await.created()["id"]);
        let body = json!({ "server_id": server });
        admin.post(&format!("/api/agents/{worker}/mcp-servers"), body).await.created();
        let body = json!({ "name": "Lead", "model": "gpt-4o", "tools": ["agent_worker"] });
        let lead = text(&admin.post("/api/agents", body).await.created()["id"]);
        let node = json!([{
            "id": "call", "kind": "tool", "config": { "connector": "Peer", "tool": "echo" }, "inputs": arguments(),
        }]);
        keep(admin, &graph("calls", node, &[])).await;

        // The task that leads to a call is one too, and comes to it whatever is said of the call.
        let tasks = json!([{ "action": "tool.invoke", "target": "tool:agent/*", "effect": "allow" }]);
        let policies = format!("/api/v1/orgs/{organization}/policies");
        admin.post(&policies, json!({ "name": "Tasks", "rules": tasks })).await.created();

        let token = json!({ "name": "machine", "scopes": ["tool.invoke"] });
        let path = format!("/api/v1/orgs/{organization}/agents/{worker}/tokens");
        let issued = admin.post(&path, token.clone()).await.created();
        let by_agent = admin.anonymous().with_token(&text(&issued["token"]));
        let accounts = format!("/api/v1/orgs/{organization}/service-accounts");
        let body = json!({ "name": "CI", "scope_allowlist": ["tool.invoke"] });
        let account = text(&admin.post(&accounts, body).await.created()["id"]);
        let issued = admin.post(&format!("{accounts}/{account}/tokens"), token).await.created();
        let by_account = admin.anonymous().with_token(&text(&issued["token"]));
        Self {
            organization,
            me,
            server,
            worker,
            lead,
            by_agent,
            by_account,
            world,
            peer,
            provider,
            seen: Mutex::default(),
        }
    }

    /// How often the tool was called.
    fn sent(&self) -> usize {
        self.peer.received().iter().filter(|request| request.method == "tools/call").count()
    }

    /// Brings about what a case asks for, or takes it back.
    async fn set(&self, around: Around, on: bool) {
        let admin = &self.world.admin;
        match around {
            Around::Nothing => {}
            Around::Confidential => {
                // Whoever labels something reads it.
                self.clear("restricted").await;
                let label = json!({ "data_classification": if on { "confidential" } else { "internal" } });
                admin.put(&format!("/api/mcp/servers/{}", self.server), label).await.ok();
                self.clear("internal").await;
            }
            Around::NoBaseline => {
                let all = admin.get(&format!("{}?limit=100", self.policies())).await.ok();
                let mut all = all["items"].as_array().unwrap().iter();
                let baseline = all.find(|one| one["name"] == "baseline/tools-follow-visibility").unwrap();
                let path = format!("{}/{}", self.policies(), text(&baseline["id"]));
                admin.patch(&path, json!({ "is_active": !on })).await.ok();
            }
            Around::Asks => {
                let tools = format!("/api/mcp/servers/{}/tools", self.server);
                let tool = text(&admin.get(&tools).await.ok()["items"][0]["id"]);
                let approval = json!({ "approval": if on { "ask" } else { "never" } });
                admin.put(&format!("{tools}/{tool}"), approval).await.ok();
            }
        }
    }

    async fn clear(&self, level: &str) {
        let level = json!({ "data_clearance_level": level });
        self.world.admin.patch(&format!("/api/users/{}", self.me), level).await.ok();
    }

    fn policies(&self) -> String {
        format!("/api/v1/orgs/{}/policies", self.organization)
    }

    /// The call through a door, to its end: where a person is asked, they agree.
    async fn through(&self, door: Door) -> Outcome {
        let before = self.sent();
        // What another door has left.
        let _ = self.entries().await;
        let Some((run, whole)) = self.begin(door).await else {
            let (entry, watched) = self.entry().await;
            assert_eq!(entry["event_type"], "access.denied", "{door:?}: {entry}");
            return Outcome {
                effect: text(&entry["decision"]),
                rule: text(&entry["rule_id"]),
                obligations: json!([]),
                reason: entry["denial_reason"].clone(),
                watched,
                sent: self.sent() - before,
                shown: Value::Null,
            };
        };
        let mut events = self.world.admin.events(&run, 0).await;
        let decided = events.until("tool.decided").await.data;
        let effect = text(&decided["effect"]);
        if effect == "approve" {
            let asked = events.until("approval.requested").await.data;
            assert_eq!(self.sent(), before, "{door:?}: nothing is sent before somebody agrees");
            assert_eq!(asked["human_task"]["arguments"], arguments(), "{door:?}");
            let path = format!("/api/tasks/{}/decide", text(&asked["human_task"]["id"]));
            self.world.admin.post(&path, json!({ "decision": "allow_once" })).await.ok();
        }
        let result = events.until("tool.result").await.data;
        assert_eq!(result["ok"], json!(effect != "deny"), "{door:?}: {result}");
        events.until("run.finished").await;
        if whole != run {
            self.world.admin.events(&whole, 0).await.until("run.finished").await;
        }
        let (entry, watched) = self.entry().await;
        let (event, decision) =
            if effect == "deny" { ("run.denied", "deny") } else { ("run.finished", "allow") };
        assert_eq!(
            (&entry["event_type"], &entry["decision"], &entry["rule_id"], &entry["run_id"]),
            (&json!(event), &json!(decision), &decided["rule_id"], &decided["call_id"]),
            "{door:?}: the log says what the run says"
        );
        Outcome {
            rule: text(&decided["rule_id"]),
            obligations: decided["obligations"].clone(),
            reason: entry["denial_reason"].clone(),
            watched,
            sent: self.sent() - before,
            shown: if effect == "deny" { Value::Null } else { result["content"].clone() },
            effect,
        }
    }

    /// Makes the call; gives the run in which it is made and the one that is over last. `None` where it was refused
    /// before there was one.
    async fn begin(&self, door: Door) -> Option<(String, String)> {
        let admin = &self.world.admin;
        let path = "/api/mcp/execute/tool";
        let alone = |run: Option<String>| run.map(|run| (run.clone(), run));
        match door {
            Door::Person => alone(self.call(admin, path).await),
            Door::Organization => {
                alone(self.call(admin, &format!("/api/v1/orgs/{}/runs/execute", self.organization)).await)
            }
            Door::AgentToken => alone(self.call(&self.by_agent, path).await),
            Door::ServiceAccount => alone(self.call(&self.by_account, path).await),
            Door::Turn => {
                self.provider.push(Reply::call("echo", &arguments()));
                alone(Some(self.say(&self.worker).await))
            }
            Door::Task => {
                self.provider.push(Reply::call("agent_worker", &json!({ "input": "Say it." })));
                self.provider.push(Reply::call("echo", &arguments()));
                let turn = self.say(&self.lead).await;
                let given = admin.events(&turn, 0).await.until("tool.delegated").await.data;
                Some((text(&given["child_run_id"]), turn))
            }
            Door::Node => alone(Some(text(&again(admin, "calls", json!({})).await["execution_id"]))),
        }
    }

    /// The call as a request; its run, unless it was refused.
    async fn call(&self, api: &Api, path: &str) -> Option<String> {
        let body = json!({ "server_id": self.server, "tool": "echo", "arguments": arguments() });
        let answer = api.post(path, body).await;
        if answer.status == 403 {
            let code = text(&answer.json()["code"]);
            assert!(["policy_denied", "clearance_too_low"].contains(&code.as_str()), "{answer}");
            return None;
        }
        Some(text(&answer.created()["run"]["id"]))
    }

    /// Something said to an agent in a conversation of its own: what was said before would label it.
    async fn say(&self, agent: &str) -> String {
        let admin = &self.world.admin;
        let body = json!({ "agent_id": agent });
        let conversation = text(&admin.post("/api/conversations", body).await.created()["id"]);
        let path = format!("/api/conversations/{conversation}/messages");
        text(&admin.post(&path, json!({ "content": "Say it." })).await.created()["run"]["id"])
    }

    /// What the audit log says of calls of the tool since it was last asked.
    async fn entries(&self) -> Vec<Value> {
        let path = format!(
            "/api/v1/orgs/{}/audit?action=tool.invoke&target=tool:peer/echo&limit=20",
            self.organization
        );
        let page = self.world.admin.get(&path).await.ok();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let new = page["items"].as_array().unwrap().iter().filter(|entry| seen.insert(text(&entry["id"])));
        // That a run was asked for decides nothing yet.
        new.filter(|entry| entry["event_type"] != "run.started").cloned().collect()
    }

    /// The entry of the call, and the rules that watched it.
    async fn entry(&self) -> (Value, Vec<String>) {
        let entries = self.entries().await;
        let (watched, calls): (Vec<Value>, Vec<Value>) =
            entries.into_iter().partition(|entry| entry["event_type"] == "policy.shadow");
        assert_eq!(calls.len(), 1, "each call is one entry: {calls:?}");
        (calls[0].clone(), watched.iter().map(|entry| text(&entry["rule_id"])).collect())
    }

    /// Holds a case at every door.
    async fn hold(&self, case: &Case) {
        let admin = &self.world.admin;
        self.set(case.around, true).await;
        let policy = match &case.policy {
            Value::Null => Value::Null,
            given => {
                let mut body = given.clone();
                body["name"] = json!(case.name);
                admin.post(&self.policies(), body).await.created()
            }
        };
        let mut outcomes: Vec<(Door, &str, Outcome)> = Vec::new();
        for door in DOORS {
            let came = self.through(door).await;
            let (effect, by) = case.expected(door);
            let rule = match by {
                By::Own => text(&policy["rules"][0]["id"]),
                By::Name(name) => name.to_owned(),
            };
            let why = case.only.map_or("every door", |(_, why)| why);
            let sent = usize::from(effect != "deny");
            assert_eq!(
                (came.effect.as_str(), &came.rule, came.sent),
                (effect, &rule, sent),
                "{} at {door:?} ({why}): {came:?}",
                case.name
            );
            assert_eq!(came.reason.is_string(), effect == "deny", "{} at {door:?}: {came:?}", case.name);
            let watches = policy["mode"] == "shadow";
            let watching: Vec<String> =
                watches.then(|| text(&policy["rules"][0]["id"])).into_iter().collect();
            assert_eq!(came.watched, watching, "{} at {door:?}: {came:?}", case.name);
            if let Some((other, _, first)) = outcomes.iter().find(|(_, other, _)| *other == effect) {
                assert_eq!(&came, first, "{} at {door:?} is not as at {other:?}", case.name);
            }
            outcomes.push((door, effect, came));
        }
        if let Value::String(id) = &policy["id"] {
            drop(admin.delete(&format!("{}/{id}", self.policies())).await.status(204));
        }
        self.set(case.around, false).await;
        // What the rule asks for is done, and not only noted.
        for (door, effect, came) in &outcomes {
            let masked = came.obligations.to_string().contains("mask_fields");
            let told = came.shown.to_string().contains(WORD);
            assert_eq!(told, *effect != "deny" && !masked, "{} at {door:?}: {came:?}", case.name);
        }
    }
}

fn arguments() -> Value {
    json!({ "word": WORD, "amount": AMOUNT })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_decided_alike_at_every_door() {
    let it = Building::start().await;
    let deny = |conditions: Value| json!({ "rules": rule("deny", conditions) });
    let mask = json!({ "kind": "mask_fields", "pointers": ["/word"] });
    let watching = |effect: &str| json!({ "rules": rule(effect, json!({})), "mode": "shadow" });
    for case in [
        Case::of("Nothing is said", Value::Null, "allow", BASELINE),
        Case::of(
            "Allowed",
            json!({ "rules": rule("allow", json!({})), "bindings": everywhere(60) }),
            "allow",
            By::Own,
        ),
        Case::of("Denied", deny(json!({})), "deny", By::Own),
        Case::of(
            "Much",
            deny(json!({ "arguments": { "/amount": { "at_least": AMOUNT } } })),
            "deny",
            By::Own,
        ),
        Case::of(
            "More",
            deny(json!({ "arguments": { "/amount": { "at_least": AMOUNT + 1 } } })),
            "allow",
            BASELINE,
        ),
        Case::of("Lacks", deny(json!({ "arguments": { "/reason": { "present": false } } })), "deny", By::Own),
        Case::of("Peer", deny(json!({ "labels": ["server:peer"] })), "deny", By::Own),
        Case::of("Others", deny(json!({ "labels": ["server:others"] })), "allow", BASELINE),
        Case::of("Owners", deny(json!({ "roles": ["organization:owner"] })), "deny", By::Own),
        Case::of("From here", deny(json!({ "addresses": ["127.0.0.0/8"] })), "deny", By::Own),
        Case::of("From elsewhere", deny(json!({ "addresses": ["203.0.113.0/24"] })), "allow", BASELINE),
        Case::of("Masked", obliged("allow", mask), "allow", By::Own),
        Case::of("Watched", watching("deny"), "allow", BASELINE),
        Case::of("Too high", Value::Null, "deny", By::Name("clearance/too-low")).amid(Around::Confidential),
        Case::of("Nobody lets it pass", Value::Null, "deny", By::Name("policies/default-deny"))
            .amid(Around::NoBaseline),
        Case::of("Would pass", watching("allow"), "deny", By::Name("policies/default-deny"))
            .amid(Around::NoBaseline),
    ] {
        it.hold(&case).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_asked_at_every_door_before_a_call_is_made() {
    let it = Building::start().await;
    let owners = json!({ "kind": "approve_by", "roles": ["organization:owner"] });
    let mut masked = obliged("approve", json!({ "kind": "mask_fields", "pointers": ["/word"] }));
    masked["rules"][0]["obligations"].as_array_mut().unwrap().push(owners.clone());
    for case in [
        Case::of("Owners agree", obliged("approve", owners), "approve", By::Own),
        Case::of("Owners agree and see less", masked, "approve", By::Own),
        Case::of("The tool asks", Value::Null, "approve", By::Name("tool/asks")).amid(Around::Asks),
        // Nobody is asked about what nobody may do.
        Case::of("The tool asks in vain", json!({ "rules": rule("deny", json!({})) }), "deny", By::Own)
            .amid(Around::Asks),
    ] {
        it.hold(&case).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doors_differ_only_by_what_they_bring_along() {
    let it = Building::start().await;
    let acts: &[Door] = &[Door::Turn, Door::Task, Door::AgentToken];
    let bound = |scope: &str, id: &str| json!({ "rules": rule("deny", json!({})), "bindings": [{ "scope_type": scope, "scope_id": id, "priority": 90 }] });
    let deny = |conditions: Value| json!({ "rules": rule("deny", conditions) });
    for case in [
        Case::of("Experiments", deny(json!({ "labels": ["experimental"] })), "deny", By::Own)
            .only_at(acts, "the tag is the agent's, which acts here alone"),
        Case::of("Worker", bound("agent", &it.worker), "deny", By::Own)
            .only_at(acts, "the agent acts here alone"),
        Case::of("Any agent", bound("agent", "*"), "deny", By::Own).only_at(acts, "an agent acts here alone"),
        Case::of("Lead", bound("agent", &it.lead), "deny", By::Own)
            .only_at(&[Door::Task], "what binds an agent binds what it sets off"),
        Case::of("Ada", bound("user", &it.me), "deny", By::Own).only_at(
            &[Door::Person, Door::Organization, Door::Turn, Door::Task, Door::Node],
            "a machine is a subject of its own, though it may no more than its issuer",
        ),
        Case::of("People", bound("user", "*"), "deny", By::Own).only_at(
            &[Door::Person, Door::Organization, Door::Turn, Door::Task, Door::Node],
            "a machine is no person",
        ),
        Case::of("From inside", deny(json!({ "context_at_least": "internal" })), "deny", By::Own)
            .only_at(&[Door::Node], "a workflow is labelled, and what its nodes give may come from it"),
    ] {
        it.hold(&case).await;
    }
}
