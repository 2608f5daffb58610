//! Workflows: who sees which, and every graph one ever had.

use chrono::TimeDelta;
use conductor_domain::{
    Caller, Classification, Clock as _, Concurrency, EnvironmentId, EventStart, NewSchedule, NewWorkflow,
    OrganizationRole, PageRequest, PublishedVersion, Scope, ToldEvent, Visibility, Workflow, WorkflowFilter,
    WorkflowId, WorkflowSpec,
};
use conductor_storage::{Error, Store, Unscoped};
use serde_json::{Value, json};

use crate::support::World;

suite! {
    visibility_decides_who_sees,
    names_are_unique_in_their_scope,
    a_graph_is_a_version_and_keeps_its_order,
    a_published_version_runs_whatever_is_saved_after_it,
    a_deleted_workflow_frees_its_name,
    the_list_is_filtered,
    a_tenant_writes_its_own_only,
    a_moment_is_taken_once,
    an_event_finds_who_waits_where_it_is_told,
    an_event_is_remembered_by_its_id,
}

pub(crate) fn named(name: &str) -> WorkflowSpec {
    WorkflowSpec {
        name: name.to_owned(),
        title: None,
        description: None,
        source_format: "native".to_owned(),
        node_count: 2,
        runnable: true,
        is_active: true,
        is_template: false,
        category: None,
        visibility: Visibility::Private,
        data_classification: Classification::Internal,
        concurrency: Concurrency::CancelPrevious,
        required_permissions: Vec::new(),
    }
}

fn graph(name: &str) -> Value {
    // The order of the keys is the author's.
    json!({ "name": name, "z": 1, "a": { "y": "\u{0}", "b": [1.5, null] } })
}

pub(crate) async fn create(
    world: &World,
    scope: Scope,
    owner: Option<&Caller>,
    spec: WorkflowSpec,
) -> Result<Workflow, Error> {
    world.clock.advance(chrono::Duration::milliseconds(1));
    let new = NewWorkflow {
        id: WorkflowId::generate(&*world.clock),
        owner_user_id: owner.and_then(|owner| owner.user_id()),
        document: graph(&spec.name),
        spec,
        is_official: scope == Scope::PLATFORM,
        forked_from_workflow_id: None,
        note: None,
    };
    let rows = world.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.workflows().create(new).await })).await
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
        let spec = WorkflowSpec { visibility, ..named(visibility.as_str()) };
        expected.push((create(&world, ada.scope, Some(&ada), spec).await.unwrap().id, seen));
    }
    let official = create(&world, Scope::PLATFORM, None, named("official")).await.unwrap();
    expected.push((official.id, [true; 4]));
    for (id, seen) in expected {
        for (caller, seen) in [&ada, &grace, &other_stage, &stranger].into_iter().zip(seen) {
            let workflows = world.store.visible_to(caller).workflows();
            assert_eq!(workflows.find(id).await.unwrap().is_some(), seen, "{id} for {:?}", caller.principal);
            let page = workflows.page(WorkflowFilter::default(), PageRequest::default()).await.unwrap();
            assert_eq!(page.items.iter().any(|workflow| workflow.id == id), seen);
            assert_eq!(workflows.find_many(&[id]).await.unwrap().len(), usize::from(seen));
        }
    }
}

async fn names_are_unique_in_their_scope(world: World) {
    let (ada, _) = people(&world).await;
    create(&world, ada.scope, Some(&ada), named("Sales")).await.unwrap();
    let taken = create(&world, ada.scope, Some(&ada), named("sALES")).await;
    assert!(matches!(taken, Err(Error::NameTaken { .. })), "{taken:?}");
    let elsewhere = world.organization("Other").await;
    create(&world, elsewhere, None, named("Sales")).await.unwrap();
    let rows = world.store.scoped(ada.scope);
    let like =
        rows.write(|tx| Box::pin(async move { tx.workflows().names_like("SAL").await })).await.unwrap();
    assert_eq!(like.into_iter().map(|(_, name)| name).collect::<Vec<_>>(), ["Sales"]);
}

