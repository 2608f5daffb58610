//! Headers that a document asks for, without a way to end one early or to change how the request is framed.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::{Map, Value};

use crate::{Error, Result};

pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Belong to the connection: set by hand they let two servers read one request differently, or name another host than
/// the one that was checked.
const OURS: [HeaderName; 9] = [
    header::HOST,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::EXPECT,
    header::PROXY_AUTHORIZATION,
];

/// The headers of a document.
pub(crate) fn read(fields: &Map<String, Value>) -> Result<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(fields.len());
    for (key, given) in fields {
        let field = format!("/headers/{}", key.replace('~', "~0").replace('/', "~1"));
        let name = name(&field, key)?;
        let items = given.as_array().map_or(std::slice::from_ref(given), Vec::as_slice);
        for item in items {
            let text = match item {
                Value::Null => continue,
                Value::String(text) => text.clone(),
                Value::Bool(_) | Value::Number(_) => item.to_string(),
                Value::Array(_) | Value::Object(_) => {
                    return Err(Error::invalid(
                        field,
                        format!("the header {key:?} is neither text nor a list of it"),
                    ));
                }
            };
            headers.append(&name, value(&field, &text)?);
        }
    }
    Ok(headers)
}

/// A header's name.
pub(crate) fn name(field: &str, text: &str) -> Result<HeaderName> {
    let name = HeaderName::try_from(text)
        .map_err(|_| Error::invalid(field, format!("{text:?} cannot be the name of a header")))?;
    if OURS.contains(&name) {
        return Err(Error::invalid(field, format!("the header {name} is set by the connection itself")));
    }
    Ok(name)
}

/// A header's value, which no log shows.
pub(crate) fn value(field: &str, text: &str) -> Result<HeaderValue> {
    // Bytes beyond ASCII go out as UTF-8; line ends and other control characters are refused.
    let mut value = HeaderValue::try_from(text).map_err(|_| {
        Error::invalid(field, "the value of a header contains a line end or another control character")
    })?;
    value.set_sensitive(true);
    Ok(value)
}
