//! The output guard over a stream: nothing leaves before it is known to be no part of a match.

use conductor_domain::{GuardFinding, GuardKind};

use crate::{
    merge,
    sensitive::{masked, places, told},
};

/// How much text waits for what may follow it: the longest match with spaces in it, an IBAN, fits twice.
const HOLD: usize = 96;
/// How far back the beginning of an unbroken word may lie; a longer word is let go in pieces.
const WORD: usize = 8_192;
/// How much is looked at again before what waits, so that what stands before a match is seen with it.
const OPENING: &str = "-----BEGIN";

/// Replaces secrets and personal data in text that comes in pieces.
#[derive(Debug)]
pub struct Filter {
    kinds: Vec<GuardKind>,
    waiting: String,
    findings: Vec<GuardFinding>,
}

impl Filter {
    /// A filter of these kinds; of all where there are none.
    #[must_use]
    pub fn new(kinds: Vec<GuardKind>) -> Self {
        Self { kinds, waiting: String::new(), findings: Vec::new() }
    }

    /// Takes a piece in and gives what may leave.
    pub fn push(&mut self, piece: &str) -> String {
        self.waiting.push_str(piece);
        let places = places(&self.waiting, &self.kinds);
        let mut end = self.settled();
        // A match that reaches what waits may still grow.
        for place in &places {
            if place.range.end > end {
                end = end.min(place.range.start);
            }
        }
        self.release(end)
    }

    /// Gives what is left.
    pub fn finish(&mut self) -> String {
        self.release(self.waiting.len())
    }

    /// What has been found so far.
    #[must_use]
    pub fn findings(&self) -> &[GuardFinding] {
        &self.findings
    }

    /// How much of what waits no later text can change: all but the last characters, back to the start of a word.
    fn settled(&self) -> usize {
        let text = &self.waiting;
        let Some(mut end) = text.len().checked_sub(HOLD) else { return 0 };
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let word = text[..end].rfind(char::is_whitespace).map_or(0, |at| at + 1);
        // Names stand before what they name (`password: …`), so a line is let go as a whole.
        let line = text[..end].rfind('\n').map_or(0, |at| at + 1);
        let start = if end - line <= HOLD * 4 { line } else { word };
        let end = if end - start <= WORD { start } else { end };
        match text[..end].rfind(OPENING) {
            Some(open) if !text[open..end].contains("-----END") && end - open <= WORD => open,
            _ => end,
        }
    }

    fn release(&mut self, end: usize) -> String {
        let rest = self.waiting.split_off(end);
        let ready = std::mem::replace(&mut self.waiting, rest);
        let places = places(&ready, &self.kinds);
        if places.is_empty() {
            return ready;
        }
        let more = told(&ready, &places);
        self.findings = merge(std::mem::take(&mut self.findings).into_iter().chain(more));
        masked(&ready, &places)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Filter;
    use crate::mask;

    fn streamed(text: &str, size: usize) -> String {
        let mut filter = Filter::new(vec![]);
        let letters: Vec<char> = text.chars().collect();
        let mut out = String::new();
        for piece in letters.chunks(size.max(1)) {
            out.push_str(&filter.push(&piece.iter().collect::<String>()));
        }
        out + &filter.finish()
    }

    proptest! {
        #[test]
        fn pieces_hide_what_the_whole_hides(
            words in proptest::collection::vec(prop_oneof![
                "[a-zé ,.\n]{1,40}",
                Just("AKIAIOSFODNN7EXAMPLE".to_owned()),
                Just("ghp_0123456789abcdefghijABCDEFGHIJ012345".to_owned()),
                Just("password: h7Gq2xLw9pZ".to_owned()),
                Just("4242 4242 4242 4242".to_owned()),
                Just("ada@lovelace.dev".to_owned()),
                Just("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----".to_owned()),
            ], 0..12),
            size in 1_usize..40,
        ) {
            let text = words.join(" ");
            prop_assert_eq!(streamed(&text, size), mask(&text, &[]).0);
        }
    }

    #[test]
    fn plain_text_is_not_held_for_long() {
        let mut filter = Filter::new(vec![]);
        let text = "A line of plain words that nobody needs to wait for.\n".repeat(20);
        let out = filter.push(&text);
        assert!(text.len() - out.len() <= 160, "{} of {}", out.len(), text.len());
    }

    #[test]
    fn a_long_word_does_not_stop_the_stream() {
        let mut filter = Filter::new(vec![]);
        let mut out = 0;
        for _ in 0..100 {
            out += filter.push(&"A".repeat(1_000)).len();
        }
        assert!(out >= 80_000, "{out}");
    }
}
