//! The ledger of budgets: whatever happens in whatever order, counters say what the charges say, and however many ask
//! at once, one call at most goes over.

use std::{collections::HashMap, sync::Arc};

use chrono::TimeDelta;
use conductor_domain::{
    AgentId, Budget, BudgetId, BudgetPeriod, BudgetRefusal, BudgetScope, BudgetStanding, Clock, NewBudget,
    NewUsage, OrganizationRole, PageRequest, RefusalReason, RunId, Scope, Spender, UserId,
};
use conductor_storage::{Error, Spending, Store, Unscoped};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use tokio::sync::Notify;

use crate::support::World;

suite! {
    a_thousand_cents_are_overspent_by_one_call_at_most,
    the_ledger_holds_in_any_order,
    what_was_spent_before_opens_the_counter,
    periods_start_anew,
    a_budget_counts_for_whom_it_is,
    a_refused_call_reserves_nowhere,
    another_currency_is_refused_where_it_would_stop,
    budgets_are_the_organisations_own,
    a_call_is_charged_once_however_it_ends,
    people_are_told_once,
}

const DOLLAR: i64 = 1_000_000_000;

fn terms(name: &str, scope: BudgetScope, period: BudgetPeriod, limit_nanos: i64) -> NewBudget {
    NewBudget {
        name: name.to_owned(),
        scope,
        target_id: None,
        period,
        limit_nanos,
        currency: "USD".to_owned(),
        warn_percent: 80,
        hard_stop: true,
        is_active: true,
    }
}

async fn budget(world: &World, scope: Scope, terms: NewBudget) -> Budget {
    world.tick();
    let id = BudgetId::generate(&*world.clock);
    let rows = world.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.budgets().create(id, terms, None).await })).await.unwrap()
}

/// A call of a run, and who makes it.
#[derive(Clone, Copy)]
struct Call {
    id: uuid::Uuid,
    run: RunId,
    spender: Spender,
}

fn spender(scope: Scope) -> Spender {
    Spender { scope, agent_id: None, user_id: None, root_run_id: None }
}

fn call(clock: &dyn Clock, spender: Spender) -> Call {
    let run = RunId::generate(clock);
    Call { id: clock.uuid_v7(), run, spender: Spender { root_run_id: Some(run), ..spender } }
}

impl Call {
    async fn reserve(self, store: &Store, nanos: i64) -> Result<(), Box<BudgetRefusal>> {
        self.reserve_in(store, nanos, "USD").await
    }

    async fn reserve_in(
        self,
        store: &Store,
        nanos: i64,
        currency: &'static str,
    ) -> Result<(), Box<BudgetRefusal>> {
        let rows = store.scoped(self.spender.scope);
        let reserved = rows.write(move |tx| {
            Box::pin(async move { tx.budget_ledger().reserve(self.spending(nanos, currency)).await })
        });
        reserved.await.unwrap()
    }

    /// Charges, and writes the usage of the call, as an answer does.
    async fn settle(self, store: &Store, nanos: i64) {
        let rows = store.scoped(self.spender.scope);
        let settled = rows.write(move |tx| {
            Box::pin(async move {
                tx.budget_ledger().settle(self.spending(nanos, "USD")).await?;
                tx.usage().record(usage(&self, nanos)).await
            })
        });
        settled.await.unwrap();
    }

    async fn release(self, store: &Store) {
        let rows = store.scoped(self.spender.scope);
        rows.write(move |tx| Box::pin(async move { tx.budget_ledger().release_run(self.run).await }))
            .await
            .unwrap();
    }

