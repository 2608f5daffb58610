//! What a server offers: tools with what people set on them, resources, prompts.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode};
use conductor_domain::{CallCost, Connector, ConnectorId, FieldError, Page, ToolChange, ToolId};
use conductor_registry::{Prompt, PromptArgument, Registry, Resource, ResourceContents};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    caller::Auth,
    json::{Json, nullable},
    money::Money,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    query::Query,
    routes::tools::{ToolApproval, ToolResponse},
};

/// A tool of a server.
#[derive(Deserialize)]
struct ToolPath {
    server_id: ConnectorId,
    tool_id: ToolId,
}

/// A change of a tool: missing fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateToolRequest {
    enabled: Option<bool>,
    /// Declares that it changes nothing.
    read_only: Option<bool>,
    approval: Option<ToolApproval>,
    /// `true` accepts the present definition.
    approve_definition: Option<bool>,
    /// What one call costs; `null` where it costs nothing.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Money>)]
    call_cost: Option<Option<Money>>,
}

/// Something that a server lets others read.
#[derive(Serialize, ToSchema)]
#[schema(as = McpResource)]
pub(super) struct McpResourceResponse {
    uri: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
}

impl From<Resource> for McpResourceResponse {
    fn from(Resource { uri, name, title, description, mime_type, size }: Resource) -> Self {
        Self { uri, name, title, description, mime_type, size_bytes: size }
    }
}

/// One thing to fill into a prompt.
#[derive(Serialize, ToSchema)]
struct McpPromptArgument {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    required: bool,
}

impl From<PromptArgument> for McpPromptArgument {
    fn from(argument: PromptArgument) -> Self {
        Self { name: argument.name, description: argument.description, required: argument.required }
    }
}

/// A prompt that a server offers to people.
#[derive(Serialize, ToSchema)]
#[schema(as = McpPrompt)]
pub(super) struct McpPromptResponse {
    server_id: ConnectorId,
    /// The server's name.
    server: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    arguments: Vec<McpPromptArgument>,
}

impl McpPromptResponse {
    pub(super) fn of(server: &Connector, prompt: Prompt) -> Self {
        Self {
            server_id: server.id,
            server: server.spec.name.clone(),
            name: prompt.name,
            title: prompt.title,
            description: prompt.description,
            arguments: prompt.arguments.into_iter().map(Into::into).collect(),
        }
    }
}

/// Which prompts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct PromptsQuery {
    /// Those of this server; of all when absent.
    server_id: Option<ConnectorId>,
}

/// What to read, and where.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReadResourceRequest {
    server_id: ConnectorId,
    /// As the server lists it.
    uri: String,
}

/// The content of a resource: text, or bytes in base64.
#[derive(Serialize, ToSchema)]
struct McpResourceContent {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob: Option<String>,
}

impl From<ResourceContents> for McpResourceContent {
    fn from(ResourceContents { uri, mime_type, text, blob }: ResourceContents) -> Self {
        Self { uri, mime_type, text, blob }
    }
}

/// What was read.
#[derive(Serialize, ToSchema)]
struct ReadResourceResponse {
    contents: Vec<McpResourceContent>,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_mcp_server_tools))
        .routes(routes!(update_mcp_server_tool))
        .routes(routes!(list_mcp_server_resources))
        .routes(routes!(list_mcp_prompts))
        .routes(routes!(read_mcp_resource))
}

