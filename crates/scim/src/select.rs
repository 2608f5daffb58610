//! Which attributes an answer shows: `attributes` and `excludedAttributes` (RFC 7644, section 3.9).

use serde_json::{Map, Value};

use crate::{
    AttributePath, Kind,
    path::{Resolved, member},
};

/// What a request asks to see.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    only: Vec<AttributePath>,
    without: Vec<AttributePath>,
}

impl Selection {
    /// Reads both lists, names separated by commas. A name that is none names nothing.
    #[must_use]
    pub fn read<'t>(
        only: impl IntoIterator<Item = &'t str>,
        without: impl IntoIterator<Item = &'t str>,
    ) -> Self {
        let only: Vec<&str> = only.into_iter().flat_map(|text| text.split(',')).collect();
        let without = without.into_iter().flat_map(|text| text.split(','));
        let path = |text: &str| AttributePath::parse(text.trim());
        let asked = only.iter().any(|text| !text.trim().is_empty());
        let mut only: Vec<AttributePath> = only.into_iter().filter_map(path).collect();
        if asked && only.is_empty() {
            // Names that name nothing still ask for nothing else.
            only.extend(AttributePath::parse("id"));
        }
        Self { only, without: without.filter_map(path).collect() }
    }

    /// Whether an attribute of the core schema is to be shown: whoever can, need not look it up otherwise.
    #[must_use]
    pub fn shows(&self, name: &str) -> bool {
        let named = |path: &AttributePath| path.name.eq_ignore_ascii_case(name);
        let hidden = |path: &AttributePath| named(path) && path.sub.is_none();
        (self.only.is_empty() || self.only.iter().any(named)) && !self.without.iter().any(hidden)
    }

    /// The resource as it is to be shown. Its id and its schemas always are.
    #[must_use]
    pub fn apply(&self, kind: Kind, resource: Value) -> Value {
        let mut shown = if self.only.is_empty() { resource } else { self.chosen(kind, &resource) };
        for path in &self.without {
            hide(kind, &mut shown, path);
        }
        shown
    }

    fn chosen(&self, kind: Kind, resource: &Value) -> Value {
        let mut shown = Map::new();
        for name in ["schemas", "id"] {
            if let Some(value) = resource.get(name) {
                shown.insert(name.to_owned(), value.clone());
            }
        }
        for path in &self.only {
            match path.resolve(kind) {
                Some(Resolved::Extension(id)) => {
                    if let Some(value) = resource.get(id) {
                        shown.insert(id.to_owned(), value.clone());
                    }
                }
                Some(Resolved::Attribute { extension, attribute, sub }) => {
                    let holder = extension.map_or(Some(resource), |id| resource.get(id));
                    let Some(value) = holder.and_then(|holder| member(holder, attribute.name)) else {
                        continue;
                    };
                    let into = match extension {
                        Some(id) => shown.entry(id).or_insert_with(|| Value::Object(Map::new())),
                        None => &mut Value::Null,
                    };
                    let into = match into {
                        Value::Object(inner) => inner,
                        _ => &mut shown,
                    };
                    let before = into.get(attribute.name);
                    let merged = match sub {
                        Some(sub) => part(before, value, sub.name),
                        None => value.clone(),
                    };
                    into.insert(attribute.name.to_owned(), merged);
                }
                None => {}
            }
        }
        Value::Object(shown)
    }
}

/// One part of a complex value, beside the parts that were chosen before.
fn part(before: Option<&Value>, value: &Value, name: &str) -> Value {
    if let Value::Array(all) = value {
        let before = |at: usize| before.and_then(|before| before.get(at));
        return all.iter().enumerate().map(|(at, one)| part(before(at), one, name)).collect();
    }
    let mut kept = before.and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(found) = value.get(name) {
        kept.insert(name.to_owned(), found.clone());
    }
    Value::Object(kept)
}

fn hide(kind: Kind, shown: &mut Value, path: &AttributePath) {
    match path.resolve(kind) {
        Some(Resolved::Extension(id)) => {
            if let Some(shown) = shown.as_object_mut() {
                shown.remove(id);
            }
        }
        Some(Resolved::Attribute { attribute, .. }) if attribute.always => {}
        Some(Resolved::Attribute { extension, attribute, sub }) => {
            let holder = match extension {
                Some(id) => shown.get_mut(id),
                None => Some(shown),
            };
            let Some(holder) = holder.and_then(Value::as_object_mut) else { return };
            match (sub, holder.get_mut(attribute.name)) {
                (None, _) => drop(holder.remove(attribute.name)),
                (Some(sub), Some(Value::Array(all))) => {
                    all.iter_mut()
                        .filter_map(Value::as_object_mut)
                        .for_each(|one| drop(one.remove(sub.name)));
                }
                (Some(sub), Some(Value::Object(one))) => drop(one.remove(sub.name)),
                _ => {}
            }
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ENTERPRISE;

    #[test]
    fn an_answer_shows_what_was_asked_for() {
        let ada = json!({
            "schemas": ["s"], "id": "1", "userName": "ada", "name": { "givenName": "Ada", "familyName": "L" },
            "emails": [{ "value": "a", "type": "work" }, { "value": "b" }],
            ENTERPRISE: { "department": "x", "division": "y" },
        });
        let show =
            |only: &str, without: &str| Selection::read([only], [without]).apply(Kind::User, ada.clone());
        assert_eq!(show("", ""), ada);
        assert_eq!(show("USERNAME", ""), json!({ "schemas": ["s"], "id": "1", "userName": "ada" }));
        assert_eq!(
            show("name.givenName, emails.value,emails.type", ""),
            json!({ "schemas": ["s"], "id": "1", "name": { "givenName": "Ada" },
                    "emails": [{ "value": "a", "type": "work" }, { "value": "b" }] })
        );
        let department = format!("{ENTERPRISE}:department");
        assert_eq!(
            show(&department, ""),
            json!({ "schemas": ["s"], "id": "1", ENTERPRISE: { "department": "x" } })
        );
        assert_eq!(show("shoeSize", ""), json!({ "schemas": ["s"], "id": "1" }));
        assert_eq!(show(" , ", ""), ada);
        let less = show("", &format!("id,emails.type,name,{department}"));
        assert_eq!(
            less,
            json!({ "schemas": ["s"], "id": "1", "userName": "ada",
                    "emails": [{ "value": "a" }, { "value": "b" }], ENTERPRISE: { "division": "y" } })
        );
        assert!(!Selection::read([""], ["members"]).shows("members"));
        assert!(!Selection::read(["displayName"], [""]).shows("members"));
        assert!(Selection::read(["members.value"], [""]).shows("members"));
    }
}
