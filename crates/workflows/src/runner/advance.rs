//! One claim of a run: fold the journal, do what is ready, listen while calls are under way, and come to a rest.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use conductor_domain::{EventBody, ProblemView, RunStatus};
use conductor_runs::{Error, Held, Next, Result, ToolPath, problem};
use tokio::{sync::broadcast::error::RecvError, task::JoinSet};
use tracing::Instrument;

use super::{
    Runner,
    calls::{Back, Work},
    known::Known,
    pass::{Nudge, Pass},
    plan::Plan,
    scope::Surroundings,
    state::State,
    walk::{Ending, Over, Walk},
};
use crate::fork::{self, Fork};

impl Runner {
    /// Advances a run of a workflow.
    ///
    /// # Errors
    /// When the lease was lost or storage fails; everything else ends the run with a reason.
    pub async fn advance(&self, held: Held) -> Result<Next> {
        // Listened to from before the signals are read, so that none falls between.
        let mut nudges = held.store().signals();
        let mut pass = match self.load(&held).await? {
            Ok(pass) => pass,
            Err(told) => {
                return end(&held, Vec::new(), Ending::failed(told)).await;
            }
        };
        let cut = held.run().status == RunStatus::Running;
        pass.open().await?;
        // What was noted goes along with the first thing that has to be on disk, the end of a short run say.
        let mut nudge = if held.is_signalled().await? { pass.hear().await? } else { Nudge::default() };
        if cut {
            nudge = Nudge { stop: nudge.stop, ..Nudge::all() };
        }
        if nudge.stop {
            return cancelled(pass).await;
        }
        pass.decisions(&nudge).await?;
        // Each goes on by itself: this loop waits for the database now and then, and a call that nobody polls meanwhile would
        // keep its connection from it.
        let mut calls: JoinSet<Result<Back>> = JoinSet::new();
        let mut under_way = HashSet::new();
        let mut stopping = false;
        loop {
            if !stopping {
                let mut works = pass.calls_on(&nudge, &under_way).await?;
                pass.tell_on(&nudge, &under_way).await?;
                works.extend(pass.settle().await?);
                works.append(&mut pass.telling);
                nudge = Nudge::default();
                if !(works.is_empty() && calls.is_empty()) {
                    pass.flush().await?;
                }
                for work in works {
                    under_way.insert(work.call.call_id);
                    let made = perform(Arc::clone(&self.tools), held.clone(), work);
                    calls.spawn(made.instrument(tracing::Span::current()));
                }
            }
            if calls.is_empty() {
                return self.rest(pass, stopping).await;
            }
            let due = pass.wakes_at().map(|at| (at - pass.now()).to_std().unwrap_or_default());
            tokio::select! {
                Some(ended) = calls.join_next() => {
                    let back = ended.map_err(|error| Error::Advance(error.into()))??;
                    under_way.remove(&back.call_id);
                    pass.took(back).await?;
                }
                () = held.cancel().cancelled(), if !stopping => stopping = true,
                heard = nudges.recv() => match heard {
                    Ok(signalled) if signalled.run_id != held.run().id => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => {
                        pass.read_calls().await?;
                        nudge = pass.hear().await?;
                        if nudge.stop {
                            stopping = true;
                            held.cancel().cancel();
                        }
                        pass.decisions(&nudge).await?;
                    }
                    Err(RecvError::Closed) => stopping = true,
                },
                () = sleep(due), if !stopping => {}
            }
        }
    }

    /// Nothing is under way: the run has ended, or it waits.
    async fn rest(&self, mut pass: Pass, stopping: bool) -> Result<Next> {
        let held = pass.held.clone();
        if stopping {
            if self.draining.is_cancelled() && !held.was_cancelled().await? {
                // Another holder takes it on from its journal.
                pass.flush().await?;
                held.hand_back().await?;
                return Ok(Next::Parked);
            }
            return cancelled(pass).await;
        }
        if let Some(over) = pass.over() {
            return finish(pass, over).await;
        }
        let wake_at = pass.wakes_at();
        let noted = pass.unwritten();
        let parked = held.write(move |tx| {
            Box::pin(async move {
                if !noted.is_empty() {
                    tx.emit(&noted).await?;
                }
                tx.park_until("waiting for a person, a call, an event or a moment", wake_at).await
            })
        });
        parked.await?;
        Ok(Next::Parked)
    }

