//! Documents as they are found, and as somebody who means no good would write them.

use super::*;

const TRACKER: &str = r##"
openapi: 3.0.3
info: { title: Tracker, description: Issues. }
servers:
  - url: "https://{region}.tracker.example/v2/"
    variables: { region: { default: eu } }
components:
  securitySchemes:
    key: { type: apiKey, in: header, name: X-Key }
  parameters:
    page: { name: page, in: query, schema: { type: integer, minimum: 1, exclusiveMinimum: false } }
  schemas:
    Issue:
      type: object
      required: [title]
      properties:
        title: { type: string, example: Broken }
        example: { type: string, nullable: true }
        parent: { $ref: "#/components/schemas/Issue" }
paths:
  /issues:
    parameters: [{ $ref: "#/components/parameters/page" }]
    get: { operationId: listIssues, summary: Lists issues. }
    post:
      summary: Makes an issue.
      requestBody:
        required: true
        content: { application/json: { schema: { $ref: "#/components/schemas/Issue" } } }
  /issues/{key}:
    get: { operationId: listIssues, parameters: [{ name: key, in: path, required: true, schema: { type: string } }] }
  /issues/{key}/files:
    post: { requestBody: { required: true, content: { multipart/form-data: {} } } }
  /../admin:
    get: {}
"##;

#[test]
fn a_document_becomes_operations() {
    let imported = read(TRACKER).unwrap();
    assert_eq!((imported.name.as_str(), imported.description.as_str()), ("Tracker", "Issues."));
    assert_eq!(imported.endpoint.as_deref(), Some("https://eu.tracker.example/v2"));
    assert_eq!((imported.auth_type, imported.auth_header.as_deref()), (AuthType::ApiKey, Some("X-Key")));
    let mut names: Vec<&str> =
        imported.api.operations.iter().map(|operation| operation.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["listIssues", "listIssues_2", "post_issues"]);
    let mut places: Vec<&str> = imported.left_out.iter().map(|(place, _)| place.as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, ["/paths/~1..~1admin/get", "/paths/~1issues~1{key}~1files/post"]);
}

#[test]
fn arguments_are_held_to_the_schemas_of_the_document() {
    let imported = read(TRACKER).unwrap();
    let schema = |name: &str| {
        let operation = imported.api.operations.iter().find(|operation| operation.name == name).unwrap();
        conductor_runs::Schema::read(operation.input_schema.as_ref().unwrap()).unwrap()
    };
    let make = schema("post_issues");
    let whole = json!({
        "query": { "page": 1 },
        "body": { "title": "x", "example": null, "parent": { "anything": 1 } },
    });
    make.fits(&whole).unwrap();
    for unfit in
        [json!({}), json!({ "body": {} }), json!({ "body": { "title": "x" }, "query": { "size": 1 } })]
    {
        assert!(make.fits(&unfit).is_err(), "{unfit}");
    }
    let find = schema("listIssues_2");
    assert!(find.fits(&json!({})).is_err());
    find.fits(&json!({ "path": { "key": "A-1" } })).unwrap();
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let refused = |document: &str| match read(document).unwrap_err() {
        Error::Invalid { faults } => faults[0].0.clone(),
        other => panic!("{other}"),
    };
    assert_eq!(refused("{"), "/document");
    assert_eq!(refused("swagger: '2.0'"), "/document/openapi");
    assert_eq!(refused(r#"{ "openapi": "3.1.0" }"#), "/document/paths");
    assert_eq!(refused(r#"{ "openapi": "3.1.0", "paths": { "/a": {} } }"#), "/document/paths");
}

#[test]
fn references_neither_run_in_circles_nor_leave_the_document() {
    let mut schemas = Map::new();
    for number in 0..40 {
        let next = json!({ "$ref": format!("#/components/schemas/S{}", number + 1) });
        let fields = json!({ "a": next, "b": next, "c": next });
        schemas.insert(format!("S{number}"), json!({ "type": "object", "properties": fields }));
    }
    let away = json!({ "$ref": "https://evil.example/schema.json" });
    let document = json!({
        "openapi": "3.1.0",
        "components": { "schemas": schemas },
        "paths": { "/a": { "post": { "requestBody": { "content": { "application/json": { "schema": {
            "type": "object",
            "properties": { "deep": { "$ref": "#/components/schemas/S0" }, "away": away },
        } } } } } } },
    });
    if let Ok(imported) = read(&document.to_string()) {
        let schema = imported.api.operations[0].input_schema.clone().unwrap().to_string();
        assert!(!schema.contains("$ref"), "{schema}");
    }
}
