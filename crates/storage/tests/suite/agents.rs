//! Agents: who sees which, and every state one ever had.

use conductor_domain::{
    Agent, AgentConnector, AgentFilter, AgentId, AgentSnapshot, AgentSpec, AgentVersion, Caller, ConnectorId,
    EnvironmentId, NewAgent, OrganizationRole, PageRequest, Scope, Visibility,
};
use conductor_storage::Error;
use serde_json::json;

use crate::support::World;

suite! {
    visibility_decides_who_sees,
    names_and_slugs_are_unique_in_their_scope,
    each_change_is_a_version,
    connectors_belong_to_the_state,
    a_deleted_agent_frees_its_name,
    the_list_is_filtered,
    a_tenant_writes_its_own_only,
}

fn named(name: &str) -> AgentSnapshot {
    let slug = name.to_lowercase().replace(' ', "-");
    AgentSnapshot { spec: AgentSpec::new(name, slug), connectors: Vec::new() }
}

async fn create(
    world: &World,
    scope: Scope,
    owner: Option<&Caller>,
    state: AgentSnapshot,
) -> Result<Agent, Error> {
    world.clock.advance(chrono::Duration::milliseconds(1));
    let new = NewAgent {
        id: AgentId::generate(&*world.clock),
        owner_user_id: owner.and_then(|owner| owner.user_id()),
        snapshot: state,
        is_official: scope == Scope::PLATFORM,
        forked_from_agent_id: None,
        note: None,
    };
    let rows = world.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.agents().create(new).await })).await
}

/// An agent of somebody's, seen by so many.
pub(crate) async fn made(world: &World, owner: &Caller, name: &str, visibility: Visibility) -> AgentId {
    let mut state = named(name);
    state.spec.visibility = visibility;
    create(world, owner.scope, Some(owner), state).await.unwrap().id
}

async fn update(
    world: &World,
    scope: Scope,
    id: AgentId,
    state: AgentSnapshot,
) -> Result<(Agent, AgentVersion), Error> {
    let rows = world.store.scoped(scope);
    let note = Some("why".to_owned());
    rows.write(move |tx| Box::pin(async move { tx.agents().update(id, state, note, None).await })).await
}

async fn people(world: &World) -> (Caller, Caller) {
    let scope = world.organization("Analytical").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Member).await;
    (ada, world.member("grace@example.com", scope, OrganizationRole::Member).await)
}

async fn visibility_decides_who_sees(world: World) {
    let (ada, grace) = people(&world).await;
    let mut other_stage = grace.clone();
    other_stage.scope.environment_id = EnvironmentId::generate(&*world.clock);
    let elsewhere = world.organization("Other").await;
    let stranger = world.member("stranger@example.com", elsewhere, OrganizationRole::Owner).await;
    let mut expected = Vec::new();
    for (visibility, seen) in [
        (Visibility::Private, [true, false, false, false]),
        (Visibility::Team, [true, true, false, false]),
        (Visibility::Organization, [true, true, true, false]),
        (Visibility::Public, [true, true, true, true]),
    ] {
        let mut state = named(visibility.as_str());
        state.spec.visibility = visibility;
        expected.push((create(&world, ada.scope, Some(&ada), state).await.unwrap().id, seen));
    }
    let official = create(&world, Scope::PLATFORM, None, named("official")).await.unwrap();
    expected.push((official.id, [true; 4]));
    for (id, seen) in expected {
        for (caller, seen) in [&ada, &grace, &other_stage, &stranger].into_iter().zip(seen) {
            let agents = world.store.visible_to(caller).agents();
            let found = agents.find(id).await.unwrap();
            assert_eq!(found.is_some(), seen, "{id} for {:?}", caller.principal);
            let page = agents.page(AgentFilter::default(), PageRequest::default()).await.unwrap();
            assert_eq!(page.items.iter().any(|agent| agent.id == id), seen);
            assert_eq!(agents.find_many(&[id]).await.unwrap().len(), usize::from(seen));
        }
    }
}

