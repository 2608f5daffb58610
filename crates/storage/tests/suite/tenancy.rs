//! Organisations, environments, memberships, roles.

use conductor_domain::{
    EnvironmentId, EnvironmentType, NewRole, OrganizationChange, OrganizationId, OrganizationRole,
    PageRequest, RoleScope, Scope,
};
use conductor_storage::{Error, Unscoped};

use crate::support::{World, caller, environment, organization};

suite! {
    names_and_slugs_are_unique_in_any_case,
    members_see_their_organisations_only,
    a_tenant_changes_itself_only,
    a_deleted_organisation_frees_its_name,
    environments_belong_to_one_organisation,
    memberships_come_and_go,
    an_owner_remains,
    a_person_has_organisations,
    roles_are_put_in_place,
}

async fn found(world: &World, id: OrganizationId, name: &str) -> Result<(), Error> {
    let new = organization(id, name);
    let rows = world.store.unscoped(Unscoped::Membership);
    rows.write(move |tx| Box::pin(async move { tx.organizations().create(new).await.map(drop) })).await
}

async fn names_and_slugs_are_unique_in_any_case(world: World) {
    world.organization("Acme Labs").await;
    let rows = world.store.unscoped(Unscoped::Membership).organizations();
    assert!(rows.name_taken("ACME labs").await.unwrap());
    assert!(rows.slug_taken("Acme-Labs").await.unwrap());
    assert!(!rows.name_taken("Acme").await.unwrap());
    let twin = found(&world, OrganizationId::generate(&*world.clock), "acme LABS").await;
    assert!(matches!(twin, Err(Error::NameTaken { .. })), "{twin:?}");
    let platform = found(&world, OrganizationId::generate(&*world.clock), "platform").await;
    assert!(matches!(platform, Err(Error::NameTaken { .. })), "{platform:?}");
}

async fn members_see_their_organisations_only(world: World) {
    let (mine, theirs) = (world.organization("Mine").await, world.organization("Theirs").await);
    let ada = world.member("ada@example.com", mine, OrganizationRole::Member).await;
    let rows = world.store.visible_to(&ada).organizations();
    assert_eq!(rows.find(mine.organization_id).await.unwrap().unwrap().name, "Mine");
    assert_eq!(rows.find(theirs.organization_id).await.unwrap(), None);
    assert_eq!(rows.find(OrganizationId::NIL).await.unwrap(), None);
    let page = rows.page(PageRequest::default()).await.unwrap();
    assert_eq!(
        page.items.iter().map(|organization| organization.id).collect::<Vec<_>>(),
        [mine.organization_id]
    );
}

async fn a_tenant_changes_itself_only(world: World) {
    let (mine, _) = (world.organization("Mine").await, world.organization("Theirs").await);
    let change = |change: OrganizationChange| {
        let rows = world.store.scoped(mine);
        async move { rows.write(move |tx| Box::pin(async move { tx.organization().update(change).await })).await }
    };
    let named = OrganizationChange {
        name: Some("Ours".to_owned()),
        website: Some(Some("https://example.com".to_owned())),
        ..Default::default()
    };
    let changed = change(named).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.slug.as_str()), ("Ours", "mine"));
    assert_eq!(changed.website.as_deref(), Some("https://example.com"));
    let cleared = change(OrganizationChange { website: Some(None), ..Default::default() }).await.unwrap();
    assert_eq!(cleared.website, None);
    let taken = change(OrganizationChange { name: Some("theirs".to_owned()), ..Default::default() }).await;
    assert!(matches!(taken, Err(Error::NameTaken { .. })), "{taken:?}");
}

