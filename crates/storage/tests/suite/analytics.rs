//! How workflows do: percentiles by nearest rank, who sees whose figures, and that they go with their run.

use chrono::TimeDelta;
use conductor_domain::{
    Clock, Durations, EnvironmentId, NewRun, NewUsage, NodeFigures, OrganizationRole, RunId, RunKind,
    RunOutcome, RunStatus, RunTrigger, Scope, UsageGrouping, UserId, WorkflowId, WorkflowSpan,
};
use conductor_storage::Error;

use crate::support::{World, execute};

suite![
    percentiles_are_one_of_the_durations_that_there_were,
    what_people_were_waited_for_is_told_apart,
    everybody_counts_the_runs_that_they_see,
    what_runs_took_is_counted_once_however_they_are_nested,
    reasons_are_told_by_how_many_runs_they_ended,
    figures_go_with_their_run,
];

/// A run that has ended.
struct Ran {
    parent: Option<RunId>,
    user: Option<UserId>,
    took_ms: i64,
    waited_ms: i64,
    outcome: RunOutcome,
    nodes: Vec<NodeFigures>,
}

impl Ran {
    fn well(took_ms: i64) -> Self {
        let outcome = RunOutcome::of(RunStatus::Succeeded);
        Self { parent: None, user: None, took_ms, waited_ms: 0, outcome, nodes: Vec::new() }
    }

    fn badly(code: &str) -> Self {
        let mut outcome = RunOutcome::of(RunStatus::Failed);
        outcome.error_code = Some(code.to_owned());
        Self { outcome, ..Self::well(1) }
    }
}

async fn ran(world: &World, scope: Scope, workflow: WorkflowId, ran: Ran) -> RunId {
    world.tick();
    let id = RunId::generate(&*world.clock);
    let new = NewRun {
        workflow_id: Some(workflow),
        workflow_version: Some(1),
        parent_run_id: ran.parent,
        user_id: ran.user,
        began_at: Some(world.clock.now() - TimeDelta::milliseconds(ran.took_ms)),
        ..NewRun::new(id, RunKind::Workflow, RunTrigger::Api)
    };
    let rows = world.store.scoped(scope);
    let written: Result<(), Error> = rows
        .write(move |tx| {
            Box::pin(async move {
                tx.runs().create_begun(new).await?;
                tx.runs().finish(id, 0, ran.outcome).await?;
                tx.node_stats().write(workflow, id, ran.nodes, ran.waited_ms).await
            })
        })
        .await;
    written.unwrap();
    id
}

/// A run of a workflow that came to so many nodes.
pub(crate) async fn ran_through(world: &World, scope: Scope, workflow: WorkflowId, nodes: i64) {
    let nodes = (0..nodes).map(|number| took(world, &format!("n{number}"), Some(number))).collect();
    ran(world, scope, workflow, Ran { nodes, ..Ran::well(1) }).await;
}

fn span(world: &World, workflow_id: WorkflowId) -> WorkflowSpan {
    let now = world.clock.now();
    WorkflowSpan { workflow_id, from: now - TimeDelta::days(1), to: now + TimeDelta::milliseconds(1) }
}

fn took(world: &World, node: &str, ms: Option<i64>) -> NodeFigures {
    NodeFigures { begun: 1, duration_ms: ms, ..NodeFigures::new(node.to_owned(), world.clock.now()) }
}

