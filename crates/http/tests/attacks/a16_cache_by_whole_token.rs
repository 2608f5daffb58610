//! an auth cache keyed by the first characters of a token (LiteLLM CVE-2026-35030).

use crate::{
    machines::{agent, bearer, token},
    world::World,
};

#[tokio::test]
async fn tokens_that_share_their_beginning_do_not_mix() {
    let (world, admin) = World::set_up().await;
    let agent = agent(&world, &admin, "Reader").await;
    let wide = token(&world, &admin, &agent, &["agent.*", "organization.read"]).await;
    let narrow = token(&world, &admin, &agent, &["tool.read"]).await;
    let beginning = |token: &serde_json::Value| token["token"].as_str().unwrap()[..60].to_owned();
    assert_eq!(beginning(&wide), beginning(&narrow), "the attack needs a shared beginning");
    for _ in 0..3 {
        world.get("/api/v1/orgs").with("authorization", &bearer(&wide)).send().await.status(200);
        let refused = world.get("/api/v1/orgs").with("authorization", &bearer(&narrow)).send().await;
        refused.problem(403, "scope_missing");
    }
}

#[tokio::test]
async fn a_cached_tokens_beginning_opens_nothing() {
    let (world, admin) = World::set_up().await;
    let agent = agent(&world, &admin, "Reader").await;
    let issued = token(&world, &admin, &agent, &["agent.read"]).await;
    world.get("/api/agents").with("authorization", &bearer(&issued)).send().await.status(200);
    let whole = issued["token"].as_str().unwrap();
    let (signed, signature) = whole.rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    for forged in [
        whole[..20].to_owned(),
        whole[..whole.len() - 1].to_owned(),
        format!("{whole}A"),
        format!("{signed}."),
        format!("{signed}.{flipped}{}", &signature[1..]),
        format!("{signed}.{}", admin.token.rsplit_once('.').unwrap().1),
    ] {
        let answer = world.get("/api/agents").with("authorization", &format!("Bearer {forged}")).send().await;
        answer.problem(401, "token_invalid");
    }
}
