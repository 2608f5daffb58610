//! A tool call that a door makes by itself, over crashes: made once, told once, never lost.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use conductor_domain::{
    Agent, Caller, EffectState, PageRequest, Run, RunStatus, RunTrigger, Scope, TaskFilter,
};
use conductor_runs::{Answer, Approval, CallError, Dispatch, Error, OneCall, Tool, ToolOutput, ToolSource};
use conductor_test_support::TestDb;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::world::{self, Node, PATIENCE, tool};

/// One tool that has an effect, counts its calls and answers when it is let.
struct Acting {
    tool: Tool,
    calls: AtomicUsize,
    begun: Semaphore,
    allowed: Semaphore,
}

#[async_trait]
impl ToolSource for Acting {
    fn name(&self) -> &'static str {
        "acting"
    }

    async fn tools(&self, _: &Caller, _: Option<&Agent>) -> conductor_runs::Result<Vec<Tool>> {
        Ok(vec![self.tool.clone()])
    }

    async fn call(&self, _: &Tool, _: Dispatch) -> Result<Answer, CallError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.begun.add_permits(1);
        self.allowed.acquire().await.unwrap().forget();
        Ok(Answer::Done(ToolOutput::text("done")))
    }
}

type World = world::World<Acting>;

async fn world(approval: Approval) -> World {
    let acting = |scope: Scope| Acting {
        tool: tool(scope, "acting/act", approval),
        calls: AtomicUsize::new(0),
        begun: Semaphore::new(0),
        allowed: Semaphore::new(0),
    };
    World::new(TestDb::sqlite(), acting).await
}

impl World {
    fn node(&self) -> Node {
        self.node_of(|_| Vec::new())
    }

    /// Starts the call and lets it go on by itself.
    async fn start(&self) -> Run {
        let call =
            OneCall { tool: "acting/act".to_owned(), arguments: json!({ "n": 1 }), trigger: RunTrigger::Api };
        self.tools.start(&self.caller, call).await.unwrap()
    }

    fn calls(&self) -> usize {
        self.source.calls.load(Ordering::SeqCst)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_a_crash_cut_is_told_as_unknown_and_never_repeated() {
    let world = world(Approval::Never).await;
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
    let call = world.child(run.id).await;
    assert_eq!(call.status, RunStatus::Interrupted);

    // The run is over; what is still asked is how the ledger is to have its call, and once.
    let tasks =
        world.runs.tasks(&world.caller, TaskFilter::pending(), PageRequest::default()).await.unwrap().items;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    let task = &tasks[0];
    assert_eq!((&*task.kind, task.run_id, task.call_id), ("ambiguous_effect", run.id, call.call_id));
    assert_eq!(task.user_id, world.caller.user_id());
    let decide = async |decision: &str| {
        world.runs.decide(&world.caller, task.id, decision.to_owned(), None).await.map(|task| task.status)
    };
    let refused = decide("allow_once").await;
    assert!(matches!(refused, Err(Error::UnknownDecision { .. })), "{refused:?}");
    assert_eq!(decide("took_effect").await.unwrap(), "decided");
    assert!(matches!(decide("no_effect").await, Err(Error::AlreadyDecided)));
    let (run_id, call_id) = (run.id, call.call_id.unwrap());
    let rows = world.store.scoped(world.caller.scope);
    let state = rows.write(move |tx| Box::pin(async move { tx.effects().find(run_id, call_id).await })).await;
    assert_eq!(state.unwrap(), Some(EffectState::Done));
    assert_eq!(world.calls(), 1, "an answer repeats nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_outlives_the_node_that_asked_it() {
    let world = world(Approval::Ask).await;
    let node = world.node();
    let call = OneCall { tool: "acting/act".to_owned(), arguments: Value::Null, trigger: RunTrigger::Api };
    let called = world.runs.call_once(&world.caller, call, PATIENCE).await.unwrap();
    assert_eq!((called.run.status, called.ok, called.content), (RunStatus::Waiting, None, None));
    node.crash();

    let tasks = world.runs.tasks(&world.caller, TaskFilter::pending(), PageRequest::default()).await.unwrap();
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
    let world = world(Approval::Ask).await;
    let node = world.node();
    let run = world.start().await;
    world.until(run.id, "run.status", "waiting").await;
    node.crash();
    world.taken_by_the_dead(run.id).await;

    let _node = world.node();
    world.until_status(run.id, RunStatus::Waiting).await;
    let tasks = world.runs.tasks(&world.caller, TaskFilter::default(), PageRequest::default()).await.unwrap();
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
    let world = world(Approval::Never).await;
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
    let world = world(Approval::Never).await;
    let _node = world.node();
    let call = OneCall { tool: "acting/act".to_owned(), arguments: Value::Null, trigger: RunTrigger::Api };
    let called = world.runs.call_once(&world.caller, call, Duration::ZERO).await.unwrap();
    assert!(!called.run.status.is_final());
    assert_eq!((called.ok, called.content), (None, None));
    world.source.allowed.add_permits(1);
    world.until(called.run.id, "run.finished", "succeeded").await;
    assert_eq!(world.calls(), 1);
}
