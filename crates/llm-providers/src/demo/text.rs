//! Cutting texts into pieces of about a token, and plain words out of what a person wrote.

/// The longest piece.
const PIECE: usize = 12;

const FILLER: &[&str] = &[
    "every ",
    "word ",
    "of ",
    "this ",
    "text ",
    "is ",
    "one ",
    "piece ",
    "of ",
    "a ",
    "stream ",
    "that ",
    "the ",
    "demo ",
    "model ",
    "writes.\n",
];

/// Cuts a text after spaces and line ends, and long words in between; joined, the pieces are the text.
pub(super) fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    for word in text.split_inclusive([' ', '\n']) {
        let letters: Vec<char> = word.chars().collect();
        pieces.extend(letters.chunks(PIECE).map(|piece| piece.iter().collect()));
    }
    pieces
}

/// The nth word of an endless text.
pub(super) fn filler(index: u64) -> String {
    let length = FILLER.len() as u64;
    let position = usize::try_from(index % length).unwrap_or_default();
    FILLER.get(position).copied().unwrap_or_default().to_owned()
}

/// The words of a text in lower case, without punctuation.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '\'')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Whether words stand next to each other in a text; a plural counts as its singular.
pub(super) fn has(words: &[String], phrase: &str) -> bool {
    let phrase: Vec<&str> = phrase.split(' ').collect();
    words.windows(phrase.len()).any(|window| {
        window
            .iter()
            .zip(&phrase)
            .all(|(word, wanted)| word == wanted || word.strip_suffix('s') == Some(*wanted))
    })
}

/// Whether any of the phrases stands in a text.
pub(super) fn has_any(words: &[String], phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| has(words, phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_to_the_text() {
        let text = "One two\n\nthree-and-a-very-long-word äöü 🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀 end";
        let pieces = pieces(text);
        assert_eq!(pieces.concat(), text);
        assert!(pieces.iter().all(|piece| piece.chars().count() <= PIECE));
    }
}
