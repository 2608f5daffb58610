//! Tokens to a tree, by precedence climbing, with a bound on the depth of the tree.

use super::{
    ast::{Kind, Node, Operator},
    error::{Error, Fault},
    function::Function,
    lexer::{self, Failure, Token, TokenKind},
    reference::Reference,
};

/// How deep a tree may be, and so how long a chain of operators: more than people write, less than any stack.
pub(crate) const MAX_DEPTH: usize = 100;

/// How long an expression may be, in bytes.
pub(crate) const MAX_LENGTH: usize = 8 * 1024;

/// Reads the bytes `from..to` of `text` as an expression.
pub(crate) fn parse(text: &str, from: usize, to: usize) -> Result<Node, Error> {
    let parsed = check_length(from, to).and_then(|()| {
        let tokens = lexer::tokens(text, from, to)?;
        let mut parser = Parser { tokens, next: 0, end: to };
        let (node, _) = parser.expression(0, 0)?;
        match parser.peek() {
            None => Ok(node),
            Some(token) => {
                let wrong = match token.kind {
                    TokenKind::Close => "unexpected )",
                    TokenKind::Comma => "unexpected comma",
                    _ => "expected an operator",
                };
                Err((Fault::Syntax(wrong.to_owned()), token.at))
            }
        }
    });
    parsed.map_err(|(fault, at)| Error::new(fault, text, at))
}

/// Reads the bytes `from..to` of `text` as one reference and nothing else.
pub(crate) fn parse_reference(text: &str, from: usize, to: usize) -> Result<Node, Error> {
    let parsed = check_length(from, to).and_then(|()| {
        let (path, at) = lexer::path(text, from, to)?;
        let reference = Reference::read(path).map_err(|why| (Fault::Syntax(why.to_owned()), at))?;
        Ok(Node { at, kind: Kind::Reference(reference) })
    });
    parsed.map_err(|(fault, at)| Error::new(fault, text, at))
}

fn check_length(from: usize, to: usize) -> Result<(), Failure> {
    if to.saturating_sub(from) > MAX_LENGTH {
        return Err((Fault::TooLarge(format!("an expression has at most {MAX_LENGTH} bytes")), from));
    }
    Ok(())
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    end: usize,
}

/// A tree and its depth.
type Parsed = Result<(Node, usize), Failure>;

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn at(&self) -> usize {
        self.peek().map_or(self.end, |token| token.at)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned();
        self.next += 1;
        token
    }

    fn take_if(&mut self, kind: &TokenKind) -> bool {
        let found = self.peek().is_some_and(|token| token.kind == *kind);
        self.next += usize::from(found);
        found
    }

    /// An expression whose operators bind at least as strongly as `least`, `level` calls deep.
    fn expression(&mut self, least: u8, level: usize) -> Parsed {
        let (mut left, mut depth) = self.operand(level)?;
        let mut compared = false;
        while let Some(Token { at, kind: TokenKind::Operator(operator) }) = self.peek() {
            let (at, operator) = (*at, *operator);
            if operator.precedence() < least {
                break;
            }
            if compared && operator.compares() {
                return Err((Fault::Syntax("comparisons do not chain; join them with AND".to_owned()), at));
            }
            compared = operator.compares();
            self.next += 1;
            let (right, right_depth) = self.expression(operator.precedence() + 1, level + 1)?;
            depth = depth.max(right_depth) + 1;
            check_depth(depth, at)?;
            left = Node { at, kind: Kind::Binary { operator, left: Box::new(left), right: Box::new(right) } };
        }
        Ok((left, depth))
    }

    fn operand(&mut self, level: usize) -> Parsed {
        let at = self.at();
        check_depth(level, at)?;
        let leaf = |kind| Ok((Node { at, kind }, 1));
        match self.take().map(|token| token.kind) {
            Some(TokenKind::Literal(value)) => leaf(Kind::Literal(value)),
            Some(TokenKind::Path(path)) if self.peek().is_some_and(|token| token.kind == TokenKind::Open) => {
                self.call(&path, at, level)
            }
            Some(TokenKind::Path(path)) => {
                let reference = Reference::read(path).map_err(|why| (Fault::Syntax(why.to_owned()), at))?;
                leaf(Kind::Reference(reference))
            }
            Some(TokenKind::Open) => {
                let inner = self.expression(0, level + 1)?;
                if self.take_if(&TokenKind::Close) {
                    return Ok(inner);
                }
                Err((Fault::Syntax("expected )".to_owned()), self.at()))
            }
            // As people read them: `NOT a < b` denies the comparison, `!a == b` compares the denial.
            Some(TokenKind::NotWord) => self.prefix(at, Operator::Equal.precedence(), level, Kind::Not),
            Some(TokenKind::Not) => self.prefix(at, Operator::Multiply.precedence() + 1, level, Kind::Not),
            Some(TokenKind::Operator(Operator::Subtract)) => {
                self.prefix(at, Operator::Multiply.precedence() + 1, level, Kind::Negate)
            }
            None => Err((Fault::Syntax("expected a value, found the end".to_owned()), at)),
            Some(_) => Err((Fault::Syntax("expected a value".to_owned()), at)),
        }
    }

    fn prefix(&mut self, at: usize, least: u8, level: usize, kind: fn(Box<Node>) -> Kind) -> Parsed {
        let (operand, depth) = self.expression(least, level + 1)?;
        check_depth(depth + 1, at)?;
        Ok((Node { at, kind: kind(Box::new(operand)) }, depth + 1))
    }

    fn call(&mut self, path: &[super::reference::Segment], at: usize, level: usize) -> Parsed {
        let name = match path {
            [super::reference::Segment::Key(name)] => name.as_str(),
            _ => "",
        };
        let Some(function) = Function::ALL.into_iter().find(|function| function.name() == name) else {
            let known = Function::ALL.map(Function::name).join(", ");
            return Err((Fault::Syntax(format!("there is no such function; there are {known}")), at));
        };
        self.next += 1;
        let (mut arguments, mut depth) = (Vec::new(), 0);
        while !self.take_if(&TokenKind::Close) {
            if !arguments.is_empty() && !self.take_if(&TokenKind::Comma) {
                return Err((Fault::Syntax("expected a comma or )".to_owned()), self.at()));
            }
            let (argument, argument_depth) = self.expression(0, level + 1)?;
            depth = depth.max(argument_depth);
            arguments.push(argument);
        }
        if arguments.len() != function.arguments() {
            let expected = function.arguments();
            return Err((Fault::Syntax(format!("{name} takes {expected} arguments")), at));
        }
        check_depth(depth + 1, at)?;
        Ok((Node { at, kind: Kind::Call { function, arguments } }, depth + 1))
    }
}

fn check_depth(depth: usize, at: usize) -> Result<(), Failure> {
    if depth > MAX_DEPTH {
        return Err((Fault::TooLarge(format!("an expression is at most {MAX_DEPTH} operations deep")), at));
    }
    Ok(())
}
