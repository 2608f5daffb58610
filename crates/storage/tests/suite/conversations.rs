//! Conversations: one person's, in one scope; listed as a sidebar shows them.

use conductor_domain::{
    Caller, Clock, Conversation, ConversationFilter, ConversationId, ConversationPatch, ConversationSettings,
    MessageId, MessageRole, NewConversation, NewMessage, NewRun, OrganizationRole, PageRequest, RunId,
    RunKind, RunTrigger, Scope,
};
use conductor_storage::Error;
use serde_json::json;

use crate::support::World;

suite! {
    a_conversation_is_its_owners,
    a_change_touches_what_it_names,
    counts_follow_messages,
    a_deleted_conversation_is_gone,
    the_list_is_in_order_page_by_page,
    the_list_finds_titles_and_words,
    a_turn_that_runs_is_told,
    another_tenant_reaches_nothing,
}

/// Opens a conversation.
pub(crate) async fn open(world: &World, caller: &Caller, title: &str) -> Conversation {
    world.clock.advance(chrono::Duration::milliseconds(1));
    let id = ConversationId::generate(&*world.clock);
    let new =
        NewConversation { title: title.to_owned(), ..NewConversation::new(id, caller.user_id().unwrap()) };
    let rows = world.store.scoped(caller.scope);
    rows.write(move |tx| Box::pin(async move { tx.conversations().create(new).await })).await.unwrap()
}

/// Says something; the conversation follows.
pub(crate) async fn say(
    world: &World,
    scope: Scope,
    conversation: ConversationId,
    parent: Option<MessageId>,
    content: &str,
) -> MessageId {
    world.clock.advance(chrono::Duration::milliseconds(1));
    let id = MessageId::generate(&*world.clock);
    let new = NewMessage::text(id, conversation, parent, MessageRole::User, content);
    let rows = world.store.scoped(scope);
    rows.write(move |tx| {
        Box::pin(async move {
            tx.messages().insert(new).await?;
            tx.conversations().touch(conversation, Some(id), 1, 7).await
        })
    })
    .await
    .map(|()| id)
    .unwrap()
}

async fn update(
    world: &World,
    scope: Scope,
    id: ConversationId,
    patch: ConversationPatch,
) -> Result<Conversation, Error> {
    let rows = world.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.conversations().update(id, patch).await })).await
}

async fn people(world: &World) -> (Caller, Caller) {
    let scope = world.organization("Analytical").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Member).await;
    let grace = world.member("grace@example.com", scope, OrganizationRole::Owner).await;
    (ada, grace)
}

async fn a_conversation_is_its_owners(world: World) {
    let (ada, grace) = people(&world).await;
    let hers = open(&world, &ada, "Engines").await;
    let find =
        async |caller: &Caller| world.store.visible_to(caller).conversations().find(hers.id).await.unwrap();
    assert_eq!(find(&ada).await, Some(hers.clone()));
    assert_eq!(find(&grace).await, None, "an owner of the organisation reads nobody's conversations");
    let list = world.store.visible_to(&grace).conversations();
    let page = list.page(ConversationFilter::default(), PageRequest::default()).await.unwrap();
    assert_eq!(page.items, []);
    let mut elsewhere = ada.clone();
    elsewhere.scope = world.organization("Other").await;
    assert_eq!(find(&elsewhere).await, None, "another scope of the same person");
    let mut machine = ada.clone();
    machine.principal = conductor_domain::Principal::Agent { agent_id: conductor_domain::AgentId::NIL };
    assert_eq!(find(&machine).await, None);
}