/// A server's tools, in the order of their names.
#[utoipa::path(
    get, path = "/api/mcp/servers/{server_id}/tools", tag = "mcp_servers",
    params(("server_id" = ConnectorId, Path), PageParameters),
    responses((status = 200, body = PageResponse<ToolResponse>))
)]
async fn list_mcp_server_tools(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Path(id): Path<ConnectorId>,
    paging: Paging,
) -> Result<PageResponse<ToolResponse>, Problem> {
    let page = registry.tools_page(&caller, id, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Switches a tool on or off, declares it read-only, makes it ask, accepts its present definition.
#[utoipa::path(
    put, path = "/api/mcp/servers/{server_id}/tools/{tool_id}", tag = "mcp_servers",
    params(("server_id" = ConnectorId, Path), ("tool_id" = ToolId, Path)), request_body = UpdateToolRequest,
    responses((status = 200, body = ToolResponse))
)]
async fn update_mcp_server_tool(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Path(ToolPath { server_id: server, tool_id: tool }): Path<ToolPath>,
    Json(body): Json<UpdateToolRequest>,
) -> Result<Json<ToolResponse>, Problem> {
    if body.approve_definition == Some(false) {
        return Err(not_false());
    }
    let change = ToolChange {
        enabled: body.enabled,
        read_only: body.read_only,
        asks: body.approval.map(|approval| approval == ToolApproval::Ask),
        approve_definition: body.approve_definition.unwrap_or_default(),
        call_cost: body.call_cost.map(|cost| cost.map(call_cost).transpose()).transpose()?,
    };
    Ok(Json(registry.update_tool(&caller, server, tool, change).await?.into()))
}

/// A server's resources, as it lists them now.
#[utoipa::path(
    get, path = "/api/mcp/servers/{server_id}/resources", tag = "mcp_servers",
    params(("server_id" = ConnectorId, Path), PageParameters),
    responses((status = 200, body = PageResponse<McpResourceResponse>))
)]
async fn list_mcp_server_resources(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Path(id): Path<ConnectorId>,
    paging: Paging,
) -> Result<PageResponse<McpResourceResponse>, Problem> {
    let resources = registry.resources(&caller, id).await?;
    Ok(paging.answer(numbered(resources, &paging), Into::into))
}

/// The prompts of one server, or of all that answer.
#[utoipa::path(
    get, path = "/api/mcp/prompts", tag = "mcp_servers", params(PromptsQuery, PageParameters),
    responses((status = 200, body = PageResponse<McpPromptResponse>))
)]
async fn list_mcp_prompts(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Query(PromptsQuery { server_id }): Query<PromptsQuery>,
    paging: Paging,
) -> Result<PageResponse<McpPromptResponse>, Problem> {
    let prompts: Vec<(Connector, Prompt)> = match server_id {
        Some(id) => {
            let server = registry.find(&caller, id).await?;
            let prompts = registry.prompts(&caller, id).await?;
            prompts.into_iter().map(|prompt| (server.clone(), prompt)).collect()
        }
        None => registry.all_prompts(&caller).await?,
    };
    Ok(paging.answer(numbered(prompts, &paging), |(server, prompt)| McpPromptResponse::of(&server, prompt)))
}

/// Reads a resource of a server.
#[utoipa::path(
    post, path = "/api/mcp/read/resource", tag = "mcp_servers", request_body = ReadResourceRequest,
    responses((status = 200, body = ReadResourceResponse))
)]
async fn read_mcp_resource(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Json(ReadResourceRequest { server_id, uri }): Json<ReadResourceRequest>,
) -> Result<Json<ReadResourceResponse>, Problem> {
    let contents = registry.read_resource(&caller, server_id, &uri).await?;
    Ok(Json(ReadResourceResponse { contents: contents.into_iter().map(Into::into).collect() }))
}

/// A page of a list that comes whole: the position is a number of rows.
fn numbered<T>(rows: Vec<T>, paging: &Paging) -> Page<T> {
    let skip = paging.request.after.as_deref().and_then(|after| after.parse().ok()).unwrap_or(0_usize);
    let rows: Vec<(usize, T)> = (1..).zip(rows).skip(skip).collect();
    Page::cut(rows, paging.request.limit, |(number, _)| number.to_string()).map(|(_, row)| row)
}

fn call_cost(money: Money) -> Result<CallCost, Problem> {
    let (nanos, currency) = money.read("/call_cost")?;
    Ok(CallCost { nanos, currency })
}

fn not_false() -> Problem {
    let detail = "`approve_definition` is `true` or left out: an approval is not taken back, the tool is switched off.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", detail)
        .with_errors(vec![FieldError::new("/approve_definition", "invalid", detail)])
}
