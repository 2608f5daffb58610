//! Calls that go on as runs of their own: one run for each call, its end is told once, and no wake-up is lost,
//! wherever a node dies.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use conductor_domain::{
    Agent, CallId, Caller, Classification, EventBody, NewAuditEvent, NewRun, Run, RunId, RunKind, RunOutcome,
    RunStatus, RunTrigger, Scope, SystemClock,
};
use conductor_runs::{
    Advance, Answer, Approval, Call, CallError, Dispatch, Held, Invoked, Next, OneCall, Tool, ToolPath,
    ToolSource,
};
use conductor_storage::StoredEvent;
use conductor_test_support::TestDb;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::world::{self, Node, PATIENCE, tool};

const GIVE: &str = "work/give";

/// One tool whose calls go on as runs.
struct Giving {
    tool: Tool,
    kind: RunKind,
    offers: AtomicBool,
    calls: AtomicUsize,
    /// Calls that hang before their run is begun, as though the node died there.
    hangs: AtomicUsize,
    begun: Semaphore,
}

#[async_trait]
impl ToolSource for Giving {
    fn name(&self) -> &'static str {
        "giving"
    }

    async fn tools(&self, _: &Caller, _: Option<&Agent>) -> conductor_runs::Result<Vec<Tool>> {
        Ok(if self.offers.load(Ordering::SeqCst) { vec![self.tool.clone()] } else { Vec::new() })
    }

    async fn call(&self, _: &Tool, dispatch: Dispatch) -> Result<Answer, CallError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.begun.add_permits(1);
        let hang = self.hangs.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if hang.is_ok() {
            std::future::pending::<()>().await;
        }
        let id = RunId::generate(&SystemClock);
        let entry =
            NewAuditEvent::by(&dispatch.caller, "run.started", "agent.execute", "agent:test".to_owned());
        let run = NewRun {
            input: Some(json!({ "call": CallId::generate(&SystemClock) })),
            ..NewRun::new(id, self.kind, RunTrigger::Event)
        };
        dispatch.start(run, entry).await
    }
}

type World = world::World<Giving>;

async fn world_on(database: TestDb, kind: RunKind) -> World {
    let giving = |scope: Scope| Giving {
        tool: Tool { delegates: true, ..tool(scope, GIVE, Approval::Never) },
        kind,
        offers: AtomicBool::new(true),
        calls: AtomicUsize::new(0),
        hangs: AtomicUsize::new(0),
        begun: Semaphore::new(0),
    };
    World::new(database, giving).await
}

/// Runs of kind agent work until they are let or stopped; runs of kind workflow make one call and end with its result.
#[derive(Clone)]
struct Work {
    let_go: Arc<Semaphore>,
    begun: Arc<Semaphore>,
}

impl Work {
    fn new() -> Self {
        Self { let_go: Arc::new(Semaphore::new(0)), begun: Arc::new(Semaphore::new(0)) }
    }

    fn node(&self, world: &World) -> Node {
        let (work, caller) = (self.clone(), Arc::new(world.caller.clone()));
        world.node_of(|tools| {
            let agent: Advance = Arc::new(move |held| {
                let work = work.clone();
                Box::pin(async move { work.agent(held).await })
            });
            let tools = Arc::clone(tools);
            let workflow: Advance = Arc::new(move |held| {
                let (tools, caller) = (Arc::clone(&tools), Arc::clone(&caller));
                Box::pin(async move { one_call(&tools, caller, held).await })
            });
            vec![(RunKind::Agent, agent), (RunKind::Workflow, workflow)]
        })
    }

    async fn agent(&self, held: Held) -> conductor_runs::Result<Next> {
        held.take_signals().await?;
        self.begun.add_permits(1);
        let outcome = tokio::select! {
            permit = self.let_go.acquire() => {
                permit.unwrap().forget();
                let mut outcome = RunOutcome::of(RunStatus::Succeeded);
                outcome.output = Some(json!({ "text": "made" }));
                outcome.data_classification = Classification::Confidential;
                outcome
            }
            () = held.cancel().cancelled() => RunOutcome::of(RunStatus::Cancelled),
        };
        end(&held, outcome).await
    }
}

