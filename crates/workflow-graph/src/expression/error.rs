//! What can be wrong with an expression, and where in its text.

use conductor_domain::{ErrorKind, Kind};

/// An expression that cannot be read or that has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}, at character {}{}", .character + 1, of(.pointer))]
pub struct Error {
    /// What is wrong.
    pub fault: Fault,
    /// The character of the text where it is wrong, from 0.
    pub character: usize,
    /// A JSON pointer to the text, where it stands in a value; empty where it stands by itself.
    pub pointer: String,
}

fn of(pointer: &str) -> String {
    if pointer.is_empty() { String::new() } else { format!(" of {pointer}") }
}

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The text is no expression.
    #[error("{0}")]
    Syntax(String),
    /// It is longer or more deeply nested than expressions may be.
    #[error("{0}")]
    TooLarge(String),
    /// It names something that is not there.
    #[error("{0}")]
    Missing(String),
    /// An operator or function is given what it does not take.
    #[error("{0}")]
    WrongType(String),
    /// A number is divided by zero, or the result is no finite number.
    #[error("{0}")]
    Arithmetic(String),
    /// The evaluation used up its fuel.
    #[error("the evaluation takes more work than is allowed")]
    OutOfFuel,
}

impl Error {
    /// A fault at the byte `at` of `text`.
    pub(crate) fn new(fault: Fault, text: &str, at: usize) -> Self {
        let character = text.char_indices().take_while(|(index, _)| *index < at).count();
        Self { fault, character, pointer: String::new() }
    }

    /// The same in the field or item `key` of a value.
    pub(crate) fn within(mut self, key: &str) -> Self {
        self.pointer = format!("/{}{}", crate::problem::escape(key), self.pointer);
        self
    }
}

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self.fault {
            Fault::TooLarge(_) | Fault::OutOfFuel => ErrorKind::TooLarge,
            _ => ErrorKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        "expression_failed"
    }
}