async fn a_graph_is_a_version_and_keeps_its_order(world: World) {
    let (ada, grace) = people(&world).await;
    let workflow = create(&world, ada.scope, Some(&ada), named("sales")).await.unwrap();
    let id = workflow.id;
    assert_eq!((workflow.current_version, workflow.revision), (1, 1));
    let update = async |spec: WorkflowSpec, document: Option<Value>| {
        let rows = world.store.scoped(ada.scope);
        rows.write(move |tx| {
            Box::pin(async move {
                let note = Some("why".to_owned());
                tx.workflows().update(id, &spec, document.as_ref(), note, None).await
            })
        })
        .await
        .unwrap()
    };
    let beside = update(WorkflowSpec { category: Some("crm".to_owned()), ..named("sales") }, None).await;
    assert_eq!((beside.current_version, beside.revision), (1, 2));
    assert_eq!(beside.owner_user_id, ada.user_id(), "a change of the state moves no owner");
    let second = json!({ "second": true });
    let changed = update(named("renamed"), Some(second.clone())).await;
    assert_eq!((changed.current_version, changed.revision, &*changed.spec.name), (2, 3, "renamed"));
    let workflows = world.store.visible_to(&ada).workflows();
    let newest = workflows.versions(id, PageRequest { limit: 1, after: None }).await.unwrap();
    assert_eq!((&newest.items[0].document, newest.items[0].note.as_deref()), (&second, Some("why")));
    let oldest = workflows.versions(id, PageRequest { limit: 1, after: newest.next }).await.unwrap();
    assert_eq!(oldest.items[0].document.to_string(), graph("sales").to_string());
    assert_eq!(oldest.next, None);
    assert_eq!(workflows.version(id, 2).await.unwrap().unwrap().document, second);
    assert_eq!(workflows.version(id, 3).await.unwrap(), None);
    let rows = world.store.scoped(ada.scope);
    let missing = rows.write(move |tx| Box::pin(async move { tx.workflows().version(id, 3).await })).await;
    assert!(matches!(missing, Err(Error::NotFound)));
    assert_eq!(world.store.visible_to(&grace).workflows().find(id).await.unwrap(), None);
}

async fn a_published_version_runs_whatever_is_saved_after_it(world: World) {
    let (ada, grace) = people(&world).await;
    let workflow = create(&world, ada.scope, Some(&ada), named("sales")).await.unwrap();
    let id = workflow.id;
    assert_eq!((workflow.published.clone(), workflow.running_version()), (None, 1));
    let published = PublishedVersion {
        version: 1,
        title: Some("Sales".to_owned()),
        description: None,
        by: ada.user_id(),
        at: world.clock.now(),
    };
    let rows = world.store.scoped(ada.scope);
    let new = published.clone();
    let kept =
        rows.write(move |tx| Box::pin(async move { tx.workflows().publish(id, Some(new)).await })).await;
    let kept = kept.unwrap();
    assert_eq!((kept.published.as_ref(), kept.current_version, kept.revision), (Some(&published), 1, 2));

    // A draft that cannot run hides nothing that can.
    let draft = WorkflowSpec { runnable: false, ..named("sales") };
    let kept = rows
        .write(move |tx| {
            Box::pin(async move {
                tx.workflows().update(id, &draft, Some(&json!({ "second": true })), None, None).await
            })
        })
        .await
        .unwrap();
    assert_eq!((kept.running_version(), kept.current_version, kept.is_sound()), (1, 2, true));
    let view = world.store.visible_to(&ada).workflows();
    let runnable: Vec<WorkflowId> =
        view.runnable().await.unwrap().into_iter().map(|workflow| workflow.id).collect();
    assert_eq!(runnable, [id]);
    assert_eq!(view.find(id).await.unwrap(), Some(kept));

    let kept = rows.write(move |tx| Box::pin(async move { tx.workflows().publish(id, None).await })).await;
    let kept = kept.unwrap();
    assert_eq!((kept.published.as_ref(), kept.running_version(), kept.is_sound()), (None, 2, false));
    assert!(view.runnable().await.unwrap().is_empty());
    let elsewhere = world.organization("Elsewhere").await;
    let theirs = world.store.scoped(elsewhere);
    let refused =
        theirs.write(move |tx| Box::pin(async move { tx.workflows().publish(id, None).await })).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    assert_eq!(world.store.visible_to(&grace).workflows().find(id).await.unwrap(), None);
}

async fn a_deleted_workflow_frees_its_name(world: World) {
    let (ada, _) = people(&world).await;
    let id = create(&world, ada.scope, Some(&ada), named("sales")).await.unwrap().id;
    let delete = async || {
        let rows = world.store.scoped(ada.scope);
        rows.write(move |tx| Box::pin(async move { tx.workflows().delete(id).await })).await
    };
    delete().await.unwrap();
    assert!(matches!(delete().await, Err(Error::NotFound)));
    assert_eq!(world.store.visible_to(&ada).workflows().find(id).await.unwrap(), None);
    create(&world, ada.scope, Some(&ada), named("sales")).await.unwrap();
}

