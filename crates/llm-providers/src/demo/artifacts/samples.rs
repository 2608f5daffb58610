//! The templates of the demo's artifacts. Each works as it stands, without the network.

use conductor_domain::ArtifactKind;

use crate::demo::artifacts::Subject;

/// The word for a kind in a sentence.
pub(super) const fn noun(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Code => "program",
        ArtifactKind::Html => "HTML page",
        ArtifactKind::Svg => "SVG image",
        ArtifactKind::React => "React component",
        ArtifactKind::Mermaid => "Mermaid diagram",
        ArtifactKind::Text => "document",
    }
}

/// The title where none was given.
pub(super) const fn default_title(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Code => "Word count",
        ArtifactKind::Html => "A page by the demo",
        ArtifactKind::Svg => "Concentric circles",
        ArtifactKind::React => "Task list",
        ArtifactKind::Mermaid => "A turn in Conductor",
        ArtifactKind::Text => "Notes",
    }
}

/// The artifact's text.
pub(super) fn content(kind: ArtifactKind, subject: &Subject<'_>) -> String {
    let template = match (kind, subject.language) {
        (ArtifactKind::Html, _) => HTML,
        (ArtifactKind::Svg, _) => SVG,
        (ArtifactKind::React, _) => REACT,
        (ArtifactKind::Mermaid, _) => MERMAID,
        (ArtifactKind::Text, _) => TEXT,
        (ArtifactKind::Code, "rust") => RUST,
        (ArtifactKind::Code, "javascript") => JAVASCRIPT,
        (ArtifactKind::Code, "sql") => SQL,
        (ArtifactKind::Code, _) => PYTHON,
    };
    let note = match subject.revision {
        1 => "Made by Conductor's demo model".to_owned(),
        revision => format!("Version {revision}: {}", one_line(subject.wish)),
    };
    let (title, note) = match kind {
        ArtifactKind::Html | ArtifactKind::Svg => (escape(subject.title), escape(&note)),
        ArtifactKind::React => (jsx(subject.title), jsx(&note)),
        // Quotes and brackets would end a node's label.
        ArtifactKind::Mermaid => (plain(subject.title), plain(&note)),
        ArtifactKind::Text | ArtifactKind::Code => (subject.title.to_owned(), note),
    };
    template.replace("{title}", &title).replace("{note}", &note)
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace("```", "");
    line.chars().take(80).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn jsx(text: &str) -> String {
    escape(text).replace('{', "&#123;").replace('}', "&#125;")
}

fn plain(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric() || " ,.:'-".contains(*letter)).collect()
}

