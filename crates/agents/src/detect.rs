//! Finds artifacts in an answer while it streams: fenced code blocks whose info string carries an identifier.
//!
//! ````text
//! ```html id=landing-page title="Landing page" type=html
//! <!doctype html>…
//! ```
//! ````
//!
//! The fences are those of `CommonMark` outside of lists: up to three spaces, three or more backticks or tildes, closed
//! by at least as many of the same. A plain block may show such a fence without making an artifact. What is found
//! depends on the text alone, never on where a provider happened to cut it.

use conductor_domain::ArtifactKind;

/// An opening line longer than this is no artifact's.
const MAX_OPENING_BYTES: usize = 2_000;
/// An identifier is cut here.
const MAX_IDENTIFIER_CHARS: usize = 100;
/// A title is cut here.
const MAX_TITLE_CHARS: usize = 200;

/// A piece of what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// The answer as it came, fences and artifacts included.
    Text(String),
    /// An artifact begins.
    ArtifactStarted {
        /// The name that all its versions share.
        identifier: String,
        /// How it is shown.
        kind: ArtifactKind,
        /// One line.
        title: String,
        /// The language that the fence names.
        language: Option<String>,
    },
    /// More of the artifact that began last.
    ArtifactDelta(String),
    /// The artifact that began last is whole.
    ArtifactCompleted,
}

/// The line that opened a block, as far as its end must match it.
#[derive(Clone, Copy, Debug)]
struct Fence {
    mark: char,
    length: usize,
    indent: usize,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Outside,
    Plain(Fence),
    Artifact(Fence),
}

/// Reads an answer piece by piece.
#[derive(Debug)]
pub struct Detector {
    place: Place,
    /// The beginning of the present line, for as long as it may still be a fence.
    line: String,
    /// Whether the present line is known to be no fence.
    decided: bool,
    /// A line break of the artifact that is only written once another line follows.
    line_break: bool,
    /// A carriage return that is only written where no line break follows.
    carriage_return: bool,
    delta: String,
    found: Vec<Segment>,
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

impl Detector {
    /// A detector at the start of an answer.
    #[must_use]
    pub fn new() -> Self {
        Self {
            place: Place::Outside,
            line: String::new(),
            decided: false,
            line_break: false,
            carriage_return: false,
            delta: String::new(),
            found: Vec::new(),
        }
    }

    /// Takes more of the answer. The texts of all `Text` segments, joined, are the answer.
    pub fn push(&mut self, text: &str) -> Vec<Segment> {
        if !text.is_empty() {
            self.found.push(Segment::Text(text.to_owned()));
        }
        for letter in text.chars() {
            self.letter(letter);
        }
        self.flush();
        std::mem::take(&mut self.found)
    }

    /// Ends the answer: an artifact that is still open is whole now.
    pub fn finish(&mut self) -> Vec<Segment> {
        if let Place::Artifact(fence) = self.place {
            if !self.decided && !closes(&self.line, fence) && !self.line.is_empty() {
                self.release(fence);
            }
            self.complete();
        }
        let found = std::mem::take(&mut self.found);
        *self = Self::new();
        found
    }

    fn letter(&mut self, letter: char) {
        if std::mem::take(&mut self.carriage_return) && letter != '\n' {
            self.within_line('\r');
        }
        match letter {
            '\r' => self.carriage_return = true,
            '\n' => self.end_line(),
            _ => self.within_line(letter),
        }
    }

    fn within_line(&mut self, letter: char) {
        if self.decided {
            if matches!(self.place, Place::Artifact(_)) {
                self.delta.push(letter);
            }
            return;
        }
        self.line.push(letter);
        let undecided = match self.place {
            Place::Outside => may_open(&self.line),
            Place::Plain(fence) | Place::Artifact(fence) => may_close(&self.line, fence),
        };
        if !undecided {
            if let Place::Artifact(fence) = self.place {
                self.release(fence);
            }
            self.line.clear();
            self.decided = true;
        }
    }

    fn end_line(&mut self) {
        if !self.decided {
            match self.place {
                Place::Outside => self.open(),
                Place::Plain(fence) => {
                    if closes(&self.line, fence) {
                        self.place = Place::Outside;
                    }
                }
                Place::Artifact(fence) if closes(&self.line, fence) => self.complete(),
                Place::Artifact(fence) => {
                    self.release(fence);
                    self.line_break = true;
                }
            }
        } else if matches!(self.place, Place::Artifact(_)) {
            self.line_break = true;
        }
        self.line.clear();
        self.decided = false;
    }

    /// Decides what a whole line outside of blocks opens.
    fn open(&mut self) {
        let Some((fence, info)) = opening(&self.line) else { return };
        match header(info) {
            Some(started) if self.line.len() <= MAX_OPENING_BYTES => {
                self.found.push(started);
                self.place = Place::Artifact(fence);
                self.line_break = false;
            }
            _ => self.place = Place::Plain(fence),
        }
    }

    /// Writes the beginning of a line that is no closing fence, without the indentation of the block.
    fn release(&mut self, fence: Fence) {
        if std::mem::take(&mut self.line_break) {
            self.delta.push('\n');
        }
        let spaces = self.line.bytes().take(fence.indent).take_while(|byte| *byte == b' ').count();
        self.delta.push_str(&self.line[spaces..]);
    }

