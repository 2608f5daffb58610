//! A-R5: a JWT whose `nbf` is a string (jsonwebtoken CVE-2026-25537). Signed by our own key, so that the signature is
//! not what refuses it.

use serde_json::json;

use crate::{c05_token_mutations::Forge, world::World};

#[tokio::test]
async fn a_string_where_a_time_belongs_is_refused() {
    let (world, admin) = World::set_up().await;
    let forge = Forge::new(&world, &admin).await;
    for claims in [&forge.person, &forge.machine] {
        world.get("/api/agents").with("authorization", &forge.sign(claims, |_| {})).send().await.status(200);
        for nbf in
            [json!("0"), json!("1"), json!("9999999999"), json!(""), json!([1]), json!({}), json!(true)]
        {
            let mut claims = claims.clone();
            claims["nbf"] = nbf.clone();
            let answer =
                world.get("/api/agents").with("authorization", &forge.sign(&claims, |_| {})).send().await;
            assert_eq!(answer.status.as_u16(), 401, "{nbf}: {}", answer.text());
        }
    }
}
