//! What the binary carries: the page (with the feature `embed-ui`) and the pages that explain errors.

use std::borrow::Cow;

use conductor_http::{Asset, StaticPage};
use rust_embed::RustEmbed;

/// The explanations that the `type` of every problem points at.
#[derive(RustEmbed)]
#[folder = "../../docs/errors"]
struct ErrorPages;

/// The built page.
#[cfg(feature = "embed-ui")]
#[derive(RustEmbed)]
#[folder = "../../frontend/dist"]
struct Page;

/// What the door serves.
pub(crate) fn embedded() -> StaticPage {
    StaticPage { file, error_page }
}

fn error_page(code: &str) -> Option<Cow<'static, str>> {
    let file = ErrorPages::get(&format!("{code}.md"))?;
    Some(Cow::Owned(String::from_utf8_lossy(&file.data).into_owned()))
}

#[cfg(feature = "embed-ui")]
fn file(path: &str) -> Option<Asset> {
    let file = Page::get(path)?;
    let media_type = file.metadata.mimetype().to_owned();
    Some(Asset { bytes: file.data, media_type: media_type.into() })
}

#[cfg(not(feature = "embed-ui"))]
fn file(_path: &str) -> Option<Asset> {
    None
}
