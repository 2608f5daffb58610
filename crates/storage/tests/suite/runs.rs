//! Runs and their journal: gapless numbers, one holder at a time, nothing told before it is committed.

use chrono::Duration;
use conductor_domain::{Clock, OrganizationRole, PageRequest};
use conductor_domain::{
    EventBody, MessageId, NewHumanTask, NewRun, Run, RunFilter, RunId, RunKind, RunOutcome, RunStatus,
    RunTrigger, Scope, SignalKind, TaskFilter, WorkflowId,
};
use conductor_storage::{Error, StoredEvent, Unscoped};
use serde_json::json;

use crate::support::World;

suite![
    seq_has_no_gap_whoever_appends,
    a_stale_holder_is_kept_out,
    a_failed_write_leaves_nothing_and_tells_nobody,
    large_values_are_read_when_they_are_asked_for,
    a_waiting_run_is_claimed_only_when_signalled,
    a_lease_that_ran_out_is_claimed_by_another,
    a_foreign_tenant_sees_no_run,
    a_question_is_seen_by_whoever_has_a_role_that_it_asks,
    a_run_written_when_it_is_over_tells_when_it_began,
    runs_in_line_begin_one_after_the_other,
];

fn delta(text: &str) -> EventBody {
    EventBody::MessageDelta { message_id: MessageId::NIL, text: text.to_owned() }
}

async fn pending(world: &World, scope: Scope) -> Run {
    let new = NewRun::new(RunId::generate(&*world.clock), RunKind::Chat, RunTrigger::Chat);
    world
        .store
        .scoped(scope)
        .write(move |tx| Box::pin(async move { tx.runs().create(new).await }))
        .await
        .unwrap_or_else(|error: Error| panic!("{error}"))
}

async fn claim(world: &World, id: RunId, owner: &'static str) -> Option<Run> {
    let now = world.clock.now();
    world
        .store
        .unscoped(Unscoped::RunDriver)
        .write(move |tx| {
            Box::pin(async move { tx.runs().claim(id, owner, now, now + Duration::seconds(5)).await })
        })
        .await
        .unwrap_or_else(|error: Error| panic!("{error}"))
}

async fn seq_has_no_gap_whoever_appends(world: World) {
    let scope = world.organization("Gapless").await;
    let run = pending(&world, scope).await;
    let run = claim(&world, run.id, "one").await.expect("free");
    let (id, fence) = (run.id, run.fencing_token);
    let mut heard = world.store.follow(id);
    let appends = (0..40).map(|number| {
        let store = world.store.clone();
        async move {
            if number % 4 == 0 {
                let work = store.scoped(scope).write(move |tx| {
                    Box::pin(async move { tx.journal(id, fence).append(&[delta("a"), delta("b")]).await })
                });
                work.await
            } else {
                store.append(id, fence, &[delta("c")]).await
            }
        }
    });
    for result in futures::future::join_all(appends).await {
        result.unwrap();
    }
    let rows = world.store.events_after(id, 0, 1_000).await.unwrap();
    let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
    assert_eq!(seqs, (1..=50).collect::<Vec<i64>>());
    let mut told = Vec::new();
    while let Ok(event) = heard.try_recv() {
        told.push(event.seq);
    }
    told.sort_unstable();
    assert_eq!(told, seqs, "a listener missed or repeated an event");
}

async fn a_stale_holder_is_kept_out(world: World) {
    let scope = world.organization("Fenced").await;
    let run = pending(&world, scope).await;
    let first = claim(&world, run.id, "one").await.expect("free");
    world.clock.advance(Duration::seconds(6));
    let second = claim(&world, run.id, "two").await.expect("the lease ran out");
    assert!(second.fencing_token > first.fencing_token);
    let late = world.store.append(run.id, first.fencing_token, &[delta("late")]).await;
    assert!(matches!(late, Err(Error::Fenced)), "{late:?}");
    world.store.append(run.id, second.fencing_token, &[delta("in time")]).await.unwrap();
    assert_eq!(world.store.events_after(run.id, 0, 10).await.unwrap().len(), 1);
}

