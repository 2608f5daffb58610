//! Names of attributes: `userName`, `name.familyName`, `urn:…:User:department`, or an extension as a whole.

use std::fmt;

use serde_json::Value;

use crate::schema::{Attribute, Kind};

/// The name of an attribute, as a filter, a PATCH or a query writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributePath {
    /// The schema, where it is written.
    pub(crate) schema: Option<String>,
    /// The attribute; empty where the schema as a whole is meant.
    pub(crate) name: String,
    /// The part of a complex attribute.
    pub(crate) sub: Option<String>,
}

/// What a path means in a schema.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Resolved {
    /// A whole extension.
    Extension(&'static str),
    /// An attribute, within an extension or not, and a part of it.
    Attribute {
        extension: Option<&'static str>,
        attribute: &'static Attribute,
        sub: Option<&'static Attribute>,
    },
}

impl AttributePath {
    /// Reads a path. `None` where it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 300 || !text.bytes().all(is_path_byte) {
            return None;
        }
        if text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")) {
            if let Some(extension) = Kind::extension_named(text) {
                return Some(Self { schema: Some(extension.to_owned()), name: String::new(), sub: None });
            }
            let (schema, rest) = text.rsplit_once(':')?;
            return Some(Self { schema: Some(schema.to_owned()), ..Self::parse(rest)? });
        }
        let (name, sub) = match text.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (text, None),
        };
        let sound = is_name(name) && sub.is_none_or(is_name);
        sound.then(|| Self { schema: None, name: name.to_owned(), sub: sub.map(str::to_owned) })
    }

    /// The attribute's name where it is one of the core schema without a part.
    #[must_use]
    pub fn plain(&self) -> Option<&str> {
        let core = self.schema.as_deref().is_none_or(|schema| Kind::extension_named(schema).is_none());
        (core && self.sub.is_none()).then_some(self.name.as_str())
    }

    pub(crate) fn resolve(&self, kind: Kind) -> Option<Resolved> {
        let extension = match &self.schema {
            Some(schema) if schema.eq_ignore_ascii_case(kind.schema().id) => None,
            Some(schema) => {
                Some(kind.extensions().iter().find(|known| known.id.eq_ignore_ascii_case(schema))?)
            }
            None => None,
        };
        if self.name.is_empty() {
            return extension.map(|extension| Resolved::Extension(extension.id));
        }
        let attributes = extension.map_or(kind.schema().attributes, |extension| extension.attributes);
        let attribute = Attribute::named(attributes, &self.name).or_else(|| match extension {
            None => Attribute::named(crate::schema::COMMON, &self.name),
            Some(_) => None,
        })?;
        let sub = match &self.sub {
            Some(sub) => Some(Attribute::named(attribute.subs, sub)?),
            None => None,
        };
        Some(Resolved::Attribute { extension: extension.map(|extension| extension.id), attribute, sub })
    }

    /// The values at the path: of an attribute with several values each of them, of a complex value its `value`.
    pub(crate) fn values<'v>(&self, resource: &'v Value) -> Vec<&'v Value> {
        let holder = match &self.schema {
            Some(schema) if Kind::extension_named(schema).is_some() => member(resource, schema),
            _ => Some(resource),
        };
        let found = match (holder, self.name.as_str()) {
            (Some(holder), "") => Some(holder),
            (Some(holder), name) => member(holder, name),
            (None, _) => None,
        };
        let each = |value: &'v Value| match value {
            Value::Array(all) => all.iter().collect(),
            Value::Null => Vec::new(),
            one => vec![one],
        };
        let found = found.map(each).unwrap_or_default();
        match &self.sub {
            Some(sub) => found.into_iter().filter_map(|value| member(value, sub)).flat_map(each).collect(),
            None => found,
        }
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            f.write_str(schema)?;
            if self.name.is_empty() {
                return Ok(());
            }
            f.write_str(":")?;
        }
        f.write_str(&self.name)?;
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

/// A member of an object; names differ in case as they like.
pub(crate) fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let object = value.as_object()?;
    object
        .get(name)
        .or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

pub(crate) fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'.' | b'_' | b'-' | b'$')
}

fn is_name(name: &str) -> bool {
    let start = name.strip_prefix('$').unwrap_or(name);
    start.starts_with(|first: char| first.is_ascii_alphabetic())
        && start.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ENTERPRISE;

    #[test]
    fn paths_are_read_with_schema_and_part() {
        let read = |text: &str| AttributePath::parse(text).unwrap();
        assert_eq!(read("name.familyName").sub.as_deref(), Some("familyName"));
        let department = read(&format!("{ENTERPRISE}:department"));
        assert_eq!(
            (department.schema.as_deref(), department.name.as_str()),
            (Some(ENTERPRISE), "department")
        );
        assert_eq!(read(&format!("{ENTERPRISE}:manager.value")).sub.as_deref(), Some("value"));
        assert!(matches!(read(ENTERPRISE).resolve(Kind::User), Some(Resolved::Extension(_))));
        assert!(read("urn:ietf:params:scim:schemas:core:2.0:User:userName").resolve(Kind::User).is_some());
        assert!(read("USERNAME").resolve(Kind::User).is_some());
        assert!(read("userName").resolve(Kind::Group).is_none());
        for bad in ["", "a b", "1a", "name.", ".x", "a.b.c", "x'--", "emails[0]", "urn:x:", "naïve"] {
            assert!(AttributePath::parse(bad).is_none(), "{bad}");
        }
    }
}
