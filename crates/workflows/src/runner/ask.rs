//! Questions of nodes: asked, answered, handed on.

use conductor_domain::{EventBody, HumanTaskId, NewHumanTask, NodeWait, ProblemView};
use conductor_runs::{FeedItem, Result};
use conductor_workflow_graph::Config;
use serde_json::json;

use super::{
    finish::overdue,
    kinds::Question,
    pass::{Nudge, Pass},
    people,
    state::{Place, Standing},
};

impl Pass {
    /// Takes in the answers of persons that the nudge tells of.
    pub(super) async fn decisions(&mut self, nudge: &Nudge) -> Result<()> {
        let asked: Vec<(Place, HumanTaskId)> = self
            .known
            .state
            .open()
            .filter_map(|(place, standing)| match standing {
                Standing::Running { waits: Some(waits), .. } => Some((place, waits.human_task_id?)),
                _ => None,
            })
            .filter(|(_, task)| nudge.everything || nudge.tasks.contains(task))
            .collect();
        for (place, id) in asked {
            let task = self
                .held
                .write(move |tx| Box::pin(async move { tx.tx.human_tasks().find(id).await }))
                .await?;
            let Some(task) = task.filter(|task| task.status == "decided") else { continue };
            self.note(EventBody::ApprovalDecided { human_task: task.view() });
            if task.kind == "ambiguous_effect" {
                self.settled(&place, &task);
                continue;
            }
            let sent = self.looking_at(&place, |begin| Ok(begin.decided(&task)));
            self.send(&place, None, sent);
        }
        Ok(())
    }

    /// Journals a question with its task, and tells whoever is asked.
    pub(super) async fn ask(&mut self, place: &Place, question: Question) -> Result<Result<(), ProblemView>> {
        self.flush().await?;
        let run = self.held.run();
        let assigned = match people::named(&self.held, &question.assignees).await? {
            Ok(assigned) => assigned,
            Err(nobody) => return Ok(Err(nobody)),
        };
        let notices = match question.about {
            Some(_) => Vec::new(),
            None => self.notices(place, &assigned, "asked").await?,
        };
        let told = notices.clone();
        let called = question.about.and_then(|call_id| self.known.state.called.get(&call_id)).cloned();
        let (tool, arguments) = called.unzip();
        let kind = if question.about.is_some() { "ambiguous_effect" } else { "human_step" };
        let new = NewHumanTask {
            run_id: run.id,
            call_id: question.about,
            node_id: Some(self.known.plan.node(place.node).id.clone()),
            user_id: run.user_id,
            conversation_id: run.conversation_id,
            kind: kind.to_owned(),
            title: question.title,
            message: question.message,
            priority: question.priority.to_owned(),
            tool,
            server: None,
            binding_hash: None,
            arguments,
            allowed_decisions: question.decisions,
            approver_roles: assigned,
            comment_required: question.comment_required,
            due_at: question.due_at,
        };
        let waiting = EventBody::NodeWaiting {
            node_id: self.known.plan.node(place.node).id.clone(),
            iteration: place.iteration.clone(),
            reason: NodeWait::Person,
            until: question.due_at,
            human_task_id: None,
            event: None,
        };
        let (id, events) = self
            .held
            .write(move |tx| {
                Box::pin(async move {
                    let mut task = tx.tx.human_tasks().create(new).await?;
                    if !told.is_empty() {
                        task = tx.tx.human_tasks().notice(task.id, told).await?.unwrap_or(task);
                    }
                    let mut waiting = waiting;
                    if let EventBody::NodeWaiting { human_task_id, .. } = &mut waiting {
                        *human_task_id = Some(task.id);
                    }
                    let events = vec![waiting, EventBody::ApprovalRequested { human_task: task.view() }];
                    tx.emit(&events).await?;
                    let run = tx.run();
                    let asked = if task.approver_roles.is_empty() {
                        json!({
                            "type": "approval.requested",
                            "human_task_id": task.id,
                            "run_id": task.run_id,
                            "conversation_id": task.conversation_id,
                        })
                    } else {
                        json!({ "type": "inbox.changed" })
                    };
                    let user_id = task.user_id.filter(|_| task.approver_roles.is_empty());
                    let organization_id = run.scope.organization_id;
                    tx.tx.notify(FeedItem { organization_id, user_id, data: asked });
                    Ok((task.id, events))
                })
            })
            .await?;
        let now = self.now();
        self.tell(place, id, &notices, false);
        events.iter().for_each(|event| self.known.apply(now, event));
        Ok(Ok(()))
    }

    /// A question that nobody answered in time goes to others, or the node has failed.
    pub(super) async fn escalate(
        &mut self,
        place: &Place,
        attempt: i32,
        task: Option<HumanTaskId>,
    ) -> Result<()> {
        let Config::Human(human) = &self.known.plan.node(place.node).config else { return Ok(()) };
        let Some(id) = task else { return Ok(()) };
        let others = human.escalate_to.clone();
        if others.is_empty() {
            self.held.write(move |tx| Box::pin(async move { tx.tx.human_tasks().expire(id).await })).await?;
            self.fail(place, attempt, None, overdue("Nobody decided in time."));
            return Ok(());
        }
        self.flush().await?;
        let to = match people::named(&self.held, &others).await? {
            Ok(to) => to,
            Err(nobody) => {
                self.fail(place, attempt, None, nobody);
                return Ok(());
            }
        };
        let notices = self.notices(place, &to, "escalated").await?;
        let told = notices.clone();
        let waiting = EventBody::NodeWaiting {
            node_id: self.known.plan.node(place.node).id.clone(),
            iteration: place.iteration.clone(),
            reason: NodeWait::Person,
            until: None,
            human_task_id: Some(id),
            event: None,
        };
        let note = waiting.clone();
        let escalated = self
            .held
            .write(move |tx| {
                Box::pin(async move {
                    let mut events = vec![note];
                    let open = tx.tx.human_tasks().escalate(id, &to).await?;
                    let escalated = open.is_some();
                    if let Some(mut task) = open {
                        if !told.is_empty() {
                            task = tx.tx.human_tasks().notice(id, told).await?.unwrap_or(task);
                        }
                        events.push(EventBody::ApprovalRequested { human_task: task.view() });
                    }
                    tx.emit(&events).await?;
                    let organization_id = tx.run().scope.organization_id;
                    let data = json!({ "type": "inbox.changed" });
                    tx.tx.notify(FeedItem { organization_id, user_id: None, data });
                    Ok(escalated)
                })
            })
            .await?;
        let now = self.now();
        self.known.apply(now, &waiting);
        if escalated {
            self.tell(place, id, &notices, false);
        }
        Ok(())
    }
}
