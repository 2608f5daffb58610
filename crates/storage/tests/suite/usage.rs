//! Prices from a moment on, and the sums that are asked of the usage ledger.

use chrono::{DateTime, TimeDelta, Utc};
use conductor_domain::{
    AgentId, Caller, Clock, NewModelPrice, NewUsage, OrganizationRole, PriceSource, PricingId, RunId,
    UsageDimension, UsageFilter, UsageGrouping,
};
use conductor_storage::{Error, Unscoped};

use crate::support::World;

suite! {
    a_price_is_one_a_model_and_moment,
    the_catalogue_never_writes_over_an_administrator,
    sums_by_what_calls_have_in_common,
    pieces_of_time_are_those_of_the_calendar,
    sums_are_the_organisations_own,
}

fn price(model: &str, input: i64, from: &str, source: PriceSource) -> NewModelPrice {
    NewModelPrice {
        model_name: model.to_owned(),
        provider: "anthropic".to_owned(),
        input_nanos_per_1k: input,
        cached_nanos_per_1k: None,
        output_nanos_per_1k: 5 * input,
        currency: "USD".to_owned(),
        effective_from: from.parse().unwrap(),
        is_active: true,
        source,
    }
}

async fn a_price_is_one_a_model_and_moment(world: World) {
    let put = async |price: NewModelPrice| {
        let rows = world.store.unscoped(Unscoped::Administration);
        rows.write(move |tx| Box::pin(async move { tx.pricing().put(price).await })).await
    };
    let old = "2026-01-01T00:00:00Z";
    let (first, new) = put(price("opus", 10, old, PriceSource::Administrator)).await.unwrap();
    assert!(new);
    world.tick();
    let (second, new) = put(price("opus", 20, old, PriceSource::Administrator)).await.unwrap();
    assert_eq!((second.id, second.price.input_nanos_per_1k, new), (first.id, 20, false));
    put(price("opus", 30, "2026-02-01T00:00:00Z", PriceSource::Administrator)).await.unwrap();
    put(price("haiku", 1, old, PriceSource::Administrator)).await.unwrap();
    let all = world.store.unscoped(Unscoped::Administration).pricing().all().await.unwrap();
    let listed: Vec<_> =
        all.iter().map(|row| (row.price.model_name.as_str(), row.price.input_nanos_per_1k)).collect();
    assert_eq!(listed, [("haiku", 1), ("opus", 30), ("opus", 20)]);
    let found = world.store.unscoped(Unscoped::Administration).pricing().find(second.id).await.unwrap();
    assert_eq!(found, Some(second));
}

async fn the_catalogue_never_writes_over_an_administrator(world: World) {
    let seed = async |price: NewModelPrice| {
        let rows = world.store.unscoped(Unscoped::Administration);
        let seeded = rows.write(move |tx| Box::pin(async move { tx.pricing().seed(price).await }));
        seeded.await.map_err(|error: Error| error).unwrap();
        world.store.unscoped(Unscoped::Administration).pricing().all().await.unwrap().remove(0).price
    };
    let old = "2026-01-01T00:00:00Z";
    assert_eq!(seed(price("opus", 10, old, PriceSource::Catalogue)).await.input_nanos_per_1k, 10);
    assert_eq!(seed(price("opus", 11, old, PriceSource::Catalogue)).await.input_nanos_per_1k, 11);
    let rows = world.store.unscoped(Unscoped::Administration);
    let set = price("opus", 12, old, PriceSource::Administrator);
    rows.write(move |tx| Box::pin(async move { tx.pricing().put(set).await })).await.unwrap();
    assert_eq!(seed(price("opus", 13, old, PriceSource::Catalogue)).await.input_nanos_per_1k, 12);
}

struct Used<'a> {
    agent: Option<AgentId>,
    model: &'a str,
    cost: i64,
    priced: bool,
}

async fn record(world: &World, caller: &Caller, used: Used<'_>) {
    let new = NewUsage {
        run_id: RunId::generate(&*world.clock),
        user_id: caller.user_id(),
        conversation_id: None,
        message_id: None,
        agent_id: used.agent,
        model: used.model.to_owned(),
        provider: "anthropic".to_owned(),
        input_tokens: 100,
        output_tokens: 10,
        cached_tokens: 1,
        cost_nanos: used.cost,
        currency: "USD".to_owned(),
        pricing_id: used.priced.then(|| PricingId::generate(&*world.clock)),
    };
    let rows = world.store.scoped(caller.scope);
    rows.write(move |tx| Box::pin(async move { tx.usage().record(new).await })).await.unwrap();
}