async fn a_change_touches_what_it_names(world: World) {
    let (ada, _) = people(&world).await;
    let before = open(&world, &ada, "Engines").await;
    world.clock.advance(chrono::Duration::seconds(5));
    let settings =
        ConversationSettings { temperature: Some(0.5), thinking: Some(true), ..Default::default() };
    let patch = ConversationPatch {
        model: Some(Some("demo".to_owned())),
        settings: Some(settings.clone()),
        agent_state: Some(json!({ "step": 1 })),
        is_pinned: Some(true),
        ..Default::default()
    };
    let after = update(&world, ada.scope, before.id, patch).await.unwrap();
    let expected = Conversation {
        model: Some("demo".to_owned()),
        settings,
        agent_state: json!({ "step": 1 }),
        is_pinned: true,
        updated_at: world.clock.now(),
        ..before.clone()
    };
    assert_eq!(after, expected);
    let cleared = ConversationPatch { model: Some(None), ..Default::default() };
    assert_eq!(update(&world, ada.scope, before.id, cleared).await.unwrap().model, None);
    let nothing =
        update(&world, ada.scope, ConversationId::generate(&*world.clock), Default::default()).await;
    assert!(matches!(nothing, Err(Error::NotFound)));
}

async fn counts_follow_messages(world: World) {
    let (ada, _) = people(&world).await;
    let id = open(&world, &ada, "Engines").await.id;
    let first = say(&world, ada.scope, id, None, "one").await;
    let second = say(&world, ada.scope, id, Some(first), "two").await;
    let find = async || world.store.visible_to(&ada).conversations().find(id).await.unwrap().unwrap();
    let now = find().await;
    assert_eq!((now.message_count, now.token_count, now.current_leaf_id), (2, 14, Some(second)));
    assert_eq!(now.last_message_at, Some(world.clock.now()));
    let rows = world.store.scoped(ada.scope);
    rows.write(move |tx| Box::pin(async move { tx.conversations().touch(id, None, 0, 5).await }))
        .await
        .unwrap();
    assert_eq!(
        (find().await.token_count, find().await.current_leaf_id),
        (19, Some(second)),
        "the leaf stays"
    );
    let rows = world.store.scoped(ada.scope);
    rows.write(move |tx| Box::pin(async move { tx.conversations().shrink(id, Some(first), 1).await }))
        .await
        .unwrap();
    assert_eq!((find().await.message_count, find().await.current_leaf_id), (1, Some(first)));
}

async fn a_deleted_conversation_is_gone(world: World) {
    let (ada, _) = people(&world).await;
    let id = open(&world, &ada, "Engines").await.id;
    let message = say(&world, ada.scope, id, None, "one").await;
    let delete = async || {
        let rows = world.store.scoped(ada.scope);
        rows.write(move |tx| Box::pin(async move { tx.conversations().delete(id).await })).await
    };
    delete().await.unwrap();
    let view = world.store.visible_to(&ada);
    assert_eq!(view.conversations().find(id).await.unwrap(), None);
    assert_eq!(view.messages().find(message).await.unwrap(), None, "its messages go with it");
    assert!(matches!(delete().await, Err(Error::NotFound)));
    assert!(matches!(update(&world, ada.scope, id, Default::default()).await, Err(Error::NotFound)));
}

async fn the_list_is_in_order_page_by_page(world: World) {
    let (ada, _) = people(&world).await;
    let mut ids = Vec::new();
    for title in ["a", "b", "c", "d", "e"] {
        ids.push(open(&world, &ada, title).await.id);
    }
    // `a` moves up by a message, `b` by a pin; `c` is put away.
    say(&world, ada.scope, ids[0], None, "again").await;
    let pin = ConversationPatch { is_pinned: Some(true), ..Default::default() };
    update(&world, ada.scope, ids[1], pin).await.unwrap();
    let archive = ConversationPatch { is_archived: Some(true), ..Default::default() };
    update(&world, ada.scope, ids[2], archive).await.unwrap();

    let titles = async |filter: ConversationFilter, limit| {
        let (mut titles, mut after) = (String::new(), None);
        loop {
            let list = world.store.visible_to(&ada).conversations();
            let page = list.page(filter.clone(), PageRequest { limit, after }).await.unwrap();
            titles.extend(page.items.iter().map(|conversation| conversation.title.as_str()));
            titles.push('|');
            after = page.next;
            if after.is_none() {
                return titles;
            }
        }
    };
    let archived = |archived| ConversationFilter { archived, q: None };
    assert_eq!(titles(archived(Some(false)), 25).await, "baed|");
    assert_eq!(titles(archived(Some(false)), 1).await, "b|a|e|d|");
    assert_eq!(titles(archived(None), 2).await, "ba|ed|c|");
    assert_eq!(titles(archived(Some(true)), 2).await, "c|");
    let list = world.store.visible_to(&ada).conversations();
    for forged in ["", "x", "1~yesterday~x", "2~2026-01-01T00:00:00Z~00000000-0000-0000-0000-000000000000"] {
        let page = PageRequest { limit: 2, after: Some(forged.to_owned()) };
        let page = list.page(ConversationFilter::default(), page).await;
        assert!(matches!(page, Err(Error::BadCursor)), "{forged}");
    }
}

