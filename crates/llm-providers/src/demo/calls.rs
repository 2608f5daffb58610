//! Finds the tools that a person names, and their arguments: JSON, `key=value`, or the one text a tool takes.

mod arguments;

use serde_json::Value;

use crate::chat::ToolSpec;

const VERBS: &[&str] = &[
    "use", "using", "call", "calling", "run", "running", "invoke", "execute", "try", "with", "via", "through",
];
const LINKS: &[&str] = &["and", "then", "also", "plus"];
const FILLERS: &[&str] = &[
    "the", "a", "an", "my", "your", "our", "mcp", "tool", "function", "named", "called", "please", "server's",
];

/// A tool call that was asked for.
#[derive(Debug, PartialEq)]
pub(super) struct Call {
    pub(super) tool: String,
    pub(super) arguments: Value,
}

/// What a text asks for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Calls {
    pub(super) calls: Vec<Call>,
    /// The text without them.
    pub(super) rest: String,
    /// A tool that was named with arguments and is not there.
    pub(super) unknown: Option<String>,
}

/// Reads a text for the tools it names.
pub(super) fn read(text: &str, tools: &[ToolSpec]) -> Calls {
    let mut found = Calls::default();
    let mut position = 0;
    let mut kept = 0;
    while let Some(word) = next_word(text, position) {
        position = word.end;
        let bare = bare(word.text).to_lowercase();
        let verb = VERBS.contains(&bare.as_str());
        let link = !found.calls.is_empty() && LINKS.contains(&bare.as_str());
        let named = if verb || link {
            named_tool(text, skip_fillers(text, word.end), tools)
        } else {
            // A name right before its arguments needs no verb.
            named_tool(text, word.start, tools).filter(|(_, end)| arguments::follow(&text[*end..]))
        };
        if let Some((tool, end)) = named {
            let (arguments, length) = arguments::read(&text[end..], &tool.input_schema);
            found.rest.push_str(&text[kept..word.start]);
            found.calls.push(Call { tool: tool.name.clone(), arguments });
            position = end + length;
            kept = position;
        } else if verb && found.unknown.is_none() {
            found.unknown = unknown_tool(text, skip_fillers(text, word.end));
        }
    }
    found.rest.push_str(&text[kept.min(text.len())..]);
    found.rest = found.rest.trim().to_owned();
    found
}

/// A word and where it stands.
struct Word<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

fn next_word(text: &str, from: usize) -> Option<Word<'_>> {
    let rest = text.get(from..)?;
    let start = from + rest.find(|letter: char| !letter.is_whitespace())?;
    let length = text[start..].find(char::is_whitespace).unwrap_or(text.len() - start);
    Some(Word { text: &text[start..start + length], start, end: start + length })
}

fn skip_fillers(text: &str, mut from: usize) -> usize {
    while let Some(word) = next_word(text, from) {
        if !FILLERS.contains(&bare(word.text).to_lowercase().as_str()) {
            break;
        }
        from = word.end;
    }
    from
}

fn bare(word: &str) -> &str {
    word.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '_')
}

/// The tool whose name stands at a position, and where the name ends. Names of several words are tried first.
fn named_tool<'t>(text: &str, from: usize, tools: &'t [ToolSpec]) -> Option<(&'t ToolSpec, usize)> {
    // What begins as JSON does are arguments, whatever names stand in them.
    let first = next_word(text, from).filter(|word| !word.text.starts_with(['{', '[']))?;
    // `echo({"message": "hi"})`: the arguments hang on the name.
    if let Some(open) = first.text.find(['(', '{']).filter(|open| *open > 0) {
        return tool_by_name(&first.text[..open], tools).map(|tool| (tool, first.start + open));
    }
    let mut ends = vec![first.end];
    while ends.len() < 3 {
        match ends.last().and_then(|end| next_word(text, *end)) {
            Some(word) => ends.push(word.end),
            None => break,
        }
    }
    ends.iter().rev().find_map(|end| {
        let tool = tool_by_name(&text[first.start..*end], tools)?;
        Some((tool, *end))
    })
}

/// `get-sum`, `get sum` and `Get_Sum` are one name; a server's prefix may be left out.
fn tool_by_name<'t>(name: &str, tools: &'t [ToolSpec]) -> Option<&'t ToolSpec> {
    let wanted = plain(bare(name));
    if wanted.is_empty() {
        return None;
    }
    let exact = tools.iter().find(|tool| plain(&tool.name) == wanted);
    exact.or_else(|| {
        let suffix = format!("-{wanted}");
        let mut ending = tools.iter().filter(|tool| plain(&tool.name).ends_with(&suffix));
        let only = ending.next()?;
        // Two servers' tools of one name: neither is meant.
        ending.next().is_none().then_some(only)
    })
}

