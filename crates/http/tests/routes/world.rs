//! The whole door in one line: every service, a clock that stands still, and calls without a socket.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::Path,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode, header},
};
use chrono::{DateTime, TimeDelta, Utc};
use conductor_access::{
    Access, LimitsOptions, Vault,
    audit::{Anchor, Retention, Sealer},
};
use conductor_agents::{Agents, Builtin, Delegates, ProviderClients, TurnParts, Turns};
use conductor_blobs::Blobs;
use conductor_connectors::HttpClient;
use conductor_conversations::{Artifacts, Conversations, Files, Messages, PublicShares};
use conductor_domain::{Clock, FixedClock, Redacted};
use conductor_egress::Egress;
use conductor_governance::{AuditLog, Budgets, Costs, Forwards, Grants, Keys, Lifetimes, Policies, Pricing};
use conductor_http::{AppState, Asset, Readiness, Services, StaticPage};
use conductor_identity::{Identity, SetUp};
use conductor_llm_providers::{Catalogue, Models, ModelsOptions};
use conductor_mcp_client::{Declines, Pool, PoolOptions};
use conductor_registry::{Registry, RegistryParts};
use conductor_runs::{Runs, ToolPath, ToolPathOptions, ToolSource};
use conductor_secrets::{Keyring, LocalKey, Signer};
use conductor_storage::{OpenOptions, Store};
use conductor_test_support::TestDb;
use conductor_workflows::{Canvases, Events, Executions, Hooks, Opinions, Workflows};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The address of the account that set-up makes.
pub(crate) const ADMIN: &str = "admin@example.com";
/// Its password, and everybody's.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Keys are random but the same for all tests of a process: drawing them is not what is tested.
pub(crate) static SEED: LazyLock<[u8; 32]> = LazyLock::new(rand::random);

/// A server of one's own.
pub(crate) struct World {
    pub(crate) identity: Identity,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) store: Store,
    pub(crate) readiness: Readiness,
    /// Seals when it is told to.
    pub(crate) sealer: Arc<Sealer>,
    /// Sweeps when it is told to.
    pub(crate) grants: Grants,
    /// Removes what is old when it is told to.
    pub(crate) lifetimes: Lifetimes,
    router: Router,
    database: TestDb,
    folder: TempDir,
}

/// What an installation may reach, beyond the public internet.
#[derive(Default)]
pub(crate) struct Reach {
    /// Networks that users' addresses may lie in.
    pub(crate) allow: Vec<&'static str>,
    /// Whether administrators may start programs.
    pub(crate) stdio: bool,
}

/// Someone who calls.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) token: String,
    pub(crate) session: Value,
}

impl Person {
    fn new(session: Value) -> Self {
        let token = session["access_token"].as_str().expect("an access token").to_owned();
        Self { token, session }
    }

