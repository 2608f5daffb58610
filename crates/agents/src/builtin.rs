//! Tools that Conductor itself offers to agents which list them.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use conductor_domain::{Agent, ArtifactId, ArtifactKind, Caller, NewArtifact};
use conductor_runs::{Answer, CallError, Dispatch, Result, Tool, ToolOutput, ToolSource, problem};
use conductor_storage::{Inserted, Store};
use serde::Deserialize;
use serde_json::{Value, json};

/// The name of the tool that stores an artifact.
pub(crate) const CREATE_ARTIFACT: &str = "create_artifact";

/// The built-in tools.
#[derive(Clone, Debug)]
pub struct Builtin {
    store: Store,
}

/// The arguments of `create_artifact`.
#[derive(Deserialize)]
struct CreateArtifact {
    identifier: String,
    #[serde(rename = "type")]
    kind: ArtifactKind,
    title: String,
    language: Option<String>,
    content: String,
}

impl Builtin {
    /// The source over this store.
    #[must_use]
    pub fn new(store: Store) -> Arc<Self> {
        Arc::new(Self { store })
    }

    async fn create_artifact(&self, dispatch: Dispatch) -> Result<ToolOutput, CallError> {
        let Some(conversation_id) = dispatch.conversation_id else {
            return Err(refused("artifacts belong to a conversation, and this run has none"));
        };
        let wanted: CreateArtifact =
            serde_json::from_value(dispatch.arguments).map_err(|error| refused(error.to_string()))?;
        let new = NewArtifact {
            id: Some(ArtifactId::generate(&**self.store.clock())),
            conversation_id,
            message_id: dispatch.message_id,
            agent_id: dispatch.agent_id,
            identifier: wanted.identifier,
            kind: wanted.kind,
            title: wanted.title,
            language: wanted.language,
            content: wanted.content,
            data_classification: dispatch.context_label,
        };
        let inserted = self
            .store
            .scoped(dispatch.caller.scope)
            .write(move |tx| Box::pin(async move { tx.artifacts().insert_version(new).await }))
            .await
            .map_err(|error: conductor_storage::Error| refused(error.to_string()))?;
        let (artifact, says) = match inserted {
            Inserted::New(artifact) => (artifact, "Stored"),
            Inserted::Unchanged(artifact) => (artifact, "Unchanged: this is what was stored before,"),
        };
        let text =
            format!("{says} {:?} as version {}. The user sees it.", artifact.identifier, artifact.version);
        let reference = serde_json::to_value(artifact.reference()).unwrap_or_default();
        Ok(ToolOutput {
            content: vec![
                json!({ "type": "text", "text": text, "_meta": { "conductor/artifact": reference } }),
            ],
            is_error: false,
        })
    }
}

#[async_trait]
impl ToolSource for Builtin {
    fn name(&self) -> &'static str {
        "builtin"
    }

    async fn tools(&self, _: &Caller, agent: Option<&Agent>) -> Result<Vec<Tool>> {
        let listed = agent.is_some_and(|agent| agent.spec.tools.iter().any(|tool| tool == CREATE_ARTIFACT));
        Ok(if listed { vec![create_artifact()] } else { Vec::new() })
    }

    async fn call(&self, _tool: &Tool, dispatch: Dispatch) -> Result<Answer, CallError> {
        self.create_artifact(dispatch).await.map(Answer::Done)
    }
}

fn create_artifact() -> Tool {
    let description = "Shows the user a document, a program, a web page, an SVG image, a React component or a Mermaid \
        diagram beside the conversation. Use the same identifier again to store a new version of it.";
    let input_schema = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["identifier", "type", "title", "content"],
        "properties": {
            "identifier": {
                "type": "string",
                "pattern": "^[a-z0-9][a-z0-9._-]{0,99}$",
                "description": "A short name in kebab-case; all versions share it.",
            },
            "type": { "type": "string", "enum": ArtifactKind::ALL },
            "title": { "type": "string", "minLength": 1, "maxLength": 200 },
            "language": { "type": "string", "maxLength": 40, "description": "The language of code." },
            "content": { "type": "string", "minLength": 1, "maxLength": 1_000_000 },
        },
    });
    let tool = Tool::of_conductor(CREATE_ARTIFACT, description, input_schema, Duration::from_secs(10));
    Tool { path: format!("conductor/{CREATE_ARTIFACT}"), ..tool }
}

/// The artifact that a result of `create_artifact` tells of.
pub(crate) fn artifact_of(content: &Value) -> Option<conductor_domain::ArtifactRef> {
    let reference = content.get(0)?.get("_meta")?.get("conductor/artifact")?;
    serde_json::from_value(reference.clone()).ok()
}

fn refused(detail: impl Into<String>) -> CallError {
    CallError {
        problem: problem("validation_failed", "The artifact was not stored", detail, false),
        outcome_unknown: false,
    }
}
