//! Prices, costs and budgets, from the price of a model to the call that is one too many.

use conductor_test_support::{Answer, Api, TestDb};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::{
    content::{column, pointers},
    world::{World, text},
};

/// An installation where the demo model costs something.
async fn priced(input: &str, output: &str) -> World {
    priced_on(TestDb::sqlite(), input, output).await
}

async fn priced_on(database: TestDb, input: &str, output: &str) -> World {
    let world = World::on(database).await;
    price(&world.admin, input, output).await.status(201).ok();
    world
}

async fn price(api: &Api, input: &str, output: &str) -> Answer {
    let body = json!({
        "model_name": "demo", "input_cost_per_1k": input, "output_cost_per_1k": output,
        "effective_from": "2020-01-01T00:00:00Z",
    });
    api.post("/api/v1/pricing/models", body).await
}

impl World {
    async fn org(&self) -> String {
        format!("/api/v1/orgs/{}", self.organization(&self.admin).await)
    }

    async fn budget(&self, body: Value) -> Value {
        self.admin.post(&format!("{}/budgets", self.org().await), body).await.created()
    }

    /// Runs the agent by itself and tells how the run ended.
    async fn run(&self) -> Value {
        let path = format!("/api/agents/{}/test", self.agent());
        let started = self.admin.post(&path, json!({ "input": "Hello" })).await.created();
        self.ended(&text(&started["run"]["id"])).await
    }

    async fn ended(&self, run: &str) -> Value {
        self.admin.events(run, 0).await.until("run.finished").await;
        self.admin.get(&format!("/api/runs/{run}")).await.ok()
    }
}

