//! One expression language for the three formats: bare conditions, `{{…}}` and `${…}` are read into one tree.
//!
//! There are no host objects, no loops and no definitions, so every evaluation ends; fuel bounds how much it makes.

pub(crate) mod ast;
mod error;
pub(crate) mod eval;
pub(crate) mod function;
mod lexer;
mod parser;
mod print;
mod reference;
mod scope;
mod template;
pub(crate) mod types;

use std::fmt;

use serde_json::Value;

pub use error::{Error, Fault};
pub use eval::{Fuel, describe};
pub use reference::{Reference, Root, Segment};
pub use scope::Scope;
pub use template::{Piece, Template, evaluate_fields, evaluate_value};

use ast::Node;

/// A condition or another expression that stands by itself.
///
/// The text is bare (`score < 0.3 AND paid`), or wholly in braces (`{{steps.a.output.score < 0.3}}`, `${a.output}`).
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    text: String,
    node: Node,
}

impl Expression {
    /// Reads an expression in any of the three syntaxes.
    ///
    /// # Errors
    ///
    /// The text is no expression.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let start = text.trim_start();
        let node = if start.starts_with("{{") || start.starts_with("${") {
            Template::parse(text)?.into_only().ok_or_else(|| {
                let why = "a condition is one pair of braces with everything inside";
                Error::new(Fault::Syntax(why.to_owned()), text, 0)
            })?
        } else {
            parser::parse(text, 0, text.len())?
        };
        Ok(Self { text: text.to_owned(), node })
    }

    /// What it reads, from left to right.
    #[must_use]
    pub fn references(&self) -> Vec<&Reference> {
        template::references(&self.node)
    }

    /// Its value.
    ///
    /// # Errors
    ///
    /// It has none: something that it names is missing, of the wrong type, or divided by zero.
    pub fn evaluate(&self, scope: &Scope<'_>, fuel: &mut Fuel) -> Result<Value, Error> {
        let value = eval::evaluate(&self.node, scope, fuel).and_then(|value| {
            fuel.burn(eval::weight(&value)).map_err(|fault| (fault, self.node.at))?;
            Ok(value.into_owned())
        });
        value.map_err(|(fault, at)| Error::new(fault, &self.text, at))
    }

    /// Its value as a condition; null counts as false.
    ///
    /// # Errors
    ///
    /// As [`Self::evaluate`], and where the value is neither true nor false.
    pub fn holds(&self, scope: &Scope<'_>, fuel: &mut Fuel) -> Result<bool, Error> {
        eval::truth(&self.node, scope, fuel).map_err(|(fault, at)| Error::new(fault, &self.text, at))
    }

    pub(crate) fn node(&self) -> &Node {
        &self.node
    }
}

/// The canonical form, which is bare.
impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(formatter)
    }
}
