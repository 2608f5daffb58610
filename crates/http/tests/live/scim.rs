//! A directory at work: people and groups come, change and go by SCIM, and what they were given ends with them.

use std::time::{Duration, Instant};

use conductor_test_support::{Answer, Api};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, text};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// An organisation with provisioning switched on.
pub(crate) struct Provisioned {
    pub(crate) world: World,
    pub(crate) organization: String,
    /// A client with a token of the directory.
    pub(crate) directory: Api,
    /// The path of the directory's tokens.
    pub(crate) tokens: String,
}

impl Provisioned {
    pub(crate) async fn start() -> Self {
        let world = World::start().await;
        let organization = world.organization(&world.admin).await;
        let (tokens, directory) = switch_on(&world.admin, &organization).await;
        Self { world, organization, directory, tokens }
    }

    pub(crate) fn admin(&self) -> &Api {
        &self.world.admin
    }

    pub(crate) fn here(&self, rest: &str) -> String {
        format!("/api/v1/orgs/{}{rest}", self.organization)
    }

    pub(crate) async fn bring(&self, name: &str) -> Value {
        self.directory.post("/scim/v2/Users", json!({ "userName": name })).await.created()
    }

    pub(crate) async fn group(&self, name: &str, members: &[&Value]) -> Value {
        let members: Vec<Value> = members.iter().map(|one| json!({ "value": one["id"] })).collect();
        self.directory
            .post("/scim/v2/Groups", json!({ "displayName": name, "members": members }))
            .await
            .created()
    }

    async fn map(&self, mappings: Value) {
        self.admin().patch(&self.here("/directory"), json!({ "role_mappings": mappings })).await.ok();
    }

    /// A member of the organisation, as the page lists it.
    pub(crate) async fn member(&self, email: &str) -> Option<Value> {
        let members = self.admin().get(&self.here("/members?limit=100")).await.ok();
        members["items"].as_array().unwrap().iter().find(|one| one["email"] == email).cloned()
    }

    async fn role(&self, email: &str) -> String {
        text(&self.member(email).await.unwrap()["role"])
    }

    /// Somebody whom the directory brought, signed in with a password of the person's own.
    pub(crate) async fn sign_in(&self, email: &str) -> Api {
        // The invitation again gives whoever has no password a link.
        let body = json!({ "email": email, "role": "member" });
        let invited = self.admin().post(&self.here("/members"), body).await.ok();
        let link = text(&invited["invite_link"]);
        let token = link.split("token=").nth(1).unwrap();
        let body = json!({ "token": token, "password": "correct horse battery staple" });
        let session = self.admin().anonymous().post("/api/auth/invite/accept", body).await.ok();
        self.admin().signed_in(&session)
    }

    /// What the audit log says of an event, the newest first.
    pub(crate) async fn audited(&self, event: &str) -> Vec<Value> {
        let log = self.admin().get(&self.here(&format!("/audit?event_type={event}&limit=100"))).await.ok();
        log["items"].as_array().unwrap().clone()
    }
}

/// Switches an organisation's provisioning on; the path of its tokens, and a client with one.
pub(crate) async fn switch_on(admin: &Api, organization: &str) -> (String, Api) {
    let here = format!("/api/v1/orgs/{organization}");
    let directory = admin.patch(&format!("{here}/directory"), json!({ "enabled": true })).await.ok();
    let tokens = format!("{here}/service-accounts/{}/tokens", text(&directory["service_account_id"]));
    let directory = issue(admin, &tokens).await;
    (tokens, directory)
}

pub(crate) async fn issue(admin: &Api, tokens: &str) -> Api {
    let body = json!({ "name": "directory", "scopes": ["directory.provision"] });
    let issued = admin.post(tokens, body).await.created();
    admin.anonymous().with_token(&text(&issued["token"]))
}

pub(crate) trait Refused {
    fn refused(self, status: u16, reason: Option<&str>) -> Value;
}

