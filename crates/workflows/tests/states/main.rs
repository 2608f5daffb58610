//! Runs held against a model: whatever is started, answered, told, stopped, killed and taken up again, in whatever order,
//! every run comes to stand where the model says, and every deed is done, and tried again, as often as the model says.

mod model;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use chrono::TimeDelta;
use conductor_access::{Access, LimitsOptions, Vault};
use conductor_domain::{
    Agent, Caller, Classification, Clock, FixedClock, HumanTask, PageRequest, PlatformRole, Redacted, RunId,
    RunKind, Scope, SystemClock, TaskFilter, Visibility,
};
use conductor_identity::{Identity, NewAccount};
use conductor_runs::{
    Advance, Answer, CallError, Dispatch, Driver, DriverOptions, Runs, StoredEvent, Tool, ToolOutput,
    ToolPath, ToolPathOptions, ToolSource, problem,
};
use conductor_secrets::{Keyring, LocalKey};
use conductor_storage::{OpenOptions, Store, Unscoped};
use conductor_test_support::TestDb;
use conductor_workflows::{Document, Execution, Executions, Meant, Resume, Runner, RunnerOptions, Workflows};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_oneof},
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use model::{Deed, Expected, Mood, Said, Stage, Stand, WAIT};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// By how much time moves at once: a wait is over after the second time.
const MOVE: TimeDelta = TimeDelta::minutes(40);

/// What happens next. Numbers choose among the runs that it can happen to.
#[derive(Clone, Debug)]
enum Step {
    /// With what becomes of each try of its two deeds.
    Start(Vec<Mood>, Vec<Mood>),
    Answer(usize, bool),
    Settle(usize, Said),
    Tell(usize),
    Stop(usize),
    TakeUp(usize),
    Wait,
    Die,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let tries = || {
        let mood = prop_oneof![4 => Just(Mood::Fails), 1 => Just(Mood::Hangs), 1 => Just(Mood::Lost)];
        // One more than is tried again, so that some fail for good.
        prop_oneof![1 => Just(Vec::new()), 1 => vec(mood, 1..=4)]
    };
    let said = prop_oneof![Just(Said::Done), Just(Said::Again), Just(Said::Not)];
    let which = any::<usize>;
    let step = prop_oneof![
        3 => (tries(), tries()).prop_map(|(first, last)| Step::Start(first, last)),
        4 => (which(), prop_oneof![4 => Just(true), 1 => Just(false)]).prop_map(|(at, yes)| Step::Answer(at, yes)),
        3 => (which(), said).prop_map(|(at, said)| Step::Settle(at, said)),
        3 => which().prop_map(Step::Tell),
        1 => which().prop_map(Step::Stop),
        3 => which().prop_map(Step::TakeUp),
        4 => Just(Step::Wait),
        2 => Just(Step::Die),
    ];
    vec(step, 1..20)
}

fn workflow() -> Value {
    let deed = |id: &str, input: &str, deed: Deed, backoff: &str| {
        json!({
            "id": id, "kind": "tool", "config": { "tool": "deeds/do" },
            "inputs": { "deed": id, "moods": input },
            "retry": {
                "max": deed.retries(), "delay_ms": deed.delay().num_milliseconds(), "backoff": backoff,
            },
        })
    };
    let edge =
        |from: &str, to: &str| json!({ "id": format!("{from}-{to}"), "from": from, "port": "out", "to": to });
    json!({
        "schema": "conductor.workflow/1", "name": "deeds", "source_format": "native",
        "nodes": [
            deed("first", "{{input.first}}", Deed::First, "exponential"),
            { "id": "ask", "kind": "human", "config": { "title": "Go on?", "decisions": ["yes", "no"] } },
            { "id": "pause", "kind": "wait", "config": { "duration_ms": WAIT.num_milliseconds() } },
            { "id": "told", "kind": "wait", "config": { "event": "go" } },
            deed("last", "{{input.last}}", Deed::Last, "fixed"),
        ],
        "edges": [edge("first", "ask"), edge("ask", "pause"), edge("pause", "told"), edge("told", "last")],
        "entry": ["first"], "exit": ["last"],
    })
}

/// The target of the deeds, which keeps its own books.
struct Deeds {
    scope: Scope,
    done: Mutex<HashMap<RunId, [usize; 2]>>,
}

