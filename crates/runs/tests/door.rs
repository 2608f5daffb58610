//! A tool call that a door makes by itself, over crashes: made once, told once, never lost.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use conductor_access::{Access, LimitsOptions, Vault};
use conductor_domain::{
    AgentId, Caller, Classification, Clock, EffectState, PageRequest, PlatformRole, Redacted, RunFilter,
    RunKind, RunStatus, RunTrigger, Scope, SystemClock, Visibility,
};
use conductor_identity::{Identity, NewAccount};
use conductor_runs::{
    Approval, CallError, Dispatch, Driver, DriverOptions, OneCall, Runs, Tool, ToolOutput, ToolPath,
    ToolPathOptions, ToolSource,
};
use conductor_secrets::{Keyring, LocalKey};
use conductor_storage::{OpenOptions, Store, StoredEvent, Unscoped};
use conductor_test_support::TestDb;
use futures::StreamExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{runtime::Runtime, sync::Semaphore};

/// Longer than any call here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// One tool that has an effect, counts its calls and answers when it is let.
struct Acting {
    scope: Scope,
    approval: Approval,
    calls: AtomicUsize,
    begun: Semaphore,
    allowed: Semaphore,
}

#[async_trait]
impl ToolSource for Acting {
    fn name(&self) -> &'static str {
        "acting"
    }

    async fn tools(&self, _: &Caller, _: Option<AgentId>) -> conductor_runs::Result<Vec<Tool>> {
        Ok(vec![Tool {
            id: None,
            name: "acting/act".to_owned(),
            path: "acting/act".to_owned(),
            connector_id: None,
            server: Some("Acting".to_owned()),
            description: "Acts.".to_owned(),
            input_schema: json!({ "type": "object" }),
            read_only: false,
            approval: self.approval,
            definition_hash: "1".to_owned(),
            approved_hash: Some("1".to_owned()),
            owner: None,
            scope: self.scope,
            visibility: Visibility::Organization,
            classification: Classification::Internal,
            official: false,
            timeout: PATIENCE,
            cache: None,
            honours_key: false,
            call_cost: None,
        }])
    }

    async fn call(&self, _: &Tool, _: Dispatch) -> Result<ToolOutput, CallError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.begun.add_permits(1);
        self.allowed.acquire().await.unwrap().forget();
        Ok(ToolOutput::text("done"))
    }
}

struct World {
    store: Store,
    source: Arc<Acting>,
    tools: Arc<ToolPath>,
    runs: Runs,
    caller: Caller,
    _folder: TempDir,
    _database: TestDb,
}

impl World {
    async fn new(approval: Approval) -> Self {
        let (database, folder) = (TestDb::sqlite(), TempDir::new().unwrap());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = OpenOptions::new(database.url()).open(clock).await.unwrap();
        let key = LocalKey::load_or_create(&folder.path().join("master.key")).unwrap();
        let vault = Vault::new(store.clone(), Keyring::new(key));
        let access = Access::start(store.clone(), vault, LimitsOptions::default()).await.unwrap();
        let caller = person(&store, &access).await;
        let source = Arc::new(Acting {
            scope: caller.scope,
            approval,
            calls: AtomicUsize::new(0),
            begun: Semaphore::new(0),
            allowed: Semaphore::new(0),
        });
        let sources: Vec<Arc<dyn ToolSource>> = vec![Arc::clone(&source) as Arc<dyn ToolSource>];
        let tools = ToolPath::new(store.clone(), Arc::clone(&access), sources, ToolPathOptions::default());
        let runs = Runs::new(store.clone(), Arc::clone(&access), Arc::clone(&tools));
        Self { store, source, tools, runs, caller, _folder: folder, _database: database }
    }

    /// A node of its own; when it is dropped it is gone as after kill -9.
    fn node(&self) -> Node {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let advances = HashMap::from([(RunKind::Tool, self.tools.advance_once())]);
        let options = DriverOptions {
            owner: "node".to_owned(),
            lease: Duration::from_secs(15),
            concurrency: 4,
            alone: true,
        };
        runtime.spawn(Driver::new(self.store.clone(), options, advances).run());
        Node(Some(runtime))
    }

    /// Starts the call and lets it go on by itself.
    async fn start(&self) -> conductor_domain::Run {
        let call =
            OneCall { tool: "acting/act".to_owned(), arguments: json!({ "n": 1 }), trigger: RunTrigger::Api };
        self.tools.start(&self.caller, call).await.unwrap()
    }

    /// Follows a run to an event of this name and word.
    async fn until(&self, run: conductor_domain::RunId, name: &str, word: &str) -> StoredEvent {
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

    async fn events(&self, run: conductor_domain::RunId) -> Vec<StoredEvent> {
        let events = self.runs.events(&self.caller, run, 0, 1_000).await.unwrap();
        let seqs: Vec<i64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, (1..=i64::try_from(events.len()).unwrap()).collect::<Vec<_>>(), "seq has a gap");
        events
    }

    async fn child(&self, run: conductor_domain::RunId) -> conductor_domain::Run {
        let filter = RunFilter { parent_run_id: Some(run), ..RunFilter::default() };
        let page = self.runs.page(&self.caller, filter, PageRequest::default()).await.unwrap();
        assert_eq!(page.items.len(), 1);
        page.items.into_iter().next().unwrap()
    }

