//! Who asks: the extractor that every handler but the public ones takes.

use axum::{
    extract::{FromRequestParts, MatchedPath, RawPathParams},
    http::request::Parts,
};
use conductor_domain::Caller;
use conductor_identity::{Authenticated, Carrier, Client, Error, PathScope};

use crate::{AppState, Problem, csrf, machine, request};

/// What is open to someone who still has to set up the second factor that the organisation asks for.
const OWN_ACCOUNT: [&str; 2] = ["/api/auth/", "/api/v1/auth/"];

/// The authenticated caller, in the scope that path, headers or its active organisation name.
#[derive(Clone, Debug)]
pub(crate) struct Auth(pub(crate) Caller);

/// A caller that a layer has asked for already, kept for the handler.
#[derive(Clone)]
pub(crate) struct Known(pub(crate) Caller);

impl FromRequestParts<AppState> for Auth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        if let Some(Known(caller)) = parts.extensions.remove() {
            return Ok(Self(caller));
        }
        let path = path_scope(parts, state).await?;
        let origin = request::origin(parts, state);
        let Authenticated { caller, carrier, lacks_mfa } =
            state.identity.authenticate(&parts.headers, path, origin).await?;
        if carrier == Carrier::Cookie || (carrier == Carrier::Certificate && csrf::by_browser(&parts.headers))
        {
            csrf::check(&parts.method, &parts.headers)?;
        }
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        if lacks_mfa && !OWN_ACCOUNT.iter().any(|own| route.starts_with(own)) {
            return Err(Error::MfaRequired.into());
        }
        state.identity.admit_machine(&caller, machine::action(&parts.method, route)).await?;
        Ok(Self(caller))
    }
}

/// The organisation and environment that the path names; an id that does not parse belongs to nobody.
async fn path_scope(parts: &mut Parts, state: &AppState) -> Result<PathScope, Problem> {
    let mut scope = PathScope::default();
    let Ok(params) = RawPathParams::from_request_parts(parts, state).await else { return Ok(scope) };
    for (name, value) in &params {
        match name {
            "org_id" => scope.organization_id = Some(value.parse().map_err(|_| Problem::not_found())?),
            "env_id" => scope.environment_id = Some(value.parse().map_err(|_| Problem::not_found())?),
            _ => {}
        }
    }
    Ok(scope)
}

/// The client behind a request that carries no credential yet: for sign-in, its limits and the list of sessions.
#[derive(Clone, Debug)]
pub(crate) struct From(pub(crate) Client);

impl FromRequestParts<AppState> for From {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let user_agent =
            parts.headers.get(axum::http::header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self(Client {
            user_agent: user_agent.map(|name| name.chars().take(256).collect()),
            address: request::address(parts, &state.options.trusted_proxies),
        }))
    }
}
