//! Text to tokens. A reference with its whole path is one token, so that names may hold what elsewhere is an operator.

use serde_json::{Number, Value};

use super::{ast::Operator, error::Fault, reference::Segment};

/// A token and the byte where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) at: usize,
    pub(crate) kind: TokenKind,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind {
    Literal(Value),
    Path(Vec<Segment>),
    Operator(Operator),
    /// `!`, which binds as a sign does.
    Not,
    /// `NOT`, which takes a whole comparison.
    NotWord,
    Open,
    Close,
    Comma,
}

/// A fault and the byte where it is.
pub(crate) type Failure = (Fault, usize);

/// Reads the bytes `from..to` of `text`.
pub(crate) fn tokens(text: &str, from: usize, to: usize) -> Result<Vec<Token>, Failure> {
    let mut lexer = Lexer { text: text.get(..to).unwrap_or(text), at: from, names_take_digits: false };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

/// Reads the bytes `from..to` of `text` as one reference and nothing else, as `${…}` holds it.
pub(crate) fn path(text: &str, from: usize, to: usize) -> Result<(Vec<Segment>, usize), Failure> {
    let mut lexer = Lexer { text: text.get(..to).unwrap_or(text), at: from, names_take_digits: true };
    lexer.skip_space();
    let start = lexer.at;
    if !lexer.peek().is_some_and(begins_name) {
        return Err((Fault::Syntax("expected the name of a value between ${ and }".to_owned()), start));
    }
    let path = lexer.path()?;
    lexer.skip_space();
    match lexer.peek() {
        None => Ok((path, start)),
        Some(_) => Err((
            Fault::Syntax("${…} holds one reference and no operators; write {{…}} to calculate".to_owned()),
            lexer.at,
        )),
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// Whether a hyphen before a digit belongs to the name, where there is no subtraction.
    names_take_digits: bool,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn next(&mut self) -> Result<Option<Token>, Failure> {
        self.skip_space();
        let at = self.at;
        let Some(first) = self.peek() else { return Ok(None) };
        let kind = match first {
            '0'..='9' => TokenKind::Literal(self.number()?),
            '"' | '\'' => TokenKind::Literal(Value::String(self.quoted()?)),
            first if begins_name(first) => word(self.path()?),
            _ => self.symbol()?,
        };
        Ok(Some(Token { at, kind }))
    }

    fn symbol(&mut self) -> Result<TokenKind, Failure> {
        use Operator as O;
        const SYMBOLS: [(&str, TokenKind); 21] = [
            ("===", TokenKind::Operator(O::Equal)),
            ("!==", TokenKind::Operator(O::NotEqual)),
            ("==", TokenKind::Operator(O::Equal)),
            ("!=", TokenKind::Operator(O::NotEqual)),
            ("<>", TokenKind::Operator(O::NotEqual)),
            ("<=", TokenKind::Operator(O::LessOrEqual)),
            (">=", TokenKind::Operator(O::GreaterOrEqual)),
            ("&&", TokenKind::Operator(O::And)),
            ("||", TokenKind::Operator(O::Or)),
            ("=", TokenKind::Operator(O::Equal)),
            ("<", TokenKind::Operator(O::Less)),
            (">", TokenKind::Operator(O::Greater)),
            ("!", TokenKind::Not),
            ("+", TokenKind::Operator(O::Add)),
            ("-", TokenKind::Operator(O::Subtract)),
            ("*", TokenKind::Operator(O::Multiply)),
            ("/", TokenKind::Operator(O::Divide)),
            ("%", TokenKind::Operator(O::Remainder)),
            ("(", TokenKind::Open),
            (")", TokenKind::Close),
            (",", TokenKind::Comma),
        ];
        let rest = self.rest();
        match SYMBOLS.iter().find(|(symbol, _)| rest.starts_with(symbol)) {
            Some((symbol, kind)) => {
                self.at += symbol.len();
                Ok(kind.clone())
            }
            None => Err((
                Fault::Syntax(format!("unexpected {:?}", rest.chars().next().unwrap_or_default())),
                self.at,
            )),
        }
    }

    fn number(&mut self) -> Result<Value, Failure> {
        let rest = self.rest().as_bytes();
        let digits = |from: usize| rest.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
        let mut length = digits(0);
        if rest.get(length) == Some(&b'.') && digits(length + 1) > 0 {
            length += 1 + digits(length + 1);
        }
        if matches!(rest.get(length), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(rest.get(length + 1), Some(b'+' | b'-')));
            let exponent = digits(length + 1 + sign);
            if exponent > 0 {
                length += 1 + sign + exponent;
            }
        }
        let start = self.at;
        let written = self.rest().get(..length).unwrap_or_default().to_owned();
        self.at += length;
        if self.peek().is_some_and(|next| begins_name(next) || next == '.') {
            return Err((
                Fault::Syntax("a name cannot begin with a digit; write step[\"…\"].output".to_owned()),
                start,
            ));
        }
        let number = written
            .parse::<i64>()
            .ok()
            .map(Number::from)
            .or_else(|| written.parse::<f64>().ok().and_then(Number::from_f64));
        number.map(Value::Number).ok_or((Fault::Syntax("this number is too large".to_owned()), start))
    }

    fn quoted(&mut self) -> Result<String, Failure> {
        let start = self.at;
        let mut text = String::new();
        let mut letters = self.rest().char_indices();
        let quote = letters.next().map(|(_, letter)| letter);
        while let Some((index, letter)) = letters.next() {
            match letter {
                letter if Some(letter) == quote => {
                    self.at = start + index + letter.len_utf8();
                    return Ok(text);
                }
                '\\' => match letters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, escaped @ ('\\' | '"' | '\'' | '/'))) => text.push(escaped),
                    Some((_, 'u')) => {
                        let code: String = letters.by_ref().take(4).map(|(_, digit)| digit).collect();
                        let letter = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                        text.push(letter.ok_or_else(|| bad_escape(start + index))?);
                    }
                    _ => return Err(bad_escape(start + index)),
                },
                letter => text.push(letter),
            }
        }
        Err((Fault::Syntax("this text is not closed by a quotation mark".to_owned()), start))
    }

    fn path(&mut self) -> Result<Vec<Segment>, Failure> {
        let mut path = vec![Segment::Key(self.name())];
        loop {
            match self.peek() {
                Some('.') => {
                    self.at += 1;
                    let name = self.name();
                    if name.is_empty() {
                        return Err((Fault::Syntax("expected a name after the dot".to_owned()), self.at));
                    }
                    path.push(Segment::Key(name));
                }
                Some('[') => {
                    self.at += 1;
                    path.push(self.bracketed()?);
                }
                _ => return Ok(path),
            }
        }
    }

    fn bracketed(&mut self) -> Result<Segment, Failure> {
        let start = self.at;
        let segment = match self.peek() {
            Some('"' | '\'') => Segment::Key(self.quoted()?),
            _ => {
                let digits: String = self.rest().chars().take_while(char::is_ascii_digit).collect();
                self.at += digits.len();
                let index = digits.parse().ok().filter(|index| *index <= MAX_INDEX);
                Segment::Index(index.ok_or((
                    Fault::Syntax("expected the number of an item or a name in quotes".to_owned()),
                    start,
                ))?)
            }
        };
        if self.peek() == Some(']') {
            self.at += 1;
            return Ok(segment);
        }
        Err((Fault::Syntax("expected ]".to_owned()), self.at))
    }

    /// The letters of a name. `a-b` is a name, `a - b` and `a-1` subtract.
    fn name(&mut self) -> String {
        let rest = self.rest();
        let mut letters = rest.chars().peekable();
        let mut name = String::new();
        while let Some(letter) = letters.next() {
            let belongs = letter.is_alphanumeric()
                || letter == '_'
                || (letter == '-'
                    && !name.is_empty()
                    && letters.peek().is_some_and(|next| {
                        begins_name(*next) || (self.names_take_digits && next.is_ascii_digit())
                    }));
            if !belongs {
                break;
            }
            name.push(letter);
        }
        self.at += name.len();
        name
    }
}

/// No list is longer than this, so a larger index is a slip of the pen.
const MAX_INDEX: usize = 1_000_000;

fn begins_name(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_'
}

fn bad_escape(at: usize) -> Failure {
    (Fault::Syntax("this escape is unknown".to_owned()), at)
}

fn word(path: Vec<Segment>) -> TokenKind {
    let [Segment::Key(name)] = path.as_slice() else { return TokenKind::Path(path) };
    match name.as_str() {
        "true" => TokenKind::Literal(Value::Bool(true)),
        "false" => TokenKind::Literal(Value::Bool(false)),
        "null" => TokenKind::Literal(Value::Null),
        "AND" | "and" => TokenKind::Operator(Operator::And),
        "OR" | "or" => TokenKind::Operator(Operator::Or),
        "NOT" | "not" => TokenKind::NotWord,
        _ => TokenKind::Path(path),
    }
}