async fn a_deleted_organisation_frees_its_name(world: World) {
    let scope = world.organization("Acme").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Owner).await;
    let delete =
        || world.store.scoped(scope).write(|tx| Box::pin(async move { tx.organization().delete().await }));
    delete().await.unwrap();
    assert!(matches!(delete().await, Err(Error::NotFound)));
    assert_eq!(world.store.visible_to(&ada).organizations().find(scope.organization_id).await.unwrap(), None);
    assert!(
        world
            .store
            .visible_to(&ada)
            .memberships()
            .page(PageRequest::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
    let rows = world.store.unscoped(Unscoped::Membership);
    assert!(rows.organizations().of_user(ada.user_id().unwrap()).await.unwrap().is_empty());
    assert!(rows.environments().of(&[scope.organization_id]).await.unwrap().is_empty());
    world.organization("Acme").await;
}

async fn environments_belong_to_one_organisation(world: World) {
    let (mine, theirs) = (world.organization("Mine").await, world.organization("Theirs").await);
    let ada = world.member("ada@example.com", mine, OrganizationRole::Admin).await;
    let stage = EnvironmentId::generate(&*world.clock);
    let create = |name: &'static str| {
        let new = environment(
            Scope { environment_id: EnvironmentId::generate(&*world.clock), ..theirs },
            name,
            false,
        );
        world.store.scoped(mine).write(move |tx| Box::pin(async move { tx.environments().create(new).await }))
    };
    let made = create("Staging").await.unwrap();
    assert_eq!(made.organization_id, mine.organization_id, "whatever the row says");
    assert!(matches!(create("staging").await, Err(Error::NameTaken { .. })));

    let update = |scope: Scope, id: EnvironmentId| {
        world.store.scoped(scope).write(move |tx| {
            Box::pin(async move { tx.environments().update(id, None, Some(EnvironmentType::Dev)).await })
        })
    };
    assert_eq!(update(mine, made.id).await.unwrap().environment_type, EnvironmentType::Dev);
    assert!(matches!(update(theirs, made.id).await, Err(Error::NotFound)), "a foreign row");
    assert!(matches!(update(mine, stage).await, Err(Error::NotFound)));

    let rows = world.store.visible_to(&ada).environments();
    assert_eq!(rows.page(PageRequest::default()).await.unwrap().items.len(), 2);
    assert_eq!(rows.find(theirs.environment_id).await.unwrap(), None);
    let id = made.id;
    let delete =
        world.store.scoped(mine).write(move |tx| Box::pin(async move { tx.environments().delete(id).await }));
    delete.await.unwrap();
    assert_eq!(rows.find(made.id).await.unwrap(), None);
    create("Staging").await.unwrap();
}

async fn memberships_come_and_go(world: World) {
    let (mine, theirs) = (world.organization("Mine").await, world.organization("Theirs").await);
    let ada = world.member("ada@example.com", mine, OrganizationRole::Owner).await;
    let grace = world.member("grace@example.com", theirs, OrganizationRole::Owner).await.user_id().unwrap();
    let listed = async || {
        let page = world.store.visible_to(&ada).memberships().page(PageRequest::default()).await.unwrap();
        page.items.into_iter().map(|member| (member.email, member.membership.role)).collect::<Vec<_>>()
    };
    assert_eq!(listed().await, [("ada@example.com".to_owned(), OrganizationRole::Owner)]);
    world.join(grace, mine, OrganizationRole::Viewer).await.unwrap();
    let twice = world.join(grace, mine, OrganizationRole::Viewer).await;
    assert!(matches!(twice, Err(Error::NameTaken { .. })), "{twice:?}");
    assert_eq!(listed().await.len(), 2);
    let change = |role, active| {
        world
            .store
            .scoped(mine)
            .write(move |tx| Box::pin(async move { tx.memberships().update(grace, role, active).await }))
    };
    let changed = change(Some(OrganizationRole::Admin), Some(false)).await.unwrap();
    assert_eq!((changed.role, changed.is_active), (OrganizationRole::Admin, false));
    let leave = || {
        world
            .store
            .scoped(mine)
            .write(move |tx| Box::pin(async move { tx.memberships().delete(grace).await }))
    };
    leave().await.unwrap();
    assert!(matches!(leave().await, Err(Error::NotFound)));
    assert!(matches!(change(None, None).await, Err(Error::NotFound)));
    world.join(grace, mine, OrganizationRole::Member).await.unwrap();
}

async fn an_owner_remains(world: World) {
    let scope = world.organization("Mine").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Owner).await.user_id().unwrap();
    let grace = world.member("grace@example.com", scope, OrganizationRole::Admin).await.user_id().unwrap();
    let another = || {
        world
            .store
            .scoped(scope)
            .write(move |tx| Box::pin(async move { tx.memberships().another_owner(ada).await }))
    };
    assert!(!another().await.unwrap());
    let promote = world.store.scoped(scope).write(move |tx| {
        Box::pin(async move { tx.memberships().update(grace, Some(OrganizationRole::Owner), None).await })
    });
    promote.await.unwrap();
    assert!(another().await.unwrap());
}