    fn spending(&self, nanos: i64, currency: &'static str) -> Spending<'_> {
        Spending { call_id: self.id, run_id: self.run, spender: &self.spender, nanos, currency }
    }
}

fn usage(call: &Call, cost_nanos: i64) -> NewUsage {
    NewUsage {
        run_id: call.run,
        user_id: call.spender.user_id,
        conversation_id: None,
        message_id: None,
        agent_id: call.spender.agent_id,
        model: "m".to_owned(),
        provider: "p".to_owned(),
        input_tokens: 1,
        output_tokens: 1,
        cached_tokens: 0,
        cost_nanos,
        currency: "USD".to_owned(),
        pricing_id: None,
    }
}

async fn standing(world: &World, spender: Spender) -> BudgetStanding {
    let rows = world.store.unscoped(Unscoped::DecisionPoint);
    let mut standings = rows.budgets().standings(&spender, world.clock.now()).await.unwrap();
    assert_eq!(standings.len(), 1);
    standings.remove(0)
}

async fn a_thousand_cents_are_overspent_by_one_call_at_most(world: World) {
    let scope = world.organization("Analytical").await;
    budget(&world, scope, terms("Team", BudgetScope::Organization, BudgetPeriod::Month, DOLLAR)).await;
    let most = DOLLAR / 20;
    // Two processes, and each call costs less than it might have.
    let stores = [world.store.clone(), world.another().await];
    // Whoever finds everything reserved asks again when a call has been charged: asking at once would keep SQLite's
    // lock from those who have something to give back.
    let charged = Arc::new(Notify::new());
    let tasks: Vec<_> = (0..500_i64)
        .map(|number| {
            let store = stores[usize::try_from(number % 2).unwrap()].clone();
            let call = call(&*world.clock, spender(scope));
            let charged = Arc::clone(&charged);
            tokio::spawn(async move {
                loop {
                    let mut room = std::pin::pin!(charged.notified());
                    room.as_mut().enable();
                    match call.reserve(&store, most).await {
                        Ok(()) => break,
                        Err(refusal) if refusal.reason == RefusalReason::Reserved => room.await,
                        Err(refusal) => {
                            assert_eq!(refusal.reason, RefusalReason::Spent);
                            return 0;
                        }
                    }
                }
                let cost = most - (number % 7) * 1_000_003;
                call.settle(&store, cost).await;
                charged.notify_waiters();
                cost
            })
        })
        .collect();
    let (mut sum, mut calls) = (0, 0);
    for task in tasks {
        let cost = task.await.unwrap();
        (sum, calls) = (sum + cost, calls + i32::from(cost > 0));
    }
    let standing = standing(&world, spender(scope)).await;
    assert_eq!((standing.spent_nanos(), standing.reserved_nanos()), (sum, 0));
    assert!(sum >= DOLLAR, "everybody gave up before the dollar was spent: {sum}");
    assert!(sum <= DOLLAR + most, "more than one call went over: {sum} by {calls} calls");
    for store in stores {
        store.close().await;
    }
}

/// What may happen to a ledger.
#[derive(Clone, Debug)]
enum Step {
    Reserve {
        call: usize,
        nanos: i64,
    },
    Settle {
        call: usize,
        nanos: i64,
    },
    /// The run failed, or a restart found it.
    Release {
        call: usize,
    },
    /// A new limit.
    Limit {
        nanos: i64,
    },
    /// Time goes by.
    Wait {
        hours: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let call = 0..12_usize;
    prop_oneof![
        4 => (call.clone(), 0..400_i64).prop_map(|(call, nanos)| Step::Reserve { call, nanos }),
        4 => (call.clone(), 0..500_i64).prop_map(|(call, nanos)| Step::Settle { call, nanos }),
        2 => call.prop_map(|call| Step::Release { call }),
        1 => (1..2_000_i64).prop_map(|nanos| Step::Limit { nanos }),
        1 => (1..20_i64).prop_map(|hours| Step::Wait { hours }),
    ]
}

#[derive(Clone, Copy, Default)]
struct Kept {
    spent: i64,
    reserved: i64,
}

#[derive(Clone, Copy)]
enum State {
    Open { period: i64, nanos: i64 },
    Released { period: i64 },
    Settled,
}

async fn the_ledger_holds_in_any_order(world: World) {
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    for round in 0..24 {
        let steps = proptest::collection::vec(step(), 1..40).new_tree(&mut runner).unwrap().current();
        let scope = world.organization(&format!("Round {round}")).await;
        let budget =
            budget(&world, scope, terms("Daily", BudgetScope::Organization, BudgetPeriod::Day, 1_000)).await;
        let calls: Vec<Call> = (0..12).map(|_| call(&*world.clock, spender(scope))).collect();
        let (mut states, mut days, mut limit): (HashMap<usize, State>, HashMap<i64, Kept>, i64) =
            (HashMap::new(), HashMap::new(), 1_000);
        let day = |world: &World| BudgetPeriod::Day.start(world.clock.now()).timestamp();
        for step in &steps {
            let today = day(&world);
            match *step {
                Step::Reserve { call, nanos } => {
                    if states.contains_key(&call) {
                        continue;
                    }
                    let kept = days.entry(today).or_default();
                    let admits = nanos == 0 || kept.spent + kept.reserved < limit;
                    let answer = calls[call].reserve(&world.store, nanos).await;
                    assert_eq!(answer.is_ok(), admits, "{steps:?} at {step:?}");
                    if admits && nanos > 0 {
                        kept.reserved += nanos;
                        states.insert(call, State::Open { period: today, nanos });
                    }
                }
                Step::Settle { call, nanos } => {
                    calls[call].settle(&world.store, nanos).await;
                    match states.get(&call).copied() {
                        Some(State::Settled) => continue,
                        Some(State::Open { period, nanos: held }) => {
                            let kept = days.entry(period).or_default();
                            (kept.reserved, kept.spent) = (kept.reserved - held, kept.spent + nanos);
                        }
                        Some(State::Released { period }) => days.entry(period).or_default().spent += nanos,
                        None if nanos == 0 => continue,
                        None => days.entry(today).or_default().spent += nanos,
                    }
                    states.insert(call, State::Settled);
                }
                Step::Release { call } => {
                    calls[call].release(&world.store).await;
                    if let Some(State::Open { period, nanos }) = states.get(&call).copied() {
                        days.entry(period).or_default().reserved -= nanos;
                        states.insert(call, State::Released { period });
                    }
                }
                Step::Limit { nanos } => {
                    limit = nanos;
                    let terms = NewBudget { limit_nanos: nanos, ..budget.terms.clone() };
                    let rows = world.store.scoped(scope);
                    let id = budget.id;
                    rows.write(move |tx| Box::pin(async move { tx.budgets().update(id, terms).await }))
                        .await
                        .unwrap();
                }
                Step::Wait { hours } => world.clock.advance(TimeDelta::hours(hours)),
            }
            let kept = days.get(&day(&world)).copied().unwrap_or_default();
            let standing = standing(&world, spender(scope)).await;
            assert_eq!(
                (standing.spent_nanos(), standing.reserved_nanos()),
                (kept.spent, kept.reserved),
                "{steps:?} at {step:?}"
            );
        }
        charges_explain_counters(&world, &budget).await;
    }
}

/// The counters hold what the charges say: opening and settled ones are spent, open ones are reserved.
async fn charges_explain_counters(world: &World, budget: &Budget) {
    let conn = sea_orm::Database::connect(world.database.url()).await.unwrap();
    let quoted = |id: uuid::Uuid| format!("'{id}'");
    let sql = format!(
        "SELECT CAST(COUNT(*) AS bigint) FROM budget_counters c WHERE c.budget_id = {id} AND \
           (c.spent_nanos <> c.opening_nanos + COALESCE((SELECT SUM(h.charged_nanos) FROM budget_charges h WHERE \
              h.budget_id = c.budget_id AND h.subject_id = c.subject_id AND h.period_start = c.period_start AND \
              h.state = 'settled'), 0) \
            OR c.reserved_nanos <> COALESCE((SELECT SUM(h.reserved_nanos) FROM budget_charges h WHERE \
              h.budget_id = c.budget_id AND h.subject_id = c.subject_id AND h.period_start = c.period_start AND \
              h.state = 'open'), 0))",
        id = quoted(budget.id.as_uuid()),
    );
    let statement = sea_orm::Statement::from_string(conn.get_database_backend(), sql);
    let row = sea_orm::ConnectionTrait::query_one_raw(&conn, statement).await.unwrap().unwrap();
    let wrong: i64 = row.try_get_by_index(0).unwrap();
    assert_eq!(wrong, 0, "counters that their charges do not explain");
    conn.close().await.unwrap();
}

async fn what_was_spent_before_opens_the_counter(world: World) {
    let scope = world.organization("Analytical").await;
    call(&*world.clock, spender(scope)).settle(&world.store, 300).await;
    world.clock.advance(TimeDelta::hours(1));
    let team =
        budget(&world, scope, terms("Team", BudgetScope::Organization, BudgetPeriod::Month, 1_000)).await;
    // A call that began before the budget was made, and reserved nothing, is charged all the same.
    world.tick();
    call(&*world.clock, spender(scope)).settle(&world.store, 50).await;
    assert_eq!(standing(&world, spender(scope)).await.spent_nanos(), 350);
    let next = call(&*world.clock, spender(scope));
    next.reserve(&world.store, 900).await.unwrap();
    assert_eq!(next.reserve_in(&world.store, 1, "USD").await.unwrap_err().reason, RefusalReason::Reserved);
    next.settle(&world.store, 700).await;
    let standing = standing(&world, spender(scope)).await;
    assert_eq!((standing.spent_nanos(), standing.reserved_nanos()), (1_050, 0));
    assert_eq!(standing.counter.unwrap().opening_nanos, 300);
    charges_explain_counters(&world, &team).await;
}

async fn periods_start_anew(world: World) {
    let scope = world.organization("Analytical").await;
    budget(&world, scope, terms("Daily", BudgetScope::Organization, BudgetPeriod::Day, 100)).await;
    let late = call(&*world.clock, spender(scope));
    late.reserve(&world.store, 100).await.unwrap();
    let refusal = call(&*world.clock, spender(scope)).reserve(&world.store, 1).await.unwrap_err();
    assert_eq!(refusal.reason, RefusalReason::Reserved);
    assert_eq!(refusal.resets_at, BudgetPeriod::Day.end(world.clock.now()));
    world.clock.advance(TimeDelta::days(1));
    call(&*world.clock, spender(scope)).reserve(&world.store, 10).await.unwrap();
    // What was reserved yesterday is spent yesterday.
    late.settle(&world.store, 90).await;
    let today = standing(&world, spender(scope)).await;
    assert_eq!((today.spent_nanos(), today.reserved_nanos()), (0, 10));
}

async fn a_budget_counts_for_whom_it_is(world: World) {
    let scope = world.organization("Analytical").await;
    let (ada, grace) = (UserId::generate(&*world.clock), UserId::generate(&*world.clock));
    budget(&world, scope, terms("Each", BudgetScope::User, BudgetPeriod::Total, 100)).await;
    let of = |user| Spender { user_id: Some(user), ..spender(scope) };
    call(&*world.clock, of(ada)).settle(&world.store, 100).await;
    assert!(call(&*world.clock, of(ada)).reserve(&world.store, 1).await.is_err());
    call(&*world.clock, of(grace)).reserve(&world.store, 1).await.unwrap();
    call(&*world.clock, spender(scope)).reserve(&world.store, 1_000).await.unwrap();

    let caller = world.member("ada@example.com", scope, OrganizationRole::Owner).await;
    let view = world.store.visible_to(&caller).budgets();
    let page = view.page(PageRequest::default(), world.clock.now()).await.unwrap();
    assert_eq!(page.items[0].counter.unwrap().subject_id, ada.as_uuid(), "the fullest one is shown");
    let counters = view.counters(&page.items[0].budget, world.clock.now(), 10).await.unwrap();
    assert_eq!(counters.iter().map(|one| one.spent_nanos).collect::<Vec<_>>(), [100, 0]);
}

async fn a_refused_call_reserves_nowhere(world: World) {
    let scope = world.organization("Analytical").await;
    let agent = AgentId::generate(&*world.clock);
    let wide =
        budget(&world, scope, terms("Wide", BudgetScope::Organization, BudgetPeriod::Total, 10_000)).await;
    let narrow = NewBudget {
        target_id: Some(agent.as_uuid()),
        ..terms("Narrow", BudgetScope::Agent, BudgetPeriod::Total, 100)
    };
    let narrow = budget(&world, scope, narrow).await;
    let by_agent = Spender { agent_id: Some(agent), ..spender(scope) };
    call(&*world.clock, by_agent).reserve(&world.store, 100).await.unwrap();
    let refusal = call(&*world.clock, by_agent).reserve(&world.store, 100).await.unwrap_err();
    assert_eq!((refusal.budget_id, refusal.reserved_nanos), (narrow.id, 100));
    let standing = standing(&world, spender(scope)).await;
    assert_eq!((standing.budget.id, standing.reserved_nanos()), (wide.id, 100));
    charges_explain_counters(&world, &wide).await;
    // A budget that only tells lets everything pass and goes on counting.
    let soft = NewBudget { hard_stop: false, ..narrow.terms };
    let rows = world.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.budgets().update(narrow.id, soft).await })).await.unwrap();
    call(&*world.clock, by_agent).reserve(&world.store, 100).await.unwrap();
}

