//! Agents as tools: one gives a task to another, as the page and its readers see it.

use std::time::Duration;

use conductor_test_support::{Event, Gate, Provider, Reply};
use serde_json::{Value, json};

use crate::{
    content::column,
    limits,
    quiet::{everything, forget},
    world::{World, text},
};

const RESEARCHER: &str = "agent_researcher";

/// A lead that may give tasks to a researcher, and a provider that says what both say.
struct Team {
    world: World,
    provider: Provider,
    lead: Value,
    conversation: String,
}

impl Team {
    async fn start() -> Self {
        let provider = Provider::start().await;
        let world = World::with_provider(provider.url(), "sk-scripted").await;
        for name in ["Researcher", "Bystander"] {
            let body = json!({ "name": name, "model": "gpt-4o", "description": "Looks things up." });
            world.admin.post("/api/agents", body).await.created();
        }
        let body = json!({ "name": "Lead", "model": "gpt-4o", "tools": [RESEARCHER] });
        let lead = world.admin.post("/api/agents", body).await.created();
        let body = json!({ "agent_id": lead["id"] });
        let conversation = text(&world.admin.post("/api/conversations", body).await.created()["id"]);
        Self { world, provider, lead, conversation }
    }

    async fn say(&self) -> String {
        let path = format!("/api/conversations/{}/messages", self.conversation);
        let sent = self.world.admin.post(&path, json!({ "content": "How many?" })).await.created();
        text(&sent["run"]["id"])
    }

    async fn rest(&self, run: &str) -> Vec<Event> {
        self.world.admin.events(run, 0).await.rest().await
    }

    async fn answer(&self) -> Value {
        let path = format!("/api/conversations/{}/messages", self.conversation);
        self.world.admin.get(&path).await.ok()["items"][1].clone()
    }
}

/// The names of the tools that a model was told of.
fn told(request: &Value) -> Vec<String> {
    let tools = request["tools"].as_array().map(Vec::as_slice).unwrap_or_default();
    tools.iter().map(|tool| text(&tool["function"]["name"])).collect()
}

fn asks(schema: &Value) -> Reply {
    let arguments =
        json!({ "input": "Count them.", "context": { "place": "Berlin" }, "output_schema": schema });
    Reply::call(RESEARCHER, &arguments)
}

