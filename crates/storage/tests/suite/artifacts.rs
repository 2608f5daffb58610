//! Artifacts: versions counted inside conversation and identifier.

use conductor_domain::{
    Artifact, ArtifactKind, Caller, ConversationId, MessageId, NewArtifact, OrganizationRole, PageRequest,
};
use conductor_storage::{Error, Inserted};

use crate::{
    conversations::{open, say},
    support::World,
};

suite! {
    versions_count_from_one,
    the_same_again_is_no_version,
    a_deleted_number_is_not_given_again,
    the_newest_of_each_is_listed,
    versions_are_paged_newest_first,
    artifacts_of_messages_go_with_them,
    of_many_writers_each_gets_its_number,
    nobody_else_reads_an_artifact,
}

async fn ada(world: &World) -> (Caller, ConversationId) {
    let scope = world.organization("Analytical").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Member).await;
    let conversation = open(world, &ada, "t").await.id;
    (ada, conversation)
}

fn page(conversation: ConversationId, identifier: &str, content: &str) -> NewArtifact {
    NewArtifact {
        id: None,
        conversation_id: conversation,
        message_id: None,
        agent_id: None,
        identifier: identifier.to_owned(),
        kind: ArtifactKind::Html,
        title: "Page".to_owned(),
        language: Some("html".to_owned()),
        content: content.to_owned(),
        data_classification: conductor_domain::Classification::Public,
    }
}

async fn write(world: &World, caller: &Caller, new: NewArtifact) -> Inserted {
    world.clock.advance(chrono::Duration::milliseconds(1));
    let rows = world.store.scoped(caller.scope);
    rows.write(move |tx| Box::pin(async move { tx.artifacts().insert_version(new).await })).await.unwrap()
}

async fn store(world: &World, caller: &Caller, new: NewArtifact) -> Artifact {
    match write(world, caller, new).await {
        Inserted::New(artifact) => artifact,
        Inserted::Unchanged(artifact) => panic!("unchanged: {artifact:?}"),
    }
}

async fn versions_count_from_one(world: World) {
    let (ada, id) = ada(&world).await;
    let first = store(&world, &ada, page(id, "page", "1")).await;
    let second = store(&world, &ada, page(id, "page", "2")).await;
    let other = store(&world, &ada, page(id, "other", "1")).await;
    assert_eq!((first.version, second.version, other.version), (1, 2, 1));
    assert_eq!((first.parent_artifact_id, second.parent_artifact_id), (None, Some(first.id)));
    let view = world.store.visible_to(&ada);
    assert_eq!(view.artifacts().find(second.id).await.unwrap(), Some(second.clone()));
    assert_eq!(view.artifacts().latest(id, "page").await.unwrap(), Some(second));
    assert_eq!(view.artifacts().latest(id, "none").await.unwrap(), None);
}

async fn the_same_again_is_no_version(world: World) {
    let (ada, id) = ada(&world).await;
    let first = store(&world, &ada, page(id, "page", "1")).await;
    assert_eq!(write(&world, &ada, page(id, "page", "1")).await, Inserted::Unchanged(first));
    store(&world, &ada, NewArtifact { title: "Another".to_owned(), ..page(id, "page", "1") }).await;
    store(&world, &ada, page(id, "page", "2")).await;
    // The content of an older version is a new one again.
    assert_eq!(store(&world, &ada, page(id, "page", "1")).await.version, 4);
}

async fn a_deleted_number_is_not_given_again(world: World) {
    let (ada, id) = ada(&world).await;
    store(&world, &ada, page(id, "page", "1")).await;
    store(&world, &ada, page(id, "page", "2")).await;
    let rows = world.store.scoped(ada.scope);
    let gone =
        rows.write(move |tx| Box::pin(async move { tx.artifacts().delete(id, "page").await })).await.unwrap();
    assert_eq!(gone, 2);
    assert_eq!(world.store.visible_to(&ada).artifacts().latest(id, "page").await.unwrap(), None);
    let again = store(&world, &ada, page(id, "page", "2")).await;
    assert_eq!((again.version, again.parent_artifact_id), (3, None));
}