async fn a_failed_write_leaves_nothing_and_tells_nobody(world: World) {
    let scope = world.organization("Rolled back").await;
    let run = pending(&world, scope).await;
    let run = claim(&world, run.id, "one").await.expect("free");
    let (id, fence) = (run.id, run.fencing_token);
    let mut heard = world.store.follow(id);
    let failed: Result<(), Error> = world
        .store
        .scoped(scope)
        .write(move |tx| {
            Box::pin(async move {
                tx.journal(id, fence).append(&[delta("never")]).await?;
                Err(Error::NotFound)
            })
        })
        .await;
    assert!(failed.is_err());
    assert!(heard.try_recv().is_err(), "a listener heard what was rolled back");
    world.store.append(id, fence, &[delta("first")]).await.unwrap();
    let rows = world.store.events_after(id, 0, 10).await.unwrap();
    assert_eq!((rows.len(), rows[0].seq), (1, 1));
}

/// A value that takes more than a page of events together with three others like it.
fn large(letter: &str) -> serde_json::Value {
    json!({ "said": letter.repeat(1_500_000), "list": [1, 2.5, null, "\u{e4}\"\\\n"] })
}

fn received(name: &str, data: serde_json::Value) -> EventBody {
    EventBody::EventReceived { name: name.to_owned(), data }
}

async fn large_values_are_read_when_they_are_asked_for(world: World) {
    let scope = world.organization("Large").await;
    let run = pending(&world, scope).await;
    let run = claim(&world, run.id, "one").await.expect("free");
    let (id, fence) = (run.id, run.fencing_token);
    // What stands for a large value in an outline is an ordinary value where somebody sends it.
    let sly = json!({ "$apart": [1, "data"] });
    let mut bodies: Vec<_> = ["a", "b", "c", "d", "e", "f"].map(|name| received(name, large(name))).into();
    bodies.insert(1, received("small", json!({ "said": "little" })));
    bodies.push(received("sly", sly.clone()));
    bodies.push(delta(&"long".repeat(10_000)));
    let mut heard = world.store.follow(id);
    let told = world.store.append(id, fence, &bodies[..4]).await.unwrap();
    let rest = bodies[4..].to_vec();
    let write = world
        .store
        .scoped(scope)
        .write(move |tx| Box::pin(async move { tx.journal(id, fence).append(&rest).await }));
    let told: Vec<_> = told.into_iter().chain(write.await.map_err(|error: Error| error).unwrap()).collect();

    let (mut rows, mut pages) = (Vec::new(), 0);
    loop {
        let page = world.store.events_after(id, rows.len() as i64, 100).await.unwrap();
        let more = StoredEvent::may_follow(&page, 100);
        pages += 1;
        rows.extend(page);
        if !more {
            break;
        }
    }
    assert!((3..=6).contains(&pages), "nine megabytes came in {pages} page(s)");
    assert_eq!(rows, told, "what listeners hear is what the rows say");
    let parsed: Vec<_> = rows.iter().map(|row| row.parse().unwrap().body).collect();
    assert_eq!(parsed, bodies);
    assert_eq!(heard.try_recv().unwrap().data, rows[0].data);
    assert_eq!(world.store.events_after(id, 0, 2).await.unwrap().len(), 2);

    let outlines = world.store.outlines_after(id, 0, 100).await.unwrap();
    assert_eq!(outlines.len(), bodies.len());
    for (outline, body) in outlines.iter().zip(&bodies) {
        let mut outlined = outline.parse().unwrap().body;
        let (EventBody::EventReceived { data, .. }, EventBody::EventReceived { data: whole, .. }) =
            (&mut outlined, body)
        else {
            assert_eq!(&outlined, body, "there is nothing to be kept apart of a text");
            continue;
        };
        assert!(outline.data.len() < 1_000, "{} is not small", outline.data.len());
        world.store.fetch(id, data).await.unwrap();
        assert_eq!(data, whole);
    }
}

async fn a_waiting_run_is_claimed_only_when_signalled(world: World) {
    let scope = world.organization("Parked").await;
    let run = pending(&world, scope).await;
    let run = claim(&world, run.id, "one").await.expect("free");
    let (id, fence) = (run.id, run.fencing_token);
    let parked: Result<(), Error> = world
        .store
        .scoped(scope)
        .write(move |tx| Box::pin(async move { tx.runs().park(id, fence, None).await }))
        .await;
    parked.unwrap();
    let claimable = || async {
        world.store.unscoped(Unscoped::RunDriver).runs().claimable(world.clock.now(), 10).await.unwrap()
    };
    assert!(!claimable().await.contains(&id));
    let signalled: Result<(), Error> = world
        .store
        .scoped(scope)
        .write(move |tx| Box::pin(async move { tx.runs().signal(id, SignalKind::Approve, json!({})).await }))
        .await;
    signalled.unwrap();
    assert!(claimable().await.contains(&id));
    let again = claim(&world, id, "two").await.expect("signalled");
    assert_eq!(again.status, RunStatus::Waiting, "the new holder is told what it takes over");
}

