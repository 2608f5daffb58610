//! Human: a person decides, and the decision is the way.

use conductor_domain::HumanTask;
use conductor_workflow_graph::{
    OUT,
    kind::{Human, Priority},
};
use serde_json::json;

use super::{Act, Begin, Question, Result, Sent, faulty};

pub(super) fn begin(begin: &Begin<'_>, human: &Human) -> Result<Act> {
    let title = begin.view.text(&human.title).map_err(|error| faulty("/config/title", &error))?;
    let message = match &human.message {
        Some(message) => begin.view.text(message).map_err(|error| faulty("/config/message", &error))?,
        None => String::new(),
    };
    let due_at = human.due_ms.or(begin.node().timeout_ms).and_then(|millis| begin.after(millis));
    Ok(Act::Ask(Box::new(Question {
        about: None,
        title,
        message,
        priority: match human.priority {
            Priority::Urgent => "urgent",
            Priority::High => "high",
            Priority::Low => "low",
            _ => "normal",
        },
        decisions: human.decisions().into_iter().map(str::to_owned).collect(),
        assignees: human.assignees.clone(),
        comment_required: human.comment_required,
        due_at,
    })))
}

/// What a decision gives, and where it leads.
pub(super) fn decided(begin: &Begin<'_>, human: &Human, task: &HumanTask) -> Sent {
    let decision = task.decision.clone().unwrap_or_default();
    let output = json!({
        "decision": decision,
        "comment": task.comment,
        "decided_by": task.decided_by,
        "decided_at": task.decided_at,
    });
    let port = format!("decision:{decision}");
    if begin.leads(&port) {
        return Sent::On { output, port };
    }
    // The first one is the one that lets the work go on.
    if human.decisions().first().is_some_and(|first| **first == decision) {
        return Sent::On { output, port: OUT.to_owned() };
    }
    let detail = match task.comment.as_deref().filter(|comment| !comment.trim().is_empty()) {
        Some(comment) => format!("The decision was {decision}: {comment}"),
        None => format!("The decision was {decision}."),
    };
    Sent::Back { output, port, most: 1, code: "not_approved", detail }
}
