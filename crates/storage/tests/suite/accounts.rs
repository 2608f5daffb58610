//! Accounts and the links that let people in.

use conductor_domain::{
    Clock, LinkPurpose, OneTimeLink, PageRequest, PlatformRole, Redacted, Scope, UserChange, UserId,
};
use conductor_storage::{Error, Unscoped};
use serde_json::json;

use crate::support::{World, new_user};

suite! {
    an_account_is_found_by_id_and_address,
    one_account_per_address,
    a_change_touches_what_it_names,
    accounts_are_paged,
    someone_stays_administrator,
    a_link_works_once,
    a_link_ends,
    a_newer_link_replaces_an_older_one,
}

async fn an_account_is_found_by_id_and_address(world: World) {
    let rows = world.store.unscoped(Unscoped::SignIn);
    assert!(!rows.users().any().await.unwrap());
    let user = world.user("ada@example.com").await;
    assert!(rows.users().any().await.unwrap());
    assert_eq!(rows.users().find(user.id).await.unwrap().as_ref(), Some(&user));
    let (found, hash) = rows.users().find_for_sign_in("ada@example.com").await.unwrap().unwrap();
    assert_eq!((found, hash.unwrap().expose().as_str()), (user.clone(), "$argon2id$stored"));
    assert_eq!(rows.users().password_hash(user.id).await.unwrap().unwrap().expose(), "$argon2id$stored");
    assert_eq!(rows.users().find_by_email("grace@example.com").await.unwrap(), None);
    assert_eq!(rows.users().find(UserId::generate(&*world.clock)).await.unwrap(), None);
}

async fn one_account_per_address(world: World) {
    world.user("ada@example.com").await;
    let twin = new_user(&*world.clock, "ADA@example.com");
    let rows = world.store.unscoped(Unscoped::SignIn);
    let twin = rows.write(move |tx| Box::pin(async move { tx.users().create(twin).await })).await;
    assert!(matches!(twin, Err(Error::NameTaken { .. })), "{twin:?}");
}

async fn a_change_touches_what_it_names(world: World) {
    let user = world.user("ada@example.com").await;
    world.clock.advance(chrono::Duration::seconds(5));
    let change = |change: UserChange| {
        let (id, rows) = (user.id, world.store.unscoped(Unscoped::SignIn));
        async move {
            rows.write(move |tx| Box::pin(async move { tx.users().update(id, change).await })).await.unwrap()
        }
    };
    let changed = change(UserChange {
        name: Some("Ada Lovelace".to_owned()),
        custom_instructions: Some(Some("Be brief.".to_owned())),
        preferences: Some(json!({ "theme": "dark" })),
        active: Some(Some(Scope::PLATFORM)),
        password_hash: Some(Redacted::new("$argon2id$other".to_owned())),
        signed_in: true,
        bump_token_version: true,
        ..Default::default()
    })
    .await;
    assert_eq!((changed.name.as_str(), changed.token_version), ("Ada Lovelace", 2));
    assert_eq!((changed.last_login, changed.updated_at), (Some(world.clock.now()), world.clock.now()));
    assert_eq!(changed.active, Some(Scope::PLATFORM));
    assert_eq!(changed.preferences, json!({ "theme": "dark" }));
    assert_eq!((changed.email, changed.created_at), (user.email.clone(), user.created_at));

    let changed =
        change(UserChange { custom_instructions: Some(None), active: Some(None), ..Default::default() })
            .await;
    assert_eq!((changed.custom_instructions, changed.active, changed.token_version), (None, None, 2));
    assert_eq!(changed.name, "Ada Lovelace");

    let nobody = UserId::generate(&*world.clock);
    let rows = world.store.unscoped(Unscoped::SignIn);
    let missing = rows
        .write(move |tx| Box::pin(async move { tx.users().update(nobody, UserChange::default()).await }))
        .await;
    assert!(matches!(missing, Err(Error::NotFound)));
}

