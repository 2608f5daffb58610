//! What decides, records or opens secrets cannot be read: whoever asks is refused with a reason, nothing is done, the
//! process lives, and it goes on by itself once the fault is mended. On both databases, by another hand in them.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

use std::{os::unix::fs::PermissionsExt, process::Stdio};

use conductor_test_support::{Answer, Api, Server, Target, TestDb};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
};

/// A shell on the database of a server, as its operator has it.
struct Hand {
    program: &'static str,
    arguments: Vec<String>,
}

impl Hand {
    fn of(database: &TestDb) -> Self {
        match database.url().strip_prefix("sqlite://") {
            Some(file) => Self {
                program: "sqlite3",
                arguments: [file, "-cmd", ".timeout 10000", "-cmd", "PRAGMA legacy_alter_table = ON"]
                    .map(str::to_owned)
                    .to_vec(),
            },
            None => Self {
                program: "psql",
                arguments: [
                    "--no-psqlrc",
                    "--quiet",
                    "--tuples-only",
                    "--no-align",
                    "--set=ON_ERROR_STOP=1",
                    database.url(),
                ]
                .map(str::to_owned)
                .to_vec(),
            },
        }
    }

    async fn execute(&self, sql: &str) -> String {
        let mut command = Command::new(self.program);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the database's shell is installed");
        child.stdin.take().unwrap().write_all(format!("{sql};\n").as_bytes()).await.unwrap();
        let output = child.wait_with_output().await.unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{sql}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A transaction that stays open, and holds what it took, until this is dropped.
    async fn holding(&self, sql: &str) -> Child {
        let mut command = Command::new(self.program);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the database's shell is installed");
        let statements = format!("{sql};\nSELECT 'held';\n");
        child.stdin.as_mut().unwrap().write_all(statements.as_bytes()).await.unwrap();
        child.stdin.as_mut().unwrap().flush().await.unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while lines.next_line().await.unwrap().expect("it holds") != "held" {}
        child
    }

    async fn count(&self, table: &str) -> i64 {
        self.execute(&format!("SELECT count(*) FROM {table}")).await.parse().unwrap()
    }

    async fn away(&self, table: &str) {
        self.execute(&format!("ALTER TABLE {table} RENAME TO {table}_away")).await;
    }

    async fn back(&self, table: &str) {
        self.execute(&format!("ALTER TABLE {table}_away RENAME TO {table}")).await;
    }

    /// Takes every right on a table from a role.
    async fn revoke(&self, table: &str, role: &str) {
        self.execute(&format!("REVOKE ALL ON {table} FROM {role}")).await;
        let held = format!("SELECT has_table_privilege('{role}', '{table}', 'SELECT')");
        assert_eq!(self.execute(&held).await, "f", "{role} may still read {table}");
    }

    async fn grant(&self, table: &str, role: &str) {
        self.execute(&format!("GRANT ALL ON {table} TO {role}")).await;
    }
}

/// A refusal that says why, in the words of the API, without telling how the database looks.
#[track_caller]
fn refused(answer: &Answer, codes: &[&str]) -> Value {
    assert!(answer.status >= 500, "{answer}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer}");
    let problem = answer.json();
    assert!(codes.contains(&problem["code"].as_str().unwrap()), "{answer}");
    for word in ["no such table", "relation", "permission denied", "SELECT", "INSERT", "sqlx", "_away"] {
        assert!(!answer.text.contains(word), "{word} is in {answer}");
    }
    problem
}

/// It answers, and does again what was refused.
async fn recovered(api: &Api, what: &str) {
    let began = std::time::Instant::now();
    loop {
        let answer = api.post("/api/conversations", json!({ "title": what })).await;
        if answer.status == 201 {
            break;
        }
        assert!(began.elapsed().as_secs() < 20, "it does not come back: {answer}");
        tokio::task::yield_now().await;
    }
    assert_eq!(api.anonymous().get("/health").await.ok()["status"], "ok");
}

async fn servers() -> Vec<(Server, Api, TestDb, Hand)> {
    let mut servers = Vec::new();
    for database in TestDb::each() {
        let mut server = Server::configure().database(&database).start().await;
        let api = server.set_up().await;
        recovered(&api, "before").await;
        let hand = Hand::of(&database);
        servers.push((server, api, database, hand));
    }
    servers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_policies_nobody_may_do_anything() {
    for (mut server, api, _database, hand) in servers().await {
        let me = api.get("/api/auth/me").await.ok();
        let rule = json!({ "effect": "deny", "action": "tool.invoke", "target": "tool:x" });
        let binding = json!({ "scope_type": "org", "scope_id": "*" });
        let policy = json!({ "name": "One", "rules": [rule], "bindings": [binding] });
        let policies = format!("/api/v1/orgs/{}/policies", me["organization"]["id"].as_str().unwrap());
        api.post(&policies, policy).await.created();
        for table in ["policies", "policy_rules", "policy_bindings", "roles", "organizations"] {
            hand.away(table).await;
            // What was read before holds as long as nothing changed: so something did, after it could be read.
            if table != "organizations" {
                hand.execute("UPDATE organizations SET policy_version = policy_version + 1").await;
            }
            steadily_refused(&api, table).await;
            let conversations = hand.count("conversations").await;
            refused(&api.post("/api/conversations", json!({})).await, &["policy_unavailable", "internal"]);
            let tool = json!({ "server_id": "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60", "tool": "x" });
            assert!(api.post("/api/mcp/execute/tool", tool).await.status >= 400);
            assert_eq!(hand.count("conversations").await, conversations, "{table}");
            let health = api.anonymous().get("/health").await;
            assert!(server.process().id().is_some() && health.status < 600, "{health}");
            hand.back(table).await;
            recovered(&api, table).await;
        }
    }
}

/// What is decided by may be half a second old: asks until that has passed, and nobody is let through any more.
async fn steadily_refused(api: &Api, table: &str) {
    let began = std::time::Instant::now();
    let mut in_a_row = 0;
    while in_a_row < 20 {
        let answer = api.post("/api/conversations", json!({})).await;
        if answer.status == 201 {
            in_a_row = 0;
        } else {
            refused(&answer, &["policy_unavailable", "internal"]);
            in_a_row += 1;
        }
        assert!(began.elapsed().as_secs() < 5, "it goes on without {table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_recorded_does_not_happen() {
    for (mut server, api, _database, hand) in servers().await {
        let org = api.get("/api/auth/me").await.ok()["organization"]["id"].as_str().unwrap().to_owned();
        let agent = api.post("/api/agents", json!({ "name": "Kept" })).await.created()["id"].clone();
        let agent = format!("/api/agents/{}", agent.as_str().unwrap());
        let tables = [
            "conversations",
            "agents",
            "memberships",
            "users",
            "policies",
            "api_keys",
            "secrets",
            "permission_grants",
        ];
        let mut before = Vec::new();
        for table in tables {
            before.push(hand.count(table).await);
        }
        hand.away("audit_events").await;
        let key = json!({ "provider": "openai", "key_name": "k", "api_key": "sk-canary-4f1c9a77e2b04d5c" });
        let rule = json!({ "effect": "deny", "action": "tool.invoke", "target": "tool:x" });
        for (path, body) in [
            ("/api/conversations".to_owned(), json!({})),
            ("/api/agents".to_owned(), json!({ "name": "Unrecorded" })),
            ("/api/settings/api-keys".to_owned(), key),
            (format!("/api/v1/orgs/{org}/policies"), json!({ "name": "Unrecorded", "rules": [rule] })),
            (format!("/api/v1/orgs/{org}/members"), json!({ "email": "eve@example.com", "role": "admin" })),
            (format!("/api/v1/orgs/{org}/service-accounts"), json!({ "name": "Unrecorded" })),
        ] {
            refused(&api.post(&path, body).await, &["audit_unavailable"]);
        }
        refused(&api.put(&agent, json!({ "name": "Renamed" })).await, &["audit_unavailable"]);
        refused(&api.delete(&agent).await, &["audit_unavailable"]);
        refused(&api.post("/api/v1/secret-keys/rotate", json!({})).await, &["audit_unavailable"]);
        // A sign-in is an entry, too.
        let body = json!({ "email": Server::EMAIL, "password": Server::PASSWORD });
        refused(&api.anonymous().post("/api/auth/login", body).await, &["audit_unavailable"]);
        for (table, before) in tables.iter().zip(before) {
            assert_eq!(hand.count(table).await, before, "{table}");
        }
        assert_eq!(api.get(&agent).await.ok()["name"], "Kept", "reading needs no entry");
        assert!(server.process().id().is_some());
        hand.back("audit_events").await;
        recovered(&api, "after").await;
        server.terminate().await;
        let verified = server.command(&["audit", "verify"]).output().await.unwrap();
        assert!(verified.status.success(), "{verified:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_cannot_be_recorded_is_a_refusal() {
    for (_server, api, _database, hand) in servers().await {
        let body = json!({ "email": "eve@example.com", "password": Server::PASSWORD, "first_name": "E", "last_name": "V" });
        let closed = api.anonymous().post("/api/v1/auth/register", body).await;
        assert_eq!(closed.status, 403, "{closed}");
        let org = api.get("/api/auth/me").await.ok()["organization"]["id"].as_str().unwrap().to_owned();
        let invited = json!({ "email": "vera@example.com", "role": "viewer" });
        let invited = api.post(&format!("/api/v1/orgs/{org}/members"), invited).await.status(201).json();
        let token = invited["invite_link"].as_str().unwrap().split_once("token=").unwrap().1.to_owned();
        let body = json!({ "token": token, "password": Server::PASSWORD });
        let viewer = api.signed_in(&api.anonymous().post("/api/auth/invite/accept", body).await.ok());
        let forbidden = json!({ "name": "Mine" });
        let path = format!("/api/v1/orgs/{org}/service-accounts");
        viewer.post(&path, forbidden.clone()).await.problem(403, "role_missing");
        hand.away("audit_events").await;
        let answer = viewer.post(&path, forbidden.clone()).await;
        refused(&answer, &["audit_unavailable"]);
        assert_eq!(hand.count("service_accounts").await, 0);
        hand.back("audit_events").await;
        viewer.post(&path, forbidden).await.problem(403, "role_missing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_that_cannot_be_read_are_not_used() {
    for (mut server, api, _database, hand) in servers().await {
        let key = |name: &str| json!({ "provider": "openai", "key_name": name, "api_key": "sk-canary-4f1c9a77e2b04d5c" });
        api.post("/api/settings/api-keys", key("before")).await.created();
        let keys = hand.count("api_keys").await;
        for table in ["secrets", "tenant_keys"] {
            hand.away(table).await;
            let answer = api.post("/api/settings/api-keys", key("unsealed")).await;
            refused(&answer, &["internal", "key_missing"]);
            assert_eq!(hand.count("api_keys").await, keys, "{table}");
            // The key is left out, and the rest goes on.
            let models = api.get("/api/models").await;
            assert!([200, 500, 503].contains(&models.status), "{models}");
            assert!(server.process().id().is_some());
            hand.back(table).await;
            recovered(&api, "after").await;
        }
        api.post("/api/settings/api-keys", key("after")).await.created();

        // Without the master key no server starts: a new one would open nothing, and hide that the old one is gone.
        server.terminate().await;
        let file = server.data().join("master.key");
        let master = std::fs::read(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        let output = ended(&mut server.command(&["serve", "--listen", "127.0.0.1:0"])).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("master.key is missing"), "{said}");
        assert!(!file.exists(), "a key was made");
        // Another one starts, since it is said to be the right one; it opens nothing, and what was sealed opens with the
        // old one again.
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::write(&file, "Zy8w0mJxY5Q9k1uHcT4rVb7nXe2Lp6Af3sDoGiKjMhE=").unwrap();
        std::fs::set_permissions(&file, private.clone()).unwrap();
        server.restart().await;
        let api = server.api().sign_in(Server::EMAIL, Server::PASSWORD).await;
        let answer = api.post("/api/settings/api-keys", key("lost")).await;
        refused(&answer, &["key_missing"]);
        recovered(&api, "without the key").await;
        server.terminate().await;
        std::fs::write(&file, &master).unwrap();
        std::fs::set_permissions(&file, private).unwrap();
        server.restart().await;
        let api = server.api().sign_in(Server::EMAIL, Server::PASSWORD).await;
        api.post("/api/settings/api-keys", key("found")).await.created();
        let kept = api.get("/api/settings/api-keys?limit=100").await.ok();
        assert_eq!(kept["items"].as_array().unwrap().len(), 3, "{kept}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_somebody_holds_refuses_and_comes_back() {
    for (mut server, api, database, hand) in servers().await {
        let lock = if database.url().starts_with("sqlite") {
            "BEGIN IMMEDIATE"
        } else {
            "BEGIN; LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE"
        };
        let conversations = hand.count("conversations").await;
        let held = hand.holding(lock).await;
        let writing = api.clone();
        let write =
            tokio::spawn(async move { writing.post("/api/conversations", json!({ "title": "held" })).await });
        // Reading goes on meanwhile.
        assert_eq!(api.get("/api/auth/me").await.status, 200);
        assert_eq!(api.anonymous().get("/health").await.status, 200);
        if database.url().starts_with("sqlite") {
            let answer = write.await.unwrap();
            refused(
                &answer,
                &["internal", "audit_unavailable", "storage_readonly", "overloaded", "request_timeout"],
            );
            assert_eq!(hand.count("conversations").await, conversations, "what was refused is not there");
            drop(held);
        } else {
            // PostgreSQL waits for the lock; nothing is acknowledged before it is written.
            assert_eq!(hand.count("conversations").await, conversations);
            assert!(!write.is_finished());
            drop(held);
            assert_eq!(write.await.unwrap().status, 201);
        }
        recovered(&api, "after").await;
        assert!(server.process().id().is_some());
    }
}

/// A server whose role on PostgreSQL is no superuser, with an API that is called with a credential.
struct Limited {
    server: Server,
    api: Api,
    hand: Hand,
    role: String,
    target: Target,
    organization: String,
    /// The organisation of somebody else's work.
    other: String,
    call: Value,
    _database: TestDb,
}

impl Limited {
    async fn start() -> Self {
        let (database, target) = (TestDb::postgres(), Target::start().await);
        let (role, url) = database.role();
        let mut server = Server::configure()
            .env("CONDUCTOR_DATABASE_URL", url)
            .env("CONDUCTOR_EGRESS_ALLOW", "127.0.0.1/32")
            .start()
            .await;
        let api = server.set_up().await;
        let hand = Hand::of(&database);
        let connected = format!(
            "SELECT count(*) > 0 FROM pg_stat_activity JOIN pg_roles ON rolname = usename \
             WHERE datname = current_database() AND usename = '{role}' AND NOT rolsuper"
        );
        assert_eq!(hand.execute(&connected).await, "t", "the server comes in by its own role");
        let organization = text(&api.get("/api/auth/me").await.ok()["organization"]["id"]);
        let founded = api.post("/api/v1/auth/me/orgs", json!({ "name": "Beta" })).await.created();
        let other = text(&founded["id"]);
        let back = json!({ "organization_id": organization });
        api.post("/api/v1/auth/me/orgs", back).await.created();
        let tracker = json!({
            "name": "Tracker", "transport": "http", "endpoint": target.url(), "auth_type": "bearer",
            "secret": "canary-of-the-tracker",
            "api": { "operations": [{ "name": "create_issue", "method": "POST", "endpoint": "/issues" }] },
        });
        let tracker = api.post("/api/mcp/servers", tracker).await.created();
        let call = json!({ "server_id": tracker["id"], "tool": "create_issue", "arguments": {} });
        let it = Self { server, api, hand, role, target, organization, other, call, _database: database };
        it.works().await;
        it
    }

    async fn call(&self) -> Answer {
        self.api.post("/api/mcp/execute/tool", self.call.clone()).await
    }

    /// A call is made, with its credential.
    async fn works(&self) {
        let before = self.target.asked().len();
        let called = self.call().await.created();
        assert_eq!(
            (&called["ok"], &called["run"]["status"]),
            (&json!(true), &json!("succeeded")),
            "{called}"
        );
        let asked = self.target.asked();
        assert_eq!(asked.len(), before + 1);
        assert_eq!(asked[before].headers["authorization"], "Bearer canary-of-the-tracker");
    }

    /// What needs none of what is out of reach goes on: here, and in the other organisation.
    async fn goes_on(&self, paths: &[&str]) {
        assert_eq!(self.api.anonymous().get("/health").await.status, 200);
        self.api.get(&format!("/api/v1/orgs/{}/members", self.other)).await.ok();
        for path in paths {
            self.api.get(path).await.ok();
        }
    }

    async fn counts(&self, tables: &[&str]) -> Vec<i64> {
        let mut counts = Vec::new();
        for table in tables {
            counts.push(self.hand.count(table).await);
        }
        counts
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_on_policies_that_is_taken_away_stops_calls_and_nothing_else() {
    let mut it = Limited::start().await;
    it.goes_on(&[]).await;
    let (sent, runs) = (it.target.asked().len(), it.hand.count("runs").await);
    it.hand.revoke("policies", &it.role).await;
    // What was read before holds as long as nothing changed; here something did.
    let changed = format!(
        "UPDATE organizations SET policy_version = policy_version + 1 WHERE id = '{}'",
        it.organization
    );
    it.hand.execute(&changed).await;
    for _ in 0..3 {
        let problem = refused(&it.call().await, &["policy_unavailable"]);
        assert!(text(&problem["detail"]).starts_with("Roles and policies cannot be read"), "{problem}");
    }
    it.goes_on(&[]).await;
    assert_eq!((it.target.asked().len(), it.hand.count("runs").await), (sent, runs));
    assert!(it.server.process().id().is_some());
    it.hand.grant("policies", &it.role).await;
    it.works().await;
    recovered(&it.api, "after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_on_the_audit_log_that_is_taken_away_stops_what_is_recorded() {
    let mut it = Limited::start().await;
    let tables = ["runs", "policies", "service_accounts", "memberships", "secrets", "agents"];
    let (sent, before) = (it.target.asked().len(), it.counts(&tables).await);
    it.hand.revoke("audit_events", &it.role).await;
    refused(&it.call().await, &["audit_unavailable"]);
    let org = &it.organization;
    let rule = json!({ "effect": "deny", "action": "tool.invoke", "target": "tool:x" });
    let key = json!({ "provider": "openai", "key_name": "k", "api_key": "sk-canary-4f1c9a77e2b04d5c" });
    for (path, body) in [
        (format!("/api/v1/orgs/{org}/policies"), json!({ "name": "Unrecorded", "rules": [rule] })),
        (format!("/api/v1/orgs/{org}/service-accounts"), json!({ "name": "Unrecorded" })),
        (format!("/api/v1/orgs/{org}/members"), json!({ "email": "eve@example.com", "role": "admin" })),
        ("/api/settings/api-keys".to_owned(), key),
        ("/api/agents".to_owned(), json!({ "name": "Unrecorded" })),
        ("/api/v1/secret-keys/rotate".to_owned(), json!({})),
    ] {
        refused(&it.api.post(&path, body).await, &["audit_unavailable"]);
    }
    it.goes_on(&["/api/auth/me", "/api/agents", "/api/mcp/servers", "/api/conversations"]).await;
    assert_eq!((it.target.asked().len(), it.counts(&tables).await), (sent, before));
    assert!(it.server.process().id().is_some());
    it.hand.grant("audit_events", &it.role).await;
    it.works().await;
    it.server.terminate().await;
    let verified = it.server.command(&["audit", "verify"]).output().await.unwrap();
    assert!(verified.status.success(), "{verified:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_on_secrets_that_is_taken_away_stops_what_needs_one() {
    let mut it = Limited::start().await;
    let key = |name: &str| json!({ "provider": "openai", "key_name": name, "api_key": "sk-canary-4f1c9a77e2b04d5c" });
    let kept = it.api.post("/api/settings/api-keys", key("kept")).await.created();
    let tables = ["secrets", "api_keys"];
    let (sent, before) = (it.target.asked().len(), it.counts(&tables).await);
    it.hand.revoke("secrets", &it.role).await;
    refused(&it.api.post("/api/settings/api-keys", key("unsealed")).await, &["internal"]);
    let rotate = format!("/api/settings/api-keys/{}/rotate", text(&kept["id"]));
    let other = json!({ "api_key": "sk-canary-5a2d8b66f1c05e4d" });
    refused(&it.api.post(&rotate, other.clone()).await, &["secrets_unavailable"]);
    // A call that has begun is a run, and the run says that nothing was sent.
    let called = it.call().await.created();
    assert_eq!((&called["ok"], &called["run"]["status"]), (&json!(false), &json!("failed")), "{called}");
    assert_eq!(called["run"]["error"]["code"], "secrets_unavailable", "{called}");
    let told = called["content"].to_string();
    assert!(told.contains("secrets cannot be read") && !told.contains("permission denied"), "{called}");
    let paths = ["/api/auth/me", "/api/agents", "/api/mcp/servers", "/api/settings/api-keys"];
    it.goes_on(&paths).await;
    recovered(&it.api, "without secrets").await;
    assert_eq!((it.target.asked().len(), it.counts(&tables).await), (sent, before));
    assert!(it.server.process().id().is_some());
    it.hand.grant("secrets", &it.role).await;
    it.works().await;
    assert_eq!(it.api.post(&rotate, other).await.ok()["version"], 2);
}

/// What a command says that ends by itself.
async fn ended(command: &mut Command) -> std::process::Output {
    let output = command.kill_on_drop(true).output();
    tokio::time::timeout(std::time::Duration::from_secs(60), output).await.expect("it started").unwrap()
}

/// C-09: no mode starts on a secret that is known, short or drawn by hand.
#[tokio::test]
async fn no_server_starts_on_a_weak_secret() {
    let weak = [
        "changeme",
        "flowise",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "Y2hhbmdlbWVjaGFuZ2VtZWNoYW5nZW1lY2hhbmdlbWU=",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "c2hvcnQ=",
    ];
    for secret in weak {
        for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate"], &["secrets", "status"]] {
            let server = Server::configure().env("CONDUCTOR_MASTER_KEY", secret);
            let output = ended(&mut server.command(command)).await;
            if command[0] == "migrate" && output.status.success() {
                // Tables need no secret, and none was kept.
                assert!(!server.data().join("master.key").exists());
                continue;
            }
            assert!(!output.status.success(), "{secret}: {command:?} ran: {output:?}");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(
                said.contains("weak") || said.contains("base64") || said.contains("master_key"),
                "{said}"
            );
            assert!(!said.contains(secret), "the secret is in the log");
        }
        for file in ["signing.key", "cursor.key", "audit.key", "master.key"] {
            let server = Server::configure();
            let path = server.data().join(file);
            std::fs::write(&path, secret).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            let output = ended(&mut server.command(&["serve", "--listen", "127.0.0.1:0"])).await;
            assert!(!output.status.success(), "{file} as {secret}: {output:?}");
        }
    }
}
