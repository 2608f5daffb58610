//! Typed path parameters. An id that does not parse names nothing, so it is not found like any unknown one.

use axum::{
    extract::{FromRequestParts, Path as AxumPath},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use crate::{AppState, Problem};

/// The parameters of a path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let found = AxumPath::<T>::from_request_parts(parts, state).await;
        found.map(|AxumPath(value)| Self(value)).map_err(|_| Problem::not_found())
    }
}
