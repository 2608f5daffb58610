//! Targets and the patterns that match them: exact, or with one trailing `*`.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt as _};

/// A pattern of targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    Exact(String),
    Prefix(String),
}

impl Pattern {
    /// Reads a pattern. One with a `*` elsewhere than at its end is unreadable and stands for all that it may have
    /// meant: everything that starts like it.
    pub(crate) fn parse(text: &str) -> (Self, Result<(), String>) {
        match text.split_once('*') {
            None if text.is_empty() => (
                Self::Prefix(String::new()),
                Err("the target is empty; write `*` for every target".to_owned()),
            ),
            None => (Self::Exact(text.to_owned()), Ok(())),
            Some((prefix, "")) => (Self::Prefix(prefix.to_owned()), Ok(())),
            Some((prefix, _)) => (
                Self::Prefix(prefix.to_owned()),
                Err(format!("the target {text:?} has a `*` elsewhere than at its end")),
            ),
        }
    }
}

/// Finds, for a target, everything whose pattern matches it, without walking the rest.
///
/// Prefixes are kept sorted, each with its longest proper prefix in the set. The greatest one not above the target in
/// that order is, or descends from, every prefix of the target: whatever sorts between a prefix and the target starts
/// with that prefix too.
#[derive(Debug)]
pub(crate) struct TargetMap<V> {
    exact: HashMap<String, V>,
    prefixes: Vec<Prefix<V>>,
}

#[derive(Debug)]
struct Prefix<V> {
    text: String,
    parent: Option<usize>,
    values: V,
}

impl<V: Default> TargetMap<V> {
    pub(crate) fn build<T>(entries: impl IntoIterator<Item = (Pattern, T)>) -> Self
    where
        V: Extend<T>,
    {
        let mut exact: HashMap<String, V> = HashMap::new();
        let mut by_prefix: BTreeMap<String, V> = BTreeMap::new();
        for (pattern, value) in entries {
            let values = match pattern {
                Pattern::Exact(text) => exact.entry(text).or_default(),
                Pattern::Prefix(text) => by_prefix.entry(text).or_default(),
            };
            values.extend([value]);
        }
        let mut prefixes: Vec<Prefix<V>> = Vec::with_capacity(by_prefix.len());
        let mut open: Vec<usize> = Vec::new();
        for (text, values) in by_prefix {
            while open.last().is_some_and(|last| !text.starts_with(&prefixes[*last].text)) {
                open.pop();
            }
            let parent = open.last().copied();
            open.push(prefixes.len());
            prefixes.push(Prefix { text, parent, values });
        }
        Self { exact, prefixes }
    }

    /// Calls `take` with the values of every pattern that matches.
    pub(crate) fn find<'a>(&'a self, target: &str, mut take: impl FnMut(&'a V)) {
        if let Some(values) = self.exact.get(target) {
            take(values);
        }
        let after = self.prefixes.partition_point(|prefix| prefix.text.as_str() <= target);
        let mut at = after.checked_sub(1);
        while let Some(index) = at {
            let prefix = &self.prefixes[index];
            if target.starts_with(&prefix.text) {
                take(&prefix.values);
            }
            at = prefix.parent;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_map_finds_what_a_walk_finds(
            patterns in proptest::collection::vec("[ab/]{0,4}\\*?", 0..40), target in "[ab/]{0,6}",
        ) {
            let parsed: Vec<Pattern> = patterns.iter().map(|text| Pattern::parse(text).0).collect();
            let map: TargetMap<Vec<usize>> = TargetMap::build(parsed.iter().cloned().enumerate().map(|(at, pattern)| (pattern, at)));
            let mut found = Vec::new();
            map.find(&target, |values| found.extend_from_slice(values));
            found.sort_unstable();
            let walked: Vec<usize> = (0..parsed.len())
                .filter(|at| match &parsed[*at] {
                    Pattern::Exact(text) => *text == target,
                    Pattern::Prefix(text) => target.starts_with(text.as_str()),
                })
                .collect();
            prop_assert_eq!(found, walked);
        }
    }
}
