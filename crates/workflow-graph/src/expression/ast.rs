//! The one tree that the three surface syntaxes are read into.

use serde_json::Value;

use super::function::Function;
use super::reference::Reference;

/// A part of an expression and where it begins in the text, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

/// What a part of an expression is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Literal(Value),
    Reference(Reference),
    Not(Box<Node>),
    Negate(Box<Node>),
    Binary { operator: Operator, left: Box<Node>, right: Box<Node> },
    Call { function: Function, arguments: Vec<Node> },
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    /// How strongly it binds; equal ones group from the left.
    pub(crate) const fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal
            | Self::NotEqual
            | Self::Less
            | Self::LessOrEqual
            | Self::Greater
            | Self::GreaterOrEqual => 4,
            Self::Add | Self::Subtract => 5,
            Self::Multiply | Self::Divide | Self::Remainder => 6,
        }
    }

    /// Whether it compares; comparisons do not chain.
    pub(crate) const fn compares(self) -> bool {
        self.precedence() == 4
    }

    /// How the canonical form writes it.
    pub(crate) const fn symbol(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

impl Node {
    /// Calls `visit` with this part and every part below it.
    pub(crate) fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Node)) {
        visit(self);
        match &self.kind {
            Kind::Literal(_) | Kind::Reference(_) => {}
            Kind::Not(operand) | Kind::Negate(operand) => operand.walk(visit),
            Kind::Binary { left, right, .. } => {
                left.walk(visit);
                right.walk(visit);
            }
            Kind::Call { arguments, .. } => arguments.iter().for_each(|argument| argument.walk(visit)),
        }
    }
}