/// A decimal of the wire as billionths.
fn nanos(value: &Value) -> i64 {
    conductor_domain::nanos_of_decimal(value.as_str().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_calls_cost_is_told_by_everything_they_have_in_common() {
    let world = priced("0.01", "0.02").await;
    let conversation = world.open().await;
    let sent = world.say(&conversation, "What is Conductor?").await;
    let run = world.admin.get(&format!("/api/runs/{}", text(&sent["run"]["id"]))).await.ok();
    let (read, written) = (run["input_tokens"].as_i64().unwrap(), run["output_tokens"].as_i64().unwrap());
    assert!(read > 0 && written > 0);
    let cost = read * 10_000 + written * 20_000;
    assert_eq!(nanos(&run["cost"]), cost, "{run}");

    let org = world.org().await;
    let summary = world.admin.get(&format!("{org}/runs/cost-summary")).await.ok();
    assert_eq!(summary["reach"], "organization");
    let totals = &summary["totals"][0];
    assert_eq!(
        (&totals["calls"], &totals["unpriced_calls"], &totals["currency"]),
        (&json!(1), &json!(0), &json!("USD"))
    );
    assert_eq!(nanos(&totals["cost"]), cost);
    for (path, key) in [
        ("runs/cost-by-model", json!("demo")),
        ("runs/cost-by-agent", json!(world.agent())),
        ("runs/cost-by-environment", run["environment_id"].clone()),
        ("runs/cost-by-user", run["user_id"].clone()),
    ] {
        let items = world.admin.get(&format!("{org}/{path}")).await.ok()["items"].clone();
        assert_eq!(items.as_array().unwrap().len(), 1, "{path}: {items}");
        if !key.is_null() {
            assert_eq!(items[0]["key"], key, "{path}");
        }
        assert_eq!(nanos(&items[0]["cost"]), cost, "{path}");
    }
    for (path, pieces) in
        [("grouping=hour", 49), ("grouping=day", 31), ("grouping=week", 27), ("grouping=month", 13)]
    {
        let trend = world.admin.get(&format!("{org}/runs/cost-over-time?{path}")).await.ok();
        let items = trend["items"].as_array().unwrap();
        assert!((pieces - 1..=pieces).contains(&items.len()), "{path}: {} pieces", items.len());
        assert_eq!(nanos(&items.last().unwrap()["cost"]), cost, "{path}");
    }
    let agent = world.agent();
    for path in [
        format!("/api/usage/agents/{agent}"),
        format!("/api/usage/conversations/{conversation}"),
        format!("{org}/runs/cost-summary?agent_id={agent}&model_name=demo&start_date=2020-01-01"),
    ] {
        let totals = world.admin.get(&path).await.ok()["totals"].clone();
        assert_eq!(nanos(&totals[0]["cost"]), cost, "{path}");
    }
    for path in ["/api/usage/by-agent", "/api/usage/by-model", "/api/usage/daily", "/api/usage/monthly"] {
        let items = world.admin.get(path).await.ok()["items"].clone();
        assert_eq!(nanos(&items.as_array().unwrap().last().unwrap()["cost"]), cost, "{path}");
    }
    let none = "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60";
    for path in [
        format!("/api/usage/workflows/{none}"),
        format!("/api/usage/agents/{none}"),
        format!("{org}/runs/cost-summary?model_name=other"),
        format!("{org}/runs/cost-summary?end_date=2020-01-01&start_date=2020-01-01"),
    ] {
        assert_eq!(world.admin.get(&path).await.ok()["totals"], json!([]), "{path}");
    }
    let wrong = format!("{org}/runs/cost-summary?start_date=2020-01-02&end_date=2020-01-01");
    assert_eq!(pointers(&world.admin.get(&wrong).await.problem(422, "validation_failed")), ["?start_date"]);
    let endless = format!("{org}/runs/cost-over-time?grouping=hour&start_date=2000-01-01");
    assert_eq!(pointers(&world.admin.get(&endless).await.problem(422, "validation_failed")), ["?grouping"]);
    world
        .admin
        .get(&format!("{org}/runs/cost-summary?start_date=soon"))
        .await
        .problem(422, "validation_failed");
    world.admin.get(&format!("{org}/runs/cost-summary?q=1")).await.problem(422, "unknown_field");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_counts_from_its_moment_and_never_backwards() {
    let world = priced("1", "1").await;
    let conversation = world.open().await;
    let first = world.say(&conversation, "Hello").await;
    let cost = async |sent: &Value| {
        nanos(&world.admin.get(&format!("/api/runs/{}", text(&sent["run"]["id"]))).await.ok()["cost"])
    };
    let before = cost(&first).await;
    assert!(before > 0);
    // One of the future says nothing yet, one that is switched off is passed over.
    for (from, active) in [("2999-01-01T00:00:00Z", true), ("2021-01-01T00:00:00Z", false)] {
        let body = json!({
            "model_name": "demo", "input_cost_per_1k": "1000", "output_cost_per_1k": "1000", "effective_from": from,
            "is_active": active,
        });
        world.admin.post("/api/v1/pricing/models", body).await.created();
    }
    let second = world.say(&conversation, "Hello").await;
    assert!(cost(&second).await < 1_000_000_000_000);
    // The same moment again replaces the price; what was charged stays.
    let again = price(&world.admin, "0", "0").await;
    assert_eq!(again.status, 200, "{again}");
    let third = world.say(&conversation, "Hello").await;
    assert_eq!((cost(&first).await, cost(&third).await), (before, 0));

    let listed = world.admin.get("/api/v1/pricing/models?model_name=demo").await.ok();
    assert_eq!(column(&listed, "effective_from").len(), 4, "the catalogue's own is there too: {listed}");
    let current = world.admin.get("/api/v1/pricing/models?model_name=demo&current=true").await.ok();
    assert_eq!(column(&current, "input_cost_per_1k"), ["0"]);
    let known = world.admin.get("/api/v1/pricing/models?current=true&limit=100").await.ok();
    let sonnet = known["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["model_name"] == "claude-sonnet-4-5-20250929");
    let sonnet = sonnet.unwrap();
    assert_eq!((&sonnet["output_cost_per_1k"], &sonnet["source"]), (&json!("0.015"), &json!("catalogue")));
    let path = format!("/api/v1/pricing/models/{}", text(&sonnet["id"]));
    assert_eq!(world.admin.get(&path).await.ok(), *sonnet);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_budget_stops_calls_and_says_what_to_do() {
    let world = priced("1", "1").await;
    let budget = world
        .budget(json!({ "name": "Tiny", "scope": "organization", "period": "month", "limit": "0.000001" }))
        .await;
    assert_eq!(
        (&budget["spent"], &budget["state"], &budget["hard_stop"]),
        (&json!("0"), &json!("ok"), &json!(true))
    );
    // The call that crosses the limit is the last.
    assert_eq!(world.run().await["status"], "succeeded");
    let path = format!("{}/budgets/{}", world.org().await, text(&budget["id"]));
    let now = world.admin.get(&path).await.ok();
    assert_eq!((&now["state"], &now["reserved"]), (&json!("exhausted"), &json!("0")));
    assert!(nanos(&now["spent"]) > 1_000);

    let refused =
        world.admin.post(&format!("/api/agents/{}/test", world.agent()), json!({ "input": "Hello" })).await;
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!(wait > 0 && wait <= 31 * 24 * 60 * 60, "{wait}");
    let problem = refused.problem(429, "budget_exhausted");
    let detail = text(&problem["detail"]);
    assert!(
        detail.contains("“Tiny”") && detail.contains("starts again on") && detail.contains("Budgets"),
        "{detail}"
    );
    assert_eq!(problem["rule_id"], format!("budgets/{}", text(&budget["id"])));
    let conversation = world.open().await;
    let message = format!("/api/conversations/{conversation}/messages");
    world.admin.post(&message, json!({ "content": "Hello" })).await.problem(429, "budget_exhausted");
    assert_eq!(world.messages(&conversation).await, Vec::<Value>::new(), "nothing was said");
    let denied = world.admin.get("/api/v1/audit?event_type=access.denied").await.ok();
    assert!(text(&denied["items"][0]["denial_reason"]).contains("Tiny"), "{denied}");

    // Its own budgets are everybody's to see; raising it lets calls go on.
    let own = world.admin.get("/api/usage/budgets").await.ok();
    assert_eq!((&own["items"][0]["name"], &own["items"][0]["state"]), (&json!("Tiny"), &json!("exhausted")));
    let spenders = world.admin.get(&format!("{path}/spenders")).await.ok();
    assert_eq!(spenders["items"][0]["subject_id"], world.organization(&world.admin).await);
    world.admin.patch(&path, json!({ "limit": "1000" })).await.ok();
    assert_eq!(world.run().await["status"], "succeeded");
    // One that only tells stops nothing, and neither does one that is switched off.
    world.admin.patch(&path, json!({ "limit": "0.000001", "hard_stop": false })).await.ok();
    assert_eq!(world.run().await["status"], "succeeded");
    world.admin.patch(&path, json!({ "hard_stop": true, "is_active": false })).await.ok();
    assert_eq!(world.run().await["status"], "succeeded");
    let counted = nanos(&world.admin.get(&path).await.ok()["spent"]);
    let org = world.org().await;
    let summary = world.admin.get(&format!("{org}/runs/cost-summary")).await.ok();
    assert_eq!(nanos(&summary["totals"][0]["cost"]), counted, "the ledger and the usage are of one mind");
    // A model that costs nothing is not stopped.
    world.admin.patch(&path, json!({ "is_active": true })).await.ok();
    price(&world.admin, "0", "0").await.ok();
    assert_eq!(world.run().await["status"], "succeeded");
    drop(world.admin.delete(&path).await.status(204));
    world.admin.get(&path).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_of_each_run_ends_the_run_in_the_middle() {
    let world = priced("0.001", "0.001").await;
    world.budget(json!({ "name": "A run", "scope": "run", "period": "total", "limit": "0.000001" })).await;
    // The first call crosses the limit; the call after the tool is one too many.
    let conversation = world.open().await;
    let path = format!("/api/conversations/{conversation}/messages");
    let content =
        r#"Call create_artifact {"identifier": "a", "type": "text", "title": "A", "content": "hello"}"#;
    let sent = world.admin.post(&path, json!({ "content": content })).await.created();
    let ended = world.ended(&text(&sent["run"]["id"])).await;
    let events = world.admin.events(&text(&sent["run"]["id"]), 0).await.rest().await;
    assert!(events.iter().any(|event| event.name == "tool.called"));
    assert_eq!((&ended["status"], &ended["error"]["code"]), (&json!("failed"), &json!("budget_exhausted")));
    let messages = world.messages(&conversation).await;
    assert!(text(&messages[1]["error"]["detail"]).contains("“A run”"), "{}", messages[1]);
    let denied = world.admin.get("/api/v1/audit?event_type=run.denied").await.ok();
    assert!(text(&denied["items"][0]["rule_id"]).starts_with("budgets/"), "{denied}");
    // Another run has its own.
    assert_eq!(world.run().await["status"], "succeeded");
}

async fn five_hundred_calls_spend_one_dollar_and_one_call_at_most(database: TestDb) {
    let world = priced_on(database, "0.05", "0.05").await;
    let budget = world
        .budget(json!({ "name": "Dollar", "scope": "organization", "period": "total", "limit": "1" }))
        .await;
    let path = format!("{}/budgets/{}", world.org().await, text(&budget["id"]));
    let start = format!("/api/agents/{}/test", world.agent());
    let (mut started, mut refused) = (Vec::new(), 0);
    let calls = (0..500).map(|_| world.admin.post(&start, json!({ "input": "Hello" })));
    for answer in futures::future::join_all(calls).await {
        match answer.status {
            201 => started.push(text(&answer.created()["run"]["id"])),
            _ => {
                answer.problem(429, "budget_exhausted");
                refused += 1;
            }
        }
    }
    let (mut largest, mut spent, mut stopped) = (0, 0, 0);
    let runs = futures::stream::iter(&started).map(|run| world.ended(run)).buffered(32);
    let mut runs = std::pin::pin!(runs);
    while let Some(run) = runs.next().await {
        let cost = nanos(&run["cost"]);
        (largest, spent) = (largest.max(cost), spent + cost);
        match text(&run["status"]).as_str() {
            "succeeded" => assert!(cost > 0),
            _ => {
                let code = text(&run["error"]["code"]);
                assert!(["budget_exhausted", "budget_reserved"].contains(&code.as_str()), "{run}");
                assert_eq!(cost, 0);
                stopped += 1;
            }
        }
    }
    assert_eq!(started.len() + refused, 500);
    assert!(stopped + refused > 0, "a dollar was enough for all: {spent}");
    let dollar = 1_000_000_000;
    assert!(spent <= dollar + largest, "{spent} by calls of at most {largest}");
    let standing = world.admin.get(&path).await.ok();
    assert_eq!((nanos(&standing["spent"]), nanos(&standing["reserved"])), (spent, 0), "{standing}");
    let summary = world.admin.get(&format!("{}/runs/cost-summary", world.org().await)).await.ok();
    assert_eq!(nanos(&summary["totals"][0]["cost"]), spent);
    // What is left is spent one by one, and then there is an end.
    for _ in 0..200 {
        let answer = world.admin.post(&start, json!({ "input": "Hello" })).await;
        if answer.status == 429 {
            answer.problem(429, "budget_exhausted");
            break;
        }
        world.ended(&text(&answer.created()["run"]["id"])).await;
    }
    let spent = nanos(&world.admin.get(&path).await.ok()["spent"]);
    assert!((dollar..=dollar + largest).contains(&spent), "{spent}");
    // A total budget never starts again, and so nothing says when.
    assert_eq!(world.admin.post(&start, json!({ "input": "Hello" })).await.header("retry-after"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_calls_on_sqlite_overspend_one_at_most() {
    five_hundred_calls_spend_one_dollar_and_one_call_at_most(TestDb::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_calls_on_postgres_overspend_one_at_most() {
    five_hundred_calls_spend_one_dollar_and_one_call_at_most(TestDb::postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_costs_something_is_held_to_budgets_too() {
    let world = World::start().await;
    let peer = conductor_mcp_client::testing::Server::start("2025-06-18").await.unwrap();
    let server = text(&world.register(&peer, "Paid").await["id"]);
    let tools = world.admin.get(&format!("/api/mcp/servers/{server}/tools")).await.ok();
    let path = format!("/api/mcp/servers/{server}/tools/{}", text(&tools["items"][0]["id"]));
    for wrong in
        [json!({ "amount": "-1", "currency": "USD" }), json!({ "amount": "1", "currency": "dollars" })]
    {
        world.admin.put(&path, json!({ "call_cost": wrong })).await.problem(422, "validation_failed");
    }
    let cost = json!({ "amount": "0.4", "currency": "USD" });
    assert_eq!(world.admin.put(&path, json!({ "call_cost": cost })).await.ok()["call_cost"], cost);
    let budget =
        world.budget(json!({ "name": "Tools", "scope": "user", "period": "day", "limit": "1" })).await;
    let call = json!({ "server_id": server, "tool": "echo", "arguments": {} });
    let mut last = Value::Null;
    for spent in ["0.4", "0.8", "1.2"] {
        last = world.admin.post("/api/mcp/execute/tool", call.clone()).await.created();
        assert_eq!(last["ok"], true, "{last}");
        let own = world.admin.get("/api/usage/budgets").await.ok();
        assert_eq!(own["items"][0]["spent"], spent);
    }
    let reached = peer.received().len();
    let refused = world.admin.post("/api/mcp/execute/tool", call.clone()).await.created();
    assert_eq!(refused["ok"], false, "{refused}");
    assert!(refused["content"].to_string().contains("“Tools”"), "{refused}");
    assert_eq!(peer.received().len(), reached, "a refused call reaches nobody");
    let run = text(&last["run"]["id"]);
    assert!(world.admin.get(&format!("/api/runs/{run}")).await.ok()["id"].is_string());
    let models = world.admin.get("/api/usage/by-model").await.ok();
    assert_eq!(
        (&models["items"][0]["key"], &models["items"][0]["cost"]),
        (&json!("tool:paid/echo"), &json!("1.2"))
    );
    // Without a cost it is held to nothing.
    assert_eq!(world.admin.put(&path, json!({ "call_cost": null })).await.ok().get("call_cost"), None);
    assert_eq!(world.admin.post("/api/mcp/execute/tool", call).await.created()["ok"], true);
    let path = format!("{}/budgets/{}", world.org().await, text(&budget["id"]));
    assert_eq!(world.admin.get(&path).await.ok()["spent"], "1.2");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_budget_or_a_price_is_refused() {
    let world = World::start().await;
    let budgets = format!("{}/budgets", world.org().await);
    let good = json!({ "name": "Good", "scope": "organization", "period": "month", "limit": "10" });
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let someone = "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60";
    for (field, value) in [
        ("limit", json!("-1")),
        ("limit", json!("0")),
        ("limit", json!("1e9")),
        ("limit", json!("1000000001")),
        ("limit", json!("99999999999999999999999999")),
        ("limit", json!("0.0000000001")),
        ("limit", json!(10)),
        ("currency", json!("usd")),
        ("warn_percent", json!(0)),
        ("warn_percent", json!(101)),
        ("name", json!(" ")),
        ("name", json!("x".repeat(101))),
        ("target_id", json!(someone)),
        ("scope", json!("planet")),
        ("period", json!("hour")),
    ] {
        let answer = world.admin.post(&budgets, with(field, value.clone())).await;
        let problem = answer.problem(422, "validation_failed");
        assert!(pointers(&problem)[0].starts_with(&format!("/{field}")), "{field} {value}: {problem}");
    }
    for scope in ["environment", "agent", "user"] {
        let mut body = with("scope", json!(scope));
        body["target_id"] = json!(someone);
        assert_eq!(
            pointers(&world.admin.post(&budgets, body).await.problem(422, "validation_failed")),
            ["/target_id"]
        );
    }
    world.admin.post(&budgets, with("scope", json!("run"))).await.problem(422, "validation_failed");
    world.admin.post(&budgets, with("spent", json!("0"))).await.problem(422, "unknown_field");
    let made = world.budget(good.clone()).await;
    world.admin.post(&budgets, with("name", json!("GOOD"))).await.problem(409, "name_taken");
    let path = format!("{budgets}/{}", text(&made["id"]));
    world.admin.patch(&path, json!({ "limit": "-5" })).await.problem(422, "validation_failed");
    world.admin.patch(&path, json!({ "period": "total" })).await.problem(422, "unknown_field");
    assert_eq!(world.admin.get(&path).await.ok()["limit"], "10");

    let good = json!({
        "model_name": "m", "input_cost_per_1k": "1", "output_cost_per_1k": "1", "effective_from": "2026-01-01T00:00:00Z",
    });
    for (field, value) in [
        ("input_cost_per_1k", json!("-0.1")),
        ("output_cost_per_1k", json!("1000001")),
        ("cached_input_cost_per_1k", json!("NaN")),
        ("model_name", json!("")),
        ("model_name", json!(" m")),
        ("currency", json!("$")),
        ("effective_from", json!("yesterday")),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let problem =
            world.admin.post("/api/v1/pricing/models", body).await.problem(422, "validation_failed");
        assert_eq!(pointers(&problem), [format!("/{field}")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_see_their_own_and_strangers_nothing() {
    let world = priced("1", "1").await;
    let budget = world
        .budget(json!({ "name": "Team", "scope": "organization", "period": "month", "limit": "1000" }))
        .await;
    world.run().await;
    let (org, me) = (world.org().await, world.admin.get("/api/auth/me").await.ok()["user"]["id"].clone());
    let budgets = format!("{org}/budgets");
    let path = format!("{budgets}/{}", text(&budget["id"]));

    let member = world.colleague("grace@example.com", "member").await;
    for path in ["runs/cost-summary", "runs/cost-summary?start_date=2020-01-01"] {
        let summary = member.get(&format!("{org}/{path}")).await.ok();
        assert_eq!((&summary["reach"], &summary["totals"]), (&json!("own"), &json!([])), "{path}");
    }
    for path in ["runs/cost-by-agent", "runs/cost-by-model", "runs/cost-by-environment", "runs/cost-by-user"]
    {
        assert_eq!(member.get(&format!("{org}/{path}")).await.ok()["items"], json!([]), "{path}");
    }
    let trend = member.get(&format!("{org}/runs/cost-over-time")).await.ok();
    assert!(column(&trend, "calls").iter().all(|calls| *calls == 0));
    let theirs = format!("{org}/runs/cost-summary?user_id={}", me.as_str().unwrap());
    member.get(&theirs).await.problem(404, "not_found");
    assert_eq!(world.admin.get(&theirs).await.ok()["totals"][0]["calls"], 1);
    // A member sees the budgets that hold them back, and sets none; prices are everybody's to read.
    assert_eq!(column(&member.get("/api/usage/budgets").await.ok(), "name"), ["Team"]);
    member.get(&budgets).await.problem(403, "role_missing");
    member.get(&path).await.problem(403, "role_missing");
    member.patch(&path, json!({ "limit": "1" })).await.problem(403, "role_missing");
    member.delete(&path).await.problem(403, "role_missing");
    let body = json!({ "name": "Mine", "scope": "organization", "period": "month", "limit": "1" });
    member.post(&budgets, body.clone()).await.problem(403, "role_missing");
    assert!(!column(&member.get("/api/v1/pricing/models").await.ok(), "id").is_empty());
    price(&member, "0", "0").await.problem(403, "role_missing");

    let stranger = world.stranger().await;
    let elsewhere = format!("/api/v1/orgs/{}", world.organization(&stranger).await);
    for path in [
        path.clone(),
        budgets.clone(),
        format!("{path}/spenders"),
        format!("{org}/runs/cost-summary"),
        format!("{org}/runs/cost-by-model"),
        format!("{elsewhere}/budgets/{}", text(&budget["id"])),
        format!("{elsewhere}/budgets/{}/spenders", text(&budget["id"])),
    ] {
        stranger.get(&path).await.problem(404, "not_found");
    }
    let theirs = format!("{elsewhere}/budgets/{}", text(&budget["id"]));
    stranger.patch(&theirs, json!({ "limit": "1" })).await.problem(404, "not_found");
    stranger.delete(&theirs).await.problem(404, "not_found");
    let summary =
        stranger.get(&format!("{elsewhere}/runs/cost-summary?user_id={}", me.as_str().unwrap())).await.ok();
    assert_eq!(summary["totals"], json!([]), "an owner elsewhere sees nothing of ours");
    assert_eq!(stranger.get("/api/usage/budgets").await.ok()["items"], json!([]));
    price(&stranger, "0", "0").await.problem(403, "role_missing");
    assert_eq!(world.admin.get(&path).await.ok()["limit"], "1000");
}
