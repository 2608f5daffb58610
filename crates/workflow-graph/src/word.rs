//! Enumerations that documents spell as words: one list gives the type, its spelling and its reading.

/// Declares an enumeration with one word for each variant; the first variant is the default.
macro_rules! words {
    ($(#[$outer:meta])* $name:ident { $first:ident => $first_word:literal $first_doc:literal, $($variant:ident => $word:literal $doc:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            #[doc = $first_doc]
            #[default]
            $first,
            $(#[doc = $doc] $variant,)*
        }

        impl $name {
            /// Every one, in the order of the list.
            pub const ALL: &[Self] = &[Self::$first, $(Self::$variant,)*];

            /// How documents spell it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    Self::$first => $first_word,
                    $(Self::$variant => $word,)*
                }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self {
                    Self::$first => $first_doc,
                    $(Self::$variant => $doc,)*
                }
            }

            /// The one that is spelt so.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl $crate::word::Word for $name {
            const WORDS: &'static [Self] = Self::ALL;

            fn word(self) -> &'static str {
                self.as_str()
            }
        }
    };
}

pub(crate) use words;

/// What `words!` declares, for readers that are generic over it.
pub(crate) trait Word: Copy + 'static {
    /// Every one.
    const WORDS: &'static [Self];

    /// How documents spell it.
    fn word(self) -> &'static str;
}