async fn names_and_slugs_are_unique_in_their_scope(world: World) {
    let (ada, _) = people(&world).await;
    let mut state = named("Sales");
    create(&world, ada.scope, Some(&ada), state.clone()).await.unwrap();
    state.spec.slug = "other".to_owned();
    let same_name = create(&world, ada.scope, Some(&ada), state.clone()).await;
    assert!(matches!(same_name, Err(Error::NameTaken { .. })), "{same_name:?}");
    state.spec.name = "Other".to_owned();
    state.spec.slug = "SALES".to_owned();
    let same_slug = create(&world, ada.scope, Some(&ada), state.clone()).await;
    assert!(matches!(same_slug, Err(Error::NameTaken { .. })), "{same_slug:?}");
    let elsewhere = world.organization("Other").await;
    create(&world, elsewhere, None, named("Sales")).await.unwrap();
    let rows = world.store.scoped(ada.scope);
    let (found, like) = rows
        .write(|tx| {
            Box::pin(async move {
                let found = tx.agents().find_by_slug("SaLeS").await?;
                Ok::<_, Error>((found, tx.agents().named_like("sal", "none").await?))
            })
        })
        .await
        .unwrap();
    assert_eq!(found.map(|agent| agent.spec.name), Some("Sales".to_owned()));
    assert_eq!(like.len(), 1);
}

async fn each_change_is_a_version(world: World) {
    let (ada, grace) = people(&world).await;
    let first = named("Sales");
    let agent = create(&world, ada.scope, Some(&ada), first.clone()).await.unwrap();
    let mut second = first.clone();
    second.spec.temperature = 0.1;
    second.spec.top_p = Some(0.9);
    second.spec.tags = vec!["sales".to_owned()];
    second.spec.examples = vec![json!({ "input": "hi" })];
    second.spec.capabilities = json!({ "languages": ["de"] });
    let (changed, version) = update(&world, ada.scope, agent.id, second.clone()).await.unwrap();
    assert_eq!((changed.current_version, changed.spec.clone()), (2, second.spec.clone()));
    assert_eq!((version.version, version.note.as_deref()), (2, Some("why")));
    assert_eq!(changed.owner_user_id, ada.user_id(), "a change of the state moves no owner");
    let page = async |after| {
        let agents = world.store.visible_to(&ada).agents();
        agents.versions(agent.id, PageRequest { limit: 1, after }).await.unwrap()
    };
    let newest = page(None).await;
    assert_eq!(newest.items[0].snapshot, second);
    let oldest = page(newest.next).await;
    assert_eq!((&oldest.items[0].snapshot, oldest.next), (&first, None));
    assert_eq!(newest.items[0].parent_version_id, Some(oldest.items[0].id));
    let rows = world.store.scoped(ada.scope);
    let id = agent.id;
    let missing = rows.write(move |tx| Box::pin(async move { tx.agents().version(id, 3).await })).await;
    assert!(matches!(missing, Err(Error::NotFound)));
    assert_eq!(world.store.visible_to(&grace).agents().find(id).await.unwrap(), None);
}

async fn connectors_belong_to_the_state(world: World) {
    let (ada, _) = people(&world).await;
    let (one, two) = (ConnectorId::generate(&*world.clock), ConnectorId::generate(&*world.clock));
    let narrow = AgentConnector {
        allowed_tools: Some(vec!["read".to_owned()]),
        blocked_tools: vec!["write".to_owned()],
        ..AgentConnector::all_of(one)
    };
    let mut state = named("Sales");
    state.connectors = vec![narrow.clone()];
    let agent = create(&world, ada.scope, Some(&ada), state.clone()).await.unwrap();
    let of = async || {
        let mut all = world.store.visible_to(&ada).agents().connectors(&[agent.id]).await.unwrap();
        all.remove(&agent.id).unwrap_or_default()
    };
    assert_eq!(of().await, std::slice::from_ref(&narrow));
    assert!(narrow.allows_tool("read") && !narrow.allows_tool("write") && !narrow.allows_tool("other"));
    state.connectors = vec![AgentConnector::all_of(two)];
    update(&world, ada.scope, agent.id, state).await.unwrap();
    assert_eq!(of().await, [AgentConnector::all_of(two)]);
    let elsewhere = world.organization("Other").await;
    for (scope, count) in [(elsewhere, 0), (ada.scope, 1)] {
        let rows = world.store.scoped(scope);
        let gone =
            rows.write(move |tx| Box::pin(async move { tx.agent_connectors().remove_connector(two).await }));
        assert_eq!(gone.await.unwrap(), count);
    }
    assert_eq!(of().await, []);
}

