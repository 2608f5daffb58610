//! The last lines a server wrote, kept in memory with a bound and without its secrets.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// Lines and bytes kept per server; what is older is forgotten.
const MAX_LINES: usize = 400;
const MAX_BYTES: usize = 64 * 1024;
/// Shorter values are words of daily use ("true", "info") and would blank out half the log.
const SHORTEST_SECRET: usize = 6;

/// A ring buffer of a server's own words.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines: Mutex<Lines>,
    secrets: Secrets,
}

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<String>,
    bytes: usize,
}

/// Values that a server may echo and nobody should read.
#[derive(Default)]
struct Secrets(Vec<String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{} redacted]", self.0.len())
    }
}

impl Log {
    /// A log that blanks out the given values.
    pub(crate) fn hiding(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut secrets: Vec<_> =
            secrets.into_iter().filter(|value| value.len() >= SHORTEST_SECRET).collect();
        // The longest first, since one secret may contain another.
        secrets.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self { lines: Mutex::default(), secrets: Secrets(secrets) }
    }

    /// Appends a line.
    pub(crate) fn push(&self, line: &str) {
        let mut line = line.trim_end().to_owned();
        for secret in &self.secrets.0 {
            if line.contains(secret) {
                line = line.replace(secret, "•••");
            }
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.bytes += line.len();
        lines.kept.push_back(line);
        while lines.kept.len() > MAX_LINES || lines.bytes > MAX_BYTES {
            match lines.kept.pop_front() {
                Some(oldest) => lines.bytes -= oldest.len(),
                None => break,
            }
        }
    }

    /// All lines kept, the oldest first.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).kept.iter().cloned().collect()
    }

    /// The last lines as one text, for an error message.
    pub(crate) fn tail(&self, count: usize) -> Option<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let skip = lines.kept.len().saturating_sub(count);
        let tail = lines.kept.iter().skip(skip).map(String::as_str).collect::<Vec<_>>().join("\n");
        (!tail.is_empty()).then_some(tail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_the_oldest_beyond_its_bounds() {
        let log = Log::default();
        for number in 0..MAX_LINES + 5 {
            log.push(&number.to_string());
        }
        assert_eq!(log.lines().len(), MAX_LINES);
        assert_eq!(log.lines()[0], "5");
        log.push(&"x".repeat(MAX_BYTES));
        assert_eq!(log.lines().len(), 1);
    }

    #[test]
    fn blanks_out_secrets_the_longest_first() {
        let log = Log::hiding(["token-1".to_owned(), "token-1-longer".to_owned(), "on".to_owned()]);
        log.push("using token-1-longer and token-1, verbose on");
        assert_eq!(log.lines(), ["using ••• and •••, verbose on"]);
        assert!(!format!("{log:?}").contains("token-1"));
    }
}