async fn a_lease_that_ran_out_is_claimed_by_another(world: World) {
    let scope = world.organization("Leased").await;
    let run = pending(&world, scope).await;
    claim(&world, run.id, "one").await.expect("free");
    assert!(claim(&world, run.id, "two").await.is_none(), "two holders at once");
    world.clock.advance(Duration::seconds(6));
    let taken = claim(&world, run.id, "two").await.expect("the lease ran out");
    let (id, fence) = (taken.id, taken.fencing_token);
    let ended: Result<(), Error> = world
        .store
        .scoped(scope)
        .write(move |tx| {
            Box::pin(async move { tx.runs().finish(id, fence, RunOutcome::of(RunStatus::Interrupted)).await })
        })
        .await;
    ended.unwrap();
    world.clock.advance(Duration::seconds(60));
    assert!(claim(&world, id, "three").await.is_none(), "an ended run was claimed");
}

async fn a_foreign_tenant_sees_no_run(world: World) {
    let (here, there) = (world.organization("Here").await, world.organization("There").await);
    let run = pending(&world, here).await;
    let admin = world.member("admin@here.example", here, OrganizationRole::Admin).await;
    let stranger = world.member("admin@there.example", there, OrganizationRole::Owner).await;
    assert!(world.store.visible_to(&admin).runs().find(run.id).await.unwrap().is_some());
    assert!(world.store.visible_to(&stranger).runs().find(run.id).await.unwrap().is_none());
    let page =
        world.store.visible_to(&stranger).runs().page(RunFilter::default(), PageRequest::default()).await;
    assert!(page.unwrap().items.is_empty());
    let signal: Result<(), Error> = world
        .store
        .scoped(there)
        .write(move |tx| {
            Box::pin(async move { tx.runs().signal(run.id, SignalKind::Cancel, json!({})).await })
        })
        .await;
    assert!(matches!(signal, Err(Error::NotFound)));
}

async fn a_question_is_seen_by_whoever_has_a_role_that_it_asks(world: World) {
    let (here, there) = (world.organization("Here").await, world.organization("There").await);
    let owner = world.member("owner@here.example", here, OrganizationRole::Member).await;
    let viewer = world.member("viewer@here.example", here, OrganizationRole::Viewer).await;
    let member = world.member("member@here.example", here, OrganizationRole::Member).await;
    let foreign = world.member("viewer@there.example", there, OrganizationRole::Viewer).await;
    let (run, person) = (pending(&world, here).await, owner.user_id());
    let ask = |roles: &[&str]| NewHumanTask {
        run_id: run.id,
        call_id: None,
        node_id: None,
        user_id: person,
        conversation_id: None,
        kind: "tool_approval".to_owned(),
        title: "Allow it?".to_owned(),
        message: "An agent asks.".to_owned(),
        priority: "normal".to_owned(),
        tool: None,
        server: None,
        binding_hash: None,
        arguments: None,
        allowed_decisions: vec!["deny".to_owned()],
        approver_roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        comment_required: false,
        due_at: None,
    };
    let (for_roles, for_nobody) = (ask(&["organization:auditor", "organization:viewer"]), ask(&[]));
    let made: Result<_, Error> = world
        .store
        .scoped(here)
        .write(move |tx| {
            Box::pin(async move {
                tx.human_tasks().create(for_nobody).await?;
                tx.human_tasks().create(for_roles).await
            })
        })
        .await;
    let id = made.unwrap().id;
    for (caller, expected) in [(&owner, 2), (&viewer, 1), (&member, 0), (&foreign, 0)] {
        let tasks = world.store.visible_to(caller).human_tasks();
        // With a condition before and one after, so that the places of the values are those of their marks.
        let seen = tasks.page(TaskFilter::pending(), PageRequest::default()).await.unwrap().items;
        assert_eq!(seen.len(), expected, "{:?}", caller.roles);
        let found = world.store.visible_to(caller).human_tasks().find(id).await.unwrap();
        assert_eq!(found.is_some(), expected > 0, "{:?}", caller.roles);
    }
}

