//! What somebody tries who holds a directory's token, or none, or another one.

use conductor_test_support::Api;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    scim::{Provisioned, Refused, issue, operation, switch_on},
    world::text,
};

/// Another organisation on the same platform, of somebody else, with a directory of its own.
async fn elsewhere(at: &Provisioned) -> (Api, String, Api) {
    let eve = at.world.stranger().await;
    let team = eve.post("/api/v1/orgs", json!({ "name": "Elsewhere" })).await.created();
    let organization = text(&team["id"]);
    let (_, directory) = switch_on(&eve, &organization).await;
    (eve, organization, directory)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_credential_opens_the_door() {
    let at = Provisioned::start().await;
    let users = "/scim/v2/Users";
    at.admin().anonymous().get(users).await.refused(401, None);
    at.admin().anonymous().with_token("ck_made_up").get(users).await.refused(401, None);
    // A person, however high.
    at.admin().get(users).await.refused(403, None);
    at.admin().post(users, json!({ "userName": "x@example.com" })).await.refused(403, None);
    // An agent, with the very scope.
    let agent =
        at.admin().post("/api/agents", json!({ "name": "A", "visibility": "organization" })).await.created();
    let tokens = at.here(&format!("/agents/{}/tokens", text(&agent["id"])));
    let agent = issue(at.admin(), &tokens).await;
    agent.get(users).await.refused(403, None);
    // Another service account: with other scopes, and with the very one.
    for scope in ["membership.read", "directory.provision"] {
        let body = json!({ "name": scope, "scope_allowlist": [scope] });
        let account = at.admin().post(&at.here("/service-accounts"), body).await.created();
        let tokens = at.here(&format!("/service-accounts/{}/tokens", text(&account["id"])));
        let issued = at.admin().post(&tokens, json!({ "name": "t", "scopes": [scope] })).await.created();
        let other = at.admin().anonymous().with_token(&text(&issued["token"]));
        for path in
            [users, "/scim/v2/Groups", "/scim/v2/Schemas", "/scim/v2/ServiceProviderConfig", "/scim/v2/x"]
        {
            other.get(path).await.refused(403, None);
        }
        other.post(users, json!({ "userName": "x@example.com" })).await.refused(403, None);
    }
    assert_eq!(at.directory.get(users).await.ok()["totalResults"], 0);
    assert!(at.member("x@example.com").await.is_none());
    assert!(!at.audited("access.denied").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directorys_token_opens_nothing_else() {
    let at = Provisioned::start().await;
    for path in
        ["/api/agents", "/api/models", "/api/auth/me", "/api/conversations", "/api/events", "/api/v1/orgs"]
    {
        let refused = at.directory.get(path).await;
        assert_eq!(refused.status, 403, "{refused}");
    }
    for rest in ["/members", "/directory", "/service-accounts", "/audit", ""] {
        let refused = at.directory.get(&at.here(rest)).await;
        assert_eq!(refused.status, 403, "{refused}");
    }
    let refused = at.directory.patch(&at.here("/directory"), json!({ "enabled": true })).await;
    assert_eq!(refused.status, 403, "{refused}");
    let refused =
        at.directory.post(&at.tokens, json!({ "name": "more", "scopes": ["directory.provision"] })).await;
    assert_eq!(refused.status, 403, "{refused}");

    // And nobody makes one that does: the scope stands alone, in a token and in an allowlist.
    let account = at.tokens.trim_end_matches("/tokens");
    for scopes in [json!(["directory.provision", "agent.read"]), json!(["agent.*", "directory.provision"])] {
        let wide = at.admin().post(&at.tokens, json!({ "name": "wide", "scopes": scopes })).await;
        let wide = wide.problem(422, "validation_failed");
        assert!(wide["errors"].to_string().contains("scope_stands_alone"), "{wide}");
        at.admin()
            .patch(account, json!({ "scope_allowlist": scopes }))
            .await
            .problem(422, "validation_failed");
    }
    for scope in ["directory.*", "directory.manage", "*"] {
        let wide = at.admin().post(&at.tokens, json!({ "name": "wide", "scopes": [scope] })).await;
        wide.problem(422, "validation_failed");
    }
    at.directory.get("/scim/v2/Users").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_sees_and_touches_its_own_organisation_only() {
    let at = Provisioned::start().await;
    let (_, foreign_id, foreign) = elsewhere(&at).await;
    let grace = at.bring("grace@example.com").await;
    let group = at.group("Engineers", &[&grace]).await;
    for path in [
        format!("/scim/v2/Users/{}", text(&grace["id"])),
        format!("/scim/v2/Groups/{}", text(&group["id"])),
        // The owner, whom no directory brought.
        format!("/scim/v2/Users/{}", text(&at.admin().get("/api/auth/me").await.ok()["user"]["id"])),
    ] {
        let unknown = foreign.get(&path).await.refused(404, None);
        assert_eq!(unknown, foreign.get("/scim/v2/Users/0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60").await.json());
        foreign
            .put(&path, json!({ "userName": "x@example.com", "displayName": "x" }))
            .await
            .refused(404, None);
        foreign.patch(&path, operation("replace", "displayName", json!("x"))).await.refused(404, None);
        foreign.delete(&path).await.refused(404, None);
    }
    for filter in ["userName pr", "displayName pr", "id pr or not (id pr)", "groups.display eq \"Engineers\""]
    {
        let found = foreign.post("/scim/v2/.search", json!({ "filter": filter })).await.ok();
        assert_eq!(found["totalResults"], 0, "{filter}");
    }
    let body = json!({ "displayName": "Mine", "members": [{ "value": grace["id"] }] });
    foreign.post("/scim/v2/Groups", body).await.refused(400, Some("invalidValue"));
    // Headers that name another organisation do not move it there.
    for (name, value) in [("x-conductor-organization", at.organization.as_str()), ("x-context", "example")] {
        foreign.with(name, value).get("/scim/v2/Users").await.refused(404, None);
    }
    let path = format!("/api/v1/orgs/{foreign_id}/directory");
    at.admin().get(&path).await.problem(404, "not_found");
    at.admin().patch(&path, json!({ "enabled": false })).await.problem(404, "not_found");
    assert_eq!(at.directory.get("/scim/v2/Users").await.ok()["totalResults"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_does_not_take_over_whom_others_have_a_part_in() {
    let at = Provisioned::start().await;
    let (eve, foreign_id, foreign) = elsewhere(&at).await;
    let grace = at.bring("grace@example.com").await;
    let session = at.sign_in("grace@example.com").await;
    // Another directory claims her: she is a member there, and nothing of her is theirs.
    let claimed =
        json!({ "userName": "g", "displayName": "Mallory", "emails": [{ "value": "grace@example.com" }] });
    let claimed = foreign.post("/scim/v2/Users", claimed).await.created();
    assert_eq!(claimed["id"], grace["id"]);
    let path = format!("/scim/v2/Users/{}", text(&grace["id"]));
    let renamed = json!([{ "value": "mallory@example.com", "primary": true }]);
    foreign.patch(&path, operation("replace", "emails", renamed)).await.ok();
    foreign.patch(&path, operation("replace", "active", json!(false))).await.ok();
    let me = session.get("/api/auth/me").await.ok();
    assert_eq!((&me["user"]["email"], &me["user"]["name"]), (&json!("grace@example.com"), &json!("grace")));
    foreign.delete(&path).await.ok();
    assert!(at.member("grace@example.com").await.unwrap()["is_active"].as_bool().unwrap());
    session.get("/api/auth/me").await.ok();

    // Nor by the link that an invitation gives: whoever belongs to another team gets none from here.
    let alan = at.bring("alan@example.com").await;
    let invite = json!({ "email": "alan@example.com", "role": "member" });
    let invited = eve.post(&format!("/api/v1/orgs/{foreign_id}/members"), invite).await.created();
    assert!(invited.get("invite_link").is_none(), "{invited}");
    // He is in two teams now: his own directory suspends him in its own, and closes nothing.
    let path = format!("/scim/v2/Users/{}", text(&alan["id"]));
    assert_eq!(
        at.directory.patch(&path, operation("replace", "active", json!(false))).await.ok()["active"],
        false
    );
    let users = at.admin().get("/api/users?limit=100").await.ok();
    let account = users["items"].as_array().unwrap().iter().find(|one| one["id"] == alan["id"]).unwrap();
    assert_eq!(account["is_active"], true);
    assert_eq!(at.member("alan@example.com").await.unwrap()["is_active"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_are_read_and_never_run() {
    let at = Provisioned::start().await;
    at.bring("grace@example.com").await;
    let find =
        async |filter: &str| at.directory.post("/scim/v2/Users/.search", json!({ "filter": filter })).await;
    // What would be a part of a statement elsewhere is a text here, and finds nobody.
    for value in
        ["' OR '1'='1", "%", "_%", "\\\" or userName pr or \\\"", "grace@example.com'--", "$1", "\\u0000"]
    {
        for attribute in ["userName", "externalId", "id", "emails.value", "displayName"] {
            let found = find(&format!("{attribute} eq \"{value}\"")).await.ok();
            assert_eq!(found["totalResults"], 0, "{attribute} {value}");
        }
    }
    for bad in
        ["userName eq \"x\" or 1=1", "userName eq 'x'", "1 eq 1", "userName eq \"x\"; drop table users"]
    {
        find(bad).await.refused(400, Some("invalidFilter"));
    }
    // Large, long and deep ones end as refusals, quickly, with the server as well as before.
    let nested = |depth: usize| format!("{}userName pr{}", "not (".repeat(depth), ")".repeat(depth));
    find(&nested(16)).await.ok();
    for huge in [
        nested(17),
        nested(20_000),
        "(".repeat(100_000),
        vec!["title pr"; 101].join(" or "),
        format!("userName eq \"{}\"", "x".repeat(500_000)),
        "emails[".repeat(50_000),
    ] {
        find(&huge).await.refused(400, Some("invalidFilter"));
    }
    let path = format!("emails{}", "[type eq \"x\"".repeat(10_000));
    let patch = operation("add", &path, json!("x"));
    let grace = at.directory.get("/scim/v2/Users").await.ok()["Resources"][0].clone();
    let user = format!("/scim/v2/Users/{}", text(&grace["id"]));
    let refused = at.directory.patch(&user, patch).await;
    assert_eq!(refused.status, 400, "{}", refused.status);
    for deep in [format!("{}{}", "[".repeat(50_000), "]".repeat(50_000)), "{\"name\":".repeat(50_000)] {
        at.directory
            .raw(Method::POST, "/scim/v2/Users", "application/scim+json", deep)
            .await
            .refused(400, Some("invalidSyntax"));
    }
    let many: Vec<Value> = (0..1_001).map(|_| json!({ "op": "remove", "path": "title" })).collect();
    at.directory.patch(&user, json!({ "Operations": many })).await.refused(400, Some("tooMany"));
    let long = json!({ "userName": "x".repeat(3_000), "emails": [{ "value": "x@example.com" }] });
    at.directory.post("/scim/v2/Users", long).await.refused(400, Some("invalidValue"));
    let large = vec![b' '; 3 * 1024 * 1024];
    let large = at.directory.raw(Method::POST, "/scim/v2/Users", "application/scim+json", large).await;
    assert_eq!(large.headers["connection"], "close", "the next request takes another connection");
    large.refused(413, None);
    assert_eq!(at.directory.get("/scim/v2/Users").await.ok()["totalResults"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_cannot_switch_it_on_and_see_nothing_of_it() {
    let at = Provisioned::start().await;
    at.bring("grace@example.com").await;
    let grace = at.sign_in("grace@example.com").await;
    let path = at.here("/directory");
    grace.get(&path).await.problem(403, "role_missing");
    grace.get(&at.here("/directory/groups")).await.problem(403, "role_missing");
    grace
        .patch(&path, json!({ "role_mappings": [{ "group": "g", "role": "admin" }] }))
        .await
        .problem(403, "role_missing");
    at.admin()
        .patch(&path, json!({ "enabled": true, "service_account_id": null }))
        .await
        .problem(422, "unknown_field");
    // A personal organisation has nobody to provision.
    let eve = at.world.stranger().await;
    let own = at.world.organization(&eve).await;
    eve.patch(&format!("/api/v1/orgs/{own}/directory"), json!({ "enabled": true }))
        .await
        .problem(409, "personal_organization");
}
