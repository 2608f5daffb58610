//! The events of a chat-completions stream, and what they amount to. Everything is optional and unknown fields are
//! ignored: the servers that speak this format agree on less than its description says.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Result,
    chat::{Chunk, StopReason, Usage},
    names::ToolNames,
    wire::{Callee, Problem},
};

/// One event.
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    id: Option<String>,
    model: Option<String>,
    choices: Option<Vec<Choice>>,
    usage: Option<WireUsage>,
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default)]
    index: u32,
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Delta {
    content: Option<Value>,
    refusal: Option<String>,
    /// At Groq and Ollama; some send both.
    reasoning: Option<String>,
    /// At DeepSeek and vLLM.
    reasoning_content: Option<String>,
    tool_calls: Option<Vec<ToolDelta>>,
}

#[derive(Debug, Deserialize)]
struct ToolDelta {
    index: Option<u32>,
    id: Option<String>,
    function: Option<FunctionDelta>,
}

#[derive(Debug, Deserialize)]
struct FunctionDelta {
    name: Option<String>,
    arguments: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct WireUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
}

#[derive(Debug, Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
}

/// A tool call whose arguments still grow.
#[derive(Debug)]
struct Call {
    index: Option<u32>,
    id: String,
    name: String,
    arguments: String,
}

/// Reads events one after the other.
pub(super) struct Decoder {
    names: ToolNames,
    callee: Callee,
    requested: String,
    model: Option<String>,
    calls: Vec<Call>,
    usage: Usage,
    refused: bool,
    reason: Option<StopReason>,
}

impl Decoder {
    pub(super) fn new(names: ToolNames, callee: Callee, requested: String) -> Self {
        Self {
            names,
            callee,
            requested,
            model: None,
            calls: Vec::new(),
            usage: Usage::default(),
            refused: false,
            reason: None,
        }
    }

    pub(super) const fn callee(&self) -> &Callee {
        &self.callee
    }

    /// Whether the answer is complete; its usage may still follow.
    pub(super) const fn finished(&self) -> bool {
        self.reason.is_some()
    }

    /// What an event amounts to.
    pub(super) fn event(&mut self, event: Event) -> Result<Vec<Chunk>> {
        if let Some(report) = event.error.filter(|report| !report.is_null()) {
            return Err(self.callee.judge(Problem::in_value(&report), None, None, &self.requested));
        }
        if let Some(model) = event.model.filter(|model| !model.is_empty()) {
            self.model.get_or_insert(model);
        }
        if let Some(usage) = event.usage {
            self.usage = Usage {
                input: usage.prompt_tokens.unwrap_or_default(),
                output: usage.completion_tokens.unwrap_or_default(),
                cached: usage
                    .prompt_tokens_details
                    .and_then(|details| details.cached_tokens)
                    .unwrap_or_default(),
            };
        }
        let mut chunks = Vec::new();
        for choice in event.choices.into_iter().flatten().filter(|choice| choice.index == 0) {
            if let Some(delta) = choice.delta {
                self.delta(delta, event.id.as_deref().unwrap_or_default(), &mut chunks);
            }
            if let Some(reason) = choice.finish_reason.filter(|_| self.reason.is_none()) {
                self.finish(&reason, &mut chunks);
            }
        }
        Ok(chunks)
    }

    /// What stands at the end.
    pub(super) fn end(&self) -> Vec<Chunk> {
        let reason = self.reason.unwrap_or(StopReason::EndTurn);
        let model = self.model.clone().unwrap_or_else(|| self.requested.clone());
        vec![Chunk::Usage(self.usage), Chunk::Stopped { reason, model }]
    }

    fn delta(&mut self, delta: Delta, answer_id: &str, chunks: &mut Vec<Chunk>) {
        let thought = delta.reasoning.filter(|text| !text.is_empty()).or(delta.reasoning_content);
        if let Some(text) = thought.filter(|text| !text.is_empty()) {
            chunks.push(Chunk::ThinkingDelta { text });
        }
        let text = delta.content.map(|content| plain(&content)).filter(|text| !text.is_empty());
        chunks.extend(text.map(|text| Chunk::TextDelta { text }));
        if let Some(text) = delta.refusal.filter(|text| !text.is_empty()) {
            self.refused = true;
            chunks.push(Chunk::TextDelta { text });
        }
        for call in delta.tool_calls.into_iter().flatten() {
            self.tool_delta(call, answer_id, chunks);
        }
    }

    fn tool_delta(&mut self, delta: ToolDelta, answer_id: &str, chunks: &mut Vec<Chunk>) {
        let id = delta.id.unwrap_or_default();
        let (name, arguments) = match delta.function {
            Some(function) => (function.name.unwrap_or_default(), function.arguments),
            None => (String::new(), None),
        };
        // Some servers count every call as the first, and some do not count: a new id with a name is a new call.
        let is_new =
            |call: &Call| !name.is_empty() && (delta.index.is_none() || (!id.is_empty() && id != call.id));
        let last = match delta.index {
            Some(_) => self.calls.iter().rposition(|call| call.index == delta.index),
            None => self.calls.len().checked_sub(1),
        };
        let position = last.filter(|at| !is_new(&self.calls[*at])).unwrap_or_else(|| {
            let number = self.calls.len();
            let id = if id.is_empty() { format!("call_{answer_id}_{number}") } else { id.clone() };
            self.calls.push(Call { index: delta.index, id, name: String::new(), arguments: String::new() });
            number
        });
        let call = &mut self.calls[position];
        if call.name.is_empty() && !name.is_empty() {
            call.name = self.names.ours(&name);
            chunks.push(Chunk::ToolCallStarted { id: call.id.clone(), name: call.name.clone() });
        }
        match arguments {
            Some(Value::String(more)) => call.arguments.push_str(&more),
            Some(Value::Null) | None => {}
            Some(whole) => call.arguments = whole.to_string(),
        }
    }

    fn finish(&mut self, reason: &str, chunks: &mut Vec<Chunk>) {
        let reason = match reason {
            "length" => StopReason::MaxTokens,
            "tool_calls" | "function_call" => StopReason::ToolUse,
            "content_filter" => StopReason::Refusal,
            // Some servers say "stop" after tool calls too.
            _ if !self.calls.is_empty() => StopReason::ToolUse,
            _ if self.refused => StopReason::Refusal,
            _ => StopReason::EndTurn,
        };
        for call in self.calls.drain(..).filter(|call| !call.name.is_empty()) {
            let Some(arguments) = complete(&call.arguments, reason) else {
                continue;
            };
            chunks.push(Chunk::ToolCall { id: call.id, name: call.name, arguments });
        }
        self.reason = Some(reason);
    }
}

/// The arguments of a call; nothing where the limit of tokens cut them off.
pub(crate) fn complete(text: &str, reason: StopReason) -> Option<Value> {
    if text.trim().is_empty() {
        return Some(json!({}));
    }
    match serde_json::from_str(text) {
        Ok(arguments) => Some(arguments),
        Err(_) if reason == StopReason::MaxTokens => None,
        Err(_) => Some(Value::String(text.to_owned())),
    }
}

/// Text, or a list of parts with text in them.
fn plain(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part.get("text")?.as_str()).collect(),
        _ => String::new(),
    }
}
