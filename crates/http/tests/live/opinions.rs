//! Tags and ratings of workflows: whose they are, who sees them, and what is found by them.

use serde_json::{Value, json};

use crate::{
    content::{column, pointers},
    world::{World, text},
};

fn path(workflow: &Value) -> String {
    format!("/api/workflows/{}", text(&workflow["id"]))
}

#[tokio::test]
async fn workflows_are_found_by_their_tags() {
    let world = World::start().await;
    let admin = &world.admin;
    let create = async |name: &str| admin.post("/api/workflows", json!({ "name": name })).await.created();
    let (one, two) = (create("one").await, create("two").await);
    assert_eq!((&one["tags"], &one["rating"]), (&json!([]), &json!({ "count": 0, "average": null })));
    let tags = |workflow: &Value| format!("{}/tags", path(workflow));
    let given = admin.post(&tags(&one), json!({ "tags": ["Sales", " sales ", "R&D  2026"] })).await.ok();
    assert_eq!(column(&given, "name"), [json!("r&d 2026"), json!("sales")]);
    assert_eq!(given["items"][0]["tag_type"], "custom");
    let more = admin.post(&tags(&one), json!({ "tags": ["hot"] })).await.ok();
    assert_eq!(column(&more, "name"), [json!("hot"), json!("r&d 2026"), json!("sales")]);
    let same = admin.post(&tags(&two), json!({ "tags": ["sales"] })).await.ok();
    assert_eq!(same["items"][0]["id"], more["items"][2]["id"], "one word is one tag");
    let found =
        async |tags: &str| column(&admin.get(&format!("/api/workflows?tags={tags}")).await.ok(), "name");
    assert_eq!(found("SALES").await, [json!("two"), json!("one")]);
    assert_eq!(found("sales,hot").await, [json!("one")]);
    assert_eq!(found("nothing").await, Vec::<Value>::new());
    assert_eq!(found("r%26d%202026").await, [json!("one")]);
    let many = admin.get(&format!("/api/workflows?tags={}", ["x"; 11].join(","))).await;
    assert_eq!(pointers(&many.problem(422, "validation_failed")), ["?tags"]);
    let listed = admin.get("/api/workflows").await.ok();
    assert_eq!(listed["items"][0]["tags"][0]["name"], "sales");
    for (body, pointer) in [
        (json!({ "tags": [] }), "/tags"),
        (json!({ "tags": ["ok", "a,b"] }), "/tags/1"),
        (json!({ "tags": ["x".repeat(41)] }), "/tags/0"),
        (json!({ "tags": (0..21).map(|n| format!("t{n}")).collect::<Vec<_>>() }), "/tags"),
    ] {
        let refused = admin.post(&tags(&one), body).await.problem(422, "validation_failed");
        assert_eq!(pointers(&refused), [pointer]);
    }
    assert_eq!(
        admin.get(&path(&one)).await.ok()["tags"].as_array().unwrap().len(),
        3,
        "nothing of a refusal stays"
    );

    // Who may read may not tag; another organisation sees neither the workflow nor its words.
    admin.patch(&path(&one), json!({ "visibility": "organization" })).await.ok();
    let (member, stranger) = (world.colleague("grace@example.com", "member").await, world.stranger().await);
    assert_eq!(member.get(&path(&one)).await.ok()["tags"].as_array().unwrap().len(), 3);
    member.post(&tags(&one), json!({ "tags": ["mine"] })).await.problem(403, "policy_denied");
    let hot = format!("{}/{}", tags(&one), text(&more["items"][0]["id"]));
    member.delete(&hot).await.problem(403, "policy_denied");
    stranger.post(&tags(&one), json!({ "tags": ["x"] })).await.problem(404, "not_found");
    stranger.delete(&hot).await.problem(404, "not_found");
    let own = stranger.post("/api/workflows", json!({ "name": "own" })).await.created();
    let theirs = stranger.post(&tags(&own), json!({ "tags": ["sales"] })).await.ok();
    assert_ne!(theirs["items"][0]["id"], more["items"][2]["id"], "each organisation has its own words");
    let foreign = format!("{}/{}", tags(&own), text(&more["items"][2]["id"]));
    stranger.delete(&foreign).await.problem(404, "not_found");
    assert_eq!(column(&stranger.get("/api/workflows?tags=sales").await.ok(), "name"), [json!("own")]);
    let _ = admin.delete(&hot).await.status(204);
    admin.delete(&hot).await.problem(404, "not_found");
    let _ = admin.delete(&path(&two)).await.status(204);
    assert_eq!(found("sales").await, [json!("one")]);
}

