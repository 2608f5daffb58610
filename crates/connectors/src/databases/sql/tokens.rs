//! Reads SQL from left to right: what is code, and what merely stands in a text, a quoted name or a comment.

use serde_json::Value;

use super::Piece;
use crate::{Error, Result, databases::Engine};

/// A token: enough to tell SQL from what merely stands in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// Words and signs.
    Code(String),
    /// A text, a quoted name or a comment, marks included.
    Inert(String),
    /// A comment.
    Comment(String),
    Placeholder,
    Value(Value),
}

#[derive(Clone, Copy)]
enum Atom<'a> {
    Letter(char),
    Value(&'a Value),
}

/// Reads a statement from left to right.
struct Reader<'a> {
    engine: Engine,
    atoms: Vec<Atom<'a>>,
    at: usize,
}

/// A statement as tokens.
pub(super) fn tokens(engine: Engine, pieces: &[Piece]) -> Result<Vec<Token>> {
    let atoms = pieces.iter().flat_map(|piece| match piece {
        Piece::Text(text) => text.chars().map(Atom::Letter).collect::<Vec<_>>(),
        Piece::Value(value) => vec![Atom::Value(value)],
    });
    let mut reader = Reader { engine, atoms: atoms.collect(), at: 0 };
    let (mut tokens, mut code) = (Vec::new(), String::new());
    while let Some(atom) = reader.atoms.get(reader.at).copied() {
        let token = match atom {
            Atom::Value(value) => {
                reader.at += 1;
                Some(Token::Value(value.clone()))
            }
            Atom::Letter('?') => {
                reader.at += 1;
                Some(Token::Placeholder)
            }
            Atom::Letter(letter) => reader.inert(letter, &code)?,
        };
        match token {
            Some(token) => {
                if !code.is_empty() {
                    tokens.push(Token::Code(std::mem::take(&mut code)));
                }
                tokens.push(token);
            }
            None => {
                if let Atom::Letter(letter) = atom {
                    code.push(letter);
                }
                reader.at += 1;
            }
        }
    }
    if !code.is_empty() {
        tokens.push(Token::Code(code));
    }
    Ok(tokens)
}

