//! A whole installation for one test, on SQLite: every service as the app wires it, and a client of each person.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use axum::Router;
use conductor_access::{
    Access, LimitsOptions, Vault,
    audit::{Anchor, Retention, Sealer},
};
use conductor_agents::{Agents, Builtin, Delegates, KINDS, ProviderClients, TurnParts, Turns};
use conductor_blobs::Blobs;
use conductor_connectors::HttpClient;
use conductor_conversations::{Artifacts, Conversations, Files, FilesOptions, Messages, PublicShares};
use conductor_domain::{Clock, RunId, RunKind, SystemClock};
use conductor_egress::Egress;
use conductor_governance::{AuditLog, Budgets, Costs, Forwards, Grants, Lifetimes, Policies, Pricing};
use conductor_http::{AppState, Options, Readiness, Services, StaticPage};
use conductor_identity::Identity;
use conductor_llm_providers::{Catalogue, DemoOptions, Models, ModelsOptions, Provider, ProviderKind};
use conductor_mcp_client::{Declines, Pool, PoolOptions, testing};
use conductor_registry::{Registry, RegistryParts};
use conductor_runs::{Advance, Driver, DriverOptions, Runs, ToolPath, ToolPathOptions, ToolSource};
use conductor_secrets::{Keyring, LocalKey, Signer};
use conductor_storage::{OpenOptions, Store};
use conductor_test_support::{Api, TestDb};
use conductor_workflows::{
    Canvases, Events, Executions, Hooks, McpCalls, Opinions, Requests, Runner, RunnerOptions, Schedules,
    WorkflowTools, Workflows,
};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const PASSWORD: &str = "correct horse battery staple";

