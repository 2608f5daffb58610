//! The tree of messages: paths, siblings, subtrees.

use conductor_domain::{
    Caller, Clock, FileId, FileRef, Message, MessageId, MessagePatch, MessageRole, MessageStatus, NewMessage,
    OrganizationRole, PageRequest, ProblemView, RunId,
};
use conductor_storage::Error;
use serde_json::json;

use crate::{
    conversations::{open, say},
    support::World,
};

suite! {
    a_message_keeps_everything,
    a_path_goes_from_the_root_to_the_leaf,
    a_path_is_paged_backwards,
    all_branches_are_paged_backwards,
    siblings_share_a_parent,
    a_subtree_goes_as_a_whole,
    a_parent_is_in_the_same_conversation,
    the_newest_below_is_a_leaf,
    nobody_else_reads_a_message,
}

async fn ada(world: &World) -> Caller {
    let scope = world.organization("Analytical").await;
    world.member("ada@example.com", scope, OrganizationRole::Member).await
}

async fn a_message_keeps_everything(world: World) {
    let ada = ada(&world).await;
    let id = open(&world, &ada, "t").await.id;
    let file = FileRef {
        id: FileId::generate(&*world.clock),
        name: "ü.png".to_owned(),
        mime_type: "image/png".to_owned(),
        size_bytes: 12,
    };
    let mut new = NewMessage::text(MessageId::generate(&*world.clock), id, None, MessageRole::Assistant, "");
    new.status = MessageStatus::Streaming;
    new.images = vec![file.clone()];
    new.metadata = json!({ "a": 1 });
    let message = new.id;
    let rows = world.store.scoped(ada.scope);
    rows.write(move |tx| Box::pin(async move { tx.messages().insert(new).await })).await.unwrap();
    world.clock.advance(chrono::Duration::seconds(1));
    let run = RunId::generate(&*world.clock);
    let error = ProblemView {
        code: "provider_error".to_owned(),
        title: "t".to_owned(),
        detail: "d".to_owned(),
        retryable: true,
    };
    let patch = MessagePatch {
        content: Some("Hello \u{1f44b}".to_owned()),
        status: Some(MessageStatus::Failed),
        finish_reason: Some("error".to_owned()),
        input_tokens: Some(3),
        output_tokens: Some(4),
        cached_tokens: Some(1),
        cost_nanos: Some(99),
        error: Some(error.clone()),
        thinking: Some("hm".to_owned()),
        tool_calls: Some(json!([{ "call_id": "x" }])),
        model: Some("demo".to_owned()),
        run_id: Some(run),
        ..Default::default()
    };
    let rows = world.store.scoped(ada.scope);
    rows.write(move |tx| Box::pin(async move { tx.messages().update(message, patch).await })).await.unwrap();
    let read = world.store.visible_to(&ada).messages().find(message).await.unwrap().unwrap();
    let Message {
        content,
        status,
        images,
        error: kept,
        thinking,
        tool_calls,
        run_id,
        metadata,
        updated_at,
        ..
    } = read;
    assert_eq!((content.as_str(), status, images), ("Hello \u{1f44b}", MessageStatus::Failed, vec![file]));
    assert_eq!((kept, thinking.as_deref(), run_id), (Some(error), Some("hm"), Some(run)));
    assert_eq!((tool_calls, metadata), (json!([{ "call_id": "x" }]), json!({ "a": 1 })));
    assert_eq!((read.input_tokens, read.output_tokens, read.cached_tokens, read.cost_nanos), (3, 4, 1, 99));
    assert_eq!((read.edited_at, updated_at), (None, world.clock.now()));
}

/// `root ─ a ─ b ─ c`, and `a2` beside `a` with `d` below it.
struct Tree {
    root: MessageId,
    a: MessageId,
    b: MessageId,
    c: MessageId,
    a2: MessageId,
    d: MessageId,
}

async fn tree(world: &World, ada: &Caller, conversation: conductor_domain::ConversationId) -> Tree {
    let say = async |parent, text| say(world, ada.scope, conversation, parent, text).await;
    let root = say(None, "root").await;
    let a = say(Some(root), "a").await;
    let b = say(Some(a), "b").await;
    let c = say(Some(b), "c").await;
    let a2 = say(Some(root), "a2").await;
    let d = say(Some(a2), "d").await;
    Tree { root, a, b, c, a2, d }
}

fn texts(messages: &[Message]) -> String {
    messages.iter().map(|message| message.content.as_str()).collect::<Vec<_>>().join(" ")
}

async fn a_path_goes_from_the_root_to_the_leaf(world: World) {
    let ada = ada(&world).await;
    let id = open(&world, &ada, "t").await.id;
    let tree = tree(&world, &ada, id).await;
    let messages = || world.store.visible_to(&ada).messages();
    assert_eq!(texts(&messages().path_to(tree.c).await.unwrap()), "root a b c");
    assert_eq!(texts(&messages().path_to(tree.d).await.unwrap()), "root a2 d");
    assert_eq!(texts(&messages().path_to(MessageId::generate(&*world.clock)).await.unwrap()), "");
    let rows = world.store.scoped(ada.scope);
    let (path, children) = rows
        .write(move |tx| {
            Box::pin(async move {
                let path = tx.messages().path_to(tree.b).await?;
                Ok::<_, Error>((path, tx.messages().children(tree.root).await?))
            })
        })
        .await
        .unwrap();
    assert_eq!((texts(&path), texts(&children)), ("root a b".to_owned(), "a a2".to_owned()));
}