async fn another_currency_is_refused_where_it_would_stop(world: World) {
    let scope = world.organization("Analytical").await;
    let team =
        budget(&world, scope, terms("Team", BudgetScope::Organization, BudgetPeriod::Total, 100)).await;
    let one = call(&*world.clock, spender(scope));
    let refusal = one.reserve_in(&world.store, 5, "EUR").await.unwrap_err();
    assert_eq!(refusal.reason, RefusalReason::Currency);
    let soft = NewBudget { hard_stop: false, ..team.terms };
    let rows = world.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.budgets().update(team.id, soft).await })).await.unwrap();
    one.reserve_in(&world.store, 5, "EUR").await.unwrap();
    assert_eq!(standing(&world, spender(scope)).await.reserved_nanos(), 0);
}

async fn budgets_are_the_organisations_own(world: World) {
    let (scope, other) = (world.organization("Analytical").await, world.organization("Other").await);
    let team =
        budget(&world, scope, terms("Team", BudgetScope::Organization, BudgetPeriod::Total, 100)).await;
    let stranger = world.member("eve@example.com", other, OrganizationRole::Owner).await;
    let view = world.store.visible_to(&stranger).budgets();
    assert_eq!(view.find(team.id, world.clock.now()).await.unwrap(), None);
    assert_eq!(view.count().await.unwrap(), 0);
    let rows = world.store.scoped(other);
    let taken = rows.write(move |tx| Box::pin(async move { tx.budgets().delete(team.id).await })).await;
    assert!(matches!(taken, Err(Error::NotFound)));
    call(&*world.clock, spender(other)).reserve(&world.store, 1_000).await.unwrap();
    call(&*world.clock, spender(other)).settle(&world.store, 1_000).await;
    assert_eq!(standing(&world, spender(scope)).await.spent_nanos(), 0);
    let again = terms("team", BudgetScope::Organization, BudgetPeriod::Total, 1);
    let id = BudgetId::generate(&*world.clock);
    let rows = world.store.scoped(scope);
    let twice =
        rows.write(move |tx| Box::pin(async move { tx.budgets().create(id, again, None).await })).await;
    assert!(matches!(twice, Err(Error::NameTaken { .. })));
}

