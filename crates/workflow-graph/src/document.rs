//! Text to a tree of values: JSON or YAML, bounded, with the line and column where it stops being either.

use std::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::{
    limits::Limits,
    problem::{Code, Position, Problem},
};

/// What a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

impl Syntax {
    /// What a text looks like: JSON where it begins with a brace or bracket, else YAML.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim_start().starts_with(['{', '[']) { Self::Json } else { Self::Yaml }
    }
}

/// Reads a document of any kind.
///
/// # Errors
/// The place of what is no YAML or JSON, or exceeds a limit.
pub fn parse(text: &str, syntax: Syntax, limits: &Limits) -> Result<Value, Problem> {
    if text.len() > limits.bytes {
        let message = format!("the document has {} bytes, more than {}", text.len(), limits.bytes);
        return Err(Problem::error(Code::TooLarge, "", message));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Aliases may repeat a text more often than any document needs; what they make is counted.
    let room = Cell::new(limits.bytes.saturating_mul(2).saturating_add(1024));
    let too_large = Cell::new(None);
    let tree = Tree { depth: limits.depth, room: &room, too_large: &too_large };
    let document = match syntax {
        Syntax::Json => json(text, tree),
        Syntax::Yaml => yaml(text, tree, limits),
    };
    document.map_err(|problem| match too_large.get() {
        Some(message) => Problem { code: Code::TooLarge, message: message.to_owned(), ..problem },
        None => problem,
    })
}

fn json(text: &str, tree: Tree<'_>) -> Result<Value, Problem> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = tree.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| {
        let position = Position { line: error.line() as u64, column: error.column() as u64 };
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        Problem {
            position: Some(position),
            ..Problem::error(Code::Syntax, "", format!("no JSON: {message}"))
        }
    })
}

fn yaml(text: &str, tree: Tree<'_>, limits: &Limits) -> Result<Value, Problem> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_documents: 1,
            max_depth: limits.depth,
            max_aliases: 1_000,
            max_anchors: 1_000,
        },
        // `yes` and `on` are texts, as people mean them.
        strict_booleans: true,
        with_snippet: false,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 50_000 },
    };
    let mut read = None;
    let outcome = serde_saphyr::with_deserializer_from_str_with_options(text, options, |reader| {
        read = Some(tree.deserialize(reader)?);
        Ok(())
    });
    match (outcome, read) {
        (Ok(()), Some(value)) => Ok(value),
        (Ok(()), None) => Err(Problem::error(Code::Syntax, "", "the document is empty")),
        (Err(error), _) => {
            let position = error.location().map(|at| Position { line: at.line(), column: at.column() });
            let problem = match error.without_snippet() {
                serde_saphyr::Error::Budget { breach, .. } => {
                    Problem::error(Code::TooLarge, "", exceeded(breach))
                }
                error => {
                    let message = error.render_with_formatter(&serde_saphyr::UserMessageFormatter);
                    let message = message.lines().next().unwrap_or_default();
                    let message = message.split(" at line ").next().unwrap_or_default();
                    let hint = position.map(|at| hint(text, at)).unwrap_or_default();
                    Problem::error(Code::Syntax, "", format!("no YAML: {message}{hint}"))
                }
            };
            Err(Problem { position, ..problem })
        }
    }
}

/// To YAML, `{{x}}` without quotes is an object that has an object as its key.
fn hint(text: &str, at: Position) -> &'static str {
    let line = usize::try_from(at.line).ok().and_then(|line| text.lines().nth(line.saturating_sub(1)));
    if line.is_some_and(|line| line.contains("{{")) { "; write a text with {{…}} in quotes" } else { "" }
}

fn exceeded(breach: &serde_saphyr::budget::BudgetBreach) -> &'static str {
    use serde_saphyr::budget::BudgetBreach;
    match breach {
        BudgetBreach::Depth { .. } => TOO_DEEP,
        BudgetBreach::Documents { .. } => "the text holds more than one document",
        BudgetBreach::Aliases { .. } | BudgetBreach::Anchors { .. } => TOO_MANY_ALIASES,
        _ => "the document is too complex",
    }
}

const TOO_DEEP: &str = "the document is nested too deeply";
const TOO_MANY_ALIASES: &str = "the document's aliases make it too large";

/// Reads any value, and refuses what would be lost or misread: repeated keys, numbers that are none, bottomless trees.
#[derive(Clone, Copy)]
struct Tree<'a> {
    depth: usize,
    room: &'a Cell<usize>,
    /// Which limit was reached, for the reader's own words do not say that it was one.
    too_large: &'a Cell<Option<&'static str>>,
}

impl Tree<'_> {
    fn take<E: serde::de::Error>(&self, bytes: usize) -> Result<(), E> {
        let left = self.room.get().checked_sub(bytes.saturating_add(1));
        self.room.set(left.ok_or_else(|| self.refuse(TOO_MANY_ALIASES))?);
        Ok(())
    }

    fn below<E: serde::de::Error>(&self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1);
        Ok(Self { depth: depth.ok_or_else(|| self.refuse(TOO_DEEP))?, ..*self })
    }

    fn refuse<E: serde::de::Error>(&self, message: &'static str) -> E {
        self.too_large.set(Some(message));
        E::custom(message)
    }
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        self.take(0)?;
        Ok(Value::Null)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        self.take(0)?;
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.take(0)?;
        Ok(Value::from(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.take(0)?;
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.take(0)?;
        let number = Number::from_f64(value).ok_or_else(|| E::custom("a number is finite"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.take(value.len())?;
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.take(0)?;
        let below = self.below()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(below)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        self.take(0)?;
        let below = self.below()?;
        let mut object = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            self.take(key.len())?;
            if object.contains_key(&key) {
                return Err(A::Error::custom(format!("the key {key:?} stands here twice")));
            }
            let value = fields.next_value_seed(below)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
