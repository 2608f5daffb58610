//! Decides what to answer: what the last message asks for, in the order in which a person would expect it.

use crate::{
    chat::{ChatRequest, Content, Message, Role},
    demo::{
        artifacts,
        calls::{self, Call},
        knowledge, text,
    },
};

/// More would only fill somebody's disk.
const LONGEST: u64 = 1_000_000;

/// A part of an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Part {
    /// Shown as reasoning.
    Think(String),
    /// Shown as text.
    Say(String),
    /// A tool call.
    Call(Call),
    /// So many words, one piece each.
    Words(u64),
    /// The numbers from 1 to this one, one piece each.
    Count(u64),
}

/// The parts of the answer to a request.
pub(super) fn plan(request: &ChatRequest) -> Vec<Part> {
    let results = results(&request.messages);
    let asked = asked(&request.messages);
    let mut words = text::words(&asked);
    let mut parts = Vec::new();
    if results.is_empty() {
        if request.thinking.is_some() || text::has_any(&words, &["think", "thinking", "reason"]) {
            parts.push(Part::Think(thought(&asked, request)));
        }
        if let Some(length) = length(&words) {
            parts.push(length);
            return parts;
        }
    }

    let calls = calls::read(&asked, &request.tools);
    if !calls.rest.is_empty() || !calls.calls.is_empty() {
        words = text::words(&calls.rest);
    }
    if results.is_empty() && !calls.calls.is_empty() {
        let names: Vec<String> = calls.calls.iter().map(|call| format!("`{}`", call.tool)).collect();
        parts.push(Part::Say(format!("I call {}, as you asked.\n\n", names.join(" and "))));
        parts.extend(calls.calls.into_iter().map(Part::Call));
        return parts;
    }

    let mut said = String::new();
    for (tool, is_error, result) in &results {
        said.push_str(&report(tool, *is_error, result));
    }
    let artifact = artifacts::wanted(&calls.rest, &words, &request.messages);
    if let Some(artifact) = &artifact {
        said.push_str(artifact);
    }
    if let Some(tool) = calls.unknown.filter(|_| results.is_empty()) {
        said.push_str(&format!("I have no tool named `{tool}`. {}", tool_list(request)));
    } else if artifact.is_none() && results.is_empty() {
        said.push_str(&pictures(request).unwrap_or_default());
        let tools_asked =
            text::has(&words, "tool") && text::has_any(&words, &["which", "list", "what", "show"]);
        said.push_str(&if tools_asked { tool_list(request) } else { knowledge::answer(&words) });
    }
    said.push_str(footer(&request.messages));
    parts.push(Part::Say(said));
    parts
}

/// The text of the last message that a person wrote.
fn asked(messages: &[Message]) -> String {
    messages.iter().rev().find(|message| message.role == Role::User).map(Message::text).unwrap_or_default()
}

/// The tool results that nobody has answered yet: tool name, whether it failed, what it said.
fn results(messages: &[Message]) -> Vec<(String, bool, String)> {
    let recent = messages.iter().rev().take_while(|message| message.role == Role::Tool);
    let mut recent: Vec<&Message> = recent.collect();
    recent.reverse();
    let results = recent.into_iter().flat_map(|message| &message.content);
    results
        .filter_map(|content| match content {
            Content::ToolResult { call_id, is_error, text } => Some((call_id, *is_error, text.clone())),
            _ => None,
        })
        .map(|(call_id, is_error, text)| (tool_of(messages, call_id), is_error, text))
        .collect()
}

fn tool_of(messages: &[Message], call_id: &str) -> String {
    let contents = messages.iter().rev().flat_map(|message| &message.content);
    let mut names = contents.filter_map(|content| match content {
        Content::ToolCall { id, name, .. } if id == call_id => Some(name.clone()),
        _ => None,
    });
    names.next().unwrap_or_else(|| "the tool".to_owned())
}

