//! Talks to the embedded demo: `cargo run -p conductor-llm-providers --example chat -- "What is Conductor?"`.
//!
//! The same lines talk to any provider: put one in place of the empty list, as the README shows.
#![expect(clippy::print_stdout, reason = "an example speaks to its terminal")]

use std::io::Write;

use conductor_llm_providers::{Catalogue, ChatRequest, Chunk, Message, Models, ModelsOptions};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let question = if words.is_empty() { "What is Conductor?".to_owned() } else { words.join(" ") };

    let models = Models::new(Catalogue::builtin(), [], ModelsOptions::default());
    let resolved = models.resolve("", &[]);
    let request = ChatRequest {
        model: resolved.model_id,
        messages: vec![Message::user(question)],
        ..ChatRequest::default()
    };

    let mut chunks = resolved.chat.stream(request, CancellationToken::new()).await?;
    while let Some(chunk) = chunks.next().await {
        match chunk? {
            Chunk::TextDelta { text } | Chunk::ThinkingDelta { text } => print!("{text}"),
            Chunk::ToolCall { name, arguments, .. } => println!("\n[calls {name} with {arguments}]"),
            Chunk::Usage(usage) => println!("\n[{} tokens in, {} out]", usage.input, usage.output),
            Chunk::Stopped { reason, model } => println!("[{model} stopped: {reason}]"),
            _ => {}
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}