async fn percentiles_are_one_of_the_durations_that_there_were(world: World) {
    let scope = world.organization("Ranked").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Owner).await;
    let told = async |workflow| {
        let rows = world.store.visible_to(&ada).analytics();
        let runs = rows.durations(span(&world, workflow)).await.unwrap();
        let nodes = rows.nodes(span(&world, workflow)).await.unwrap();
        (runs, nodes.first().map(|node| node.durations).unwrap_or_default())
    };
    let nothing = WorkflowId::generate(&*world.clock);
    assert_eq!(told(nothing).await, (Durations::default(), Durations::default()));
    for (count, average, p50, p95) in [(1, 1, 1, 1), (2, 2, 1, 2), (3, 2, 2, 3), (100, 51, 50, 95)] {
        world.tick();
        let workflow = WorkflowId::generate(&*world.clock);
        // In another order than that of their lengths.
        for ms in (1..=count).rev() {
            let nodes = vec![took(&world, "a", Some(ms)), took(&world, "never-ended", None)];
            ran(&world, scope, workflow, Ran { nodes, ..Ran::well(ms) }).await;
        }
        // How long it takes to fail says nothing of how long it takes to work.
        ran(&world, scope, workflow, Ran { took_ms: 900_000, ..Ran::badly("x") }).await;
        let wanted = Durations {
            count,
            average_ms: Some(average),
            p50_ms: Some(p50),
            p95_ms: Some(p95),
            longest_ms: Some(count),
        };
        assert_eq!(told(workflow).await, (wanted, wanted), "of {count}");
    }
}

async fn what_people_were_waited_for_is_told_apart(world: World) {
    let scope = world.organization("Waiting").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Owner).await;
    world.tick();
    let workflow = WorkflowId::generate(&*world.clock);
    for (took_ms, waited_ms) in [(100, 90), (50, 0), (300, 100), (10, 40)] {
        let waited = (waited_ms > 0).then_some(waited_ms);
        let nodes = vec![NodeFigures { waited_ms: waited, ..took(&world, "ask", Some(took_ms)) }];
        ran(&world, scope, workflow, Ran { nodes, waited_ms, ..Ran::well(took_ms) }).await;
    }
    let rows = world.store.visible_to(&ada).analytics();
    let span = span(&world, workflow);
    let told = |durations: Durations| (durations.count, durations.p50_ms, durations.p95_ms);
    assert_eq!(told(rows.durations(span).await.unwrap()), (4, Some(50), Some(300)));
    assert_eq!(told(rows.worked(span).await.unwrap()), (4, Some(10), Some(200)), "never less than nothing");
    assert_eq!(told(rows.waited(span).await.unwrap()), (3, Some(90), Some(100)));
    let nodes = rows.nodes(span).await.unwrap();
    assert_eq!(told(nodes[0].waited), (3, Some(90), Some(100)));
    assert_eq!(nodes[0].durations.count, 4);
}

async fn everybody_counts_the_runs_that_they_see(world: World) {
    let (scope, elsewhere) = (world.organization("Here").await, world.organization("Elsewhere").await);
    let ada = world.member("ada@example.com", scope, OrganizationRole::Owner).await;
    let grace = world.member("grace@example.com", scope, OrganizationRole::Member).await;
    let eve = world.member("eve@example.org", elsewhere, OrganizationRole::Owner).await;
    world.tick();
    let (workflow, other) = (WorkflowId::generate(&*world.clock), WorkflowId::generate(&*world.clock));
    for (scope, of, who) in [
        (scope, workflow, &ada),
        (scope, workflow, &grace),
        (scope, other, &grace),
        (elsewhere, workflow, &eve),
    ] {
        let nodes = vec![took(&world, "a", Some(1))];
        ran(&world, scope, of, Ran { user: who.user_id(), nodes, ..Ran::well(1) }).await;
    }
    for (caller, all, count) in [(&ada, true, 2), (&grace, false, 1), (&eve, true, 1)] {
        let rows = world.store.visible_to(caller).analytics();
        assert_eq!(rows.sees_all(), all);
        let span = span(&world, workflow);
        assert_eq!(rows.statuses(span).await.unwrap()[0].count, count);
        assert_eq!(rows.durations(span).await.unwrap().count, count);
        assert_eq!(rows.nodes(span).await.unwrap()[0].runs, count);
        for grouping in [UsageGrouping::Hour, UsageGrouping::Day] {
            let pieces = rows.over_time(span, grouping).await.unwrap();
            assert_eq!(
                pieces.iter().map(|piece| (piece.runs, piece.failed)).collect::<Vec<_>>(),
                [(count, 0)]
            );
        }
        // Another environment of the organisation has runs of its own.
        let mut other_stage = caller.clone();
        other_stage.scope.environment_id = EnvironmentId::generate(&*world.clock);
        let elsewhere = world.store.visible_to(&other_stage).analytics();
        assert!(elsewhere.statuses(span).await.unwrap().is_empty());
        assert!(elsewhere.nodes(span).await.unwrap().is_empty());
        // What began before, or begins after, is of another time.
        let before = WorkflowSpan { to: span.from, from: span.from - TimeDelta::days(1), ..span };
        assert!(rows.statuses(before).await.unwrap().is_empty());
        assert!(rows.nodes(before).await.unwrap().is_empty());
    }
}

