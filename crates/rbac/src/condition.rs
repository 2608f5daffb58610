//! Conditions of policy rules: a JSON object of which every key must hold.
//!
//! A key or value that cannot be read, or a fact that a request does not carry, makes the rule unreadable for that
//! request, and an unreadable rule denies.

use std::{net::IpAddr, str::FromStr};

use chrono::{DateTime, Datelike, FixedOffset, NaiveTime, Utc, Weekday};
use conductor_domain::{Classification, EnvironmentId, EnvironmentType, Visibility};
use ipnet::IpNet;
use serde_json::{Map, Value};

use crate::{AccessLevel, Action, Request, action::covers};

/// One condition. To add one: a variant, an arm in `read`, an arm in `holds`, a line in the README's table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    Roles(Vec<String>),
    NoRoles(Vec<String>),
    Subjects(Vec<String>),
    Actions(Vec<String>),
    Kinds(Vec<String>),
    Changes(bool),
    ReadOnly(bool),
    Official(bool),
    Outbound(bool),
    FlowsDown(bool),
    Owner(bool),
    Visibility(Vec<Visibility>),
    Labels(Vec<String>),
    GrantIncludes(AccessLevel),
    ClassificationAtLeast(Classification),
    ClassificationAtMost(Classification),
    ContextAtLeast(Classification),
    ContextAtMost(Classification),
    Environments(Vec<EnvironmentId>),
    EnvironmentTypes(Vec<EnvironmentType>),
    Addresses(Vec<IpNet>),
    After(DateTime<Utc>),
    Before(DateTime<Utc>),
    Hours(Hours),
    Argument { pointer: String, test: Test },
    Attribute { name: String, test: Test },
}

/// A part of the week, on the clock of one offset from UTC.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hours {
    from: NaiveTime,
    /// Not after midnight: hours that cross it are two rules.
    to: NaiveTime,
    days: Vec<Weekday>,
    offset: FixedOffset,
}

/// What an argument is held against.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    Equals(Value),
    NotEquals(Value),
    OneOf(Vec<Value>),
    StartsWith(String),
    AtLeast(f64),
    AtMost(f64),
    Present(bool),
}

/// A request lacks the fact that a condition asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unknown;

/// Reads the conditions of a rule; `null` and `{}` are none. Errors are sentences that say what to change.
pub(crate) fn read(conditions: &Value) -> Result<Vec<Condition>, String> {
    match conditions {
        Value::Null => Ok(vec![]),
        Value::Object(map) => {
            let mut all = Vec::with_capacity(map.len());
            for (key, value) in map {
                read_one(key, value, &mut all)?;
            }
            Ok(all)
        }
        _ => Err("conditions must be a JSON object".to_owned()),
    }
}

fn read_one(key: &str, value: &Value, all: &mut Vec<Condition>) -> Result<(), String> {
    let condition = match key {
        "roles" => Condition::Roles(words(key, value)?),
        "no_roles" => Condition::NoRoles(words(key, value)?),
        "subjects" => Condition::Subjects(words(key, value)?),
        "actions" => Condition::Actions(known(key, words(key, value)?, |word| {
            Action::ALL.iter().any(|action| covers(word, *action))
        })?),
        "kinds" => Condition::Kinds(known(key, words(key, value)?, |word| {
            crate::ResourceKind::ALL.iter().any(|kind| kind.as_str() == word)
        })?),
        "changes" => Condition::Changes(flag(key, value)?),
        "read_only" => Condition::ReadOnly(flag(key, value)?),
        "official" => Condition::Official(flag(key, value)?),
        "outbound" => Condition::Outbound(flag(key, value)?),
        "flows_down" => Condition::FlowsDown(flag(key, value)?),
        "owner" => Condition::Owner(flag(key, value)?),
        "visibility" => Condition::Visibility(parsed(key, value)?),
        "environments" => Condition::Environments(parsed(key, value)?),
        "environment_types" => Condition::EnvironmentTypes(parsed(key, value)?),
        "addresses" => Condition::Addresses(networks(key, value)?),
        "after" => Condition::After(parse(key, text(key, value)?)?),
        "before" => Condition::Before(parse(key, text(key, value)?)?),
        "hours" => Condition::Hours(hours(key, value)?),
        "labels" => Condition::Labels(words(key, value)?),
        "grant_includes" => Condition::GrantIncludes(
            AccessLevel::from_word(text(key, value)?)
                .ok_or_else(|| format!("{key:?} names no level of access"))?,
        ),
        "classification_at_least" => Condition::ClassificationAtLeast(parse(key, text(key, value)?)?),
        "classification_at_most" => Condition::ClassificationAtMost(parse(key, text(key, value)?)?),
        "context_at_least" => Condition::ContextAtLeast(parse(key, text(key, value)?)?),
        "context_at_most" => Condition::ContextAtMost(parse(key, text(key, value)?)?),
        "arguments" => return read_arguments(value, all),
        "attributes" => return read_attributes(value, all),
        _ => return Err(format!("there is no condition {key:?}")),
    };
    all.push(condition);
    Ok(())
}