#[tokio::test]
async fn people_rate_what_others_made_once_each() {
    let world = World::start().await;
    let body = json!({ "name": "ours", "visibility": "organization" });
    let workflow = world.admin.post("/api/workflows", body).await.created();
    let (rate, ratings) = (format!("{}/rate", path(&workflow)), format!("{}/ratings", path(&workflow)));
    let grace = world.colleague("grace@example.com", "member").await;
    let vera = world.colleague("vera@example.com", "member").await;
    world.admin.post(&rate, json!({ "rating": 5 })).await.problem(403, "own_rating");
    let first = grace.post(&rate, json!({ "rating": 2, "review": " Slow. " })).await.ok();
    assert_eq!((&first["rating"], &first["review"]), (&json!(2), &json!("Slow.")));
    let second = grace.post(&rate, json!({ "rating": 4 })).await.ok();
    assert_eq!(
        (&second["id"], &second["rating"], &second["review"]),
        (&first["id"], &json!(4), &json!(null))
    );
    vera.post(&rate, json!({ "rating": 1, "review": "It lost my mail." })).await.ok();
    let told = grace.get(&ratings).await.ok();
    assert_eq!(told["summary"], json!({ "count": 2, "average": 2.5 }));
    assert_eq!((&told["own"]["rating"], column(&told, "rating")), (&json!(4), vec![json!(1), json!(4)]));
    let page = world.admin.get(&format!("{ratings}?limit=1")).await.ok();
    assert_eq!((&page["own"], column(&page, "rating")), (&json!(null), vec![json!(1)]));
    let rest =
        world.admin.get(&format!("{ratings}?limit=1&cursor={}", text(&page["next_cursor"]))).await.ok();
    assert_eq!((column(&rest, "rating"), &rest["next_cursor"]), (vec![json!(4)], &json!(null)));
    assert_eq!(rest["summary"]["count"], 2);
    assert_eq!(world.admin.get(&path(&workflow)).await.ok()["rating"], json!({ "count": 2, "average": 2.5 }));
    assert_eq!(world.admin.get("/api/workflows").await.ok()["items"][0]["rating"]["average"], 2.5);
    for (body, pointer) in [
        (json!({ "rating": 0 }), "/rating"),
        (json!({ "rating": 6 }), "/rating"),
        (json!({ "rating": 3, "review": "x".repeat(2_001) }), "/review"),
    ] {
        let refused = grace.post(&rate, body).await.problem(422, "validation_failed");
        assert_eq!(pointers(&refused), [pointer]);
    }
    grace.post(&rate, json!({ "rating": 3, "user_id": "x" })).await.problem(422, "unknown_field");
    let stranger = world.stranger().await;
    stranger.post(&rate, json!({ "rating": 1 })).await.problem(404, "not_found");
    stranger.get(&ratings).await.problem(404, "not_found");

    // What is public is rated in each organisation by itself.
    world.admin.patch(&path(&workflow), json!({ "visibility": "public" })).await.ok();
    stranger.post(&rate, json!({ "rating": 5, "review": "From afar." })).await.ok();
    assert_eq!(stranger.get(&ratings).await.ok()["summary"], json!({ "count": 1, "average": 5.0 }));
    let told = world.admin.get(&ratings).await.ok();
    assert_eq!(told["summary"]["count"], 2);
    assert!(!told.to_string().contains("From afar."), "{told}");
}
