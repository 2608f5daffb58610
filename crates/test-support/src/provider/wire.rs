//! OpenAI's chat completions on the wire: one JSON document, or a stream of chunks that ends with `[DONE]`.

use std::io;

use axum::{
    Json,
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::reply::{Part, Reply};

const CREATED: u64 = 1_700_000_000;

pub(super) async fn respond(reply: Reply, request: &Value, aborts: watch::Sender<usize>) -> Response {
    let headers = reply.headers.clone();
    let mut response = match &reply.failure {
        Some((status, error)) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, Json(error.clone())).into_response()
        }
        None if request["stream"] == Value::Bool(true) => streamed(reply, request, aborts),
        None => Json(whole(&reply, request).await).into_response(),
    };
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Counts an abort when the other side drops the stream before its end.
struct Watched {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    aborts: watch::Sender<usize>,
    ended: bool,
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.ended {
            self.aborts.send_modify(|count| *count += 1);
        }
    }
}

fn streamed(reply: Reply, request: &Value, aborts: watch::Sender<usize>) -> Response {
    let (sender, chunks) = mpsc::channel(1);
    let chunk = Chunks {
        sender,
        model: request["model"].clone(),
        usage: request["stream_options"]["include_usage"] == Value::Bool(true),
    };
    tokio::spawn(async move {
        // The other side is gone: nobody is left to tell.
        let _ = chunk.send_all(reply).await;
    });
    let watched = Watched { chunks, aborts, ended: false };
    let body = stream::unfold(watched, |mut watched| async {
        let chunk = watched.chunks.recv().await;
        watched.ended = !matches!(chunk, Some(Ok(_)));
        Some((chunk?, watched))
    });
    ([("content-type", "text/event-stream")], Body::from_stream(body)).into_response()
}

struct Chunks {
    sender: mpsc::Sender<io::Result<Bytes>>,
    model: Value,
    usage: bool,
}

type Sent = Result<(), mpsc::error::SendError<io::Result<Bytes>>>;

impl Chunks {
    async fn send_all(self, reply: Reply) -> Sent {
        self.delta(json!({ "role": "assistant", "content": "", "refusal": null })).await?;
        let mut calls = 0;
        let finish_reason = finish_reason(&reply);
        for part in reply.parts {
            match part {
                Part::Text(text) => self.delta(json!({ "content": text })).await?,
                Part::Call { name, arguments } => {
                    self.call(calls, &name, &arguments).await?;
                    calls += 1;
                }
                Part::Wait(gate) => tokio::select! {
                    () = gate.passed() => {}
                    () = self.sender.closed() => return Ok(()),
                },
                Part::Raw(bytes) => self.sender.send(Ok(bytes)).await?,
                Part::Cut => return self.sender.send(Err(io::ErrorKind::ConnectionReset.into())).await,
            }
        }
        self.chunk(
            json!([{ "index": 0, "delta": {}, "logprobs": null, "finish_reason": finish_reason }]),
            Value::Null,
        )
        .await?;
        if self.usage {
            self.chunk(json!([]), usage(reply.usage)).await?;
        }
        self.sender.send(Ok(Bytes::from_static(b"data: [DONE]\n\n"))).await
    }

    async fn call(&self, index: u32, name: &str, arguments: &str) -> Sent {
        let function = json!({ "name": name, "arguments": "" });
        let id = format!("call_{index}");
        self.delta(
            json!({ "tool_calls": [{ "index": index, "id": id, "type": "function", "function": function }] }),
        )
        .await?;
        let middle = (arguments.len() / 2..).find(|at| arguments.is_char_boundary(*at)).unwrap_or_default();
        for piece in [&arguments[..middle], &arguments[middle..]] {
            self.delta(json!({ "tool_calls": [{ "index": index, "function": { "arguments": piece } }] }))
                .await?;
        }
        Ok(())
    }

    async fn delta(&self, delta: Value) -> Sent {
        self.chunk(
            json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": null }]),
            Value::Null,
        )
        .await
    }

    async fn chunk(&self, choices: Value, usage: Value) -> Sent {
        let chunk = json!({
            "id": "chatcmpl-scripted",
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": self.model,
            "service_tier": "default",
            "system_fingerprint": null,
            "choices": choices,
            "usage": usage,
        });
        self.sender.send(Ok(Bytes::from(format!("data: {chunk}\n\n")))).await
    }
}

async fn whole(reply: &Reply, request: &Value) -> Value {
    let (mut text, mut calls) = (String::new(), Vec::new());
    for part in &reply.parts {
        match part {
            Part::Text(more) => text.push_str(more),
            Part::Call { name, arguments } => calls.push(json!({
                "id": format!("call_{}", calls.len()),
                "type": "function",
                "function": { "name": name, "arguments": arguments },
            })),
            Part::Wait(gate) => gate.passed().await,
            Part::Raw(_) | Part::Cut => {}
        }
    }
    let mut message = json!({ "role": "assistant", "content": text, "refusal": null });
    if !calls.is_empty() {
        message["tool_calls"] = Value::Array(calls);
    }
    let choice =
        json!({ "index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason(reply) });
    json!({
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": CREATED,
        "model": request["model"],
        "choices": [choice],
        "usage": usage(reply.usage),
        "system_fingerprint": null,
    })
}

fn finish_reason(reply: &Reply) -> String {
    let calls = reply.parts.iter().any(|part| matches!(part, Part::Call { .. }));
    reply.finish_reason.clone().unwrap_or_else(|| if calls { "tool_calls" } else { "stop" }.to_owned())
}

fn usage(told: Option<(u64, u64)>) -> Value {
    let (input, output) = told.unwrap_or((11, 7));
    json!({
        "prompt_tokens": input,
        "completion_tokens": output,
        "total_tokens": input + output,
        "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
        "completion_tokens_details": { "reasoning_tokens": 0, "audio_tokens": 0 },
    })
}
