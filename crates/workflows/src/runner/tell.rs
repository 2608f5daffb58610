//! Telling people of questions: who is told how, what a restart takes on, and what came of it.
//!
//! What is to be told is written with the question, each with the call that tells it; the ledger of calls sees to it that
//! none is made twice. What fails is noted with the question, which can be answered all the same.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use conductor_domain::{CallId, EventBody, HumanTask, HumanTaskId, PageRequest, TaskNotice, UserId};
use conductor_runs::{HeldTx, Invoked, Result};
use conductor_workflow_graph::Config;
use serde_json::json;

use super::{
    calls::Work,
    kinds::{Made, Wanted},
    pass::{Nudge, Pass},
    state::{Place, place},
};
use crate::notices::{EMAIL, SLACK};

/// How many people are told of one question by mail; the others find it in their inbox.
const MOST: usize = 20;
/// How many members are looked through for those who have a role.
const SEARCHED: u64 = 1_000;
/// Members that are read at once.
const PAGE: u64 = 100;

impl Pass {
    /// How a node tells of its question.
    pub(super) fn channels(&self, place: &Place) -> &[String] {
        match &self.known.plan.node(place.node).config {
            Config::Human(human) => &human.channels,
            _ => &[],
        }
    }

    /// What is to be told of a question to those who are asked.
    pub(super) async fn notices(
        &self,
        place: &Place,
        asked: &[String],
        occasion: &str,
    ) -> Result<Vec<TaskNotice>> {
        let channels = self.channels(place).to_vec();
        if channels.is_empty() {
            return Ok(Vec::new());
        }
        let (now, clock) = (self.now(), self.held.store().clock());
        let notice = |channel: &str, status: &str| TaskNotice {
            channel: channel.to_owned(),
            occasion: occasion.to_owned(),
            user_id: None,
            call_id: None,
            status: status.to_owned(),
            reason: None,
            at: Some(now),
        };
        let call = |channel: &str| TaskNotice {
            call_id: Some(CallId::generate(&**clock)),
            at: None,
            ..notice(channel, "open")
        };
        let failed = |channel: &str, why: &str| TaskNotice {
            reason: Some(why.to_owned()),
            ..notice(channel, "failed")
        };
        let mut notices = Vec::new();
        let mut seen = HashSet::new();
        for channel in channels {
            let channel = channel.trim().to_owned();
            let word =
                channel.split_once(':').map_or(channel.as_str(), |(word, _)| word).to_ascii_lowercase();
            if !seen.insert(channel.to_ascii_lowercase()) {
                continue;
            }
            match word.as_str() {
                "email" | "mail" => {
                    let people = self.people(asked).await?;
                    if people.is_empty() {
                        notices.push(failed(&channel, "nobody who is asked has an account here"));
                    }
                    let told =
                        people.into_iter().map(|user| TaskNotice { user_id: Some(user), ..call(&channel) });
                    notices.extend(told);
                }
                "slack" if channel.contains(':') => notices.push(call(&channel)),
                "slack" => notices.push(failed(&channel, "it names no channel: write slack:#channel")),
                // Whoever is asked finds it in the inbox, and is told so at once.
                "web" | "inbox" | "in-app" | "in_app" => notices.push(notice(&channel, "told")),
                _ => notices.push(failed(&channel, "there is no such channel: email, slack:#channel or web")),
            }
        }
        Ok(notices)
    }