async fn the_newest_of_each_is_listed(world: World) {
    let (ada, id) = ada(&world).await;
    for (identifier, content) in [("a", "1"), ("b", "1"), ("a", "2"), ("c", "1")] {
        store(&world, &ada, page(id, identifier, content)).await;
    }
    let elsewhere = open(&world, &ada, "elsewhere").await.id;
    store(&world, &ada, page(elsewhere, "a", "3")).await;
    let list = async |after| {
        let artifacts = world.store.visible_to(&ada).artifacts();
        artifacts.latest_page(id, PageRequest { limit: 2, after }).await.unwrap()
    };
    let names = |items: &[Artifact]| {
        items.iter().map(|it| format!("{}{}", it.identifier, it.version)).collect::<String>()
    };
    let first = list(None).await;
    assert_eq!(names(&first.items), "c1a2");
    let rest = list(first.next).await;
    assert_eq!((names(&rest.items).as_str(), rest.next), ("b1", None));
}

async fn versions_are_paged_newest_first(world: World) {
    let (ada, id) = ada(&world).await;
    for content in ["1", "2", "3"] {
        store(&world, &ada, page(id, "page", content)).await;
    }
    let list = async |after| {
        let artifacts = world.store.visible_to(&ada).artifacts();
        artifacts.versions_page(id, "page", PageRequest { limit: 2, after }).await
    };
    let versions = |items: &[Artifact]| items.iter().map(|it| it.version).collect::<Vec<_>>();
    let first = list(None).await.unwrap();
    assert_eq!(versions(&first.items), [3, 2]);
    assert_eq!(versions(&list(first.next).await.unwrap().items), [1]);
    assert!(matches!(list(Some("x".to_owned())).await, Err(Error::BadCursor)));
}

async fn artifacts_of_messages_go_with_them(world: World) {
    let (ada, id) = ada(&world).await;
    let message = say(&world, ada.scope, id, None, "here").await;
    let kept = store(&world, &ada, page(id, "page", "1")).await;
    let gone = store(&world, &ada, NewArtifact { message_id: Some(message), ..page(id, "page", "2") }).await;
    let artifacts = || world.store.visible_to(&ada).artifacts();
    let other = MessageId::generate(&*world.clock);
    assert_eq!(artifacts().of_messages(&[message, other]).await.unwrap(), [gone]);
    let rows = world.store.scoped(ada.scope);
    rows.write(move |tx| Box::pin(async move { tx.artifacts().delete_of(&[message]).await })).await.unwrap();
    assert_eq!(artifacts().latest(id, "page").await.unwrap(), Some(kept));
    assert_eq!(artifacts().of_messages(&[message]).await.unwrap(), []);
}

async fn of_many_writers_each_gets_its_number(world: World) {
    let (ada, id) = ada(&world).await;
    let writers = (0..12).map(|number| {
        let rows = world.store.scoped(ada.scope);
        let new = page(id, "page", &number.to_string());
        rows.write(move |tx| Box::pin(async move { tx.artifacts().insert_version(new).await }))
    });
    let written: Result<Vec<Inserted>, Error> = futures::future::try_join_all(writers).await;
    let mut versions: Vec<i32> = written.unwrap().into_iter().map(|it| it.into_artifact().version).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=12).collect::<Vec<_>>());
}

async fn nobody_else_reads_an_artifact(world: World) {
    let (ada, id) = ada(&world).await;
    let artifact = store(&world, &ada, page(id, "page", "1")).await;
    let grace = world.member("grace@example.com", ada.scope, OrganizationRole::Owner).await;
    let artifacts = || world.store.visible_to(&grace).artifacts();
    assert_eq!(artifacts().find(artifact.id).await.unwrap(), None);
    assert_eq!(artifacts().latest(id, "page").await.unwrap(), None);
    assert_eq!(artifacts().latest_page(id, PageRequest::default()).await.unwrap().items, []);
    let other = world.organization("Other").await;
    let rows = world.store.scoped(other);
    let new = page(id, "page", "2");
    let written =
        rows.write(move |tx| Box::pin(async move { tx.artifacts().insert_version(new).await })).await;
    assert!(matches!(written, Err(Error::NotFound)));
}
