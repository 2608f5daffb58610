//! What came back, in the words that results of API nodes use.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use chrono::DateTime;
use http::{
    HeaderMap, HeaderName, StatusCode,
    header::{CONTENT_TYPE, DATE, ETAG, LOCATION, RETRY_AFTER},
};
use serde::Serialize;
use serde_json::Value;

use super::body;
use crate::Failure;

/// The headers that are kept. The others are cookies and gossip.
const KEPT: [HeaderName; 4] = [CONTENT_TYPE, LOCATION, ETAG, RETRY_AFTER];

/// The answer of a target, also one that refuses or fails.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HttpAnswer {
    /// Whether the status is 2xx.
    pub success: bool,
    /// The HTTP status.
    pub status_code: u16,
    /// JSON where it is some, otherwise text; anything else as `{content_type, bytes, base64}`; null where there is nothing.
    pub data: Value,
    /// What is wrong, where `success` is false.
    pub error: Option<Failure>,
    /// How long it took until the answer was complete.
    pub elapsed_seconds: f64,
    /// `content-type`, `location`, `etag` and `retry-after`, where they were sent.
    pub headers: BTreeMap<String, String>,
}

impl HttpAnswer {
    pub(crate) fn new(status: StatusCode, headers: &HeaderMap, bytes: &Bytes, elapsed: Duration) -> Self {
        let kept: BTreeMap<_, _> = KEPT
            .iter()
            .filter_map(|name| Some((name.to_string(), headers.get(name)?.to_str().ok()?.to_owned())))
            .collect();
        let data = body::decode(bytes, kept.get(CONTENT_TYPE.as_str()).map(String::as_str));
        Self {
            success: status.is_success(),
            status_code: status.as_u16(),
            data,
            error: (!status.is_success()).then(|| failure(status, headers)),
            elapsed_seconds: elapsed.as_secs_f64(),
            headers: kept,
        }
    }

    /// How long the target asks to wait, where it refuses or fails.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.error.as_ref()?.retry_after_seconds?;
        Duration::try_from_secs_f64(seconds).ok()
    }
}

fn failure(status: StatusCode, headers: &HeaderMap) -> Failure {
    let reason = status.canonical_reason().unwrap_or("a status without a name");
    Failure {
        code: status.as_str().to_owned(),
        message: format!("the target answered {} {reason}", status.as_u16()),
        retryable: transient(status),
        retry_after_seconds: retry_after(headers).map(|wait| wait.as_secs_f64()),
    }
}

/// Whether the same request may be answered better later.
pub(crate) fn transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

/// How long a server asks to wait: seconds, or a date, which is measured by the server's own clock.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let asked = text(RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let date = |text: &str| DateTime::parse_from_rfc2822(text).ok();
    let (until, now) = (date(asked)?, date(text(DATE)?)?);
    (until - now).to_std().ok()
}