async fn accounts_are_paged(world: World) {
    for name in ["a", "b", "c"] {
        world.user(&format!("{name}@example.com")).await;
    }
    let rows = world.store.unscoped(Unscoped::Administration);
    let first = rows.users().page(PageRequest { limit: 2, after: None }).await.unwrap();
    assert_eq!((first.items.len(), first.next.is_some()), (2, true));
    let rest = rows.users().page(PageRequest { limit: 2, after: first.next }).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
    let mut all: Vec<_> = first.items.iter().chain(&rest.items).map(|user| user.id).collect();
    assert!(all.windows(2).all(|pair| pair[0] > pair[1]), "newest first: {all:?}");
    all.dedup();
    assert_eq!(all.len(), 3);
    let bad = rows.users().page(PageRequest { limit: 2, after: Some("x".to_owned()) }).await;
    assert!(matches!(bad, Err(Error::BadCursor)));
}

async fn someone_stays_administrator(world: World) {
    let (ada, grace) = (world.user("ada@example.com").await.id, world.user("grace@example.com").await.id);
    let rows = world.store.unscoped(Unscoped::Administration);
    let promote = move |id| {
        let change = UserChange { role: Some(PlatformRole::Admin), ..Default::default() };
        rows.write(move |tx| Box::pin(async move { tx.users().update(id, change).await }))
    };
    promote(ada).await.unwrap();
    let another =
        || rows.write(move |tx| Box::pin(async move { tx.users().another_administrator(ada).await }));
    assert!(!another().await.unwrap());
    promote(grace).await.unwrap();
    assert!(another().await.unwrap());
}

fn link(world: &World, token: &str, user: Option<UserId>) -> OneTimeLink {
    OneTimeLink {
        token_hash: token.to_owned(),
        purpose: LinkPurpose::Invite,
        user_id: user,
        organization_id: None,
        expires_at: world.clock.now() + chrono::Duration::hours(1),
    }
}

async fn write(world: &World, link: OneTimeLink) {
    let rows = world.store.unscoped(Unscoped::SignIn);
    rows.write(move |tx| Box::pin(async move { tx.links().replace(link).await })).await.unwrap();
}

async fn consume(world: &World, token: &'static str, purpose: LinkPurpose) -> Option<OneTimeLink> {
    let rows = world.store.unscoped(Unscoped::SignIn);
    rows.write(move |tx| Box::pin(async move { tx.links().consume(token, purpose).await })).await.unwrap()
}

async fn a_link_works_once(world: World) {
    let user = world.user("ada@example.com").await.id;
    let given = link(&world, "hash", Some(user));
    write(&world, given.clone()).await;
    let rows = world.store.unscoped(Unscoped::SignIn);
    let seen = rows.links().find("hash", LinkPurpose::Invite, world.clock.now()).await.unwrap();
    assert_eq!(seen.as_ref(), Some(&given));
    assert_eq!(consume(&world, "hash", LinkPurpose::Setup).await, None, "another purpose");
    assert_eq!(consume(&world, "other", LinkPurpose::Invite).await, None);
    assert_eq!(consume(&world, "hash", LinkPurpose::Invite).await, Some(given));
    assert_eq!(consume(&world, "hash", LinkPurpose::Invite).await, None);
    assert_eq!(rows.links().find("hash", LinkPurpose::Invite, world.clock.now()).await.unwrap(), None);
}

async fn a_link_ends(world: World) {
    write(&world, link(&world, "hash", None)).await;
    world.clock.advance(chrono::Duration::hours(1));
    assert_eq!(consume(&world, "hash", LinkPurpose::Invite).await, None);
}

async fn a_newer_link_replaces_an_older_one(world: World) {
    let (ada, grace) = (world.user("ada@example.com").await.id, world.user("grace@example.com").await.id);
    write(&world, link(&world, "old", Some(ada))).await;
    write(&world, link(&world, "hers", Some(grace))).await;
    write(&world, link(&world, "new", Some(ada))).await;
    assert_eq!(consume(&world, "old", LinkPurpose::Invite).await, None);
    assert!(consume(&world, "new", LinkPurpose::Invite).await.is_some());
    assert!(consume(&world, "hers", LinkPurpose::Invite).await.is_some());
}