/// A holder as a workflow is one: it makes its call, and takes it on whenever it is called again.
async fn one_call(tools: &ToolPath, caller: Arc<Caller>, held: Held) -> conductor_runs::Result<Next> {
    if held.take_signals().await? {
        return end(&held, RunOutcome::of(RunStatus::Cancelled)).await;
    }
    let call_id =
        held.run().input.as_ref().and_then(|input| input["call"].as_str()).unwrap().parse().unwrap();
    let begun = held.history().await?.iter().any(|body| matches!(body, EventBody::ToolCalled { .. }));
    let call = Call {
        call_id,
        name: GIVE.to_owned(),
        provider_call_id: None,
        arguments: json!({}),
        caller,
        agent_id: None,
        left: None,
        conversation_id: None,
        message_id: None,
        node_id: None,
        context_label: Classification::Public,
    };
    let invoked = if begun { tools.resume(&held, call).await? } else { tools.invoke(&held, call).await? };
    match invoked {
        Invoked::Done { ok, content } => {
            let mut outcome = RunOutcome::of(RunStatus::Succeeded);
            outcome.output = Some(json!({ "ok": ok, "text": content[0]["text"] }));
            end(&held, outcome).await
        }
        Invoked::Waiting(_) | Invoked::Child(_) => {
            held.write(|tx| Box::pin(async move { tx.park("waiting").await })).await?;
            Ok(Next::Parked)
        }
    }
}

async fn end(held: &Held, outcome: RunOutcome) -> conductor_runs::Result<Next> {
    held.write(move |tx| Box::pin(async move { tx.finish(outcome, None).await })).await?;
    Ok(Next::Finished)
}

impl World {
    /// A run that makes one call.
    async fn begin(&self) -> Run {
        let run = NewRun {
            user_id: self.caller.user_id(),
            input: Some(json!({ "call": CallId::generate(&SystemClock) })),
            ..NewRun::new(RunId::generate(&SystemClock), RunKind::Workflow, RunTrigger::Api)
        };
        self.store
            .scoped(self.caller.scope)
            .write(move |tx| Box::pin(async move { tx.runs().create(run).await }))
            .await
            .map_err(|error: conductor_storage::Error| error)
            .unwrap()
    }

    /// The call of a run and the run that it went on as: one of each, ever.
    async fn below(&self, run: RunId) -> (Run, Run) {
        let call = self.child(run).await;
        let child = self.child(call.id).await;
        (call, child)
    }

    /// What holds of every run here that ended with its call's result.
    async fn is_whole(&self, run: RunId) {
        let events = self.events(run).await;
        for name in ["tool.called", "tool.delegated", "tool.result", "run.finished"] {
            assert_eq!(count(&events, name), 1, "{name}");
        }
        let ended = self.find(run).await;
        assert_eq!(ended.status, RunStatus::Succeeded);
        assert_eq!(ended.output, Some(json!({ "ok": true, "text": "made" })));
        let (call, child) = self.below(run).await;
        assert_eq!((call.status, child.status), (RunStatus::Succeeded, RunStatus::Succeeded));
    }
}

fn count(events: &[StoredEvent], name: &str) -> usize {
    events.iter().filter(|event| event.name == name).count()
}

