//! Machines' accounts: made, changed, confined, deleted; by administrators of their organisation alone.

use serde_json::{Value, json};

use crate::world::{Person, World};

fn accounts(of: &Person) -> String {
    format!("/api/v1/orgs/{}/service-accounts", of.organization())
}

fn path(of: &Person, account: &Value) -> String {
    format!("{}/{}", accounts(of), account["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_service_account_is_made_changed_and_deleted() {
    let (world, admin) = World::set_up().await;
    let body =
        json!({ "name": " Deploys ", "description": "From the pipeline", "scope_allowlist": ["agent.*"] });
    let made = world.post(&accounts(&admin), body).by(&admin).send().await.created();
    assert_eq!(
        (&made["name"], &made["enabled"], &made["environment_id"]),
        (&json!("Deploys"), &json!(true), &json!(null))
    );
    assert_eq!(made["subject"], format!("service_account:{}", made["id"].as_str().unwrap()));
    assert_eq!((&made["issuer"], &made["audience"]), (&json!("conductor"), &json!("conductor/machines")));
    let path = path(&admin, &made);
    assert_eq!(world.get(&path).by(&admin).send().await.ok(), made);

    let environment = admin.session["environment"]["id"].clone();
    let change =
        json!({ "environment_id": environment, "enabled": false, "scope_allowlist": ["tool.invoke"] });
    for method in ["PUT", "PATCH"] {
        let changed = world.call(method, &path, Some(change.clone())).by(&admin).send().await.ok();
        assert_eq!((&changed["environment_id"], &changed["enabled"]), (&environment, &json!(false)));
        assert_eq!(
            (&changed["name"], &changed["scope_allowlist"]),
            (&json!("Deploys"), &json!(["tool.invoke"]))
        );
    }
    let cleared = world.patch(&path, json!({ "environment_id": null })).by(&admin).send().await.ok();
    assert_eq!(cleared["environment_id"], json!(null));

    let listed = world.get(&accounts(&admin)).by(&admin).send().await.ok();
    assert_eq!(listed["items"], json!([cleared]));
    world.delete(&path).by(&admin).send().await.status(204);
    world.get(&path).by(&admin).send().await.problem(404, "not_found");
    assert_eq!(world.get(&accounts(&admin)).by(&admin).send().await.ok()["items"], json!([]));
}

#[tokio::test]
async fn names_and_subjects_are_unique() {
    let (world, admin) = World::set_up().await;
    let make = |name: &str, subject: &str, issuer: &str| {
        let body = json!({ "name": name, "subject": subject, "issuer": issuer });
        world.post(&accounts(&admin), body).by(&admin).send()
    };
    let first = make("One", "repo:a", "https://ci.example").await.created();
    make("one", "repo:b", "https://ci.example").await.problem(409, "name_taken");
    make("Two", "repo:a", "https://ci.example").await.problem(409, "name_taken");
    let second = make("Two", "repo:a", "https://other.example").await.created();
    let rename = world.patch(&path(&admin, &second), json!({ "name": "One" })).by(&admin).send().await;
    rename.problem(409, "name_taken");
    // The subject of an issuer is one, whatever the organisation; another's may have the name.
    let stranger = world.stranger().await;
    let body = json!({ "name": "One", "subject": "repo:a", "issuer": "https://ci.example" });
    world.post(&accounts(&stranger), body).by(&stranger).send().await.problem(409, "name_taken");
    let body = json!({ "name": "One" });
    world.post(&accounts(&stranger), body).by(&stranger).send().await.created();
    // A deleted one gives both back.
    world.delete(&path(&admin, &first)).by(&admin).send().await.status(204);
    make("One", "repo:a", "https://ci.example").await.created();
}

#[tokio::test]
async fn what_cannot_be_is_said_by_field() {
    let (world, admin) = World::set_up().await;
    let body = json!({
        "name": "", "subject": " ", "environment_id": "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60",
        "credential_ref": "no such secret", "scope_allowlist": ["agent.*", "agents.*", "*", "user.manage", "tool.invoke"],
    });
    let problem =
        world.post(&accounts(&admin), body).by(&admin).send().await.problem(422, "validation_failed");
    let faults: Vec<(String, String)> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            (error["pointer"].as_str().unwrap().to_owned(), error["code"].as_str().unwrap().to_owned())
        })
        .collect();
    for (pointer, code) in [
        ("/name", "required"),
        ("/subject", "required"),
        ("/environment_id", "unknown"),
        ("/credential_ref", "unknown"),
        ("/scope_allowlist/1", "unknown_scope"),
        ("/scope_allowlist/2", "scope_too_wide"),
        ("/scope_allowlist/3", "scope_of_people"),
    ] {
        assert!(faults.contains(&(pointer.to_owned(), code.to_owned())), "{pointer} {code}: {faults:?}");
    }
    assert_eq!(faults.len(), 7, "{faults:?}");
    let body = json!({ "name": "x", "role": "admin" });
    world.post(&accounts(&admin), body).by(&admin).send().await.problem(422, "unknown_field");
}

#[tokio::test]
async fn members_and_strangers_do_not_manage_machines() {
    let (world, admin) = World::set_up().await;
    let made = world.post(&accounts(&admin), json!({ "name": "CI" })).by(&admin).send().await.created();
    let member = world.invite(&admin, "grace@example.com", "member").await;
    world.get(&accounts(&admin)).by(&member).send().await.problem(403, "role_missing");
    world
        .post(&accounts(&admin), json!({ "name": "x" }))
        .by(&member)
        .send()
        .await
        .problem(403, "role_missing");
    let path = path(&admin, &made);
    world.patch(&path, json!({ "enabled": false })).by(&member).send().await.problem(403, "role_missing");
    world.delete(&path).by(&member).send().await.problem(403, "role_missing");
    let stranger = world.stranger().await;
    world.get(&path).by(&stranger).send().await.problem(404, "not_found");
    let own = format!("{}/{}", accounts(&stranger), made["id"].as_str().unwrap());
    for method in ["GET", "DELETE"] {
        world.call(method, &own, None).by(&stranger).send().await.problem(404, "not_found");
    }
    world.patch(&own, json!({ "enabled": false })).by(&stranger).send().await.problem(404, "not_found");
    assert_eq!(world.get(&path).by(&admin).send().await.ok(), made);
}
