//! What every test here needs: rows, a person, a source of tools, and nodes that die as after kill -9.

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use conductor_access::{Access, LimitsOptions, Vault};
use conductor_domain::{
    Caller, Classification, Clock, PageRequest, PlatformRole, Redacted, Run, RunFilter, RunId, RunKind,
    RunStatus, Scope, SystemClock, Visibility,
};
use conductor_identity::{Identity, NewAccount};
use conductor_runs::{
    Advance, Approval, Driver, DriverOptions, Runs, Tool, ToolPath, ToolPathOptions, ToolSource,
};
use conductor_secrets::{Keyring, LocalKey};
use conductor_storage::{OpenOptions, Store, StoredEvent, Unscoped};
use conductor_test_support::TestDb;
use futures::StreamExt;
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The engine with one source of tools.
pub(crate) struct World<S> {
    pub(crate) store: Store,
    pub(crate) source: Arc<S>,
    pub(crate) tools: Arc<ToolPath>,
    pub(crate) runs: Runs,
    pub(crate) caller: Caller,
    folder: TempDir,
    database: TestDb,
}

impl<S: ToolSource + 'static> World<S> {
    pub(crate) async fn new(database: TestDb, make: impl FnOnce(Scope) -> S) -> Self {
        Self::at(Arc::new(SystemClock), database, make).await
    }

    /// With another clock than the system's.
    pub(crate) async fn at(clock: Arc<dyn Clock>, database: TestDb, make: impl FnOnce(Scope) -> S) -> Self {
        let folder = TempDir::new().unwrap();
        let (store, access) = open(database.url(), folder.path(), clock).await;
        let caller = person(&store, &access).await;
        let source = Arc::new(make(caller.scope));
        let tools = tools_of(&store, &access, &source);
        let runs = Runs::new(store.clone(), Arc::clone(&access), Arc::clone(&tools));
        Self { store, source, tools, runs, caller, folder, database }
    }

    /// A node of its own that advances calls of doors and these kinds; when it is dropped it is gone as after kill -9.
    /// The kinds' functions get the tools of that node.
    pub(crate) fn node_of<F>(&self, advances: F) -> Node
    where
        F: FnOnce(&Arc<ToolPath>) -> Vec<(RunKind, Advance)> + Send + 'static,
    {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let options = DriverOptions {
            // A claim that the dead had under way is not kept by the next node as if it were its own.
            owner: RunId::generate(&SystemClock).to_string(),
            lease: Duration::from_secs(15),
            concurrency: 16,
            alone: true,
        };
        let (store, tools) = (self.store.clone(), Arc::clone(&self.tools));
        let (url, folder) = (self.database.url().to_owned(), self.folder.path().to_owned());
        let (clock, source) = (Arc::clone(self.store.clock()), Arc::clone(&self.source));
        runtime.spawn(async move {
            // Connections die with the process that opened them; a file has one writer, which is everybody's here.
            let (store, tools) = if store.kind() == "postgres" {
                let (store, access) = open(&url, &folder, clock).await;
                let tools = tools_of(&store, &access, &source);
                (store, tools)
            } else {
                (store, tools)
            };
            let mut advances: HashMap<_, _> = advances(&tools).into_iter().collect();
            advances.insert(RunKind::Tool, tools.advance_once());
            Driver::new(store, options, advances).run().await
        });
        Node(Some(runtime))
    }

    /// Follows a run to an event of this name and word.
    pub(crate) async fn until(&self, run: RunId, name: &str, word: &str) -> StoredEvent {
        let mut events = Box::pin(self.runs.follow(&self.caller, run, 0).await.unwrap());
        let found = async {
            while let Some(event) = events.next().await {
                let event = event.unwrap();
                if event.name == name && event.data.contains(word) {
                    return event;
                }
            }
            panic!("no {name} with {word}");
        };
        tokio::time::timeout(PATIENCE, found).await.expect("the event comes")
    }

    pub(crate) async fn events(&self, run: RunId) -> Vec<StoredEvent> {
        let events = self.runs.events(&self.caller, run, 0, 1_000).await.unwrap();
        let seqs: Vec<i64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, (1..=i64::try_from(events.len()).unwrap()).collect::<Vec<_>>(), "seq has a gap");
        events
    }

    pub(crate) async fn find(&self, run: RunId) -> Run {
        self.runs.find(&self.caller, run).await.unwrap()
    }

    /// The only child of a run.
    pub(crate) async fn child(&self, run: RunId) -> Run {
        let filter = RunFilter { parent_run_id: Some(run), ..RunFilter::default() };
        let page = self.runs.page(&self.caller, filter, PageRequest::default()).await.unwrap();
        assert_eq!(page.items.len(), 1);
        page.items.into_iter().next().unwrap()
    }

    /// Another node takes the run and dies with it before it does anything. Nobody takes it over by its lease; the next
    /// node that starts frees it.
    pub(crate) async fn taken_by_the_dead(&self, run: RunId) {
        assert!(self.is_taken_by("dead", run).await);
    }

    /// Whether another node, of this name, gets the run.
    pub(crate) async fn is_taken_by(&self, owner: &'static str, run: RunId) -> bool {
        let now = self.store.clock().now();
        let until = now + chrono::TimeDelta::minutes(10);
        let claim = self
            .store
            .unscoped(Unscoped::RunDriver)
            .write(move |tx| Box::pin(async move { tx.runs().claim(run, owner, now, until).await }));
        claim.await.map_err(|error: conductor_storage::Error| error).unwrap().is_some()
    }

    pub(crate) async fn until_status(&self, run: RunId, status: RunStatus) {
        let stands = async {
            while self.find(run).await.status != status {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, stands).await.unwrap_or_else(|_| panic!("the run never is {status}"));
    }
}

