//! Reading a resource that a client sends: names as the schema writes them, values of the right type, nothing that the
//! schema has not, nothing that is the server's own.

use serde_json::{Map, Value, json};

use crate::{
    AttributePath, Error, Kind, Reason, Result,
    path::member,
    schema::{Attribute, COMMON, Mutability, Type},
};

/// Characters of one text at most.
const LONGEST_TEXT: usize = 2_000;
/// Values of one attribute at most; members of a group are more.
const MOST_VALUES: usize = 100;
/// Members of one group at most.
pub(crate) const MOST_MEMBERS: usize = 10_000;

/// What a client's resource says, in the schema's words. Attributes that the schema has not, and those that are the
/// server's own, are left out, as the standard has it; so are those without a value.
///
/// # Errors
/// `invalidSyntax` where it is no object; `invalidValue` where a value is missing or of another type.
pub fn read(kind: Kind, sent: &Value) -> Result<Value> {
    let Some(object) = sent.as_object() else {
        return Err(Error::new(Reason::InvalidSyntax, "Send one resource, a JSON object."));
    };
    let mut kept = Map::new();
    for (name, value) in object {
        if let Some(extension) = Kind::extension_named(name) {
            let found = kind.extensions().iter().find(|known| known.id == extension);
            let (Some(found), Some(parts)) = (found, value.as_object()) else { continue };
            let mut inner = Map::new();
            for (name, value) in parts {
                put(&mut inner, Attribute::named(found.attributes, name), value)?;
            }
            if !inner.is_empty() {
                kept.insert(extension.to_owned(), Value::Object(inner));
            }
            continue;
        }
        let core = kind.schema().attributes;
        put(&mut kept, Attribute::named(core, name).or_else(|| Attribute::named(COMMON, name)), value)?;
    }
    complete(kind, Value::Object(kept))
}

/// Holds a whole resource to what the schema asks of it.
pub(crate) fn complete(kind: Kind, resource: Value) -> Result<Value> {
    for attribute in kind.schema().attributes.iter().filter(|attribute| attribute.required) {
        // The address may stand in `userName`; whether it does is for those who know addresses.
        if attribute.name != "emails" && member(&resource, attribute.name).is_none() {
            return Err(Error::value(format!("{} is missing.", attribute.name)));
        }
    }
    Ok(resource)
}

fn put(into: &mut Map<String, Value>, attribute: Option<&'static Attribute>, value: &Value) -> Result<()> {
    let Some(attribute) = attribute else { return Ok(()) };
    if attribute.mutability == Mutability::ReadOnly {
        return Ok(());
    }
    match typed(attribute, value)? {
        Some(value) => into.insert(attribute.name.to_owned(), value),
        None => into.remove(attribute.name),
    };
    Ok(())
}

/// A value of an attribute; `None` where there is none.
pub(crate) fn typed(attribute: &'static Attribute, value: &Value) -> Result<Option<Value>> {
    if !attribute.many {
        return single(attribute, value);
    }
    let all = match value {
        Value::Array(all) => all.as_slice(),
        Value::Null => return Ok(None),
        one => std::slice::from_ref(one),
    };
    let most = if attribute.name == "members" { MOST_MEMBERS } else { MOST_VALUES };
    if all.len() > most {
        let detail = format!("{} has more than {most} values.", attribute.name);
        return Err(Error::new(Reason::TooMany, detail));
    }
    let mut kept = Vec::new();
    for one in all {
        if let Some(one) = single(attribute, one)? {
            kept.push(one);
        }
    }
    if attribute.name != "members" && kept.iter().filter(|one| one["primary"] == true).count() > 1 {
        return Err(Error::value(format!("Only one of {} is primary.", attribute.name)));
    }
    Ok((!kept.is_empty()).then_some(Value::Array(kept)))
}

