//! Uploaded files: one person's.

use conductor_domain::{Caller, Classification, File, FileId, NewFile, OrganizationRole, PageRequest};
use conductor_storage::Error;

use crate::support::World;

suite! {
    a_file_is_its_owners,
    files_are_paged_newest_first,
    a_deleted_file_is_gone,
}

async fn upload(world: &World, caller: &Caller, name: &str) -> File {
    world.clock.advance(chrono::Duration::milliseconds(1));
    let new = NewFile {
        id: FileId::generate(&*world.clock),
        user_id: caller.user_id().unwrap(),
        name: name.to_owned(),
        mime_type: "image/png".to_owned(),
        size_bytes: 3_000_000_000,
        sha256: "00".repeat(32),
        data_classification: Classification::Internal,
    };
    let rows = world.store.scoped(caller.scope);
    rows.write(move |tx| Box::pin(async move { tx.files().create(new).await })).await.unwrap()
}

async fn people(world: &World) -> (Caller, Caller) {
    let scope = world.organization("Analytical").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Member).await;
    (ada, world.member("grace@example.com", scope, OrganizationRole::Owner).await)
}

async fn a_file_is_its_owners(world: World) {
    let (ada, grace) = people(&world).await;
    let (hers, other) = (upload(&world, &ada, "a.png").await, upload(&world, &grace, "b.png").await);
    let files = || world.store.visible_to(&ada).files();
    assert_eq!(files().find(hers.id).await.unwrap(), Some(hers.clone()));
    assert_eq!(files().find(other.id).await.unwrap(), None);
    assert_eq!(files().find_many(&[hers.id, other.id]).await.unwrap(), std::slice::from_ref(&hers));
    let mut elsewhere = ada.clone();
    elsewhere.scope = world.organization("Other").await;
    assert_eq!(world.store.visible_to(&elsewhere).files().find(hers.id).await.unwrap(), None);
    assert!(hers.is_image());
}

async fn files_are_paged_newest_first(world: World) {
    let (ada, _) = people(&world).await;
    for name in ["a", "b", "c"] {
        upload(&world, &ada, name).await;
    }
    let page = async |after| {
        world.store.visible_to(&ada).files().page(PageRequest { limit: 2, after }).await.unwrap()
    };
    let names = |items: &[File]| items.iter().map(|file| file.name.as_str()).collect::<String>();
    let first = page(None).await;
    assert_eq!(names(&first.items), "cb");
    let rest = page(first.next).await;
    assert_eq!((names(&rest.items).as_str(), rest.next), ("a", None));
}

async fn a_deleted_file_is_gone(world: World) {
    let (ada, _) = people(&world).await;
    let id = upload(&world, &ada, "a").await.id;
    let delete = async |scope| {
        let rows = world.store.scoped(scope);
        rows.write(move |tx| Box::pin(async move { tx.files().delete(id).await })).await
    };
    let other = world.organization("Other").await;
    assert!(matches!(delete(other).await, Err(Error::NotFound)));
    delete(ada.scope).await.unwrap();
    assert_eq!(world.store.visible_to(&ada).files().find(id).await.unwrap(), None);
    assert!(matches!(delete(ada.scope).await, Err(Error::NotFound)));
}