#[async_trait]
impl ToolSource for Deeds {
    fn name(&self) -> &'static str {
        "deeds"
    }

    async fn tools(&self, _: &Caller, _: Option<&Agent>) -> conductor_runs::Result<Vec<Tool>> {
        let tool = Tool::of_conductor("deeds/do", "Does it.", json!({ "type": "object" }), PATIENCE);
        Ok(vec![Tool {
            scope: self.scope,
            visibility: Visibility::Organization,
            classification: Classification::Internal,
            official: false,
            ..tool
        }])
    }

    async fn call(&self, _: &Tool, dispatch: Dispatch) -> Result<Answer, CallError> {
        let deed = if dispatch.arguments["deed"] == "first" { Deed::First } else { Deed::Last };
        let count = {
            let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            let count = &mut done.entry(dispatch.run_id).or_default()[deed as usize];
            *count += 1;
            *count
        };
        let failed = |outcome_unknown| CallError {
            problem: problem("target_failed", "Not done", "The target says no.", false),
            outcome_unknown,
        };
        match dispatch.arguments["moods"][count - 1].as_str() {
            Some("fails") => Err(failed(false)),
            Some("lost") => Err(failed(true)),
            Some("hangs") => {
                dispatch.cancel.cancelled().await;
                Err(failed(true))
            }
            _ => Ok(Answer::Done(ToolOutput::text("done"))),
        }
    }
}

struct World {
    clock: Arc<FixedClock>,
    store: Store,
    deeds: Arc<Deeds>,
    caller: Caller,
    executions: Executions,
    runs: Runs,
    runner: Arc<Runner>,
    tools: Arc<ToolPath>,
    _folder: TempDir,
    _database: TestDb,
}

impl World {
    async fn new() -> Self {
        let (folder, database) = (TempDir::new().unwrap(), TestDb::sqlite());
        let clock = FixedClock::at(SystemClock.now());
        let store = OpenOptions::new(database.url()).open(clock.clone()).await.unwrap();
        let key = LocalKey::load_or_create(&folder.path().join("master.key")).unwrap();
        let vault = Vault::new(store.clone(), Keyring::new(key));
        let access = Access::start(store.clone(), vault, LimitsOptions::default()).await.unwrap();
        let caller = person(&store, &access).await;
        let deeds = Arc::new(Deeds { scope: caller.scope, done: Mutex::default() });
        let sources: Vec<Arc<dyn ToolSource>> = vec![Arc::clone(&deeds) as Arc<dyn ToolSource>];
        let tools = ToolPath::new(store.clone(), Arc::clone(&access), sources, ToolPathOptions::default());
        let workflows = Workflows::new(store.clone(), Arc::clone(&access));
        workflows.import(&caller, Document::Value(workflow()), None, false).await.unwrap();
        let executions = Executions::new(store.clone(), Arc::clone(&access), workflows);
        let runs = Runs::new(store.clone(), Arc::clone(&access), Arc::clone(&tools));
        let (options, draining) = (RunnerOptions::default(), CancellationToken::new());
        let runner = Runner::new(store.clone(), access, Arc::clone(&tools), options, draining);
        Self {
            clock,
            store,
            deeds,
            caller,
            executions,
            runs,
            runner,
            tools,
            _folder: folder,
            _database: database,
        }
    }

    /// A server that advances runs, until its runtime is gone.
    fn server(&self) -> Runtime {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let runner = Arc::clone(&self.runner);
        let workflow: Advance = Arc::new(move |held| {
            let runner = Arc::clone(&runner);
            Box::pin(async move { runner.advance(held).await })
        });
        let advances =
            HashMap::from([(RunKind::Workflow, workflow), (RunKind::Tool, self.tools.advance_once())]);
        let options = DriverOptions {
            owner: RunId::generate(&SystemClock).to_string(),
            // Time stands still here; what is due is looked for three times as often as this.
            lease: Duration::from_millis(60),
            concurrency: 16,
            alone: true,
        };
        runtime.spawn(Driver::new(self.store.clone(), options, advances).run());
        runtime
    }

