//! The value of a tree. Total: every tree is finite, every step costs fuel, and every fault has its place in the text.

use std::{borrow::Cow, cmp::Ordering};

use serde_json::{Number, Value};

use super::{
    ast::{Kind, Node, Operator},
    error::Fault,
    function::Function,
    lexer::Failure,
    scope::Scope,
};

/// How much work evaluations may do together: one unit for each operation and for each byte of text made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fuel(u64);

impl Fuel {
    /// So much.
    #[must_use]
    pub const fn new(units: u64) -> Self {
        Self(units)
    }

    /// What is left.
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.0
    }

    pub(crate) fn burn(&mut self, units: usize) -> Result<(), Fault> {
        let units = u64::try_from(units).unwrap_or(u64::MAX);
        self.0 = self.0.checked_sub(units).ok_or(Fault::OutOfFuel)?;
        Ok(())
    }
}

impl Default for Fuel {
    /// 64 million: values of 64 MB, in a fraction of a second.
    fn default() -> Self {
        Self::new(64_000_000)
    }
}

type Evaluated<'a> = Result<Cow<'a, Value>, Failure>;

/// The value of `node`.
pub(crate) fn evaluate<'a>(node: &'a Node, scope: &'a Scope<'_>, fuel: &mut Fuel) -> Evaluated<'a> {
    let here = |fault| (fault, node.at);
    fuel.burn(1).map_err(here)?;
    match &node.kind {
        Kind::Literal(value) => Ok(Cow::Borrowed(value)),
        Kind::Reference(reference) => {
            scope.read(reference).map(Cow::Borrowed).map_err(|why| here(Fault::Missing(why)))
        }
        Kind::Not(operand) => Ok(owned(Value::Bool(!truth(operand, scope, fuel)?))),
        Kind::Negate(operand) => {
            let value = evaluate(operand, scope, fuel)?;
            arithmetic(Operator::Subtract, &Value::from(0), &value).map(owned).map_err(here)
        }
        Kind::Binary { operator: Operator::And, left, right } => {
            Ok(owned(Value::Bool(truth(left, scope, fuel)? && truth(right, scope, fuel)?)))
        }
        Kind::Binary { operator: Operator::Or, left, right } => {
            Ok(owned(Value::Bool(truth(left, scope, fuel)? || truth(right, scope, fuel)?)))
        }
        Kind::Binary { operator, left, right } => {
            let (left, right) = (evaluate(left, scope, fuel)?, evaluate(right, scope, fuel)?);
            binary(*operator, &left, &right, fuel).map(owned).map_err(here)
        }
        Kind::Call { function, arguments } => {
            let values = arguments.iter().map(|argument| evaluate(argument, scope, fuel));
            let values = values.collect::<Result<Vec<_>, _>>()?;
            call(*function, values).map_err(here)
        }
    }
}

/// The value of `node` as a condition: true or false, and null counts as false.
pub(crate) fn truth(node: &Node, scope: &Scope<'_>, fuel: &mut Fuel) -> Result<bool, Failure> {
    match evaluate(node, scope, fuel)?.as_ref() {
        Value::Bool(truth) => Ok(*truth),
        Value::Null => Ok(false),
        other => Err((wrong(format!("expected true or false, found {}", describe(other))), node.at)),
    }
}

fn owned<'a>(value: Value) -> Cow<'a, Value> {
    Cow::Owned(value)
}

fn wrong(message: String) -> Fault {
    Fault::WrongType(message)
}

fn binary(operator: Operator, left: &Value, right: &Value, fuel: &mut Fuel) -> Result<Value, Fault> {
    match operator {
        Operator::Equal => Ok(Value::Bool(equal(left, right))),
        Operator::NotEqual => Ok(Value::Bool(!equal(left, right))),
        Operator::Add => match (left, right) {
            (Value::String(left), Value::String(right)) => {
                fuel.burn(left.len().saturating_add(right.len()))?;
                Ok(Value::String([left.as_str(), right].concat()))
            }
            _ => arithmetic(operator, left, right),
        },
        _ if operator.compares() => compare(operator, left, right).map(Value::Bool),
        _ => arithmetic(operator, left, right),
    }
}

