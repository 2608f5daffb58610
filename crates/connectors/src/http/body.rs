//! Bodies: what is sent becomes bytes, and what comes back becomes a value.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::address;
use crate::{Error, Result};

/// Media types whose bytes are nobody's text, even where they happen to be readable.
const BINARY: [&str; 8] = [
    "image/",
    "audio/",
    "video/",
    "font/",
    "application/octet-stream",
    "application/pdf",
    "application/zip",
    "application/gzip",
];

/// The bytes of a body; the header `Content-Type` is set where the document says nothing.
pub(crate) fn encode(body: &Value, headers: &mut HeaderMap) -> Result<Bytes> {
    let said = headers.get(CONTENT_TYPE).map(|value| media_type(value.to_str().unwrap_or_default()));
    let (bytes, media_type) = match (body, said.as_deref()) {
        (Value::String(text), _) => (text.clone().into_bytes(), "text/plain; charset=utf-8"),
        (_, Some(said)) if said.starts_with("multipart/") => {
            return Err(Error::invalid("/headers/content-type", "a body in several parts is not supported"));
        }
        (Value::Object(fields), Some("application/x-www-form-urlencoded")) => {
            let form =
                form_urlencoded::Serializer::new(String::new()).extend_pairs(address::pairs(fields)).finish();
            (form.into_bytes(), "application/x-www-form-urlencoded")
        }
        (value, _) => (value.to_string().into_bytes(), "application/json"),
    };
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(media_type));
    Ok(bytes.into())
}

/// Why a body could not be read.
pub(crate) enum Broken {
    TooLarge,
    Cut(reqwest::Error),
}

/// A body, at most `max_bytes` of it after decompression: a longer one is an error, not a cut.
pub(crate) async fn read(response: &mut reqwest::Response, max_bytes: usize) -> Result<Bytes, Broken> {
    if response.content_length().unwrap_or_default() > max_bytes as u64 {
        return Err(Broken::TooLarge);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(Broken::Cut)? {
        if body.len() + chunk.len() > max_bytes {
            return Err(Broken::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// What a body says: JSON, text, or bytes with their type.
///
/// A body that is not declared as JSON is read as such only where it is an object or a list, so that a text of digits
/// stays the text it is.
pub(crate) fn decode(bytes: &Bytes, content_type: Option<&str>) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    let said = media_type(content_type.unwrap_or_default());
    let declared = said == "application/json" || said.ends_with("+json");
    let looks =
        || bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|first| b"{[".contains(first));
    if (declared || looks())
        && let Ok(value) = serde_json::from_slice(bytes)
    {
        return value;
    }
    match text(bytes, &said, content_type.unwrap_or_default()) {
        Some(text) => Value::String(text),
        None => json!({
            "content_type": content_type.unwrap_or("application/octet-stream"),
            "bytes": bytes.len(),
            "base64": BASE64_STANDARD.encode(bytes),
        }),
    }
}

fn text(bytes: &Bytes, said: &str, content_type: &str) -> Option<String> {
    let binary = BINARY.iter().any(|kind| said.starts_with(kind)) && !said.ends_with("+xml");
    if binary || bytes.contains(&0) {
        return None;
    }
    let latin_1 = || {
        // Its bytes are the first 256 characters of Unicode.
        let charset = content_type.to_ascii_lowercase();
        charset.contains("charset=iso-8859-1").then(|| bytes.iter().map(|byte| char::from(*byte)).collect())
    };
    std::str::from_utf8(bytes).map(str::to_owned).ok().or_else(latin_1)
}

/// The media type without its parameters, in lower case.
fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &'static [u8], content_type: Option<&str>) -> Value {
        decode(&Bytes::from_static(bytes), content_type)
    }

    #[test]
    fn a_body_is_read_as_what_it_is() {
        assert_eq!(decoded(b"", Some("application/json")), Value::Null);
        assert_eq!(decoded(b" 12 ", Some("application/json; charset=utf-8")), json!(12));
        assert_eq!(decoded(b"{\"a\":1}", Some("application/problem+json")), json!({"a": 1}));
        assert_eq!(decoded(b"\n[1]", None), json!([1]));
        assert_eq!(decoded(b"{\"a\":1}", Some("text/plain")), json!({"a": 1}));
        assert_eq!(decoded(b"01234", Some("text/plain")), json!("01234"));
        assert_eq!(decoded(b"{broken", Some("application/json")), json!("{broken"));
        assert_eq!(decoded(b"gr\xfc\xdfe", Some("text/html; charset=ISO-8859-1")), json!("grüße"));
        assert_eq!(decoded(b"<svg/>", Some("image/svg+xml")), json!("<svg/>"));
        let binary = json!({"content_type": "image/png", "bytes": 4, "base64": "iVBORw=="});
        assert_eq!(decoded(b"\x89PNG", Some("image/png")), binary);
        let unknown = json!({"content_type": "application/octet-stream", "bytes": 2, "base64": "/wA="});
        assert_eq!(decoded(b"\xff\0", None), unknown);
    }
}