async fn a_path_is_paged_backwards(world: World) {
    let ada = ada(&world).await;
    let id = open(&world, &ada, "t").await.id;
    let tree = tree(&world, &ada, id).await;
    let page = async |after, limit| {
        let messages = world.store.visible_to(&ada).messages();
        messages.path_page(tree.c, PageRequest { limit, after }).await.unwrap()
    };
    let newest = page(None, 3).await;
    assert_eq!(texts(&newest.items), "a b c");
    let oldest = page(newest.next, 3).await;
    assert_eq!((texts(&oldest.items).as_str(), oldest.next), ("root", None));
    let whole = page(None, 4).await;
    assert_eq!((texts(&whole.items).as_str(), whole.next), ("root a b c", None));
    let messages = world.store.visible_to(&ada).messages();
    let foreign = PageRequest { limit: 2, after: Some(MessageId::generate(&*world.clock).to_string()) };
    assert!(matches!(messages.path_page(tree.c, foreign).await, Err(Error::BadCursor)));
}

async fn all_branches_are_paged_backwards(world: World) {
    let ada = ada(&world).await;
    let id = open(&world, &ada, "t").await.id;
    tree(&world, &ada, id).await;
    let page = async |after| {
        let messages = world.store.visible_to(&ada).messages();
        messages.all_page(id, PageRequest { limit: 4, after }).await.unwrap()
    };
    let newest = page(None).await;
    assert_eq!(texts(&newest.items), "b c a2 d");
    let oldest = page(newest.next).await;
    assert_eq!((texts(&oldest.items).as_str(), oldest.next), ("root a", None));
}

async fn siblings_share_a_parent(world: World) {
    let ada = ada(&world).await;
    let id = open(&world, &ada, "t").await.id;
    let tree = tree(&world, &ada, id).await;
    let second_root = say(&world, ada.scope, id, None, "root2").await;
    let messages = world.store.visible_to(&ada).messages();
    let siblings = messages.siblings(id, &[None, Some(tree.root), Some(tree.b)]).await.unwrap();
    assert_eq!(siblings[&None], [tree.root, second_root]);
    assert_eq!(siblings[&Some(tree.root)], [tree.a, tree.a2]);
    assert_eq!(siblings[&Some(tree.b)], [tree.c]);
    assert_eq!(siblings.len(), 3);
}

async fn a_subtree_goes_as_a_whole(world: World) {
    let ada = ada(&world).await;
    let id = open(&world, &ada, "t").await.id;
    let tree = tree(&world, &ada, id).await;
    let delete = async |message| {
        let rows = world.store.scoped(ada.scope);
        rows.write(move |tx| Box::pin(async move { tx.messages().delete_subtree(message).await })).await
    };
    let (mut gone, writing) = delete(tree.a).await.unwrap();
    gone.sort_unstable();
    assert_eq!((gone, writing), (vec![tree.a, tree.b, tree.c], false));
    let messages = world.store.visible_to(&ada).messages();
    assert_eq!(texts(&messages.all_page(id, PageRequest::default()).await.unwrap().items), "root a2 d");
    assert_eq!(messages.find(tree.c).await.unwrap(), None);
    assert!(matches!(delete(tree.b).await, Err(Error::NotFound)));
    let patch = MessagePatch { status: Some(MessageStatus::Streaming), ..Default::default() };
    let rows = world.store.scoped(ada.scope);
    rows.write(move |tx| Box::pin(async move { tx.messages().update(tree.d, patch).await })).await.unwrap();
    assert!(delete(tree.a2).await.unwrap().1, "a run writes below it");
}

async fn a_parent_is_in_the_same_conversation(world: World) {
    let ada = ada(&world).await;
    let (here, there) = (open(&world, &ada, "here").await.id, open(&world, &ada, "there").await.id);
    let parent = say(&world, ada.scope, there, None, "x").await;
    for parent in [parent, MessageId::generate(&*world.clock)] {
        let new =
            NewMessage::text(MessageId::generate(&*world.clock), here, Some(parent), MessageRole::User, "y");
        let rows = world.store.scoped(ada.scope);
        let result = rows.write(move |tx| Box::pin(async move { tx.messages().insert(new).await })).await;
        assert!(matches!(result, Err(Error::Dangling)), "{result:?}");
    }
}

async fn the_newest_below_is_a_leaf(world: World) {
    let ada = ada(&world).await;
    let id = open(&world, &ada, "t").await.id;
    let tree = tree(&world, &ada, id).await;
    let messages = || world.store.visible_to(&ada).messages();
    assert_eq!(messages().newest_below(tree.root).await.unwrap(), Some(tree.d));
    assert_eq!(messages().newest_below(tree.a).await.unwrap(), Some(tree.c));
    assert_eq!(messages().newest_below(tree.c).await.unwrap(), Some(tree.c));
}

async fn nobody_else_reads_a_message(world: World) {
    let ada = ada(&world).await;
    let id = open(&world, &ada, "t").await.id;
    let tree = tree(&world, &ada, id).await;
    let grace = world.member("grace@example.com", ada.scope, OrganizationRole::Owner).await;
    let messages = || world.store.visible_to(&grace).messages();
    assert_eq!(messages().find(tree.c).await.unwrap(), None);
    assert_eq!(messages().path_to(tree.c).await.unwrap(), []);
    assert_eq!(messages().path_page(tree.c, PageRequest::default()).await.unwrap().items, []);
    assert_eq!(messages().all_page(id, PageRequest::default()).await.unwrap().items, []);
    assert_eq!(messages().newest_below(tree.c).await.unwrap(), None);
    assert!(messages().siblings(id, &[None]).await.unwrap().is_empty());
}