async fn a_call_is_charged_once_however_it_ends(world: World) {
    let scope = world.organization("Analytical").await;
    let team =
        budget(&world, scope, terms("Team", BudgetScope::Organization, BudgetPeriod::Total, 1_000)).await;
    let one = call(&*world.clock, spender(scope));
    one.reserve(&world.store, 400).await.unwrap();
    let both = [world.store.clone(), world.store.clone()];
    let tasks = both.map(|store| tokio::spawn(async move { one.settle(&store, 250).await }));
    let mut failed = 0;
    for task in tasks {
        failed += usize::from(task.await.is_err());
    }
    assert!(failed <= 1);
    // The run ended before: nothing is left to give back.
    one.release(&world.store).await;
    let standing = standing(&world, spender(scope)).await;
    assert_eq!((standing.spent_nanos(), standing.reserved_nanos()), (250, 0));
    charges_explain_counters(&world, &team).await;
}

async fn people_are_told_once(world: World) {
    let scope = world.organization("Analytical").await;
    let owner = world.member("ada@example.com", scope, OrganizationRole::Owner).await;
    budget(&world, scope, terms("Team", BudgetScope::Organization, BudgetPeriod::Total, 100)).await;
    let (_, mut feed) = world.store.feed(None);
    let mut told = Vec::new();
    for nanos in [79, 1, 5, 20, 20] {
        world.tick();
        call(&*world.clock, spender(scope)).settle(&world.store, nanos).await;
        while let Ok(notice) = feed.try_recv() {
            told.push((nanos, notice.item.data["type"].as_str().unwrap().to_owned()));
        }
    }
    assert_eq!(told, [(1, "budget.warned".to_owned()), (20, "budget.exhausted".to_owned())]);
    let filter = conductor_domain::AuditFilter::default();
    let log = world.store.visible_to(&owner).audit().page(&filter, PageRequest::default()).await.unwrap();
    let events: Vec<&str> = log.items.iter().map(|entry| entry.event_type.as_str()).collect();
    assert_eq!(events, ["budget.exhausted", "budget.warned"]);
}
