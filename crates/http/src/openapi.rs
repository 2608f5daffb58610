//! The OpenAPI 3.1 document, assembled from the handlers themselves.

use conductor_domain::RunEvent;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, Info, OpenApi, Ref, RefOr, ResponseBuilder,
        path::{Operation, ParameterBuilder, ParameterIn},
        schema::{Object, Schema, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use crate::{problem::ProblemBody, routes};

/// The document of every route, without a server.
#[must_use]
pub fn openapi(version: &str) -> OpenApi {
    let (_, document) = routes::all().split_for_parts();
    complete(document, version)
}

/// Adds what every operation shares.
pub(crate) fn complete(mut document: OpenApi, version: &str) -> OpenApi {
    document.info = Info::new("Conductor", version);
    document.info.description = Some(
        "One self-hosted server where people talk to AI agents that use tools under a policy. \
         Errors are `application/problem+json` (RFC 9457); lists are pages with a cursor."
            .to_owned(),
    );
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let cookie = ApiKey::Cookie(ApiKeyValue::new("__Host-conductor_access"));
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));

    let mut schemas = Vec::new();
    ProblemBody::schemas(&mut schemas);
    RunEvent::schemas(&mut schemas);
    schemas.push((ProblemBody::name().into_owned(), ProblemBody::schema()));
    schemas.push((RunEvent::name().into_owned(), RunEvent::schema()));
    components.schemas.extend(schemas);

    document.security = Some(vec![
        SecurityRequirement::new("bearer", Vec::<String>::new()),
        SecurityRequirement::new("cookie", Vec::<String>::new()),
    ]);
    for item in document.paths.paths.values_mut() {
        for read in [&mut item.get, &mut item.head, &mut item.options].into_iter().flatten() {
            refusals(read);
        }
        for write in [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
        {
            refusals(write);
            if write.security.is_none() {
                write.parameters.get_or_insert_default().push(idempotency_key().into());
            }
        }
    }
    unique_operation_ids(&mut document);
    document
}

/// One handler behind two methods gives two operations one id; the later one gets its method's name too.
fn unique_operation_ids(document: &mut OpenApi) {
    let mut taken = std::collections::HashSet::new();
    for item in document.paths.paths.values_mut() {
        for (method, operation) in [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("delete", &mut item.delete),
            ("patch", &mut item.patch),
        ] {
            let Some(id) = operation.as_mut().and_then(|operation| operation.operation_id.as_mut()) else {
                continue;
            };
            if !taken.insert(id.clone()) {
                *id = format!("{id}_{method}");
                taken.insert(id.clone());
            }
        }
    }
}

/// Every operation may answer with a problem.
fn refusals(operation: &mut Operation) {
    let problem = Ref::from_schema_name(ProblemBody::name());
    let content = ContentBuilder::new().schema(Some(problem)).build();
    let response = ResponseBuilder::new()
        .description("A problem: see `code` and `detail`")
        .content("application/problem+json", content)
        .build();
    operation.responses.responses.insert("default".to_owned(), RefOr::T(response));
}

fn idempotency_key() -> utoipa::openapi::path::Parameter {
    let text = Object::with_type(Type::String);
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some("The same key with the same request gives the first answer again, for 24 hours."))
        .schema(Some(RefOr::T(Schema::Object(text))))
        .build()
}
