//! Makes a history that every vendor takes: a tool call is followed at once by its result. A turn that was cut, or a
//! branch taken in the middle of one, has calls without results, and vendors refuse the whole request for one of them.

use crate::chat::{Content, Message, Role};

/// What a model reads in place of a result that never came.
const LOST: &str = "There is no result: the call was interrupted. It is not known whether it took effect.";

/// The same history without empty parts, calls that have no result, and results that have no call.
pub(crate) fn well_formed(messages: &[Message]) -> Vec<Message> {
    let mut formed: Vec<Message> = Vec::with_capacity(messages.len());
    let mut messages = messages.iter().peekable();
    while let Some(message) = messages.next() {
        if message.role == Role::Tool {
            continue;
        }
        let content: Vec<Content> = message.content.iter().filter(|part| is_said(part)).cloned().collect();
        if content.is_empty() {
            continue;
        }
        let calls: Vec<String> = content.iter().filter_map(call_id).map(str::to_owned).collect();
        formed.push(Message { role: message.role, content });
        let mut results: Vec<&Content> = Vec::new();
        while let Some(tool) = messages.next_if(|next| next.role == Role::Tool) {
            results.extend(&tool.content);
        }
        if !calls.is_empty() {
            let content = calls.into_iter().map(|call| result_of(&call, &results)).collect();
            formed.push(Message { role: Role::Tool, content });
        }
    }
    formed
}

fn is_said(part: &Content) -> bool {
    match part {
        Content::Text { text } => !text.trim().is_empty(),
        Content::ToolResult { .. } => false,
        _ => true,
    }
}

fn call_id(part: &Content) -> Option<&str> {
    match part {
        Content::ToolCall { id, .. } => Some(id),
        _ => None,
    }
}

fn result_of(call: &str, results: &[&Content]) -> Content {
    let found =
        results.iter().find(|part| matches!(part, Content::ToolResult { call_id, .. } if call_id == call));
    found.map_or_else(
        || Content::ToolResult { call_id: call.to_owned(), is_error: true, text: LOST.to_owned() },
        |found| (*found).clone(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(ids: &[&str]) -> Message {
        let content = ids.iter().map(|id| Content::ToolCall {
            id: (*id).into(),
            name: "t".into(),
            arguments: json!({}),
        });
        Message { role: Role::Assistant, content: content.collect() }
    }

    #[test]
    fn results_stand_behind_their_calls_in_their_order() {
        let history = [
            Message::user("go"),
            call(&["a", "b", "c"]),
            Message::tool_result("b", false, "two"),
            Message::tool_result("a", false, "one"),
            Message::tool_result("stranger", false, "?"),
            Message::assistant("  "),
            Message::user("and?"),
            Message::tool_result("late", false, "?"),
        ];
        let result = |id: &str, is_error, text: &str| Content::ToolResult {
            call_id: id.into(),
            is_error,
            text: text.into(),
        };
        assert_eq!(
            well_formed(&history),
            [
                Message::user("go"),
                call(&["a", "b", "c"]),
                Message {
                    role: Role::Tool,
                    content: vec![
                        result("a", false, "one"),
                        result("b", false, "two"),
                        result("c", true, LOST)
                    ],
                },
                Message::user("and?"),
            ]
        );
    }
}
