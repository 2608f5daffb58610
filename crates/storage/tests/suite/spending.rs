//! What runs of workflows have spent: added up the tree as it is spent, by many at once, and never over the end of a run.

use conductor_domain::{
    Caller, NewRun, NewUsage, OrganizationRole, RefusalReason, Run, RunId, RunKind, RunLimits, RunOutcome,
    RunStatus, RunTrigger, Scope, UsageDimension, UsageFilter, WorkflowId,
};
use conductor_storage::Error;
use futures::future::join_all;

use crate::support::World;

suite![
    a_tree_adds_up_however_many_spend_at_once,
    what_is_spent_in_another_currency_is_left_to_the_ledger,
    limits_of_every_run_above_hold,
];

/// A run in a tree; it is claimed by nobody.
async fn run(world: &World, scope: Scope, new: NewRun) -> Run {
    world
        .store
        .scoped(scope)
        .write(move |tx| Box::pin(async move { tx.runs().create_begun(new).await }))
        .await
        .unwrap_or_else(|error: Error| panic!("{error}"))
}

fn new(world: &World, caller: &Caller, kind: RunKind, parent: Option<&Run>) -> NewRun {
    NewRun {
        parent_run_id: parent.map(|run| run.id),
        root_run_id: parent.map(|run| run.root_run_id),
        user_id: caller.user_id(),
        ..NewRun::new(RunId::generate(&*world.clock), kind, RunTrigger::Api)
    }
}

/// A workflow's run, and so many agents below calls of its node `ask`.
async fn tree(world: &World, caller: &Caller, workflow: WorkflowId, limits: RunLimits) -> (Run, Vec<Run>) {
    let whole = NewRun { workflow_id: Some(workflow), limits, ..new(world, caller, RunKind::Workflow, None) };
    let whole = run(world, caller.scope, whole).await;
    let mut agents = Vec::new();
    for _ in 0..6 {
        let call = new(world, caller, RunKind::Tool, Some(&whole));
        let call = run(world, caller.scope, NewRun { node_id: Some("ask".to_owned()), ..call }).await;
        agents.push(run(world, caller.scope, new(world, caller, RunKind::Agent, Some(&call))).await);
    }
    (whole, agents)
}

fn usage(run: &Run, cost_nanos: i64, currency: &str) -> NewUsage {
    NewUsage {
        run_id: run.id,
        user_id: run.user_id,
        conversation_id: None,
        message_id: None,
        agent_id: None,
        model: "opus".to_owned(),
        provider: "anthropic".to_owned(),
        input_tokens: 10,
        output_tokens: 1,
        cached_tokens: 0,
        cost_nanos,
        currency: currency.to_owned(),
        pricing_id: None,
    }
}

async fn spend(world: &World, run: &Run, cost_nanos: i64, currency: &str) {
    let (id, usage) = (run.id, usage(run, cost_nanos, currency));
    let written = world.store.scoped(run.scope).write(move |tx| {
        Box::pin(async move {
            tx.runs().spend(id, &usage).await?;
            tx.usage().record(usage).await
        })
    });
    written.await.unwrap_or_else(|error: Error| panic!("{error}"));
}

async fn seen(world: &World, caller: &Caller, id: RunId) -> Run {
    world.store.visible_to(caller).runs().find(id).await.unwrap().unwrap()
}

