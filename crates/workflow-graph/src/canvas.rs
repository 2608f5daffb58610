//! The canvas form: nodes with places and colours, and connections between their numbers.
//!
//! Kinds that the form does not know are drawn under their own name with the settings of the stored form, and what it
//! has no field for (`key`, `agent`, `inputs`, `guard`, `on_error`, `retry`, `timeout_ms`, `port`) is added where it is
//! set, so that nothing is lost on the way there and back.

mod branches;
mod read;
mod settings;
mod write;

use crate::{Config, Kind, kind::ConnectorKind};

pub(crate) use read::read;
pub(crate) use write::write;

/// How a kind is drawn.
struct Look {
    name: &'static str,
    icon: &'static str,
    color: &'static str,
}

/// The type, icon and colour of what a node does.
fn look(config: &Config) -> Look {
    let (name, icon, color) = match config {
        Config::Start(_) => ("Start", "▶️", "#10b981"),
        Config::Agent(_) => ("Agent", "🔶", "#f59e0b"),
        Config::Condition(_) => ("Conditional", "🔀", "#8b5cf6"),
        Config::Http(_) => ("API", "🌐", "#3b82f6"),
        Config::Tool(tool) if tool.connector_kind == ConnectorKind::Api => ("API", "🌐", "#3b82f6"),
        Config::Code(_) => ("Code", "💻", "#0ea5e9"),
        Config::Review(_) => ("Self-Review", "✅", "#06b6d4"),
        Config::Human(_) => ("HITL", "👤", "#06b6d4"),
        Config::Tool(_) => ("MCP", "🔌", "#14b8a6"),
        Config::End(_) => ("End", "⏹️", "#64748b"),
        Config::Transform(_) => ("Transform", "🧮", "#a855f7"),
        Config::Database(_) => ("Database", "🗄️", "#0891b2"),
        Config::Parallel(_) => ("Parallel", "⏩", "#8b5cf6"),
        Config::Map(_) => ("Map", "🔁", "#8b5cf6"),
        Config::Join(_) => ("Join", "🔗", "#8b5cf6"),
        Config::Loop(_) => ("Loop", "🔄", "#8b5cf6"),
        Config::Subworkflow(_) => ("Subworkflow", "🧩", "#6366f1"),
        Config::Integration(_) => ("Integration", "📨", "#ec4899"),
        Config::Wait(_) => ("Wait", "⏳", "#64748b"),
    };
    Look { name, icon, color }
}

/// The types that a document may name, and the kinds that they are read as; `API` is http or tool by its settings.
const TYPES: [(&str, Kind); 18] = [
    ("Start", Kind::Start),
    ("Agent", Kind::Agent),
    ("Conditional", Kind::Condition),
    ("API", Kind::Http),
    ("Code", Kind::Code),
    ("Self-Review", Kind::Review),
    ("HITL", Kind::Human),
    ("MCP", Kind::Tool),
    ("End", Kind::End),
    ("Transform", Kind::Transform),
    ("Database", Kind::Database),
    ("Parallel", Kind::Parallel),
    ("Map", Kind::Map),
    ("Join", Kind::Join),
    ("Loop", Kind::Loop),
    ("Subworkflow", Kind::Subworkflow),
    ("Integration", Kind::Integration),
    ("Wait", Kind::Wait),
];

/// A title as a name by which a workflow is run: small letters and digits, joined by hyphens.
fn slug(title: &str) -> String {
    let mut slug = String::new();
    for letter in title.chars().flat_map(char::to_lowercase) {
        if letter.is_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// The number that an id is, where it is written as numbers are.
fn number(id: &str) -> Option<i64> {
    id.parse::<i64>().ok().filter(|number| number.to_string() == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_type_of_its_own() {
        let kinds: std::collections::HashSet<_> = TYPES.iter().map(|(_, kind)| kind).collect();
        assert_eq!(kinds.len(), Kind::ALL.len());
    }

    #[test]
    fn titles_become_names() {
        assert_eq!(slug("Proposal Generation Workflow"), "proposal-generation-workflow");
        assert_eq!(slug("  Größe: 2 × 3! "), "größe-2-3");
        assert_eq!(slug("…"), "");
    }

    #[test]
    fn only_what_is_written_as_a_number_is_one() {
        assert_eq!([number("5000"), number("-1")], [Some(5000), Some(-1)]);
        assert_eq!([number("007"), number("+1"), number("x"), number("")], [None; 4]);
    }
}
