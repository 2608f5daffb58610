//! Secrets in their envelopes and the provider keys that point at them.

use conductor_domain::{
    ApiKeyId, KeyCensus, NewApiKey, NewSecret, OrganizationRole, PageRequest, RotationStatus, Scope, Secret,
    SecretId, UserId, WrappedKey,
};
use conductor_storage::{Error, Unscoped};
use serde_json::json;

use crate::support::{World, caller};

suite! {
    a_secret_is_found_by_its_own_tenant,
    a_secret_is_replaced_version_by_version,
    a_secret_moves_under_another_key_unless_it_changed,
    a_deleted_organisation_leaves_no_key,
    a_rotation_knows_what_is_left_to_do,
    a_deleted_secret_leaves_no_ciphertext,
    a_person_sees_its_own_keys,
}

fn secret(world: &World, reference: &str) -> NewSecret {
    NewSecret {
        id: SecretId::generate(&*world.clock),
        reference: reference.to_owned(),
        version: 1,
        ciphertext: vec![1, 2, 3, 0, 255],
        key_id: "k1".to_owned(),
        kind: "api_key".to_owned(),
        created_by: None,
        expires_at: None,
    }
}

fn key(scope: Scope, name: &str) -> WrappedKey {
    WrappedKey {
        key_id: format!("{name}{}", scope.organization_id),
        organization_id: scope.organization_id,
        wrapped: b"wrapped-bytes-of-a-key".to_vec(),
        master_key_id: "m1".to_owned(),
        created_at: chrono::DateTime::UNIX_EPOCH,
        retired_at: None,
    }
}

/// An organisation with a key `k1`.
async fn keyed(world: &World, name: &str) -> Scope {
    let scope = world.organization(name).await;
    replace_key(world, scope, None, "k1").await.unwrap();
    scope
}

async fn replace_key(world: &World, scope: Scope, old: Option<&str>, new: &str) -> Result<(), Error> {
    let (old, new) = (old.map(|old| key(scope, old).key_id), key(scope, new));
    let rows = world.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.tenant_keys().replace(old.as_deref(), new).await })).await
}

async fn forget(world: &World, scope: Scope, name: &str) -> bool {
    let name = key(scope, name).key_id;
    let rows = world.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.tenant_keys().forget(&name).await })).await.unwrap()
}

async fn store(world: &World, scope: Scope, mut new: NewSecret) -> Result<(), Error> {
    new.key_id = format!("{}{}", new.key_id, scope.organization_id);
    let rows = world.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.secrets().create(new).await.map(drop) })).await
}

async fn a_secret_is_found_by_its_own_tenant(world: World) {
    let (mine, theirs) = (keyed(&world, "Mine").await, keyed(&world, "Theirs").await);
    store(&world, mine, secret(&world, "api_key:1")).await.unwrap();
    let found = world.store.scoped(mine).secrets().find("api_key:1").await.unwrap().unwrap();
    assert_eq!((found.ciphertext.as_slice(), found.scope), (&[1, 2, 3, 0, 255][..], mine));
    assert!(!format!("{found:?}").contains("255"), "no ciphertext in logs: {found:?}");
    assert_eq!(world.store.scoped(theirs).secrets().find("api_key:1").await.unwrap(), None);
    let twin = store(&world, mine, secret(&world, "api_key:1")).await;
    assert!(matches!(twin, Err(Error::NameTaken { .. })), "{twin:?}");
    store(&world, theirs, secret(&world, "api_key:1")).await.unwrap();
    assert_ne!(world.store.scoped(theirs).secrets().find("api_key:1").await.unwrap().unwrap().id, found.id);
}

async fn a_secret_is_replaced_version_by_version(world: World) {
    let scope = keyed(&world, "Mine").await;
    store(&world, scope, secret(&world, "x")).await.unwrap();
    let name = key(scope, "k1").key_id;
    let replace = |version: i32, bytes: &'static [u8]| {
        let name = name.clone();
        world.store.scoped(scope).write(move |tx| {
            Box::pin(async move { tx.secrets().replace("x", version, bytes.to_vec(), name).await })
        })
    };
    assert_eq!(replace(2, b"new value").await.unwrap().version, 2);
    assert!(matches!(replace(1, b"old value").await, Err(Error::Stale)), "an old version is not put back");
    assert!(matches!(replace(4, b"skipped").await, Err(Error::Stale)));
    assert_eq!(
        world.store.scoped(scope).secrets().find("x").await.unwrap().unwrap().ciphertext,
        b"new value"
    );
}