fn read_arguments(value: &Value, all: &mut Vec<Condition>) -> Result<(), String> {
    let by_pointer = object("arguments", value)?;
    for (pointer, tests) in by_pointer {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(format!("{pointer:?} is no JSON pointer; write {:?}", format!("/{pointer}")));
        }
        for test in read_tests(pointer, tests)? {
            all.push(Condition::Argument { pointer: pointer.clone(), test });
        }
    }
    Ok(())
}

fn read_attributes(value: &Value, all: &mut Vec<Condition>) -> Result<(), String> {
    for (name, tests) in object("attributes", value)? {
        for test in read_tests(name, tests)? {
            all.push(Condition::Attribute { name: name.clone(), test });
        }
    }
    Ok(())
}

/// What one argument or attribute is held against.
fn read_tests(name: &str, tests: &Value) -> Result<Vec<Test>, String> {
    let tests = object(name, tests)?;
    if tests.is_empty() {
        return Err(format!("{name:?} has no test"));
    }
    let read = |(test, operand): (&String, &Value)| {
        Ok(match test.as_str() {
            "equals" => Test::Equals(operand.clone()),
            "not_equals" => Test::NotEquals(operand.clone()),
            "one_of" => Test::OneOf(
                operand
                    .as_array()
                    .cloned()
                    .ok_or_else(|| format!("\"one_of\" of {name:?} must be a list"))?,
            ),
            "starts_with" => Test::StartsWith(text(test, operand)?.to_owned()),
            "at_least" => Test::AtLeast(number(test, operand)?),
            "at_most" => Test::AtMost(number(test, operand)?),
            "present" => Test::Present(flag(test, operand)?),
            _ => return Err(format!("there is no test {test:?} of {name:?}")),
        })
    };
    tests.iter().map(read).collect()
}

fn object<'a>(key: &str, value: &'a Value) -> Result<&'a Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("{key:?} must be an object"))
}

fn text<'a>(key: &str, value: &'a Value) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| format!("{key:?} must be text"))
}

fn flag(key: &str, value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| format!("{key:?} must be true or false"))
}

fn number(key: &str, value: &Value) -> Result<f64, String> {
    value.as_f64().ok_or_else(|| format!("{key:?} must be a number"))
}

fn words(key: &str, value: &Value) -> Result<Vec<String>, String> {
    let list = value.as_array().ok_or_else(|| format!("{key:?} must be a list of text"))?;
    list.iter().map(|word| text(key, word).map(str::to_owned)).collect()
}

fn known(key: &str, words: Vec<String>, is_known: impl Fn(&str) -> bool) -> Result<Vec<String>, String> {
    match words.iter().find(|word| !is_known(word)) {
        Some(word) => Err(format!("{key:?} names {word:?}, which does not exist")),
        None => Ok(words),
    }
}

fn parse<T: FromStr>(key: &str, word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{key:?} names {word:?}, which is no such word"))
}

fn parsed<T: FromStr>(key: &str, value: &Value) -> Result<Vec<T>, String> {
    words(key, value)?.iter().map(|word| parse(key, word)).collect()
}

/// Networks such as `10.0.0.0/8`; a bare address is a network of one.
fn networks(key: &str, value: &Value) -> Result<Vec<IpNet>, String> {
    let read = |word: &String| {
        let network = word.parse().or_else(|_| word.parse::<IpAddr>().map(IpNet::from));
        network
            .map_err(|_| format!("{key:?} names {word:?}; write an address or a network such as 10.0.0.0/8"))
    };
    words(key, value)?.iter().map(read).collect()
}

