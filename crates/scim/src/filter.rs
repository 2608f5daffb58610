//! Filters (RFC 7644, section 3.4.2.2): read into a tree, and asked of JSON values. Nothing of a filter ever becomes a
//! part of a statement of a database.

use std::{cmp::Ordering, fmt};

use chrono::DateTime;
use serde_json::Value;

use crate::{
    AttributePath, Error, Kind, Reason, Result,
    path::{Resolved, is_path_byte},
    schema::{Attribute, Type},
};

/// Bytes of a filter at most.
const LONGEST: usize = 8 * 1024;
/// Brackets within brackets at most.
const DEEPEST: usize = 16;
/// Comparisons of one filter at most.
const MOST_TERMS: usize = 100;

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `co`
    Contains,
    /// `sw`
    StartsWith,
    /// `ew`
    EndsWith,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
}

impl Operator {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Equal, "eq"),
        (Self::NotEqual, "ne"),
        (Self::Contains, "co"),
        (Self::StartsWith, "sw"),
        (Self::EndsWith, "ew"),
        (Self::Greater, "gt"),
        (Self::GreaterOrEqual, "ge"),
        (Self::Less, "lt"),
        (Self::LessOrEqual, "le"),
    ];

    fn read(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| known.eq_ignore_ascii_case(word)).map(|(operator, _)| *operator)
    }

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(operator, _)| *operator == self).map_or("", |(_, word)| word)
    }
}

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Both.
    And(Box<Filter>, Box<Filter>),
    /// One or the other, or both.
    Or(Box<Filter>, Box<Filter>),
    /// Not.
    Not(Box<Filter>),
    /// The attribute has a value.
    Present(AttributePath),
    /// A value of the attribute compares so.
    Compare(AttributePath, Operator, Value),
    /// One value of the attribute fits a filter of its own.
    Has(AttributePath, Box<Filter>),
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// `invalidFilter` where it is none, or longer or deeper than a directory has reason for.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > LONGEST {
            return Err(invalid(format!("The filter is longer than {LONGEST} bytes.")));
        }
        let mut parser = Parser { rest: text, depth: 0, terms: 0 };
        let filter = parser.either()?;
        match parser.skip() {
            "" => Ok(filter),
            rest => Err(invalid(format!("Expected the end of the filter at {:?}.", start(rest)))),
        }
    }

    /// Whether a resource fits. An attribute that the schema has not is one without a value.
    #[must_use]
    pub fn matches(&self, kind: Kind, resource: &Value) -> bool {
        self.holds(kind, None, resource)
    }

    /// Whether one value of a complex attribute fits, with the names of its parts.
    pub(crate) fn matches_value(&self, kind: Kind, of: &'static Attribute, value: &Value) -> bool {
        self.holds(kind, Some(of), value)
    }

    /// The attribute and the text that every match must have, where the filter is one such comparison: what a row can
    /// be found by without looking at all of them.
    #[must_use]
    pub fn equality(&self) -> Option<(&str, &str)> {
        match self {
            Self::Compare(path, Operator::Equal, Value::String(text)) => Some((path.plain()?, text)),
            Self::And(left, right) => left.equality().or_else(|| right.equality()),
            _ => None,
        }
    }

    fn holds(&self, kind: Kind, within: Option<&'static Attribute>, value: &Value) -> bool {
        match self {
            Self::And(left, right) => left.holds(kind, within, value) && right.holds(kind, within, value),
            Self::Or(left, right) => left.holds(kind, within, value) || right.holds(kind, within, value),
            Self::Not(filter) => !filter.holds(kind, within, value),
            Self::Present(path) => path.values(value).into_iter().any(is_something),
            Self::Compare(path, operator, wanted) => {
                let attribute = described(path, kind, within);
                let found = path.values(value);
                // What is compared of a complex value is its `value`.
                let found: Vec<&Value> = found
                    .into_iter()
                    .filter_map(|one| if one.is_object() { one.get("value") } else { Some(one) })
                    .collect();
                match operator {
                    Operator::NotEqual => !equals_any(attribute, &found, wanted),
                    Operator::Equal => equals_any(attribute, &found, wanted),
                    _ => found.into_iter().any(|found| compare(attribute, found, *operator, wanted)),
                }
            }
            Self::Has(path, filter) => {
                let Some(Resolved::Attribute { attribute, .. }) = path.resolve(kind) else { return false };
                path.values(value).into_iter().any(|one| filter.holds(kind, Some(attribute), one))
            }
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(left, right) => write!(f, "({left}) and ({right})"),
            Self::Or(left, right) => write!(f, "({left}) or ({right})"),
            Self::Not(filter) => write!(f, "not ({filter})"),
            Self::Present(path) => write!(f, "{path} pr"),
            Self::Compare(path, operator, value) => write!(f, "{path} {} {value}", operator.word()),
            Self::Has(path, filter) => write!(f, "{path}[{filter}]"),
        }
    }
}

