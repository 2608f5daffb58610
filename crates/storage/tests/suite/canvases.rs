//! Drawings: whose they are, what they are called, and what a deleted workflow leaves of its own.

use conductor_domain::{
    Caller, CanvasId, CanvasSpec, EnvironmentId, NewWorkflow, OrganizationRole, PageRequest, Scope,
    WorkflowId,
};
use conductor_storage::Error;
use serde_json::{Value, json};

use crate::support::World;

suite! {
    a_drawing_comes_back_as_it_was_drawn,
    names_are_unique_in_their_environment,
    a_tenant_reaches_its_own_only,
    a_deleted_workflow_is_let_go,
}

fn spec(name: &str) -> CanvasSpec {
    CanvasSpec { name: name.to_owned(), environment_id: None, workflow_id: None, state: drawn() }
}

fn drawn() -> Value {
    // The order of the keys is the author's.
    json!({ "nodes": [{ "id": "z", "data": { "note": "\u{0}" } }], "edges": [], "a": 1.5 })
}

async fn create(world: &World, caller: &Caller, spec: CanvasSpec) -> Result<CanvasId, Error> {
    world.tick();
    let (id, owner) = (CanvasId::generate(&*world.clock), caller.user_id());
    let rows = world.store.scoped(caller.scope);
    let made = rows.write(move |tx| {
        Box::pin(async move { tx.canvases().create(id, owner, &spec).await.map(|canvas| canvas.id) })
    });
    made.await
}

async fn ada(world: &World) -> Caller {
    let scope = world.organization("Analytical").await;
    world.member("ada@example.com", scope, OrganizationRole::Member).await
}

async fn a_drawing_comes_back_as_it_was_drawn(world: World) {
    let ada = ada(&world).await;
    let id = create(&world, &ada, spec("Plan")).await.unwrap();
    let (canvas, state) = world.store.visible_to(&ada).canvases().find(id).await.unwrap().unwrap();
    assert_eq!((canvas.name.as_str(), canvas.revision, canvas.owner_user_id), ("Plan", 1, ada.user_id()));
    assert_eq!(state.to_string(), drawn().to_string());
    let rows = world.store.scoped(ada.scope);
    let after = CanvasSpec { state: json!({ "nodes": [] }), ..spec("Plan B") };
    let changed =
        rows.write(move |tx| Box::pin(async move { tx.canvases().update(id, &after).await })).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.revision), ("Plan B", 2));
    let page = world.store.visible_to(&ada).canvases().page(PageRequest::default()).await.unwrap();
    assert_eq!(page.items, [changed]);
    rows.write(move |tx| Box::pin(async move { tx.canvases().delete(id).await })).await.unwrap();
    assert!(world.store.visible_to(&ada).canvases().find(id).await.unwrap().is_none());
    create(&world, &ada, spec("Plan B")).await.unwrap();
}

async fn names_are_unique_in_their_environment(world: World) {
    let ada = ada(&world).await;
    create(&world, &ada, spec("Plan")).await.unwrap();
    let taken = create(&world, &ada, spec("pLAN")).await;
    assert!(matches!(taken, Err(Error::NameTaken { .. })), "{taken:?}");
    let here = || CanvasSpec { environment_id: Some(ada.scope.environment_id), ..spec("Plan") };
    create(&world, &ada, here()).await.unwrap();
    let taken = create(&world, &ada, here()).await;
    assert!(matches!(taken, Err(Error::NameTaken { .. })), "{taken:?}");
}

async fn a_tenant_reaches_its_own_only(world: World) {
    let ada = ada(&world).await;
    let everywhere = create(&world, &ada, spec("Plan")).await.unwrap();
    let here = CanvasSpec { environment_id: Some(ada.scope.environment_id), ..spec("Here") };
    let here = create(&world, &ada, here).await.unwrap();
    let mut other_stage = ada.clone();
    other_stage.scope.environment_id = EnvironmentId::generate(&*world.clock);
    let elsewhere = world.organization("Other").await;
    let stranger = world.member("stranger@example.com", elsewhere, OrganizationRole::Owner).await;
    for (caller, id, seen) in [
        (&ada, everywhere, true),
        (&ada, here, true),
        (&other_stage, everywhere, true),
        (&other_stage, here, false),
        (&stranger, everywhere, false),
        (&stranger, here, false),
    ] {
        let canvases = world.store.visible_to(caller).canvases();
        assert_eq!(canvases.find(id).await.unwrap().is_some(), seen);
        let page = canvases.page(PageRequest::default()).await.unwrap();
        assert_eq!(page.items.iter().any(|canvas| canvas.id == id), seen);
        if !seen {
            let rows = world.store.scoped(caller.scope);
            let refused = rows.write(move |tx| {
                Box::pin(async move {
                    assert!(matches!(tx.canvases().get(id).await, Err(Error::NotFound)));
                    assert!(matches!(tx.canvases().update(id, &spec("Theirs")).await, Err(Error::NotFound)));
                    tx.canvases().delete(id).await
                })
            });
            assert!(matches!(refused.await, Err(Error::NotFound)));
        }
    }
}

async fn a_deleted_workflow_is_let_go(world: World) {
    let ada = ada(&world).await;
    let workflow = drawn_workflow(&world, &ada).await;
    let of = CanvasSpec { workflow_id: Some(workflow), ..spec("Plan") };
    let id = create(&world, &ada, of).await.unwrap();
    let nobody = CanvasSpec { workflow_id: Some(WorkflowId::generate(&*world.clock)), ..spec("Nobody") };
    let dangling = create(&world, &ada, nobody).await;
    assert!(matches!(dangling, Err(Error::Dangling)), "{dangling:?}");
    let delete = |scope: Scope| {
        let rows = world.store.scoped(scope);
        rows.write(move |tx| Box::pin(async move { tx.workflows().delete(workflow).await }))
    };
    delete(ada.scope).await.unwrap();
    let (canvas, _) = world.store.visible_to(&ada).canvases().find(id).await.unwrap().unwrap();
    assert_eq!(canvas.workflow_id, None);
}

async fn drawn_workflow(world: &World, caller: &Caller) -> WorkflowId {
    let id = WorkflowId::generate(&*world.clock);
    let new = NewWorkflow {
        id,
        owner_user_id: caller.user_id(),
        document: json!({ "name": "drawn" }),
        spec: crate::workflows::named("drawn"),
        is_official: false,
        forked_from_workflow_id: None,
        note: None,
    };
    let rows = world.store.scoped(caller.scope);
    rows.write(move |tx| Box::pin(async move { tx.workflows().create(new).await })).await.unwrap();
    id
}
