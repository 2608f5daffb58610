//! Builds the address of a request from its parts, so that no part can lead it elsewhere.

use serde_json::{Map, Value};
use url::Url;

use crate::{Error, Result};

/// The address of `url` with `endpoint` below it and `query` behind it.
pub(crate) fn build(url: &str, endpoint: Option<&str>, query: &Map<String, Value>) -> Result<Url> {
    let base = parse("/url", url)?;
    let mut built = match endpoint.map(|endpoint| endpoint.trim().trim_start_matches('/')) {
        None | Some("") => base,
        Some(endpoint) => {
            check_text("/endpoint", endpoint)?;
            parse("/endpoint", &join(url.trim(), endpoint))?
        }
    };
    built.set_fragment(None);
    let pairs = pairs(query);
    if !pairs.is_empty() {
        built.query_pairs_mut().extend_pairs(pairs);
    }
    Ok(built)
}

/// An address that a document names, checked.
pub(crate) fn parse(field: &str, text: &str) -> Result<Url> {
    let text = text.trim();
    check_text(field, text)?;
    let url = Url::parse(text)
        .map_err(|error| Error::invalid(field, format!("the address cannot be used: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(Error::invalid(field, "the address begins with https:// or http:// and names a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let what = "the address carries a user name or a password; choose a secret for this node instead";
        return Err(Error::invalid(field, what));
    }
    Ok(url)
}

/// Refuses what parsers read differently, and steps that a value in a template could take out of its folder.
fn check_text(field: &str, text: &str) -> Result<()> {
    if text.contains(|odd: char| odd == '\\' || odd.is_control() || odd.is_whitespace()) {
        let what = "the address contains a backslash, a space or a control character; \
                    write parameters into the query, where they are encoded";
        return Err(Error::invalid(field, what));
    }
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let steps =
        |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if path.split('/').any(steps) {
        return Err(Error::invalid(field, "the address contains a step to another folder (`.` or `..`)"));
    }
    Ok(())
}

/// Two parts with exactly one slash between them, and the parameters of both.
fn join(base: &str, endpoint: &str) -> String {
    let base = base.split('#').next().unwrap_or_default();
    let (base, of_base) = base.split_once('?').unwrap_or((base, ""));
    let (path, of_endpoint) = endpoint.split_once('?').unwrap_or((endpoint, ""));
    let mut joined = match path {
        "" => base.to_owned(),
        path => format!("{}/{path}", base.trim_end_matches('/')),
    };
    let query = [of_base, of_endpoint].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>();
    if !query.is_empty() {
        joined.push('?');
        joined.push_str(&query.join("&"));
    }
    joined
}

/// The parameters of a query or a form: a list repeats its name, an object is written as JSON, null is left out.
pub(crate) fn pairs(fields: &Map<String, Value>) -> Vec<(&str, String)> {
    let mut pairs = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for item in items {
            match item {
                Value::Null => {}
                Value::String(text) => pairs.push((name.as_str(), text.clone())),
                other => pairs.push((name.as_str(), other.to_string())),
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn built(url: &str, endpoint: Option<&str>, query: Value) -> String {
        build(url, endpoint, query.as_object().unwrap()).unwrap().to_string()
    }

    #[test]
    fn parts_meet_in_one_slash() {
        for base in ["https://api.example/v1", "https://api.example/v1/", "https://api.example/v1//"] {
            for endpoint in ["items", "/items", "//items"] {
                assert_eq!(built(base, Some(endpoint), json!({})), "https://api.example/v1/items");
            }
        }
        for nothing in [None, Some(""), Some("/")] {
            assert_eq!(built("https://api.example/get", nothing, json!({})), "https://api.example/get");
        }
        assert_eq!(built("https://api.example", Some("a/"), json!({})), "https://api.example/a/");
    }

    #[test]
    fn parameters_of_every_part_are_kept_in_order() {
        let query = json!({"tag": ["a", "b c"], "page": 2, "all": true, "none": null, "filter": {"x": 1}, "l": [[1]]});
        assert_eq!(
            built("https://api.example/v1?k=1#top", Some("items?s=2"), query),
            "https://api.example/v1/items?k=1&s=2&tag=a&tag=b+c&page=2&all=true&filter=%7B%22x%22%3A1%7D&l=%5B1%5D"
        );
        assert_eq!(built("https://api.example/v1", Some("?s=2"), json!({})), "https://api.example/v1?s=2");
    }

    #[test]
    fn an_endpoint_leads_nowhere_else() {
        for endpoint in ["https://evil.example/", "//evil.example", "@evil.example", ":80/"] {
            let url = build("https://api.example", Some(endpoint), &Map::new()).unwrap();
            assert_eq!(url.host_str(), Some("api.example"), "{url}");
            assert_eq!(url.port(), None);
        }
    }

    #[test]
    fn addresses_that_are_none_are_refused() {
        let refused = [
            ("", None),
            ("api.example", None),
            ("ftp://api.example", None),
            ("https://", Some("evil.example")),
            ("https://user:pass@api.example", None),
            ("https://api.example/a b", None),
            ("https://api.example\\@evil.example", None),
            ("https://api.example/\r\nX: 1", None),
            ("https://api.example/users/../admin", None),
            ("https://api.example/users", Some("%2E%2e/admin")),
            ("https://api.example", Some("a\tb")),
        ];
        for (url, endpoint) in refused {
            assert!(build(url, endpoint, &Map::new()).is_err(), "{url:?} {endpoint:?}");
        }
    }
}
