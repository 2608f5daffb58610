//! Telling people of questions as tools, so that it passes the one tool path like everything that leaves the server.
//!
//! A call names the question and the person, nothing else: addresses and words are looked up when it is sent, so that no
//! journal keeps them, and nobody is told what they may not read.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use conductor_access::Access;
use conductor_connectors::{Operation, Providers, Task};
use conductor_domain::{Agent, Caller, Classification, HumanTask, HumanTaskId, Kind, UserId};
use conductor_runs::{Answer, CallError, Dispatch, Result, Tool, ToolOutput, ToolSource, problem};
use conductor_storage::{Store, Unscoped};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{integrations::not_sent, requests::gate};

/// The tool that writes a mail to one person.
pub(crate) const EMAIL: &str = "integration/email.tell";
/// The tool that writes into a channel of Slack.
pub(crate) const SLACK: &str = "integration/slack.tell";
/// How long one may take.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest title that is told, in characters.
const TITLE: usize = 150;
/// The longest message that is told, in characters.
const MESSAGE: usize = 2_000;

/// The source of what tells people of questions.
#[derive(Clone, Debug)]
pub struct Notices {
    store: Store,
    access: Arc<Access>,
    providers: Providers,
    /// Where people open the page.
    base: Option<String>,
}

/// What is to be told to whom.
#[derive(Deserialize)]
struct Asked {
    human_task_id: HumanTaskId,
    occasion: String,
    #[serde(default)]
    user_id: Option<UserId>,
    #[serde(default)]
    channel: Option<String>,
}

/// What is said.
#[derive(Debug, PartialEq, Eq)]
struct Words {
    subject: String,
    body: String,
}

impl Notices {
    /// The source over these systems. `base` is the address by which people open the page, where it is known.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>, providers: Providers, base: Option<String>) -> Arc<Self> {
        let base = base.map(|base| base.trim_end_matches('/').to_owned()).filter(|base| !base.is_empty());
        Arc::new(Self { store, access, providers, base })
    }

    async fn tell(&self, tool: &Tool, dispatch: Dispatch) -> Result<ToolOutput, CallError> {
        let asked: Asked = serde_json::from_value(dispatch.arguments.clone())
            .map_err(|error| not_sent("validation_failed", error.to_string()))?;
        let id = asked.human_task_id;
        let found = self
            .store
            .scoped(dispatch.caller.scope)
            .write(move |tx| Box::pin(async move { tx.human_tasks().find(id).await }))
            .await
            .map_err(|error: conductor_storage::Error| not_sent(error.code(), error.to_string()))?;
        let task = found.filter(|task| task.run_id == dispatch.run_id);
        let Some(task) = task else { return Err(not_sent("not_found", "this run asks no such question")) };
        if task.status != "pending" {
            return Err(not_sent("already_decided", "the question has been answered meanwhile"));
        }
        let (provider, operation, fields) = if tool.path == EMAIL {
            ("email", "send", self.mail(&task, &asked, &dispatch).await?)
        } else {
            ("slack", "messages.send", self.message(&task, &asked, &dispatch)?)
        };
        let known =
            Providers::operations().find(|known| known.provider == provider && known.name == operation);
        let Some(operation) = known else { return Err(not_sent("not_found", "there is no such operation")) };
        self.send(operation, fields, &dispatch).await
    }

    async fn send(
        &self,
        operation: &Operation,
        fields: Map<String, Value>,
        dispatch: &Dispatch,
    ) -> Result<ToolOutput, CallError> {
        let task = Task {
            fields,
            credentials: None,
            idempotency_key: dispatch.idempotency_key.clone(),
            timeout: LONGEST,
        };
        let said = self.providers.gated(gate(dispatch)).run(operation, &task, &dispatch.cancel).await;
        let said = said.map_err(|error| CallError {
            problem: problem(error.code(), "The system gave no answer", error.to_string(), error.retryable()),
            outcome_unknown: error.outcome_unknown(),
        })?;
        match said {
            // What the system answered names addresses and accounts.
            Ok(_) => Ok(ToolOutput::text("Told.")),
            Err(failure) => Err(CallError {
                problem: problem(&failure.code, "The system refused", failure.message, false),
                outcome_unknown: false,
            }),
        }
    }

    /// A mail to one of those who may answer.
    async fn mail(
        &self,
        task: &HumanTask,
        asked: &Asked,
        dispatch: &Dispatch,
    ) -> Result<Map<String, Value>, CallError> {
        let Some(user) = asked.user_id else { return Err(not_sent("validation_failed", "nobody is named")) };
        let gone = || not_sent("not_found", "whoever was to be told is no member any more");
        let caller = self.access.caller_of(user, dispatch.caller.scope).await;
        let caller = caller.map_err(|error| not_sent(error.code(), error.to_string()))?.ok_or_else(gone)?;
        let answers_as = caller.answers_as();
        let is_asked = match task.approver_roles.as_slice() {
            [] => task.user_id == Some(user),
            roles => roles.iter().any(|one| answers_as.contains(one)),
        };
        if !is_asked {
            return Err(not_sent("others_decide", "others are asked by now"));
        }
        let person = self.store.unscoped(Unscoped::SignIn).users().find(user).await;
        let person = person.map_err(|error| not_sent(error.code(), error.to_string()))?.ok_or_else(gone)?;
        let Words { subject, body } =
            words(task, &asked.occasion, dispatch.context_label, caller.clearance, self.base.as_deref());
        Ok(Map::from_iter([
            ("to".to_owned(), json!([person.email])),
            ("subject".to_owned(), subject.into()),
            ("body".to_owned(), body.into()),
        ]))
    }

    /// A message to whoever reads a channel: nobody knows who that is, so they are told what everybody of the
    /// organisation may read.
    fn message(
        &self,
        task: &HumanTask,
        asked: &Asked,
        dispatch: &Dispatch,
    ) -> Result<Map<String, Value>, CallError> {
        let channel = asked.channel.as_deref().map(str::trim).filter(|channel| !channel.is_empty());
        let Some(channel) = channel else {
            return Err(not_sent("validation_failed", "no channel is named: write slack:#channel"));
        };
        let reads = Classification::Internal;
        let Words { subject, body } =
            words(task, &asked.occasion, dispatch.context_label, reads, self.base.as_deref());
        let text = format!("*{}*\n{}", escaped(&subject), escaped(&body));
        Ok(Map::from_iter([("channel".to_owned(), channel.into()), ("text".to_owned(), text.into())]))
    }
}