impl Refused for Answer {
    /// A refusal in the standard's words.
    #[track_caller]
    fn refused(self, status: u16, reason: Option<&str>) -> Value {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.header("content-type"), Some("application/scim+json"), "{self}");
        let body = self.json();
        assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
        assert_eq!(body["status"], status.to_string());
        assert_eq!(body["scimType"].as_str(), reason, "{self}");
        assert!(!body["detail"].as_str().unwrap().is_empty());
        body
    }
}

fn ids(list: &Value) -> Vec<String> {
    list["Resources"].as_array().unwrap().iter().map(|one| text(&one["id"])).collect()
}

pub(crate) fn operation(op: &str, path: &str, value: Value) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": op, "path": path, "value": value }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_comes_changes_and_goes() {
    let at = Provisioned::start().await;
    let made = at
        .directory
        .post(
            "/scim/v2/Users",
            json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
                "userName": "Grace.Hopper", "externalId": "00u1",
                "name": { "givenName": "Grace", "familyName": "Hopper" },
                "emails": [{ "value": "Grace@Example.com", "type": "work", "primary": true }],
                "roles": [{ "value": "admin" }], "shoeSize": 38,
                ENTERPRISE: { "department": "Compilers" },
            }),
        )
        .await;
    assert_eq!(made.header("content-type"), Some("application/scim+json"));
    let (location, version) =
        (made.header("location").unwrap().to_owned(), made.header("etag").unwrap().to_owned());
    let made = made.created();
    let id = text(&made["id"]);
    assert!(location.ends_with(&format!("/scim/v2/Users/{id}")), "{location}");
    assert_eq!((&made["meta"]["location"], &made["meta"]["version"]), (&json!(location), &json!(version)));
    assert_eq!((&made["active"], &made[ENTERPRISE]["department"]), (&json!(true), &json!("Compilers")));
    assert!(made.get("roles").is_none() && made.get("shoeSize").is_none(), "{made}");

    let member = at.member("grace@example.com").await.unwrap();
    assert_eq!((&member["name"], &member["role"]), (&json!("Grace Hopper"), &json!("member")));
    assert_eq!((&member["is_provisioned"], &member["user_id"]), (&json!(true), &made["id"]));
    assert_eq!(at.member("ada@example.com").await.unwrap()["is_provisioned"], false);

    let path = format!("/scim/v2/Users/{id}");
    let known = at.directory.with("if-none-match", &version).get(&path).await;
    assert_eq!((known.status, known.text.as_str()), (304, ""));
    let married = operation("replace", "name.familyName", json!("Murray"));
    let changed = at.directory.with("if-match", &version).patch(&path, married).await.ok();
    assert_eq!(changed["name"], json!({ "givenName": "Grace", "familyName": "Murray" }));
    let again = operation("replace", "title", json!("Admiral"));
    at.directory.with("if-match", &version).patch(&path, again.clone()).await.refused(412, None);
    at.directory.with("if-match", "*").patch(&path, again).await.ok();
    assert_eq!(at.member("grace@example.com").await.unwrap()["name"], "Grace Murray");

    // A whole resource anew: what it does not say is gone, and the address goes with the account.
    let whole =
        json!({ "id": "another", "userName": "grace.murray", "emails": [{ "value": "murray@example.com" }] });
    let whole = at.directory.put(&path, whole).await.ok();
    assert_eq!((&whole["id"], &whole["userName"]), (&json!(id), &json!("grace.murray")));
    assert!(whole.get("title").is_none() && whole.get("externalId").is_none(), "{whole}");
    assert!(at.member("grace@example.com").await.is_none());
    assert!(at.member("murray@example.com").await.is_some());
    // The same again is no change.
    let same = json!({ "userName": "grace.murray", "emails": [{ "value": "murray@example.com" }] });
    assert_eq!(at.directory.put(&path, same).await.ok()["meta"], whole["meta"]);

    at.directory.delete(&path).await.ok();
    at.directory.get(&path).await.refused(404, None);
    at.directory.delete(&path).await.refused(404, None);
    assert!(at.member("murray@example.com").await.is_none());
    // Whoever comes back is who went, and in again.
    let back = at.bring("murray@example.com").await;
    assert_eq!((&back["id"], &back["active"]), (&json!(id), &json!(true)));

    let created = at.audited("directory.user_created").await;
    assert_eq!(created.len(), 2);
    assert!(text(&created[0]["subject"]).starts_with("service_account:"), "{}", created[0]);
    let updated = at.audited("directory.user_updated").await;
    assert_eq!(updated.len(), 3, "{updated:?}");
    assert!(!format!("{updated:?}").contains("Murray"), "the log holds what the directory said");
    assert_eq!(at.audited("directory.user_deleted").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_switched_off_is_out_within_a_second() {
    let at = Provisioned::start().await;
    let grace = at.bring("grace@example.com").await;
    let session = at.sign_in("grace@example.com").await;
    session.get("/api/auth/me").await.ok();
    let stream = session.stream("/api/events").await;
    let path = format!("/scim/v2/Users/{}", text(&grace["id"]));

    let off = at.directory.patch(&path, operation("Replace", "active", json!("False"))).await.ok();
    let ended = Instant::now();
    assert_eq!(off["active"], false);
    stream.rest().await;
    assert!(ended.elapsed() < Duration::from_secs(1), "the stream lived for {:?}", ended.elapsed());
    session.get("/api/auth/me").await.problem(401, "token_revoked");
    let body = json!({ "email": "grace@example.com", "password": "correct horse battery staple" });
    session.anonymous().post("/api/auth/login", body.clone()).await.problem(401, "sign_in_refused");
    assert_eq!(at.member("grace@example.com").await.unwrap()["is_active"], false);

    let on = at.directory.patch(&path, operation("replace", "active", json!(true))).await.ok();
    assert_eq!(on["active"], true);
    session.anonymous().post("/api/auth/login", body).await.ok();
    // The old session stays ended.
    session.get("/api/auth/me").await.problem(401, "token_revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_closed_no_directory_opens() {
    let at = Provisioned::start().await;
    let grace = at.bring("grace@example.com").await;
    let path = format!("/scim/v2/Users/{}", text(&grace["id"]));
    let account = format!("/api/users/{}", text(&grace["id"]));
    let active = |active: bool| operation("replace", "active", json!(active));
    at.directory.patch(&path, active(false)).await.ok();
    // An administrator of the platform closes what is closed: from now on it is a person's decision.
    at.admin().patch(&account, json!({ "is_active": false })).await.ok();
    let still = at.directory.patch(&path, active(true)).await.ok();
    assert_eq!(still["active"], false);
    at.directory.delete(&path).await.ok();
    assert_eq!(at.bring("grace@example.com").await["active"], false);
    at.admin().patch(&account, json!({ "is_active": true })).await.ok();
    assert_eq!(at.directory.get(&path).await.ok()["active"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_bring_the_roles_that_somebody_mapped_and_no_other() {
    let at = Provisioned::start().await;
    let (grace, alan) = (at.bring("grace@example.com").await, at.bring("alan@example.com").await);
    // Names say nothing: only what is mapped does.
    for name in ["admin", "owner", "Administrators", "organization:owner"] {
        at.group(name, &[&grace, &alan]).await;
    }
    assert_eq!(at.role("grace@example.com").await, "member");
    let engineers = at.group("Engineers", &[&grace]).await;
    let shown = at.directory.get(&format!("/scim/v2/Users/{}", text(&grace["id"]))).await.ok();
    assert_eq!(shown["groups"].as_array().unwrap().len(), 5);

    // A mapping that comes later holds at once; by the directory's own id as well as by name.
    at.map(json!([{ "group": "Engineers", "role": "admin" }, { "group": "g-42", "role": "viewer" }])).await;
    assert_eq!(at.role("grace@example.com").await, "admin");
    assert_eq!(at.role("alan@example.com").await, "member");
    let path = format!("/scim/v2/Groups/{}", text(&engineers["id"]));
    let join = operation("add", "members", json!([{ "value": alan["id"] }]));
    let joined = at.directory.patch(&path, join).await.ok();
    assert_eq!(joined["members"].as_array().unwrap().len(), 2);
    assert_eq!(at.role("alan@example.com").await, "admin");
    let leave = json!({ "Operations": [
        { "op": "remove", "path": format!("members[value eq \"{}\"]", text(&grace["id"])) }] });
    at.directory.patch(&path, leave).await.ok();
    assert_eq!(at.role("grace@example.com").await, "member");
    let renamed =
        json!({ "displayName": "Builders", "externalId": "g-42", "members": [{ "value": alan["id"] }] });
    at.directory.put(&path, renamed).await.ok();
    assert_eq!(at.role("alan@example.com").await, "viewer");
    let groups = at.admin().get(&at.here("/directory/groups?limit=2")).await.ok();
    assert_eq!(groups["items"].as_array().unwrap().len(), 2);
    let rest = format!("/directory/groups?limit=10&cursor={}", text(&groups["next_cursor"]));
    let rest = at.admin().get(&at.here(&rest)).await.ok();
    let builders = rest["items"].as_array().unwrap().iter().find(|one| one["name"] == "Builders").unwrap();
    assert_eq!((&builders["members"], &builders["role"]), (&json!(1), &json!("viewer")));
    at.directory.delete(&path).await.ok();
    // What was there before the group is there again.
    assert_eq!(at.role("alan@example.com").await, "member");
    let log = at.audited("membership.updated").await;
    assert!(log.iter().all(|one| text(&one["subject"]).starts_with("service_account:")
        || text(&one["subject"]).starts_with("user:")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_owner_stays_and_owners_answer_to_owners() {
    let at = Provisioned::start().await;
    // Ada owns the organisation; the directory takes her over and cannot lose her.
    let ada = at.bring("ada@example.com").await;
    assert_eq!(at.role("ada@example.com").await, "owner");
    let path = format!("/scim/v2/Users/{}", text(&ada["id"]));
    at.directory.patch(&path, operation("replace", "active", json!(false))).await.refused(409, None);
    at.directory.delete(&path).await.refused(409, None);
    at.group("Readers", &[&ada]).await;
    at.map(json!([{ "group": "Readers", "role": "viewer" }, { "group": "Owners", "role": "owner" }])).await;
    assert_eq!(at.role("ada@example.com").await, "owner");
    // Her name and address are hers: the directory did not make her account, and she runs the platform.
    let renamed = json!({ "userName": "ada@example.com", "displayName": "Mallory",
                          "emails": [{ "value": "mallory@example.com" }] });
    at.directory.put(&path, renamed).await.ok();
    assert_eq!(at.member("ada@example.com").await.unwrap()["name"], "Ada");

    // An administrator who is no owner issues a token of the same directory.
    let grace = at.bring("grace@example.com").await;
    at.map(json!([{ "group": "Admins", "role": "admin" }, { "group": "Owners", "role": "owner" }])).await;
    at.group("Admins", &[&grace]).await;
    let session = at.sign_in("grace@example.com").await;
    let directory = issue(&session, &at.tokens).await;
    let body = json!({ "role_mappings": [{ "group": "Mine", "role": "owner" }] });
    session.patch(&at.here("/directory"), body).await.problem(403, "role_missing");
    // Through it nobody becomes an owner, and no owner is touched.
    let body = json!({ "displayName": "Owners", "members": [{ "value": grace["id"] }] });
    let owners = directory.post("/scim/v2/Groups", body).await.created();
    assert_eq!(at.role("grace@example.com").await, "admin");
    let alan = at.bring("alan@example.com").await;
    let add = operation("add", "members", json!([{ "value": alan["id"] }]));
    at.directory.patch(&format!("/scim/v2/Groups/{}", text(&owners["id"])), add).await.ok();
    assert_eq!(at.role("alan@example.com").await, "owner");
    let path = format!("/scim/v2/Users/{}", text(&alan["id"]));
    directory.delete(&path).await.refused(403, None);
    directory.patch(&path, operation("replace", "active", json!(false))).await.refused(403, None);
    assert_eq!(at.member("alan@example.com").await.unwrap()["is_active"], true);
    at.directory.delete(&path).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_sorted_paged_and_cut_to_what_is_asked() {
    let at = Provisioned::start().await;
    let mut people = Vec::new();
    for (name, title) in [("carol", "b"), ("alice", "c"), ("bob", "a")] {
        let body = json!({ "userName": format!("{name}@example.com"), "title": title, "externalId": name });
        people.push(text(&at.directory.post("/scim/v2/Users", body).await.created()["id"]));
    }
    let [carol, alice, bob] = people.try_into().unwrap();
    let get = async |query: &str| at.directory.get(&format!("/scim/v2/Users?{query}")).await.ok();
    let all = get("").await;
    assert_eq!(
        (&all["totalResults"], &all["startIndex"], &all["itemsPerPage"]),
        (&json!(3), &json!(1), &json!(3))
    );
    assert_eq!(ids(&get("filter=userName%20eq%20%22ALICE@example.com%22").await), [alice.as_str()]);
    assert_eq!(ids(&get("filter=externalId%20eq%20%22bob%22").await), [bob.as_str()]);
    assert_eq!(ids(&get(&format!("filter=id%20eq%20%22{carol}%22")).await), [carol.as_str()]);
    assert_eq!(
        ids(&get("filter=title%20gt%20%22a%22%20and%20not%20(userName%20sw%20%22carol%22)").await),
        [alice.as_str()]
    );
    assert_eq!(ids(&get("sortBy=title&sortOrder=descending").await), [alice.as_str(), &carol, &bob]);
    assert_eq!(ids(&get("sortBy=userName&startIndex=2&count=1").await), [bob.as_str()]);
    let second = get("startIndex=3&count=5").await;
    assert_eq!((ids(&second), &second["totalResults"]), (vec![bob.clone()], &json!(3)));
    let none = get("count=0").await;
    assert_eq!((ids(&none).len(), &none["totalResults"]), (0, &json!(3)));
    let few = get("attributes=userName&filter=title%20eq%20%22a%22").await;
    assert_eq!(few["Resources"][0].as_object().unwrap().len(), 3, "{few}");
    assert!(get("excludedAttributes=userName,meta").await["Resources"][0].get("meta").is_none());

    let group =
        at.directory.post("/scim/v2/Groups", json!({ "displayName": "G", "members": [{ "value": bob }] }));
    let group = group.await.created();
    let with =
        at.directory.get(&format!("/scim/v2/Groups?filter=members.value%20eq%20%22{bob}%22")).await.ok();
    assert_eq!(ids(&with), [text(&group["id"])]);
    let bare = at.directory.get("/scim/v2/Groups?excludedAttributes=members").await.ok();
    assert!(bare["Resources"][0].get("members").is_none());
    let search =
        json!({ "filter": "userName sw \"bob\" or displayName eq \"g\"", "attributes": ["displayName"] });
    let both = at.directory.post("/scim/v2/.search", search).await.ok();
    assert_eq!((&both["totalResults"], &both["Resources"][1]["displayName"]), (&json!(2), &json!("G")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_in_the_words_of_the_standard() {
    let at = Provisioned::start().await;
    let grace = at.bring("grace@example.com").await;
    let users = "/scim/v2/Users";
    let path = format!("{users}/{}", text(&grace["id"]));
    let post = async |body: Value| at.directory.post(users, body).await;
    post(json!({ "userName": "GRACE@example.com" })).await.refused(409, Some("uniqueness"));
    post(json!({ "userName": "x", "emails": [{ "value": "grace@example.com" }] }))
        .await
        .refused(409, Some("uniqueness"));
    post(json!({ "userName": "no-address" })).await.refused(400, Some("invalidValue"));
    post(json!({ "displayName": "Nobody" })).await.refused(400, Some("invalidValue"));
    post(json!([])).await.refused(400, Some("invalidSyntax"));
    at.bring("alan@example.com").await;
    let taken = operation("replace", "emails", json!([{ "value": "alan@example.com" }]));
    at.directory.patch(&path, taken).await.refused(409, Some("uniqueness"));
    at.directory
        .patch(&path, operation("replace", "shoeSize", json!(1)))
        .await
        .refused(400, Some("invalidPath"));
    at.directory.patch(&path, operation("replace", "id", json!("x"))).await.refused(400, Some("mutability"));
    at.directory
        .patch(&path, operation("replace", "emails[type eq \"home\"].value", json!("x")))
        .await
        .refused(400, Some("noTarget"));
    let group =
        json!({ "displayName": "G", "members": [{ "value": "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60" }] });
    at.directory.post("/scim/v2/Groups", group).await.refused(400, Some("invalidValue"));
    at.directory.get(&format!("{users}?count=many")).await.refused(400, Some("invalidValue"));
    at.directory
        .get(&format!("{users}?filter=userName%20is%20%22x%22"))
        .await
        .refused(400, Some("invalidFilter"));
    at.directory
        .raw(Method::POST, users, "application/scim+json", "{")
        .await
        .refused(400, Some("invalidSyntax"));
    at.directory.raw(Method::POST, users, "text/plain", "{}").await.refused(415, None);
    at.directory.put(users, json!({})).await.refused(405, None);
    at.directory.get("/scim/v2/Nothing").await.refused(404, None);
    at.directory.get(&format!("{users}/nobody")).await.refused(404, None);
    assert_eq!(at.directory.get(users).await.ok()["totalResults"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_ends_with_its_switch_and_its_tokens_one_by_one() {
    let at = Provisioned::start().await;
    let second = issue(at.admin(), &at.tokens).await;
    let listed = at.admin().get(&at.tokens).await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert!(listed["items"].as_array().unwrap().iter().all(|one| one.get("token").is_none()));
    at.directory.get("/scim/v2/Users").await.ok();
    let used = at.admin().get(&at.tokens).await.ok();
    let used: Vec<_> =
        used["items"].as_array().unwrap().iter().filter(|one| !one["last_used_at"].is_null()).collect();
    assert_eq!(used.len(), 1);
    at.admin().post(&format!("{}/{}/revoke", at.tokens, text(&used[0]["jti"])), json!({})).await.ok();
    at.directory.get("/scim/v2/Users").await.refused(401, None);
    second.get("/scim/v2/Users").await.ok();

    at.admin().patch(&at.here("/directory"), json!({ "enabled": false })).await.ok();
    second.get("/scim/v2/Users").await.refused(401, None);
    at.admin().patch(&at.here("/directory"), json!({ "enabled": true })).await.ok();
    second.get("/scim/v2/Users").await.ok();
}

fn bulk(operations: &Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations })
}

/// The result of one name, or of a method where it has none.
fn result<'r>(answer: &'r Value, name: &str) -> &'r Value {
    let all = answer["Operations"].as_array().unwrap();
    all.iter()
        .find(|one| one["bulkId"] == name || one["method"] == name)
        .unwrap_or_else(|| panic!("{name}: {answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn many_operations_come_at_once_and_refer_to_each_other() {
    let it = Provisioned::start().await;
    let config = it.directory.get("/scim/v2/ServiceProviderConfig").await.ok();
    assert_eq!(
        config["bulk"],
        json!({ "supported": true, "maxOperations": 200, "maxPayloadSize": 1_048_576 })
    );
    let old = it.bring("old@example.com").await;
    let answer = it
        .directory
        .post(
            "/scim/v2/Bulk",
            bulk(&json!([
                // It refers to what is made further down.
                { "method": "POST", "path": "/Groups", "bulkId": "staff",
                  "data": { "displayName": "Staff", "members": [{ "value": "bulkId:grace" }] } },
                { "method": "POST", "path": "/Users", "bulkId": "grace", "data": { "userName": "grace@example.com" } },
                { "method": "PATCH", "path": "/Users/bulkId:grace",
                  "data": { "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                            "Operations": [{ "op": "replace", "path": "displayName", "value": "Grace" }] } },
                { "method": "DELETE", "path": format!("/Users/{}", text(&old["id"])) },
            ])),
        )
        .await
        .ok();
    assert_eq!(answer["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]));
    for (name, status) in [("staff", "201"), ("grace", "201"), ("PATCH", "200"), ("DELETE", "204")] {
        assert_eq!(result(&answer, name)["status"], status, "{answer}");
    }
    let grace = text(&result(&answer, "grace")["location"]);
    let grace = grace.rsplit('/').next().unwrap();
    let found = it.directory.get(&format!("/scim/v2/Users/{grace}")).await.ok();
    assert_eq!(found["displayName"], "Grace");
    let groups = it.directory.get("/scim/v2/Groups").await.ok();
    assert_eq!(groups["Resources"][0]["members"][0]["value"], grace);
    drop(it.directory.get(&format!("/scim/v2/Users/{}", text(&old["id"]))).await.status(404));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_fails_by_itself_until_there_were_too_many() {
    let it = Provisioned::start().await;
    it.bring("taken@example.com").await;
    let user = |name: &str, email: &str| json!({ "method": "POST", "path": "/Users", "bulkId": name, "data": { "userName": email } });
    let operations = json!([
        user("a", "taken@example.com"),
        user("b", "b@example.com"),
        { "method": "PUT", "path": "/Users/bulkId:nobody", "data": { "userName": "x@example.com" } },
        { "method": "POST", "path": "/Groups", "bulkId": "round",
          "data": { "displayName": "Round", "members": [{ "value": "bulkId:round" }] } },
        { "method": "DELETE", "path": "/Users" },
        { "method": "POST", "path": "/Tokens", "bulkId": "t", "data": {} },
    ]);
    let answer = it.directory.post("/scim/v2/Bulk", bulk(&operations)).await.ok();
    for (name, status) in
        [("a", "409"), ("b", "201"), ("PUT", "409"), ("round", "409"), ("DELETE", "405"), ("t", "404")]
    {
        assert_eq!(result(&answer, name)["status"], status, "{name}: {answer}");
    }
    assert_eq!(result(&answer, "a")["response"]["scimType"], "uniqueness");
    // After the first fault the rest is left alone.
    let mut strict = bulk(&json!([user("a", "taken@example.com"), user("c", "c@example.com")]));
    strict["failOnErrors"] = json!(1);
    let answer = it.directory.post("/scim/v2/Bulk", strict).await.ok();
    assert_eq!(answer["Operations"].as_array().unwrap().len(), 1, "{answer}");
    assert!(it.member("c@example.com").await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_many_has_its_limits_and_its_form() {
    let it = Provisioned::start().await;
    let one = |at: usize| json!({ "method": "POST", "path": "/Users", "bulkId": at.to_string(), "data": {} });
    let many: Vec<Value> = (0..201).map(one).collect();
    drop(it.directory.post("/scim/v2/Bulk", bulk(&json!(many))).await.status(413));
    let large = json!([{ "method": "POST", "path": "/Users", "bulkId": "1", "data": { "title": "x".repeat(1_100_000) } }]);
    drop(it.directory.post("/scim/v2/Bulk", bulk(&large)).await.status(413));
    for bad in [
        json!({}),
        bulk(&json!([{ "path": "/Users" }])),
        bulk(&json!([{ "method": "POST", "path": "/Users", "data": {} }])),
        bulk(&json!([one(1), one(1)])),
        json!({ "failOnErrors": 0, "Operations": [] }),
    ] {
        let refused = it.directory.post("/scim/v2/Bulk", bad).await.status(400).json();
        assert_eq!(refused["scimType"], "invalidSyntax");
    }
    // Nobody else gets in, not by many at once either; and a directory is nobody.
    drop(it.admin().post("/scim/v2/Bulk", bulk(&json!([one(1)]))).await.status(403));
    drop(it.world.anonymous().post("/scim/v2/Bulk", bulk(&json!([one(1)]))).await.status(401));
    drop(it.directory.get("/scim/v2/Me").await.status(501));
    drop(it.world.anonymous().get("/scim/v2/Me").await.status(401));
}
