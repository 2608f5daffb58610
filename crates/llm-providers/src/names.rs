//! Tool names on the wire. Vendors take letters, digits, `_` and `-`, and 64 of them; servers name tools as they like.

use std::collections::HashMap;

use crate::chat::{ChatRequest, Content};

/// The longest name that every vendor takes.
const LONGEST: usize = 64;

/// The names of one request, ours and theirs.
#[derive(Debug, Default)]
pub(crate) struct ToolNames {
    to_wire: HashMap<String, String>,
    from_wire: HashMap<String, String>,
}

impl ToolNames {
    /// The names of the tools that a request offers or has called.
    pub(crate) fn of(request: &ChatRequest) -> Self {
        let offered = request.tools.iter().map(|tool| tool.name.as_str());
        let parts = request.messages.iter().flat_map(|message| &message.content);
        let called = parts.filter_map(|part| match part {
            Content::ToolCall { name, .. } => Some(name.as_str()),
            _ => None,
        });
        let mut names = Self::default();
        // Names that fit keep themselves, whatever the others turn into.
        let (fitting, others): (Vec<&str>, Vec<&str>) =
            offered.chain(called).partition(|name| wire(name) == **name);
        for name in fitting.into_iter().chain(others) {
            names.add(name);
        }
        names
    }

    fn add(&mut self, name: &str) {
        if self.to_wire.contains_key(name) {
            return;
        }
        let plain = wire(name);
        let mut chosen = plain.clone();
        let mut number = 2;
        while self.from_wire.contains_key(&chosen) {
            let suffix = format!("_{number}");
            let kept: String = plain.chars().take(LONGEST - suffix.len()).collect();
            chosen = kept + &suffix;
            number += 1;
        }
        self.to_wire.insert(name.to_owned(), chosen.clone());
        self.from_wire.insert(chosen, name.to_owned());
    }

    /// Their name of one of ours.
    pub(crate) fn theirs<'a>(&'a self, name: &'a str) -> &'a str {
        self.to_wire.get(name).map_or(name, String::as_str)
    }

    /// Our name of one of theirs; a name that the model made up stays as it is.
    pub(crate) fn ours(&self, name: &str) -> String {
        self.from_wire.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }
}

fn wire(name: &str) -> String {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    let name: String =
        name.chars().map(|letter| if allowed(letter) { letter } else { '_' }).take(LONGEST).collect();
    if name.is_empty() { "_".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::ToolSpec;

    #[test]
    fn every_name_has_one_that_fits_and_finds_back() {
        let long = "x".repeat(100);
        let names = ["files.read", "files/read", "files_read", "lésen", "", &long, &format!("{long}y")];
        let tool = |name: &&str| ToolSpec {
            name: (*name).to_owned(),
            description: String::new(),
            input_schema: serde_json::Value::Null,
        };
        let request = ChatRequest { tools: names.iter().map(tool).collect(), ..ChatRequest::default() };
        let map = ToolNames::of(&request);
        assert_eq!(map.theirs("files_read"), "files_read");
        for name in names {
            let wire = map.theirs(name);
            assert!(!wire.is_empty() && wire.len() <= LONGEST, "{wire}");
            assert!(
                wire.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter)),
                "{wire}"
            );
            assert_eq!(map.ours(wire), name);
        }
        assert_eq!(map.ours("made_up"), "made_up");
    }
}
