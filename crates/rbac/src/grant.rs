//! Grants, compiled: which levels a subject was given on a row, by one look at the row's name.
//!
//! An index is immutable; a change of few rows makes the next one out of it, so that no decision waits for all of them
//! to be read again.

use foldhash::HashMap;

use chrono::{DateTime, Utc};
use conductor_domain::{AccessLevel, GrantId};

/// Several levels at once: `execute` and `clone` of two grants are both held, and no single level says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels(u8);

impl Levels {
    /// Nothing was granted.
    pub const NONE: Self = Self(0);

    /// These levels and what this one includes.
    #[must_use]
    pub fn with(self, level: AccessLevel) -> Self {
        let included = AccessLevel::ALL.iter().filter(|other| level.includes(**other));
        Self(included.fold(self.0, |bits, other| bits | 1 << *other as u8))
    }

    /// Whether one of them includes `needed`.
    #[must_use]
    pub const fn includes(self, needed: AccessLevel) -> bool {
        self.0 & (1 << needed as u8) != 0
    }

    /// Whether anything was granted.
    #[must_use]
    pub const fn any(self) -> bool {
        self.0 != 0
    }

    /// The levels, those that they include too.
    pub fn iter(self) -> impl Iterator<Item = AccessLevel> {
        AccessLevel::ALL.iter().copied().filter(move |level| self.includes(*level))
    }
}

impl FromIterator<AccessLevel> for Levels {
    fn from_iter<I: IntoIterator<Item = AccessLevel>>(levels: I) -> Self {
        levels.into_iter().fold(Self::NONE, Self::with)
    }
}

/// Who holds a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// One subject, such as `user:0192…`.
    Subject(String),
    /// Whoever holds a role, such as `organization:member`.
    Role(String),
    /// Everybody of the organisation.
    Everybody,
}

/// One grant of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRow {
    /// The grant.
    pub id: GrantId,
    /// The row's name, such as `agent:0192…`.
    pub target: String,
    /// Who holds it; `None` for one that was taken back.
    pub holder: Option<Holder>,
    /// How much it gives.
    pub level: AccessLevel,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The grants of one organisation, by row.
#[derive(Clone, Debug, Default)]
pub struct GrantIndex {
    by_target: HashMap<String, Vec<Held>>,
}

#[derive(Clone, Debug)]
struct Held {
    id: GrantId,
    holder: Holder,
    level: AccessLevel,
    expires_at: Option<DateTime<Utc>>,
}

impl GrantIndex {
    /// The index after these rows changed: new ones are in it, changed ones replaced, those without a holder gone.
    #[must_use]
    pub fn changed(&self, rows: impl IntoIterator<Item = GrantRow>) -> Self {
        let mut next = self.clone();
        for row in rows {
            let held = next.by_target.entry(row.target.clone()).or_default();
            held.retain(|known| known.id != row.id);
            if let Some(holder) = row.holder {
                held.push(Held { id: row.id, holder, level: row.level, expires_at: row.expires_at });
            }
            if held.is_empty() {
                next.by_target.remove(&row.target);
            }
        }
        next
    }

    /// What a subject holds at `now` on a row or on one that the row lies within. One that has ended never counts.
    #[must_use]
    pub fn levels<'t>(
        &self,
        subject: &str,
        roles: &[String],
        targets: impl IntoIterator<Item = &'t str>,
        now: DateTime<Utc>,
    ) -> Levels {
        if self.by_target.is_empty() {
            return Levels::NONE;
        }
        let rows = targets.into_iter().filter_map(|target| self.by_target.get(target)).flatten();
        rows.filter(|held| held.is_of(subject, roles) && held.expires_at.is_none_or(|end| end > now))
            .map(|held| held.level)
            .collect()
    }

    /// How many grants it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_target.values().map(Vec::len).sum()
    }

    /// Whether nothing is granted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_target.is_empty()
    }
}

impl Held {
    fn is_of(&self, subject: &str, roles: &[String]) -> bool {
        match &self.holder {
            Holder::Subject(holder) => holder == subject,
            Holder::Role(role) => roles.contains(role),
            Holder::Everybody => true,
        }
    }
}