async fn what_runs_took_is_counted_once_however_they_are_nested(world: World) {
    let scope = world.organization("Nested").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Owner).await;
    world.tick();
    let workflow = WorkflowId::generate(&*world.clock);
    let outer = ran(&world, scope, workflow, Ran::well(2)).await;
    let inner = ran(&world, scope, workflow, Ran { parent: Some(outer), ..Ran::well(1) }).await;
    for (run_id, cost_nanos, currency) in [(outer, 5, "USD"), (inner, 7, "USD"), (inner, 1, "EUR")] {
        let usage = NewUsage {
            run_id,
            user_id: None,
            conversation_id: None,
            message_id: None,
            agent_id: None,
            model: "opus".to_owned(),
            provider: "anthropic".to_owned(),
            input_tokens: 100,
            output_tokens: 10,
            cached_tokens: 0,
            cost_nanos,
            currency: currency.to_owned(),
            pricing_id: None,
        };
        let rows = world.store.scoped(scope);
        rows.write(move |tx| Box::pin(async move { tx.usage().record(usage).await })).await.unwrap();
    }
    let spent = world.store.visible_to(&ada).analytics().spent(span(&world, workflow)).await.unwrap();
    let told: Vec<_> =
        spent.iter().map(|one| (one.currency.as_str(), one.cost_nanos, one.input_tokens)).collect();
    assert_eq!(told, [("USD", 12, 200), ("EUR", 1, 100)]);
}

async fn reasons_are_told_by_how_many_runs_they_ended(world: World) {
    let scope = world.organization("Failing").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Owner).await;
    world.tick();
    let workflow = WorkflowId::generate(&*world.clock);
    let failed = |code: &str| {
        let node = took(&world, "send", Some(1));
        let nodes = vec![NodeFigures { failed: 1, error_code: Some(code.to_owned()), ..node }];
        Ran { nodes, ..Ran::badly(code) }
    };
    let mut newest = Vec::new();
    for code in ["503", "404", "503", "timed_out"] {
        newest.push(ran(&world, scope, workflow, failed(code)).await);
    }
    // Somebody stopped it: that is no reason of its own.
    let outcome =
        RunOutcome { error_code: Some("stopped".to_owned()), ..RunOutcome::of(RunStatus::Cancelled) };
    ran(&world, scope, workflow, Ran { outcome, ..Ran::well(1) }).await;
    let rows = world.store.visible_to(&ada).analytics();
    let errors = rows.errors(span(&world, workflow)).await.unwrap();
    let told: Vec<_> =
        errors.iter().map(|error| (error.code.as_str(), error.count, error.newest_run_id)).collect();
    assert_eq!(told, [("503", 2, newest[2]), ("404", 1, newest[1]), ("timed_out", 1, newest[3])]);
    let nodes = rows.nodes(span(&world, workflow)).await.unwrap();
    assert_eq!((nodes[0].failed, nodes[0].error_code.as_deref()), (4, Some("503")));
}

async fn figures_go_with_their_run(world: World) {
    let scope = world.organization("Gone").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Owner).await;
    world.tick();
    let workflow = WorkflowId::generate(&*world.clock);
    // More than one statement writes.
    ran_through(&world, scope, workflow, 501).await;
    let kept =
        async || world.store.visible_to(&ada).analytics().nodes(span(&world, workflow)).await.unwrap().len();
    assert_eq!(kept().await, 500, "no answer is longer");
    if world.database.url().starts_with("postgres") {
        execute(&world, "DELETE FROM runs").await;
    } else {
        execute(&world, "PRAGMA foreign_keys = ON; DELETE FROM runs").await;
    }
    assert_eq!(kept().await, 0);
}
