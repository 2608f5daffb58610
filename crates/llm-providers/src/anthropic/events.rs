//! The events of a Messages stream, and what they amount to. Unknown events, blocks and fields are ignored, as the
//! format's versioning asks of its readers.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    Result,
    chat::{Chunk, StopReason, Usage},
    names::ToolNames,
    openai::complete,
    wire::{Callee, Problem},
};

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    MessageStart {
        message: Start,
    },
    ContentBlockStart {
        index: u32,
        content_block: Block,
    },
    ContentBlockDelta {
        index: u32,
        delta: Delta,
    },
    ContentBlockStop {
        index: u32,
    },
    MessageDelta {
        delta: End,
        usage: Option<WireUsage>,
    },
    MessageStop,
    Error {
        error: Value,
    },
    /// `ping`, and what is yet to come.
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct Start {
    model: Option<String>,
    usage: Option<WireUsage>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        text: Option<String>,
    },
    Thinking {
        thinking: Option<String>,
    },
    RedactedThinking {
        data: String,
    },
    ToolUse {
        id: String,
        name: String,
        input: Option<Value>,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: String },
    #[serde(rename = "signature_delta")]
    Signature { signature: String },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: String },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct End {
    stop_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WireUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
}

/// A tool call whose arguments still grow, or which waits to know whether they were cut off.
#[derive(Debug)]
struct Call {
    index: u32,
    id: String,
    name: String,
    input: Option<Value>,
    json: String,
}

/// Reads events one after the other.
pub(super) struct Decoder {
    names: ToolNames,
    callee: Callee,
    model: String,
    usage: Usage,
    growing: Vec<Call>,
    reason: Option<StopReason>,
}

impl Decoder {
    pub(super) fn new(names: ToolNames, callee: Callee, model: String) -> Self {
        Self { names, callee, model, usage: Usage::default(), growing: Vec::new(), reason: None }
    }

    pub(super) const fn callee(&self) -> &Callee {
        &self.callee
    }

    /// What an event amounts to.
    pub(super) fn event(&mut self, data: &str) -> Result<Vec<Chunk>> {
        let event: Event = serde_json::from_str(data).map_err(|error| {
            self.callee.garbage("an event is not what Messages send", data, Some(error.into()))
        })?;
        Ok(match event {
            Event::MessageStart { message } => {
                if let Some(model) = message.model {
                    self.model = model;
                }
                self.count(message.usage)
            }
            Event::ContentBlockStart { index, content_block } => self.begin(index, content_block),
            Event::ContentBlockDelta { index, delta } => self.grow(index, delta),
            Event::ContentBlockStop { index } => self.close(index),
            Event::MessageDelta { delta, usage } => {
                let mut chunks = self.count(usage);
                if let Some(reason) = delta.stop_reason {
                    chunks.splice(0..0, self.stop(&reason));
                }
                chunks
            }
            Event::MessageStop => match self.reason {
                Some(reason) => vec![Chunk::Stopped { reason, model: self.model.clone() }],
                None => Vec::new(),
            },
            Event::Error { error } => {
                return Err(self.callee.judge(Problem::in_value(&error), None, None, &self.model));
            }
            Event::Other => Vec::new(),
        })
    }

    /// The counts of one event stand for all before it; what it leaves out stays.
    fn count(&mut self, usage: Option<WireUsage>) -> Vec<Chunk> {
        let Some(usage) = usage else { return Vec::new() };
        if let Some(fresh) = usage.input_tokens {
            let read = usage.cache_read_input_tokens.unwrap_or(self.usage.cached);
            let written = usage.cache_creation_input_tokens.unwrap_or_default();
            self.usage.input = fresh + read + written;
            self.usage.cached = read;
        }
        self.usage.output = usage.output_tokens.unwrap_or(self.usage.output);
        vec![Chunk::Usage(self.usage)]
    }

    fn begin(&mut self, index: u32, block: Block) -> Vec<Chunk> {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty()).into_iter();
        match block {
            Block::Text { text } => said(text).map(|text| Chunk::TextDelta { text }).collect(),
            Block::Thinking { thinking } => {
                said(thinking).map(|text| Chunk::ThinkingDelta { text }).collect()
            }
            Block::RedactedThinking { data } => vec![Chunk::RedactedThinking { data }],
            Block::ToolUse { id, name, input } => {
                let name = self.names.ours(&name);
                let started = Chunk::ToolCallStarted { id: id.clone(), name: name.clone() };
                self.growing.push(Call { index, id, name, input, json: String::new() });
                vec![started]
            }
            Block::Other => Vec::new(),
        }
    }

    fn grow(&mut self, index: u32, delta: Delta) -> Vec<Chunk> {
        match delta {
            Delta::Text { text } => vec![Chunk::TextDelta { text }],
            Delta::Thinking { thinking } => vec![Chunk::ThinkingDelta { text: thinking }],
            Delta::Signature { signature } => vec![Chunk::ThinkingSignature { signature }],
            Delta::InputJson { partial_json } => {
                if let Some(call) = self.growing.iter_mut().find(|call| call.index == index) {
                    call.json.push_str(&partial_json);
                }
                Vec::new()
            }
            Delta::Other => Vec::new(),
        }
    }

    /// A call is complete when its block ends, unless what stands in it is no JSON: then the reason to stop decides.
    fn close(&mut self, index: u32) -> Vec<Chunk> {
        let ended = self.growing.iter().position(|call| call.index == index);
        let is_json = |call: &Call| call.json.is_empty() || serde_json::from_str::<Value>(&call.json).is_ok();
        match ended.filter(|at| is_json(&self.growing[*at])) {
            Some(at) => tool_call(self.growing.remove(at), StopReason::ToolUse).into_iter().collect(),
            None => Vec::new(),
        }
    }

    fn stop(&mut self, reason: &str) -> Vec<Chunk> {
        let reason = match reason {
            "max_tokens" | "model_context_window_exceeded" => StopReason::MaxTokens,
            "tool_use" => StopReason::ToolUse,
            "stop_sequence" => StopReason::StopSequence,
            "refusal" => StopReason::Refusal,
            _ => StopReason::EndTurn,
        };
        self.reason = Some(reason);
        self.growing.drain(..).filter_map(|call| tool_call(call, reason)).collect()
    }
}

fn tool_call(call: Call, reason: StopReason) -> Option<Chunk> {
    let arguments = match call.input {
        // Some servers of this format send the whole input at once.
        Some(Value::Object(input)) if call.json.is_empty() && !input.is_empty() => Some(Value::Object(input)),
        _ => complete(&call.json, reason),
    }?;
    Some(Chunk::ToolCall { id: call.id, name: call.name, arguments })
}