fn report(tool: &str, is_error: bool, result: &str) -> String {
    let result = result.trim();
    let verb = if is_error { "failed" } else { "answered" };
    if result.is_empty() {
        return format!("`{tool}` {verb} without a word.\n\n");
    }
    let is_json = result.starts_with(['{', '[']) && serde_json::from_str::<serde_json::Value>(result).is_ok();
    if is_json {
        return format!("`{tool}` {verb}:\n\n```json\n{result}\n```\n\n");
    }
    let quoted: Vec<String> = result.lines().map(|line| format!("> {line}")).collect();
    format!("`{tool}` {verb}:\n\n{}\n\n", quoted.join("\n"))
}

/// "write 500 tokens", "count to 20".
fn length(words: &[String]) -> Option<Part> {
    let number =
        |position: usize| words.get(position)?.parse::<u64>().ok().map(|number| number.clamp(1, LONGEST));
    let is = |position: usize, wanted: &[&str]| {
        words.get(position).is_some_and(|word| wanted.contains(&word.as_str()))
    };
    (0..words.len()).find_map(|at| {
        if is(at, &["count"]) && is(at + 1, &["to"]) {
            return number(at + 2).map(Part::Count);
        }
        let writes = is(at, &["write", "stream", "generate", "produce", "say"]);
        (writes && is(at + 2, &["token", "tokens", "word", "words"]))
            .then(|| number(at + 1).map(Part::Words))?
    })
}

fn thought(asked: &str, request: &ChatRequest) -> String {
    let first_line = asked.trim().lines().next().unwrap_or_default();
    let short: String = first_line.chars().take(120).collect();
    let tools = match request.tools.len() {
        0 => "There is no tool that I could call.".to_owned(),
        1 => "There is one tool; I call it if it is named.".to_owned(),
        many => format!("There are {many} tools; I call those that are named."),
    };
    format!(
        "I was asked: \"{short}\". I am a demo, so this is not real reasoning: I look for the name of a tool, then for \
         something to draw or write, then for words that I know an answer to. {tools}"
    )
}

fn tool_list(request: &ChatRequest) -> String {
    if request.tools.is_empty() {
        return "No tool is given to me in this conversation. Connect an MCP server on the \
                [Servers](/servers) page and add it to the agent that answers here.\n\n"
            .to_owned();
    }
    let lines: Vec<String> = request
        .tools
        .iter()
        .map(|tool| {
            let description = tool.description.lines().next().unwrap_or_default();
            format!("- `{}`: {description}", tool.name)
        })
        .collect();
    let first = request.tools.first().map(|tool| tool.name.as_str()).unwrap_or_default();
    format!(
        "I can call these tools:\n\n{}\n\nName one and give its arguments, such as \
         `use {first} with {{\"name\": \"value\"}}`.\n\n",
        lines.join("\n")
    )
}

fn pictures(request: &ChatRequest) -> Option<String> {
    let last = request.messages.iter().rev().find(|message| message.role == Role::User)?;
    let count = last.content.iter().filter(|content| matches!(content, Content::Image { .. })).count();
    let what = match count {
        0 => return None,
        1 => "the picture".to_owned(),
        many => format!("the {many} pictures"),
    };
    Some(format!("I received {what}, but a demo cannot see; a real model with vision can.\n\n"))
}

/// Said once in a conversation.
fn footer(messages: &[Message]) -> &'static str {
    let said = messages
        .iter()
        .filter(|message| message.role == Role::Assistant)
        .any(|message| message.text().contains(knowledge::NOTICE_MARK));
    if said { "" } else { knowledge::NOTICE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read() {
        let read = |text: &str| length(&text::words(text));
        assert_eq!(read("Please write 500 tokens."), Some(Part::Words(500)));
        assert_eq!(read("count to 20"), Some(Part::Count(20)));
        assert_eq!(read("stream 99999999 words"), Some(Part::Words(LONGEST)));
        assert_eq!(read("write a poem in 20 lines"), None);
    }
}