    /// The run as its journal tells it, with everything that its nodes may look at.
    async fn load(&self, held: &Held) -> Result<Result<Pass, ProblemView>> {
        let run = held.run();
        let gone = |what: &str| {
            let detail = format!("The {what} behind this run is no longer there.");
            problem("not_found", "The workflow cannot go on", detail, false)
        };
        let Some(caller) = self.access.caller_behind(run).await? else { return Ok(Err(gone("account"))) };
        let graph = match fork::graph(&self.store, &caller, run).await? {
            None => return Ok(Err(gone("workflow"))),
            Some(Ok(graph)) => graph,
            Some(Err(why)) => {
                return Ok(Err(problem("workflow_invalid", "The workflow cannot be read", why, false)));
            }
        };
        let around = Surroundings::of(&self.store, &caller, run, &graph, &self.options.env).await?;
        let plan = Plan::new(graph);
        let state = State::of(held.store(), run.id, &plan).await?;
        Ok(Ok(Pass {
            held: held.clone(),
            caller: Arc::new(caller),
            path: Arc::clone(&self.tools),
            walk: Walk {
                clock: Arc::clone(held.store().clock()),
                known: Known::new(plan, state, around),
                most_attempts: self.options.nodes_per_run,
                batch: Vec::new(),
            },
            telling: Vec::new(),
            tells: HashMap::new(),
            reminded: HashSet::new(),
        }))
    }
}

/// Makes a call, or takes it on, within its time.
async fn perform(path: Arc<ToolPath>, held: Held, work: Work) -> Result<Back> {
    let Work { place, call, again, deadline } = work;
    let call_id = call.call_id;
    let made = async {
        if again { path.resume(&held, call.clone()).await } else { path.invoke(&held, call.clone()).await }
    };
    let within =
        deadline.map(|deadline| (deadline - held.store().clock().now()).to_std().unwrap_or_default());
    let (invoked, timed_out) = match within {
        None => (made.await?, false),
        Some(within) => match tokio::time::timeout(within, made).await {
            Ok(invoked) => (invoked?, false),
            // What was sent is settled: whether it took effect is told, and never guessed.
            Err(_) => (path.resume(&held, call).await?, true),
        },
    };
    Ok(Back { place, call_id, invoked, timed_out })
}

async fn sleep(due: Option<Duration>) {
    match due {
        Some(due) => tokio::time::sleep(due).await,
        None => std::future::pending().await,
    }
}

async fn finish(mut pass: Pass, over: Over) -> Result<Next> {
    let (noted, ending) = (pass.unwritten(), pass.ending(over));
    end(&pass.held, noted, ending).await
}

async fn cancelled(pass: Pass) -> Result<Next> {
    finish(pass, Over { status: RunStatus::Cancelled, output: None, told: None }).await
}

/// Ends the run after what was noted last, and keeps what its nodes did beside it.
async fn end(held: &Held, noted: Vec<EventBody>, ending: Ending) -> Result<Next> {
    let ended = held.write(move |tx| {
        Box::pin(async move {
            let (run, workflow) = (tx.run().id, tx.run().workflow_id);
            tx.finish_after(noted, ending.outcome, ending.told).await?;
            match workflow {
                Some(workflow) => {
                    tx.tx.node_stats().write(workflow, run, ending.figures, ending.waited_ms).await
                }
                None => Ok(()),
            }
        })
    });
    ended.await?;
    Ok(Next::Finished)
}

impl Pass {
    /// The first events of a run, or that it goes on. One that goes on from another begins with what stands of that.
    async fn open(&mut self) -> Result<()> {
        let run = self.held.run();
        if !self.known.state.started {
            let started = EventBody::RunStarted {
                kind: run.kind,
                agent_id: None,
                workflow_id: run.workflow_id,
                conversation_id: run.conversation_id,
                message_id: run.message_id,
            };
            let fork = Fork::of(run);
            self.note(started);
            if let Some(fork) = fork {
                for body in fork::standing(self.held.store(), &self.known.plan, &fork).await? {
                    self.note(body);
                }
            }
        }
        self.note(EventBody::RunStatus { status: RunStatus::Running, reason: None });
        Ok(())
    }
}
