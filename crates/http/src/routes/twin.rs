//! The same routes under a second prefix: one function each, two lines in the document.

use conductor_domain::OrganizationId;
use utoipa::{
    PartialSchema,
    openapi::{
        Required,
        path::{Operation, ParameterBuilder, ParameterIn, PathItem},
    },
};
use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

/// Mounts routes for the caller's active organisation under `/api`, and for the one that the path names under
/// `/api/v1/orgs/{org_id}`.
pub(crate) fn both(router: fn() -> OpenApiRouter<AppState>) -> OpenApiRouter<AppState> {
    let mut named = router();
    for item in named.get_openapi_mut().paths.paths.values_mut() {
        for operation in operations(item) {
            let id = operation.operation_id.take().unwrap_or_default();
            operation.operation_id = Some(format!("{id}_of_organization"));
            let parameter = ParameterBuilder::new()
                .name("org_id")
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(Some(OrganizationId::schema()))
                .build();
            operation.parameters.get_or_insert_default().insert(0, parameter.into());
        }
    }
    OpenApiRouter::new().nest("/api", router()).nest("/api/v1/orgs/{org_id}", named)
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().filter_map(Option::as_mut)
}