#[async_trait]
impl ToolSource for Notices {
    fn name(&self) -> &'static str {
        "notices"
    }

    /// Nodes have them; agents do not.
    async fn tools(&self, _caller: &Caller, agent: Option<&Agent>) -> Result<Vec<Tool>> {
        if agent.is_some() {
            return Ok(Vec::new());
        }
        Ok(vec![
            tool(EMAIL, "Tells somebody by mail of a question that they may answer.", "user_id"),
            tool(SLACK, "Tells a channel of Slack of a question.", "channel"),
        ])
    }

    fn target(&self, tool: &Tool, _arguments: &Value) -> Option<String> {
        let provider = tool.path.split_once('/')?.1.split_once('.')?.0;
        Some(provider.to_owned())
    }

    async fn call(&self, tool: &Tool, dispatch: Dispatch) -> Result<Answer, CallError> {
        self.tell(tool, dispatch).await.map(Answer::Done)
    }
}

fn tool(path: &str, description: &str, whom: &str) -> Tool {
    let input_schema = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["human_task_id", "occasion", whom],
        "properties": {
            "human_task_id": { "type": "string" },
            "occasion": { "enum": ["asked", "reminded", "escalated"] },
            whom: { "type": "string" },
        },
    });
    // Its arguments do not leave: what does is written here, by the label of the run.
    Tool::of_conductor(path, description, input_schema, LONGEST)
}

/// What is said of a question that holds so much to somebody who may read so much. Of what is confidential nothing lies in
/// a mailbox, a title neither: it may be made of what steps have read (ADR-0018). They are told that there is a question.
fn words(
    task: &HumanTask,
    occasion: &str,
    label: Classification,
    clearance: Classification,
    base: Option<&str>,
) -> Words {
    let told = label <= clearance && label < Classification::Confidential;
    let title = told.then(|| short(&line(&task.title), TITLE));
    let message = told.then(|| task.message.trim()).filter(|message| !message.is_empty());
    let opening = match occasion {
        "reminded" => "Still waiting for your answer",
        "escalated" => "Now waiting for your answer",
        _ => "Waiting for your answer",
    };
    let subject = match &title {
        Some(title) if !title.is_empty() => format!("{opening}: {title}"),
        _ => opening.to_owned(),
    };
    let mut parts = vec![match &title {
        Some(title) => format!("{opening}: {title}"),
        None => format!("{opening}: a question of a workflow."),
    }];
    parts.extend(message.map(|message| short(message, MESSAGE)));
    if let Some(due) = task.due_at {
        parts.push(format!("Answer by {}.", due.format("%Y-%m-%d %H:%M UTC")));
    }
    parts.push(match base {
        Some(base) => format!("{base}/inbox"),
        None => "You find it in the inbox of Conductor.".to_owned(),
    });
    Words { subject, body: parts.join("\n\n") }
}

/// One line, whatever stood in it: a title is not to write headers.
fn line(text: &str) -> String {
    text.split(|letter: char| letter.is_control() || letter.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most).chain(['…']).collect()
}

/// As Slack has it: what stands in angle brackets would call everybody of the channel, or be a link.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use conductor_domain::Classification::{Confidential, Internal, Public, Restricted};

    use super::*;

    fn task(title: &str) -> HumanTask {
        HumanTask {
            id: HumanTaskId::NIL,
            run_id: conductor_domain::RunId::NIL,
            call_id: None,
            user_id: None,
            node_id: None,
            conversation_id: None,
            kind: "human_step".to_owned(),
            title: title.to_owned(),
            message: "To ACME.".to_owned(),
            priority: "normal".to_owned(),
            tool: None,
            server: None,
            binding_hash: None,
            arguments: None,
            allowed_decisions: Vec::new(),
            approver_roles: Vec::new(),
            comment_required: false,
            due_at: None,
            status: "pending".to_owned(),
            decision: None,
            comment: None,
            decided_by: None,
            decided_at: None,
            notices: Vec::new(),
            created_at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn nobody_is_told_more_than_they_may_read() {
        let said = |label, clearance| words(&task("Pay 40?"), "asked", label, clearance, None);
        let all = said(Internal, Internal);
        assert!(all.subject.contains("Pay 40?") && all.body.contains("To ACME."), "{all:?}");
        for (label, clearance) in [(Confidential, Internal), (Confidential, Restricted), (Internal, Public)] {
            let less = said(label, clearance);
            assert!(!format!("{less:?}").contains("Pay") && !less.body.contains("ACME"), "{less:?}");
            assert!(less.body.contains("inbox"), "{less:?}");
        }
    }

    #[test]
    fn a_title_writes_no_headers_and_calls_nobody() {
        let said = words(&task("Pay\r\nBcc: eve@example.com <!channel>"), "asked", Internal, Internal, None);
        assert!(!said.subject.contains(['\r', '\n']), "{said:?}");
        assert!(!escaped(&said.subject).contains('<'));
        assert_eq!(short(&"x".repeat(200), TITLE).chars().count(), TITLE + 1);
    }
}
