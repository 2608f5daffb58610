//! Puts an answer together from its pieces, so that it can be sent back as the next call's history.

use crate::chat::{Chunk, Content, Message, Role, StopReason, Usage};

/// An answer as far as it has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// Text, thinking and tool calls, in the order in which the model wrote them.
    pub content: Vec<Content>,
    /// What it took.
    pub usage: Usage,
    /// Why it ended and the model that answered; nothing while it has not, or where it was cut.
    pub stopped: Option<(StopReason, String)>,
}

impl Reply {
    /// Takes the next piece in.
    pub fn push(&mut self, chunk: &Chunk) {
        match chunk {
            Chunk::TextDelta { text: more } => match self.content.last_mut() {
                Some(Content::Text { text }) => text.push_str(more),
                _ => self.content.push(Content::text(more)),
            },
            Chunk::ThinkingDelta { text: more } => match self.content.last_mut() {
                Some(Content::Thinking { text, signature: None }) => text.push_str(more),
                _ => self.content.push(Content::Thinking { text: more.clone(), signature: None }),
            },
            Chunk::ThinkingSignature { signature: seal } => match self.content.last_mut() {
                Some(Content::Thinking { signature: signature @ None, .. }) => {
                    *signature = Some(seal.clone());
                }
                _ => self
                    .content
                    .push(Content::Thinking { text: String::new(), signature: Some(seal.clone()) }),
            },
            Chunk::RedactedThinking { data } => {
                self.content.push(Content::RedactedThinking { data: data.clone() });
            }
            Chunk::ToolCallStarted { .. } => {}
            Chunk::ToolCall { id, name, arguments } => self.content.push(Content::ToolCall {
                id: id.clone(),
                name: name.clone(),
                arguments: arguments.clone(),
            }),
            Chunk::Usage(usage) => self.usage = *usage,
            Chunk::Stopped { reason, model } => self.stopped = Some((*reason, model.clone())),
        }
    }

    /// The text, without thinking and tool calls.
    #[must_use]
    pub fn text(&self) -> String {
        self.content.iter().filter_map(Content::as_text).collect()
    }

    /// The thinking, as far as the provider shows it.
    #[must_use]
    pub fn thinking(&self) -> String {
        let thoughts: Vec<&str> = self
            .content
            .iter()
            .filter_map(|content| match content {
                Content::Thinking { text, .. } if !text.is_empty() => Some(text.as_str()),
                _ => None,
            })
            .collect();
        thoughts.join("\n\n")
    }

    /// The answer as the message to send back in the next call.
    #[must_use]
    pub fn into_message(self) -> Message {
        Message { role: Role::Assistant, content: self.content }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_blocks_in_order() {
        let mut reply = Reply::default();
        for chunk in [
            Chunk::ThinkingDelta { text: "hm".into() },
            Chunk::ThinkingDelta { text: "m".into() },
            Chunk::ThinkingSignature { signature: "seal".into() },
            Chunk::ThinkingDelta { text: "again".into() },
            Chunk::TextDelta { text: "Hel".into() },
            Chunk::TextDelta { text: "lo".into() },
            Chunk::ToolCallStarted { id: "1".into(), name: "echo".into() },
            Chunk::ToolCall { id: "1".into(), name: "echo".into(), arguments: serde_json::json!({"a": 1}) },
            Chunk::Usage(Usage { input: 1, output: 1, cached: 0 }),
            Chunk::Usage(Usage { input: 1, output: 9, cached: 0 }),
            Chunk::Stopped { reason: StopReason::ToolUse, model: "m".into() },
        ] {
            reply.push(&chunk);
        }
        assert_eq!(reply.text(), "Hello");
        assert_eq!(reply.thinking(), "hmm\n\nagain");
        assert_eq!(reply.usage.output, 9);
        assert_eq!(reply.stopped, Some((StopReason::ToolUse, "m".into())));
        let stored = serde_json::to_value(reply.clone().into_message()).unwrap();
        assert_eq!(
            stored,
            serde_json::json!({"role": "assistant", "content": [
                {"type": "thinking", "text": "hmm", "signature": "seal"},
                {"type": "thinking", "text": "again"},
                {"type": "text", "text": "Hello"},
                {"type": "tool_call", "id": "1", "name": "echo", "arguments": {"a": 1}},
            ]})
        );
        assert_eq!(serde_json::from_value::<Message>(stored).unwrap(), reply.into_message());
    }
}
