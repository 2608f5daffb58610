//! The embedded model: deterministic, offline, without a key, so that a fresh installation works at once.
//!
//! It is honest about itself. Its answers are written in advance (`knowledge`), it calls the tools that are named to
//! it (`calls`), writes small artifacts (`artifacts`), and produces streams of any length for tests and benches
//! (`plan`).

mod artifacts;
mod calls;
mod knowledge;
mod plan;
mod text;

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::{
    Result, Timeouts,
    chat::{ChatModel, ChatRequest, Chunk, ChunkStream, Content, StopReason, Usage},
    guard::Guard,
};
use plan::Part;

/// How the demo behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DemoOptions {
    /// The wait before each piece; zero for tests and benches.
    pub delay: Duration,
}

impl Default for DemoOptions {
    fn default() -> Self {
        // About the pace of a hosted model.
        Self { delay: Duration::from_millis(12) }
    }
}

/// The embedded model.
#[derive(Clone, Copy, Debug, Default)]
pub struct Demo {
    options: DemoOptions,
}

impl Demo {
    /// A demo that behaves so.
    #[must_use]
    pub const fn new(options: DemoOptions) -> Self {
        Self { options }
    }
}

#[async_trait]
impl ChatModel for Demo {
    async fn stream(&self, request: ChatRequest, cancel: CancellationToken) -> Result<ChunkStream> {
        let delay = self.options.delay;
        let guard = Guard {
            provider: "demo".to_owned(),
            model: request.model.clone(),
            cancel,
            timeouts: Timeouts {
                idle: delay.saturating_mul(2).max(Timeouts::default().idle),
                ..Timeouts::default()
            },
        };
        let chunks = answer(&request);
        let events = async_stream::stream! {
            for chunk in chunks {
                if !delay.is_zero() {
                    tokio::time::sleep(delay).await;
                }
                yield Ok(vec![chunk]);
            }
        };
        guard.watch(async { Ok(events) }).await
    }
}

/// The whole answer, made piece by piece as it is read.
fn answer(request: &ChatRequest) -> impl Iterator<Item = Chunk> + Send + 'static {
    let mut state = Answer {
        input: tokens_in(request),
        output: 0,
        limit: request.max_tokens.map_or(u64::MAX, u64::from),
        calls_before: calls_before(request),
        model: request.model.clone(),
        reason: StopReason::EndTurn,
        ending: 0,
    };
    let mut pieces = plan::plan(request).into_iter().flat_map(pieces);
    std::iter::from_fn(move || state.next(&mut pieces))
}

/// Counts what has been said, and ends it properly.
struct Answer {
    input: u64,
    output: u64,
    limit: u64,
    calls_before: usize,
    model: String,
    reason: StopReason,
    ending: u8,
}

impl Answer {
    fn next(&mut self, pieces: &mut impl Iterator<Item = Chunk>) -> Option<Chunk> {
        if self.ending == 0 {
            match pieces.next() {
                Some(Chunk::ToolCall { name, arguments, .. }) => {
                    self.calls_before += 1;
                    self.output += 1;
                    self.reason = StopReason::ToolUse;
                    return Some(Chunk::ToolCall {
                        id: format!("demo_call_{}", self.calls_before),
                        name,
                        arguments,
                    });
                }
                Some(_) if self.output >= self.limit => self.reason = StopReason::MaxTokens,
                Some(chunk) => {
                    self.output += 1;
                    return Some(chunk);
                }
                None => {}
            }
        }
        self.ending += 1;
        match self.ending {
            1 => Some(Chunk::Usage(Usage { input: self.input, output: self.output, cached: 0 })),
            2 => Some(Chunk::Stopped { reason: self.reason, model: self.model.clone() }),
            _ => None,
        }
    }
}

fn pieces(part: Part) -> Box<dyn Iterator<Item = Chunk> + Send> {
    match part {
        Part::Think(thought) => {
            let thought = text::pieces(&thought);
            Box::new(thought.into_iter().map(|text| Chunk::ThinkingDelta { text }))
        }
        Part::Say(words) => Box::new(text::pieces(&words).into_iter().map(|text| Chunk::TextDelta { text })),
        Part::Call(call) => Box::new(std::iter::once(Chunk::ToolCall {
            id: String::new(),
            name: call.tool,
            arguments: call.arguments,
        })),
        Part::Words(count) => {
            Box::new((0..count).map(|index| Chunk::TextDelta { text: text::filler(index) }))
        }
        Part::Count(last) => Box::new((1..=last).map(move |number| {
            let text = if number == last { format!("{number}.") } else { format!("{number}, ") };
            Chunk::TextDelta { text }
        })),
    }
}

/// The ids of calls go on counting through a conversation, so that no two results answer to one id.
fn calls_before(request: &ChatRequest) -> usize {
    let contents = request.messages.iter().flat_map(|message| &message.content);
    contents.filter(|content| matches!(content, Content::ToolCall { .. })).count()
}

/// A rough count, four letters to a token, as nobody is billed by it.
fn tokens_in(request: &ChatRequest) -> u64 {
    let contents = request.messages.iter().flat_map(|message| &message.content);
    let letters: usize = contents
        .map(|content| match content {
            Content::Text { text } | Content::ToolResult { text, .. } | Content::Thinking { text, .. } => {
                text.len()
            }
            Content::ToolCall { name, arguments, .. } => name.len() + arguments.to_string().len(),
            Content::Image { .. } | Content::RedactedThinking { .. } => 0,
        })
        .sum();
    let letters = letters + request.system.as_deref().unwrap_or_default().len();
    u64::try_from(letters.div_ceil(4)).unwrap_or(u64::MAX)
}
