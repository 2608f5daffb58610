//! What somebody below the clearance of a run may read of it: that it was, and not what it said.

pub(crate) use conductor_domain::MASK;
use conductor_domain::{Caller, Classification, EventBody, HumanTask, Run};
use conductor_storage::StoredEvent;
use serde_json::{Value, json};

/// A run as the caller may read it.
pub(crate) fn run(mut run: Run, caller: &Caller) -> Run {
    if run.data_classification > caller.clearance {
        let hide = |value: &mut Option<Value>| value.iter_mut().for_each(|value| *value = json!(MASK));
        hide(&mut run.input);
        hide(&mut run.output);
        run.error_text.iter_mut().for_each(|text| MASK.clone_into(text));
    }
    run
}

/// A question as the caller may read it, of a run that holds so much.
pub(crate) fn task(mut task: HumanTask, label: Classification, caller: &Caller) -> HumanTask {
    if label > caller.clearance {
        hide_question(&mut task.arguments, task.node_id.is_some(), &mut task.title, &mut task.message);
        task.comment.iter_mut().for_each(|comment| MASK.clone_into(comment));
    }
    task
}

/// The words of a node's question are made of what others gave.
fn hide_question(arguments: &mut Option<Value>, is_of_node: bool, title: &mut String, message: &mut String) {
    arguments.iter_mut().for_each(|arguments| *arguments = json!(MASK));
    if is_of_node {
        MASK.clone_into(title);
        MASK.clone_into(message);
    }
}

/// Hides the bodies of a run's events from the first one on that comes from something above a clearance.
#[derive(Debug)]
pub(crate) struct Events {
    clearance: Classification,
    above: bool,
}

impl Events {
    /// For a run that holds so much already.
    pub(crate) fn new(run: &Run, caller: &Caller) -> Self {
        Self { clearance: caller.clearance, above: run.data_classification > caller.clearance }
    }

    /// The event as it may be read. One that cannot be read is not shown.
    pub(crate) fn show(&mut self, mut event: StoredEvent) -> StoredEvent {
        if self.clearance == Classification::Restricted || !(self.above || event.name == "tool.result") {
            return event;
        }
        let Ok(body) = serde_json::from_str::<EventBody>(&event.data) else {
            event.data = json!({ "type": event.name }).to_string();
            return event;
        };
        if let EventBody::ToolResult { data_classification: Some(label), .. } = &body {
            self.above |= *label > self.clearance;
        }
        if self.above {
            event.data = serde_json::to_string(&hidden(body)).unwrap_or_default();
        }
        event
    }
}

fn hidden(mut body: EventBody) -> EventBody {
    let mask = || json!(MASK);
    match &mut body {
        EventBody::MessageDelta { text, .. }
        | EventBody::ThinkingDelta { text, .. }
        | EventBody::ArtifactDelta { text, .. } => MASK.clone_into(text),
        EventBody::ArtifactCompleted { text: Some(text), .. } => MASK.clone_into(text),
        EventBody::ToolCalled { arguments, .. } => *arguments = json!({ MASK: MASK }),
        EventBody::ToolResult { content, findings, .. } => {
            *content = json!([{ "type": "text", "text": MASK }]);
            findings.clear();
        }
        EventBody::ApprovalRequested { human_task } | EventBody::ApprovalDecided { human_task } => {
            let is_of_node = human_task.node_id.is_some();
            hide_question(
                &mut human_task.arguments,
                is_of_node,
                &mut human_task.title,
                &mut human_task.message,
            );
        }
        EventBody::MessageCompleted { message } => {
            for field in ["content", "thinking", "tool_calls"] {
                if let Some(value) = message.get_mut(field) {
                    *value = if value.is_array() { json!([]) } else { mask() };
                }
            }
        }
        EventBody::RunFinished { output: Some(output), .. }
        | EventBody::NodeFinished { output: Some(output), .. } => {
            *output = mask();
        }
        EventBody::NodeStarted { input: Some(input), .. } => *input = mask(),
        EventBody::EventReceived { data, .. } => *data = mask(),
        EventBody::StepFinished { continuation, .. } => *continuation = None,
        _ => {}
    }
    body
}

#[cfg(test)]
mod tests {
    use conductor_domain::{CallId, RunId};

    use super::*;

    fn stored(body: &EventBody) -> StoredEvent {
        let (name, data) = (body.name().to_owned(), serde_json::to_string(body).unwrap());
        StoredEvent { run_id: RunId::NIL, seq: 1, at: chrono::DateTime::UNIX_EPOCH, name, data }
    }

    #[test]
    fn what_follows_something_above_is_hidden_too() {
        let said = |text: &str| {
            stored(&EventBody::MessageDelta {
                message_id: conductor_domain::MessageId::NIL,
                text: text.into(),
            })
        };
        let result = |label| {
            stored(&EventBody::ToolResult {
                call_id: CallId::NIL,
                ok: true,
                content: json!([{ "type": "text", "text": "salaries" }]),
                duration_ms: 1,
                cached: false,
                attempts: 1,
                ledger: None,
                data_classification: Some(label),
                findings: Vec::new(),
            })
        };
        let mut events = Events { clearance: Classification::Internal, above: false };
        assert!(events.show(said("hello")).data.contains("hello"));
        assert!(events.show(result(Classification::Internal)).data.contains("salaries"));
        assert!(events.show(said("still")).data.contains("still"));
        assert!(!events.show(result(Classification::Confidential)).data.contains("salaries"));
        assert!(!events.show(said("the salaries are")).data.contains("salaries"));
        let mut cleared = Events { clearance: Classification::Confidential, above: false };
        assert!(cleared.show(result(Classification::Confidential)).data.contains("salaries"));
    }
}