/// An installation with its administrator signed in.
pub(crate) struct World {
    /// The administrator of the installation and owner of its team.
    pub(crate) admin: Api,
    /// Cancelled, it makes open streams end as when the node goes down.
    pub(crate) streams: CancellationToken,
    store: Store,
    schedules: Schedules,
    lifetimes: Lifetimes,
    forwards: Forwards,
    base: String,
    router: Router,
    database: TestDb,
    folder: TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::on(TestDb::sqlite()).await
    }

    /// The same on this database.
    pub(crate) async fn on(database: TestDb) -> Self {
        Self::of(database, "127.0.0.0/8", None, LimitsOptions::default()).await
    }

    /// The same under other limits.
    pub(crate) async fn limited(limits: LimitsOptions) -> Self {
        Self::of(TestDb::sqlite(), "127.0.0.0/8", None, limits).await
    }

    /// One whose operator entered OpenAI, at this address with this key.
    pub(crate) async fn with_provider(base_url: &str, key: &str) -> Self {
        let provider = (base_url.to_owned(), key.to_owned());
        Self::of(TestDb::sqlite(), "127.0.0.0/8", Some(provider), LimitsOptions::default()).await
    }

    /// One that calls nobody but the public internet.
    pub(crate) async fn shut_in() -> Self {
        Self::of(TestDb::sqlite(), "192.0.2.0/32", None, LimitsOptions::default()).await
    }

    async fn of(
        database: TestDb,
        allow: &str,
        provider: Option<(String, String)>,
        limits: LimitsOptions,
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = OpenOptions::new(database.url()).open(clock).await.unwrap();
        let key = LocalKey::load_or_create(&folder.path().join("master.key")).unwrap();
        let vault = Vault::new(store.clone(), Keyring::new(key));
        let access = Access::start(store.clone(), vault, limits).await.unwrap();
        let seed: [u8; 32] = rand::random();
        let mut options = conductor_identity::Options::new(seed);
        options.registration_open = true;
        options.hash_wait = Duration::from_secs(60);
        let identity = Identity::start(store.clone(), Arc::clone(&access), options).await.unwrap();
        conductor_agents::seed(&store).await.unwrap();
        tokio::spawn(identity.clone().watch());

        let streams = CancellationToken::new();
        let allow = vec![allow.parse().unwrap()];
        let egress = Egress::new(conductor_egress::Options { allow, ..Default::default() }).unwrap();
        let outside = (egress, provider);
        let services = services(&store, &access, &identity, &folder, &streams, outside).await;
        let schedules = Schedules::new(store.clone(), services.executions.clone());
        let lifetimes = services.lifetimes.clone();
        let forwards = services.forwards.clone();
        let router = conductor_http::router(AppState::new(services));
        let service = router.clone().into_make_service_with_connect_info::<SocketAddr>();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, service).await });

        let token = identity.setup_token().await.unwrap().unwrap();
        let body = json!({
            "token": token.expose(), "email": "ada@example.com", "password": PASSWORD, "name": "Ada",
            "organization_name": "Example",
        });
        let session = Api::new(&base).post("/api/setup", body).await.status(201).json();
        let admin = Api::new(&base).signed_in(&session);
        Self { admin, streams, store, schedules, lifetimes, forwards, base, router, database, folder }
    }

    /// The rows themselves, for what no route tells.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// What starts workflows by themselves; here only when it is told to.
    pub(crate) fn schedules(&self) -> &Schedules {
        &self.schedules
    }

    /// What sends audit logs on; here only when it is told to.
    pub(crate) fn forwards(&self) -> &Forwards {
        &self.forwards
    }

    /// What removes what is old; here only when it is told to.
    pub(crate) fn lifetimes(&self) -> &Lifetimes {
        &self.lifetimes
    }

    /// The door itself, for requests without a socket.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// The database, for what was really written.
    pub(crate) fn database(&self) -> &TestDb {
        &self.database
    }

    /// Every folder that anything is kept in, on SQLite.
    pub(crate) fn folders(&self) -> Vec<std::path::PathBuf> {
        let file = self.database.url().trim_start_matches("sqlite://");
        let database = std::path::Path::new(file).parent().map(std::path::Path::to_path_buf);
        database.into_iter().chain([self.folder.path().to_path_buf()]).collect()
    }

    /// The operator's folder of workflows, which a test makes that wants one.
    pub(crate) fn workflows_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("workflows")
    }

    /// A client that is not signed in.
    pub(crate) fn anonymous(&self) -> Api {
        Api::new(&self.base)
    }

    /// Someone of another organisation.
    pub(crate) async fn stranger(&self) -> Api {
        let body = json!({ "email": "eve@example.org", "password": PASSWORD, "first_name": "Eve", "last_name": "Else" });
        let session = Api::new(&self.base).post("/api/v1/auth/register", body).await.status(201).json();
        Api::new(&self.base).signed_in(&session)
    }

    /// The administrator in another browser.
    pub(crate) async fn another_session(&self) -> Api {
        Api::new(&self.base).sign_in("ada@example.com", PASSWORD).await
    }

    /// The active organisation of whoever calls.
    pub(crate) async fn organization(&self, api: &Api) -> String {
        text(&api.get("/api/auth/me").await.ok()["organization"]["id"])
    }

    /// A registered MCP server whose tools are known.
    pub(crate) async fn register(&self, peer: &testing::Server, name: &str) -> Value {
        let body = json!({ "name": name, "transport": "http", "endpoint": peer.url() });
        let server = self.admin.post("/api/mcp/servers", body).await.created();
        self.admin.post(&format!("/api/mcp/servers/{}/discover", text(&server["id"])), json!({})).await.ok();
        server
    }

    /// The official agent that answers where nobody chose one.
    pub(crate) fn agent(&self) -> String {
        conductor_agents::CONVERSATION_AGENT.to_string()
    }

    /// A server with a tool that asks before each call, and a call of it that waits.
    pub(crate) async fn waiting_call(&self, peer: &testing::Server) -> Value {
        let server = text(&self.register(peer, "Asker").await["id"]);
        let tools = self.admin.get(&format!("/api/mcp/servers/{server}/tools")).await.ok();
        let tool = format!("/api/mcp/servers/{server}/tools/{}", text(&tools["items"][0]["id"]));
        self.admin.put(&tool, json!({ "approval": "ask" })).await.ok();
        let body = json!({ "server_id": server, "tool": "echo", "arguments": { "word": "hello" } });
        let called = self.admin.post("/api/mcp/execute/tool", body).await.created();
        assert_eq!(called["run"]["status"], "waiting", "{called}");
        assert_eq!((&called["ok"], &called["content"]), (&Value::Null, &Value::Null));
        called
    }
}

/// A credential that only nodes of workflows may show.
pub(crate) const CRM_TOKEN: &str = "crm-token-of-the-operator";

/// The text of a JSON string.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

