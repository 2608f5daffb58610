//! What all vendors over HTTP share: addresses, keys, reading errors, and telling an event stream from anything else.

mod problem;

use std::{io, time::Duration};

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use reqwest::{
    Response, StatusCode, Url,
    header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER},
};
use secrecy::{ExposeSecret, SecretString};

use crate::{Error, Provider, Result, error::Source};
pub(crate) use problem::Problem;

/// Error bodies longer than this say nothing more.
const LONGEST_BODY: usize = 64 * 1024;

/// A line of an event stream longer than this is no event; a server could otherwise fill the memory with one.
const LONGEST_LINE: usize = 4 * 1024 * 1024;

/// Who is called, for errors: the provider's name, and its key to keep out of them.
#[derive(Clone, Debug)]
pub(crate) struct Callee {
    pub(crate) provider: String,
    key: Option<SecretString>,
}

impl Callee {
    pub(crate) fn of(provider: &Provider) -> Self {
        Self {
            provider: provider.name.clone(),
            key: provider.key.clone().filter(|key| !key.expose_secret().is_empty()),
        }
    }

    pub(crate) fn misconfigured(&self, message: impl Into<String>) -> Error {
        Error::Misconfigured { provider: self.provider.clone(), message: message.into() }
    }

    /// The key as the value of a header, marked as secret; nothing where there is no key.
    pub(crate) fn key_header(&self, prefix: &str) -> Result<Option<HeaderValue>> {
        let Some(key) = &self.key else { return Ok(None) };
        let text = format!("{prefix}{}", key.expose_secret().trim());
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| self.misconfigured("the API key has characters that no key has; enter it again"))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// The key as the value of a header, where the provider cannot do without.
    pub(crate) fn required_key_header(&self, prefix: &str) -> Result<HeaderValue> {
        self.key_header(prefix)?.ok_or_else(|| self.misconfigured("it has no API key; add one"))
    }

    /// A provider's address, without a slash at its end.
    pub(crate) fn address(&self, base_url: &str) -> Result<Url> {
        let mut url: Url = base_url.trim().parse().map_err(|error| {
            self.misconfigured(format!("the base URL {base_url:?} is no address: {error}"))
        })?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(self.misconfigured(format!(
                "the base URL {base_url:?} does not begin with http:// or https://"
            )));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                self.misconfigured("the base URL holds a user name or password; give the key as the API key")
            );
        }
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(url)
    }

    /// A text of the provider's without our key in it.
    pub(crate) fn scrub(&self, text: &str) -> String {
        match &self.key {
            Some(key) if key.expose_secret().len() >= 4 => {
                text.replace(key.expose_secret().trim(), "[redacted]")
            }
            _ => text.to_owned(),
        }
    }

    /// What a request that got no answer means.
    pub(crate) fn unanswered(&self, error: reqwest::Error) -> Error {
        // The address may hold more than the operator wants to see in a log.
        let error = error.without_url();
        Error::Unreachable { provider: self.provider.clone(), source: Source::from(error) }
    }

    /// The beginning of something unreadable.
    pub(crate) fn garbage(&self, message: &str, text: &str, source: Option<Source>) -> Error {
        Error::Garbage {
            provider: self.provider.clone(),
            message: message.to_owned(),
            excerpt: self.scrub(text).chars().take(200).collect(),
            source,
        }
    }

    pub(crate) fn cut(&self, source: impl Into<Source>) -> Error {
        Error::Cut { provider: self.provider.clone(), source: Some(source.into()) }
    }

    /// The answer where it is an event stream, and else the error that it amounts to.
    pub(crate) async fn event_stream(&self, response: Response, model: &str) -> Result<Response> {
        let status = response.status();
        if !status.is_success() {
            return Err(self.refused(response, model).await);
        }
        let kind =
            response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind.is_empty() || kind == "text/event-stream" {
            return Ok(response);
        }
        let body = read(response, LONGEST_BODY).await;
        if let Some(problem) = Problem::in_json(&body) {
            return Err(self.judge(problem, None, None, model));
        }
        let message = format!("{kind} where an event stream was expected; check the base URL");
        Err(self.garbage(&message, &String::from_utf8_lossy(&body), None))
    }

    /// The error that an answer without success amounts to.
    pub(crate) async fn refused(&self, response: Response, model: &str) -> Error {
        let status = response.status();
        let wait = retry_after(response.headers());
        let body = read(response, LONGEST_BODY).await;
        let problem = Problem::in_json(&body).unwrap_or_else(|| Problem::in_text(&body));
        self.judge(problem, Some(status), wait, model)
    }

    /// The error that a provider's own report of one amounts to.
    pub(crate) fn judge(
        &self,
        mut problem: Problem,
        status: Option<StatusCode>,
        wait: Option<Duration>,
        model: &str,
    ) -> Error {
        problem.message = self.scrub(&problem.message);
        problem.into_error(&self.provider, status, wait, model)
    }
}