const HTML: &str = r##"<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{title}</title>
  <style>
    :root { color-scheme: light dark; }
    body { font: 16px/1.6 system-ui, sans-serif; margin: 0; display: grid; place-items: center; min-height: 100vh; }
    main { max-width: 34rem; padding: 2rem; }
    h1 { font-size: 2.25rem; letter-spacing: -0.02em; margin: 0 0 0.5rem; }
    button { font: inherit; padding: 0.5rem 1.25rem; border: 0; border-radius: 0.5rem; background: #c2542d; color: #fff; cursor: pointer; }
    small { opacity: 0.65; }
  </style>
</head>
<body>
  <main>
    <h1>{title}</h1>
    <p>This page stands alone: its style and its script are inside it, and it needs no network.</p>
    <p><button id="count">Clicked 0 times</button></p>
    <small>{note}</small>
  </main>
  <script>
    const button = document.getElementById("count");
    let clicks = 0;
    button.addEventListener("click", () => {
      clicks += 1;
      button.textContent = `Clicked ${clicks} ${clicks === 1 ? "time" : "times"}`;
    });
  </script>
</body>
</html>
"##;

const SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 240" role="img" aria-label="{title}">
  <defs>
    <radialGradient id="glow" cx="50%" cy="45%" r="60%">
      <stop offset="0%" stop-color="#f7c59f"/>
      <stop offset="100%" stop-color="#c2542d"/>
    </radialGradient>
  </defs>
  <rect width="320" height="240" rx="16" fill="#1f2430"/>
  <circle cx="160" cy="100" r="72" fill="none" stroke="#c2542d" stroke-opacity="0.35" stroke-width="2"/>
  <circle cx="160" cy="100" r="56" fill="none" stroke="#c2542d" stroke-opacity="0.6" stroke-width="2"/>
  <circle cx="160" cy="100" r="38" fill="url(#glow)"/>
  <text x="160" y="204" fill="#f4efe9" font-family="system-ui, sans-serif" font-size="18" text-anchor="middle">{title}</text>
  <text x="160" y="224" fill="#f4efe9" fill-opacity="0.6" font-family="system-ui, sans-serif" font-size="10" text-anchor="middle">{note}</text>
</svg>
"##;

const REACT: &str = r##"import { useState } from "react";

export default function App() {
  const [tasks, setTasks] = useState([
    { id: 1, text: "Add a provider key", done: false },
    { id: 2, text: "Connect an MCP server", done: false },
    { id: 3, text: "Talk to an agent", done: true },
  ]);
  const [text, setText] = useState("");

  const toggle = (id) => setTasks(tasks.map((task) => (task.id === id ? { ...task, done: !task.done } : task)));
  const add = (event) => {
    event.preventDefault();
    if (text.trim() === "") return;
    setTasks([...tasks, { id: tasks.length + 1, text: text.trim(), done: false }]);
    setText("");
  };

  return (
    <main style={{ font: "16px/1.5 system-ui, sans-serif", maxWidth: 420, margin: "2rem auto", padding: "0 1rem" }}>
      <h1 style={{ fontSize: "1.5rem" }}>{title}</h1>
      <ul style={{ listStyle: "none", padding: 0 }}>
        {tasks.map((task) => (
          <li key={task.id}>
            <label>
              <input type="checkbox" checked={task.done} onChange={() => toggle(task.id)} />{" "}
              <span style={{ textDecoration: task.done ? "line-through" : "none" }}>{task.text}</span>
            </label>
          </li>
        ))}
      </ul>
      <form onSubmit={add}>
        <input aria-label="New task" value={text} onChange={(event) => setText(event.target.value)} />{" "}
        <button type="submit">Add</button>
      </form>
      <p style={{ opacity: 0.6, fontSize: "0.8rem" }}>{note}</p>
    </main>
  );
}
"##;

const MERMAID: &str = r#"flowchart TD
    title["{title}"] --> person(["A person asks"])
    person --> agent["The agent and its model"]
    agent -->|calls a tool| decide{"May it?"}
    decide -->|allow| tool["The tool runs"]
    decide -->|ask| approval["A person approves"]
    decide -->|deny| agent
    approval --> tool
    tool -->|result| agent
    agent --> answer(["The answer"])
    answer -.- note["{note}"]
"#;

const TEXT: &str = r"# {title}

*{note}.*

## In short

This is a template, not a text that a model thought of. With a real model connected, the same request gives a real document.

## What a document can hold

1. Headings, lists and tables
2. **Emphasis**, `code` and [links](https://www.rfc-editor.org/rfc/rfc9457)
3. Formulas such as $a^2 + b^2 = c^2$

| Step | What happens |
|---|---|
| Ask | The agent writes a first version |
| Change | Each change is a version of its own |
| Keep | Every version stays and can be compared |
";

const PYTHON: &str = r#"# {title}. {note}.
import re
import sys
from collections import Counter


def count_words(text: str) -> Counter[str]:
    """Count the words of a text, whatever their case."""
    return Counter(re.findall(r"\w+", text.lower()))


if __name__ == "__main__":
    for word, count in count_words(sys.stdin.read()).most_common(10):
        print(f"{count:6}  {word}")
"#;

const RUST: &str = r#"// {title}. {note}.
use std::{collections::HashMap, io::Read};

fn count_words(text: &str) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for word in text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()) {
        *counts.entry(word.to_lowercase()).or_default() += 1;
    }
    counts
}

fn main() -> std::io::Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let mut counts: Vec<_> = count_words(&text).into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    for (word, count) in counts.iter().take(10) {
        println!("{count:6}  {word}");
    }
    Ok(())
}
"#;

const JAVASCRIPT: &str = r#"// {title}. {note}.
export function countWords(text) {
  const counts = new Map();
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}

for (const [word, count] of countWords("one fish two fish").slice(0, 10)) {
  console.log(String(count).padStart(6), word);
}
"#;

const SQL: &str = r"-- {title}. {note}.
WITH words AS (
    SELECT lower(word) AS word
    FROM documents, regexp_split_to_table(documents.text, '\W+') AS word
    WHERE word <> ''
)
SELECT word, count(*) AS occurrences
FROM words
GROUP BY word
ORDER BY occurrences DESC, word
LIMIT 10;
";
