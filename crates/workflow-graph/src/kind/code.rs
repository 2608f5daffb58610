//! A program runs in the sandbox. Its text is never a template: braces belong to the program.

use serde::Serialize;
use serde_json::json;

use super::{About, Found, Settings, about};
use crate::{Node, fields::Fields, word::words};

words! {
    /// What a program is written in.
    Language {
        Python => "python" "Python.",
        Javascript => "javascript" "JavaScript.",
    }
}

/// The settings of a code node. Its inputs and the workflow's variables are globals of the program, and the globals
/// that it assigns are its output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Code {
    /// What it is written in.
    pub language: Language,
    /// The program.
    pub code: String,
    /// The packages that it imports, of those that an operator approved.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<String>,
}

impl Code {
    /// The names that the program assigns at its outermost level, as far as its lines tell.
    #[must_use]
    pub fn assigned(&self) -> Vec<&str> {
        let names = self.code.lines().filter_map(|line| {
            let line = match self.language {
                Language::Python => line,
                Language::Javascript => ["let ", "const ", "var "]
                    .iter()
                    .find_map(|keyword| line.strip_prefix(keyword))
                    .unwrap_or(line),
            };
            let (left, right) = line.split_once('=')?;
            let name = left.trim_end_matches(['+', '-', '*', '/', '%']).trim_end();
            let plain = name.starts_with(|first: char| first.is_alphabetic() || first == '_')
                && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
            (plain && !right.starts_with('=')).then_some(name)
        });
        names.collect()
    }
}

impl Settings for Code {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            language: fields.word("language").unwrap_or_default(),
            code: fields.text("code").unwrap_or_default(),
            packages: fields.texts("packages").unwrap_or_default(),
        }
    }

    fn check(&self, _node: &Node, found: &mut Found<'_>) {
        found.require("/config/code", !self.code.trim().is_empty());
    }

    fn about() -> About {
        About {
            name: "Code",
            inputs: "Globals of the program, beside what the workflow knows by bare names.",
            output: about::object("The globals that the program assigned, by their names."),
            settings: json!({
                "language": about::word::<Language>("What it is written in."),
                "code": about::text("The program; never a template."),
                "packages": about::texts("The packages that it imports, of those that an operator approved."),
            }),
            required: &["code"],
            example: json!({
                "nodes": [{
                    "id": "price", "kind": "code",
                    "config": { "language": "python", "code": "total = net * 1.19" },
                    "inputs": { "net": "{{inputs.net}}" },
                }],
                "edges": [],
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_found_at_the_outermost_level() {
        let code = "import x\nprice = 1\nprice += 2\nif price == 3:\n    inner = 4\nd['k'] = 5\nprint(f'{a=}')\nx >= 3\n";
        let program = Code { code: code.to_owned(), ..Code::default() };
        assert_eq!(program.assigned(), ["price", "price"]);
        let code = "let total = 1;\nconst rate = 2;\nsum = total\nif (a === b) {\n  let c = 1\n}";
        let program = Code { code: code.to_owned(), language: Language::Javascript, ..Code::default() };
        assert_eq!(program.assigned(), ["total", "rate", "sum"]);
    }
}