async fn a_deleted_agent_frees_its_name(world: World) {
    let (ada, _) = people(&world).await;
    let id = create(&world, ada.scope, Some(&ada), named("Sales")).await.unwrap().id;
    let delete = async || {
        let rows = world.store.scoped(ada.scope);
        rows.write(move |tx| Box::pin(async move { tx.agents().delete(id).await })).await
    };
    delete().await.unwrap();
    assert!(matches!(delete().await, Err(Error::NotFound)));
    assert_eq!(world.store.visible_to(&ada).agents().find(id).await.unwrap(), None);
    create(&world, ada.scope, Some(&ada), named("Sales")).await.unwrap();
}

async fn the_list_is_filtered(world: World) {
    let (ada, _) = people(&world).await;
    for (name, tag) in [("Sales", "crm"), ("Support", "crm-2"), ("Poet", "fun_ny")] {
        let mut state = named(name);
        state.spec.description = format!("The {name} of 100%");
        state.spec.tags = vec![tag.to_owned()];
        create(&world, ada.scope, Some(&ada), state).await.unwrap();
    }
    create(&world, Scope::PLATFORM, None, named("Official")).await.unwrap();
    let found = async |filter: AgentFilter| {
        let page = world.store.visible_to(&ada).agents().page(filter, PageRequest::default()).await.unwrap();
        page.items.into_iter().map(|agent| agent.spec.name).collect::<Vec<_>>().join(" ")
    };
    let q = |q: &str| AgentFilter { q: Some(q.to_owned()), ..Default::default() };
    let tag = |tag: &str| AgentFilter { tag: Some(tag.to_owned()), ..Default::default() };
    let official = |official| AgentFilter { official: Some(official), ..Default::default() };
    assert_eq!(found(q("S")).await, "Support Sales");
    assert_eq!(found(q("100%")).await, "Poet Support Sales");
    assert_eq!(found(q("the poet")).await, "Poet");
    assert_eq!(found(tag("crm")).await, "Sales", "a whole tag, not its beginning");
    assert_eq!(found(tag("fun_ny")).await, "Poet");
    assert_eq!(found(tag("fun%")).await, "");
    assert_eq!(found(official(true)).await, "Official");
    assert_eq!(found(official(false)).await, "Poet Support Sales");
    let agents = world.store.visible_to(&ada).agents();
    let first = agents.page(AgentFilter::default(), PageRequest { limit: 3, after: None }).await.unwrap();
    let rest = world.store.visible_to(&ada).agents();
    let rest = rest.page(AgentFilter::default(), PageRequest { limit: 3, after: first.next }).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
}

async fn a_tenant_writes_its_own_only(world: World) {
    let (ada, _) = people(&world).await;
    let mut state = named("Sales");
    state.spec.visibility = Visibility::Public;
    let id = create(&world, ada.scope, Some(&ada), state.clone()).await.unwrap().id;
    let elsewhere = world.organization("Other").await;
    assert!(matches!(update(&world, elsewhere, id, state).await, Err(Error::NotFound)));
    let rows = world.store.scoped(elsewhere);
    let (own, reach) = rows
        .write(move |tx| {
            Box::pin(
                async move { Ok::<_, Error>((tx.agents().get_own(id).await, tx.agents().get(id).await)) },
            )
        })
        .await
        .unwrap();
    assert!(matches!(own, Err(Error::NotFound)));
    assert_eq!(reach.unwrap().id, id, "a public agent may be used");
    let rows = world.store.scoped(elsewhere);
    let gone = rows.write(move |tx| Box::pin(async move { tx.agents().delete(id).await })).await;
    assert!(matches!(gone, Err(Error::NotFound)));
}
