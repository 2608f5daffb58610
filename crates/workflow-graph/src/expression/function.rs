//! The functions that an expression may call: pure, total, and few.
//!
//! A new one is a variant, its line in each `match` here, and an arm in `eval.rs`.

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// `length(x)`: characters of a text, items of a list, fields of an object; 0 for null.
    Length,
    /// `contains(x, y)`: whether the text, list or object `x` has the text, item or field `y`.
    Contains,
    /// `default(x, y)`: `x`, or `y` where `x` is null.
    Default,
}

impl Function {
    pub(crate) const ALL: [Self; 3] = [Self::Length, Self::Contains, Self::Default];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Contains => "contains",
            Self::Default => "default",
        }
    }

    /// How many arguments it takes.
    pub(crate) const fn arguments(self) -> usize {
        match self {
            Self::Length => 1,
            Self::Contains | Self::Default => 2,
        }
    }
}
