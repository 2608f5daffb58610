//! Texts with expressions in them: `{{…}}` and `${…}`, side by side in any text.
//!
//! `{{` is looked for first, so that `${{…}}` is a dollar sign and a value, and `${` only counts without a second brace.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    ast::{Kind, Node},
    error::{Error, Fault},
    eval::{self, Fuel},
    parser,
    reference::Reference,
    scope::Scope,
};

/// How many expressions a text may hold.
const MAX_EXPRESSIONS: usize = 1_000;

/// A text with expressions in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Expression(Node),
}

/// A part of a template, as [`Template::pieces`] hands it out.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text as written.
    Text(String),
    /// The value of an expression.
    Value(Value),
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// An expression in it cannot be read.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut parts = Vec::new();
        let mut plain = 0;
        let mut at = 0;
        while let Some((start, opening)) = next_opening(text, at) {
            let inner = start + opening.len();
            let (end, node) = if opening == "{{" {
                let end = closing(text, inner)
                    .ok_or_else(|| Error::new(Fault::Syntax("{{ without }}".to_owned()), text, start))?;
                (end + 2, parser::parse(text, inner, end)?)
            } else {
                let end = text.get(inner..).and_then(|rest| rest.find('}')).map(|found| inner + found);
                let end =
                    end.ok_or_else(|| Error::new(Fault::Syntax("${ without }".to_owned()), text, start))?;
                (end + 1, parser::parse_reference(text, inner, end)?)
            };
            if parts.len() >= 2 * MAX_EXPRESSIONS {
                let message = format!("a text holds at most {MAX_EXPRESSIONS} expressions");
                return Err(Error::new(Fault::TooLarge(message), text, start));
            }
            if start > plain {
                parts.push(Part::Text(text.get(plain..start).unwrap_or_default().to_owned()));
            }
            parts.push(Part::Expression(node));
            (plain, at) = (end, end);
        }
        if plain < text.len() {
            parts.push(Part::Text(text.get(plain..).unwrap_or_default().to_owned()));
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// Whether the text is the same whatever the values.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.nodes().next().is_none()
    }

    /// What it reads, in the order of the text.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.nodes().flat_map(references)
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.parts.iter().filter_map(|part| match part {
            Part::Expression(node) => Some(node),
            Part::Text(_) => None,
        })
    }

    /// The same with every expression in double braces and in the words of the form with steps; nothing where the text
    /// around them would read otherwise then.
    pub(crate) fn in_braces(&self) -> Option<String> {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Expression(node) => format!("{{{{{node:#}}}}}"),
        });
        let written: String = parts.collect();
        let again = Self::parse(&written).ok()?;
        // Where an expression stands in the text is part of its tree, so the trees are compared as they are printed.
        let alike = |(one, other): (&Part, &Part)| match (one, other) {
            (Part::Text(one), Part::Text(other)) => one == other,
            (Part::Expression(one), Part::Expression(other)) => one.to_string() == other.to_string(),
            _ => false,
        };
        let same = again.parts.len() == self.parts.len() && again.parts.iter().zip(&self.parts).all(alike);
        same.then_some(written)
    }

    /// The one expression that is the whole text.
    pub(crate) fn whole(&self) -> Option<&Node> {
        match self.parts.as_slice() {
            [Part::Expression(node)] => Some(node),
            _ => None,
        }
    }

    /// The one expression that has nothing but space around it.
    pub(crate) fn into_only(self) -> Option<Node> {
        let mut only = None;
        for part in self.parts {
            match part {
                Part::Text(text) if text.trim().is_empty() => {}
                Part::Expression(node) if only.is_none() => only = Some(node),
                _ => return None,
            }
        }
        only
    }

    /// Its value: what the expression gives where it is the whole text, with its type; otherwise a text.
    ///
    /// # Errors
    ///
    /// An expression has no value.
    pub fn evaluate(&self, scope: &Scope<'_>, fuel: &mut Fuel) -> Result<Value, Error> {
        if let Some(node) = self.whole() {
            let value = self.value(node, scope, fuel)?;
            self.burn(fuel, eval::weight(&value))?;
            return Ok(value.into_owned());
        }
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(plain) => {
                    self.burn(fuel, plain.len())?;
                    text.push_str(plain);
                }
                Part::Expression(node) => {
                    let before = text.len();
                    write_text(&mut text, self.value(node, scope, fuel)?.as_ref());
                    self.burn(fuel, text.len() - before)?;
                }
            }
        }
        Ok(Value::String(text))
    }

    /// Its parts with their values, for whoever binds values instead of writing them into the text, as in SQL.
    ///
    /// # Errors
    ///
    /// An expression has no value.
    pub fn pieces(&self, scope: &Scope<'_>, fuel: &mut Fuel) -> Result<Vec<Piece>, Error> {
        let pieces = self.parts.iter().map(|part| match part {
            Part::Text(text) => Ok(Piece::Text(text.clone())),
            Part::Expression(node) => {
                let value = self.value(node, scope, fuel)?;
                self.burn(fuel, eval::weight(&value))?;
                Ok(Piece::Value(value.into_owned()))
            }
        });
        pieces.collect()
    }

    fn value<'a>(
        &self,
        node: &'a Node,
        scope: &'a Scope<'_>,
        fuel: &mut Fuel,
    ) -> Result<Cow<'a, Value>, Error> {
        eval::evaluate(node, scope, fuel).map_err(|(fault, at)| Error::new(fault, &self.text, at))
    }

    fn burn(&self, fuel: &mut Fuel, bytes: usize) -> Result<(), Error> {
        fuel.burn(bytes).map_err(|fault| Error::new(fault, &self.text, 0))
    }
}

