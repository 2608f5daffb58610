//! Sessions and the one use of each refresh token.

use conductor_domain::{Clock, NewSession, PageRequest, Session, SessionId, UserId};
use conductor_storage::{Rotation, Unscoped};

use crate::support::World;

suite! {
    a_refresh_token_works_once,
    of_two_refreshes_at_once_one_wins,
    tokens_and_sessions_end,
    an_ended_session_cannot_be_refreshed,
    a_person_sees_and_ends_its_own_sessions,
}

async fn open(world: &World, user: UserId, hash: &str) -> Session {
    world.tick();
    let new = NewSession {
        id: SessionId::generate(&*world.clock),
        user_id: user,
        user_agent: Some("curl/8".to_owned()),
        address: Some("203.0.113.9".to_owned()),
        expires_at: world.clock.now() + chrono::Duration::days(30),
        refresh_hash: hash.to_owned(),
        refresh_expires_at: world.clock.now() + chrono::Duration::days(14),
        provider_id: None,
        id_token_ref: None,
    };
    let rows = world.store.unscoped(Unscoped::SignIn);
    rows.write(move |tx| Box::pin(async move { tx.sessions().open(new).await })).await.unwrap()
}

async fn rotate(world: &World, old: &str, new: &str) -> Rotation {
    let (old, new) = (old.to_owned(), new.to_owned());
    let expires_at = world.clock.now() + chrono::Duration::days(14);
    let rows = world.store.unscoped(Unscoped::SignIn);
    rows.write(move |tx| Box::pin(async move { tx.sessions().rotate(&old, new, expires_at).await }))
        .await
        .unwrap()
}

async fn a_refresh_token_works_once(world: World) {
    let user = world.user("ada@example.com").await.id;
    let session = open(&world, user, "first").await;
    world.clock.advance(chrono::Duration::minutes(10));
    let used_at = world.clock.now();
    let Rotation::Rotated(rotated) = rotate(&world, "first", "second").await else { panic!("not rotated") };
    assert_eq!((rotated.id, rotated.last_used_at), (session.id, used_at));
    world.clock.advance(chrono::Duration::minutes(1));
    assert_eq!(
        rotate(&world, "first", "third").await,
        Rotation::Used { session_id: session.id, at: used_at }
    );
    assert_eq!(rotate(&world, "third", "fourth").await, Rotation::Unknown);
    assert!(matches!(rotate(&world, "second", "third").await, Rotation::Rotated(_)));
}

async fn of_two_refreshes_at_once_one_wins(world: World) {
    let user = world.user("ada@example.com").await.id;
    open(&world, user, "first").await;
    let attempts = (0..8).map(|at| {
        let world = &world;
        async move { rotate(world, "first", &format!("next-{at}")).await }
    });
    let outcomes = futures::future::join_all(attempts).await;
    let won = outcomes.iter().filter(|outcome| matches!(outcome, Rotation::Rotated(_))).count();
    let used = outcomes.iter().filter(|outcome| matches!(outcome, Rotation::Used { .. })).count();
    assert_eq!((won, used), (1, 7), "{outcomes:?}");
}

async fn tokens_and_sessions_end(world: World) {
    let user = world.user("ada@example.com").await.id;
    open(&world, user, "idle").await;
    open(&world, user, "kept").await;
    world.clock.advance(chrono::Duration::days(13));
    assert!(matches!(rotate(&world, "kept", "kept-2").await, Rotation::Rotated(_)));
    world.clock.advance(chrono::Duration::days(1));
    assert_eq!(rotate(&world, "idle", "x").await, Rotation::Expired);
    world.clock.advance(chrono::Duration::days(10));
    assert!(matches!(rotate(&world, "kept-2", "kept-3").await, Rotation::Rotated(_)));
    world.clock.advance(chrono::Duration::days(6));
    assert_eq!(rotate(&world, "kept-3", "x").await, Rotation::Expired, "the session's own end");
}

async fn an_ended_session_cannot_be_refreshed(world: World) {
    let user = world.user("ada@example.com").await.id;
    let session = open(&world, user, "first").await.id;
    let rows = world.store.unscoped(Unscoped::SignIn);
    let end = || rows.write(move |tx| Box::pin(async move { tx.sessions().revoke(session, "test").await }));
    assert!(end().await.unwrap());
    assert!(!end().await.unwrap());
    assert_eq!(rotate(&world, "first", "second").await, Rotation::Revoked);
    let ended = rows.sessions().find(session).await.unwrap().unwrap();
    assert_eq!(ended.revoked_at, Some(world.clock.now()));
}

async fn a_person_sees_and_ends_its_own_sessions(world: World) {
    let (ada, grace) = (world.user("ada@example.com").await.id, world.user("grace@example.com").await.id);
    let (one, two, hers) =
        (open(&world, ada, "1").await, open(&world, ada, "2").await, open(&world, grace, "3").await);
    let rows = world.store.unscoped(Unscoped::SignIn);
    let listed = async || {
        let page = rows.sessions().page_of(ada, world.clock.now(), PageRequest::default()).await.unwrap();
        page.items.into_iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(listed().await, [two.id, one.id]);
    let foreign = hers.id;
    let ended = rows
        .write(move |tx| Box::pin(async move { tx.sessions().revoke_own(ada, foreign, "test").await }))
        .await;
    assert!(!ended.unwrap());
    let kept = one.id;
    let ended = rows
        .write(move |tx| Box::pin(async move { tx.sessions().revoke_all(ada, Some(kept), "test").await }))
        .await;
    assert_eq!(ended.unwrap(), 1);
    assert_eq!(listed().await, [one.id]);
    assert!(rows.sessions().find(hers.id).await.unwrap().unwrap().revoked_at.is_none());
    world.clock.advance(chrono::Duration::days(31));
    assert!(listed().await.is_empty());
}