    /// Those who may answer, as many as are told.
    async fn people(&self, asked: &[String]) -> Result<Vec<UserId>> {
        if asked.is_empty() {
            return Ok(self.held.run().user_id.into_iter().collect());
        }
        let mut people: Vec<UserId> =
            asked.iter().filter_map(|one| one.strip_prefix("user:")?.parse().ok()).collect();
        let roles: HashSet<&String> = asked.iter().filter(|one| !one.starts_with("user:")).collect();
        let (mut after, mut searched) = (None, 0);
        while !roles.is_empty() && people.len() < MOST && searched < SEARCHED {
            let view = self.held.store().visible_to(&self.caller);
            let page = view.memberships().accounts(None, PageRequest { limit: PAGE, after }).await?;
            for (membership, user) in page.items {
                let holds = [format!("organization:{}", membership.role), format!("platform:{}", user.role)];
                if holds.iter().any(|role| roles.contains(role)) && !people.contains(&user.id) {
                    people.push(user.id);
                }
            }
            searched += PAGE;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        people.truncate(MOST);
        Ok(people)
    }

    /// Lets the calls be made that tell of a question.
    pub(super) fn tell(&mut self, place: &Place, task: HumanTaskId, notices: &[TaskNotice], again: bool) {
        for notice in notices.iter().filter(|notice| notice.status == "open") {
            let Some(call_id) = notice.call_id else { continue };
            let mut arguments = json!({ "human_task_id": task, "occasion": notice.occasion });
            let tool = if let Some(user) = notice.user_id {
                arguments["user_id"] = json!(user);
                EMAIL
            } else {
                let channel = notice.channel.split_once(':').map(|(_, channel)| channel.trim());
                arguments["channel"] = json!(channel.unwrap_or_default());
                SLACK
            };
            let wanted = Wanted { tool: tool.to_owned(), arguments, agent_id: None };
            let call = self.call(place, call_id, wanted);
            self.tells.insert(call_id, task);
            self.telling.push(Work { place: place.clone(), call, again, deadline: None });
        }
    }

    /// Calls that tell and that the nudge asks to be taken on, unless they are under way here.
    pub(super) async fn tell_on(&mut self, nudge: &Nudge, under_way: &HashSet<CallId>) -> Result<()> {
        if !nudge.everything && nudge.calls.is_empty() {
            return Ok(());
        }
        let run = self.held.run().id;
        let untold =
            self.held.write(move |tx| Box::pin(async move { tx.tx.human_tasks().untold(run).await })).await?;
        for task in untold {
            let at = task.node_id.as_deref().and_then(|id| place(&self.known.plan, id, &[]));
            let Some(at) = at else { continue };
            let mut open = task.notices;
            open.retain(|notice| {
                notice.call_id.is_some_and(|call| {
                    (nudge.everything || nudge.calls.contains(&call)) && !under_way.contains(&call)
                })
            });
            self.tell(&at, task.id, &open, true);
        }
        Ok(())
    }

    /// Notes what came of a call that tells; whether it was one.
    pub(super) async fn told(&mut self, call_id: CallId, invoked: &Invoked) -> Result<bool> {
        let Some(task) = self.tells.get(&call_id).copied() else { return Ok(false) };
        self.read_calls().await?;
        let failed = match invoked {
            Invoked::Done { ok: true, .. } => None,
            Invoked::Done { content, .. } => Some(Made(content.clone()).text()),
            // Somebody is asked whether it may be told.
            Invoked::Waiting(_) | Invoked::Child(_) => return Ok(true),
        };
        self.tells.remove(&call_id);
        self.held
            .write(move |tx| {
                Box::pin(async move {
                    let told = tx.tx.human_tasks().told(task, call_id, failed).await?;
                    shown(&tx, told).await
                })
            })
            .await?;
        Ok(true)
    }

    /// Reminds those who are asked, once, before it is too late.
    pub(super) async fn remind(
        &mut self,
        place: &Place,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
        id: HumanTaskId,
    ) -> Result<()> {
        let due = self.reminds_at(place, since, until).is_some_and(|at| at <= self.now());
        if !due || !self.reminded.insert(id) {
            return Ok(());
        }
        let task =
            self.held.write(move |tx| Box::pin(async move { tx.tx.human_tasks().find(id).await })).await?;
        let before = |task: &HumanTask| task.notices.iter().any(|notice| notice.occasion == "reminded");
        let Some(task) = task.filter(|task| task.status == "pending" && !before(task)) else { return Ok(()) };
        let notices = self.notices(place, &task.approver_roles, "reminded").await?;
        self.note_told(id, notices.clone()).await?;
        self.tell(place, id, &notices, false);
        Ok(())
    }

    /// When those who are asked are reminded: once a quarter of their time is left.
    pub(super) fn reminds_at(
        &self,
        place: &Place,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        (!self.channels(place).is_empty() && until > since).then(|| until - (until - since) / 4)
    }

    async fn note_told(&self, id: HumanTaskId, notices: Vec<TaskNotice>) -> Result<()> {
        self.held
            .write(move |tx| {
                Box::pin(async move {
                    let noted = tx.tx.human_tasks().notice(id, notices).await?;
                    shown(&tx, noted).await
                })
            })
            .await
    }
}

/// Lets those who watch the run see who was told of an open question.
async fn shown(tx: &HeldTx<'_>, task: Option<HumanTask>) -> conductor_storage::Result<()> {
    match task.filter(|task| task.status == "pending") {
        Some(HumanTask { id: human_task_id, notices, .. }) => {
            tx.emit(&[EventBody::ApprovalTold { human_task_id, notices }]).await
        }
        None => Ok(()),
    }
}
