//! Grants: one live row for a subject and a row, versions in order, and what lists show of them.

use chrono::TimeDelta;
use conductor_domain::{
    AccessLevel, AccessRequestStatus, Agent, AgentFilter, AgentId, AgentSnapshot, AgentSpec, Caller, Clock,
    Grant, GrantFilter, GrantId, GrantSubject, NewAccessRequest, NewAgent, NewGrant, OrganizationRole,
    PageRequest, ResourceRef, ReviewDecision, Scope, SharedKind, SubjectKind, UserId,
};
use conductor_storage::{Error, Unscoped};

use crate::support::World;

suite! {
    lists_show_what_was_granted_while_it_counts,
    one_grant_of_a_subject_and_a_row_is_live,
    what_was_given_under_a_grant_ends_with_it,
    changes_are_found_by_their_version,
    wishes_are_seen_by_those_who_have_or_may_grant_them,
    a_review_asks_about_live_grants_alone,
}

const PAGE: PageRequest = PageRequest { limit: 50, after: None };

/// An owner with a private agent, and a colleague who does not see it.
struct Cast {
    scope: Scope,
    ada: Caller,
    grace: Caller,
    agent: Agent,
}

impl Cast {
    async fn new(world: &World) -> Self {
        let scope = world.organization("Analytical").await;
        let ada = world.member("ada@example.com", scope, OrganizationRole::Admin).await;
        let grace = world.member("grace@example.com", scope, OrganizationRole::Member).await;
        let new = NewAgent {
            id: AgentId::generate(&*world.clock),
            owner_user_id: ada.user_id(),
            snapshot: AgentSnapshot { spec: AgentSpec::new("Poet", "poet"), connectors: Vec::new() },
            is_official: false,
            forked_from_agent_id: None,
            note: None,
        };
        let rows = world.store.scoped(scope);
        let agent = rows.write(move |tx| Box::pin(async move { tx.agents().create(new).await })).await;
        Self { scope, ada, grace, agent: agent.unwrap() }
    }

    fn resource(&self) -> ResourceRef {
        ResourceRef { kind: SharedKind::Agent, id: self.agent.id.as_uuid() }
    }

    fn new_grant(&self, to: &Caller, level: AccessLevel) -> NewGrant {
        NewGrant {
            subject: person(to.user_id().unwrap()),
            resource: self.resource(),
            level,
            granted_by: self.ada.user_id(),
            under: None,
            expires_at: None,
        }
    }
}

fn person(user: UserId) -> GrantSubject {
    GrantSubject { kind: SubjectKind::User, id: user.as_uuid() }
}

async fn put(world: &World, scope: Scope, new: NewGrant) -> (Grant, Vec<Grant>) {
    world.tick();
    let rows = world.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.grants().put(new).await })).await.unwrap()
}

async fn revoke(world: &World, scope: Scope, id: GrantId) -> Result<Vec<Grant>, Error> {
    let rows = world.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.grants().revoke(id).await })).await
}

async fn agents(world: &World, caller: &Caller) -> usize {
    world.store.visible_to(caller).agents().page(AgentFilter::default(), PAGE).await.unwrap().items.len()
}

async fn lists_show_what_was_granted_while_it_counts(world: World) {
    let cast = Cast::new(&world).await;
    assert_eq!((agents(&world, &cast.ada).await, agents(&world, &cast.grace).await), (1, 0));
    let end = world.clock.now() + TimeDelta::hours(1);
    let new = NewGrant { expires_at: Some(end), ..cast.new_grant(&cast.grace, AccessLevel::Read) };
    put(&world, cast.scope, new).await;
    assert_eq!(agents(&world, &cast.grace).await, 1);
    // Neither another stage nor another tenant of the same person sees it.
    let elsewhere = world.organization("Elsewhere").await;
    let stage = Scope { environment_id: elsewhere.environment_id, ..cast.scope };
    for scope in [stage, elsewhere] {
        assert_eq!(agents(&world, &Caller { scope, ..cast.grace.clone() }).await, 0);
    }
    world.clock.advance(TimeDelta::hours(1));
    assert_eq!(agents(&world, &cast.grace).await, 0, "its end is no part of it");
    let held = world.store.visible_to(&cast.grace).grants().held(PAGE).await.unwrap();
    assert!(held.items.is_empty());
    let ended =
        world.store.unscoped(Unscoped::GrantSweep).grants().ended(world.clock.now(), 10).await.unwrap();
    assert_eq!(ended.len(), 1);
    // A role and everybody, by the names that callers hold.
    let organization =
        GrantSubject { kind: SubjectKind::Organization, id: cast.scope.organization_id.as_uuid() };
    let new = NewGrant { subject: organization, ..cast.new_grant(&cast.grace, AccessLevel::Read) };
    put(&world, cast.scope, new).await;
    assert_eq!(agents(&world, &cast.grace).await, 1);
}

