//! A workflow as the body of a request or an answer: JSON or YAML, as the content type says.

use axum::{
    extract::{FromRequest, Request},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use conductor_workflows::{Document, Syntax, Written};

use crate::{AppState, Problem, json::unreadable};

/// The content types of YAML: the registered one (RFC 9512) and those that were written before it.
const YAML: [&str; 4] = ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"];

/// The document itself, of whatever form.
pub(super) struct DocumentBody(pub(super) Document);

impl FromRequest<AppState> for DocumentBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = value.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
        let essence = essence.to_ascii_lowercase();
        let syntax = match essence.as_str() {
            "application/json" => Some(Syntax::Json),
            "text/plain" => None,
            yaml if YAML.contains(&yaml) => Some(Syntax::Yaml),
            _ => {
                let detail = "Send the workflow itself as application/json or application/yaml, or as text/plain \
                              where it is not known which it is.";
                return Err(Problem::new(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "unsupported_media_type",
                    detail,
                ));
            }
        };
        let limit = state.options.limits.body_bytes;
        let body = Bytes::from_request(request, state).await.map_err(|error| unreadable(&error, limit))?;
        let text = String::from_utf8(body.into()).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let detail =
                format!("The document is not UTF-8 from byte {at} on. Save it as UTF-8 and send it again.");
            Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail)
        })?;
        Ok(Self(Document::Text(syntax.unwrap_or_else(|| Syntax::of(&text)), text)))
    }
}

/// A document to be kept as a file.
pub(super) struct DocumentFile {
    pub(super) written: Written,
    pub(super) syntax: Syntax,
}

impl IntoResponse for DocumentFile {
    fn into_response(self) -> Response {
        let kind = match self.syntax {
            Syntax::Json => "application/json",
            Syntax::Yaml => "application/yaml",
        };
        let mut response = ([(header::CONTENT_TYPE, kind)], self.written.text).into_response();
        let disposition = format!("attachment; filename=\"{}\"", self.written.file_name);
        // A name that was never checked may hold letters that a header cannot.
        if let Ok(value) = HeaderValue::try_from(disposition) {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
        }
        response
    }
}