    fn calls(&self) -> usize {
        self.source.calls.load(Ordering::SeqCst)
    }
}

struct Node(Option<Runtime>);

impl Node {
    fn crash(mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_a_crash_cut_is_told_as_unknown_and_never_repeated() {
    let world = World::new(Approval::Never).await;
    let node = world.node();
    let run = world.start().await;
    world.source.begun.acquire().await.unwrap().forget();
    node.crash();

    let _node = world.node();
    world.until(run.id, "run.finished", "interrupted").await;
    assert_eq!(world.calls(), 1, "the call was repeated");
    let names: Vec<String> = world.events(run.id).await.into_iter().map(|event| event.name).collect();
    assert_eq!(
        names,
        ["run.started", "run.status", "tool.called", "tool.decided", "tool.result", "run.finished"]
    );
    let result = world.until(run.id, "tool.result", "").await;
    let result: Value = serde_json::from_str(&result.data).unwrap();
    assert_eq!((&result["ok"], &result["ledger"]), (&json!(false), &json!(EffectState::Ambiguous.as_str())));
    let run = world.runs.find(&world.caller, run.id).await.unwrap();
    assert_eq!((run.status, run.error_code.as_deref()), (RunStatus::Interrupted, Some("interrupted")));
    assert_eq!(world.child(run.id).await.status, RunStatus::Interrupted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_outlives_the_node_that_asked_it() {
    let world = World::new(Approval::Ask).await;
    let node = world.node();
    let call = OneCall { tool: "acting/act".to_owned(), arguments: Value::Null, trigger: RunTrigger::Api };
    let called = world.runs.call_once(&world.caller, call, PATIENCE).await.unwrap();
    assert_eq!((called.run.status, called.ok, called.content), (RunStatus::Waiting, None, None));
    node.crash();

    let tasks = world.runs.tasks(&world.caller, Some("pending"), PageRequest::default()).await.unwrap();
    let task = tasks.items.first().unwrap().id;
    world.runs.decide(&world.caller, task, "allow_once".to_owned(), None).await.unwrap();
    assert_eq!(world.calls(), 0);
    world.source.allowed.add_permits(1);

    let _node = world.node();
    world.until(called.run.id, "run.finished", "succeeded").await;
    assert_eq!(world.calls(), 1);
    world.events(called.run.id).await;
    let run = world.runs.find(&world.caller, called.run.id).await.unwrap();
    assert_eq!(run.output, Some(json!({ "ok": true, "content": [{ "type": "text", "text": "done" }] })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_dies_between_asking_and_waiting_asks_no_second_time() {
    let world = World::new(Approval::Ask).await;
    let node = world.node();
    let run = world.start().await;
    world.until(run.id, "run.status", "waiting").await;
    node.crash();
    // Another node takes the run and dies with it before it does anything.
    let now = world.store.clock().now();
    let taken = world
        .store
        .unscoped(Unscoped::RunDriver)
        .write(move |tx| Box::pin(async move { tx.runs().claim(run.id, "dead", now, now).await }))
        .await
        .map_err(|error: conductor_storage::Error| error)
        .unwrap();
    assert!(taken.is_some());

    let _node = world.node();
    let parked = async {
        loop {
            let run = world.runs.find(&world.caller, run.id).await.unwrap();
            if run.status == RunStatus::Waiting {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, parked).await.expect("the run waits again");
    let tasks = world.runs.tasks(&world.caller, None, PageRequest::default()).await.unwrap();
    assert_eq!(tasks.items.len(), 1, "the question was asked twice");
    world.source.allowed.add_permits(1);
    let task = tasks.items.first().unwrap().id;
    world.runs.decide(&world.caller, task, "allow_once".to_owned(), None).await.unwrap();
    world.until(run.id, "run.finished", "succeeded").await;
    assert_eq!(world.calls(), 1);
    world.events(run.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_a_call_stops_the_run_that_makes_it() {
    let world = World::new(Approval::Never).await;
    let _node = world.node();
    let run = world.start().await;
    world.source.begun.acquire().await.unwrap().forget();
    let child = world.child(run.id).await;
    world.runs.cancel(&world.caller, child.id).await.unwrap();
    // The source above does not listen; it is let go, and its answer still counts as the effect that it was.
    world.source.allowed.add_permits(1);
    world.until(run.id, "run.finished", "succeeded").await;
    assert_eq!(world.child(run.id).await.fencing_token, 0, "the driver claimed a call inside a run");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_takes_longer_than_its_door_goes_on() {
    let world = World::new(Approval::Never).await;
    let _node = world.node();
    let call = OneCall { tool: "acting/act".to_owned(), arguments: Value::Null, trigger: RunTrigger::Api };
    let called = world.runs.call_once(&world.caller, call, Duration::ZERO).await.unwrap();
    assert!(!called.run.status.is_final());
    assert_eq!((called.ok, called.content), (None, None));
    world.source.allowed.add_permits(1);
    world.until(called.run.id, "run.finished", "succeeded").await;
    assert_eq!(world.calls(), 1);
}
