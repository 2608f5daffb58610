//! What is found, and that it does not depend on how the text was cut.

use proptest::prelude::*;

use super::*;

/// Everything in one piece, without the text, neighbouring deltas joined.
fn found(pieces: &[&str]) -> Vec<Segment> {
    let mut detector = Detector::new();
    let mut all: Vec<Segment> = pieces.iter().flat_map(|piece| detector.push(piece)).collect();
    all.extend(detector.finish());
    let text: String = all
        .iter()
        .filter_map(|segment| match segment {
            Segment::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(text, pieces.concat(), "the text is not the answer");
    let mut joined: Vec<Segment> = Vec::new();
    for segment in all {
        match (joined.last_mut(), segment) {
            (_, Segment::Text(_)) => {}
            (Some(Segment::ArtifactDelta(before)), Segment::ArtifactDelta(more)) => before.push_str(&more),
            (_, segment) => joined.push(segment),
        }
    }
    joined
}

/// `(identifier, kind, title, language, content)` of every artifact.
fn artifacts(text: &str) -> Vec<(String, ArtifactKind, String, Option<String>, String)> {
    let mut artifacts = Vec::new();
    let mut open = false;
    for segment in found(&[text]) {
        match segment {
            Segment::ArtifactStarted { identifier, kind, title, language } => {
                assert!(!open, "an artifact inside an artifact");
                open = true;
                artifacts.push((identifier, kind, title, language, String::new()));
            }
            Segment::ArtifactDelta(text) => {
                assert!(open);
                artifacts.last_mut().unwrap().4.push_str(&text);
            }
            Segment::ArtifactCompleted => {
                assert!(open);
                open = false;
            }
            Segment::Text(_) => {}
        }
    }
    assert!(!open, "an artifact never ended");
    artifacts
}

fn contents(text: &str) -> Vec<String> {
    artifacts(text).into_iter().map(|artifact| artifact.4).collect()
}

#[test]
fn a_block_with_an_identifier_is_an_artifact() {
    let text = "Here:\n```html id=landing-page title=\"Landing page\" type=html\n<p>\n  hi\n</p>\n```\nDone.";
    assert_eq!(
        artifacts(text),
        [(
            "landing-page".to_owned(),
            ArtifactKind::Html,
            "Landing page".to_owned(),
            Some("html".to_owned()),
            "<p>\n  hi\n</p>".to_owned(),
        )]
    );
}

#[test]
fn a_block_without_one_is_not() {
    assert!(found(&["```rust\nfn main() {}\n```\n"]).is_empty());
    assert!(found(&["```id=\nx\n```\n", "no fence id=x\n", "`` id=x\n"]).is_empty());
    assert!(found(&["``` a `b` id=x\ntext\n```\n"]).is_empty(), "inline code is no fence");
    assert!(found(&["    ```html id=x\n    text\n"]).is_empty(), "four spaces are code");
}

#[test]
fn a_shown_fence_makes_no_artifact() {
    assert!(found(&["````markdown\n```html id=x\n<p>\n```\n````\n"]).is_empty());
    assert!(found(&["~~~\n```html id=x\n<p>\n```\n~~~\n"]).is_empty());
    assert_eq!(contents("~~~\n```\n~~~\n```html id=x\n<p>\n```\n"), ["<p>"]);
}

#[test]
fn a_longer_fence_holds_shorter_ones() {
    let text = "````markdown id=guide\n# Guide\n```sh\nls\n```\nEnd\n````\n";
    assert_eq!(contents(text), ["# Guide\n```sh\nls\n```\nEnd"]);
    assert_eq!(contents("```md id=a\nx\n`````  \nafter\n"), ["x"], "a longer fence closes");
    assert_eq!(contents("~~~md id=a\n```\n~~\n~~~\n"), ["```\n~~"]);
}

#[test]
fn an_open_block_ends_with_the_answer() {
    assert_eq!(contents("```svg id=a\n<svg>\n"), ["<svg>"]);
    assert_eq!(contents("```svg id=a\n<svg>\n``"), ["<svg>\n``"]);
    assert_eq!(contents("```svg id=a\n<svg>\n```"), ["<svg>"]);
    assert_eq!(contents("```svg id=a\n"), [""]);
    assert!(artifacts("```svg id=a").is_empty(), "the opening line never ended");
}

#[test]
fn lines_keep_their_shape() {
    assert_eq!(contents("```py id=a\n\nx = '```'\n\n\n```\n"), ["\nx = '```'\n\n"]);
    assert_eq!(contents("  ```py id=a\n  if x:\n      y\n z\n  ```\n"), ["if x:\n    y\nz"]);
    assert_eq!(contents("```py id=a\r\na\r\nb\rc\r\n```\r\nafter"), ["a\nb\rc"]);
    assert_eq!(contents("```py id=a\n``` not the end\n```\n"), ["``` not the end"]);
}

#[test]
fn several_artifacts_follow_each_other() {
    let text = "```js id=one\n1\n```\nand\n```mermaid id=two title='Two words'\ngraph TD\n```\n```tsx id=three\n3\n```";
    let kinds: Vec<_> = artifacts(text).into_iter().map(|it| (it.0, it.1, it.2)).collect();
    assert_eq!(
        kinds,
        [
            ("one".to_owned(), ArtifactKind::Code, "one".to_owned()),
            ("two".to_owned(), ArtifactKind::Mermaid, "Two words".to_owned()),
            ("three".to_owned(), ArtifactKind::React, "three".to_owned()),
        ]
    );
}

#[test]
fn the_info_string_forgives() {
    let one =
        |info: &str| artifacts(&format!("```{info}\nx\n```\n")).pop().map(|it| (it.0, it.1, it.2, it.3));
    let artifact = |id: &str, kind, title: &str, language: Option<&str>| {
        Some((id.to_owned(), kind, title.to_owned(), language.map(str::to_owned)))
    };
    assert_eq!(one("id=a"), artifact("a", ArtifactKind::Code, "a", None));
    assert_eq!(
        one("  JSX  identifier=\"a b/c\" "),
        artifact("a-b-c", ArtifactKind::React, "a b/c".replace([' ', '/'], "-").as_str(), Some("jsx"))
    );
    assert_eq!(
        one("xml type=SVG id=a title=\"unclosed"),
        artifact("a", ArtifactKind::Svg, "unclosed", Some("xml"))
    );
    assert_eq!(one("rust type=nonsense id=a extra"), artifact("a", ArtifactKind::Code, "a", Some("rust")));
    assert_eq!(
        one("rust id=../../etc/passwd"),
        artifact("..-..-etc-passwd", ArtifactKind::Code, "..-..-etc-passwd", Some("rust"))
    );
    assert_eq!(one("rust id=///"), None);
}

/// The same by whole lines, as plainly as it can be said.
fn by_lines(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    let mut contents: Vec<String> = Vec::new();
    // The block that is open, with its lines where it is an artifact.
    let mut open: Option<(Fence, Option<Vec<String>>)> = None;
    let mut lines: Vec<&str> = text.split('\n').collect();
    let last = lines.pop().unwrap_or_default();
    let whole = lines.len();
    for (at, line) in lines.into_iter().chain([last]).enumerate() {
        match &mut open {
            None if at < whole => {
                if let Some((fence, info)) = opening(line) {
                    open = Some((fence, header(info).map(|_| Vec::new())));
                }
            }
            None => {}
            Some((fence, kept)) if closes(line, *fence) => {
                contents.extend(kept.take().map(|lines| lines.join("\n")));
                open = None;
            }
            Some((fence, Some(kept))) if at < whole || !line.is_empty() => {
                let spaces = line.bytes().take(fence.indent).take_while(|byte| *byte == b' ').count();
                kept.push(line[spaces..].to_owned());
            }
            Some(_) => {}
        }
    }
    contents.extend(open.and_then(|(_, kept)| kept).map(|lines| lines.join("\n")));
    contents
}

proptest! {
    #[test]
    fn any_cut_finds_the_same(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("```html id=a\n"), Just("~~~~ id=b title='x y'\n"), Just("````md id=c\n"), Just("```\n"),
                Just("````\n"), Just("~~~~~\n"), Just("```rust\n"), Just("`"), Just("~~"), Just(" "), Just("\n"),
                Just("\r\n"), Just("\r"), Just("text"), Just("ü€"), Just("  ```"), Just("    "), Just("\t"),
            ],
            0..40,
        ),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..12),
    ) {
        let text = parts.concat();
        let whole = found(&[&text]);
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        places.extend([0, text.len()]);
        places.retain(|at| text.is_char_boundary(*at));
        places.sort_unstable();
        let pieces: Vec<&str> = places.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
        prop_assert_eq!(&found(&pieces), &whole);
        let letters: Vec<String> = text.chars().map(String::from).collect();
        prop_assert_eq!(&found(&letters.iter().map(String::as_str).collect::<Vec<_>>()), &whole);
    }

    #[test]
    fn it_finds_what_a_reader_of_lines_finds(text in "([`~]{2,5}|id=a|\\n|\\r\\n| |x|\t|md |[a-z]){0,60}") {
        let contents: Vec<String> = contents(&text);
        // A lone carriage return at the very end belongs to a line break that never came.
        prop_assert_eq!(contents, by_lines(text.strip_suffix('\r').unwrap_or(&text)));
    }
}
