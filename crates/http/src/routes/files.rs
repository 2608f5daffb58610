//! Uploaded files of the caller: taken in as multipart, given back so that no browser runs them.

use std::fmt::Write;

use axum::{
    body::Body,
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use conductor_conversations::{FileContent, Files};
use conductor_domain::{Classification, FieldError, File, FileId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
};

/// The one field of an upload.
const FIELD: &str = "file";

/// An uploaded file.
#[derive(Serialize, ToSchema)]
#[schema(as = File)]
pub(crate) struct FileResponse {
    id: FileId,
    name: String,
    /// What its first bytes say it is.
    mime_type: String,
    size_bytes: i64,
    /// Where its bytes are, for its owner.
    url: String,
    sha256: String,
    /// How sensitive what it holds is. What comes from it carries the label on.
    data_classification: Classification,
    created_at: DateTime<Utc>,
}

impl From<File> for FileResponse {
    fn from(file: File) -> Self {
        Self {
            id: file.id,
            name: file.name,
            mime_type: file.mime_type,
            size_bytes: file.size_bytes,
            url: format!("/api/files/{}/content", file.id),
            sha256: file.sha256,
            data_classification: file.data_classification,
            created_at: file.created_at,
        }
    }
}

/// What changes on a file.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateFileRequest {
    /// Its name, without a path.
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    /// How sensitive what it holds is; not above one's own clearance.
    data_classification: Option<Classification>,
}

/// An upload, for the document.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI document only")]
struct UploadRequest {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    // The service counts the bytes of the file itself and says so when there are too many.
    let uploads =
        OpenApiRouter::new().routes(routes!(list_files, create_file)).layer(DefaultBodyLimit::disable());
    OpenApiRouter::new()
        .merge(uploads)
        .routes(routes!(find_file, update_file, delete_file))
        .routes(routes!(find_file_content))
}

/// The caller's files, newest first.
#[utoipa::path(
    get, path = "/api/files", tag = "files", params(PageParameters),
    responses((status = 200, body = PageResponse<FileResponse>))
)]
async fn list_files(
    Auth(caller): Auth,
    State(files): State<Files>,
    paging: Paging,
) -> Result<PageResponse<FileResponse>, Problem> {
    let page = files.list(&caller, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Uploads a file.
#[utoipa::path(
    post, path = "/api/files", tag = "files",
    request_body(content = UploadRequest, content_type = "multipart/form-data"),
    responses((status = 201, body = FileResponse))
)]
async fn create_file(
    Auth(caller): Auth,
    State(state): State<AppState>,
    State(files): State<Files>,
    request: Request,
) -> Result<Created<FileResponse>, Problem> {
    let mut parts = Multipart::from_request(request, &state).await.map_err(|_| not_multipart())?;
    let field = parts.next_field().await.map_err(|_| broken())?.ok_or_else(missing)?;
    if field.name() != Some(FIELD) {
        return Err(unknown(field.name().unwrap_or_default()));
    }
    let name = field.file_name().unwrap_or_default().to_owned();
    let file = files.upload(&caller, &name, field).await?;
    Ok(Created { location: format!("/api/files/{}", file.id), body: file.into() })
}

/// What is known of a file.
#[utoipa::path(
    get, path = "/api/files/{file_id}", tag = "files", params(("file_id" = FileId, Path)),
    responses((status = 200, body = FileResponse))
)]
async fn find_file(
    Auth(caller): Auth,
    State(files): State<Files>,
    Path(id): Path<FileId>,
) -> Result<Json<FileResponse>, Problem> {
    Ok(Json(files.find(&caller, id).await?.into()))
}

/// The bytes of a file. Only pictures are shown in place; everything else is a download.
#[utoipa::path(
    get, path = "/api/files/{file_id}/content", tag = "files", params(("file_id" = FileId, Path)),
    responses(
        (status = 200, description = "The bytes", body = Vec<u8>, content_type = "*/*"),
        (status = 304, description = "The client has them"),
    )
)]
async fn find_file_content(
    Auth(caller): Auth,
    State(files): State<Files>,
    Path(id): Path<FileId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let content = files.content(&caller, id).await?;
    let tag = format!("\"{}\"", content.file.sha256);
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    Ok(bytes(content, &tag))
}

/// Renames a file, or says how sensitive it is.
#[utoipa::path(
    patch, path = "/api/files/{file_id}", tag = "files", params(("file_id" = FileId, Path)),
    request_body = UpdateFileRequest, responses((status = 200, body = FileResponse))
)]
async fn update_file(
    Auth(caller): Auth,
    State(files): State<Files>,
    Path(id): Path<FileId>,
    Json(UpdateFileRequest { name, data_classification }): Json<UpdateFileRequest>,
) -> Result<Json<FileResponse>, Problem> {
    Ok(Json(files.update(&caller, id, name, data_classification).await?.into()))
}

/// Deletes a file.
#[utoipa::path(
    delete, path = "/api/files/{file_id}", tag = "files", params(("file_id" = FileId, Path)),
    responses((status = 204, description = "Deleted"))
)]
async fn delete_file(
    Auth(caller): Auth,
    State(files): State<Files>,
    Path(id): Path<FileId>,
) -> Result<NoContent, Problem> {
    files.delete(&caller, id).await?;
    Ok(NoContent)
}

fn bytes(content: FileContent, tag: &str) -> Response {
    let FileContent { file, inline, size_bytes, stream } = content;
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Even a picture that turns out to be a page runs nothing.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (header::CACHE_CONTROL, "private, no-cache"),
    ];
    let told: [(HeaderName, String); 4] = [
        (header::CONTENT_TYPE, file.mime_type),
        (header::CONTENT_DISPOSITION, disposition(inline, &file.name)),
        (header::CONTENT_LENGTH, size_bytes.to_string()),
        (header::ETAG, tag.to_owned()),
    ];
    let mut response = Response::new(Body::from_stream(stream));
    let headers = response.headers_mut();
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in told {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    response
}

/// How a browser treats the bytes, with the name in the form that knows every script (RFC 6266).
fn disposition(inline: bool, name: &str) -> String {
    let mut value = if inline { "inline" } else { "attachment" }.to_owned();
    value.push_str("; filename*=UTF-8''");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            value.push(char::from(byte));
        } else {
            let _ = write!(value, "%{byte:02X}");
        }
    }
    value
}

fn not_multipart() -> Problem {
    let detail = "Send the file as `Content-Type: multipart/form-data`, in one field named `file`.";
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
}

fn broken() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "bad_request",
        "The upload is not valid multipart data, or broke off.",
    )
}

fn missing() -> Problem {
    let detail = "Send one field named `file`.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", detail)
        .with_errors(vec![FieldError::new("/file", "required", detail)])
}

fn unknown(name: &str) -> Problem {
    let detail = "An upload has one field, named `file`.";
    let pointer = format!("/{}", name.chars().take(100).collect::<String>());
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_field", detail)
        .with_errors(vec![FieldError::new(pointer, "unknown_field", detail)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        assert_eq!(disposition(true, "a b.png"), "inline; filename*=UTF-8''a%20b.png");
        assert_eq!(disposition(false, "ü\"\r\nX: y"), "attachment; filename*=UTF-8''%C3%BC%22%0D%0AX%3A%20y");
    }
}