/// The bytes of an event stream in whole lines: the parser reads a line from its beginning each time it grows, which
/// takes forever with a long one in small pieces. A line without an end is refused as invalid data.
pub(crate) fn whole_lines<E>(
    bytes: impl Stream<Item = std::result::Result<Bytes, E>> + Send,
) -> impl Stream<Item = io::Result<Bytes>> + Send
where
    E: Into<Source> + Send,
{
    async_stream::stream! {
        let mut bytes = std::pin::pin!(bytes);
        let mut begun = BytesMut::new();
        while let Some(piece) = bytes.next().await {
            let mut piece = match piece {
                Ok(piece) => piece,
                Err(error) => {
                    yield Err(io::Error::other(error));
                    return;
                }
            };
            if let Some(end) = piece.iter().rposition(|byte| *byte == b'\n') {
                begun.extend_from_slice(&piece.split_to(end + 1));
                yield Ok(begun.split().freeze());
            }
            begun.extend_from_slice(&piece);
            if begun.len() > LONGEST_LINE {
                yield Err(io::Error::new(io::ErrorKind::InvalidData, "a line has no end"));
                return;
            }
        }
        yield Ok(begun.freeze());
    }
}

/// The beginning of a body; a body that breaks off is as much as came of it.
pub(crate) async fn read(mut response: Response, longest: usize) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() >= longest {
            body.truncate(longest);
            break;
        }
    }
    body
}

/// How long a provider asks to wait: milliseconds, seconds, or a date, which is measured by the provider's own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let seconds =
        |text: &str| text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    if let Some(wait) = text("retry-after-ms").and_then(seconds) {
        return Some(wait / 1_000);
    }
    let asked = text(RETRY_AFTER.as_str())?;
    seconds(asked).or_else(|| {
        let date = |text: &str| chrono::DateTime::parse_from_rfc2822(text).ok();
        let (until, now) = (date(asked)?, date(text(DATE.as_str())?)?);
        (until - now).to_std().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read_in_every_form() {
        let read = |pairs: &[(&'static str, &str)]| {
            let headers =
                pairs.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap()));
            retry_after(&headers.collect::<HeaderMap>())
        };
        assert_eq!(read(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(read(&[("retry-after", "0.5")]), Some(Duration::from_millis(500)));
        assert_eq!(
            read(&[("retry-after-ms", "1500"), ("retry-after", "2")]),
            Some(Duration::from_millis(1500))
        );
        let dates =
            [("date", "Wed, 21 Oct 2015 07:28:00 GMT"), ("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT")];
        assert_eq!(read(&dates), Some(Duration::from_secs(30)));
        assert_eq!(read(&[("retry-after", "soon")]), None);
        assert_eq!(read(&[("retry-after", "-3")]), None);
        assert_eq!(read(&[]), None);
    }
}
