//! Secrets in their envelopes and the provider keys that point at them.

use conductor_domain::{
    ApiKeyId, NewApiKey, NewSecret, OrganizationRole, PageRequest, Scope, SecretId, UserId,
};
use conductor_storage::Error;
use serde_json::json;

use crate::support::{World, caller};

suite! {
    a_secret_is_found_by_its_own_tenant,
    a_secret_is_replaced_version_by_version,
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

async fn store(world: &World, scope: Scope, new: NewSecret) -> Result<(), Error> {
    let rows = world.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.secrets().create(new).await.map(drop) })).await
}

async fn a_secret_is_found_by_its_own_tenant(world: World) {
    let (mine, theirs) = (world.organization("Mine").await, world.organization("Theirs").await);
    store(&world, mine, secret(&world, "api_key:1")).await.unwrap();
    let found = world.store.scoped(mine).secrets().find("api_key:1").await.unwrap().unwrap();
    assert_eq!((found.ciphertext.as_slice(), found.scope), (&[1, 2, 3, 0, 255][..], mine));
    assert!(!format!("{found:?}").contains("255"), "no ciphertext in logs: {found:?}");
    assert_eq!(world.store.scoped(theirs).secrets().find("api_key:1").await.unwrap(), None);
    let twin = store(&world, mine, secret(&world, "api_key:1")).await;
    assert!(matches!(twin, Err(Error::NameTaken { .. })), "{twin:?}");
    store(&world, theirs, secret(&world, "api_key:1")).await.unwrap();
    assert_eq!(world.store.scoped(mine).secrets().all().await.unwrap().len(), 1);
}

async fn a_secret_is_replaced_version_by_version(world: World) {
    let scope = world.organization("Mine").await;
    store(&world, scope, secret(&world, "x")).await.unwrap();
    let replace = |version: i32, bytes: &'static [u8]| {
        world.store.scoped(scope).write(move |tx| {
            Box::pin(async move { tx.secrets().replace("x", version, bytes.to_vec(), "k2".to_owned()).await })
        })
    };
    assert_eq!(replace(1, b"rewrapped").await.unwrap().key_id, "k2");
    assert_eq!(replace(2, b"new value").await.unwrap().version, 2);
    assert!(matches!(replace(1, b"old value").await, Err(Error::Stale)), "an old version is not put back");
    assert!(matches!(replace(4, b"skipped").await, Err(Error::Stale)));
    assert_eq!(
        world.store.scoped(scope).secrets().find("x").await.unwrap().unwrap().ciphertext,
        b"new value"
    );
}

async fn a_deleted_secret_leaves_no_ciphertext(world: World) {
    let scope = world.organization("Mine").await;
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
