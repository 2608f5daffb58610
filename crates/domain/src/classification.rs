//! Labels of data and of sharing, ordered as `../spec` lists them.

use serde::{Deserialize, Serialize};

/// How sensitive something is; a reader's clearance must reach it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Classification {
    /// For anyone.
    Public,
    /// For members.
    #[default]
    Internal,
    /// For people with a need to know.
    Confidential,
    /// For named people.
    Restricted,
}

impl Classification {
    /// Those that are less sensitive.
    pub fn below(self) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |lower| *lower < self)
    }

    /// It and those below it: what somebody of this clearance may read.
    pub fn reads(self) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |label| *label <= self)
    }
}

/// What stands where something was hidden from somebody.
pub const MASK: &str = "•••";

/// Who can see a row, before grants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Its owner.
    #[default]
    Private,
    /// Members of the owner's scope.
    Team,
    /// Members of the owner's organisation.
    Organization,
    /// Every tenant.
    Public,
}

macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word on the wire and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::classification::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::classification::UnknownWord { word: word.to_owned() }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

/// A word that is not in its list.
#[derive(Debug, thiserror::Error)]
#[error("unknown word {word:?}")]
pub struct UnknownWord {
    /// The word as it came.
    pub word: String,
}

words!(Classification { Public = "public", Internal = "internal", Confidential = "confidential", Restricted = "restricted" });
words!(Visibility { Private = "private", Team = "team", Organization = "organization", Public = "public" });