fn described(
    path: &AttributePath,
    kind: Kind,
    within: Option<&'static Attribute>,
) -> Option<&'static Attribute> {
    if let Some(within) = within {
        return Attribute::named(within.subs, &path.name);
    }
    match path.resolve(kind)? {
        Resolved::Attribute { attribute, sub: Some(sub), .. } => {
            let _ = attribute;
            Some(sub)
        }
        // Of a complex attribute without a part, the part `value` is what is compared.
        Resolved::Attribute { attribute, .. } => {
            Some(Attribute::named(attribute.subs, "value").unwrap_or(attribute))
        }
        Resolved::Extension(_) => None,
    }
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(all) => !all.is_empty(),
        Value::Object(all) => !all.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn equals_any(attribute: Option<&Attribute>, found: &[&Value], wanted: &Value) -> bool {
    if wanted.is_null() {
        return !found.iter().any(|value| is_something(value));
    }
    found.iter().any(|value| order(attribute, value, wanted) == Some(Ordering::Equal))
}

fn compare(attribute: Option<&Attribute>, found: &Value, operator: Operator, wanted: &Value) -> bool {
    let texts = |fits: fn(&str, &str) -> bool| match (found, wanted) {
        (Value::String(found), Value::String(wanted)) if is_exact(attribute) => fits(found, wanted),
        (Value::String(found), Value::String(wanted)) => fits(&found.to_lowercase(), &wanted.to_lowercase()),
        _ => false,
    };
    let ordered = |fits: fn(Ordering) -> bool| order(attribute, found, wanted).is_some_and(fits);
    match operator {
        Operator::Contains => texts(|found, wanted| found.contains(wanted)),
        Operator::StartsWith => texts(|found, wanted| found.starts_with(wanted)),
        Operator::EndsWith => texts(|found, wanted| found.ends_with(wanted)),
        // Booleans have no order.
        _ if found.is_boolean() => false,
        Operator::Greater => ordered(Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(Ordering::is_ge),
        Operator::Less => ordered(Ordering::is_lt),
        Operator::LessOrEqual => ordered(Ordering::is_le),
        Operator::Equal | Operator::NotEqual => false,
    }
}

fn is_exact(attribute: Option<&Attribute>) -> bool {
    attribute.is_some_and(|attribute| attribute.case_exact)
}

/// How two values stand to each other; `None` where they cannot be compared.
pub(crate) fn order(attribute: Option<&Attribute>, found: &Value, wanted: &Value) -> Option<Ordering> {
    match (found, wanted) {
        (Value::String(found), Value::String(wanted)) => {
            if attribute.is_some_and(|attribute| attribute.kind == Type::DateTime) {
                let moment = |text: &str| DateTime::parse_from_rfc3339(text).ok();
                return Some(moment(found)?.cmp(&moment(wanted)?));
            }
            if is_exact(attribute) {
                return Some(found.cmp(wanted));
            }
            Some(found.to_lowercase().cmp(&wanted.to_lowercase()))
        }
        (Value::Bool(found), Value::Bool(wanted)) => Some(found.cmp(wanted)),
        (Value::Bool(found), Value::String(wanted)) => {
            // Some directories write truth as a text.
            Some(found.cmp(&wanted.to_ascii_lowercase().parse().ok()?))
        }
        (Value::Number(found), Value::Number(wanted)) => found.as_f64()?.partial_cmp(&wanted.as_f64()?),
        _ => None,
    }
}

fn invalid(detail: impl Into<String>) -> Error {
    Error::new(Reason::InvalidFilter, detail)
}

fn start(text: &str) -> String {
    text.chars().take(20).collect()
}

struct Parser<'t> {
    rest: &'t str,
    depth: usize,
    terms: usize,
}