async fn the_list_is_filtered(world: World) {
    let (ada, _) = people(&world).await;
    for (name, title) in [("sales", "Sales of 100%"), ("support", "Support"), ("poet", "Writes ver_ses")] {
        let spec = WorkflowSpec { title: Some(title.to_owned()), is_template: name == "poet", ..named(name) };
        create(&world, ada.scope, Some(&ada), spec).await.unwrap();
    }
    create(&world, Scope::PLATFORM, None, named("official")).await.unwrap();
    let found = async |filter: WorkflowFilter| {
        let workflows = world.store.visible_to(&ada).workflows();
        let page = workflows.page(filter, PageRequest::default()).await.unwrap();
        page.items.into_iter().map(|workflow| workflow.spec.name).collect::<Vec<_>>().join(" ")
    };
    let q = |q: &str| WorkflowFilter { q: Some(q.to_owned()), ..Default::default() };
    assert_eq!(found(q("S")).await, "poet support sales");
    assert_eq!(found(q("100%")).await, "sales");
    assert_eq!(found(q("R_S")).await, "poet");
    let template = WorkflowFilter { template: Some(true), ..Default::default() };
    assert_eq!(found(template).await, "poet");
    let official = WorkflowFilter { official: Some(true), ..Default::default() };
    assert_eq!(found(official).await, "official");
    let bad = world.store.visible_to(&ada).workflows();
    let page = PageRequest { limit: 1, after: Some("x".to_owned()) };
    assert!(matches!(bad.page(WorkflowFilter::default(), page).await, Err(Error::BadCursor)));
}

async fn a_tenant_writes_its_own_only(world: World) {
    let (ada, _) = people(&world).await;
    let elsewhere = world.organization("Other").await;
    let spec = WorkflowSpec { visibility: Visibility::Public, ..named("public") };
    let theirs = create(&world, elsewhere, None, spec.clone()).await.unwrap().id;
    let official = create(&world, Scope::PLATFORM, None, named("official")).await.unwrap().id;
    for id in [theirs, official] {
        let spec = spec.clone();
        let rows = world.store.scoped(ada.scope);
        let changed = rows.write(move |tx| {
            Box::pin(async move { tx.workflows().update(id, &spec, None, None, None).await })
        });
        assert!(matches!(changed.await, Err(Error::NotFound)));
        let rows = world.store.scoped(ada.scope);
        let gone = rows.write(move |tx| Box::pin(async move { tx.workflows().delete(id).await }));
        assert!(matches!(gone.await, Err(Error::NotFound)));
        let rows = world.store.scoped(ada.scope);
        let held = rows.write(move |tx| Box::pin(async move { tx.workflows().get_own(id).await }));
        assert!(matches!(held.await, Err(Error::NotFound)));
    }
}

async fn a_moment_is_taken_once(world: World) {
    let (ada, _) = people(&world).await;
    let id = create(&world, ada.scope, Some(&ada), named("hourly")).await.unwrap().id;
    let first = world.clock.now() + TimeDelta::hours(1);
    let hourly = |position, hours| NewSchedule {
        position,
        cron: "0 * * * *".to_owned(),
        time_zone: None,
        next_at: first + TimeDelta::hours(hours),
    };
    let replace = async |schedules: Vec<NewSchedule>| {
        let rows = world.store.scoped(ada.scope);
        rows.write(move |tx| Box::pin(async move { tx.schedules().replace(id, schedules).await }))
            .await
            .unwrap();
    };
    let all = world.store.unscoped(Unscoped::Schedules).schedules();
    assert_eq!(all.next().await.unwrap(), None);
    replace(vec![hourly(0, 0)]).await;
    assert_eq!(all.next().await.unwrap(), Some(first));
    assert_eq!(all.due(first - TimeDelta::seconds(1), 9).await.unwrap(), []);
    let due = all.due(first, 9).await.unwrap().remove(0);
    let workflows = world.store.unscoped(Unscoped::Starts).workflows();
    assert_eq!(workflows.find(id).await.unwrap().map(|workflow| workflow.id), Some(id));

    let (other, elsewhere) = (world.another().await, world.organization("Other").await);
    let next = first + TimeDelta::hours(1);
    let take = async |store: &Store, scope| {
        let due = due.clone();
        let rows = store.scoped(scope);
        rows.write(move |tx| Box::pin(async move { tx.schedules().take(&due, next).await })).await.unwrap()
    };
    assert!(!take(&world.store, elsewhere).await, "another tenant took it");
    assert!(take(&world.store, ada.scope).await);
    assert!(!take(&other, ada.scope).await, "two took one moment");
    let told = due.id;
    let rows = world.store.scoped(ada.scope);
    rows.write(move |tx| Box::pin(async move { tx.schedules().tell(told, Err(("code", "why"))).await }))
        .await
        .unwrap();

    // One that is unchanged stays as it is, wherever it stands now; a second one like it is new.
    replace(vec![hourly(2, 5), hourly(3, 6)]).await;
    let kept = world.store.visible_to(&ada).schedules().of(id).await.unwrap();
    let [kept, new] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!((kept.id, kept.position, kept.next_at, kept.last_at), (due.id, 2, next, Some(first)));
    assert_eq!(kept.last_error.as_ref().map(|error| error.code.as_str()), Some("code"));
    assert_eq!((new.position, new.next_at, new.last_at), (3, first + TimeDelta::hours(6), None));
    let rows = world.store.scoped(ada.scope);
    rows.write(move |tx| Box::pin(async move { tx.workflows().delete(id).await })).await.unwrap();
    assert_eq!(all.next().await.unwrap(), None);
    other.close().await;
}