async fn sums_by_what_calls_have_in_common(world: World) {
    let scope = world.organization("Analytical").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Owner).await;
    let grace = world.member("grace@example.com", scope, OrganizationRole::Member).await;
    let agent = AgentId::generate(&*world.clock);
    let opus = |cost| Used { agent: Some(agent), model: "opus", cost, priced: true };
    record(&world, &ada, opus(3_000_000_000_000)).await;
    record(&world, &ada, opus(7)).await;
    record(&world, &grace, Used { agent: None, model: "local", cost: 0, priced: false }).await;
    let totals = async |by, filter: UsageFilter| {
        world.store.visible_to(&ada).usage().totals(by, &filter).await.unwrap()
    };
    let all = totals(UsageDimension::Nothing, UsageFilter::default()).await;
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].calls, all[0].cost_nanos, all[0].unpriced_calls), (3, 3_000_000_000_007, 1));
    assert_eq!((all[0].input_tokens, all[0].output_tokens, all[0].cached_tokens), (300, 30, 3));
    let models = totals(UsageDimension::Model, UsageFilter::default()).await;
    let names: Vec<_> = models.iter().map(|one| (one.key.as_str(), one.calls)).collect();
    assert_eq!(names, [("opus", 2), ("local", 1)]);
    assert_eq!(models[0].provider.as_deref(), Some("anthropic"));
    let agents = totals(UsageDimension::Agent, UsageFilter::default()).await;
    assert_eq!((agents[0].key.as_str(), agents[1].key.as_str()), (agent.to_string().as_str(), ""));
    let environments = totals(UsageDimension::Environment, UsageFilter::default()).await;
    assert_eq!((environments[0].calls, environments[0].name.as_deref()), (3, Some("default")));
    let users = totals(UsageDimension::User, UsageFilter::default()).await;
    assert_eq!(users[0].key, ada.user_id().unwrap().to_string());
    assert!(users[0].name.is_some());
    let own = UsageFilter { user_id: grace.user_id(), ..UsageFilter::default() };
    assert_eq!(totals(UsageDimension::Nothing, own).await[0].calls, 1);
    let narrow =
        UsageFilter { agent_id: Some(agent), model: Some("local".to_owned()), ..UsageFilter::default() };
    assert_eq!(totals(UsageDimension::Nothing, narrow).await, []);
}

async fn pieces_of_time_are_those_of_the_calendar(world: World) {
    let scope = world.organization("Analytical").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Owner).await;
    // A Friday: 2027-01-15 08:00:00.
    let begin = world.clock.now();
    let used = || Used { agent: None, model: "opus", cost: 1, priced: true };
    for hours in [0, 1, 48, 64, 24 * 20] {
        world.clock.advance(begin + TimeDelta::hours(hours) - world.clock.now());
        record(&world, &ada, used()).await;
    }
    let pieces = async |grouping, filter: UsageFilter| {
        let buckets = world.store.visible_to(&ada).usage().over_time(grouping, &filter).await.unwrap();
        buckets.into_iter().map(|bucket| (bucket.at, bucket.totals.calls)).collect::<Vec<_>>()
    };
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let days = pieces(UsageGrouping::Day, UsageFilter::default()).await;
    assert_eq!(
        days,
        [
            (at("2027-01-15T00:00:00Z"), 2),
            (at("2027-01-17T00:00:00Z"), 1),
            (at("2027-01-18T00:00:00Z"), 1),
            (at("2027-02-04T00:00:00Z"), 1),
        ]
    );
    // Sunday belongs to the week that began on the Monday before, Monday to the next.
    let weeks = pieces(UsageGrouping::Week, UsageFilter::default()).await;
    assert_eq!(
        weeks,
        [(at("2027-01-11T00:00:00Z"), 3), (at("2027-01-18T00:00:00Z"), 1), (at("2027-02-01T00:00:00Z"), 1)]
    );
    let months = pieces(UsageGrouping::Month, UsageFilter::default()).await;
    assert_eq!(months, [(at("2027-01-01T00:00:00Z"), 4), (at("2027-02-01T00:00:00Z"), 1)]);
    let first_day = UsageFilter { to: Some(begin + TimeDelta::hours(2)), ..UsageFilter::default() };
    let hours = pieces(UsageGrouping::Hour, first_day.clone()).await;
    assert_eq!(hours, [(at("2027-01-15T08:00:00Z"), 1), (at("2027-01-15T09:00:00Z"), 1)]);
    let later = UsageFilter { from: Some(begin + TimeDelta::hours(1)), ..first_day };
    assert_eq!(pieces(UsageGrouping::Hour, later).await.len(), 1, "from is included, to is not");
    let first = world.store.visible_to(&ada).usage().first(&UsageFilter::default()).await.unwrap();
    assert_eq!(first, Some(begin));
}

async fn sums_are_the_organisations_own(world: World) {
    let (scope, other) = (world.organization("Analytical").await, world.organization("Other").await);
    let ada = world.member("ada@example.com", scope, OrganizationRole::Owner).await;
    let eve = world.member("eve@example.com", other, OrganizationRole::Owner).await;
    record(&world, &ada, Used { agent: None, model: "opus", cost: 9, priced: true }).await;
    let usage = world.store.visible_to(&eve).usage();
    let theirs = UsageFilter { user_id: ada.user_id(), ..UsageFilter::default() };
    assert_eq!(usage.totals(UsageDimension::User, &theirs).await.unwrap(), []);
    let theirs = UsageFilter { environment_id: Some(scope.environment_id), ..UsageFilter::default() };
    assert_eq!(usage.over_time(UsageGrouping::Day, &theirs).await.unwrap(), []);
}
