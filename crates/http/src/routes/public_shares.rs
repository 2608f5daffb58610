//! Public links: made, listed, prolonged and taken back by people, and looked at by whoever has one.

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use conductor_conversations::{PublicShares, PublicView, Shown};
use conductor_domain::{ArtifactId, ArtifactKind, ConversationId, MessageRole, PublicShare, PublicShareId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    answer::{Created, NoContent, Secret},
    caller::{Auth, From},
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
};

/// What a public link is to open, and until when.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreatePublicShareRequest {
    /// A version of an artifact of the conversation, to open it alone; the branch that is shown now otherwise.
    artifact_id: Option<ArtifactId>,
    /// Within 90 days; in 7 days where it is left out.
    expires_at: Option<DateTime<Utc>>,
}

/// How a public link is from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PublicShareSettingsRequest {
    /// Within 90 days.
    expires_at: DateTime<Utc>,
}

/// A public link, without what opens it.
#[derive(Serialize, ToSchema)]
#[schema(as = PublicShare)]
struct ShareResponse {
    id: PublicShareId,
    conversation_id: ConversationId,
    /// The version that it opens, where it opens an artifact alone.
    artifact_id: Option<ArtifactId>,
    expires_at: DateTime<Utc>,
    /// How often it was looked at.
    view_count: i64,
    created_at: DateTime<Utc>,
}

impl std::convert::From<PublicShare> for ShareResponse {
    fn from(share: PublicShare) -> Self {
        Self {
            id: share.id,
            conversation_id: share.conversation_id,
            artifact_id: share.artifact_id,
            expires_at: share.expires_at,
            view_count: share.view_count,
            created_at: share.created_at,
        }
    }
}

/// A public link that was just made.
#[derive(Serialize, ToSchema)]
#[schema(as = MadePublicShare)]
struct MadeShareResponse {
    #[serde(flatten)]
    share: ShareResponse,
    /// What opens it, told this once.
    token: String,
}

/// What a public link opens: messages, or an artifact.
#[derive(Serialize, ToSchema)]
#[schema(as = PublicView)]
struct ViewResponse {
    title: String,
    expires_at: DateTime<Utc>,
    /// The branch, oldest first; absent where it is an artifact.
    messages: Option<Vec<ShownMessageResponse>>,
    /// The version; absent where it is a conversation.
    artifact: Option<ShownArtifactResponse>,
}

/// What is shown of a message.
#[derive(Serialize, ToSchema)]
#[schema(as = PublicMessage)]
struct ShownMessageResponse {
    role: MessageRole,
    content: String,
    created_at: DateTime<Utc>,
}

/// What is shown of an artifact.
#[derive(Serialize, ToSchema)]
#[schema(as = PublicArtifact)]
struct ShownArtifactResponse {
    #[serde(rename = "type")]
    kind: ArtifactKind,
    language: Option<String>,
    content: String,
}

impl std::convert::From<PublicView> for ViewResponse {
    fn from(view: PublicView) -> Self {
        let PublicView { title, expires_at, shown } = view;
        let (messages, artifact) = match shown {
            Shown::Conversation(messages) => {
                let messages = messages.into_iter().map(|message| ShownMessageResponse {
                    role: message.role,
                    content: message.content,
                    created_at: message.created_at,
                });
                (Some(messages.collect()), None)
            }
            Shown::Artifact(artifact) => {
                let artifact = *artifact;
                let artifact = ShownArtifactResponse {
                    kind: artifact.kind,
                    language: artifact.language,
                    content: artifact.content,
                };
                (None, Some(artifact))
            }
        };
        Self { title, expires_at, messages, artifact }
    }
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_public_share))
        .routes(routes!(list_public_shares))
        .routes(routes!(find_public_share, delete_public_share))
        .routes(routes!(update_public_share))
}

/// Makes a public link to a conversation as far as it went, or to a version of one of its artifacts. Content that is
/// labelled confidential or higher has none, and a label that rises closes those that there are.
#[utoipa::path(
    post, path = "/api/conversations/{conversation_id}/share", tag = "sharing",
    params(("conversation_id" = ConversationId, Path)), request_body = CreatePublicShareRequest,
    responses((status = 201, body = MadeShareResponse))
)]
async fn create_public_share(
    Auth(caller): Auth,
    State(shares): State<PublicShares>,
    Path(id): Path<ConversationId>,
    Json(body): Json<CreatePublicShareRequest>,
) -> Result<Secret<Created<MadeShareResponse>>, Problem> {
    let made = shares.create(&caller, id, body.artifact_id, body.expires_at).await?;
    let token = made.token.expose().clone();
    let location = format!("/api/conversations/{id}/shares");
    Ok(Secret(Created { location, body: MadeShareResponse { share: made.share.into(), token } }))
}

/// The public links of a conversation and its artifacts, for those who may share it.
#[utoipa::path(
    get, path = "/api/conversations/{conversation_id}/shares", tag = "sharing",
    params(("conversation_id" = ConversationId, Path), PageParameters),
    responses((status = 200, body = PageResponse<ShareResponse>))
)]
async fn list_public_shares(
    Auth(caller): Auth,
    State(shares): State<PublicShares>,
    Path(id): Path<ConversationId>,
    paging: Paging,
) -> Result<PageResponse<ShareResponse>, Problem> {
    let page = shares.list(&caller, id, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// What a public link opens, for whoever has it. A link that is over, taken back, closed by a label or made up is one
/// answer.
#[utoipa::path(
    get, path = "/api/share/{token}", tag = "sharing", security(()),
    params(("token" = String, Path, description = "What opens the link")),
    responses((status = 200, body = ViewResponse))
)]
async fn find_public_share(
    State(shares): State<PublicShares>,
    Path(token): Path<String>,
    From(client): From,
) -> Result<Response, Problem> {
    let view = shares.open(&token, client.address).await?;
    let mut response = Secret(Json(ViewResponse::from(view))).into_response();
    let robots = HeaderName::from_static("x-robots-tag");
    response.headers_mut().insert(robots, HeaderValue::from_static("noindex, nofollow"));
    Ok(response)
}

/// Takes a public link back. It opens nothing from this moment on.
#[utoipa::path(
    delete, path = "/api/share/{token}", tag = "sharing",
    params(("token" = String, Path, description = "The link's id, or what opens it")),
    responses((status = 204, description = "Taken back"))
)]
async fn delete_public_share(
    Auth(caller): Auth,
    State(shares): State<PublicShares>,
    Path(named): Path<String>,
) -> Result<NoContent, Problem> {
    shares.revoke(&caller, &named).await?;
    Ok(NoContent)
}

/// Lets a public link close at another moment.
#[utoipa::path(
    put, path = "/api/share/{token}/settings", tag = "sharing",
    params(("token" = String, Path, description = "The link's id, or what opens it")),
    request_body = PublicShareSettingsRequest, responses((status = 200, body = ShareResponse))
)]
async fn update_public_share(
    Auth(caller): Auth,
    State(shares): State<PublicShares>,
    Path(named): Path<String>,
    Json(body): Json<PublicShareSettingsRequest>,
) -> Result<Json<ShareResponse>, Problem> {
    Ok(Json(shares.prolong(&caller, &named, body.expires_at).await?.into()))
}
