//! The embedded page: compressed beforehand, hashed files kept forever by browsers, the frame of artifacts sealed off.

use std::borrow::Cow;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{AppState, Problem};

/// A file of the page.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its bytes.
    pub bytes: Cow<'static, [u8]>,
    /// Its media type.
    pub media_type: Cow<'static, str>,
}

/// How the app hands the page in. Files that were compressed beforehand stand beside the plain ones, as `.br` and
/// `.gz`.
#[derive(Clone, Copy, Debug)]
pub struct StaticPage {
    /// A file of the build by its path without a leading slash, such as `index.html` or `assets/app-1a2b3c.js.br`.
    pub file: fn(&str) -> Option<Asset>,
    /// The page that explains an error code, as Markdown.
    pub error_page: fn(&str) -> Option<Cow<'static, str>>,
}

impl StaticPage {
    /// No page: the server says how to build one.
    #[must_use]
    pub const fn none() -> Self {
        Self { file: |_| None, error_page: |_| None }
    }
}

/// What the browser may load on the app's own pages.
pub(crate) const APP_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' blob: data:; font-src 'self' data:; frame-src 'self'; connect-src 'self'; worker-src 'self' blob:; \
    object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

/// What an artifact may do: run, inside an origin of its own, without a network.
pub(crate) const FRAME_POLICY: &str = "sandbox allow-scripts; default-src 'none'; \
    script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

/// The file that artifacts run in; under any other policy than its own it would run in the origin of the app.
const FRAME: &str = "artifact-frame.html";

/// The first segments of the page's own addresses. Any other path is not found: a browser is shown so by the page itself.
const PAGES: [&str; 13] = [
    "",
    "c",
    "setup",
    "sign-in",
    "second-factor",
    "invite",
    "share",
    "library",
    "servers",
    "governance",
    "settings",
    "inbox",
    "workflows",
];

const UNBUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Conductor</title>\
    <body><h1>Conductor is running without its page</h1>\
    <p>This binary was built without the web page. The API works: see <a href=\"/docs\">/docs</a>.</p>\
    <p>To build the page and embed it, run <code>cargo xtask run</code> in the repository.</p>";

/// Serves a file of the page, or the page itself for its own addresses.
pub(crate) async fn serve(State(state): State<AppState>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    if path == "api" || path.starts_with("api/") {
        return Problem::not_found().into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::not_found().into_response();
    }
    let headers = request.headers();
    let hidden =
        ["", "index.html", FRAME].contains(&path.as_str()) || path.ends_with(".br") || path.ends_with(".gz");
    if !hidden && let Some(response) = file(&state.page, &path, headers) {
        return response;
    }
    let first = path.split('/').next().unwrap_or_default();
    if PAGES.contains(&first) || path.starts_with("runs/") {
        return index(&state.page, headers);
    }
    if wants_page(headers) {
        return (StatusCode::NOT_FOUND, index(&state.page, headers)).into_response();
    }
    Problem::not_found().into_response()
}

/// Whether somebody looks at this in a browser: programs ask for anything, or for JSON.
fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|item| item.split(';').next().unwrap_or_default().trim() == "text/html")
}

/// The page that artifacts run in.
#[utoipa::path(
    get, path = "/artifact-frame", tag = "page", security(()),
    responses((status = 200, description = "The sealed frame that artifacts run in", content_type = "text/html"))
)]
pub(crate) async fn artifact_frame(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let Some(mut response) = file(&state.page, FRAME, &headers) else {
        return Problem::not_found().into_response();
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FRAME_POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn index(page: &StaticPage, headers: &HeaderMap) -> Response {
    file(page, "index.html", headers).unwrap_or_else(|| {
        let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        (StatusCode::OK, kind, UNBUILT).into_response()
    })
}

fn file(page: &StaticPage, path: &str, headers: &HeaderMap) -> Option<Response> {
    let plain = (page.file)(path)?;
    let (asset, encoding) = compressed(page, path, headers)
        .map_or((plain.clone(), None), |(asset, encoding)| (asset, Some(encoding)));
    // Vite puts a hash of the content into the names of these files.
    let kept = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = Response::new(match asset.bytes {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    });
    let head = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(&plain.media_type) {
        head.insert(header::CONTENT_TYPE, kind);
    }
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    head.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some(encoding) = encoding {
        head.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(response)
}

fn compressed(page: &StaticPage, path: &str, headers: &HeaderMap) -> Option<(Asset, &'static str)> {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok())?;
    [("br", "br"), ("gzip", "gz")].into_iter().find_map(|(encoding, ending)| {
        if !accepts(accepted, encoding) {
            return None;
        }
        (page.file)(&format!("{path}.{ending}")).map(|asset| (asset, encoding))
    })
}

fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let refused = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case(encoding) && refused != Some(0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_negotiated() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("br;q=0.8, gzip", "br"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("identity", "gzip"));
    }

    #[test]
    fn every_route_of_the_page_can_be_loaded() {
        let routes = concat!(env!("CARGO_MANIFEST_DIR"), "/../../frontend/src/routes");
        let files = ["", "/_app", "/_app/_chat"]
            .map(|folder| std::fs::read_dir(format!("{routes}{folder}")).unwrap());
        let names = files.into_iter().flatten().map(|file| file.unwrap().file_name().into_string().unwrap());
        let firsts: Vec<_> =
            names.filter_map(|name| name.split_once('.').map(|(first, _)| first.to_owned())).collect();
        assert!(firsts.len() > 10, "{firsts:?}");
        for first in firsts.iter().filter(|first| !first.starts_with('_') && *first != "index") {
            assert!(
                PAGES.contains(&first.as_str()) || first == "runs",
                "a page at /{first} would not be found"
            );
        }
    }
}
