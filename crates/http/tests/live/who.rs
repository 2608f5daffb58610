//! Who may do what with a row, and what a grant would change: asked by those who may grant on it, and by nobody else.

use conductor_domain::{
    Classification, EnvironmentId, NewUser, OrganizationId, OrganizationRole, PlatformRole, Scope, UserId,
};
use conductor_storage::Unscoped;
use conductor_test_support::Api;
use serde_json::{Value, json};

use crate::{
    content::column,
    world::{World, text},
};

async fn id_of(api: &Api) -> String {
    text(&api.get("/api/auth/me").await.ok()["user"]["id"])
}

async fn agent(world: &World, body: Value) -> String {
    text(&world.admin.post("/api/agents", body).await.created()["id"])
}

fn who(agent: &str, more: &str) -> String {
    format!("/api/permissions/who?resource_type=agent&resource_id={agent}{more}")
}

fn grant(agent: &str, subject: &str, level: &str) -> Value {
    json!({ "resource_type": "agent", "resource_id": agent, "subject_id": subject, "access_level": level })
}

/// What a list says of somebody.
fn of(list: &Value, id: &str) -> Value {
    let found = list["items"].as_array().unwrap().iter().find(|one| one["subject_id"] == id);
    found.cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_row_says_who_may_use_it_and_why_not() {
    let world = World::start().await;
    let poet = agent(&world, json!({ "name": "Poet" })).await;
    let grace = world.colleague("grace@example.com", "member").await;
    let olaf = world.colleague("olaf@example.com", "member").await;
    let (ada, grace_id, olaf_id) = (id_of(&world.admin).await, id_of(&grace).await, id_of(&olaf).await);
    world.admin.post("/api/permissions/grant", grant(&poet, &grace_id, "execute")).await.created();

    let all = world.admin.get(&who(&poet, "&access_level=execute")).await.ok();
    assert_eq!(all["items"].as_array().unwrap().len(), 3, "{all}");
    let (hers, his) = (of(&all, &grace_id), of(&all, &olaf_id));
    assert_eq!((&hers["effect"], &hers["before"]), (&json!("allow"), &Value::Null), "{hers}");
    assert_eq!(hers["reason"], "a grant gives execute");
    assert_eq!((&his["effect"], &his["rule_id"]), (&json!("deny"), &json!("visibility/hidden")), "{his}");
    assert_eq!(of(&all, &ada)["reason"], "the caller owns the row");

    let may = world.admin.get(&who(&poet, "&access_level=execute&allowed=true")).await.ok();
    assert_eq!(may["items"].as_array().unwrap().len(), 2, "{may}");
    let not = world.admin.get(&who(&poet, "&permission=agent.execute&allowed=false")).await.ok();
    assert_eq!(column(&not, "subject_id"), [json!(olaf_id)]);
    let found = world.admin.get(&who(&poet, "&q=GRACE%40")).await.ok();
    assert_eq!(column(&found, "subject_id"), [json!(grace_id)]);
    let roles = world.admin.get(&who(&poet, "&subject_type=role&limit=100")).await.ok();
    assert!(column(&roles, "subject_name").contains(&json!("organization:member")), "{roles}");

    // Pages add up to the whole.
    let first = world.admin.get(&who(&poet, "&limit=2")).await.ok();
    let rest =
        world.admin.get(&who(&poet, &format!("&limit=2&cursor={}", text(&first["next_cursor"])))).await.ok();
    assert_eq!((column(&first, "subject_id").len(), column(&rest, "subject_id").len()), (2, 1));
    assert_eq!(rest["next_cursor"], Value::Null);

    for wrong in ["&access_level=fly", "&subject_type=organization", "&permission=tool.invoke"] {
        world.admin.get(&who(&poet, wrong)).await.problem(422, "validation_failed");
    }
    world.admin.get("/api/permissions/who").await.problem(422, "validation_failed");
}

#[tokio::test]
async fn only_who_may_grant_on_a_row_asks_about_it() {
    let world = World::start().await;
    let poet = agent(&world, json!({ "name": "Poet" })).await;
    let grace = world.colleague("grace@example.com", "member").await;
    let grace_id = id_of(&grace).await;
    let trial = grant(&poet, &grace_id, "read");
    grace.get(&who(&poet, "")).await.problem(404, "not_found");
    grace.post("/api/permissions/preview", trial.clone()).await.problem(404, "not_found");
    world.admin.post("/api/permissions/grant", trial.clone()).await.created();
    assert_eq!(grace.get(&who(&poet, "")).await.status, 403);
    assert_eq!(grace.post("/api/permissions/preview", trial.clone()).await.status, 403);

    let stranger = world.stranger().await;
    stranger.get(&who(&poet, "")).await.problem(404, "not_found");
    stranger.post("/api/permissions/preview", trial).await.problem(404, "not_found");
    let question = json!({ "action": "agent.read", "resource_id": poet });
    stranger.post("/api/v1/policies/evaluate", question).await.problem(404, "not_found");

    // Its owner who administers nothing is told who has access, and of nobody else.
    let own = text(&grace.post("/api/agents", json!({ "name": "Own" })).await.created()["id"]);
    let mine = grace.get(&who(&own, "")).await.ok();
    assert_eq!(column(&mine, "subject_id"), [json!(grace_id)]);
    assert_eq!(grace.get(&who(&own, "&allowed=false")).await.status, 403);
    // What she could not give she does not try either: it would tell something of whom it is for.
    let ada = id_of(&world.admin).await;
    grace.post("/api/permissions/preview", grant(&own, &ada, "read")).await.problem(403, "role_missing");
}

#[tokio::test]
async fn a_grant_is_tried_before_it_is_given() {
    let world = World::start().await;
    let me = id_of(&world.admin).await;
    let clear = json!({ "data_clearance_level": "restricted" });
    world.admin.patch(&format!("/api/users/{me}"), clear).await.ok();
    let secret = agent(&world, json!({ "name": "Treasurer", "data_classification": "confidential" })).await;
    let grace = world.colleague("grace@example.com", "member").await;
    let olaf = world.colleague("olaf@example.com", "member").await;
    let (grace_id, olaf_id) = (id_of(&grace).await, id_of(&olaf).await);
    let clear = json!({ "data_clearance_level": "confidential" });
    world.admin.patch(&format!("/api/users/{grace_id}"), clear).await.ok();
    let low = json!({ "data_clearance_level": "public" });
    world.admin.patch(&format!("/api/users/{olaf_id}"), low).await.ok();
    let organization = world.organization(&world.admin).await;

    let mut trial = grant(&secret, &organization, "execute");
    trial["subject_type"] = json!("organization");
    let preview = world.admin.post("/api/permissions/preview", trial).await.ok();
    assert_eq!(
        (&preview["reached"], &preview["already"], &preview["gains"], &preview["denied"]),
        (&json!(3), &json!(1), &json!(1), &json!(1)),
        "{preview}"
    );
    assert_eq!(preview["gaining"][0]["subject_id"], grace_id);
    let stays = &preview["staying_out"][0];
    assert_eq!((&stays["subject_id"], &stays["before"]), (&json!(olaf_id), &json!("deny")));
    assert!(stays["reason"].as_str().unwrap().contains("clearance"), "{stays}");

    let more = format!("&access_level=execute&grant_subject_id={grace_id}&grant_access_level=execute");
    let tried = world.admin.get(&who(&secret, &more)).await.ok();
    let hers = of(&tried, &grace_id);
    assert_eq!((&hers["before"], &hers["effect"]), (&json!("deny"), &json!("allow")), "{hers}");

    // The same of one person, beside a label that is tried.
    let evaluate = format!("/api/v1/orgs/{organization}/policies/evaluate");
    let mut question = json!({
        "action": "agent.execute", "resource_id": secret, "subject_type": "user", "subject_id": grace_id,
    });
    assert_eq!(world.admin.post(&evaluate, question.clone()).await.ok()["effect"], "deny");
    question["grant"] = json!({ "subject_id": grace_id, "access_level": "execute" });
    assert_eq!(world.admin.post(&evaluate, question.clone()).await.ok()["effect"], "allow");
    question["resource"] = json!({ "data_classification": "restricted" });
    assert_eq!(world.admin.post(&evaluate, question.clone()).await.ok()["effect"], "deny");
    question["target"] = json!("agent:*");
    world.admin.post(&evaluate, question).await.problem(422, "validation_failed");

    // Nothing was given.
    grace.get(&format!("/api/agents/{secret}")).await.problem(404, "not_found");
}

#[tokio::test]
async fn machines_are_asked_about_by_their_tokens() {
    let world = World::start().await;
    let organization = world.organization(&world.admin).await;
    let poet = agent(&world, json!({ "name": "Poet" })).await;
    let worker = agent(&world, json!({ "name": "Worker", "visibility": "organization" })).await;
    let evaluate = format!("/api/v1/orgs/{organization}/policies/evaluate");
    let question = json!({
        "action": "agent.execute", "resource_id": poet, "subject_type": "agent", "subject_id": worker,
    });
    let none = world.admin.post(&evaluate, question.clone()).await.ok();
    assert_eq!((&none["effect"], &none["rule_id"]), (&json!("deny"), &json!("credential/none")), "{none}");
    let tokens = format!("/api/v1/orgs/{organization}/agents/{worker}/tokens");
    world.admin.post(&tokens, json!({ "name": "one", "scopes": ["agent.execute"] })).await.created();
    let mut trial = grant(&poet, &worker, "execute");
    trial["subject_type"] = json!("agent");
    let preview = world.admin.post("/api/permissions/preview", trial.clone()).await.ok();
    assert_eq!((&preview["reached"], &preview["gains"]), (&json!(1), &json!(1)), "{preview}");
    world.admin.post("/api/permissions/grant", trial).await.created();
    assert_eq!(world.admin.post(&evaluate, question).await.ok()["effect"], "allow");
    let listed = world.admin.get(&who(&poet, "&subject_type=agent&access_level=execute")).await.ok();
    assert_eq!(of(&listed, &worker)["effect"], "allow", "{listed}");
    let stranger = world.stranger().await;
    let theirs = world.organization(&stranger).await;
    let foreign = json!({
        "action": "agent.read", "target": "agent:new", "subject_type": "agent", "subject_id": worker,
    });
    stranger
        .post(&format!("/api/v1/orgs/{theirs}/policies/evaluate"), foreign)
        .await
        .problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_members_are_answered() {
    let world = World::start().await;
    let poet = agent(&world, json!({ "name": "Poet", "visibility": "organization" })).await;
    let me = world.admin.get("/api/auth/me").await.ok();
    let organization: OrganizationId = world.organization(&world.admin).await.parse().unwrap();
    let environment: EnvironmentId = text(&me["environment"]["id"]).parse().unwrap();
    let scope = Scope { organization_id: organization, environment_id: environment };
    let clock = world.store().clock().clone();
    let people: Vec<UserId> = (0..1_000).map(|_| UserId::generate(&*clock)).collect();
    let made = people.clone();
    world
        .store()
        .unscoped(Unscoped::SignIn)
        .write(move |tx| {
            Box::pin(async move {
                for (number, id) in made.into_iter().enumerate() {
                    tx.users()
                        .create(NewUser {
                            id,
                            email: format!("member{number}@example.com"),
                            password_hash: None,
                            name: format!("Member {number}"),
                            first_name: String::new(),
                            last_name: String::new(),
                            role: PlatformRole::StandardUser,
                            clearance: Classification::Internal,
                            is_verified: true,
                            active: None,
                        })
                        .await?;
                }
                Ok::<_, conductor_storage::Error>(())
            })
        })
        .await
        .unwrap();
    world
        .store()
        .scoped(scope)
        .write(move |tx| {
            Box::pin(async move {
                for id in people {
                    tx.memberships().create(id, OrganizationRole::Member).await?;
                }
                Ok::<_, conductor_storage::Error>(())
            })
        })
        .await
        .unwrap();
    let (mut cursor, mut seen) = (String::new(), 0);
    loop {
        let page = world
            .admin
            .get(&who(&poet, &format!("&access_level=write&allowed=false&limit=100{cursor}")))
            .await
            .ok();
        seen += page["items"].as_array().unwrap().len();
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, 1_000, "members may not change it");
    let mut trial = grant(&poet, &organization.to_string(), "write");
    trial["subject_type"] = json!("organization");
    let preview = world.admin.post("/api/permissions/preview", trial).await.ok();
    assert_eq!(
        (&preview["reached"], &preview["gains"], preview["gaining"].as_array().unwrap().len()),
        (&json!(1_001), &json!(1_000), 100)
    );
}