async fn a_person_has_organisations(world: World) {
    let (one, two) = (world.organization("One").await, world.organization("Two").await);
    let ada = world.member("ada@example.com", one, OrganizationRole::Owner).await.user_id().unwrap();
    world.join(ada, two, OrganizationRole::Viewer).await.unwrap();
    let rows = world.store.unscoped(Unscoped::SignIn);
    let mine = rows.organizations().of_user(ada).await.unwrap();
    let mine: Vec<_> = mine.into_iter().map(|(organization, role)| (organization.name, role)).collect();
    assert_eq!(
        mine,
        [("One".to_owned(), OrganizationRole::Owner), ("Two".to_owned(), OrganizationRole::Viewer)]
    );
    let off = world
        .store
        .scoped(two)
        .write(move |tx| Box::pin(async move { tx.memberships().update(ada, None, Some(false)).await }));
    off.await.unwrap();
    assert_eq!(
        rows.organizations().of_user(ada).await.unwrap().len(),
        1,
        "a membership that is off does not count"
    );
    assert_eq!(rows.organizations().first_team().await.unwrap().unwrap().name, "One");
}

async fn roles_are_put_in_place(world: World) {
    let (mine, theirs) = (world.organization("Mine").await, world.organization("Theirs").await);
    let put = |name: &str, organization_id: OrganizationId, permissions: &[&str]| {
        world.tick();
        let role = NewRole {
            name: name.to_owned(),
            description: "A role.".to_owned(),
            scope: RoleScope::Organization,
            organization_id,
            permissions: permissions.iter().map(|word| (*word).to_owned()).collect(),
            can_create_agents: false,
            can_share_agents: false,
            can_access_restricted_data: false,
            max_api_calls_per_day: Some(10),
            is_builtin: organization_id == OrganizationId::NIL,
        };
        let rows = world.store.unscoped(Unscoped::Setup);
        async move { rows.write(move |tx| Box::pin(async move { tx.roles().put(role).await })).await.unwrap() }
    };
    let first = put("member", OrganizationId::NIL, &["agent.read"]).await;
    let again = put("member", OrganizationId::NIL, &["agent.read", "run.*"]).await;
    assert_eq!((first.id, first.created_at), (again.id, again.created_at));
    assert_eq!(again.permissions, ["agent.read", "run.*"]);
    let own = put("auditor", mine.organization_id, &["audit.read"]).await;
    put("secret", theirs.organization_id, &[]).await;

    let ada = caller(world.user("ada@example.com").await.id, mine, OrganizationRole::Viewer);
    let seen = world.store.visible_to(&ada).roles().page(PageRequest::default()).await.unwrap();
    assert_eq!(seen.items.iter().map(|role| role.id).collect::<Vec<_>>(), [own.id, again.id]);
    // What one organisation says of a built-in role is its own, is no role beside it, and outlasts the next start.
    let tenant = world.store.scoped(mine);
    let limited = tenant.write(move |tx| Box::pin(async move { tx.roles().limit(again.id, Some(3)).await }));
    assert_eq!(limited.await.unwrap().max_api_calls_per_day, Some(3));
    put("member", OrganizationId::NIL, &["agent.read", "run.*"]).await;
    let seen = world.store.visible_to(&ada).roles().page(PageRequest::default()).await.unwrap();
    let limits = |seen: &[conductor_domain::Role]| -> Vec<_> {
        seen.iter().map(|role| (role.id, role.max_api_calls_per_day)).collect()
    };
    assert_eq!(limits(&seen.items), [(own.id, Some(10)), (again.id, Some(3))]);
    let theirs_now = world.store.unscoped(Unscoped::DecisionPoint).roles();
    let theirs_now = theirs_now.of(theirs.organization_id).await.unwrap();
    assert_eq!(limits(&theirs_now)[0], (again.id, Some(10)));
    for most in [Some(5), None] {
        let changed = tenant.write(move |tx| Box::pin(async move { tx.roles().limit(again.id, most).await }));
        assert_eq!(changed.await.unwrap().max_api_calls_per_day, most);
    }
    let foreign = world.store.scoped(theirs);
    let foreign = foreign.write(move |tx| Box::pin(async move { tx.roles().limit(own.id, Some(1)).await }));
    assert!(matches!(foreign.await, Err(Error::NotFound)));

    let rows = world.store.unscoped(Unscoped::DecisionPoint).roles();
    assert_eq!(rows.of(theirs.organization_id).await.unwrap().len(), 2);
}
