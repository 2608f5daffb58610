//! What an organisation keeps for a while only: counted before, removed after, told in the audit log; and what stays.

use conductor_test_support::Api;
use serde_json::{Value, json};

use crate::world::{World, text};

/// A conversation in which a turn was taken, and the turn's run.
async fn spoken(api: &Api, word: &str) -> (String, String) {
    let conversation =
        text(&api.post("/api/conversations", json!({ "model": "demo" })).await.created()["id"]);
    let path = format!("/api/conversations/{conversation}/messages");
    let sent = api.post(&path, json!({ "content": word })).await.created();
    let run = text(&sent["run"]["id"]);
    api.events(&run, 0).await.until("run.finished").await;
    (conversation, run)
}

/// Makes whatever stands there now a year older.
async fn a_year_later(world: &World) {
    world
        .database()
        .change(
            "UPDATE conversations SET updated_at = '2020-01-01T00:00:00+00:00', \
               last_message_at = '2020-01-01T00:00:00+00:00'; \
             UPDATE runs SET ended_at = '2020-01-01T00:00:00+00:00' WHERE ended_at IS NOT NULL",
        )
        .await;
}

async fn removals(world: &World, organization: &str) -> Vec<Value> {
    let path = format!("/api/v1/orgs/{organization}/audit?event_type=retention.removed&limit=100");
    world.admin.get(&path).await.ok()["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_old_goes_with_everything_in_it_and_the_rest_stays() {
    let world = World::start().await;
    let organization = world.organization(&world.admin).await;
    let retention = format!("/api/v1/orgs/{organization}/retention");
    let stranger = world.stranger().await;
    let (old, old_run) = spoken(&world.admin, "zzold words").await;
    let (foreign, foreign_run) = spoken(&stranger, "zzforeign words").await;
    a_year_later(&world).await;
    let (fresh, fresh_run) = spoken(&world.admin, "zzfresh words").await;
    let unset = world.admin.get(&retention).await.ok();
    assert_eq!(unset, json!({ "conversation_days": null, "run_days": null }));

    // Nothing goes unless somebody asked for it.
    let gone = world.lifetimes().sweep().await.unwrap();
    assert_eq!((gone.conversations, gone.runs), (0, 0));
    let preview = format!("{retention}/preview?conversation_days=30&run_days=30");
    let counted = world.admin.get(&preview).await.ok();
    assert_eq!(counted, json!({ "conversations": 1, "runs": 1 }));
    let longer = world.admin.get(&format!("{retention}/preview?conversation_days=36500")).await.ok();
    assert_eq!(longer, json!({ "conversations": 0, "runs": 0 }));
    world.admin.get(&format!("/api/conversations/{old}")).await.ok();

    let month = json!({ "conversation_days": 30, "run_days": null });
    assert_eq!(world.admin.put(&retention, month.clone()).await.ok(), month);
    let gone = world.lifetimes().sweep().await.unwrap();
    assert_eq!((gone.conversations, gone.runs), (1, 1));
    world.admin.get(&format!("/api/conversations/{old}")).await.problem(404, "not_found");
    world.admin.get(&format!("/api/runs/{old_run}")).await.problem(404, "not_found");
    let rows = world.database().rows();
    assert!(!format!("{rows:?}").contains("zzold"), "nothing of it is left in any row");
    world.admin.get(&format!("/api/conversations/{fresh}")).await.ok();
    world.admin.get(&format!("/api/runs/{fresh_run}")).await.ok();
    stranger.get(&format!("/api/conversations/{foreign}")).await.ok();
    stranger.get(&format!("/api/runs/{foreign_run}")).await.ok();

    // What went is told, in the step that removed it; a second sweep finds nothing and says nothing.
    world.lifetimes().sweep().await.unwrap();
    let told = removals(&world, &organization).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let stored = format!("{:?}", world.database().rows()["audit_events"]);
    assert!(stored.contains("retention.removed") && stored.contains("conversations"), "{stored}");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_go_by_themselves_and_their_figures_stay() {
    let world = World::start().await;
    let organization = world.organization(&world.admin).await;
    let (conversation, run) = spoken(&world.admin, "zzsaid").await;
    a_year_later(&world).await;
    let before = world.database().rows();
    let month = json!({ "conversation_days": null, "run_days": 30 });
    world.admin.put(&format!("/api/v1/orgs/{organization}/retention"), month).await.ok();
    assert_eq!(world.lifetimes().sweep().await.unwrap().runs, 1);
    world.admin.get(&format!("/api/runs/{run}")).await.problem(404, "not_found");
    let messages = world.admin.get(&format!("/api/conversations/{conversation}/messages")).await.ok();
    let items = messages["items"].as_array().unwrap();
    assert!(items.len() >= 2 && items.iter().all(|message| message["run_id"].is_null()), "{messages}");
    let after = world.database().rows();
    assert_eq!(before["usage_records"], after["usage_records"], "the ledger stays as it was");
    assert!(!after.contains_key("run_events"), "{:?}", after["run_events"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_over_stays_however_old_it_is() {
    let (world, peer) =
        (World::start().await, conductor_mcp_client::testing::Server::start("2025-06-18").await.unwrap());
    let organization = world.organization(&world.admin).await;
    let waiting = world.waiting_call(&peer).await;
    world.database().change("UPDATE runs SET queued_at = '2020-01-01T00:00:00+00:00'").await;
    a_year_later(&world).await;
    let day = json!({ "conversation_days": 1, "run_days": 1 });
    world.admin.put(&format!("/api/v1/orgs/{organization}/retention"), day).await.ok();
    world.lifetimes().sweep().await.unwrap();
    let run = world.admin.get(&format!("/api/runs/{}", text(&waiting["run"]["id"]))).await.ok();
    assert_eq!(run["status"], "waiting");
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_alone_decide_and_only_about_their_own() {
    let world = World::start().await;
    let organization = world.organization(&world.admin).await;
    let retention = format!("/api/v1/orgs/{organization}/retention");
    let stranger = world.stranger().await;
    let day = json!({ "conversation_days": 1, "run_days": 1 });
    stranger.put(&retention, day.clone()).await.problem(404, "not_found");
    stranger.get(&retention).await.problem(404, "not_found");
    stranger.get(&format!("{retention}/preview?run_days=1")).await.problem(404, "not_found");
    for bad in [
        json!({ "conversation_days": 0, "run_days": -1 }),
        json!({ "conversation_days": 0, "run_days": 40_000 }),
    ] {
        let problem = world.admin.put(&retention, bad).await.problem(422, "validation_failed");
        assert_eq!(problem["errors"].as_array().unwrap().len(), 2, "{problem}");
    }
    assert_eq!(world.admin.get(&retention).await.ok()["conversation_days"], json!(null));
}
