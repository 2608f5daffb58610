//! What a directory looks up: one resource, or those that a filter finds.

use conductor_domain::{DirectoryGroupId, UserId};
use conductor_scim::{AttributePath, Error as ScimError, Filter, Kind, Reason, Selection, sort};
use serde_json::Value;

use super::{Provisioner, ScimKind, view};
use crate::{Error, Identity, Result};

/// Resources of one answer at most.
pub(super) const MOST: usize = 200;
/// Rows that are looked at together.
const AT_ONCE: usize = 1_000;

/// What is looked for, as the directory wrote it.
#[derive(Clone, Debug, Default)]
pub struct ScimQuery {
    /// The filter.
    pub filter: Option<String>,
    /// The attribute to sort by.
    pub sort_by: Option<String>,
    /// Whether the last comes first.
    pub descending: bool,
    /// The first to show, counted from 1.
    pub start: Option<i64>,
    /// How many to show.
    pub count: Option<i64>,
    /// Attributes to show, and those not to.
    pub attributes: Vec<String>,
    /// Attributes not to show.
    pub excluded: Vec<String>,
}

impl ScimQuery {
    /// A resource as this query asks to see it.
    #[must_use]
    pub fn show(&self, kind: ScimKind, resource: Value) -> Value {
        self.selection().apply(kind.into(), resource)
    }

    fn selection(&self) -> Selection {
        Selection::read(self.attributes.iter().map(String::as_str), self.excluded.iter().map(String::as_str))
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// How many there are.
    pub total: usize,
    /// The first that is shown, counted from 1.
    pub start: usize,
    /// Those that are shown.
    pub resources: Vec<Value>,
}

impl Identity {
    /// A person or a group; what the query hides is not looked up, and left to `show` to leave out.
    ///
    /// # Errors
    /// `NotFound` for whoever is not this directory's.
    pub async fn scim_find(
        &self,
        by: &Provisioner,
        kind: ScimKind,
        id: &str,
        query: &ScimQuery,
    ) -> Result<Value> {
        let selection = query.selection();
        let (rows, missing) =
            (self.inner.store.scoped(by.caller.scope), Error::NotFound { what: "resource" });
        let (people, groups) = (rows.directory_users(), rows.directory_groups());
        let shown = match kind {
            ScimKind::User => {
                let Ok(id) = id.parse::<UserId>() else { return Err(missing) };
                let found = people.find(id).await?.ok_or(missing)?;
                view::users(&by.base, &[found], &people, &groups).await?
            }
            ScimKind::Group => {
                let Ok(id) = id.parse::<DirectoryGroupId>() else { return Err(missing) };
                let found = groups.find(id).await?.ok_or(missing)?;
                view::groups(&by.base, &[found], &groups, selection.shows("members")).await?
            }
        };
        shown.into_iter().next().ok_or(Error::NotFound { what: "resource" })
    }

    /// The people, the groups, or both, that a query finds.
    ///
    /// # Errors
    /// `Scim` with `invalidFilter` or `invalidPath`.
    pub async fn scim_list(&self, by: &Provisioner, kinds: &[ScimKind], query: &ScimQuery) -> Result<Found> {
        let filter = query.filter.as_deref().filter(|text| !text.trim().is_empty());
        let filter = filter.map(Filter::parse).transpose()?;
        let order = query.sort_by.as_deref().filter(|text| !text.trim().is_empty());
        let order = order.map(|text| {
            let unknown = || ScimError::new(Reason::InvalidPath, "`sortBy` names an attribute.");
            AttributePath::parse(text.trim()).ok_or_else(unknown)
        });
        let order = order.transpose()?;
        let selection = query.selection();
        let start = usize::try_from(query.start.unwrap_or(1)).unwrap_or(0).max(1);
        let count = query.count.map_or(MOST, |count| usize::try_from(count).unwrap_or(0)).min(MOST);

        if let ([kind], None, None) = (kinds, &filter, &order) {
            let rows = self.rows(by, *kind, None, start - 1, Some(count), &selection).await?;
            let total = self.count(by, *kind).await?;
            let shown = rows.into_iter().map(|row| selection.apply((*kind).into(), row));
            return Ok(Found { total, start, resources: shown.collect() });
        }
        let mut found: Vec<(Kind, Value)> = Vec::new();
        for kind in kinds {
            let mut matching = self.matching(by, *kind, filter.as_ref(), &selection).await?;
            if let Some(order) = &order {
                sort((*kind).into(), &mut matching, order, query.descending);
            }
            found.extend(matching.into_iter().map(|resource| ((*kind).into(), resource)));
        }
        let total = found.len();
        let shown = found.into_iter().skip(start - 1).take(count);
        let resources = shown.map(|(kind, resource)| selection.apply(kind, resource)).collect();
        Ok(Found { total, start, resources })
    }

