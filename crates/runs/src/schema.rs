//! JSON Schemas, as tools and answers are held against them. A reference to another document is never followed.

use jsonschema::Validator;
use serde_json::Value;

/// A schema that has been read.
#[derive(Debug)]
pub struct Schema(Validator);

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(schema: &Value) -> Result<Self, String> {
        jsonschema::validator_for(schema).map(Self).map_err(|error| error.to_string())
    }

    /// Whether a value fits.
    ///
    /// # Errors
    /// Its first faults, in a line.
    pub fn fits(&self, value: &Value) -> Result<(), String> {
        let faults: Vec<String> = self
            .0
            .iter_errors(value)
            .take(3)
            .map(|error| {
                let place = error.instance_path().to_string();
                if place.is_empty() { error.to_string() } else { format!("{place}: {error}") }
            })
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn faults_are_named_by_their_place() {
        let schema = Schema::read(&json!({ "properties": { "n": { "type": "integer" } } })).unwrap();
        assert_eq!(schema.fits(&json!({ "n": 1 })), Ok(()));
        let faults = schema.fits(&json!({ "n": "one" })).unwrap_err();
        assert!(faults.starts_with("/n: "), "{faults}");
    }

    #[test]
    fn another_document_is_not_read() {
        for elsewhere in ["http://127.0.0.1:1/schema.json", "file:///etc/hostname"] {
            assert!(Schema::read(&json!({ "$ref": elsewhere })).is_err(), "{elsewhere}");
        }
        assert!(Schema::read(&json!({ "type": "no-such-type" })).is_err());
    }
}
