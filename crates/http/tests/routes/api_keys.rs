//! Provider keys: their values go in and never come out.

use serde_json::json;

use crate::world::World;

const VALUE: &str = "sk-canary-4f1c9a77e2b04d5c";
const PATH: &str = "/api/settings/api-keys";

#[tokio::test]
async fn a_key_is_kept_sealed() {
    let (world, admin) = World::set_up().await;
    let body = json!({ "provider": "openai", "key_name": "work", "api_key": VALUE });
    let made = world.post(PATH, body.clone()).by(&admin).send().await.status(201);
    assert!(!made.text().contains(VALUE));
    let location = made.header("location");
    let made = made.json();
    assert_eq!((&made["last_four"], &made["is_active"]), (&json!("4d5c"), &json!(true)));
    world.post(PATH, body).by(&admin).send().await.problem(409, "name_taken");
    let listed = world.get(PATH).by(&admin).send().await.status(200);
    assert!(!listed.text().contains(VALUE));
    assert_eq!(listed.json()["items"], json!([made]));

    let scope = conductor_domain::Scope {
        organization_id: admin.organization().parse().unwrap(),
        environment_id: admin.session["environment"]["id"].as_str().unwrap().parse().unwrap(),
    };
    let rows = world.store.scoped(scope).secrets();
    let reference = format!("api_key:{}", made["id"].as_str().unwrap());
    let stored = rows.find(&reference).await.unwrap().unwrap();
    assert!(
        !stored.ciphertext.windows(VALUE.len()).any(|window| window == VALUE.as_bytes()),
        "sealed, not stored"
    );

    let grace = world.invite(&admin, "grace@example.com", "admin").await;
    assert_eq!(world.get(PATH).by(&grace).send().await.ok()["items"], json!([]));
    world.delete(&location).by(&grace).send().await.problem(404, "not_found");
    world.delete(&location).by(&admin).send().await.status(204);
    assert!(rows.find(&reference).await.unwrap().is_none());
    world.delete(&location).by(&admin).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn keys_are_checked() {
    let (world, admin) = World::set_up().await;
    let body = json!({ "provider": "nobody", "key_name": "", "api_key": "with space", "models": ["x"] });
    let problem = world.post(PATH, body).by(&admin).send().await.problem(422, "validation_failed");
    let pointers: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(pointers, ["/provider", "/key_name", "/api_key"]);
    assert!(!problem.to_string().contains("with space"), "not echoed");
    let body = json!({ "provider": "azure", "key_name": "a", "api_key": VALUE });
    let problem = world.post(PATH, body).by(&admin).send().await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/base_url");
}

#[tokio::test]
async fn a_key_grows_old_and_gets_another_value() {
    let (world, admin) = World::set_up().await;
    let body = json!({ "provider": "openai", "key_name": "work", "api_key": VALUE });
    let made = world.post(PATH, body).by(&admin).send().await.created();
    assert_eq!(
        (&made["version"], &made["age_days"], &made["rotation_due"]),
        (&json!(1), &json!(0), &json!(false))
    );
    let org = format!("/api/v1/orgs/{}", admin.organization());
    let ask =
        |days: serde_json::Value| world.patch(&org, json!({ "key_max_age_days": days })).by(&admin).send();
    ask(json!(0)).await.problem(422, "validation_failed");
    assert_eq!(ask(json!(30)).await.ok()["key_max_age_days"], 30);
    world.advance(31 * 24 * 60 * 60);
    let admin = world.sign_in(crate::world::ADMIN).await;
    let listed = async || world.get(PATH).by(&admin).send().await.ok()["items"][0].clone();
    let old = listed().await;
    assert_eq!((&old["age_days"], &old["rotation_due"]), (&json!(31), &json!(true)));

    let rotate = format!("{PATH}/{}/rotate", made["id"].as_str().unwrap());
    let same = world.post(&rotate, json!({ "api_key": VALUE })).by(&admin).send().await;
    assert_eq!(same.problem(422, "validation_failed")["errors"][0]["code"], "unchanged");
    let grace = world.invite(&admin, "grace@example.com", "admin").await;
    let other = json!({ "api_key": "sk-canary-of-another-person" });
    world.post(&rotate, other).by(&grace).send().await.problem(404, "not_found");
    let new = json!({ "api_key": "sk-canary-the-second-0987" });
    let rotated = world.post(&rotate, new).by(&admin).send().await.status(200);
    assert!(!rotated.text().contains("the-second"));
    let rotated = rotated.json();
    assert_eq!((&rotated["version"], &rotated["last_four"]), (&json!(2), &json!("0987")));
    assert_eq!((&rotated["age_days"], &rotated["rotation_due"]), (&json!(0), &json!(false)));
    assert_eq!(listed().await, rotated);
    let path = format!("{org}/audit?event_type=api_key.rotated");
    let entries = world.get(&path).by(&admin).send().await.ok();
    assert_eq!(entries["items"].as_array().unwrap().len(), 1);
    assert!(!entries.to_string().contains("sk-canary"));
}
