//! Organisations, environments, members.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn an_organisation_lives_and_ends() {
    let (world, admin) = World::set_up().await;
    let body = json!({ "name": "Acme Labs", "website": "https://acme.example", "industry": "robots" });
    let made = world.post("/api/v1/orgs", body).by(&admin).send().await.status(201);
    let path = made.header("location");
    let made = made.json();
    assert_eq!((&made["slug"], &made["is_personal"]), (&json!("acme-labs"), &json!(false)));
    let taken = world.post("/api/v1/orgs", json!({ "name": "ACME LABS" })).by(&admin).send().await;
    taken.problem(409, "name_taken");
    for (method, change) in [("PUT", json!({ "website": null })), ("PATCH", json!({ "name": "Acme" }))] {
        world.call(method, &path, Some(change)).by(&admin).send().await.status(200);
    }
    let read = world.get(&path).by(&admin).send().await.ok();
    assert_eq!(
        (&read["name"], &read["website"], &read["industry"]),
        (&json!("Acme"), &json!(null), &json!("robots"))
    );
    let bad = json!({ "slug": "Not A Slug!", "website": "javascript:alert(1)" });
    let problem = world.patch(&path, bad).by(&admin).send().await.problem(422, "validation_failed");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
    world.delete(&path).by(&admin).send().await.status(204);
    world.get(&path).by(&admin).send().await.problem(404, "not_found");
    world.post("/api/v1/orgs", json!({ "name": "Acme" })).by(&admin).send().await.created();
}

#[tokio::test]
async fn a_personal_organisation_stays_personal() {
    let (world, admin) = World::set_up().await;
    let mine = world.get("/api/v1/auth/me/orgs").by(&admin).send().await.ok();
    let personal = mine["items"].as_array().unwrap().iter().find(|item| item["is_personal"] == true).unwrap();
    let path = format!("/api/v1/orgs/{}", personal["id"].as_str().unwrap());
    world.delete(&path).by(&admin).send().await.problem(409, "permanent");
    let body = json!({ "email": "grace@example.com", "role": "member" });
    world
        .post(&format!("{path}/members"), body)
        .by(&admin)
        .send()
        .await
        .problem(409, "personal_organization");
}

