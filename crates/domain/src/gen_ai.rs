//! Names of the OpenTelemetry conventions for generative AI, so that any tool that reads them reads our traces.
//!
//! Spans are named by operation and object, `chat gpt-4o`, `execute_tool pdf/read`, `invoke_agent Reviewer`.

/// Operations: the value of [`OPERATION_NAME`] and the first word of a span's name.
pub mod operation {
    /// An agent's turn.
    pub const INVOKE_AGENT: &str = "invoke_agent";
    /// A workflow's run.
    pub const INVOKE_WORKFLOW: &str = "invoke_workflow";
    /// A planning step.
    pub const PLAN: &str = "plan";
    /// A tool call.
    pub const EXECUTE_TOOL: &str = "execute_tool";
    /// A call of a chat model.
    pub const CHAT: &str = "chat";
    /// A call of an embedding model.
    pub const EMBEDDINGS: &str = "embeddings";
    /// A search of knowledge.
    pub const RETRIEVAL: &str = "retrieval";
    /// A search of memory.
    pub const SEARCH_MEMORY: &str = "search_memory";
}

/// What is done; one of [`operation`].
pub const OPERATION_NAME: &str = "gen_ai.operation.name";
/// Who serves the model.
pub const PROVIDER_NAME: &str = "gen_ai.provider.name";
/// The model that was asked for.
pub const REQUEST_MODEL: &str = "gen_ai.request.model";
/// The provider's id of the answer.
pub const RESPONSE_ID: &str = "gen_ai.response.id";
/// The model that answered.
pub const RESPONSE_MODEL: &str = "gen_ai.response.model";
/// Why the model stopped.
pub const RESPONSE_FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
/// Seconds until the first piece of the answer.
pub const RESPONSE_TIME_TO_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
/// The conversation.
pub const CONVERSATION_ID: &str = "gen_ai.conversation.id";
/// The agent's id.
pub const AGENT_ID: &str = "gen_ai.agent.id";
/// The agent's name.
pub const AGENT_NAME: &str = "gen_ai.agent.name";
/// The agent's version.
pub const AGENT_VERSION: &str = "gen_ai.agent.version";
/// The workflow's name.
pub const WORKFLOW_NAME: &str = "gen_ai.workflow.name";
/// The tool's name.
pub const TOOL_NAME: &str = "gen_ai.tool.name";
/// The tool's type: `function`, `extension` or `datastore`.
pub const TOOL_TYPE: &str = "gen_ai.tool.type";
/// The call's id.
pub const TOOL_CALL_ID: &str = "gen_ai.tool.call.id";
/// Tokens sent.
pub const USAGE_INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
/// Tokens answered.
pub const USAGE_OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
/// Tokens sent that the provider had cached.
pub const USAGE_CACHE_READ_INPUT_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
/// Tokens sent that the provider put into its cache.
pub const USAGE_CACHE_CREATION_INPUT_TOKENS: &str = "gen_ai.usage.cache_creation.input_tokens";
/// Tokens spent on reasoning.
pub const USAGE_REASONING_OUTPUT_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
