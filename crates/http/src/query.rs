//! Query parameters, as strict as bodies: the router turns away names that the document does not have, values are read
//! here. `limit` and `cursor` belong to `Paging` and are left out.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use conductor_domain::FieldError;
use serde::de::DeserializeOwned;

use crate::{AppState, Problem, page};

/// The parameters of a query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        let own = page::others(parts.uri.query().unwrap_or_default());
        let uri =
            axum::http::Uri::try_from(format!("/?{own}")).map_err(|error| refused(&error.to_string()))?;
        // Not the extractor of `axum_extra`: that one takes an empty value for an absent one.
        let parsed = axum::extract::Query::<T>::try_from_uri(&uri);
        parsed.map(|axum::extract::Query(value)| Self(value)).map_err(|error| {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            refused(&source.unwrap_or_else(|| error.to_string()))
        })
    }
}

/// A parameter that the operation does not have.
pub(crate) fn unknown(name: &str) -> Problem {
    let detail = format!("The query has no parameter `{name}`. /docs lists those that there are.");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_field", detail.clone())
        .with_errors(vec![FieldError::new(format!("?{name}"), "unknown_field", detail)])
}

fn refused(message: &str) -> Problem {
    let detail = format!("The query cannot be read: {message}.");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", detail)
}
