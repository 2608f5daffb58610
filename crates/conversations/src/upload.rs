//! What an upload may be called.

/// The longest name, in bytes.
const NAME_BYTES: usize = 200;

/// The last part of whatever a client calls a file, without anything that a header, a page or a file system could mind.
pub(crate) fn name(claimed: &str) -> String {
    let last = claimed.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last
        .chars()
        .filter(|letter| !letter.is_control() && !is_direction(*letter))
        .map(|letter| if matches!(letter, '"' | '<' | '>' | '|' | ':' | '*' | '?') { '_' } else { letter })
        .collect();
    let name = name.trim().trim_start_matches('.');
    match cut(name) {
        "" => "file".to_owned(),
        name => name.to_owned(),
    }
}

/// The marks that turn the direction of writing and so can hide the end of a name.
fn is_direction(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn cut(name: &str) -> &str {
    let mut end = name.len().min(NAME_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_paths_and_tricks() {
        for (claimed, kept) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\photo.png", "photo.png"),
            ("a\"b\r\nX-Evil: 1.txt", "a_bX-Evil_ 1.txt"),
            ("in\u{202e}gpj.exe", "ingpj.exe"),
            (".htaccess", "htaccess"),
            ("", "file"),
            ("///", "file"),
            ("Übersicht 2026.csv", "Übersicht 2026.csv"),
        ] {
            assert_eq!(name(claimed), kept);
        }
        assert!(name(&"ü".repeat(300)).len() <= NAME_BYTES);
    }
}