    /// The server is gone, with everything that it had under way.
    async fn die(&self, server: &mut Option<Runtime>) {
        let gone = server.take().unwrap();
        tokio::task::spawn_blocking(move || gone.shutdown_timeout(PATIENCE)).await.unwrap();
        // What it had asked to be written before is written before this.
        let written: Result<(), conductor_storage::Error> =
            self.store.unscoped(Unscoped::RunDriver).write(|_| Box::pin(async { Ok(()) })).await;
        written.unwrap();
        *server = Some(self.server());
    }

    async fn start(&self, first: Vec<Mood>, last: Vec<Mood>) -> Expected {
        let words = |tries: &[Mood]| tries.iter().map(|mood| mood.word()).collect::<Vec<_>>();
        let inputs = json!({ "first": words(&first), "last": words(&last) });
        let execution = Execution { inputs: Some(inputs), ..Execution::default() };
        let meant = Meant::Name("deeds".to_owned());
        let run = self.executions.start(&self.caller, meant, execution).await.unwrap();
        Expected::begin(run.id, [first, last], self.clock.now())
    }

    async fn take_up(&self, run: RunId) -> RunId {
        let well = json!({ "first": [], "last": [] });
        let resume = Resume { inputs: well.as_object().cloned().unwrap(), ..Resume::default() };
        self.executions.resume(&self.caller, &self.runs, run, resume).await.unwrap().id
    }

    async fn tell(&self, run: RunId) {
        let name = "go".to_owned();
        self.executions.tell(&self.caller, &self.runs, run, name, Value::Null).await.unwrap();
    }

    async fn question(&self, run: RunId) -> Option<HumanTask> {
        let open =
            self.runs.tasks(&self.caller, TaskFilter::pending(), PageRequest::default()).await.unwrap();
        open.items.into_iter().find(|task| task.run_id == run)
    }

    async fn answer(&self, run: RunId, decision: &str) {
        let task = self.question(run).await.unwrap();
        self.runs.decide(&self.caller, task.id, decision.to_owned(), None).await.unwrap();
    }

    /// Whether a run stands where it should.
    async fn stands(&self, expected: &Expected) -> bool {
        let run = self.runs.find(&self.caller, expected.id).await.unwrap();
        let done = self.deeds.done.lock().unwrap_or_else(PoisonError::into_inner).get(&expected.id).copied();
        let asked = self.question(expected.id).await;
        run.status == expected.status()
            && done.unwrap_or_default() == expected.deeds
            && asked.as_ref().map(|task| task.kind.as_str()) == expected.asks()
            && (expected.waits_at().is_none() || self.node_waiting(expected.id).await == expected.waits_at())
    }

    /// The node that the run has come to last, where that waits.
    async fn node_waiting(&self, run: RunId) -> Option<&'static str> {
        let events = self.runs.events(&self.caller, run, 0, 1_000).await.unwrap();
        let last = events.iter().rfind(|event| event.name.starts_with("node."))?;
        let data: Value = serde_json::from_str(&last.data).unwrap();
        let waits = last.name == "node.waiting";
        ["pause", "told"].into_iter().find(|node| waits && data["node_id"] == *node)
    }

    async fn settled(&self, expected: &[Expected], after: &Step) {
        let all_stand = async {
            for run in expected {
                while !self.stands(run).await {
                    tokio::task::yield_now().await;
                }
            }
        };
        if tokio::time::timeout(PATIENCE, all_stand).await.is_ok() {
            return;
        }
        let mut told = Vec::new();
        for run in expected {
            let found = self.runs.find(&self.caller, run.id).await.unwrap().status;
            let events = self.runs.events(&self.caller, run.id, 0, 1_000).await.unwrap();
            let events: Vec<_> =
                events.iter().map(|event| format!("{} {}", event.name, event.data)).collect();
            told.push(format!("{run:?}\nis {found}: {events:#?}"));
        }
        panic!("after {after:?}:\n{}", told.join("\n"));
    }
}

/// One of the runs that this can happen to.
fn one(runs: &mut [Expected], at: usize, fits: impl Fn(Stand) -> bool) -> Option<&mut Expected> {
    let mut fitting: Vec<_> = runs.iter_mut().filter(|run| fits(run.stand)).collect();
    (!fitting.is_empty()).then(|| fitting.swap_remove(at % fitting.len()))
}