#[tokio::test]
async fn strangers_see_nothing() {
    let (world, admin) = World::set_up().await;
    let stranger = world.stranger().await;
    let org = format!("/api/v1/orgs/{}", admin.organization());
    let unknown = "/api/v1/orgs/0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60";
    let mut bodies = Vec::new();
    for path in [org.as_str(), unknown, "/api/v1/orgs/not-an-id"] {
        let mut problem = world.get(path).by(&stranger).send().await.problem(404, "not_found");
        for varies in ["request_id", "instance"] {
            problem.as_object_mut().unwrap().remove(varies);
        }
        bodies.push(problem);
    }
    assert!(
        bodies.windows(2).all(|pair| pair[0] == pair[1]),
        "the same words for absent and hidden: {bodies:?}"
    );
    for header in [
        ("x-context", "example".to_owned()),
        ("x-conductor-organization", admin.organization()),
        ("x-conductor-environment", admin.session["environment"]["id"].as_str().unwrap().to_owned()),
    ] {
        world
            .get("/api/auth/me")
            .by(&stranger)
            .with(header.0, &header.1)
            .send()
            .await
            .problem(404, "not_found");
    }
    world.patch(&org, json!({ "name": "Mine" })).by(&stranger).send().await.problem(404, "not_found");
    world.delete(&org).by(&stranger).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn a_request_acts_where_it_says() {
    let (world, admin) = World::set_up().await;
    let acme = world.post("/api/v1/orgs", json!({ "name": "Acme" })).by(&admin).send().await.created();
    let acme_id = acme["id"].as_str().unwrap();
    let place = async |headers: &[(&str, &str)]| {
        let mut call = world.get("/api/auth/me").by(&admin);
        for (name, value) in headers {
            call = call.with(name, value);
        }
        call.send().await.ok()["organization"]["name"].as_str().unwrap().to_owned()
    };
    assert_eq!(place(&[]).await, "Example");
    assert_eq!(place(&[("x-context", "acme")]).await, "Acme");
    assert_eq!(place(&[("x-conductor-organization", acme_id)]).await, "Acme");
    assert_eq!(place(&[("x-context", "example"), ("x-conductor-organization", acme_id)]).await, "Example");
    let switched =
        world.post("/api/v1/auth/me/orgs", json!({ "organization_id": acme_id })).by(&admin).send().await;
    assert_eq!(switched.created()["is_active_organization"], true);
    assert_eq!(place(&[]).await, "Acme");
    let beta =
        world.post("/api/v1/auth/me/orgs", json!({ "name": "Beta" })).by(&admin).send().await.created();
    assert_eq!((&beta["role"], beta["environments"].as_array().unwrap().len()), (&json!("owner"), 1));
    assert_eq!(place(&[]).await, "Beta");
    // An organisation that ends is nobody's active one.
    let path = format!("/api/v1/orgs/{}", beta["id"].as_str().unwrap());
    world.delete(&path).by(&admin).send().await.status(204);
    assert_ne!(place(&[]).await, "Beta");
}

#[tokio::test]
async fn environments_are_kept_apart() {
    let (world, admin) = World::set_up().await;
    let base = format!("/api/v1/orgs/{}/environments", admin.organization());
    let made = world
        .post(&base, json!({ "name": "Staging", "type": "staging" }))
        .by(&admin)
        .send()
        .await
        .status(201);
    let path = made.header("location");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    world
        .post(&base, json!({ "name": "staging", "type": "dev" }))
        .by(&admin)
        .send()
        .await
        .problem(409, "name_taken");
    let wrong = world.post(&base, json!({ "name": "x", "type": "moon" })).by(&admin).send().await;
    assert_eq!(wrong.problem(422, "validation_failed")["errors"][0]["pointer"], "/type");
    let changed = world.patch(&path, json!({ "type": "dev" })).by(&admin).send().await.ok();
    assert_eq!((&changed["name"], &changed["type"]), (&json!("Staging"), &json!("dev")));
    let me = world.get("/api/auth/me").by(&admin).with("x-conductor-environment", &id).send().await.ok();
    assert_eq!(me["environment"]["id"], id);
    world.delete(&path).by(&admin).send().await.status(204);
    world.get(&path).by(&admin).send().await.problem(404, "not_found");
    let default = format!("{base}/{}", admin.session["environment"]["id"].as_str().unwrap());
    world.delete(&default).by(&admin).send().await.problem(409, "permanent");
}

#[tokio::test]
async fn invited_people_join_the_team() {
    let (world, admin) = World::set_up().await;
    let members = format!("/api/v1/orgs/{}/members", admin.organization());
    let invite = || {
        let body = json!({ "email": " Grace@Example.com", "role": "member", "name": "Grace" });
        world.post(&members, body).by(&admin).send()
    };
    let first = invite().await.created();
    assert_eq!(
        (&first["member"]["email"], &first["member"]["is_verified"]),
        (&json!("grace@example.com"), &json!(false))
    );
    let second = invite().await.created();
    let token = |answer: &serde_json::Value| {
        answer["invite_link"].as_str().unwrap().strip_prefix("/invite?token=").unwrap().to_owned()
    };
    let accept = |token: String, password: &str| {
        world.post("/api/auth/invite/accept", json!({ "token": token, "password": password })).send()
    };
    let good = "another good passphrase here";
    accept(token(&first), good).await.problem(400, "link_invalid");
    accept(token(&second), "short").await.problem(422, "validation_failed");
    let session = accept(token(&second), good).await.ok();
    assert_eq!(session["organization"]["name"], "Example");
    assert_eq!(session["user"]["is_verified"], true);
    accept(token(&second), good).await.problem(400, "link_invalid");
    invite().await.problem(409, "name_taken");

    let login = json!({ "email": "grace@example.com", "password": good });
    let grace = world.post("/api/auth/login", login).send().await.ok();
    let bearer = format!("Bearer {}", grace["access_token"].as_str().unwrap());
    let mine = world.get("/api/v1/auth/me/orgs").with("authorization", &bearer).send().await.ok();
    assert_eq!(mine["items"].as_array().unwrap().len(), 2, "the team and a personal one");
    let listed = world.get(&members).with("authorization", &bearer).send().await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn roles_hold() {
    let (world, admin) = World::set_up().await;
    let member = world.invite(&admin, "member@example.com", "member").await;
    let helper = world.invite(&admin, "helper@example.com", "admin").await;
    let base = format!("/api/v1/orgs/{}/members", admin.organization());
    let path = |person: &crate::world::Person| format!("{base}/{}", person.id());

    // Members manage nobody.
    world
        .post(&base, json!({ "email": "x@example.com", "role": "member" }))
        .by(&member)
        .send()
        .await
        .status(403);
    world.patch(&path(&helper), json!({ "role": "viewer" })).by(&member).send().await.status(403);
    world.delete(&path(&helper)).by(&member).send().await.status(403);
    world
        .patch(&format!("/api/v1/orgs/{}", admin.organization()), json!({ "name": "x" }))
        .by(&member)
        .send()
        .await
        .status(403);
    // Administrators manage members, not owners.
    world.patch(&path(&member), json!({ "role": "viewer" })).by(&helper).send().await.status(200);
    for change in [json!({ "role": "owner" })] {
        world.patch(&path(&member), change.clone()).by(&helper).send().await.problem(403, "role_missing");
        world.patch(&path(&helper), change).by(&helper).send().await.problem(403, "role_missing");
    }
    world
        .patch(&path(&admin), json!({ "role": "viewer" }))
        .by(&helper)
        .send()
        .await
        .problem(403, "role_missing");
    world.delete(&path(&admin)).by(&helper).send().await.problem(403, "role_missing");
    world
        .post(&base, json!({ "email": "y@example.com", "role": "owner" }))
        .by(&helper)
        .send()
        .await
        .problem(403, "role_missing");
    // An organisation keeps an owner.
    world.patch(&path(&admin), json!({ "role": "admin" })).by(&admin).send().await.problem(409, "last_owner");
    world
        .patch(&path(&admin), json!({ "is_active": false }))
        .by(&admin)
        .send()
        .await
        .problem(409, "last_owner");
    world.delete(&path(&admin)).by(&admin).send().await.problem(409, "last_owner");
    // Whoever is removed is out at once.
    world.get(&base).by(&member).send().await.status(200);
    world.delete(&path(&member)).by(&helper).send().await.status(204);
    world.get(&base).by(&member).send().await.problem(404, "not_found");
    world.delete(&path(&helper)).by(&helper).send().await.status(204);
    let me = world.get("/api/auth/me").by(&helper).send().await.ok();
    assert_eq!(me["organization"]["is_personal"], true, "back in the personal one");
}

#[tokio::test]
async fn roles_are_listed() {
    let (world, admin) = World::set_up().await;
    let roles = world.get("/api/roles").by(&admin).send().await.ok();
    let roles = roles["items"].as_array().unwrap();
    assert_eq!(roles.len(), 8);
    let role = |scope: &str, name: &str| {
        roles.iter().find(|role| role["scope"] == scope && role["role_name"] == name).unwrap()
    };
    assert_eq!(role("platform", "guest")["can_create_agents"], false);
    assert_eq!(role("platform", "power_user")["can_share_agents"], true);
    assert!(role("organization", "viewer")["permissions"].as_array().unwrap().contains(&json!("agent.read")));
}