    async fn matching(
        &self,
        by: &Provisioner,
        kind: ScimKind,
        filter: Option<&Filter>,
        selection: &Selection,
    ) -> Result<Vec<Value>> {
        // What a filter asks about is looked up, shown or not.
        let all = Selection::default();
        let selection = if filter.is_some() { &all } else { selection };
        let fits = |row: &Value| filter.is_none_or(|filter| filter.matches(kind.into(), row));
        let narrow = filter.and_then(Filter::equality).filter(|(name, _)| is_indexed(kind, name));
        if narrow.is_some() {
            let rows = self.rows(by, kind, narrow, 0, None, selection).await?;
            return Ok(rows.into_iter().filter(fits).collect());
        }
        let mut found = Vec::new();
        for from in (0..).step_by(AT_ONCE) {
            let rows = self.rows(by, kind, None, from, Some(AT_ONCE), selection).await?;
            let last = rows.len() < AT_ONCE;
            found.extend(rows.into_iter().filter(fits));
            if last {
                break;
            }
        }
        Ok(found)
    }

    /// Rows as resources: those that an index finds, or those from a place on.
    async fn rows(
        &self,
        by: &Provisioner,
        kind: ScimKind,
        narrow: Option<(&str, &str)>,
        skip: usize,
        most: Option<usize>,
        selection: &Selection,
    ) -> Result<Vec<Value>> {
        let rows = self.inner.store.scoped(by.caller.scope);
        let (people, groups) = (rows.directory_users(), rows.directory_groups());
        let (skip, most) = (skip as u64, most.map(|most| most as u64));
        let is = |name: &str| {
            narrow.filter(|(narrow, _)| narrow.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        match kind {
            ScimKind::User => {
                let rows = if let Some(name) = is("userName") {
                    people.named(name).await?
                } else if let Some(external) = is("externalId") {
                    people.known_as(external).await?
                } else if let Some(id) = is("id") {
                    match id.parse() {
                        Ok(id) => people.find(id).await?.into_iter().collect(),
                        Err(_) => Vec::new(),
                    }
                } else {
                    people.some(skip, most).await?
                };
                view::users(&by.base, &rows, &people, &groups).await
            }
            ScimKind::Group => {
                let rows = if let Some(name) = is("displayName") {
                    groups.named(name).await?
                } else if let Some(external) = is("externalId") {
                    groups.known_as(external).await?
                } else if let Some(id) = is("id") {
                    match id.parse() {
                        Ok(id) => groups.find(id).await?.into_iter().collect(),
                        Err(_) => Vec::new(),
                    }
                } else {
                    groups.some(skip, most).await?
                };
                view::groups(&by.base, &rows, &groups, selection.shows("members")).await
            }
        }
    }

    async fn count(&self, by: &Provisioner, kind: ScimKind) -> Result<usize> {
        let rows = self.inner.store.scoped(by.caller.scope);
        let count = match kind {
            ScimKind::User => rows.directory_users().count().await?,
            ScimKind::Group => rows.directory_groups().count().await?,
        };
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }
}

fn is_indexed(kind: ScimKind, name: &str) -> bool {
    let name_of = match kind {
        ScimKind::User => "userName",
        ScimKind::Group => "displayName",
    };
    ["id", "externalId", name_of].iter().any(|known| known.eq_ignore_ascii_case(name))
}
