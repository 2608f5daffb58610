//! Targets and the patterns that match them: exact, or with one trailing `*`.

use std::collections::HashMap;

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
#[derive(Debug, Default)]
pub(crate) struct TargetMap {
    exact: HashMap<String, Vec<usize>>,
    prefixes: Vec<Prefix>,
}

#[derive(Debug)]
struct Prefix {
    text: String,
    parent: Option<usize>,
    values: Vec<usize>,
}

impl TargetMap {
    pub(crate) fn build(entries: impl IntoIterator<Item = (Pattern, usize)>) -> Self {
        let mut exact: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_prefix: std::collections::BTreeMap<String, Vec<usize>> = std::collections::BTreeMap::new();
        for (pattern, value) in entries {
            match pattern {
                Pattern::Exact(text) => exact.entry(text).or_default().push(value),
                Pattern::Prefix(text) => by_prefix.entry(text).or_default().push(value),
            }
        }
        let mut prefixes: Vec<Prefix> = Vec::with_capacity(by_prefix.len());
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
    pub(crate) fn find<'a>(&'a self, target: &str, mut take: impl FnMut(&'a [usize])) {
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
            let map = TargetMap::build(parsed.iter().cloned().enumerate().map(|(at, pattern)| (pattern, at)));
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
