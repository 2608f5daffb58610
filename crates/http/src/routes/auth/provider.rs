//! Signing in with an identity provider: there, and back. Both are addresses that a browser opens, so what goes wrong on
//! the way back is told by the sign-in page.

use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use conductor_domain::Kind;
use conductor_identity::{CallbackAnswer, Identity};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem, answer::Secret, caller::From as Client, cookies, host, json::Json, path::Path,
    query::Query,
};

/// A provider that people may sign in with.
#[derive(Serialize, ToSchema)]
struct SignInProvider {
    /// Its name in addresses.
    slug: String,
    /// The name on the button.
    name: String,
}

/// The providers that people may sign in with.
#[derive(Serialize, ToSchema)]
struct SignInProvidersResponse {
    items: Vec<SignInProvider>,
}

/// Where to go after signing in.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct StartQuery {
    /// A page of this server, such as `/c/…`.
    return_to: Option<String>,
}

/// What a provider sends back. It may add whatever it likes.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CallbackQuery {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Where providers send browsers back to.
pub(crate) const CALLBACK: &str = "/api/auth/oidc/callback";

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_sign_in_providers))
        .routes(routes!(find_provider_callback))
        .routes(routes!(start_provider_sign_in))
}

/// The address that providers send browsers back to.
pub(crate) struct RedirectUri(pub(crate) String);

impl FromRequestParts<AppState> for RedirectUri {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        Ok(Self(redirect_uri(state, &parts.headers)))
    }
}

/// Where a provider sends people back to.
pub(crate) fn redirect_uri(state: &AppState, headers: &HeaderMap) -> String {
    format!("{}{CALLBACK}", host::base(state, headers))
}

/// The providers that people may sign in with.
#[utoipa::path(
    get, path = "/api/auth/oidc/providers", tag = "auth", security(()),
    responses((status = 200, body = SignInProvidersResponse))
)]
async fn list_sign_in_providers(
    State(identity): State<Identity>,
) -> Result<Json<SignInProvidersResponse>, Problem> {
    let all = identity.public_providers().await?.into_iter();
    let items = all.map(|provider| SignInProvider { slug: provider.slug, name: provider.name });
    Ok(Json(SignInProvidersResponse { items: items.collect() }))
}

/// Sends a browser to a provider, with a cookie that ties what comes back to it.
#[utoipa::path(
    get, path = "/api/auth/oidc/{slug}/start", tag = "auth", security(()),
    params(("slug" = String, Path), StartQuery),
    responses((status = 303, description = "To the provider, or to the sign-in page where that cannot be"))
)]
async fn start_provider_sign_in(
    State(identity): State<Identity>,
    RedirectUri(redirect): RedirectUri,
    Client(client): Client,
    headers: HeaderMap,
    Path(slug): Path<String>,
    Query(query): Query<StartQuery>,
) -> Result<Response, Problem> {
    let browser = cookies::sign_in_flow(&headers);
    let return_to = query.return_to.as_deref();
    match identity.begin_provider_sign_in(&slug, browser, return_to, &redirect, &client).await {
        Ok(begun) => {
            let mut headers = HeaderMap::new();
            cookies::set_sign_in_flow(&mut headers, &begun.browser, begun.lifetime);
            Ok(to(&begun.address, headers))
        }
        Err(error) => told_by_the_page(error),
    }
}

/// Where a provider sends the browser back to. A stranger's browser, a second time and a late one are refused.
#[utoipa::path(
    get, path = CALLBACK, tag = "auth", security(()), params(CallbackQuery),
    responses((status = 303, description = "To the page that was asked for, or back to the sign-in page"))
)]
async fn find_provider_callback(
    State(identity): State<Identity>,
    RedirectUri(redirect): RedirectUri,
    Client(client): Client,
    headers: HeaderMap,
    Query(query): Query<CallbackQuery>,
) -> Result<Response, Problem> {
    let CallbackQuery { state, code, error, iss } = query;
    let answer = CallbackAnswer { state, code, error, issuer: iss };
    let browser = cookies::sign_in_flow(&headers);
    match identity.finish_provider_sign_in(&answer, browser.as_ref(), &redirect, &client).await {
        Ok(returned) => {
            let mut headers = HeaderMap::new();
            cookies::set(&mut headers, &returned.session);
            cookies::clear_sign_in_flow(&mut headers);
            Ok(to(&returned.return_to, headers))
        }
        Err(error) => told_by_the_page(error),
    }
}

/// A person waits before the browser: the sign-in page says what went wrong. What is our own fault stays a fault.
fn told_by_the_page(error: conductor_identity::Error) -> Result<Response, Problem> {
    tracing::info!(error = &error as &dyn std::error::Error, "a sign-in with a provider was refused");
    if error.kind() == conductor_domain::ErrorKind::Internal {
        return Err(error.into());
    }
    Ok(to(&format!("/sign-in?problem={}", error.code()), HeaderMap::new()))
}

fn to(address: &str, mut headers: HeaderMap) -> Response {
    match HeaderValue::try_from(address) {
        Ok(address) => {
            headers.insert(header::LOCATION, address);
            Secret((StatusCode::SEE_OTHER, headers)).into_response()
        }
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
