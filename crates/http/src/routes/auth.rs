//! Signing in, staying signed in, signing out; under two prefixes, with one function each.

mod account;
mod export;
mod mfa;
mod provider;
mod sessions;
mod sign_in;

use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

pub(crate) use provider::{CALLBACK, redirect_uri};
pub(crate) use sessions::signed_out_uri;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(sign_in::router())
        .merge(account::router())
        .merge(export::router())
        .merge(sessions::router())
        .merge(mfa::router())
        .merge(provider::router())
}
