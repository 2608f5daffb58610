//! What bytes are, by their first ones; what a name or a sender claims they are is never asked.

/// How many first bytes `sniff` looks at.
pub(crate) const SNIFFED: usize = 512;

/// `(offset, magic bytes, type)`, most specific first.
const MAGIC: &[(usize, &[u8], &str)] = &[
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypheic", "image/heic"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"\0\0\x01\0", "image/x-icon"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (257, b"ustar", "application/x-tar"),
    (0, b"SQLite format 3\0", "application/vnd.sqlite3"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"MZ", "application/x-msdownload"),
    (0, b"\0asm", "application/wasm"),
];

/// The type of some bytes by their first ones: a known magic, `text/plain` for text of any kind (HTML, SVG and scripts
/// are text here, never something a browser runs), else `application/octet-stream`.
#[must_use]
pub fn sniff(head: &[u8]) -> &'static str {
    if let [b'R', b'I', b'F', b'F', _, _, _, _, kind @ ..] = head {
        match kind {
            [b'W', b'E', b'B', b'P', ..] => return "image/webp",
            [b'W', b'A', b'V', b'E', ..] => return "audio/wav",
            _ => {}
        }
    }
    // Two letters are too few to tell a bitmap or a program from a text that begins with them.
    let text = is_text(head);
    MAGIC
        .iter()
        .filter(|(_, magic, _)| magic.len() > 2 || !text)
        .find(|(offset, magic, _)| head.get(*offset..).is_some_and(|rest| rest.starts_with(magic)))
        .map_or(
            if text { "text/plain; charset=utf-8" } else { "application/octet-stream" },
            |(_, _, mime)| mime,
        )
}

/// Whether the head is UTF-8 without control characters; a character cut by the end of the head does not count.
fn is_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && head.len() >= SNIFFED => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !head.is_empty() && !valid.chars().any(|letter| letter.is_control() && !"\t\n\r\u{c}".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_named_by_what_they_are() {
        let cases: &[(&[u8], &str)] = &[
            (b"\x89PNG\r\n\x1a\n\0\0", "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"GIF89a\0", "image/gif"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
            (b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav"),
            (b"%PDF-1.7", "application/pdf"),
            (b"PK\x03\x04\x14", "application/zip"),
            (b"BM\x36\x10\0\0", "image/bmp"),
            (b"BM is how this text begins", "text/plain; charset=utf-8"),
            (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "text/plain; charset=utf-8"),
            (b"<!doctype html><script>x()</script>", "text/plain; charset=utf-8"),
            ("gr\u{fc}n".as_bytes(), "text/plain; charset=utf-8"),
            (b"MZ\x90\0", "application/x-msdownload"),
            (b"\x01\x02\x03", "application/octet-stream"),
            (b"", "application/octet-stream"),
        ];
        for (bytes, mime) in cases {
            assert_eq!(sniff(bytes), *mime, "{bytes:?}");
        }
    }

    #[test]
    fn a_character_cut_by_the_end_of_the_head_is_still_text() {
        let mut text = "a".repeat(SNIFFED - 1).into_bytes();
        text.push("ü".as_bytes()[0]);
        assert_eq!(sniff(&text), "text/plain; charset=utf-8");
        assert_eq!(sniff(&text[SNIFFED - 2..]), "application/octet-stream");
    }
}