async fn one_grant_of_a_subject_and_a_row_is_live(world: World) {
    let cast = Cast::new(&world).await;
    let (first, ended) = put(&world, cast.scope, cast.new_grant(&cast.grace, AccessLevel::Read)).await;
    assert!(ended.is_empty());
    let (second, ended) = put(&world, cast.scope, cast.new_grant(&cast.grace, AccessLevel::Write)).await;
    assert_eq!(ended.iter().map(|grant| grant.id).collect::<Vec<_>>(), [first.id]);
    let on = world.store.visible_to(&cast.ada).grants().on(cast.resource()).await.unwrap();
    assert_eq!(
        on.iter().map(|grant| (grant.id, grant.level)).collect::<Vec<_>>(),
        [(second.id, AccessLevel::Write)]
    );
    assert!(matches!(revoke(&world, cast.scope, first.id).await, Err(Error::NotFound)), "it gave way");
    let other = world.organization("Elsewhere").await;
    assert!(matches!(revoke(&world, other, second.id).await, Err(Error::NotFound)), "another tenant's");
    assert_eq!(revoke(&world, cast.scope, second.id).await.unwrap().len(), 1);
    assert!(matches!(revoke(&world, cast.scope, second.id).await, Err(Error::NotFound)));
}

async fn what_was_given_under_a_grant_ends_with_it(world: World) {
    let cast = Cast::new(&world).await;
    let olaf = world.member("olaf@example.com", cast.scope, OrganizationRole::Member).await;
    let mary = world.member("mary@example.com", cast.scope, OrganizationRole::Member).await;
    let (top, _) = put(&world, cast.scope, cast.new_grant(&cast.grace, AccessLevel::Admin)).await;
    let new = NewGrant { under: Some(top.id), ..cast.new_grant(&olaf, AccessLevel::Admin) };
    let (middle, _) = put(&world, cast.scope, new).await;
    let new = NewGrant { under: Some(middle.id), ..cast.new_grant(&mary, AccessLevel::Read) };
    put(&world, cast.scope, new).await;
    // As much for as long keeps what hangs on it.
    let (again, ended) = put(&world, cast.scope, cast.new_grant(&cast.grace, AccessLevel::Admin)).await;
    assert_eq!((ended.len(), agents(&world, &mary).await), (1, 1));
    let ended = revoke(&world, cast.scope, again.id).await.unwrap();
    assert_eq!(ended.len(), 3, "{ended:?}");
    for caller in [&cast.grace, &olaf, &mary] {
        assert_eq!(agents(&world, caller).await, 0);
    }
}

async fn changes_are_found_by_their_version(world: World) {
    let cast = Cast::new(&world).await;
    let organization = cast.scope.organization_id;
    let other = world.another().await;
    let rows = other.unscoped(Unscoped::DecisionPoint);
    let version = async || rows.policies().version(organization).await.unwrap().unwrap();
    let (rules, grants) = version().await;
    let (grant, _) = put(&world, cast.scope, cast.new_grant(&cast.grace, AccessLevel::Read)).await;
    assert_eq!(version().await, (rules, grants + 1), "the rules stay as they are");
    let changed = rows.grants().changed(organization, Some(grants)).await.unwrap();
    assert_eq!(changed, std::slice::from_ref(&grant));
    assert!(rows.grants().changed(organization, Some(grants + 1)).await.unwrap().is_empty());
    revoke(&world, cast.scope, grant.id).await.unwrap();
    let changed = rows.grants().changed(organization, Some(grants + 1)).await.unwrap();
    assert_eq!(changed.iter().map(|row| (row.id, row.is_active)).collect::<Vec<_>>(), [(grant.id, false)]);
    assert!(
        rows.grants().changed(organization, None).await.unwrap().is_empty(),
        "at a start only what counts"
    );
    let id = cast.agent.id;
    put(&world, cast.scope, cast.new_grant(&cast.grace, AccessLevel::Read)).await;
    let scoped = world.store.scoped(cast.scope);
    scoped.write(move |tx| Box::pin(async move { tx.agents().delete(id).await })).await.unwrap();
    assert!(rows.grants().changed(organization, None).await.unwrap().is_empty(), "and goes with its row");
}