fn hours(key: &str, value: &Value) -> Result<Hours, String> {
    const SHAPE: &str = r#"{ "from": "08:00", "to": "18:00", "days": ["mon", …], "utc_offset": "+01:00" }, the last two as you like"#;
    let shape = || format!("{key:?} must be {SHAPE}");
    let map = object(key, value)?;
    if map.keys().any(|name| !["from", "to", "days", "utc_offset"].contains(&name.as_str())) {
        return Err(shape());
    }
    let time = |name: &str| {
        let word = map.get(name).and_then(Value::as_str).ok_or_else(shape)?;
        NaiveTime::parse_from_str(word, "%H:%M").map_err(|_| shape())
    };
    let days = match map.get("days") {
        None => Vec::new(),
        Some(days) => words("days", days)?
            .iter()
            .map(|day| day.parse().map_err(|_| shape()))
            .collect::<Result<_, _>>()?,
    };
    let offset = map.get("utc_offset").map_or(Ok("+00:00"), |offset| offset.as_str().ok_or_else(shape))?;
    let hours =
        Hours { from: time("from")?, to: time("to")?, days, offset: offset.parse().map_err(|_| shape())? };
    if hours.from < hours.to {
        Ok(hours)
    } else {
        Err(format!("{key:?} must end after it begins; hours over midnight are two rules"))
    }
}

impl Hours {
    fn contain(&self, now: DateTime<Utc>) -> bool {
        let local = now.with_timezone(&self.offset);
        (self.days.is_empty() || self.days.contains(&local.weekday()))
            && (self.from..self.to).contains(&local.time())
    }
}

impl Condition {
    /// Whether the condition holds for a request.
    pub(crate) fn holds(&self, request: &Request<'_>) -> Result<bool, Unknown> {
        let resource = &request.resource;
        Ok(match self {
            Self::Roles(roles) => request.roles.iter().any(|role| roles.contains(role)),
            Self::NoRoles(roles) => !request.roles.iter().any(|role| roles.contains(role)),
            Self::Subjects(subjects) => subjects.iter().any(|subject| *subject == request.subject),
            Self::Actions(patterns) => patterns.iter().any(|pattern| covers(pattern, request.action)),
            Self::Kinds(kinds) => kinds.iter().any(|kind| kind == request.action.kind().as_str()),
            Self::Changes(changes) => request.changes() == *changes,
            Self::ReadOnly(read_only) => resource.read_only == *read_only,
            Self::Official(official) => resource.official == *official,
            Self::Outbound(outbound) => resource.outbound == *outbound,
            Self::FlowsDown(down) => (request.context_label() > resource.classification) == *down,
            Self::Owner(owner) => request.owner == *owner,
            Self::Visibility(visibilities) => visibilities.contains(&resource.visibility),
            Self::Labels(labels) => resource.labels.iter().any(|label| labels.contains(label)),
            Self::GrantIncludes(level) => request.grant.includes(*level),
            Self::ClassificationAtLeast(least) => resource.classification >= *least,
            Self::ClassificationAtMost(most) => resource.classification <= *most,
            Self::ContextAtLeast(least) => request.context_label() >= *least,
            Self::ContextAtMost(most) => request.context_label() <= *most,
            Self::Environments(ids) => ids.contains(&request.scope.environment_id),
            Self::EnvironmentTypes(types) => types.contains(&request.environment_type.ok_or(Unknown)?),
            Self::Addresses(networks) => {
                let address = request.address.ok_or(Unknown)?.to_canonical();
                networks.iter().any(|network| network.contains(&address))
            }
            Self::After(moment) => request.now.ok_or(Unknown)? >= *moment,
            Self::Before(moment) => request.now.ok_or(Unknown)? < *moment,
            Self::Hours(hours) => hours.contain(request.now.ok_or(Unknown)?),
            Self::Argument { pointer, test } => {
                test.holds(request.arguments.ok_or(Unknown)?.pointer(pointer))?
            }
            Self::Attribute { name, test } => test.holds(request.attributes.ok_or(Unknown)?.get(name))?,
        })
    }
}

impl Test {
    fn holds(&self, argument: Option<&Value>) -> Result<bool, Unknown> {
        let Some(argument) = argument else {
            return Ok(matches!(self, Self::Present(false) | Self::NotEquals(_)));
        };
        Ok(match self {
            Self::Equals(value) => argument == value,
            Self::NotEquals(value) => argument != value,
            Self::OneOf(values) => values.contains(argument),
            Self::StartsWith(start) => argument.as_str().ok_or(Unknown)?.starts_with(start.as_str()),
            Self::AtLeast(least) => argument.as_f64().ok_or(Unknown)? >= *least,
            Self::AtMost(most) => argument.as_f64().ok_or(Unknown)? <= *most,
            Self::Present(present) => *present,
        })
    }
}
