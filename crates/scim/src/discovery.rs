//! What the server says of itself: `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas`.

use serde_json::{Value, json};

use crate::{
    Kind,
    schema::{ALL, Attribute, Mutability},
};

/// What the server can do. `most` is how many resources one answer holds at most, `bulk` how many operations one request,
/// and in how many bytes.
#[must_use]
pub fn service_provider_config(base: &str, most: usize, bulk: (usize, usize)) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": true, "maxOperations": bulk.0, "maxPayloadSize": bulk.1 },
        "filter": { "supported": true, "maxResults": most },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token that an administrator of the organisation issued for provisioning.",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": meta("ServiceProviderConfig", format!("{base}/ServiceProviderConfig")),
    })
}

/// The kinds of resources.
#[must_use]
pub fn resource_types(base: &str) -> Vec<Value> {
    let one = |kind: Kind| {
        let extensions = kind.extensions().iter();
        let extensions: Vec<Value> =
            extensions.map(|extension| json!({ "schema": extension.id, "required": false })).collect();
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": kind.as_str(),
            "name": kind.as_str(),
            "description": kind.schema().about,
            "endpoint": kind.endpoint(),
            "schema": kind.schema().id,
            "schemaExtensions": extensions,
            "meta": meta("ResourceType", format!("{base}/ResourceTypes/{}", kind.as_str())),
        })
    };
    [Kind::User, Kind::Group].map(one).to_vec()
}

/// The schemas.
#[must_use]
pub fn schemas(base: &str) -> Vec<Value> {
    let one = |schema: &crate::schema::Schema| {
        let attributes: Vec<Value> = schema.attributes.iter().map(description).collect();
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": schema.id,
            "name": schema.name,
            "description": schema.about,
            "attributes": attributes,
            "meta": meta("Schema", format!("{base}/Schemas/{}", schema.id)),
        })
    };
    ALL.iter().map(one).collect()
}

fn meta(kind: &str, location: String) -> Value {
    json!({ "resourceType": kind, "location": location })
}

fn description(attribute: &Attribute) -> Value {
    let mut shown = json!({
        "name": attribute.name,
        "type": attribute.kind.as_str(),
        "multiValued": attribute.many,
        "description": attribute.about,
        "required": attribute.required,
        "caseExact": attribute.case_exact,
        "mutability": match attribute.mutability {
            Mutability::ReadWrite => "readWrite",
            Mutability::ReadOnly => "readOnly",
            Mutability::Immutable => "immutable",
        },
        "returned": if attribute.always { "always" } else { "default" },
        "uniqueness": if attribute.unique { "server" } else { "none" },
    });
    if !attribute.words.is_empty() {
        shown["canonicalValues"] = json!(attribute.words);
    }
    if !attribute.refers_to.is_empty() {
        shown["referenceTypes"] = json!(attribute.refers_to);
    }
    if !attribute.subs.is_empty() {
        shown["subAttributes"] = attribute.subs.iter().map(description).collect();
    }
    shown
}