async fn services(
    store: &Store,
    access: &Arc<Access>,
    identity: &Identity,
    folder: &TempDir,
    streams: &CancellationToken,
    (egress, provider): (Egress, Option<(String, String)>),
) -> Services {
    let providers = provider.into_iter().map(|(base_url, key)| {
        let client = egress.trusted().client().clone();
        Provider::new(ProviderKind::OpenAi, "openai", client).with_key(key).with_base_url(base_url)
    });
    let registry = Registry::new(RegistryParts {
        store: store.clone(),
        access: Arc::clone(access),
        pool: Pool::new(PoolOptions::default(), Arc::new(Declines), Arc::new(SystemClock)),
        egress: egress.guarded(),
        http: HttpClient::new(egress.guarded().client().clone(), conductor_connectors::Limits::default()),
        stdio: true,
    });
    let workflows =
        Workflows::new(store.clone(), Arc::clone(access)).in_reach_of(folder.path().join("workflows"));
    let env = json!({ "ADMIN_URL": "https://admin.example.com" }).as_object().cloned().unwrap_or_default();
    let running = RunnerOptions { env, ..RunnerOptions::default() };
    let executions =
        Executions::new(store.clone(), Arc::clone(access), workflows.clone()).run_by(running.clone());
    let client = HttpClient::new(egress.guarded().client().clone(), conductor_connectors::Limits::default());
    let secrets = BTreeMap::from([("CRM_TOKEN".to_owned(), SecretString::from(CRM_TOKEN))]);
    let sources: Vec<Arc<dyn ToolSource>> = vec![
        Builtin::new(store.clone()),
        Delegates::new(store.clone(), Arc::clone(access)),
        WorkflowTools::new(store.clone(), Arc::clone(access), executions.clone()),
        Requests::new(store.clone(), client, secrets.clone()),
        McpCalls::new(store.clone(), egress.guarded(), secrets),
        Arc::clone(&registry) as Arc<dyn ToolSource>,
    ];
    let tools = ToolPath::new(store.clone(), Arc::clone(access), sources, ToolPathOptions::default());
    let blobs = Blobs::open(folder.path().join("blobs")).await.unwrap();
    let models = ModelsOptions { demo: DemoOptions { delay: Duration::ZERO }, ..ModelsOptions::default() };
    let turns = Turns::new(TurnParts {
        store: store.clone(),
        access: Arc::clone(access),
        models: Models::new(Catalogue::builtin(), providers, models),
        clients: ProviderClients {
            guarded: egress.guarded().client().clone(),
            trusted: egress.trusted().client().clone(),
        },
        tools: Arc::clone(&tools),
        blobs: blobs.clone(),
        draining: CancellationToken::new(),
    });
    turns.seed_prices().await.unwrap();
    tokio::spawn(identity.clone().erase_people(blobs.clone(), CancellationToken::new()));
    let runner =
        Runner::new(store.clone(), Arc::clone(access), Arc::clone(&tools), running, CancellationToken::new());
    tokio::spawn(driver(store, &turns, &runner, &tools).run());
    let readiness = Readiness::default();
    readiness.ready();
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
        files: Files::new(store.clone(), Arc::clone(access), blobs, FilesOptions::default()),
        policies: Policies::new(store.clone(), Arc::clone(access)),
        pricing: Pricing::new(store.clone(), Arc::clone(access)),
        costs: Costs::new(store.clone(), Arc::clone(access)),
        budgets: Budgets::new(store.clone(), Arc::clone(access)),
        grants: Grants::new(store.clone(), Arc::clone(access)),
        forwards: Forwards::new(store.clone(), Arc::clone(access), egress.guarded()),
        lifetimes: Lifetimes::new(store.clone(), Arc::clone(access)),
        audit: audit(store, access, folder),
        keys: conductor_governance::Keys::new(Arc::clone(access)),
        options: Options::new("0.0.0", rand::random()),
        page: StaticPage::none(),
        readiness,
        streams: streams.clone(),
        metrics: String::new,
        started_at: store.clock().now(),
    }
}

/// The audit log, sealed as it grows.
fn audit(store: &Store, access: &Arc<Access>, folder: &TempDir) -> AuditLog {
    let signer = Signer::load_or_create(&folder.path().join("audit.key")).unwrap();
    let anchor = Arc::new(Anchor::in_folder(&folder.path().join("audit")));
    let sealer = Sealer::new(store.clone(), signer, anchor, Retention::default());
    let log = AuditLog::new(store.clone(), Arc::clone(access), sealer.auditor().unwrap());
    tokio::spawn(sealer.run(CancellationToken::new()));
    log
}

fn driver(store: &Store, turns: &Arc<Turns>, runner: &Arc<Runner>, tools: &Arc<ToolPath>) -> Arc<Driver> {
    let turns = Arc::clone(turns);
    let advance: Advance = Arc::new(move |held| {
        let turns = Arc::clone(&turns);
        Box::pin(async move { turns.advance(held).await })
    });
    let mut advances: HashMap<RunKind, Advance> =
        KINDS.into_iter().map(|kind| (kind, Arc::clone(&advance))).collect();
    let runner = Arc::clone(runner);
    let workflow: Advance = Arc::new(move |held| {
        let runner = Arc::clone(&runner);
        Box::pin(async move { runner.advance(held).await })
    });
    advances.insert(RunKind::Workflow, workflow);
    advances.insert(RunKind::Tool, tools.advance_once());
    let options = DriverOptions {
        owner: RunId::generate(&SystemClock).to_string(),
        lease: Duration::from_secs(15),
        concurrency: 16,
        alone: true,
    };
    Driver::new(store.clone(), options, advances)
}
