//! SQL as far as it must be understood so that no value is ever written into it: where a text ends, where a comment
//! does, and what of a statement is a placeholder.
//!
//! Values are bound, also where an author put quotation marks around them: a text with values in it becomes one value.

mod tokens;

use serde_json::Value;

use self::tokens::{Token, named, tokens};
use super::Engine;
use crate::{Error, Result};

/// A part of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// SQL, as its author wrote it.
    Text(String),
    /// A value, from wherever.
    Value(Value),
}

/// A statement with `?` for each of its values, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bound {
    /// The SQL.
    pub sql: String,
    /// The values.
    pub values: Vec<Value>,
}

/// Binds the values of a statement: those that stand in it, and for each `?` of its author the next of `params`.
///
/// # Errors
/// `Invalid`, where the text cannot be read, a value stands where none can be bound, or there are more or fewer values
/// than placeholders.
pub fn bind(engine: Engine, pieces: &[Piece], params: &[Value]) -> Result<Bound> {
    let mut bound = Bound::default();
    let mut given = params.iter();
    for token in tokens(engine, pieces)? {
        match token {
            Token::Code(text) => push(&mut bound.sql, &text),
            Token::Inert(text) | Token::Comment(text) => bound.sql.push_str(&text),
            Token::Value(value) => {
                push(&mut bound.sql, "?");
                bound.values.push(value);
            }
            Token::Placeholder => {
                let Some(value) = given.next() else {
                    let what =
                        format!("the statement has more placeholders than the {} of params", params.len());
                    return Err(Error::invalid("/params", what));
                };
                push(&mut bound.sql, "?");
                bound.values.push(value.clone());
            }
        }
    }
    match given.len() {
        0 => Ok(bound),
        left => {
            Err(Error::invalid("/params", format!("{left} of params have no placeholder in the statement")))
        }
    }
}

/// The statement as the database reads it, whose placeholders count from `first` on.
pub(super) fn numbered(engine: Engine, sql: &str, first: usize) -> Result<(String, usize)> {
    let (mut text, mut count) = (String::new(), 0);
    for token in tokens(engine, &[Piece::Text(sql.to_owned())])? {
        match token {
            Token::Code(code) => push(&mut text, &code),
            Token::Inert(inert) | Token::Comment(inert) => text.push_str(&inert),
            Token::Value(_) | Token::Placeholder => {
                match engine {
                    Engine::Postgresql => push(&mut text, &format!("${}", first + count)),
                    _ => push(&mut text, "?"),
                }
                count += 1;
            }
        }
    }
    Ok((text, count))
}

/// Refuses what is more than one statement and, where it may only read, what does not begin as a question does. The
/// transaction that it runs in is read-only, too; this refuses what could end that transaction or leave it.
pub(super) fn check(engine: Engine, sql: &str, reads: bool) -> Result<()> {
    let tokens = tokens(engine, &[Piece::Text(sql.to_owned())])?;
    let mut words = Vec::new();
    let mut over = false;
    for token in &tokens {
        match token {
            Token::Comment(_) => {}
            Token::Code(code) => {
                for letter in code.chars() {
                    if over && !letter.is_whitespace() && letter != ';' {
                        return Err(Error::invalid(
                            "/query",
                            "it is more than one statement: a node sends one",
                        ));
                    }
                    over |= letter == ';';
                }
                let found = code.split(|letter: char| !named(letter)).filter(|word| !word.is_empty());
                words.extend(found.map(str::to_ascii_lowercase));
            }
            _ if over => {
                return Err(Error::invalid("/query", "it is more than one statement: a node sends one"));
            }
            _ => {}
        }
    }
    let Some(first) = words.first() else {
        return Err(Error::invalid("/query", "it is no statement"));
    };
    if !reads {
        return Ok(());
    }
    const ASKS: [&str; 8] = ["select", "with", "values", "table", "show", "explain", "describe", "desc"];
    if !ASKS.contains(&first.as_str()) {
        let what =
            format!("a select begins with {}, not with {first}: use the action query", ASKS.join(", "));
        return Err(Error::invalid("/query", what));
    }
    if let Some(word) = words.iter().find(|word| ["outfile", "dumpfile"].contains(&word.as_str())) {
        return Err(Error::invalid("/query", format!("a select writes no files: {word}")));
    }
    Ok(())
}

/// Refuses a condition whose parentheses would end what stands around it.
pub(super) fn closed(engine: Engine, sql: &str) -> Result<()> {
    let mut depth = 0_i32;
    for token in tokens(engine, &[Piece::Text(sql.to_owned())])? {
        let Token::Code(code) = token else { continue };
        for letter in code.chars() {
            match letter {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth < 0 {
                break;
            }
        }
        if depth < 0 || code.contains(';') {
            return Err(Error::invalid(
                "/where",
                "where is one condition: it closes more than it opens, or ends a statement",
            ));
        }
    }
    if depth == 0 { Ok(()) } else { Err(Error::invalid("/where", "where does not close a parenthesis")) }
}

/// A name of a table or column, quoted. Only plain names are taken, a table's with the name of its schema before it.
pub(super) fn name(engine: Engine, pointer: &str, name: &str, dots: bool) -> Result<String> {
    let parts: Vec<&str> = name.split('.').collect();
    let plain = |part: &&str| {
        let mut letters = part.chars();
        letters.next().is_some_and(|letter| letter.is_ascii_alphabetic() || letter == '_')
            && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    let most = if dots { 3 } else { 1 };
    if !parts.iter().all(plain) || parts.len() > most {
        let what = format!("{name:?} is no plain name: letters, digits and _, and no digit first");
        return Err(Error::invalid(pointer, what));
    }
    let mark = if engine == Engine::Mysql { '`' } else { '"' };
    let quoted: Vec<String> = parts.iter().map(|part| format!("{mark}{part}{mark}")).collect();
    Ok(quoted.join("."))
}

/// Adds code; where two words or numbers would become one, with a space between them.
fn push(sql: &mut String, code: &str) {
    let touches = |letter: Option<char>| letter.is_some_and(|letter| named(letter) || letter == '?');
    if touches(sql.chars().next_back()) && touches(code.chars().next()) {
        sql.push(' ');
    }
    sql.push_str(code);
}

#[cfg(test)]
mod tests;