impl Reader<'_> {
    fn letter(&self, ahead: usize) -> Option<char> {
        match self.atoms.get(self.at + ahead) {
            Some(Atom::Letter(letter)) => Some(*letter),
            _ => None,
        }
    }

    /// What begins here that is no code; `None` where code goes on.
    fn inert(&mut self, letter: char, code: &str) -> Result<Option<Token>> {
        let before = code.chars().next_back();
        let mysql = self.engine == Engine::Mysql;
        let next = self.letter(1);
        match (letter, next) {
            ('\'', _) => {
                let word = code.rsplit(|letter: char| !named(letter)).next().unwrap_or_default();
                let escapes = !mysql && word.eq_ignore_ascii_case("e");
                self.text('\'', mysql || escapes, !escapes).map(Some)
            }
            ('"', _) if mysql => self.text('"', true, true).map(Some),
            ('"', _) => self.text('"', false, false).map(Some),
            ('`', _) if mysql => self.text('`', false, false).map(Some),
            ('#', _) if mysql => self.line().map(Some),
            ('-', Some('-')) => {
                // MySQL wants a space after it: `5--1` is six there.
                let comment = !mysql
                    || self.letter(2).is_none_or(|letter| letter.is_whitespace() || letter.is_control());
                if comment { self.line().map(Some) } else { Ok(None) }
            }
            ('/', Some('*')) => {
                if mysql
                    && (self.letter(2) == Some('!')
                        || (self.letter(2), self.letter(3)) == (Some('M'), Some('!')))
                {
                    return Err(Error::invalid("/query", "a comment that is carried out (/*!) is not taken"));
                }
                self.comment(!mysql).map(Some)
            }
            ('$', Some(digit)) if !mysql && digit.is_ascii_digit() && !before.is_some_and(named) => Err(
                Error::invalid("/query", "placeholders are written ?, and params are their values in order"),
            ),
            ('$', _) if !mysql && !before.is_some_and(named) => self.dollar(),
            _ => Ok(None),
        }
    }

    /// A text or a quoted name. A text with values in it is one value, where `bound` allows that.
    fn text(&mut self, mark: char, escapes: bool, bound: bool) -> Result<Token> {
        let (mut raw, mut meant, mut values) = (String::from(mark), String::new(), false);
        self.at += 1;
        loop {
            match self.atoms.get(self.at).copied() {
                None => return Err(Error::invalid("/query", format!("a {mark} is not closed"))),
                Some(Atom::Value(_)) if !bound => {
                    let what =
                        "a value stands in a quoted name or a text with escapes, where none can be bound";
                    return Err(Error::invalid("/query", what));
                }
                Some(Atom::Value(value)) => {
                    values = true;
                    match value {
                        Value::String(text) => meant.push_str(text),
                        Value::Null => {}
                        other => meant.push_str(&other.to_string()),
                    }
                }
                Some(Atom::Letter('\\')) if escapes => {
                    raw.push('\\');
                    self.at += 1;
                    let Some(letter) = self.letter(0) else { continue };
                    raw.push(letter);
                    match letter {
                        'n' => meant.push('\n'),
                        't' => meant.push('\t'),
                        'r' => meant.push('\r'),
                        '0' => meant.push('\0'),
                        'b' => meant.push('\u{8}'),
                        'Z' => meant.push('\u{1a}'),
                        '%' | '_' => meant.extend(['\\', letter]),
                        other => meant.push(other),
                    }
                }
                Some(Atom::Letter(letter)) if letter == mark => {
                    raw.push(mark);
                    if self.letter(1) != Some(mark) {
                        self.at += 1;
                        return Ok(if values {
                            Token::Value(Value::String(meant))
                        } else {
                            Token::Inert(raw)
                        });
                    }
                    self.at += 1;
                    raw.push(mark);
                    meant.push(mark);
                }
                Some(Atom::Letter(letter)) => {
                    raw.push(letter);
                    meant.push(letter);
                }
            }
            self.at += 1;
        }
    }

    /// A comment to the end of its line.
    fn line(&mut self) -> Result<Token> {
        let mut text = String::new();
        while let Some(atom) = self.atoms.get(self.at) {
            let Atom::Letter(letter) = *atom else { return Err(in_comment()) };
            if letter == '\n' {
                break;
            }
            text.push(letter);
            self.at += 1;
        }
        Ok(Token::Comment(text))
    }

    /// A comment between marks, which PostgreSQL nests.
    fn comment(&mut self, nests: bool) -> Result<Token> {
        let (mut text, mut depth) = (String::new(), 0_usize);
        while let Some(atom) = self.atoms.get(self.at).copied() {
            let Atom::Letter(letter) = atom else { return Err(in_comment()) };
            let pair = (letter, self.letter(1));
            let step = match pair {
                ('/', Some('*')) if nests || depth == 0 => {
                    depth += 1;
                    2
                }
                ('*', Some('/')) => {
                    depth -= 1;
                    2
                }
                _ => 1,
            };
            for _ in 0..step {
                text.extend(self.letter(0));
                self.at += 1;
            }
            if depth == 0 {
                return Ok(Token::Comment(text));
            }
        }
        Err(Error::invalid("/query", "a comment is not closed"))
    }

    /// A text of PostgreSQL between `$tag$`; `None` where the dollar is something else.
    fn dollar(&mut self) -> Result<Option<Token>> {
        let mut tag = String::from("$");
        let mut ahead = 1;
        loop {
            match self.letter(ahead) {
                Some('$') => break,
                Some(letter) if letter.is_alphanumeric() || letter == '_' => tag.push(letter),
                _ => return Ok(None),
            }
            ahead += 1;
        }
        tag.push('$');
        let mut text = tag.clone();
        self.at += ahead + 1;
        while let Some(atom) = self.atoms.get(self.at) {
            let Atom::Letter(letter) = *atom else {
                return Err(Error::invalid(
                    "/query",
                    format!("a value stands in {tag}, where none can be bound"),
                ));
            };
            text.push(letter);
            self.at += 1;
            if text.len() >= 2 * tag.len() && text.ends_with(&tag) {
                return Ok(Some(Token::Inert(text)));
            }
        }
        Err(Error::invalid("/query", format!("{tag} is not closed")))
    }
}

fn in_comment() -> Error {
    Error::invalid("/query", "a value stands in a comment, where none can be bound")
}

/// A letter of a word.
pub(super) fn named(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}