async fn an_event_finds_who_waits_where_it_is_told(world: World) {
    let (ada, grace) = people(&world).await;
    let elsewhere = world.organization("Other").await;
    let stranger = world.member("stranger@example.com", elsewhere, OrganizationRole::Owner).await;
    let shared = |name| WorkflowSpec { visibility: Visibility::Public, ..named(name) };
    let own = create(&world, ada.scope, Some(&ada), named("own")).await.unwrap().id;
    let ours = create(&world, ada.scope, Some(&ada), shared("ours")).await.unwrap().id;
    let theirs = create(&world, elsewhere, Some(&stranger), shared("theirs")).await.unwrap().id;
    let wait = async |scope, id, names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let rows = world.store.scoped(scope);
        rows.write(move |tx| Box::pin(async move { tx.told_events().replace(id, names).await }))
            .await
            .unwrap();
    };
    wait(ada.scope, own, &["paid", "sent"]).await;
    wait(ada.scope, ours, &["paid"]).await;
    wait(elsewhere, theirs, &["paid"]).await;
    let found = async |caller: &Caller, name: &str, limit| -> Vec<WorkflowId> {
        let rows = world.store.visible_to(caller).workflows().started_by(name, limit).await.unwrap();
        rows.into_iter().map(|workflow| workflow.id).collect()
    };
    assert_eq!(found(&ada, "paid", 9).await, [own, ours]);
    assert_eq!(found(&ada, "paid", 1).await, [own]);
    assert_eq!(found(&ada, "sent", 9).await, [own]);
    assert_eq!(found(&ada, "Paid", 9).await, []);
    assert_eq!(found(&grace, "paid", 9).await, [ours], "what is somebody's own is nobody else's to start");
    assert_eq!(found(&stranger, "paid", 9).await, [theirs]);
    let mut other_stage = ada.clone();
    other_stage.scope.environment_id = EnvironmentId::generate(&*world.clock);
    assert_eq!(found(&other_stage, "paid", 9).await, []);

    // Another tenant takes nothing away; a new list is the whole list; what is deleted waits for nothing.
    wait(elsewhere, ours, &[]).await;
    assert_eq!(found(&ada, "paid", 9).await, [own, ours]);
    wait(ada.scope, own, &["sent"]).await;
    assert_eq!(found(&ada, "paid", 9).await, [ours]);
    let rows = world.store.scoped(ada.scope);
    rows.write(move |tx| Box::pin(async move { tx.workflows().delete(ours).await })).await.unwrap();
    assert_eq!(found(&ada, "paid", 9).await, []);
}

async fn an_event_is_remembered_by_its_id(world: World) {
    let (ada, _) = people(&world).await;
    let elsewhere = world.organization("Other").await;
    let event = ToldEvent {
        event_id: "evt".to_owned(),
        name: "paid".to_owned(),
        body_hash: "hash".to_owned(),
        starts: Vec::new(),
        expires_at: world.clock.now() + TimeDelta::hours(24),
    };
    let claim = async |scope| {
        let (rows, event) = (world.store.scoped(scope), event.clone());
        rows.write(move |tx| Box::pin(async move { tx.told_events().claim(&event).await })).await.unwrap()
    };
    assert_eq!(claim(ada.scope).await, None);
    let start = EventStart { workflow_id: WorkflowId::generate(&*world.clock), run_id: None, error: None };
    let (rows, starts) = (world.store.scoped(ada.scope), vec![start]);
    let kept = starts.clone();
    rows.write(move |tx| Box::pin(async move { tx.told_events().keep("evt", &kept).await })).await.unwrap();
    let known = Some(ToldEvent { starts, ..event.clone() });
    assert_eq!(claim(ada.scope).await, known);
    assert_eq!(world.store.visible_to(&ada).told_events().find("evt").await.unwrap(), known);
    assert_eq!(claim(elsewhere).await, None, "another tenant's ids are its own");

    world.clock.advance(TimeDelta::hours(24));
    assert_eq!(world.store.visible_to(&ada).told_events().find("evt").await.unwrap(), None);
    assert_eq!(claim(ada.scope).await, None, "it is forgotten");
}