    pub(crate) fn id(&self) -> String {
        self.session["user"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn organization(&self) -> String {
        self.session["organization"]["id"].as_str().unwrap().to_owned()
    }
}

impl World {
    /// A fresh installation.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}, |_| {}).await
    }

    /// A fresh installation as its operator configured it.
    pub(crate) async fn with(
        identify: impl FnOnce(&mut conductor_identity::Options),
        serve: impl FnOnce(&mut conductor_http::Options),
    ) -> Self {
        Self::reaching(Reach::default(), identify, serve).await
    }

    /// The same, of another reach.
    pub(crate) async fn reaching(
        reach: Reach,
        identify: impl FnOnce(&mut conductor_identity::Options),
        serve: impl FnOnce(&mut conductor_http::Options),
    ) -> Self {
        let allow = reach.allow.iter().map(|network| network.parse().unwrap()).collect();
        let egress =
            Egress::new(conductor_egress::Options { allow, ..conductor_egress::Options::default() }).unwrap();
        let database = TestDb::sqlite();
        let folder = TempDir::new().unwrap();
        let clock = FixedClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let store = OpenOptions::new(database.url()).open(Arc::<FixedClock>::clone(&clock)).await.unwrap();
        let key = LocalKey::load_or_create(&folder.path().join("master.key")).unwrap();
        let vault = Vault::new(store.clone(), Keyring::new(key));
        let access = Access::start(store.clone(), vault, LimitsOptions::default()).await.unwrap();
        let mut options = conductor_identity::Options::new(*SEED);
        options.hash_wait = std::time::Duration::from_secs(60);
        options.egress = Some(egress.guarded());
        identify(&mut options);
        let identity = Identity::start(store.clone(), Arc::clone(&access), options).await.unwrap();
        let mut options = conductor_http::Options::new("0.0.0", *SEED);
        serve(&mut options);
        let signer = Signer::load_or_create(&folder.path().join("audit.key")).unwrap();
        let anchor = Arc::new(Anchor::in_folder(&folder.path().join("audit")));
        let sealer = Sealer::new(store.clone(), signer, anchor, Retention::default());
        let audit = AuditLog::new(store.clone(), Arc::clone(&access), sealer.auditor().unwrap());
        let outside = (egress, reach.stdio);
        let services = services(&store, &access, &identity, &folder, options, audit, outside).await;
        let readiness = services.readiness.clone();
        let grants = services.grants.clone();
        let lifetimes = services.lifetimes.clone();
        let router = conductor_http::router(AppState::new(services));
        Self { identity, clock, store, readiness, sealer, grants, lifetimes, router, database, folder }
    }

    /// A set-up installation and its administrator.
    pub(crate) async fn set_up() -> (Self, Person) {
        let world = Self::new().await;
        let admin = world.first_account().await;
        (world, admin)
    }

    /// Makes the first account.
    pub(crate) async fn first_account(&self) -> Person {
        let token = self.identity.setup_token().await.unwrap().expect("no account yet");
        let set_up = SetUp {
            token,
            email: ADMIN.to_owned(),
            password: Redacted::new(PASSWORD.to_owned()),
            name: "Ada Admin".to_owned(),
            organization_name: "Example".to_owned(),
        };
        self.identity.set_up(set_up, &conductor_identity::Client::default()).await.unwrap();
        self.sign_in(ADMIN).await
    }

    /// Signs someone in.
    pub(crate) async fn sign_in(&self, email: &str) -> Person {
        let body = json!({ "email": email, "password": PASSWORD });
        Person::new(self.post("/api/auth/login", body).send().await.ok())
    }

    /// Invites someone into the organisation of `by`, who accepts.
    pub(crate) async fn invite(&self, by: &Person, email: &str, role: &str) -> Person {
        let path = format!("/api/v1/orgs/{}/members", by.organization());
        let body = json!({ "email": email, "role": role });
        let invited = self.post(&path, body).by(by).send().await.created();
        let token = invited["invite_link"].as_str().unwrap().split_once("token=").unwrap().1.to_owned();
        let body = json!({ "token": token, "password": PASSWORD });
        Person::new(self.post("/api/auth/invite/accept", body).send().await.ok())
    }

    /// Someone of another tenant: an account with a personal organisation alone.
    pub(crate) async fn stranger(&self) -> Person {
        let new = conductor_identity::NewAccount {
            email: "mallory@example.com".to_owned(),
            password: Redacted::new(PASSWORD.to_owned()),
            name: "Mallory".to_owned(),
            role: conductor_domain::PlatformRole::StandardUser,
            organization_name: None,
        };
        self.identity.create_account(new).await.unwrap();
        let mallory = self.sign_in("mallory@example.com").await;
        let path = format!("/api/v1/orgs/{}/members/{}", mallory.organization(), mallory.id());
        self.delete(&path).by(&mallory).send().await.status(204);
        self.sign_in("mallory@example.com").await
    }

    /// Every row but those of the audit log, which tells of what was refused too.
    pub(crate) fn rows(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut rows = self.database.rows();
        rows.retain(|table, _| !table.starts_with("audit"));
        rows
    }

    /// Where files and keys lie.
    pub(crate) fn data(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        conductor_domain::Clock::now(&*self.clock)
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call("GET", path, None)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Call<'_> {
        self.call("POST", path, Some(body))
    }

    pub(crate) fn put(&self, path: &str, body: Value) -> Call<'_> {
        self.call("PUT", path, Some(body))
    }

    pub(crate) fn patch(&self, path: &str, body: Value) -> Call<'_> {
        self.call("PATCH", path, Some(body))
    }

    pub(crate) fn delete(&self, path: &str) -> Call<'_> {
        self.call("DELETE", path, None)
    }

    pub(crate) fn call(&self, method: &str, path: &str, body: Option<Value>) -> Call<'_> {
        let mut headers = vec![("host".to_owned(), "127.0.0.1:8420".to_owned())];
        if body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        Call {
            world: self,
            method: method.to_owned(),
            path: path.to_owned(),
            headers,
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
            peer: ([127, 0, 0, 1], 50_000).into(),
        }
    }
}

/// A request being put together.
pub(crate) struct Call<'w> {
    world: &'w World,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    peer: SocketAddr,
}

impl Call<'_> {
    pub(crate) fn by(self, person: &Person) -> Self {
        let bearer = format!("Bearer {}", person.token);
        self.with("authorization", &bearer)
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(header, _)| header != name);
        self
    }

    pub(crate) fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn from(mut self, address: &str) -> Self {
        self.peer = SocketAddr::new(address.parse().unwrap(), 50_000);
        self
    }

    /// As the page sends it: with its mark, from its origin.
    pub(crate) fn page(self) -> Self {
        self.with("origin", "http://127.0.0.1:8420").with("x-conductor-csrf", "1")
    }

    pub(crate) async fn send(self) -> Answer {
        let what = format!("{} {}", self.method, self.path);
        let mut request = Request::builder().method(self.method.as_str()).uri(&self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.extension(ConnectInfo(self.peer)).body(Body::from(self.body)).unwrap();
        let response = self.world.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        // A stream that began is an answer; nobody waits for its end.
        let is_stream =
            parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let body = if is_stream { Vec::new() } else { to_bytes(body, usize::MAX).await.unwrap().to_vec() };
        Answer { what, status: parts.status, headers: parts.headers, body }
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) what: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.what, self.text()))
    }

    #[track_caller]
    pub(crate) fn status(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.what, self.text());
        self
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        self.status(200).json()
    }

    #[track_caller]
    pub(crate) fn created(self) -> Value {
        let answer = self.status(201);
        assert!(answer.headers.contains_key("location"), "{}: no Location", answer.what);
        answer.json()
    }

    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        let answer = self.status(status);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.what);
        let problem = answer.json();
        assert_eq!(problem["code"], code, "{}: {problem}", answer.what);
        assert_eq!(problem["status"], status);
        assert_eq!(problem["request_id"], answer.header("x-request-id"));
        problem
    }

    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// The cookies that were set, as a `Cookie` header sends them back.
    pub(crate) fn cookies(&self) -> String {
        let set = self.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        set.filter_map(|cookie| cookie.split(';').next()).collect::<Vec<_>>().join("; ")
    }
}

