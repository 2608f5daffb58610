//! How much of a row a subject may have: what grants and shares name.

use serde::{Deserialize, Serialize};

/// A level of access on one row. Not a ladder: `execute` does not include `clone`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AccessLevel {
    /// See it.
    Read,
    /// See it and take a copy.
    Clone,
    /// See it and use it.
    Execute,
    /// See, copy, use and change it; a share calls this `edit`.
    Write,
    /// All of it, sharing and deleting too.
    Admin,
}

impl AccessLevel {
    /// Every level.
    pub const ALL: &'static [Self] = &[Self::Read, Self::Clone, Self::Execute, Self::Write, Self::Admin];

    /// Whether whoever holds this level has `needed` with it.
    #[must_use]
    pub const fn includes(self, needed: Self) -> bool {
        match self {
            Self::Read => matches!(needed, Self::Read),
            Self::Clone => matches!(needed, Self::Read | Self::Clone),
            Self::Execute => matches!(needed, Self::Read | Self::Execute),
            Self::Write => !matches!(needed, Self::Admin),
            Self::Admin => true,
        }
    }

    /// The word on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Clone => "clone",
            Self::Execute => "execute",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// Reads the word of a grant (`write`) or of a share (`edit`); anything else is no level at all.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "read" => Some(Self::Read),
            "clone" => Some(Self::Clone),
            "execute" => Some(Self::Execute),
            "write" | "edit" => Some(Self::Write),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }
}

impl std::str::FromStr for AccessLevel {
    type Err = crate::classification::UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::from_word(word).ok_or_else(|| Self::Err { word: word.to_owned() })
    }
}

impl std::fmt::Display for AccessLevel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