async fn a_secret_moves_under_another_key_unless_it_changed(world: World) {
    let scope = keyed(&world, "Mine").await;
    store(&world, scope, secret(&world, "x")).await.unwrap();
    let seen = world.store.scoped(scope).secrets().find("x").await.unwrap().unwrap();
    assert!(
        matches!(replace_key(&world, scope, Some("k0"), "k2").await, Err(Error::Stale)),
        "not the current one"
    );
    assert!(
        matches!(replace_key(&world, scope, None, "k2").await, Err(Error::NameTaken { .. })),
        "one is enough"
    );
    replace_key(&world, scope, Some("k1"), "k2").await.unwrap();
    assert!(!forget(&world, scope, "k1").await, "something is under it");
    let rewrap = |seen: Secret, name: &str| {
        let name = key(scope, name).key_id;
        world.store.scoped(scope).write(move |tx| {
            Box::pin(async move { tx.secrets().rewrap(&seen, b"moved".to_vec(), &name).await })
        })
    };
    let hold = |name: &str| {
        let name = key(scope, name).key_id;
        let rows = world.store.scoped(scope);
        rows.write(move |tx| Box::pin(async move { tx.tenant_keys().hold(&name).await }))
    };
    hold("k2").await.unwrap();
    assert!(matches!(hold("k9").await, Err(Error::Stale)), "a key that is gone");
    assert!(rewrap(seen.clone(), "k2").await.unwrap());
    assert!(!rewrap(seen.clone(), "k2").await.unwrap(), "it is not as it was seen any more");
    let moved = world.store.scoped(scope).secrets().find("x").await.unwrap().unwrap();
    assert_eq!((moved.ciphertext.as_slice(), moved.version), (&b"moved"[..], seen.version));
    assert!(forget(&world, scope, "k1").await && forget(&world, scope, "k1").await);
    forget(&world, scope, "k2").await;
    let active = world.store.scoped(scope).tenant_keys().active().await.unwrap();
    assert_eq!(active.unwrap().key_id, key(scope, "k2").key_id, "the current one is not forgotten");
    let late = store(&world, scope, secret(&world, "late")).await;
    assert!(matches!(late, Err(Error::Stale)), "sealed under a key that is forgotten: {late:?}");
}

async fn a_deleted_organisation_leaves_no_key(world: World) {
    let (mine, theirs) = (keyed(&world, "Mine").await, keyed(&world, "Theirs").await);
    replace_key(&world, mine, Some("k1"), "k2").await.unwrap();
    let rows = world.store.scoped(mine);
    rows.write(|tx| Box::pin(async move { tx.organization().delete().await })).await.unwrap();
    for name in ["k1", "k2"] {
        let name = key(mine, name).key_id;
        assert_eq!(world.store.scoped(mine).tenant_keys().find(&name).await.unwrap(), None);
    }
    assert!(world.store.scoped(theirs).tenant_keys().active().await.unwrap().is_some());
}