    fn complete(&mut self) {
        self.flush();
        self.found.push(Segment::ArtifactCompleted);
        self.place = Place::Outside;
        self.line_break = false;
    }

    fn flush(&mut self) {
        if !self.delta.is_empty() {
            self.found.push(Segment::ArtifactDelta(std::mem::take(&mut self.delta)));
        }
    }
}

/// Splits a line into its indentation in spaces, the run of its first mark, and the rest.
fn parts(line: &str) -> (usize, &str, &str) {
    let text = line.trim_start_matches(' ');
    let indent = line.len() - text.len();
    let mark = text.chars().next().unwrap_or(' ');
    let rest = text.trim_start_matches(mark);
    let run = &text[..text.len() - rest.len()];
    (indent, run, rest)
}

/// Whether a line that begins like this may open a block.
fn may_open(line: &str) -> bool {
    let (indent, run, rest) = parts(line);
    if indent > 3 || line.len() > MAX_OPENING_BYTES * 2 {
        return false;
    }
    match run.as_bytes().first() {
        None => true,
        Some(b'`') => (run.len() >= 3 || rest.is_empty()) && !rest.contains('`'),
        Some(b'~') => run.len() >= 3 || rest.is_empty(),
        Some(_) => false,
    }
}

/// Whether a line that begins like this may close the block.
fn may_close(line: &str, fence: Fence) -> bool {
    let (indent, run, rest) = parts(line);
    indent <= 3
        && (run.is_empty()
            || run.starts_with(fence.mark) && (rest.is_empty() || run.len() >= fence.length && blank(rest)))
}

/// Whether a whole line closes the block.
fn closes(line: &str, fence: Fence) -> bool {
    let (_, run, _) = parts(line);
    may_close(line, fence) && run.len() >= fence.length
}

fn opening(line: &str) -> Option<(Fence, &str)> {
    let (indent, run, rest) = parts(line);
    let mark = run.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    (run.len() >= 3 && may_open(line)).then_some((Fence { mark, length: run.len(), indent }, rest))
}

fn blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t'))
}

/// Reads an info string; `None` where it names no artifact.
fn header(info: &str) -> Option<Segment> {
    let (mut language, mut identifier, mut title, mut kind) = (None, None, None, None);
    for (at, (key, value)) in words(info).into_iter().enumerate() {
        match (key.as_deref(), value) {
            (None, value) if at == 0 => language = Some(value.to_lowercase()),
            (Some("id" | "identifier"), value) => identifier = Some(name(&value)),
            (Some("title"), value) => title = Some(value),
            (Some("type"), value) => kind = value.to_lowercase().parse::<ArtifactKind>().ok(),
            (Some("language" | "lang"), value) => language = Some(value.to_lowercase()),
            _ => {}
        }
    }
    let identifier = identifier.filter(|identifier| !identifier.is_empty())?;
    let language = language.filter(|language| !language.is_empty());
    let kind = kind.unwrap_or_else(|| kind_of(language.as_deref().unwrap_or_default()));
    let title = title.map(|title| title.trim().chars().take(MAX_TITLE_CHARS).collect::<String>());
    let title = title.filter(|title| !title.is_empty()).unwrap_or_else(|| identifier.clone());
    Some(Segment::ArtifactStarted { identifier, kind, title, language })
}

/// `key=value` pairs and bare words; values may stand in quotes.
fn words(info: &str) -> Vec<(Option<String>, String)> {
    let mut words = Vec::new();
    let mut rest = info.trim();
    while !rest.is_empty() {
        let end = rest.find(|letter: char| letter == '=' || letter.is_whitespace()).unwrap_or(rest.len());
        let word = rest[..end].to_owned();
        rest = &rest[end..];
        let Some(value) = rest.strip_prefix('=') else {
            words.push((None, word));
            rest = rest.trim_start();
            continue;
        };
        let quote = value.chars().next().filter(|letter| matches!(letter, '"' | '\''));
        let (value, after) = match quote {
            // A quote that nobody closed ends with the line.
            Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        words.push((Some(word.to_lowercase()), value.to_owned()));
        rest = after.trim_start();
    }
    words
}

/// An identifier without anything that an address or a file name could mind.
fn name(text: &str) -> String {
    let mut name = String::new();
    for letter in text.trim().chars().take(MAX_IDENTIFIER_CHARS) {
        match letter {
            letter if letter.is_alphanumeric() => name.push(letter),
            '.' | '_' => name.push(letter),
            _ if name.ends_with('-') || name.is_empty() => {}
            _ => name.push('-'),
        }
    }
    name.trim_end_matches('-').to_owned()
}

/// What a language is shown as.
fn kind_of(language: &str) -> ArtifactKind {
    match language {
        "html" | "htm" => ArtifactKind::Html,
        "svg" => ArtifactKind::Svg,
        "jsx" | "tsx" | "react" => ArtifactKind::React,
        "mermaid" => ArtifactKind::Mermaid,
        "markdown" | "md" | "text" | "txt" => ArtifactKind::Text,
        _ => ArtifactKind::Code,
    }
}

#[cfg(test)]
mod tests;
