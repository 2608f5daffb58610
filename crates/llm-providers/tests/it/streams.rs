//! Fixtures × providers → golden files: what a recorded stream comes to.

use conductor_llm_providers::{Chunk, Error, ProviderKind};
use serde_json::{Value, json};

use crate::{
    server::{Answer, Server},
    vendors::{COMPLETIONS, collect, fixture, request, vendor},
};

async fn outcome(kind: ProviderKind, name: &str) -> Value {
    let server = Server::start(vec![Answer::stream(fixture(kind, name))]).await;
    let (chunks, error) = collect(vendor(kind, &server.url()).as_ref(), request()).await;
    golden(kind, &chunks, error.as_ref())
}

/// The same for all vendors of one wire format, whose name alone differs.
fn golden(kind: ProviderKind, chunks: &[Chunk], error: Option<&Error>) -> Value {
    let error = error.map(|error| error.to_string().replacen(kind.as_str(), "PROVIDER", 1));
    json!({"chunks": chunks, "error": error})
}

async fn completions(name: &str) {
    for kind in COMPLETIONS {
        insta::assert_json_snapshot!(format!("completions_{name}"), outcome(*kind, name).await);
    }
}

async fn messages(name: &str) {
    insta::assert_json_snapshot!(format!("messages_{name}"), outcome(ProviderKind::Anthropic, name).await);
}

macro_rules! golden {
    ($format:ident: $($test:ident = $name:literal),+ $(,)?) => {
        $(#[tokio::test]
        async fn $test() {
            $format($name).await;
        })+
    };
}

golden!(completions:
    completions_text = "text",
    completions_parallel_tools = "parallel_tools",
    completions_whole_tools = "whole_tools",
    completions_max_tokens_in_a_call = "max_tokens_in_a_call",
    completions_refusal = "refusal",
    completions_content_filter = "content_filter",
    completions_error_in_stream = "error_in_stream",
    completions_cut_in_a_word = "cut_in_a_word",
    completions_garbage = "garbage",
);

golden!(messages:
    messages_text = "text",
    messages_parallel_tools = "parallel_tools",
    messages_thinking = "thinking",
    messages_stop_sequence = "stop_sequence",
    messages_max_tokens_in_a_call = "max_tokens_in_a_call",
    messages_refusal = "refusal",
    messages_error_in_stream = "error_in_stream",
    messages_cut_in_a_word = "cut_in_a_word",
    messages_garbage = "garbage",
);