impl<'t> Parser<'t> {
    fn skip(&mut self) -> &'t str {
        self.rest = self.rest.trim_start_matches(' ');
        self.rest
    }

    /// Takes a character where it is next.
    fn takes(&mut self, wanted: char) -> bool {
        match self.skip().strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes a word where it is next and ends there.
    fn takes_word(&mut self, wanted: &str) -> bool {
        let rest = self.skip();
        let Some(word) = rest.get(..wanted.len()) else { return false };
        let after = &rest[wanted.len()..];
        let ends = after.bytes().next().is_none_or(|byte| !is_path_byte(byte));
        if word.eq_ignore_ascii_case(wanted) && ends {
            self.rest = after;
            return true;
        }
        false
    }

    fn closes(&mut self, with: char) -> Result<()> {
        if self.takes(with) {
            return Ok(());
        }
        Err(invalid(format!("Expected {with} at {:?}.", start(self.rest))))
    }

    fn either(&mut self) -> Result<Filter> {
        let mut filter = self.both()?;
        while self.takes_word("or") {
            filter = Filter::Or(Box::new(filter), Box::new(self.both()?));
        }
        Ok(filter)
    }

    fn both(&mut self) -> Result<Filter> {
        let mut filter = self.one()?;
        while self.takes_word("and") {
            filter = Filter::And(Box::new(filter), Box::new(self.one()?));
        }
        Ok(filter)
    }

    fn one(&mut self) -> Result<Filter> {
        if self.skip().starts_with('(') {
            return self.within('(', ')');
        }
        if self.takes_word("not") {
            if !self.skip().starts_with('(') {
                return Err(invalid("`not` takes a filter in brackets."));
            }
            return Ok(Filter::Not(Box::new(self.within('(', ')')?)));
        }
        self.terms += 1;
        if self.terms > MOST_TERMS {
            return Err(invalid(format!("The filter has more than {MOST_TERMS} comparisons.")));
        }
        let path = self.path()?;
        if self.rest.starts_with('[') {
            return Ok(Filter::Has(path, Box::new(self.within('[', ']')?)));
        }
        if self.takes_word("pr") {
            return Ok(Filter::Present(path));
        }
        let word = self.word();
        let operator = Operator::read(word)
            .ok_or_else(|| invalid(format!("{:?} is no operator after {path}.", start(word))))?;
        Ok(Filter::Compare(path, operator, self.value()?))
    }

    fn within(&mut self, opens: char, closes: char) -> Result<Filter> {
        self.closes(opens)?;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(invalid(format!("The filter is nested deeper than {DEEPEST} times.")));
        }
        let filter = self.either()?;
        self.depth -= 1;
        self.closes(closes)?;
        Ok(filter)
    }

    fn word(&mut self) -> &'t str {
        let rest = self.skip();
        let end = rest.bytes().position(|byte| !is_path_byte(byte)).unwrap_or(rest.len());
        self.rest = &rest[end..];
        &rest[..end]
    }

    fn path(&mut self) -> Result<AttributePath> {
        let at = start(self.skip());
        AttributePath::parse(self.word()).ok_or_else(|| invalid(format!("Expected an attribute at {at:?}.")))
    }

    /// A text, number, truth or null, as JSON writes it.
    fn value(&mut self) -> Result<Value> {
        let rest = self.skip();
        let end = match rest.strip_prefix('"') {
            Some(text) => {
                let mut escaped = false;
                let ends = |byte: u8| {
                    let ends = byte == b'"' && !escaped;
                    escaped = byte == b'\\' && !escaped;
                    ends
                };
                text.bytes().position(ends).map_or(rest.len(), |at| at + 2)
            }
            None => rest.bytes().position(|byte| matches!(byte, b' ' | b')' | b']')).unwrap_or(rest.len()),
        };
        let (value, after) = rest.split_at(end);
        match serde_json::from_str::<Value>(value) {
            Ok(value) if !value.is_array() && !value.is_object() => {
                self.rest = after;
                Ok(value)
            }
            _ => {
                let at = start(rest);
                Err(invalid(format!("Expected a value in quotes, a number, true, false or null at {at:?}.")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ada() -> Value {
        json!({
            "id": "0192", "userName": "Ada@Example.com", "externalId": "E-1", "active": true,
            "name": { "familyName": "Lovelace" },
            "emails": [{ "value": "ada@work.example", "type": "work", "primary": true },
                       { "value": "ada@home.example", "type": "home" }],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Engines" },
            "meta": { "lastModified": "2026-11-21T12:00:00Z" },
        })
    }

    #[test]
    fn filters_find_what_they_say() {
        for (filter, found) in [
            (r#"userName eq "ada@example.COM""#, true),
            (r#"externalId eq "e-1""#, false),
            (r#"externalId Eq "E-1""#, true),
            (r#"userName sw "ada" and active eq true"#, true),
            (r#"active eq "True""#, true),
            (r#"active ne true or userName co "@example""#, true),
            // `and` binds closer than `or`.
            (r#"userName pr or userName pr and title pr"#, true),
            (r#"(userName pr or userName pr) and title pr"#, false),
            (r#"not (title pr)"#, true),
            (r#"emails eq "ada@home.example""#, true),
            (r#"emails.type eq "work" and emails.value ew "home.example""#, true),
            (r#"emails[type eq "work" and value ew "home.example"]"#, false),
            (r#"emails[type eq "work" and primary eq true]"#, true),
            (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "engines""#, true),
            (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName pr"#, true),
            (r#"meta.lastModified gt "2026-11-21T12:59:59+01:00""#, true),
            (r#"meta.lastModified ge "2026-11-21T12:00:00.5Z""#, false),
            (r#"name.familyName lt "M""#, true),
            (r#"title eq null"#, true),
            (r#"title ne "x""#, true),
            (r#"userName eq null"#, false),
            (r#"active gt false"#, false),
            (r#"shoeSize gt 3"#, false),
            (r#"userName eq "a\" or userName pr or \"""#, false),
        ] {
            assert_eq!(Filter::parse(filter).unwrap().matches(Kind::User, &ada()), found, "{filter}");
        }
    }

    #[test]
    fn what_is_no_filter_says_where() {
        for bad in [
            "",
            " ",
            "userName",
            "userName eq",
            "userName is \"x\"",
            "userName eq x",
            "userName eq 'x'",
            "(userName pr",
            "userName pr)",
            "not userName pr",
            "userName pr and",
            "emails[type eq \"work\"",
            "userName eq \"x",
            "userName eq [1]",
            "userName eq {}",
            "1=1",
            "userName pr; drop table users",
            "userName pr -- ",
            "userName eq \"x\" userName pr",
        ] {
            let refused = Filter::parse(bad).unwrap_err();
            assert_eq!(refused.reason, Reason::InvalidFilter, "{bad}");
        }
    }

    #[test]
    fn filters_have_an_end() {
        let deep = |times: usize| format!("{}userName pr{}", "(".repeat(times), ")".repeat(times));
        assert!(Filter::parse(&deep(DEEPEST)).is_ok());
        assert!(Filter::parse(&deep(DEEPEST + 1)).is_err());
        assert!(Filter::parse(&deep(4_000)).is_err());
        let long = |times: usize| vec!["title pr"; times].join(" or ");
        assert!(Filter::parse(&long(MOST_TERMS)).is_ok());
        assert!(Filter::parse(&long(MOST_TERMS + 1)).is_err());
        assert!(Filter::parse(&format!("userName eq \"{}\"", "x".repeat(LONGEST))).is_err());
    }

    #[test]
    fn one_equality_finds_a_row() {
        let found = |text: &str| {
            let filter = Filter::parse(text).unwrap();
            filter.equality().map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let wanted = Some(("userName".to_owned(), "x".to_owned()));
        assert_eq!(found(r#"userName eq "x""#), wanted);
        assert_eq!(found(r#"active eq true and userName eq "x""#), wanted);
        assert_eq!(found(r#"userName eq "x" or active eq true"#), None);
        assert_eq!(found(r#"not (userName eq "x")"#), None);
    }
}
