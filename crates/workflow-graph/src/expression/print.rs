//! A tree as text again, in the canonical form, which reads back as the same tree. The alternate form (`{:#}`) spells what
//! it reads as the form with steps does: `inputs.x`, `steps.x.output`.

use std::fmt::{self, Write};

use super::ast::{Kind, Node};

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Literal(value) => write!(formatter, "{value}"),
            Kind::Reference(reference) => fmt::Display::fmt(reference, formatter),
            Kind::Not(operand) => {
                formatter.write_char('!')?;
                bracketed(formatter, operand)
            }
            Kind::Negate(operand) => {
                formatter.write_char('-')?;
                bracketed(formatter, operand)
            }
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
                    fmt::Display::fmt(argument, formatter)?;
                }
                formatter.write_char(')')
            }
        }
    }
}

fn operand(formatter: &mut fmt::Formatter<'_>, node: &Node, least: u8) -> fmt::Result {
    match &node.kind {
        Kind::Binary { operator, .. } if operator.precedence() < least => bracketed(formatter, node),
        _ => fmt::Display::fmt(node, formatter),
    }
}

fn bracketed(formatter: &mut fmt::Formatter<'_>, node: &Node) -> fmt::Result {
    formatter.write_char('(')?;
    fmt::Display::fmt(node, formatter)?;
    formatter.write_char(')')
}