async fn a_tree_adds_up_however_many_spend_at_once(world: World) {
    let scope = world.organization("Adding").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Owner).await;
    let workflow = WorkflowId::generate(&*world.clock);
    let (whole, agents) = tree(&world, &ada, workflow, RunLimits::default()).await;
    // A workflow below the last agent's own call, and an agent below that.
    let call = run(&world, scope, new(&world, &ada, RunKind::Tool, agents.last())).await;
    let below = NewRun { workflow_id: Some(workflow), ..new(&world, &ada, RunKind::Workflow, Some(&call)) };
    let below = run(&world, scope, below).await;
    let inner = run(&world, scope, new(&world, &ada, RunKind::Tool, Some(&below))).await;
    let inner = run(&world, scope, new(&world, &ada, RunKind::Agent, Some(&inner))).await;
    let spenders: Vec<&Run> = agents.iter().chain([&inner, &whole]).collect();
    let ending = async {
        let id = whole.id;
        let outcome = RunOutcome { cost_nanos: 5, ..RunOutcome::of(RunStatus::Cancelled) };
        let ended = world
            .store
            .scoped(scope)
            .write(move |tx| Box::pin(async move { tx.runs().finish(id, 0, outcome).await }));
        ended.await.unwrap_or_else(|error: Error| panic!("{error}"));
    };
    let spending = join_all((0..40).map(|at| spend(&world, spenders[at % spenders.len()], 100, "USD")));
    tokio::join!(spending, ending);

    let ended = seen(&world, &ada, whole.id).await;
    assert_eq!((ended.input_tokens, ended.output_tokens, ended.cost_nanos), (400, 40, 4_005));
    assert_eq!(ended.status, RunStatus::Cancelled);
    let shares = world.store.visible_to(&ada).runs().shares(&ended).await.unwrap();
    // What the run spent itself, five times, is of no node.
    assert_eq!(shares.len(), 1);
    assert_eq!(
        (shares[0].node_id.as_str(), shares[0].cost_nanos, shares[0].input_tokens),
        ("ask", 3_500, 350)
    );
    assert_eq!(seen(&world, &ada, below.id).await.cost_nanos, 500);
    assert_eq!(seen(&world, &ada, agents[0].id).await.cost_nanos, 0, "agents tell their own, at their end");
    // Both runs are of one workflow, and what the inner one spent is counted once.
    let filter = UsageFilter { workflow_id: Some(workflow), ..UsageFilter::default() };
    let rows = world.store.visible_to(&ada);
    let totals = rows.usage().totals(UsageDimension::Nothing, &filter).await.unwrap();
    assert_eq!((totals[0].calls, totals[0].cost_nanos), (40, 4_000));
    let other = world.organization("Other").await;
    let eve = world.member("eve@example.com", other, OrganizationRole::Owner).await;
    let rows = world.store.visible_to(&eve);
    assert_eq!(rows.usage().totals(UsageDimension::Nothing, &filter).await.unwrap(), []);
    assert_eq!(rows.runs().shares(&ended).await.unwrap(), []);
}

async fn what_is_spent_in_another_currency_is_left_to_the_ledger(world: World) {
    let scope = world.organization("Adding").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Owner).await;
    let workflow = WorkflowId::generate(&*world.clock);
    let (whole, agents) = tree(&world, &ada, workflow, RunLimits::default()).await;
    spend(&world, &agents[0], 0, "USD").await;
    spend(&world, &agents[0], 70, "EUR").await;
    spend(&world, &agents[1], 7, "USD").await;
    let whole = seen(&world, &ada, whole.id).await;
    assert_eq!((whole.input_tokens, whole.cost_nanos, whole.currency.as_str()), (30, 70, "EUR"));
    let shares = world.store.visible_to(&ada).runs().shares(&whole).await.unwrap();
    assert_eq!((shares[0].input_tokens, shares[0].cost_nanos), (30, 70));
}

async fn limits_of_every_run_above_hold(world: World) {
    let scope = world.organization("Adding").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Owner).await;
    let workflow = WorkflowId::generate(&*world.clock);
    let limits = RunLimits { max_tokens: Some(22), max_cost_nanos: Some(150) };
    let (whole, agents) = tree(&world, &ada, workflow, limits).await;
    let exceeded = async |takes_tokens: bool, costs_in: Option<&'static str>| {
        let id = agents[0].id;
        let asked = world
            .store
            .scoped(scope)
            .write(move |tx| Box::pin(async move { tx.runs().exceeded(id, takes_tokens, costs_in).await }));
        let refusal = asked.await.unwrap_or_else(|error: Error| panic!("{error}"));
        refusal.map(|refusal| (refusal.reason, refusal.spent_nanos))
    };
    assert_eq!(exceeded(true, Some("USD")).await, None);
    assert_eq!(exceeded(false, Some("EUR")).await, Some((RefusalReason::Currency, 0)));
    spend(&world, &agents[1], 149, "USD").await;
    assert_eq!(exceeded(true, Some("USD")).await, None);
    spend(&world, &agents[2], 1, "USD").await;
    assert_eq!(exceeded(true, Some("USD")).await, Some((RefusalReason::RunTokens, 22)));
    assert_eq!(exceeded(true, None).await, Some((RefusalReason::RunTokens, 22)));
    assert_eq!(exceeded(false, Some("USD")).await, Some((RefusalReason::RunCost, 150)));
    assert_eq!(exceeded(false, None).await, None, "what costs nothing and takes no tokens goes on");
    drop(whole);
}
