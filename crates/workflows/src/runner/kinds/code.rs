//! Code: a program runs in the sandbox. What the workflow knows by bare names are its globals.

use conductor_workflow_graph::kind::Code;
use serde_json::{Map, Value, json};

use super::{Act, Begin, Made, Result, Wanted};
use crate::programs::RUN;

pub(super) fn begin(begin: &Begin<'_>, code: &Code) -> Result<Act> {
    let mut globals = Map::new();
    for (name, value) in begin.view.names() {
        // Only what the program speaks of goes along: what nodes gave may be large.
        if is_word(name) && speaks_of(&code.code, name) {
            globals.insert(name.to_owned(), value.clone());
        }
    }
    globals.extend(begin.inputs()?);
    let arguments = json!({
        "language": code.language.as_str(),
        "code": code.code,
        "packages": code.packages,
        "globals": globals,
    });
    Ok(Act::Call(Wanted { tool: RUN.to_owned(), arguments, agent_id: None }))
}

pub(super) fn made(made: &Made) -> Value {
    made.json()
}

fn is_word(name: &str) -> bool {
    name.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}

fn speaks_of(code: &str, name: &str) -> bool {
    let part = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    code.match_indices(name).any(|(at, _)| {
        let (before, after) = (code[..at].chars().next_back(), code[at + name.len()..].chars().next());
        !part(before) && !part(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_speaks_of_whole_words() {
        assert!(speaks_of("price = cost * rate", "cost"));
        assert!(!speaks_of("price = costs * rate", "cost"));
        assert!(!speaks_of("a_cost = 1", "cost"));
        assert!(speaks_of("print(größe)", "größe"));
        assert!(!is_word("a-b") && !is_word("1a") && !is_word(""));
    }
}
