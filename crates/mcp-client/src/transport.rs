//! Three ways to a server. Streamable HTTP is the protocol library's; stdio and the older event stream are ours.

mod envelope;
mod http;
mod sse;
mod stdio;

use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::{ErrorCode, ErrorData, RequestId, ServerJsonRpcMessage};
use serde_json::json;

pub(crate) use self::{
    http::streamable,
    sse::{Sse, not_sent},
    stdio::Stdio,
};
use crate::Error;

/// Why a transport could not send, in the crate's own terms, so that it survives the protocol library.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Fault(pub(crate) Error);

/// Why the connection ended, written by the transport and read by whoever was waiting.
#[derive(Clone, Debug, Default)]
pub(crate) struct Demise(Arc<Mutex<Option<Error>>>);

impl Demise {
    /// Keeps the first cause: later ones follow from it.
    pub(crate) fn because(&self, error: Error) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    pub(crate) fn cause(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Marks the two errors that a transport makes itself, in the server's place, so that the right caller hears of it.
const LOCAL: &str = "conductor/local";

/// Answers a request in the server's place: its answer was larger than the limit.
pub(crate) fn too_large(id: RequestId, limit_bytes: usize) -> ServerJsonRpcMessage {
    let data = json!({ LOCAL: "too_large", "limit_bytes": limit_bytes });
    let error = ErrorData::new(ErrorCode::INTERNAL_ERROR, "answer too large", Some(data));
    ServerJsonRpcMessage::error(error, Some(id))
}

/// Answers a request in the server's place: its answer is not a JSON-RPC message.
pub(crate) fn garbled(id: RequestId, message: String) -> ServerJsonRpcMessage {
    let error = ErrorData::new(ErrorCode::INTERNAL_ERROR, message, Some(json!({ LOCAL: "garbled" })));
    ServerJsonRpcMessage::error(error, Some(id))
}

/// Turns a JSON-RPC error into ours, recognising the ones made here.
///
/// A server could forge the mark and gains nothing: it may fail its own answers however it likes.
pub(crate) fn rejected(error: ErrorData) -> Error {
    let local = error.data.as_ref().and_then(|data| data.get(LOCAL)).and_then(serde_json::Value::as_str);
    match local {
        Some("too_large") => {
            let limit = error
                .data
                .as_ref()
                .and_then(|data| data.get("limit_bytes"))
                .and_then(serde_json::Value::as_u64);
            Error::TooLarge {
                limit_bytes: limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or_default(),
            }
        }
        Some(_) => Error::Protocol { message: error.message.into_owned(), sent: true },
        None => Error::Rejected {
            code: error.code.0,
            message: crate::error::excerpt(&error.message, 2000),
            data: error.data,
        },
    }
}