async fn a_rotation_knows_what_is_left_to_do(world: World) {
    let (mine, theirs) = (keyed(&world, "Mine").await, keyed(&world, "Theirs").await);
    store(&world, mine, secret(&world, "x")).await.unwrap();
    let rows = || world.store.unscoped(Unscoped::KeyRotation);
    world.tick();
    let begin = || rows().write(|tx| Box::pin(async move { tx.key_rotations().begin("m1", None).await }));
    let rotation = begin().await.unwrap();
    assert!(matches!(begin().await, Err(Error::NameTaken { .. })), "one at a time");
    let since = rotation.started_at;
    let next = || async move { rows().key_rotations().next_tenant("m1", since).await.unwrap() };
    let census = || async move { rows().key_rotations().census("m1", since).await.unwrap() };
    assert_eq!(
        census().await,
        KeyCensus { secrets: 1, secrets_current: 0, keys: 2, keys_current: 0, keys_retired: 0 }
    );
    for _ in 0..2 {
        let (tenant, current) = next().await.unwrap();
        assert!(current.is_some());
        let scope = if tenant == mine.organization_id { mine } else { theirs };
        replace_key(&world, scope, Some("k1"), "k2").await.unwrap();
    }
    assert_eq!(next().await, None);
    assert_eq!(
        rows().key_rotations().next_tenant("m2", since).await.unwrap().unwrap().1.unwrap().master_key_id,
        "m1"
    );
    let stale = rows().key_rotations().stale_secrets(None, 10).await.unwrap();
    assert_eq!(stale.len(), 1);
    assert!(rows().key_rotations().stale_secrets(Some(stale[0].id), 10).await.unwrap().is_empty());
    assert_eq!(rows().key_rotations().retired().await.unwrap().len(), 2);
    assert_eq!(census().await.keys_current, 2);
    let end = || {
        rows().write(move |tx| {
            Box::pin(async move { tx.key_rotations().end(rotation.id, RotationStatus::Finished, 3).await })
        })
    };
    assert!(end().await.unwrap() && !end().await.unwrap());
    assert_eq!(rows().key_rotations().running().await.unwrap(), None);
    let last = rows().key_rotations().latest().await.unwrap().unwrap();
    assert_eq!((last.failed, last.status), (3, RotationStatus::Finished));
}

async fn a_deleted_secret_leaves_no_ciphertext(world: World) {
    let scope = keyed(&world, "Mine").await;
    store(&world, scope, secret(&world, "x")).await.unwrap();
    let delete =
        || world.store.scoped(scope).write(|tx| Box::pin(async move { tx.secrets().delete("x").await }));
    assert!(delete().await.unwrap());
    assert!(!delete().await.unwrap());
    assert_eq!(world.store.scoped(scope).secrets().find("x").await.unwrap(), None);
    store(&world, scope, secret(&world, "x")).await.unwrap();
}

async fn a_person_sees_its_own_keys(world: World) {
    let scope = world.organization("Mine").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Member).await;
    let grace = world.member("grace@example.com", scope, OrganizationRole::Admin).await;
    let create = |user: UserId, name: &str| {
        let id = ApiKeyId::generate(&*world.clock);
        let new = NewApiKey {
            id,
            user_id: user,
            name: name.to_owned(),
            provider: "openai".to_owned(),
            key_hash: "hash".to_owned(),
            last_four: "abcd".to_owned(),
            secret_ref: format!("api_key:{id}"),
            base_url: None,
            models: json!(["gpt-4o"]),
        };
        world.store.scoped(scope).write(move |tx| Box::pin(async move { tx.api_keys().create(new).await }))
    };
    let (ada_id, grace_id) = (ada.user_id().unwrap(), grace.user_id().unwrap());
    let key = create(ada_id, "work").await.unwrap();
    assert!(matches!(create(ada_id, "work").await, Err(Error::NameTaken { .. })));
    create(grace_id, "work").await.unwrap();

    let seen = world.store.visible_to(&ada).api_keys().page(PageRequest::default()).await.unwrap().items;
    assert_eq!(seen, std::slice::from_ref(&key));
    let other = world.organization("Other").await;
    let elsewhere = caller(ada_id, other, OrganizationRole::Member);
    assert!(
        world
            .store
            .visible_to(&elsewhere)
            .api_keys()
            .page(PageRequest::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
    assert_eq!(
        world.store.scoped(scope).api_keys().of_user(ada_id).await.unwrap(),
        std::slice::from_ref(&key)
    );

    let delete = |user: UserId| {
        let id = key.id;
        world
            .store
            .scoped(scope)
            .write(move |tx| Box::pin(async move { tx.api_keys().delete(user, id).await }))
    };
    assert!(matches!(delete(grace_id).await, Err(Error::NotFound)), "somebody else's key");
    assert_eq!(delete(ada_id).await.unwrap().secret_ref, key.secret_ref);
    assert!(matches!(delete(ada_id).await, Err(Error::NotFound)));
    assert!(world.store.scoped(scope).api_keys().of_user(ada_id).await.unwrap().is_empty());
    create(ada_id, "work").await.unwrap();
}
