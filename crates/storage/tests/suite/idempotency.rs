//! Requests that come again under the same key.

use chrono::TimeDelta;
use conductor_domain::Clock;
use conductor_storage::{Claim, Unscoped};

use crate::support::World;

suite! {
    the_first_answer_is_given_again,
    of_many_at_once_one_is_first,
    a_refused_request_gives_its_key_back,
    dead_requests_and_old_answers_are_forgotten,
}

async fn claim(world: &World, subject: &str, key: &str, hash: &str) -> Claim {
    let (subject, key, hash) = (subject.to_owned(), key.to_owned(), hash.to_owned());
    let now = world.clock.now();
    let (forget, given_up) = (now - TimeDelta::hours(24), now - TimeDelta::minutes(10));
    world
        .store
        .unscoped(Unscoped::Idempotency)
        .write(move |tx| {
            Box::pin(
                async move { tx.idempotency_keys().claim(&subject, &key, &hash, forget, given_up).await },
            )
        })
        .await
        .unwrap()
}

async fn finish(world: &World, key: &'static str) {
    let rows = world.store.unscoped(Unscoped::Idempotency);
    let location = Some("/api/agents/1".to_owned());
    rows.write(move |tx| {
        Box::pin(
            async move { tx.idempotency_keys().finish("user:a", key, 201, "{}".to_owned(), location).await },
        )
    })
    .await
    .unwrap();
}

async fn the_first_answer_is_given_again(world: World) {
    assert_eq!(claim(&world, "user:a", "k", "h").await, Claim::First);
    assert_eq!(claim(&world, "user:a", "k", "h").await, Claim::InFlight);
    assert_eq!(claim(&world, "user:a", "k", "other").await, Claim::Mismatch);
    assert_eq!(claim(&world, "user:b", "k", "other").await, Claim::First, "keys belong to people");
    finish(&world, "k").await;
    let answer =
        Claim::Answered { status: 201, body: "{}".to_owned(), location: Some("/api/agents/1".to_owned()) };
    assert_eq!(claim(&world, "user:a", "k", "h").await, answer);
    assert_eq!(claim(&world, "user:a", "k", "other").await, Claim::Mismatch);
}

async fn of_many_at_once_one_is_first(world: World) {
    let world = &world;
    let claims = futures::future::join_all((0..8).map(|_| claim(world, "user:a", "k", "h"))).await;
    assert_eq!(claims.iter().filter(|claim| **claim == Claim::First).count(), 1, "{claims:?}");
    assert_eq!(claims.iter().filter(|claim| **claim == Claim::InFlight).count(), 7, "{claims:?}");
}

async fn a_refused_request_gives_its_key_back(world: World) {
    claim(&world, "user:a", "k", "h").await;
    let abandon = || {
        let rows = world.store.unscoped(Unscoped::Idempotency);
        async move {
            rows.write(|tx| Box::pin(async move { tx.idempotency_keys().abandon("user:a", "k").await }))
                .await
                .unwrap();
        }
    };
    abandon().await;
    assert_eq!(claim(&world, "user:a", "k", "mended").await, Claim::First);
    finish(&world, "k").await;
    abandon().await;
    assert!(
        matches!(claim(&world, "user:a", "k", "mended").await, Claim::Answered { .. }),
        "an answer stays"
    );
}

async fn dead_requests_and_old_answers_are_forgotten(world: World) {
    claim(&world, "user:a", "dead", "h").await;
    claim(&world, "user:a", "done", "h").await;
    finish(&world, "done").await;
    world.clock.advance(TimeDelta::minutes(11));
    assert_eq!(claim(&world, "user:a", "dead", "h").await, Claim::First);
    assert!(matches!(claim(&world, "user:a", "done", "h").await, Claim::Answered { .. }));
    world.clock.advance(TimeDelta::hours(24) + TimeDelta::minutes(1));
    assert_eq!(claim(&world, "user:a", "done", "other").await, Claim::First);
    let before = world.clock.now() - TimeDelta::hours(24);
    let rows = world.store.unscoped(Unscoped::Idempotency);
    let gone = rows
        .write(move |tx| Box::pin(async move { tx.idempotency_keys().forget(before).await }))
        .await
        .unwrap();
    assert_eq!(gone, 1);
}