async fn services(
    store: &Store,
    access: &Arc<Access>,
    identity: &Identity,
    folder: &TempDir,
    options: conductor_http::Options,
    audit: AuditLog,
    (egress, stdio): (Egress, bool),
) -> Services {
    let pool = Pool::new(PoolOptions::default(), Arc::new(Declines), Arc::clone(store.clock()));
    let registry = Registry::new(RegistryParts {
        store: store.clone(),
        access: Arc::clone(access),
        pool,
        egress: egress.guarded(),
        http: HttpClient::new(egress.guarded().client().clone(), conductor_connectors::Limits::default()),
        stdio,
    });
    let sources: Vec<Arc<dyn ToolSource>> = vec![
        Builtin::new(store.clone()),
        Delegates::new(store.clone(), Arc::clone(access)),
        Arc::clone(&registry) as Arc<dyn ToolSource>,
    ];
    let tools = ToolPath::new(store.clone(), Arc::clone(access), sources, ToolPathOptions::default());
    let blobs = Blobs::open(folder.path().join("blobs")).await.unwrap();
    let turns = Turns::new(TurnParts {
        store: store.clone(),
        access: Arc::clone(access),
        models: Models::new(Catalogue::builtin(), Vec::new(), ModelsOptions::default()),
        clients: ProviderClients {
            guarded: egress.guarded().client().clone(),
            trusted: egress.trusted().client().clone(),
        },
        tools: Arc::clone(&tools),
        blobs: blobs.clone(),
        draining: CancellationToken::new(),
    });
    conductor_agents::seed(store).await.unwrap();
    let workflows = Workflows::new(store.clone(), Arc::clone(access));
    let executions = Executions::new(store.clone(), Arc::clone(access), workflows.clone());
    Services {
        identity: identity.clone(),
        agents: Agents::new(store.clone(), Arc::clone(access)),
        opinions: Opinions::new(store.clone(), workflows.clone()),
        workflows,
        canvases: Canvases::new(store.clone(), Arc::clone(access)),
        public_shares: PublicShares::new(store.clone(), Arc::clone(access)),
        hooks: Hooks::new(store.clone(), Arc::clone(access), executions.clone()),
        events: Events::new(store.clone(), Arc::clone(access), executions.clone()),
        executions,
        turns,
        runs: Runs::new(store.clone(), Arc::clone(access), tools),
        registry,
        conversations: Conversations::new(store.clone(), Arc::clone(access)),
        messages: Messages::new(store.clone(), Arc::clone(access)),
        artifacts: Artifacts::new(store.clone(), Arc::clone(access)),
        files: Files::new(
            store.clone(),
            Arc::clone(access),
            blobs,
            conductor_conversations::FilesOptions::default(),
        ),
        policies: Policies::new(store.clone(), Arc::clone(access)),
        pricing: Pricing::new(store.clone(), Arc::clone(access)),
        costs: Costs::new(store.clone(), Arc::clone(access)),
        budgets: Budgets::new(store.clone(), Arc::clone(access)),
        grants: Grants::new(store.clone(), Arc::clone(access)),
        forwards: Forwards::new(store.clone(), Arc::clone(access), egress.guarded()),
        lifetimes: Lifetimes::new(store.clone(), Arc::clone(access)),
        audit,
        keys: Keys::new(Arc::clone(access)),
        options,
        page: StaticPage {
            file: page_file,
            error_page: |code| match code {
                "not_found" => Some("# Not found".into()),
                "panic" => panic!("a page that cannot be written"),
                _ => None,
            },
        },
        readiness: Readiness::default(),
        streams: CancellationToken::new(),
        metrics: || "metric 1\n".to_owned(),
        started_at: store.clock().now(),
    }
}

fn page_file(path: &str) -> Option<Asset> {
    let (bytes, media_type): (&'static [u8], &'static str) = match path {
        "index.html" => (b"<!doctype html><title>Conductor</title>", "text/html"),
        "assets/app-1a2b3c.js" => (b"console.log(1)", "text/javascript"),
        "assets/app-1a2b3c.js.br" => (b"brotli", "application/octet-stream"),
        "artifact-frame.html" => (b"<script>frame()</script>", "text/html"),
        _ => return None,
    };
    Some(Asset { bytes: bytes.into(), media_type: media_type.into() })
}