pub(crate) struct Node(Option<Runtime>);

impl Node {
    pub(crate) fn crash(self) {
        drop(self);
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// A tool with an effect.
pub(crate) fn tool(scope: Scope, path: &str, approval: Approval) -> Tool {
    Tool {
        id: None,
        name: path.to_owned(),
        path: path.to_owned(),
        connector_id: None,
        server: Some("Acting".to_owned()),
        description: "Acts.".to_owned(),
        input_schema: json!({ "type": "object" }),
        read_only: false,
        approval,
        definition_hash: "1".to_owned(),
        approved_hash: Some("1".to_owned()),
        owner: None,
        scope,
        visibility: Visibility::Organization,
        classification: Classification::Internal,
        labels: Vec::new(),
        official: false,
        timeout: PATIENCE,
        cache: None,
        call_cost: None,
        delegates: false,
        outbound: false,
        takes_parts: false,
    }
}

/// What a process opens of a database.
async fn open(url: &str, folder: &Path, clock: Arc<dyn Clock>) -> (Store, Arc<Access>) {
    let store = OpenOptions::new(url).open(clock).await.unwrap();
    let key = LocalKey::load_or_create(&folder.join("master.key")).unwrap();
    let vault = Vault::new(store.clone(), Keyring::new(key));
    let access = Access::start(store.clone(), vault, LimitsOptions::default()).await.unwrap();
    (store, access)
}

fn tools_of<S: ToolSource + 'static>(store: &Store, access: &Arc<Access>, source: &Arc<S>) -> Arc<ToolPath> {
    let sources: Vec<Arc<dyn ToolSource>> = vec![Arc::clone(source) as Arc<dyn ToolSource>];
    ToolPath::new(store.clone(), Arc::clone(access), sources, ToolPathOptions::default())
}

async fn person(store: &Store, access: &Arc<Access>) -> Caller {
    let options = conductor_identity::Options::new(*b"0fa3bd6e8c1742d59e60f1a2b3c4d5e6");
    let identity = Identity::start(store.clone(), Arc::clone(access), options).await.unwrap();
    let account = NewAccount {
        email: "ada@example.com".to_owned(),
        password: Redacted::new("correct horse battery staple".to_owned()),
        name: "Ada".to_owned(),
        role: PlatformRole::Admin,
        organization_name: Some("Example".to_owned()),
    };
    let user = identity.create_account(account).await.unwrap();
    let scope =
        store.unscoped(Unscoped::SignIn).users().find(user.id).await.unwrap().unwrap().active.unwrap();
    access.caller_of(user.id, scope).await.unwrap().unwrap()
}
