//! Writes an artifact where one is asked for: a fenced block whose info string names it, as every agent is told to
//! write them, so that the demo shows what a real model would do with it.

mod samples;

use conductor_domain::ArtifactKind;

use crate::{
    chat::{Message, Role},
    demo::text,
};

const MAKING: &[&str] = &[
    "make", "create", "write", "build", "draw", "design", "generate", "produce", "give me", "show me",
    "sketch", "i want", "i need", "i'd like",
];
/// Made on pages of their own, not in a conversation.
const ELSEWHERE: &[&str] =
    &["an agent", "new agent", "agent that", "an mcp", "a server", "a key", "a workflow"];
const CHANGING: &[&str] = &[
    "change",
    "update",
    "revise",
    "improve",
    "modify",
    "rewrite",
    "adjust",
    "make it",
    "make the",
    "new version",
];
const ASKING: &[&str] = &["how", "what", "why", "where", "when", "who", "which", "can", "does", "is", "are"];

/// What a sample is filled with.
pub(super) struct Subject<'a> {
    pub(super) title: &'a str,
    pub(super) language: &'a str,
    /// 1, 2, 3 …
    pub(super) revision: usize,
    /// What was asked for.
    pub(super) wish: &'a str,
}

/// A fence with an identifier that stands in the conversation.
struct Known {
    id: String,
    title: String,
    kind: ArtifactKind,
    language: String,
    revisions: usize,
}

/// The artifact a text asks for, with a sentence before it.
pub(super) fn wanted(asked: &str, words: &[String], messages: &[Message]) -> Option<String> {
    if words.is_empty() {
        return None;
    }
    let kind = kind(words);
    if text::has_any(words, CHANGING)
        && let Some(known) =
            known(messages).into_iter().rev().find(|known| kind.is_none_or(|kind| known.kind == kind))
    {
        let revision = known.revisions + 1;
        let subject = Subject { title: &known.title, language: &known.language, revision, wish: asked };
        let block = block(known.kind, &known.id, &subject);
        return Some(format!("Here is version {revision} of **{}**.\n\n{block}", known.title));
    }
    let kind = kind?;
    let question = words.first().is_some_and(|first| ASKING.contains(&first.as_str()));
    let polite = text::has_any(words, &["can you", "could you", "would you"]);
    if !text::has_any(words, MAKING) || text::has_any(words, ELSEWHERE) || (question && !polite) {
        return None;
    }
    let title = topic(asked).unwrap_or_else(|| samples::default_title(kind).to_owned());
    let language = language(kind, words);
    let subject = Subject { title: &title, language, revision: 1, wish: asked };
    let block = block(kind, &identifier(&title, kind), &subject);
    Some(format!("Here is a small {}, written from a template.\n\n{block}", samples::noun(kind)))
}

fn block(kind: ArtifactKind, id: &str, subject: &Subject<'_>) -> String {
    let content = samples::content(kind, subject);
    let Subject { title, language, .. } = subject;
    format!("```{language} id={id} title=\"{title}\" type={kind}\n{}\n```\n\n", content.trim_end())
}

fn kind(words: &[String]) -> Option<ArtifactKind> {
    let table: [(&[&str], ArtifactKind); 6] = [
        (&["react", "component", "jsx", "tsx"], ArtifactKind::React),
        (&["svg", "icon", "logo", "drawing", "picture", "vector"], ArtifactKind::Svg),
        (&["mermaid", "diagram", "flowchart", "flow chart", "sequence"], ArtifactKind::Mermaid),
        (&["html", "web page", "webpage", "website", "landing page", "page"], ArtifactKind::Html),
        (
            &["document", "markdown", "report", "essay", "memo", "article", "letter", "notes"],
            ArtifactKind::Text,
        ),
        (
            &["code", "script", "function", "program", "python", "rust", "javascript", "sql"],
            ArtifactKind::Code,
        ),
    ];
    table.into_iter().find(|(asked_by, _)| text::has_any(words, asked_by)).map(|(_, kind)| kind)
}

fn language(kind: ArtifactKind, words: &[String]) -> &'static str {
    match kind {
        ArtifactKind::Html => "html",
        ArtifactKind::Svg => "svg",
        ArtifactKind::React => "jsx",
        ArtifactKind::Mermaid => "mermaid",
        ArtifactKind::Text => "markdown",
        ArtifactKind::Code => {
            let known = ["rust", "javascript", "sql", "python"];
            known.into_iter().find(|language| text::has(words, language)).unwrap_or("python")
        }
    }
}

