//! The types of expressions, as far as they are known before anything runs.

use serde_json::Value;

use super::{
    ast::{Kind, Node, Operator},
    function::Function,
    reference::Reference,
};
use crate::graph::ValueType;

/// The type of a value.
pub(crate) fn type_of(value: &Value) -> ValueType {
    match value {
        Value::Null => ValueType::Any,
        Value::Bool(_) => ValueType::Boolean,
        Value::Number(_) => ValueType::Number,
        Value::String(_) => ValueType::String,
        Value::Array(_) => ValueType::Array,
        Value::Object(_) => ValueType::Object,
    }
}

/// The type of a tree; what cannot be is told to `refuse` with its byte.
pub(crate) fn infer(
    node: &Node,
    known: &dyn Fn(&Reference) -> ValueType,
    refuse: &mut dyn FnMut(usize, String),
) -> ValueType {
    match &node.kind {
        Kind::Literal(value) => type_of(value),
        Kind::Reference(reference) => match known(reference) {
            ValueType::Integer => ValueType::Number,
            known => known,
        },
        Kind::Not(operand) => {
            expect(operand, ValueType::Boolean, known, refuse);
            ValueType::Boolean
        }
        Kind::Negate(operand) => {
            expect(operand, ValueType::Number, known, refuse);
            ValueType::Number
        }
        Kind::Binary { operator, left, right } => match operator {
            Operator::And | Operator::Or => {
                expect(left, ValueType::Boolean, known, refuse);
                expect(right, ValueType::Boolean, known, refuse);
                ValueType::Boolean
            }
            Operator::Equal | Operator::NotEqual => {
                infer(left, known, refuse);
                infer(right, known, refuse);
                ValueType::Boolean
            }
            operator if operator.compares() => {
                let (a, b) = (infer(left, known, refuse), infer(right, known, refuse));
                let ordered = |one| matches!(one, ValueType::Number | ValueType::String | ValueType::Any);
                if !ordered(a) || !ordered(b) || !agree(a, b) {
                    refuse(node.at, format!("{a} and {b} cannot be compared by {}", operator.symbol()));
                }
                ValueType::Boolean
            }
            Operator::Add => {
                let (a, b) = (infer(left, known, refuse), infer(right, known, refuse));
                let added = |one| matches!(one, ValueType::Number | ValueType::String | ValueType::Any);
                if !added(a) || !added(b) || !agree(a, b) {
                    refuse(node.at, format!("{a} and {b} cannot be added"));
                }
                if a == ValueType::Any { b } else { a }
            }
            _ => {
                expect(left, ValueType::Number, known, refuse);
                expect(right, ValueType::Number, known, refuse);
                ValueType::Number
            }
        },
        Kind::Call { function, arguments } => {
            let types: Vec<_> = arguments.iter().map(|argument| infer(argument, known, refuse)).collect();
            match function {
                Function::Length => {
                    if let Some(wrong @ (ValueType::Number | ValueType::Boolean)) = types.first() {
                        refuse(node.at, format!("length takes no {wrong}"));
                    }
                    ValueType::Number
                }
                Function::Contains => ValueType::Boolean,
                Function::Default => match types.as_slice() {
                    [a, b] if a == b => *a,
                    _ => ValueType::Any,
                },
            }
        }
    }
}

/// Notes where a tree is known not to be of a type.
pub(crate) fn expect(
    node: &Node,
    expected: ValueType,
    known: &dyn Fn(&Reference) -> ValueType,
    refuse: &mut dyn FnMut(usize, String),
) {
    let found = infer(node, known, refuse);
    if !agree(found, expected) {
        refuse(node.at, format!("expected {expected}, found {found}"));
    }
}

fn agree(a: ValueType, b: ValueType) -> bool {
    a == b || a == ValueType::Any || b == ValueType::Any
}

/// Tells for each reference which type its surroundings ask of it.
pub(crate) fn wanted<'a>(node: &'a Node, want: ValueType, tell: &mut dyn FnMut(&'a Reference, ValueType)) {
    match &node.kind {
        Kind::Literal(_) => {}
        Kind::Reference(reference) => tell(reference, want),
        Kind::Not(operand) => wanted(operand, ValueType::Boolean, tell),
        Kind::Negate(operand) => wanted(operand, ValueType::Number, tell),
        Kind::Binary { operator, left, right } => {
            // Beside a literal, the other side is of the literal's type.
            let beside = |other: &Node| match &other.kind {
                Kind::Literal(value) => type_of(value),
                Kind::Negate(_) => ValueType::Number,
                _ => ValueType::Any,
            };
            let (a, b) = match operator {
                Operator::And | Operator::Or => (ValueType::Boolean, ValueType::Boolean),
                Operator::Add => (beside(right), beside(left)),
                operator if operator.compares() => (beside(right), beside(left)),
                _ => (ValueType::Number, ValueType::Number),
            };
            wanted(left, a, tell);
            wanted(right, b, tell);
        }
        Kind::Call { arguments, .. } => {
            arguments.iter().for_each(|argument| wanted(argument, ValueType::Any, tell));
        }
    }
}
