//! SCIM 2.0 (RFC 7644): the face that directories speak to. It follows its standard in names, paging and error bodies.
//!
//! It describes itself at `/ServiceProviderConfig`, `/ResourceTypes` and `/Schemas`, and is not in `/openapi.json`: that
//! document is of our own doors, whose errors are problems and whose lists are pages. Only a token of the organisation's
//! directory comes in, and that token comes in nowhere else.

mod answer;
mod bulk;
mod request;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, Method, StatusCode},
    routing::{MethodRouter, get, post},
};
use conductor_identity::{Found, ScimKind, ScimQuery};
use serde_json::Value;

use self::{
    answer::{Refusal, Resource, listed},
    request::{Body, Directory, Query, if_match},
};
use crate::AppState;

/// Where the face is.
pub(crate) const ROOT: &str = "/scim/v2";

type Answer = Result<Resource, Refusal>;

pub(crate) fn router() -> Router<AppState> {
    let path = |rest: &str| format!("{ROOT}{rest}");
    let only = |route: MethodRouter<AppState>| route.fallback(not_allowed);
    let mut router = Router::new()
        .route(&path("/ServiceProviderConfig"), only(get(config)))
        .route(&path("/ResourceTypes"), only(get(resource_types)))
        .route(&path("/ResourceTypes/{id}"), only(get(resource_type)))
        .route(&path("/Schemas"), only(get(schemas)))
        .route(&path("/Schemas/{id}"), only(get(schema)))
        .route(&path("/.search"), only(post(search_all)))
        .route(&path("/Bulk"), only(post(bulk::run)))
        .route(&path("/Me"), axum::routing::any(me))
        .route(ROOT, axum::routing::any(nothing))
        .route(&path("/{*rest}"), axum::routing::any(nothing));
    for (name, kind) in [("Users", ScimKind::User), ("Groups", ScimKind::Group)] {
        router = router.merge(of(&path(&format!("/{name}")), kind));
    }
    router
}

/// The routes of one kind of resource.
fn of(path: &str, kind: ScimKind) -> Router<AppState> {
    let all = get(move |directory, state, query| list(kind, directory, state, query))
        .post(move |directory, state, query, body| create(kind, directory, state, query, body));
    let one =
        get(move |directory, state, query, id, headers| find(kind, directory, state, query, id, headers))
            .put(move |directory, state, query, id, headers, body| {
                replace(kind, directory, state, query, (id, headers), body)
            })
            .patch(move |directory, state, query, id, headers, body| {
                patch(kind, directory, state, query, (id, headers), body)
            })
            .delete(move |directory, state, id, headers| delete(kind, directory, state, id, headers));
    let search = post(move |directory, state, body| search(kind, directory, state, body));
    Router::new()
        .route(path, all.fallback(not_allowed))
        .route(&format!("{path}/.search"), search.fallback(not_allowed))
        .route(&format!("{path}/{{id}}"), one.fallback(not_allowed))
}

async fn config(Directory(by): Directory, State(state): State<AppState>) -> Answer {
    Ok(Resource::plain(state.identity.scim_config(by.base())))
}

async fn resource_types(Directory(by): Directory, State(state): State<AppState>) -> Answer {
    Ok(described(state.identity.scim_resource_types(by.base())))
}

async fn resource_type(
    Directory(by): Directory,
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Answer {
    named(state.identity.scim_resource_types(by.base()), &id)
}

async fn schemas(Directory(by): Directory, State(state): State<AppState>) -> Answer {
    Ok(described(state.identity.scim_schemas(by.base())))
}

async fn schema(Directory(by): Directory, State(state): State<AppState>, Path(id): Path<String>) -> Answer {
    named(state.identity.scim_schemas(by.base()), &id)
}

async fn search_all(directory: Directory, state: State<AppState>, Body(body): Body) -> Answer {
    look(&[ScimKind::User, ScimKind::Group], directory, state, request::search(&body)?).await
}

async fn search(kind: ScimKind, directory: Directory, state: State<AppState>, Body(body): Body) -> Answer {
    look(&[kind], directory, state, request::search(&body)?).await
}

async fn list(kind: ScimKind, directory: Directory, state: State<AppState>, Query(query): Query) -> Answer {
    look(&[kind], directory, state, query).await
}

async fn look(
    kinds: &[ScimKind],
    Directory(by): Directory,
    State(state): State<AppState>,
    query: ScimQuery,
) -> Answer {
    let found = state.identity.scim_list(&by, kinds, &query).await?;
    Ok(Resource::plain(listed(found)))
}

async fn create(
    kind: ScimKind,
    Directory(by): Directory,
    State(state): State<AppState>,
    Query(query): Query,
    Body(body): Body,
) -> Answer {
    let made = state.identity.scim_create(&by, kind, &body).await?;
    Ok(Resource::of(kind, made, &query).created())
}

async fn find(
    kind: ScimKind,
    Directory(by): Directory,
    State(state): State<AppState>,
    Query(query): Query,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let found = state.identity.scim_find(&by, kind, &id, &query).await?;
    Ok(Resource::of(kind, found, &query).unless_known(&headers))
}

async fn replace(
    kind: ScimKind,
    Directory(by): Directory,
    State(state): State<AppState>,
    Query(query): Query,
    (Path(id), headers): (Path<String>, HeaderMap),
    Body(body): Body,
) -> Answer {
    let (identity, expected) = (&state.identity, if_match(&headers));
    let changed = match kind {
        ScimKind::User => identity.scim_replace_user(&by, &id, body, expected).await?,
        ScimKind::Group => identity.scim_replace_group(&by, &id, body, expected).await?,
    };
    Ok(Resource::of(kind, changed, &query))
}

async fn patch(
    kind: ScimKind,
    Directory(by): Directory,
    State(state): State<AppState>,
    Query(query): Query,
    (Path(id), headers): (Path<String>, HeaderMap),
    Body(body): Body,
) -> Answer {
    let (identity, expected) = (&state.identity, if_match(&headers));
    let changed = match kind {
        ScimKind::User => identity.scim_patch_user(&by, &id, body, expected).await?,
        ScimKind::Group => identity.scim_patch_group(&by, &id, body, expected).await?,
    };
    Ok(Resource::of(kind, changed, &query))
}

async fn delete(
    kind: ScimKind,
    Directory(by): Directory,
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let (identity, expected) = (&state.identity, if_match(&headers));
    match kind {
        ScimKind::User => identity.scim_delete_user(&by, &id, expected).await?,
        ScimKind::Group => identity.scim_delete_group(&by, &id, expected).await?,
    }
    Ok(Resource::none())
}

/// The token is a directory's, which is nobody among the people that it brings (RFC 7644, section 3.11).
async fn me(_: Directory) -> Refusal {
    let detail = "This token belongs to a directory and to no person: there is no /Me.";
    Refusal::new(StatusCode::NOT_IMPLEMENTED, None, detail)
}

/// Who may not come in learns nothing of which paths there are.
async fn nothing(_: Directory) -> Refusal {
    Refusal::not_found()
}

async fn not_allowed(_: Directory, method: Method) -> Refusal {
    let detail = format!("This path takes no {method}.");
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, None, detail)
}

fn described(all: Vec<Value>) -> Resource {
    Resource::plain(listed(Found { total: all.len(), start: 1, resources: all }))
}

fn named(all: Vec<Value>, id: &str) -> Answer {
    let found =
        all.into_iter().find(|one| one["id"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(id)));
    found.map(Resource::plain).ok_or_else(Refusal::not_found)
}