/// One value of an attribute.
pub(crate) fn single(attribute: &'static Attribute, value: &Value) -> Result<Option<Value>> {
    let wrong = || Err(Error::value(format!("{} is a {}.", attribute.name, attribute.kind.as_str())));
    match (attribute.kind, value) {
        (_, Value::Null) => Ok(None),
        (Type::Boolean, Value::Bool(_)) => Ok(Some(value.clone())),
        // Some directories write truth as a text.
        (Type::Boolean, Value::String(text)) => match text.to_ascii_lowercase().parse::<bool>() {
            Ok(truth) => Ok(Some(json!(truth))),
            Err(_) => wrong(),
        },
        (Type::Integer, Value::Number(_)) => Ok(Some(value.clone())),
        (Type::Text | Type::Reference | Type::DateTime, Value::String(text)) => {
            if text.chars().count() > LONGEST_TEXT || text.contains('\0') {
                let detail = format!("{} has at most {LONGEST_TEXT} characters.", attribute.name);
                return Err(Error::value(detail));
            }
            Ok((!text.is_empty()).then(|| value.clone()))
        }
        (Type::Complex, Value::Object(parts)) => {
            let mut kept = Map::new();
            for (name, value) in parts {
                put(&mut kept, Attribute::named(attribute.subs, name), value)?;
            }
            let missing = attribute.subs.iter().find(|part| part.required && !kept.contains_key(part.name));
            if let Some(missing) = missing.filter(|_| !kept.is_empty()) {
                return Err(Error::value(format!("{}.{} is missing.", attribute.name, missing.name)));
            }
            Ok((!kept.is_empty()).then_some(Value::Object(kept)))
        }
        // A plain text where a value with parts belongs is its `value`.
        (Type::Complex, Value::String(_)) => {
            match Attribute::named(attribute.subs, "value")
                .filter(|part| part.mutability != Mutability::ReadOnly)
            {
                Some(_) => single(attribute, &json!({ "value": value })),
                None => wrong(),
            }
        }
        _ => wrong(),
    }
}

/// Sorts resources by an attribute, those without it last.
pub fn sort(kind: Kind, resources: &mut [Value], by: &AttributePath, descending: bool) {
    let attribute = match by.resolve(kind) {
        Some(crate::path::Resolved::Attribute { attribute, sub, .. }) => Some(sub.unwrap_or(attribute)),
        _ => None,
    };
    let key = |resource: &Value| -> Option<Value> {
        let found = by.values(resource);
        let primary = found.iter().find(|one| one["primary"] == true).or_else(|| found.first());
        primary.map(|one| if one.is_object() { one["value"].clone() } else { (*one).clone() })
    };
    resources.sort_by(|left, right| match (key(left), key(right)) {
        (Some(left), Some(right)) => {
            let order = crate::filter::order(attribute, &left, &right).unwrap_or(std::cmp::Ordering::Equal);
            if descending { order.reverse() } else { order }
        }
        (left, right) => right.is_some().cmp(&left.is_some()),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ENTERPRISE;

    #[test]
    fn a_resource_is_read_in_the_words_of_the_schema() {
        let read = read(
            Kind::User,
            &json!({
                "schemas": ["whatever"], "id": "mine", "meta": { "version": "1" }, "groups": [{ "value": "admins" }],
                "USERNAME": "ada", "externalid": "e", "Active": "False", "nickName": "", "title": null,
                "name": { "FamilyName": "Lovelace", "shoe": 1 },
                "emails": { "value": "ada@x.example", "primary": "true" },
                "phoneNumbers": [], "roles": [{ "value": "admin" }],
                ENTERPRISE.to_uppercase(): { "Department": "Engines", "manager": "0192" },
            }),
        );
        assert_eq!(
            read.unwrap(),
            json!({
                "userName": "ada", "externalId": "e", "active": false, "name": { "familyName": "Lovelace" },
                "emails": [{ "value": "ada@x.example", "primary": true }],
                ENTERPRISE: { "department": "Engines", "manager": { "value": "0192" } },
            })
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (bad, reason) in [
            (json!([]), Reason::InvalidSyntax),
            (json!({}), Reason::InvalidValue),
            (json!({ "userName": "" }), Reason::InvalidValue),
            (json!({ "userName": 1 }), Reason::InvalidValue),
            (json!({ "userName": "a", "active": "perhaps" }), Reason::InvalidValue),
            (json!({ "userName": "a", "name": "Ada" }), Reason::InvalidValue),
            (json!({ "userName": "a", "emails": [{ "type": "work" }] }), Reason::InvalidValue),
            (json!({ "userName": "x".repeat(LONGEST_TEXT + 1) }), Reason::InvalidValue),
            (
                json!({ "userName": "a", "emails": [{ "value": "a", "primary": true }, { "value": "b", "primary": true }] }),
                Reason::InvalidValue,
            ),
            (json!({ "userName": "a", "emails": vec![json!({ "value": "a" }); 101] }), Reason::TooMany),
        ] {
            assert_eq!(read(Kind::User, &bad).unwrap_err().reason, reason, "{bad}");
        }
    }
}
