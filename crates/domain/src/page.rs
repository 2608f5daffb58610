//! One way to page through a list: a limit and an opaque position.

/// What a caller asks of a list: at most `limit` rows after the row `after`.
///
/// Lists run in descending order of a UUIDv7 id unless their repository says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// 1–100.
    pub limit: u64,
    /// The position the last page ended at, as its repository wrote it.
    pub after: Option<String>,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { limit: 25, after: None }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Cuts a result of `limit + 1` rows into a page; `position` names where a row stands.
    #[must_use]
    pub fn cut(mut rows: Vec<T>, limit: u64, position: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(position) } else { None };
        Self { items: rows, next }
    }

    /// The same page of other things.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}
