//! A tree as text again, in the canonical form, which reads back as the same tree.

use std::fmt::{self, Write};

use super::ast::{Kind, Node};

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Literal(value) => write!(formatter, "{value}"),
            Kind::Reference(reference) => write!(formatter, "{reference}"),
            Kind::Not(operand) => write!(formatter, "!({operand})"),
            Kind::Negate(operand) => write!(formatter, "-({operand})"),
            Kind::Binary { operator, left, right } => {
                // Equal operators group from the left; comparisons do not group at all.
                operand(formatter, left, operator.precedence() + u8::from(operator.compares()))?;
                write!(formatter, " {} ", operator.symbol())?;
                operand(formatter, right, operator.precedence() + 1)
            }
            Kind::Call { function, arguments } => {
                formatter.write_str(function.name())?;
                formatter.write_char('(')?;
                for (index, argument) in arguments.iter().enumerate() {
                    formatter.write_str(if index == 0 { "" } else { ", " })?;
                    write!(formatter, "{argument}")?;
                }
                formatter.write_char(')')
            }
        }
    }
}

fn operand(formatter: &mut fmt::Formatter<'_>, node: &Node, least: u8) -> fmt::Result {
    match &node.kind {
        Kind::Binary { operator, .. } if operator.precedence() < least => write!(formatter, "({node})"),
        _ => write!(formatter, "{node}"),
    }
}