/// "about tea" → "Tea".
fn topic(asked: &str) -> Option<String> {
    let line = asked.lines().next()?;
    let lower = line.to_ascii_lowercase();
    let start = [" about ", " titled ", " called ", " named ", " showing ", " that shows ", " for ", " of "]
        .iter()
        .find_map(|lead| lower.find(lead).map(|at| at + lead.len()))?;
    let rest = line.get(start..)?;
    let end = rest.find(['.', ',', ';', '!', '?', '\n', '<', '>']).unwrap_or(rest.len());
    let words = rest.get(..end)?.replace(['"', '`', '{', '}', '\\'], "");
    let words = words.split_whitespace().take(8).collect::<Vec<_>>().join(" ");
    let words = words.strip_prefix("the ").or_else(|| words.strip_prefix("a ")).unwrap_or(&words);
    let mut letters = words.chars();
    let first = letters.next()?;
    Some(first.to_uppercase().chain(letters).collect())
}

fn identifier(title: &str, kind: ArtifactKind) -> String {
    let words = text::words(title);
    let plain = words.iter().map(|word| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>());
    let mut parts: Vec<String> = plain.filter(|word| !word.is_empty()).take(5).collect();
    parts.push(kind.as_str().to_owned());
    parts.join("-")
}

/// The artifacts of the conversation, the latest last.
fn known(messages: &[Message]) -> Vec<Known> {
    let mut found: Vec<Known> = Vec::new();
    for message in messages.iter().filter(|message| message.role == Role::Assistant) {
        for line in message.text().lines() {
            let Some(info) = line.strip_prefix("```") else {
                continue;
            };
            let Some(id) = field(info, "id") else { continue };
            let kind = field(info, "type").and_then(|kind| kind.parse().ok()).unwrap_or(ArtifactKind::Code);
            let before = found.iter().position(|known| known.id == id).map(|at| found.remove(at));
            found.push(Known {
                title: field(info, "title").unwrap_or_else(|| id.clone()),
                language: info.split_whitespace().next().unwrap_or_default().to_owned(),
                revisions: before.map_or(0, |known| known.revisions) + 1,
                id,
                kind,
            });
        }
    }
    found
}

/// `name=value` or `name="a value"` in an info string.
fn field(info: &str, name: &str) -> Option<String> {
    let at = info.find(&format!(" {name}="))? + name.len() + 2;
    let rest = info.get(at..)?;
    let value = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split_whitespace().next()?,
    };
    Some(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(asked: &str, messages: &[Message]) -> Option<String> {
        wanted(asked, &text::words(asked), messages)
    }

    #[track_caller]
    fn check(asked: &str, info: &str) {
        let answer = ask(asked, &[]).unwrap();
        let fence = answer.lines().find(|line| line.starts_with("```")).unwrap();
        assert_eq!(fence, info);
        assert_eq!(answer.lines().filter(|line| line.starts_with("```")).count(), 2, "{answer}");
    }

    #[test]
    fn each_kind_is_a_named_block() {
        check(
            "Make an HTML page about green tea.",
            r#"```html id=green-tea-html title="Green tea" type=html"#,
        );
        check("draw an svg", r#"```svg id=concentric-circles-svg title="Concentric circles" type=svg"#);
        check("Build a React component", r#"```jsx id=task-list-react title="Task list" type=react"#);
        check(
            "Could you draw a mermaid diagram of \"the login\"?",
            r#"```mermaid id=login-mermaid title="Login" type=mermaid"#,
        );
        check("write a document for ÄÖ", r#"```markdown id=text title="ÄÖ" type=text"#);
        check("write code in Rust", r#"```rust id=word-count-code title="Word count" type=code"#);
        check("write a SQL function", r#"```sql id=word-count-code title="Word count" type=code"#);
    }

    #[test]
    fn questions_are_no_orders() {
        assert_eq!(ask("What is an HTML page?", &[]), None);
        assert_eq!(ask("How do I create a React component?", &[]), None);
        assert_eq!(ask("make it better", &[]), None);
        assert_eq!(ask("Create an agent that writes code", &[]), None);
        assert_eq!(ask("Explain this code", &[]), None);
    }

    #[test]
    fn a_change_is_the_next_version_of_the_same_artifact() {
        let mut messages = vec![Message::assistant(ask("make a page about tea", &[]).unwrap())];
        let second = ask("Change it to <green>", &messages).unwrap();
        assert!(second.contains("```html id=tea-html title=\"Tea\" type=html"), "{second}");
        assert!(second.contains("Version 2: Change it to &lt;green&gt;"), "{second}");
        messages.push(Message::assistant(second));
        let third = ask("update the page", &messages).unwrap();
        assert!(third.contains("Here is version 3 of **Tea**"), "{third}");
    }
}
