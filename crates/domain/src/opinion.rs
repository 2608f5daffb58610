//! What people say of a resource: the tags that it is found by, and how good they find it.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{RatingId, TagId, UserId, classification::words};

/// Where a tag comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TagType {
    /// Conductor's own.
    Official,
    /// A field of work, set by the organisation.
    Domain,
    /// Somebody's own word.
    #[default]
    Custom,
}

words!(TagType { Official = "official", Domain = "domain", Custom = "custom" });

/// A word that resources are found by, in one organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The tag.
    pub id: TagId,
    /// The word, in lower case.
    pub name: String,
    /// Where it comes from.
    pub tag_type: TagType,
}

/// What one person thinks of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rating {
    /// The rating.
    pub id: RatingId,
    /// Whose it is.
    pub user_id: UserId,
    /// From 1 to 5.
    pub rating: i32,
    /// In words.
    pub review: Option<String>,
    /// When it was first given.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// All ratings of a resource in two figures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RatingSummary {
    /// How many there are.
    pub count: i64,
    /// Their mean; 0 where there is none.
    pub average: f64,
}
