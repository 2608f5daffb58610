//! MCP servers and APIs: registering them, looking after them, and what they offer.

mod access;
mod actions;
pub(crate) mod calls;
mod operations;
mod organization;
mod patch;
mod servers;
mod tools;
mod view;

use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(servers::router())
        .merge(actions::router())
        .merge(access::router())
        .merge(tools::router())
        .merge(calls::router())
        .merge(operations::router())
        .merge(organization::router())
}
