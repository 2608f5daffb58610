//! A provider's report of an error, and what it means to whoever asked. Vendors agree on little: the type is in
//! `type`, `code` or the status, the message may be a sentence, an object or a page of HTML.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use crate::Error;

/// What a provider said.
#[derive(Debug, Default)]
pub(crate) struct Problem {
    /// Its `type` and `code`, and those of an inner error.
    pub(crate) words: Vec<String>,
    pub(crate) message: String,
    /// Whether it came in the provider's own form, rather than from something on the way to it.
    known_form: bool,
}

impl Problem {
    /// The report in a JSON body: `{"error": {…}}`, `{"error": "…"}`, `{"message": …}` or `{"detail": …}`.
    pub(crate) fn in_json(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        // Google's servers wrap theirs in a list.
        let body = body.get(0).unwrap_or(&body);
        let report =
            ["error", "detail"].iter().find_map(|name| body.get(name).filter(|inner| !inner.is_null()));
        report.map(Self::in_value).or_else(|| body.get("message").map(|_| Self::in_value(body)))
    }

    /// The report itself.
    pub(crate) fn in_value(report: &Value) -> Self {
        let inner = report.get("innererror");
        let words = [report.get("type"), report.get("code"), inner.and_then(|inner| inner.get("code"))];
        let word = |word: &Value| match word {
            Value::String(word) => Some(word.to_ascii_lowercase()),
            _ => None,
        };
        let message = match report {
            Value::String(message) => message.clone(),
            _ => report
                .get("message")
                .and_then(Value::as_str)
                .map_or_else(|| report.to_string(), str::to_owned),
        };
        Self { words: words.into_iter().flatten().filter_map(word).collect(), message, known_form: true }
    }

    /// A body that is no JSON.
    pub(crate) fn in_text(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Self { message: text.chars().take(300).collect(), ..Self::default() }
    }

    fn is(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }

    fn says(&self, phrases: &[&str]) -> bool {
        let message = self.message.to_ascii_lowercase();
        phrases.iter().any(|phrase| message.contains(phrase))
    }

    /// The status that belongs to a report which came inside a stream, after the status of success.
    fn status(&self) -> StatusCode {
        let table: [(&[&str], u16); 8] = [
            (&["authentication_error", "invalid_api_key"], 401),
            (&["billing_error"], 402),
            (&["permission_error"], 403),
            (&["not_found_error"], 404),
            (&["request_too_large"], 413),
            (&["rate_limit_error", "rate_limit_exceeded", "tokens", "requests"], 429),
            (&["overloaded_error"], 529),
            (&["invalid_request_error"], 400),
        ];
        let found = table.into_iter().find(|(words, _)| self.is(words)).map_or(500, |(_, status)| status);
        StatusCode::from_u16(found).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What it means, the report's own words before its status.
    pub(crate) fn into_error(
        self,
        provider: &str,
        status: Option<StatusCode>,
        retry_after: Option<Duration>,
        model: &str,
    ) -> Error {
        let provider = provider.to_owned();
        let status = status.unwrap_or_else(|| self.status());
        let code = status.as_u16();
        let about_model =
            self.is(&["model_not_found", "deploymentnotfound", "unknown_model", "model_decommissioned"])
                || (code == 404 && self.known_form && self.says(&["model", "deployment"]));
        let message = if self.message.is_empty() {
            format!("HTTP {code}")
        } else {
            format!("{} (HTTP {code})", self.message)
        };
        if code < 500 && code != 429 && self.too_long(code) {
            return Error::ContextTooLong { provider, message };
        }
        if self.is(&["content_filter", "content_policy_violation", "responsibleaipolicyviolation"]) {
            return Error::Refused { provider, message };
        }
        if code == 402
            || self.is(&["insufficient_quota", "billing_error"])
            || self.says(&["credit balance is too low"])
        {
            return Error::QuotaExhausted { provider, message };
        }
        if about_model {
            return Error::ModelUnknown { provider, model: model.to_owned(), message };
        }
        match code {
            300..=399 => Error::Misconfigured {
                provider,
                message: format!("it redirects; check the base URL: {message}"),
            },
            401 => Error::BadKey { provider, message },
            403 => Error::NotAllowed { provider, message },
            404 | 405 => Error::Misconfigured { provider, message: format!("check the base URL: {message}") },
            429 => Error::RateLimited { provider, message, retry_after },
            503 | 529 => Error::Overloaded { provider, message, retry_after },
            408 | 409 | 500.. => Error::Failed { provider, message },
            _ => Error::InvalidRequest { provider, message },
        }
    }

    fn too_long(&self, code: u16) -> bool {
        code == 413
            || self.is(&["context_length_exceeded", "request_too_large"])
            || self.says(&[
                "maximum context length",
                "context_length_exceeded",
                "prompt is too long",
                "exceeds the available context",
                "exceed context limit",
                "exceeds the context window",
                "reduce the length of the messages",
                "input is too long",
            ])
    }
}