async fn take(world: &World, server: &mut Option<Runtime>, runs: &mut Vec<Expected>, step: &Step) {
    match *step {
        Step::Start(ref first, ref last) => runs.push(world.start(first.clone(), last.clone()).await),
        Step::Answer(at, yes) => {
            if let Some(run) = one(runs, at, |stand| stand == Stand::At(Stage::Ask)) {
                world.answer(run.id, if yes { "yes" } else { "no" }).await;
                run.answered(yes, world.clock.now());
            }
        }
        Step::Settle(at, said) => {
            if let Some(run) = one(runs, at, |stand| matches!(stand, Stand::Doubt(_)))
                && let Stand::Doubt(deed) = run.stand
            {
                world.answer(run.id, said.word()).await;
                run.settled(deed, said, world.clock.now());
            }
        }
        Step::Tell(at) => {
            let hears = |stand| matches!(stand, Stand::At(Stage::Ask | Stage::Pause(_) | Stage::Told));
            if let Some(run) = one(runs, at, hears) {
                world.tell(run.id).await;
                run.hear(world.clock.now());
            }
        }
        Step::Stop(at) => {
            if let Some(run) = one(runs, at, |stand| matches!(stand, Stand::At(_) | Stand::Doubt(_))) {
                world.runs.cancel(&world.caller, run.id).await.unwrap();
                run.stop();
            }
        }
        Step::TakeUp(at) => {
            let ended = |stand| matches!(stand, Stand::Failed(_) | Stand::Stopped(_));
            if let Some(run) = one(runs, at, ended)
                && let Stand::Failed(stage) | Stand::Stopped(stage) = run.stand
            {
                let id = world.take_up(run.id).await;
                let on = run.taken_up(id, stage, world.clock.now());
                runs.push(on);
            }
        }
        Step::Wait => {
            world.clock.advance(MOVE);
            let now = world.clock.now();
            runs.iter_mut().for_each(|run| run.time_is(now));
        }
        Step::Die => {
            world.die(server).await;
            runs.iter_mut().for_each(Expected::server_died);
        }
    }
}

/// The attempts at a deed, by the numbers that a journal gives them.
fn attempts_at(deed: Deed, events: &[StoredEvent]) -> Vec<usize> {
    let node = if deed == Deed::First { "first" } else { "last" };
    let started = events.iter().filter(|event| event.name == "node.started");
    let read = |event: &StoredEvent| serde_json::from_str::<Value>(&event.data).unwrap();
    let of_deed = started.map(read).filter(|data| data["node_id"] == node);
    of_deed.map(|data| usize::try_from(data["attempt"].as_u64().unwrap()).unwrap()).collect()
}

async fn play(world: &World, server: &mut Option<Runtime>, steps: Vec<Step>) {
    let mut runs: Vec<Expected> = Vec::new();
    for step in &steps {
        take(world, server, &mut runs, step).await;
        world.settled(&runs, step).await;
    }
    for run in &mut runs {
        if !run.status().is_final() {
            world.runs.cancel(&world.caller, run.id).await.unwrap();
            run.stop();
        }
    }
    world.settled(&runs, &Step::Stop(0)).await;
    for run in &runs {
        let events = world.runs.events(&world.caller, run.id, 0, 1_000).await.unwrap();
        assert!(events.iter().zip(1..).all(|(event, seq)| event.seq == seq), "a gap in {run:?}");
        let ends = events.iter().filter(|event| event.name == "run.finished").count();
        let last = events.last().map(|event| event.name.as_str());
        assert_eq!((ends, last), (1, Some("run.finished")), "{run:?}");
        for deed in [Deed::First, Deed::Last] {
            let attempts: Vec<usize> = (1..=run.attempts[deed as usize]).collect();
            assert_eq!(attempts_at(deed, &events), attempts, "{deed:?} of {run:?}");
        }
    }
}

#[test]
fn runs_stand_where_the_model_says_whatever_happens_in_whatever_order() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let server = Mutex::new(Some(world.server()));
    // Shrinking waits for each failure, so it is kept short.
    let config = Config { cases: 24, max_shrink_iters: 20, failure_persistence: None, ..Config::default() };
    let held = TestRunner::new(config).run(&steps(), |steps| {
        let mut server = server.lock().unwrap_or_else(PoisonError::into_inner);
        runtime.block_on(play(&world, &mut server, steps));
        Ok(())
    });
    if let Some(server) = server.into_inner().unwrap_or_else(PoisonError::into_inner) {
        server.shutdown_background();
    }
    held.unwrap();
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
