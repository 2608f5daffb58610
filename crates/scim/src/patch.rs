//! PATCH (RFC 7644, section 3.5.2): operations on paths, applied to a copy, all of them or none.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::{
    AttributePath, Error, Filter, Kind, Reason, Result,
    path::{Resolved, member},
    resource::{MOST_MEMBERS, complete, single, typed},
    schema::{Attribute, Mutability},
};

/// Operations of one PATCH at most.
const MOST_OPERATIONS: usize = 1_000;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Add,
    Replace,
    Remove,
}

/// Where an operation does it.
struct Target {
    extension: Option<&'static str>,
    attribute: &'static Attribute,
    filter: Option<Filter>,
    sub: Option<&'static Attribute>,
}

/// A path as an operation writes it.
enum Place {
    Extension(&'static str),
    Target(Target),
}

/// The resource after the operations of a PATCH. It is what `read` gave before, and holds to the schema after.
///
/// # Errors
/// `invalidSyntax`, `invalidPath`, `noTarget`, `mutability` or `invalidValue`; nothing is changed then.
pub fn patch(kind: Kind, mut resource: Value, body: &Value) -> Result<Value> {
    let operations = member(body, "Operations").and_then(Value::as_array).filter(|all| !all.is_empty());
    let operations = operations.ok_or_else(|| syntax("Send `Operations`, a list that is not empty."))?;
    if operations.len() > MOST_OPERATIONS {
        let detail = format!("Send at most {MOST_OPERATIONS} operations at once.");
        return Err(Error::new(Reason::TooMany, detail));
    }
    let root = resource.as_object_mut().ok_or_else(|| syntax("A resource is an object."))?;
    for operation in operations {
        let verb =
            match member(operation, "op").and_then(Value::as_str).map(str::to_ascii_lowercase).as_deref() {
                Some("add") => Verb::Add,
                Some("replace") => Verb::Replace,
                Some("remove") => Verb::Remove,
                _ => return Err(syntax("`op` is add, replace or remove.")),
            };
        let path = match member(operation, "path") {
            None | Some(Value::Null) => None,
            Some(Value::String(path)) if path.trim().is_empty() => None,
            Some(Value::String(path)) => Some(path.trim()),
            Some(_) => return Err(Error::new(Reason::InvalidPath, "`path` is a text.")),
        };
        let value = member(operation, "value").unwrap_or(&Value::Null);
        match path {
            Some(path) => at(kind, root, verb, Place::read(kind, path)?, value)?,
            None if verb == Verb::Remove => {
                return Err(Error::new(Reason::NoTarget, "`remove` needs a path."));
            }
            None => everywhere(kind, root, verb, value)?,
        }
    }
    root.retain(|_, value| match value {
        Value::Array(all) => !all.is_empty(),
        Value::Object(all) => !all.is_empty(),
        _ => true,
    });
    complete(kind, resource)
}

/// An operation without a path: what its value names, as far as the schema has it and clients may write it.
fn everywhere(kind: Kind, root: &mut Map<String, Value>, verb: Verb, value: &Value) -> Result<()> {
    let Some(named) = value.as_object() else {
        return Err(Error::value("Without a path, `value` is an object of attributes."));
    };
    for (name, value) in named {
        match Place::read(kind, name) {
            Ok(place) if place.is_writable() => at(kind, root, verb, place, value)?,
            _ => {}
        }
    }
    Ok(())
}

fn at(kind: Kind, root: &mut Map<String, Value>, verb: Verb, place: Place, value: &Value) -> Result<()> {
    if !place.is_writable() {
        return Err(Error::new(Reason::Mutability, "The attribute is the server's own."));
    }
    let target = match place {
        Place::Target(target) => target,
        Place::Extension(id) if verb == Verb::Remove => {
            root.remove(id);
            return Ok(());
        }
        Place::Extension(id) => {
            let parts = value.as_object().ok_or_else(|| Error::value("An extension is an object."))?;
            for (name, value) in parts {
                if let Ok(place) = Place::read(kind, &format!("{id}:{name}"))
                    && place.is_writable()
                {
                    at(kind, root, verb, place, value)?;
                }
            }
            return Ok(());
        }
    };
    let holder = match target.extension {
        None => root,
        Some(id) => {
            let holder = root.entry(id).or_insert_with(|| Value::Object(Map::new()));
            holder.as_object_mut().ok_or_else(|| syntax("An extension is an object."))?
        }
    };
    match verb {
        Verb::Remove => remove(kind, holder, &target, value),
        Verb::Add | Verb::Replace if target.attribute.many => write_many(kind, holder, verb, &target, value),
        Verb::Add | Verb::Replace => write_one(holder, &target, value),
    }
}

fn write_one(holder: &mut Map<String, Value>, target: &Target, value: &Value) -> Result<()> {
    let Target { attribute, sub, filter, .. } = target;
    if filter.is_some() {
        let detail = format!("{} has one value; it takes no filter.", attribute.name);
        return Err(Error::new(Reason::InvalidPath, detail));
    }
    if let Some(sub) = sub {
        let whole = holder.entry(attribute.name).or_insert_with(|| Value::Object(Map::new()));
        let whole = whole.as_object_mut().ok_or_else(|| syntax("The attribute has no parts."))?;
        set(whole, sub, value)?;
        return Ok(());
    }
    match (single(attribute, value)?, holder.get_mut(attribute.name)) {
        (None, _) if attribute.required => return Err(needed(attribute)),
        (None, _) => drop(holder.remove(attribute.name)),
        // Parts that are not named stay.
        (Some(Value::Object(parts)), Some(Value::Object(whole))) => whole.extend(parts),
        (Some(value), _) => drop(holder.insert(attribute.name.to_owned(), value)),
    }
    Ok(())
}

fn write_many(
    kind: Kind,
    holder: &mut Map<String, Value>,
    verb: Verb,
    target: &Target,
    value: &Value,
) -> Result<()> {
    let Target { attribute, sub, filter, .. } = target;
    let all = holder.entry(attribute.name).or_insert_with(|| Value::Array(Vec::new()));
    let all = all.as_array_mut().ok_or_else(|| syntax("The attribute has several values."))?;
    let mut touched: Vec<usize> = Vec::new();
    if filter.is_none() && sub.is_none() {
        if verb == Verb::Replace {
            all.clear();
        }
        let new = match typed(attribute, value)? {
            Some(Value::Array(new)) => new,
            _ => Vec::new(),
        };
        let mut known: HashSet<String> = all.iter().map(name_of).collect();
        for one in new {
            if known.insert(name_of(&one)) {
                touched.push(all.len());
                all.push(one);
            }
        }
    } else {
        let fits =
            |one: &Value| filter.as_ref().is_none_or(|filter| filter.matches_value(kind, attribute, one));
        touched.extend(all.iter().enumerate().filter(|(_, one)| fits(one)).map(|(at, _)| at));
        if touched.is_empty() {
            if verb == Verb::Replace && filter.is_some() {
                let detail = format!("No value of {} fits the filter.", attribute.name);
                return Err(Error::new(Reason::NoTarget, detail));
            }
            let mut new = Map::new();
            if let Some(filter) = filter {
                take_over(filter, attribute, &mut new)?;
            }
            touched.push(all.len());
            all.push(Value::Object(new));
        }
        for at in &touched {
            let Some(one) = all.get_mut(*at).and_then(Value::as_object_mut) else { continue };
            match sub {
                Some(sub) => set(one, sub, value)?,
                None => {
                    let parts =
                        value.as_object().ok_or_else(|| Error::value("`value` is an object of parts."))?;
                    for (name, value) in parts {
                        if let Some(sub) = Attribute::named(attribute.subs, name) {
                            set(one, sub, value)?;
                        }
                    }
                }
            }
        }
        all.retain(|one| one.as_object().is_none_or(|one| !one.is_empty()));
    }
    one_primary(all, &touched);
    let most = if attribute.name == "members" { MOST_MEMBERS } else { 100 };
    if all.len() > most {
        let detail = format!("{} has more than {most} values.", attribute.name);
        return Err(Error::new(Reason::TooMany, detail));
    }
    for one in all.iter() {
        single(attribute, one)?;
    }
    Ok(())
}

fn remove(kind: Kind, holder: &mut Map<String, Value>, target: &Target, value: &Value) -> Result<()> {
    let Target { attribute, sub, filter, .. } = target;
    if sub.is_none_or(|sub| sub.required)
        && filter.is_none()
        && value.is_null()
        && attribute.required
        && attribute.name != "emails"
    {
        return Err(needed(attribute));
    }
    let Some(found) = holder.get_mut(attribute.name) else { return Ok(()) };
    match (found, sub) {
        (Value::Array(all), sub) => {
            // Some directories name what is to go as a value beside the path.
            let named: Option<HashSet<String>> = match (filter, typed(attribute, value)?) {
                (None, Some(Value::Array(named))) => Some(named.iter().map(name_of).collect()),
                _ => None,
            };
            let fits = |one: &Value| {
                filter.as_ref().is_none_or(|filter| filter.matches_value(kind, attribute, one))
                    && named.as_ref().is_none_or(|named| named.contains(&name_of(one)))
            };
            match sub {
                None => all.retain(|one| !fits(one)),
                Some(sub) => {
                    for one in all.iter_mut().filter(|one| fits(one)) {
                        one.as_object_mut().map(|one| one.remove(sub.name));
                    }
                    for one in all.iter() {
                        single(attribute, one)?;
                    }
                }
            }
            if all.is_empty() {
                holder.remove(attribute.name);
            }
        }
        (Value::Object(whole), Some(sub)) => drop(whole.remove(sub.name)),
        _ => drop(holder.remove(attribute.name)),
    }
    Ok(())
}

/// Sets a part, or takes it away where the value is none.
fn set(whole: &mut Map<String, Value>, sub: &'static Attribute, value: &Value) -> Result<()> {
    match (sub.mutability, whole.get(sub.name)) {
        (Mutability::ReadOnly, _) => return Ok(()),
        (Mutability::Immutable, Some(before)) if before != value => {
            return Err(Error::new(Reason::Mutability, format!("{} does not change.", sub.name)));
        }
        _ => {}
    }
    match typed(sub, value)? {
        Some(value) => whole.insert(sub.name.to_owned(), value),
        None => whole.remove(sub.name),
    };
    Ok(())
}

/// What a filter says about a value that is not there yet: `type eq "work"` makes one of this type.
fn take_over(filter: &Filter, attribute: &'static Attribute, new: &mut Map<String, Value>) -> Result<()> {
    match filter {
        Filter::And(left, right) => {
            take_over(left, attribute, new)?;
            take_over(right, attribute, new)
        }
        Filter::Compare(path, crate::Operator::Equal, value) => {
            match Attribute::named(attribute.subs, &path.name) {
                Some(sub) => set(new, sub, value),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Of several values one is primary: the one that was touched last.
fn one_primary(all: &mut [Value], touched: &[usize]) {
    let is_primary = |at: &usize| all.get(*at).is_some_and(|one| one["primary"] == true);
    let Some(kept) = touched.iter().copied().rfind(|at| is_primary(at)) else { return };
    for (at, one) in all.iter_mut().enumerate().filter(|(at, one)| *at != kept && one["primary"] == true) {
        let _ = at;
        one["primary"] = Value::Bool(false);
    }
}

/// What makes a value the same: its `value` where it has one, and its type.
fn name_of(one: &Value) -> String {
    match one.get("value").and_then(Value::as_str) {
        Some(value) => format!("{value} {}", one.get("type").and_then(Value::as_str).unwrap_or_default()),
        None => one.to_string(),
    }
}

fn needed(attribute: &Attribute) -> Error {
    Error::new(Reason::Mutability, format!("{} cannot be without a value.", attribute.name))
}

fn syntax(detail: &str) -> Error {
    Error::new(Reason::InvalidSyntax, detail)
}

impl Place {
    fn read(kind: Kind, text: &str) -> Result<Self> {
        let unknown = || {
            let named: String = text.chars().take(100).collect();
            Error::new(Reason::InvalidPath, format!("{named:?} is no attribute of a {}.", kind.as_str()))
        };
        let (path, filter, part) = match text.rfind(']').filter(|_| text.contains('[')) {
            None => (AttributePath::parse(text).ok_or_else(unknown)?, None, None),
            Some(end) => {
                let (selected, rest) = text.split_at(end + 1);
                let Filter::Has(path, filter) = Filter::parse(selected)? else { return Err(unknown()) };
                let part = match rest.strip_prefix('.') {
                    Some(part) => Some(part),
                    None if rest.is_empty() => None,
                    None => return Err(unknown()),
                };
                (path, Some(*filter), part)
            }
        };
        match path.resolve(kind).ok_or_else(unknown)? {
            Resolved::Extension(id) if filter.is_none() => Ok(Self::Extension(id)),
            Resolved::Extension(_) => Err(unknown()),
            Resolved::Attribute { extension, attribute, sub } => {
                let sub = match part {
                    Some(part) => Some(Attribute::named(attribute.subs, part).ok_or_else(unknown)?),
                    None => sub,
                };
                Ok(Self::Target(Target { extension, attribute, filter, sub }))
            }
        }
    }

    fn is_writable(&self) -> bool {
        match self {
            Self::Extension(_) => true,
            Self::Target(target) => {
                target.attribute.mutability != Mutability::ReadOnly
                    && target.sub.is_none_or(|sub| sub.mutability != Mutability::ReadOnly)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ENTERPRISE;

    fn ada() -> Value {
        json!({
            "userName": "ada", "active": true, "name": { "givenName": "Ada", "familyName": "Byron" },
            "emails": [{ "value": "ada@work.example", "type": "work", "primary": true },
                       { "value": "ada@home.example", "type": "home" }],
        })
    }

    fn patched(operations: Value) -> Result<Value> {
        patch(Kind::User, ada(), &json!({ "Operations": operations }))
    }

    #[test]
    fn operations_do_what_they_say() {
        let changed = patched(json!([
            { "op": "Replace", "path": "active", "value": "False" },
            { "op": "add", "path": "name.familyName", "value": "Lovelace" },
            { "op": "replace", "path": "name", "value": { "middleName": "King" } },
            { "op": "add", "path": "emails", "value": [{ "value": "a@x.example", "primary": true }] },
            { "op": "replace", "path": "emails[type eq \"home\"].value", "value": "new@home.example" },
            { "op": "add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+1" },
            { "op": "add", "path": format!("{ENTERPRISE}:department"), "value": "Engines" },
            { "op": "remove", "path": "name.givenName" },
        ]));
        assert_eq!(
            changed.unwrap(),
            json!({
                "userName": "ada", "active": false, "name": { "familyName": "Lovelace", "middleName": "King" },
                "emails": [{ "value": "ada@work.example", "type": "work", "primary": false },
                           { "value": "new@home.example", "type": "home" },
                           { "value": "a@x.example", "primary": true }],
                "phoneNumbers": [{ "type": "mobile", "value": "+1" }],
                ENTERPRISE: { "department": "Engines" },
            })
        );
    }

    #[test]
    fn an_operation_without_a_path_names_attributes_in_its_value() {
        let changed = patched(json!([{ "op": "replace", "value": {
            "id": "ignored", "shoeSize": 38, "displayName": "Ada L.", "name.givenName": "A.",
            "emails[type eq \"work\"].value": "w@work.example", ENTERPRISE: { "division": "d", "nothing": 1 },
        } }]));
        let changed = changed.unwrap();
        assert_eq!(changed["displayName"], "Ada L.");
        assert_eq!(changed["name"]["givenName"], "A.");
        assert_eq!(changed["emails"][0]["value"], "w@work.example");
        assert_eq!(changed[ENTERPRISE], json!({ "division": "d" }));
        assert!(changed.get("id").is_none());
    }

    #[test]
    fn members_come_and_go_by_their_value() {
        let group =
            json!({ "displayName": "g", "members": [{ "value": "1" }, { "value": "2" }, { "value": "3" }] });
        let with = |operation: Value| {
            let changed = patch(Kind::Group, group.clone(), &json!({ "operations": [operation] }));
            let members = changed.unwrap()["members"].as_array().cloned().unwrap_or_default();
            members.iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let add = json!({ "op": "add", "path": "members", "value": [{ "value": "3" }, { "value": "4" }] });
        assert_eq!(with(add), ["1", "2", "3", "4"]);
        assert_eq!(with(json!({ "op": "remove", "path": "members[value eq \"2\"]" })), ["1", "3"]);
        let entra = json!({ "op": "Remove", "path": "members", "value": [{ "value": "1" }] });
        assert_eq!(with(entra), ["2", "3"]);
        assert_eq!(with(json!({ "op": "remove", "path": "members[value eq \"9\"]" })), ["1", "2", "3"]);
        assert!(with(json!({ "op": "remove", "path": "members" })).is_empty());
        assert_eq!(with(json!({ "op": "replace", "path": "members", "value": [{ "value": "5" }] })), ["5"]);
    }

    #[test]
    fn what_cannot_be_done_changes_nothing_and_says_why() {
        for (operations, reason) in [
            (json!([]), Reason::InvalidSyntax),
            (json!([{ "op": "copy", "path": "active" }]), Reason::InvalidSyntax),
            (json!([{ "op": "remove" }]), Reason::NoTarget),
            (json!([{ "op": "add", "path": "shoeSize", "value": 1 }]), Reason::InvalidPath),
            (json!([{ "op": "add", "path": "emails[", "value": 1 }]), Reason::InvalidPath),
            (json!([{ "op": "add", "path": "emails[type eq]", "value": 1 }]), Reason::InvalidFilter),
            (json!([{ "op": "add", "path": "active[value eq true]", "value": true }]), Reason::InvalidPath),
            (json!([{ "op": "replace", "path": "id", "value": "x" }]), Reason::Mutability),
            (
                json!([{ "op": "add", "path": "groups", "value": [{ "value": "admins" }] }]),
                Reason::Mutability,
            ),
            (json!([{ "op": "remove", "path": "userName" }]), Reason::Mutability),
            (json!([{ "op": "replace", "path": "userName", "value": "" }]), Reason::Mutability),
            (
                json!([{ "op": "replace", "path": "emails[type eq \"other\"].value", "value": "x" }]),
                Reason::NoTarget,
            ),
            (json!([{ "op": "replace", "path": "active", "value": "maybe" }]), Reason::InvalidValue),
            (json!([{ "op": "remove", "path": "emails[type eq \"work\"].value" }]), Reason::InvalidValue),
            (json!([{ "op": "add", "value": 3 }]), Reason::InvalidValue),
            (json!(vec![json!({ "op": "remove", "path": "title" }); 1_001]), Reason::TooMany),
        ] {
            assert_eq!(patched(operations.clone()).unwrap_err().reason, reason, "{operations}");
        }
    }
}
