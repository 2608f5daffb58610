//! Small conversions that every repository needs.

use std::str::FromStr;

use conductor_domain::PageRequest;
use sea_orm::{prelude::Uuid, sea_query::LikeExpr};

use crate::{Error, Result};

/// Reads a word of a closed list.
pub(crate) fn word<T>(column: &'static str, text: &str) -> Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error: T::Err| Error::corrupt(column)(Box::new(error)))
}

/// Reads a JSON column into its type.
pub(crate) fn json<T: serde::de::DeserializeOwned>(
    column: &'static str,
    value: serde_json::Value,
) -> Result<T> {
    serde_json::from_value(value).map_err(|error| Error::corrupt(column)(Box::new(error)))
}

/// Writes a type into a JSON column.
pub(crate) fn to_json<T: serde::Serialize>(column: &'static str, value: &T) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|error| Error::corrupt(column)(Box::new(error)))
}

/// The id that a cursor of an id-ordered list names.
pub(crate) fn after_id(page: &PageRequest) -> Result<Option<Uuid>> {
    page.after.as_deref().map(|text| Uuid::from_str(text).map_err(|_| Error::BadCursor)).transpose()
}

/// Finds a text anywhere in a lower-cased column.
pub(crate) fn containing(text: &str) -> LikeExpr {
    LikeExpr::new(format!("%{}%", literal(text))).escape('\\')
}

/// Finds a text at the beginning of a lower-cased column.
pub(crate) fn beginning(text: &str) -> LikeExpr {
    LikeExpr::new(format!("{}%", literal(text))).escape('\\')
}

/// A text whose letters stand for nothing but themselves.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for letter in text.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}