async fn a_call_goes_on_as_a_run_and_its_end_is_the_result_on(database: TestDb) {
    let world = world_on(database, RunKind::Agent).await;
    let work = Work::new();
    let _node = work.node(&world);
    let call = OneCall { tool: GIVE.to_owned(), arguments: Value::Null, trigger: RunTrigger::Mcp };
    let called = world.runs.call_once(&world.caller, call, PATIENCE).await.unwrap();
    assert_eq!((called.run.status, called.ok), (RunStatus::Waiting, None));
    let (call, child) = world.below(called.run.id).await;
    assert_eq!((call.status, call.kind), (RunStatus::Waiting, RunKind::Tool));
    assert_eq!((child.kind, child.trigger), (RunKind::Agent, RunTrigger::Mcp));
    assert_eq!((child.root_run_id, child.user_id), (called.run.id, world.caller.user_id()));

    work.let_go.add_permits(1);
    let result = world.until(called.run.id, "tool.result", "made").await;
    let result: Value = serde_json::from_str(&result.data).unwrap();
    // What the run came to know holds for the answer; a call that went on as a run has no effect of its own.
    assert_eq!((&result["data_classification"], &result["ledger"]), (&json!("confidential"), &Value::Null));
    world.until(called.run.id, "run.finished", "succeeded").await;
    let (call, _) = world.below(called.run.id).await;
    assert_eq!((call.status, call.data_classification), (RunStatus::Succeeded, Classification::Confidential));
    let names: Vec<String> = world.events(called.run.id).await.into_iter().map(|event| event.name).collect();
    assert_eq!(
        names,
        [
            "run.started",
            "run.status",
            "tool.called",
            "tool.decided",
            "tool.delegated",
            "run.status",
            "run.status",
            "tool.result",
            "run.finished"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_as_a_run_and_its_end_is_the_result() {
    a_call_goes_on_as_a_run_and_its_end_is_the_result_on(TestDb::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_as_a_run_and_its_end_is_the_result_on_postgresql() {
    a_call_goes_on_as_a_run_and_its_end_is_the_result_on(TestDb::postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_dies_while_the_child_runs_loses_nothing() {
    let world = world_on(TestDb::sqlite(), RunKind::Agent).await;
    let work = Work::new();
    let node = work.node(&world);
    let run = world.begin().await;
    work.begun.acquire().await.unwrap().forget();
    world.until_status(run.id, RunStatus::Waiting).await;
    node.crash();

    let _node = work.node(&world);
    work.let_go.add_permits(1);
    world.until(run.id, "run.finished", "").await;
    world.is_whole(run.id).await;
    assert_eq!(world.source.calls.load(Ordering::SeqCst), 1);
}

async fn a_child_that_ends_while_nobody_waits_yet_wakes_its_holder_on(database: TestDb) {
    let world = world_on(database, RunKind::Agent).await;
    let work = Work::new();
    let node = work.node(&world);
    let run = world.begin().await;
    work.begun.acquire().await.unwrap().forget();
    world.until_status(run.id, RunStatus::Waiting).await;
    // The holder is back at work, and dies with it; the child ends meanwhile.
    world.taken_by_the_dead(run.id).await;
    let (_, child) = world.below(run.id).await;
    work.let_go.add_permits(1);
    world.until(child.id, "run.finished", "succeeded").await;
    assert_eq!(world.find(run.id).await.status, RunStatus::Running);
    node.crash();

    let _node = work.node(&world);
    world.until(run.id, "run.finished", "").await;
    world.is_whole(run.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_ends_while_nobody_waits_yet_wakes_its_holder() {
    a_child_that_ends_while_nobody_waits_yet_wakes_its_holder_on(TestDb::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_ends_while_nobody_waits_yet_wakes_its_holder_on_postgresql() {
    a_child_that_ends_while_nobody_waits_yet_wakes_its_holder_on(TestDb::postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_cut_before_its_run_is_made_again_and_starts_one_run() {
    let world = world_on(TestDb::sqlite(), RunKind::Agent).await;
    let work = Work::new();
    world.source.hangs.store(1, Ordering::SeqCst);
    let node = work.node(&world);
    let run = world.begin().await;
    world.source.begun.acquire().await.unwrap().forget();
    node.crash();
    assert_eq!(world.child(run.id).await.status, RunStatus::Running);

    let _node = work.node(&world);
    work.let_go.add_permits(1);
    world.until(run.id, "run.finished", "").await;
    world.is_whole(run.id).await;
    assert_eq!(world.source.calls.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_whose_call_is_cut_before_its_run_says_so() {
    let world = world_on(TestDb::sqlite(), RunKind::Agent).await;
    let work = Work::new();
    world.source.hangs.store(1, Ordering::SeqCst);
    let node = work.node(&world);
    let call = OneCall { tool: GIVE.to_owned(), arguments: Value::Null, trigger: RunTrigger::Api };
    let run = world.tools.start(&world.caller, call).await.unwrap();
    world.source.begun.acquire().await.unwrap().forget();
    node.crash();

    let _node = work.node(&world);
    world.until(run.id, "run.finished", "interrupted").await;
    assert_eq!(world.child(run.id).await.status, RunStatus::Interrupted);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_had_started_stops_with_it_within_a_second() {
    let world = world_on(TestDb::sqlite(), RunKind::Agent).await;
    let work = Work::new();
    let _node = work.node(&world);
    let run = world.begin().await;
    work.begun.acquire().await.unwrap().forget();
    world.until_status(run.id, RunStatus::Waiting).await;
    let (_, child) = world.below(run.id).await;
    world.runs.cancel(&world.caller, run.id).await.unwrap();
    let stopped = world.until(child.id, "run.finished", "cancelled");
    tokio::time::timeout(Duration::from_secs(1), stopped).await.expect("the child stops within a second");
    world.until(run.id, "run.finished", "cancelled").await;
    let (call, child) = world.below(run.id).await;
    assert_eq!((call.status, child.status), (RunStatus::Cancelled, RunStatus::Cancelled));
    assert_eq!(count(&world.events(run.id).await, "tool.result"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_is_stopped_by_itself_fails_its_call() {
    let world = world_on(TestDb::sqlite(), RunKind::Agent).await;
    let work = Work::new();
    let _node = work.node(&world);
    let run = world.begin().await;
    work.begun.acquire().await.unwrap().forget();
    world.until_status(run.id, RunStatus::Waiting).await;
    let (_, child) = world.below(run.id).await;
    world.runs.cancel(&world.caller, child.id).await.unwrap();
    world.until(run.id, "run.finished", "succeeded").await;
    let output = world.find(run.id).await.output.unwrap();
    assert_eq!(output["ok"], false);
    assert!(output["text"].as_str().unwrap().contains("cancelled"), "{output}");
    let call = world.child(run.id).await;
    assert_eq!((call.status, call.error_code.as_deref()), (RunStatus::Cancelled, Some("cancelled")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_went_away_meanwhile_answers_nothing() {
    let world = world_on(TestDb::sqlite(), RunKind::Agent).await;
    let work = Work::new();
    let _node = work.node(&world);
    let run = world.begin().await;
    work.begun.acquire().await.unwrap().forget();
    world.until_status(run.id, RunStatus::Waiting).await;
    world.source.offers.store(false, Ordering::SeqCst);
    work.let_go.add_permits(1);
    world.until(run.id, "run.finished", "succeeded").await;
    let output = world.find(run.id).await.output.unwrap();
    assert_eq!(output["ok"], false);
    assert!(!output.to_string().contains("made"), "{output}");
    assert_eq!(world.child(run.id).await.status, RunStatus::Denied);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_start_runs_only_so_deep() {
    let world = world_on(TestDb::sqlite(), RunKind::Workflow).await;
    let _node = Work::new().node(&world);
    let run = world.begin().await;
    world.until(run.id, "run.finished", "").await;
    // Each run calls the tool again, until the sixth is not begun; its call tells why.
    let (mut deepest, mut deep) = (run.id, 0);
    let refused = loop {
        let call = world.child(deepest).await;
        if call.error_code.is_some() {
            break call;
        }
        deepest = world.child(call.id).await.id;
        deep += 1;
    };
    assert_eq!((deep, refused.error_code.as_deref()), (5, Some("nesting_too_deep")));
    assert!(refused.error_text.unwrap().contains("5 deep"));
}
