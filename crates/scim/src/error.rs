//! What is wrong with a request, in the words of RFC 7644 (section 3.12).

/// The schema of an error's body.
pub const ERROR_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// `scimType`: why a request with status 400 or 409 is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The filter cannot be read, or is more than this server reads.
    InvalidFilter,
    /// The body is no JSON of the right shape.
    InvalidSyntax,
    /// The path of a PATCH names nothing of the schema.
    InvalidPath,
    /// The path of a PATCH selects no value.
    NoTarget,
    /// A value is missing, or not of its attribute's type.
    InvalidValue,
    /// The attribute is the server's own.
    Mutability,
    /// Another resource has the value.
    Uniqueness,
    /// The answer or the request is larger than this server takes.
    TooMany,
}

impl Reason {
    /// The word of the standard.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::Mutability => "mutability",
            Self::Uniqueness => "uniqueness",
            Self::TooMany => "tooMany",
        }
    }
}

/// A request that is refused as it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Error {
    /// Why.
    pub reason: Reason,
    /// What to do about it.
    pub detail: String,
}

/// The result of reading something.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A refusal.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    pub(crate) fn value(detail: impl Into<String>) -> Self {
        Self::new(Reason::InvalidValue, detail)
    }
}