async fn a_run_written_when_it_is_over_tells_when_it_began(world: World) {
    let scope = world.organization("Over").await;
    let (id, now) = (RunId::generate(&*world.clock), world.clock.now());
    let new = NewRun {
        began_at: Some(now - Duration::milliseconds(1_500)),
        ..NewRun::new(id, RunKind::Tool, RunTrigger::Chat)
    };
    let run = world
        .store
        .scoped(scope)
        .write(move |tx| {
            Box::pin(async move {
                tx.runs().create_begun(new).await?;
                tx.runs().finish(id, 0, RunOutcome::of(RunStatus::Succeeded)).await?;
                tx.runs().get(id).await
            })
        })
        .await
        .unwrap_or_else(|error: Error| panic!("{error}"));
    assert_eq!((run.duration_ms, run.ended_at), (Some(1_500), Some(now)));
}

/// A pending run of a workflow that waits for those before it.
async fn lined_up(world: &World, scope: Scope, id: RunId, workflow: WorkflowId) -> RunId {
    let new = NewRun {
        workflow_id: Some(workflow),
        in_line: true,
        ..NewRun::new(id, RunKind::Workflow, RunTrigger::Api)
    };
    let rows = world.store.scoped(scope);
    let written: Result<Run, Error> =
        rows.write(move |tx| Box::pin(async move { tx.runs().create(new).await })).await;
    assert!(written.unwrap().in_line);
    world.clock.advance(Duration::milliseconds(1));
    id
}

async fn runs_in_line_begin_one_after_the_other(world: World) {
    let (here, elsewhere) = (world.organization("Line").await, world.organization("Elsewhere").await);
    let workflow = WorkflowId::generate(&*world.clock);
    let next = || {
        world.clock.advance(Duration::milliseconds(1));
        RunId::generate(&*world.clock)
    };
    // Clocks of two servers differ: this one is written last.
    let late = next();
    let first = lined_up(&world, here, next(), workflow).await;
    let second = lined_up(&world, here, next(), workflow).await;
    let foreign = lined_up(&world, elsewhere, next(), workflow).await;
    let claimable = async || {
        let rows = world.store.unscoped(Unscoped::RunDriver).runs();
        rows.claimable(world.clock.now(), 9).await.unwrap()
    };
    assert_eq!(claimable().await, [first, foreign]);
    assert!(claim(&world, second, "one").await.is_none(), "it is not its turn");
    let begun = claim(&world, first, "one").await.expect("the first of the line");
    lined_up(&world, here, late, workflow).await;
    assert_eq!(claimable().await, [foreign], "one has begun, whatever its id");
    assert!(claim(&world, late, "two").await.is_none());
    let rows = world.store.scoped(here);
    let waiting: Result<u64, Error> =
        rows.write(move |tx| Box::pin(async move { tx.runs().in_line_of(workflow).await })).await;
    assert_eq!(waiting.unwrap(), 2);

    // Parked, it is open still; ended, the next one begins, and one alone however many ask.
    let finish = async |run: Run| {
        let rows = world.store.scoped(here);
        let (id, fence, outcome) = (run.id, run.fencing_token, RunOutcome::of(RunStatus::Succeeded));
        let done: Result<(), Error> =
            rows.write(move |tx| Box::pin(async move { tx.runs().finish(id, fence, outcome).await })).await;
        done.unwrap();
    };
    finish(begun).await;
    assert_eq!(claimable().await, [late, foreign]);
    let (one, other) = tokio::join!(claim(&world, second, "one"), claim(&world, late, "two"));
    assert!(one.is_none());
    let begun = other.expect("the next of the line");

    // What is told to one that waits does not let it begin, but for being stopped.
    for (kind, free) in [(SignalKind::Event, false), (SignalKind::Cancel, true)] {
        let rows = world.store.scoped(here);
        let told: Result<(), Error> = rows
            .write(move |tx| Box::pin(async move { tx.runs().signal(second, kind, json!({})).await }))
            .await;
        told.unwrap();
        assert_eq!(claimable().await.contains(&second), free, "{kind:?}");
    }
    assert!(claim(&world, second, "one").await.is_some());
    finish(begun).await;
}