async fn the_list_finds_titles_and_words(world: World) {
    let (ada, grace) = people(&world).await;
    let engines = open(&world, &ada, "About Engines").await.id;
    let other = open(&world, &ada, "100% wool").await.id;
    say(&world, ada.scope, other, None, "The Difference ENGINE weaves.").await;
    let hers = open(&world, &grace, "Engines too").await.id;
    say(&world, grace.scope, hers, None, "engine").await;
    let found = async |q: &str| {
        let filter = ConversationFilter { archived: None, q: Some(q.to_owned()) };
        let list = world.store.visible_to(&ada).conversations();
        let page = list.page(filter, PageRequest::default()).await.unwrap();
        page.items.into_iter().map(|conversation| conversation.id).collect::<Vec<_>>()
    };
    assert_eq!(found("engine").await, [other, engines]);
    assert_eq!(found("ABOUT").await, [engines]);
    assert_eq!(found("0% w").await, [other], "a percent sign is a letter");
    assert_eq!(found("_").await, [], "and so is an underscore");
    assert_eq!(found("\\").await, []);
    assert_eq!(found("").await.len(), 2);
}

async fn a_turn_that_runs_is_told(world: World) {
    let (ada, _) = people(&world).await;
    let (busy, idle) = (open(&world, &ada, "busy").await.id, open(&world, &ada, "idle").await.id);
    let run = NewRun {
        conversation_id: Some(busy),
        user_id: ada.user_id(),
        ..NewRun::new(RunId::generate(&*world.clock), RunKind::Chat, RunTrigger::Chat)
    };
    let rows = world.store.scoped(ada.scope);
    let run = rows.write(move |tx| Box::pin(async move { tx.runs().create(run).await })).await.unwrap().id;
    let running = world.store.visible_to(&ada).conversations().running(&[busy, idle]).await.unwrap();
    assert_eq!(running.into_iter().collect::<Vec<_>>(), [(busy, run)]);
}

async fn another_tenant_reaches_nothing(world: World) {
    let (ada, _) = people(&world).await;
    let id = open(&world, &ada, "Engines").await.id;
    let message = say(&world, ada.scope, id, None, "one").await;
    let other = world.organization("Other").await;
    let patch = ConversationPatch { title: Some("mine".to_owned()), ..Default::default() };
    assert!(matches!(update(&world, other, id, patch).await, Err(Error::NotFound)));
    let rows = world.store.scoped(other);
    let said =
        NewMessage::text(MessageId::generate(&*world.clock), id, Some(message), MessageRole::User, "x");
    let said = rows.write(move |tx| Box::pin(async move { tx.messages().insert(said).await })).await;
    assert!(matches!(said, Err(Error::NotFound)));
    let rows = world.store.scoped(other);
    let gone =
        rows.write(move |tx| Box::pin(async move { tx.messages().delete_subtree(message).await })).await;
    assert!(matches!(gone, Err(Error::NotFound)));
    let rows = world.store.scoped(other);
    let touched =
        rows.write(move |tx| Box::pin(async move { tx.conversations().touch(id, None, 1, 1).await })).await;
    assert!(matches!(touched, Err(Error::NotFound)));
}