/// Numbers are equal by their value, everything else only to its own kind.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => order(left, right) == Some(Ordering::Equal),
        _ => left == right,
    }
}

fn compare(operator: Operator, left: &Value, right: &Value) -> Result<bool, Fault> {
    let order = match (left, right) {
        // What is missing is neither smaller nor larger than anything.
        (Value::Null, _) | (_, Value::Null) => return Ok(false),
        (Value::Number(left), Value::Number(right)) => order(left, right),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => {
            let (left, right) = (describe(left), describe(right));
            return Err(wrong(format!("{left} and {right} cannot be compared by {}", operator.symbol())));
        }
    };
    Ok(order.is_some_and(|order| match operator {
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    }))
}

fn order(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn arithmetic(operator: Operator, left: &Value, right: &Value) -> Result<Value, Fault> {
    let (Value::Number(a), Value::Number(b)) = (left, right) else {
        let (left, right) = (describe(left), describe(right));
        return Err(wrong(format!("{} takes numbers, found {left} and {right}", operator.symbol())));
    };
    let (x, y) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
    if y == 0.0 && matches!(operator, Operator::Divide | Operator::Remainder) {
        return Err(Fault::Arithmetic("division by zero".to_owned()));
    }
    if let (Some(a), Some(b)) = (a.as_i64(), b.as_i64()) {
        let whole = match operator {
            Operator::Add => a.checked_add(b),
            Operator::Subtract => a.checked_sub(b),
            Operator::Multiply => a.checked_mul(b),
            Operator::Divide => a.checked_rem(b).filter(|rest| *rest == 0).and_then(|_| a.checked_div(b)),
            _ => a.checked_rem(b),
        };
        if let Some(whole) = whole {
            return Ok(Value::from(whole));
        }
    }
    let result = match operator {
        Operator::Add => x + y,
        Operator::Subtract => x - y,
        Operator::Multiply => x * y,
        Operator::Divide => x / y,
        _ => x % y,
    };
    Number::from_f64(result)
        .map(Value::Number)
        .ok_or_else(|| Fault::Arithmetic("the result is no finite number".to_owned()))
}

fn call(function: Function, values: Vec<Cow<'_, Value>>) -> Result<Cow<'_, Value>, Fault> {
    let name = function.name();
    let mut values = values.into_iter();
    let (first, second) = (values.next().unwrap_or_default(), values.next().unwrap_or_default());
    match function {
        Function::Default => Ok(if first.is_null() { second } else { first }),
        Function::Length => {
            let length = match first.as_ref() {
                Value::Null => 0,
                Value::String(text) => text.chars().count(),
                Value::Array(items) => items.len(),
                Value::Object(fields) => fields.len(),
                other => return Err(wrong(format!("{name} does not take {}", describe(other)))),
            };
            Ok(owned(Value::from(length)))
        }
        Function::Contains => {
            let found = match (first.as_ref(), second.as_ref()) {
                (Value::Null, _) => false,
                (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
                (Value::Array(items), item) => items.iter().any(|one| equal(one, item)),
                (Value::Object(fields), Value::String(field)) => fields.contains_key(field),
                (first, second) => {
                    let (first, second) = (describe(first), describe(second));
                    return Err(wrong(format!("{name} cannot look for {second} in {first}")));
                }
            };
            Ok(owned(Value::Bool(found)))
        }
    }
}

/// What a copy of a value costs.
pub(crate) fn weight(value: &Value) -> usize {
    const EACH: usize = 8;
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).fold(EACH, usize::saturating_add),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| key.len().saturating_add(weight(value)));
            fields.fold(EACH, usize::saturating_add)
        }
        _ => EACH,
    }
}

/// What kind of value it is, in the words of error messages.
#[must_use]
pub const fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
