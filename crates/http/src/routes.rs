//! Every noun, one line each. Two paths for one behaviour share one function.

mod agents;
mod api_keys;
mod artifacts;
mod audit;
mod auth;
mod budgets;
mod canvases;
mod conversations;
mod costs;
mod directory;
mod environments;
mod erasures;
mod events;
mod execute;
mod files;
mod identity_providers;
mod mcp;
mod members;
mod message_stream;
mod messages;
mod models;
mod orgs;
mod permissions;
mod policies;
mod pricing;
mod public_shares;
mod retention;
mod roles;
mod runs;
pub(crate) mod scim;
mod secret_keys;
mod service_accounts;
mod session;
mod settings;
mod setup;
mod system;
mod tasks;
mod tokens;
mod tools;
mod twin;
mod users;
mod workflows;

use axum::{
    Router,
    extract::Path,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing,
};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{AppState, Problem};

/// The one operation whose query may hold more than its own parameters: sign-in providers add theirs.
pub(crate) use auth::CALLBACK as OPEN_QUERY;

/// The routes of every noun.
pub(crate) fn all() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(system::router())
        .merge(setup::router())
        .merge(auth::router())
        .merge(users::router())
        .merge(erasures::router())
        .merge(roles::router())
        .merge(orgs::router())
        .merge(retention::router())
        .merge(environments::router())
        .merge(members::router())
        .merge(policies::router())
        .merge(permissions::router())
        .merge(service_accounts::router())
        .merge(secret_keys::router())
        .merge(identity_providers::router())
        .merge(directory::router())
        .merge(tokens::router())
        .merge(settings::router())
        .merge(api_keys::router())
        .merge(conversations::router())
        .merge(messages::router())
        .merge(artifacts::router())
        .merge(public_shares::router())
        .merge(files::router())
        .merge(agents::router())
        .merge(workflows::router())
        .merge(canvases::router())
        .merge(runs::router())
        .merge(execute::router())
        .merge(message_stream::router())
        .merge(tasks::router())
        .merge(events::router())
        .merge(mcp::router())
        .merge(models::router())
        .merge(audit::router())
        .merge(pricing::router())
        .merge(costs::router())
        .merge(budgets::router())
}

/// The document itself, and Swagger UI over it, offline.
pub(crate) fn document(document: &OpenApi) -> Router<AppState> {
    let json = bytes::Bytes::from(document.to_pretty_json().unwrap_or_default());
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Router::new()
        .route("/openapi.json", routing::get(move || async move { (kind, json.clone()) }))
        .route("/docs", routing::get(|| async { swagger("index.html") }))
        .route("/docs/{file}", routing::get(|Path(file): Path<String>| async move { swagger(&file) }))
}

fn swagger(file: &str) -> Response {
    let config = utoipa_swagger_ui::Config::from("/openapi.json");
    match utoipa_swagger_ui::serve(file, std::sync::Arc::new(config)) {
        // Its links are relative to a folder, and our paths have no slash at their end.
        Ok(Some(found)) if file == "index.html" => {
            let page = String::from_utf8_lossy(&found.bytes).replace("\"./", "\"/docs/");
            Html(page).into_response()
        }
        Ok(Some(found)) => {
            (StatusCode::OK, [(header::CONTENT_TYPE, found.content_type)], found.bytes).into_response()
        }
        _ => Problem::not_found().into_response(),
    }
}