async fn wishes_are_seen_by_those_who_have_or_may_grant_them(world: World) {
    let cast = Cast::new(&world).await;
    let olaf = world.member("olaf@example.com", cast.scope, OrganizationRole::Admin).await;
    let wish = NewAccessRequest {
        user_id: cast.grace.user_id().unwrap(),
        resource: cast.resource(),
        level: AccessLevel::Read,
        reason: "the launch".to_owned(),
        hours: Some(8),
    };
    let ask = async |wish: NewAccessRequest| {
        let rows = world.store.scoped(cast.scope);
        rows.write(move |tx| Box::pin(async move { tx.access_requests().create(wish).await })).await
    };
    let asked = ask(wish.clone()).await.unwrap();
    assert!(matches!(ask(wish.clone()).await, Err(Error::NameTaken { .. })), "one open at a time");
    let seen = async |caller: &Caller, mine: bool| {
        let rows = world.store.visible_to(caller);
        rows.access_requests().page(mine, None, PAGE).await.unwrap().items.len()
    };
    assert_eq!((seen(&cast.ada, false).await, seen(&cast.ada, true).await), (1, 0));
    assert_eq!((seen(&cast.grace, false).await, seen(&cast.grace, true).await), (0, 1));
    assert_eq!(seen(&olaf, false).await, 0, "a private row is its owner's");
    put(&world, cast.scope, cast.new_grant(&olaf, AccessLevel::Admin)).await;
    assert_eq!(seen(&olaf, false).await, 1);
    assert_eq!(world.store.visible_to(&cast.grace).access_requests().open().await.unwrap(), 1);

    let (resource, by) = (cast.resource(), cast.ada.user_id().unwrap());
    let rows = world.store.scoped(cast.scope);
    let told = rows
        .write(move |tx| Box::pin(async move { tx.access_requests().approvers(resource).await }))
        .await
        .unwrap();
    let mut expected = vec![by, olaf.user_id().unwrap()];
    expected.sort();
    assert_eq!(told, expected);
    let deny = async || {
        rows.write(move |tx| {
            Box::pin(async move { tx.access_requests().decide(asked.id, by, None, None).await })
        })
        .await
    };
    assert_eq!(deny().await.unwrap().status, AccessRequestStatus::Denied);
    assert!(matches!(deny().await, Err(Error::Stale)));
    assert!(ask(wish).await.is_ok(), "an answered one is no longer open");
}

async fn a_review_asks_about_live_grants_alone(world: World) {
    let cast = Cast::new(&world).await;
    let olaf = world.member("olaf@example.com", cast.scope, OrganizationRole::Member).await;
    let end = world.clock.now() + TimeDelta::hours(1);
    put(&world, cast.scope, NewGrant { expires_at: Some(end), ..cast.new_grant(&olaf, AccessLevel::Read) })
        .await;
    world.clock.advance(TimeDelta::hours(2));
    let (grant, _) = put(&world, cast.scope, cast.new_grant(&cast.grace, AccessLevel::Read)).await;
    let (due, by) = (world.clock.now() + TimeDelta::days(7), cast.ada.user_id().unwrap());
    let rows = world.store.scoped(cast.scope);
    let review = rows
        .write(move |tx| {
            Box::pin(async move { tx.campaigns().create("Autumn".to_owned(), due, Some(by)).await })
        })
        .await
        .unwrap();
    assert_eq!((review.total, review.confirmed, review.dropped), (1, 0, 0));
    let view = world.store.visible_to(&cast.ada);
    let items = view.campaigns().items(review.id, PAGE).await.unwrap().items;
    assert_eq!(items[0].grant, grant);
    let item = items[0].id;
    let decide = async |decision: ReviewDecision| {
        rows.write(move |tx| {
            Box::pin(async move { tx.campaigns().decide(review.id, item, decision, by, None).await })
        })
        .await
    };
    decide(ReviewDecision::Confirm).await.unwrap();
    assert_eq!(view.campaigns().find(review.id).await.unwrap().unwrap().confirmed, 1);
    let close =
        async || rows.write(move |tx| Box::pin(async move { tx.campaigns().close(review.id).await })).await;
    assert!(close().await.unwrap().closed_at.is_some());
    assert!(matches!(close().await, Err(Error::Stale)));
    assert!(matches!(decide(ReviewDecision::Drop).await, Err(Error::Stale)));
    let elsewhere = world.organization("Elsewhere").await;
    let stranger = world.member("eve@example.com", elsewhere, OrganizationRole::Owner).await;
    let view = world.store.visible_to(&stranger);
    assert!(view.campaigns().find(review.id).await.unwrap().is_none());
    assert!(view.campaigns().items(review.id, PAGE).await.unwrap().items.is_empty());
    assert!(view.grants().page(GrantFilter::default(), PAGE).await.unwrap().items.is_empty());
}