/// Evaluates every text in a value, at any depth, as a template.
///
/// # Errors
///
/// The first template that cannot be read or has no value; its pointer says where it stands.
pub fn evaluate_value(value: &Value, scope: &Scope<'_>, fuel: &mut Fuel) -> Result<Value, Error> {
    match value {
        Value::String(text) => Template::parse(text)?.evaluate(scope, fuel),
        Value::Array(items) => {
            let items = items.iter().enumerate().map(|(index, item)| {
                evaluate_value(item, scope, fuel).map_err(|error| error.within(&index.to_string()))
            });
            items.collect::<Result<_, _>>().map(Value::Array)
        }
        Value::Object(fields) => evaluate_fields(fields, scope, fuel).map(Value::Object),
        other => Ok(other.clone()),
    }
}

/// The same for the fields of an object, such as the inputs of a node.
///
/// # Errors
///
/// As [`evaluate_value`].
pub fn evaluate_fields(
    fields: &Map<String, Value>,
    scope: &Scope<'_>,
    fuel: &mut Fuel,
) -> Result<Map<String, Value>, Error> {
    let fields = fields.iter().map(|(key, field)| {
        let value = evaluate_value(field, scope, fuel).map_err(|error| error.within(key))?;
        Ok((key.clone(), value))
    });
    fields.collect()
}

/// What the tree reads, from left to right.
pub(crate) fn references(node: &Node) -> Vec<&Reference> {
    let mut found = Vec::new();
    node.walk(&mut |part| {
        if let Kind::Reference(reference) = &part.kind {
            found.push(reference);
        }
    });
    found
}

/// The next `{{`, or `${` that no second brace follows, from byte `from` on.
fn next_opening(text: &str, from: usize) -> Option<(usize, &'static str)> {
    let bytes = text.as_bytes();
    (from..bytes.len()).find_map(|at| match bytes.get(at..) {
        Some([b'{', b'{', ..]) => Some((at, "{{")),
        Some([b'$', b'{', next, ..]) if *next != b'{' => Some((at, "${")),
        Some([b'$', b'{']) => Some((at, "${")),
        _ => None,
    })
}

/// The `}}` that closes what begins at byte `from`, outside of quotation marks.
fn closing(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut quote) = (from, None);
    while let Some(byte) = bytes.get(at) {
        match (quote, byte) {
            (Some(_), b'\\') => at += 1,
            (Some(open), byte) if open == *byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            (None, _) => {}
        }
        at += 1;
    }
    None
}

/// A value inside a longer text: texts as they are, null as nothing, lists and objects as JSON.
fn write_text(text: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::String(part) => text.push_str(part),
        other => text.push_str(&other.to_string()),
    }
}