fn plain(name: &str) -> String {
    let parts: Vec<String> = name
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .map(str::to_lowercase)
        .collect();
    parts.join("-")
}

/// A word that is meant as a tool, since arguments follow it.
fn unknown_tool(text: &str, from: usize) -> Option<String> {
    let word = next_word(text, from)?;
    let name = bare(word.text);
    let meant = !name.is_empty() && arguments::follow(&text[word.end..]);
    meant.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tools() -> Vec<ToolSpec> {
        let tool = |name: &str, schema: Value| ToolSpec {
            name: name.to_owned(),
            description: String::new(),
            input_schema: schema,
        };
        vec![
            tool(
                "echo",
                json!({"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]}),
            ),
            tool(
                "everything__get-sum",
                json!({"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}),
            ),
            tool(
                "list_files",
                json!({"type": "object", "properties": {"path": {"type": "string"}, "deep": {"type": "boolean"}}}),
            ),
        ]
    }

    #[track_caller]
    fn check(text: &str, expected: Value) {
        let calls: Vec<Value> =
            read(text, &tools()).calls.into_iter().map(|call| json!([call.tool, call.arguments])).collect();
        assert_eq!(Value::from(calls), expected, "{text}");
    }

    #[test]
    fn arguments_as_json() {
        check(r#"use echo with {"message":"hi"}"#, json!([["echo", {"message": "hi"}]]));
        check(
            r#"Please call the tool `echo`: {"message": "a } b"}."#,
            json!([["echo", {"message": "a } b"}]]),
        );
        check(r#"echo {"message":"no verb"}"#, json!([["echo", {"message": "no verb"}]]));
        check(r#"run echo({"message":"hung on"})"#, json!([["echo", {"message": "hung on"}]]));
        check(
            "use echo with\n```json\n{\"message\":\"fenced\"}\n```",
            json!([["echo", {"message": "fenced"}]]),
        );
    }

    #[test]
    fn arguments_as_pairs_take_the_schemas_types() {
        check("call get-sum with a=2 b=3", json!([["everything__get-sum", {"a": 2, "b": 3}]]));
        check("call get sum with a = 2.5, b: 3 please", json!([["everything__get-sum", {"a": 2.5, "b": 3}]]));
        check(r#"use get-sum with {"a":"2","b":3}"#, json!([["everything__get-sum", {"a": 2, "b": 3}]]));
        check(r#"use echo with message=5"#, json!([["echo", {"message": "5"}]]));
        check(
            r#"use list_files with path="a b" deep=true"#,
            json!([["list_files", {"path": "a b", "deep": true}]]),
        );
    }

    #[test]
    fn one_text_needs_no_name() {
        check(r#"use echo with "hello there""#, json!([["echo", {"message": "hello there"}]]));
        check("use echo to say hello there", json!([["echo", {"message": "hello there"}]]));
        check("use echo", json!([["echo", {}]]));
    }

    #[test]
    fn several_tools_are_called_side_by_side() {
        check(
            r#"use echo with {"message":"x"} and get-sum with a=1 b=2, then list files with path=/"#,
            json!([
                ["echo", {"message": "x"}],
                ["everything__get-sum", {"a": 1, "b": 2}],
                ["list_files", {"path": "/"}],
            ]),
        );
    }

    #[test]
    fn what_is_no_tool_is_left_alone() {
        for text in ["what can you do with tools", "use your head", ""] {
            let calls = read(text, &tools());
            assert_eq!((calls.calls.len(), calls.unknown), (0, None), "{text}");
        }
        let calls = read(r#"use frobnicate with {"a":1}"#, &tools());
        assert_eq!((calls.calls.len(), calls.unknown), (0, Some("frobnicate".to_owned())));
        // What a tool is not called by is not found among the arguments either.
        let calls = read(r#"use frobnicate with {"sum": 1}"#, &tools());
        assert_eq!((calls.calls.len(), calls.unknown), (0, Some("frobnicate".to_owned())));
        let calls = read(r#"use echo with {"message":"an html page"} and write a poem"#, &tools());
        assert_eq!(calls.rest, "and write a poem");
    }
}
