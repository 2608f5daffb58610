//! Resources as a directory sees them, from rows.

use chrono::{DateTime, SecondsFormat, Utc};
use conductor_domain::{DirectoryGroup, DirectoryUser, UserId};
use conductor_scim::{ENTERPRISE, GROUP, USER};
use conductor_storage::{DirectoryGroups, DirectoryStanding, DirectoryUsers};
use serde_json::{Map, Value, json};

use crate::Result;

/// Somebody whom the directory brought.
pub(super) fn user(
    base: &str,
    row: &DirectoryUser,
    standing: Option<&DirectoryStanding>,
    groups: &[&DirectoryGroup],
) -> Value {
    let active = standing.is_some_and(|standing| standing.is_active);
    let mut schemas = vec![USER];
    if row.attributes.get(ENTERPRISE).is_some() {
        schemas.push(ENTERPRISE);
    }
    let mut shown = begun(&schemas, row.user_id.to_string(), &row.attributes);
    // Whoever takes the attribute away sees it no more; it says nothing about how the person stands.
    if row.attributes.get("active").is_none() {
        shown.insert("active".to_owned(), json!(active));
    }
    if !groups.is_empty() {
        let one = |group: &&DirectoryGroup| {
            json!({
                "value": group.id, "$ref": format!("{base}/Groups/{}", group.id),
                "display": group.display_name, "type": "direct",
            })
        };
        shown.insert("groups".to_owned(), groups.iter().map(one).collect());
    }
    let location = format!("{base}/Users/{}", row.user_id);
    // Whether somebody is active is no part of the row, and a part of what is shown.
    let version = format!("W/\"{}.{}\"", row.version, u8::from(active));
    shown.insert("meta".to_owned(), meta("User", &location, row.created_at, row.updated_at, &version));
    Value::Object(shown)
}

/// A group; its members where they are asked for.
pub(super) fn group(base: &str, row: &DirectoryGroup, members: &[UserId]) -> Value {
    let attributes = json!({ "externalId": row.external_id, "displayName": row.display_name });
    let mut shown = begun(&[GROUP], row.id.to_string(), &attributes);
    if !members.is_empty() {
        let one = |id: &UserId| json!({ "value": id, "$ref": format!("{base}/Users/{id}"), "type": "User" });
        shown.insert("members".to_owned(), members.iter().map(one).collect());
    }
    let version = format!("W/\"{}\"", row.version);
    let location = format!("{base}/Groups/{}", row.id);
    shown.insert("meta".to_owned(), meta("Group", &location, row.created_at, row.updated_at, &version));
    Value::Object(shown)
}

/// People, with how they stand and what they belong to.
pub(super) async fn users(
    base: &str,
    rows: &[DirectoryUser],
    people: &DirectoryUsers<'_>,
    groups: &DirectoryGroups<'_>,
) -> Result<Vec<Value>> {
    let ids: Vec<UserId> = rows.iter().map(|row| row.user_id).collect();
    let (standing, groups) = (people.standing(&ids).await?, groups.of(&ids).await?);
    let shown = rows.iter().map(|row| {
        let own: Vec<_> =
            groups.iter().filter(|(of, _)| *of == row.user_id).map(|(_, group)| group).collect();
        user(base, row, standing.get(&row.user_id), &own)
    });
    Ok(shown.collect())
}

/// Groups, with their members where they are asked for.
pub(super) async fn groups(
    base: &str,
    rows: &[DirectoryGroup],
    groups: &DirectoryGroups<'_>,
    with_members: bool,
) -> Result<Vec<Value>> {
    if !with_members {
        return Ok(rows.iter().map(|row| group(base, row, &[])).collect());
    }
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let members = groups.members(&ids).await?;
    let shown = rows.iter().map(|row| {
        let own = members.iter().filter(|(of, _)| *of == row.id).map(|(_, user)| *user);
        group(base, row, &own.collect::<Vec<_>>())
    });
    Ok(shown.collect())
}

fn begun(schemas: &[&str], id: String, attributes: &Value) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("schemas".to_owned(), json!(schemas));
    shown.insert("id".to_owned(), Value::String(id));
    let attributes = attributes.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    shown.extend(attributes.map(|(name, value)| (name.clone(), value.clone())));
    shown
}

fn meta(kind: &str, location: &str, created: DateTime<Utc>, changed: DateTime<Utc>, version: &str) -> Value {
    let moment = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({
        "resourceType": kind, "created": moment(created), "lastModified": moment(changed),
        "location": location, "version": version,
    })
}