fn schema() -> Value {
    json!({ "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_gives_a_task_to_another_and_goes_on_with_its_answer() {
    let team = Team::start().await;
    team.provider.push(asks(&schema()));
    team.provider.push(Reply::text("There are three."));
    team.provider.push(Reply::text("{\"n\": 3}"));
    team.provider.push(Reply::text("It is three."));
    let run = team.say().await;
    let events = team.rest(&run).await;
    assert_eq!(events.last().unwrap().data["status"], "succeeded");
    let delegated = events.iter().find(|event| event.name == "tool.delegated").unwrap();

    let answer = team.answer().await;
    assert_eq!((&answer["content"], &answer["status"]), (&json!("It is three."), &json!("complete")));
    let call = &answer["tool_calls"][0];
    assert_eq!((&call["status"], &call["content"][0]["text"]), (&json!("succeeded"), &json!("{\"n\":3}")));
    assert_eq!(call["child_run_id"], delegated.data["child_run_id"]);
    let child = team.world.admin.get(&format!("/api/runs/{}", text(&call["child_run_id"]))).await.ok();
    assert_eq!((&child["kind"], &child["status"]), (&json!("agent"), &json!("succeeded")));
    assert_eq!((&child["parent_run_id"], &child["root_run_id"]), (&call["call_id"], &json!(run)));
    assert_eq!(child["output"]["data"], json!({ "n": 3 }));

    let asked: Vec<Value> = team.provider.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(told(&asked[0]), [RESEARCHER], "what nobody listed is offered");
    assert_eq!(told(&asked[1]), Vec::<String>::new());
    let task = asked[1]["messages"].to_string();
    for word in ["Count them.", "Berlin", "integer"] {
        assert!(task.contains(word), "{word}: {task}");
    }
    let mended = asked[2]["messages"].as_array().unwrap().last().unwrap();
    assert!(mended["content"].to_string().contains("not JSON that fits"), "{mended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_fits_fails_the_task_and_not_the_turn() {
    let team = Team::start().await;
    team.provider.push(asks(&schema()));
    team.provider.push(Reply::text("three"));
    team.provider.push(Reply::text("{\"n\": \"three\"}"));
    team.provider.push(Reply::text("I could not find out."));
    let run = team.say().await;
    assert_eq!(team.rest(&run).await.last().unwrap().data["status"], "succeeded");
    let call = team.answer().await["tool_calls"][0].clone();
    assert_eq!((&call["status"], &call["ok"]), (&json!("failed"), &json!(false)));
    let child = team.world.admin.get(&format!("/api/runs/{}", text(&call["child_run_id"]))).await.ok();
    assert_eq!(child["status"], "failed");
    assert_eq!(child["error"]["code"], "output_invalid", "{child}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_none_is_told_before_anything_runs() {
    let team = Team::start().await;
    for schema in [json!({ "type": "no-such-type" }), json!({ "$ref": "file:///etc/hostname" })] {
        team.provider.push(asks(&schema));
        team.provider.push(Reply::text("So be it."));
        let events = team.rest(&team.say().await).await;
        assert_eq!(events.last().unwrap().data["status"], "succeeded");
        assert!(events.iter().all(|event| event.name != "tool.delegated"), "{schema}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_a_turn_stops_the_task_that_it_gave() {
    let team = Team::start().await;
    let gate = Gate::closed();
    team.provider.push(asks(&json!({})));
    team.provider.push(Reply::new().say("One, ").wait(&gate).say("two"));
    let run = team.say().await;
    let mut events = team.world.admin.events(&run, 0).await;
    events
        .until_event("the turn waits", |event| {
            event.name == "run.status" && event.data["status"] == "waiting"
        })
        .await;
    let call = team.answer().await["tool_calls"][0].clone();
    assert_eq!(call["status"], "running");
    let child = text(&call["child_run_id"]);
    team.world.admin.events(&child, 0).await.until("message.delta").await;
    let _ = team.world.admin.post(&format!("/api/execute/{run}/cancel"), json!({})).await.status(202);
    let closed = tokio::time::timeout(Duration::from_secs(1), team.provider.aborted(1)).await;
    closed.expect("the task's connection is closed within a second");
    for run in [&run, &child] {
        let ended = team.world.admin.events(run, 0).await.until("run.finished").await;
        assert_eq!(ended.data["status"], "cancelled");
    }
    let call = team.world.admin.get(&format!("/api/runs/{}", text(&call["call_id"]))).await.ok();
    assert_eq!(call["status"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_on_an_agent_decides_who_gives_it_tasks() {
    let team = Team::start().await;
    let organization = team.world.organization(&team.world.admin).await;
    let rules = json!([{ "action": "tool.invoke", "target": "tool:agent/researcher", "effect": "deny" }]);
    let body = json!({ "name": "No research", "rules": rules });
    team.world.admin.post(&format!("/api/v1/orgs/{organization}/policies"), body).await.created();
    team.provider.push(asks(&schema()));
    team.provider.push(Reply::text("I may not."));
    let run = team.say().await;
    assert_eq!(team.rest(&run).await.last().unwrap().data["status"], "succeeded");
    let call = team.answer().await["tool_calls"][0].clone();
    assert_eq!((&call["status"], &call["child_run_id"]), (&json!("denied"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_counts_for_the_day_of_whoever_is_behind_it() {
    let team = Team::start().await;
    let owner = format!("/api/roles/{}", limits::role(&team.world.admin, "owner").await);
    let limit = async |most: i32| {
        team.world.admin.patch(&owner, json!({ "max_api_calls_per_day": most })).await.ok();
    };
    // The turn is one, its task another.
    limit(2).await;
    team.provider.push(asks(&schema()));
    team.provider.push(Reply::text("{\"n\": 3}"));
    team.provider.push(Reply::text("It is three."));
    let events = team.rest(&team.say().await).await;
    assert!(events.iter().any(|event| event.name == "tool.delegated"));
    let path = format!("/api/conversations/{}/messages", team.conversation);
    let refused = team.world.admin.post(&path, json!({ "content": "Again?" })).await;
    refused.problem(429, "rate_limited");

    // One that is too many is a result, which says which limit and when it ends; the turn goes on.
    limit(3).await;
    team.provider.push(asks(&schema()));
    team.provider.push(Reply::text("Not today."));
    let events = team.rest(&team.say().await).await;
    assert_eq!(events.last().unwrap().data["status"], "succeeded");
    assert!(events.iter().all(|event| event.name != "tool.delegated"));
    let told = team.provider.requests().last().unwrap().body.to_string();
    assert!(told.contains("3 calls per day") && told.contains("T00:00:00Z"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_of_a_task_where_a_policy_says_so() {
    let team = Team::start().await;
    let organization = team.world.organization(&team.world.admin).await;
    let rules = json!([{
        "action": "tool.invoke", "target": "tool:agent/*", "effect": "allow", "obligations": [{ "kind": "no_bodies" }],
    }]);
    let bindings = json!([{ "scope_type": "org", "scope_id": "*", "priority": 90 }]);
    let body = json!({ "name": "Nothing is kept", "rules": rules, "bindings": bindings });
    team.world.admin.post(&format!("/api/v1/orgs/{organization}/policies"), body).await.created();
    team.provider.push(Reply::call(RESEARCHER, &json!({ "input": "canary-given" })));
    team.provider.push(Reply::text("canary-answered"));
    team.provider.push(Reply::text("Done."));
    let run = team.say().await;
    team.rest(&run).await;
    let told = team.provider.requests()[2].body.to_string();
    assert!(told.contains("canary-answered"), "whoever asked gets the answer: {told}");
    let child = text(&team.answer().await["tool_calls"][0]["child_run_id"]);
    assert_eq!(forget(&team.world).await, 1);
    for run in [&run, &child] {
        let left = everything(&team.world, run).await;
        assert!(left.contains("run.finished") && !left.contains("canary"), "{left}");
    }
    assert!(!team.answer().await["tool_calls"].to_string().contains("canary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_offered_to_those_who_may_see_and_execute_them() {
    let team = Team::start().await;
    let all = team.world.admin.get("/agents/available-tools").await.ok();
    let names = column(&all, "name");
    for slug in ["researcher", "bystander", "lead"] {
        assert!(names.contains(&json!(format!("agent_{slug}"))), "{names:?}");
    }
    let path = format!("/api/agents/{}/available-tools", text(&team.lead["id"]));
    assert_eq!(column(&team.world.admin.get(&path).await.ok(), "name"), [json!(RESEARCHER)]);
    let stranger = team.world.stranger().await;
    let theirs = column(&stranger.get("/agents/available-tools").await.ok(), "name");
    assert!(!theirs.contains(&json!(RESEARCHER)), "{theirs:?}");
    // One that lists itself is not offered to itself.
    let path = format!("/api/agents/{}", text(&team.lead["id"]));
    let change = json!({ "tools": ["agent_lead"] });
    team.world.admin.with("if-match", "\"1\"").patch(&path, change).await.ok();
    let path = format!("{path}/available-tools");
    assert_eq!(column(&team.world.admin.get(&path).await.ok(), "name"), Vec::<Value>::new());
}
