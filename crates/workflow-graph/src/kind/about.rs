//! What people and machines are told of a kind, and the words in which it is told: pieces of JSON Schema.

use serde_json::{Value, json};

use crate::word::Word;

/// What a kind says of itself.
pub(crate) struct About {
    /// Its name for people.
    pub(crate) name: &'static str,
    /// What the `inputs` of its nodes are.
    pub(crate) inputs: &'static str,
    /// A JSON Schema of its output.
    pub(crate) output: Value,
    /// A JSON Schema of each of its settings.
    pub(crate) settings: Value,
    /// The settings that there have to be.
    pub(crate) required: &'static [&'static str],
    /// A whole workflow with a node of it, but for its name.
    pub(crate) example: Value,
}

pub(super) fn text(says: &str) -> Value {
    json!({ "type": "string", "description": says })
}

pub(super) fn texts(says: &str) -> Value {
    json!({ "type": "array", "items": { "type": "string" }, "description": says })
}

pub(super) fn whole(says: &str, least: u32) -> Value {
    json!({ "type": "integer", "minimum": least, "description": says })
}

pub(super) fn number(says: &str, least: u32, most: u32) -> Value {
    json!({ "type": "number", "minimum": least, "maximum": most, "description": says })
}

pub(super) fn flag(says: &str) -> Value {
    json!({ "type": "boolean", "description": says })
}

pub(super) fn object(says: &str) -> Value {
    json!({ "type": "object", "description": says })
}

/// An object with these fields.
pub(super) fn fields(says: &str, properties: Value) -> Value {
    json!({ "type": "object", "description": says, "properties": properties })
}

pub(super) fn any(says: &str) -> Value {
    json!({ "description": says })
}

/// One of the words of an enumeration, as documents spell them.
pub(super) fn word<T: Word>(says: &str) -> Value {
    let words: Vec<&str> = T::WORDS.iter().map(|one| one.word()).collect();
    json!({ "type": "string", "enum": words, "description": says })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        Config, Kind,
        fields::{Fields, Sink},
    };

    #[test]
    fn what_is_told_of_the_settings_is_what_is_read() {
        for kind in Kind::ALL.iter().copied() {
            let (nothing, sink) = (json!({}), Sink::default());
            let mut fields = Fields::of(&nothing, String::new(), None, &sink).unwrap();
            let _ = Config::read(kind, &mut fields);
            let read: BTreeSet<&str> = fields.known().iter().copied().collect();
            let about = kind.about();
            let told: BTreeSet<&str> =
                about.settings.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(told, read, "{kind}");
            assert!(about.required.iter().all(|field| told.contains(field)), "{kind}");
        }
    }
}
