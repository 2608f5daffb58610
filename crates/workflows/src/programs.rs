//! Programs of nodes as a tool, so that they pass the one tool path: a policy can deny them, the log says who ran which.

use std::sync::Arc;

use async_trait::async_trait;
use conductor_domain::{Agent, Caller, Kind};
use conductor_runs::{Answer, CallError, Dispatch, Result, Tool, ToolOutput, ToolSource, problem};
use conductor_sandbox::{Error as SandboxError, Language, Options as SandboxOptions, Program, Sandbox};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::{OnceCell, Semaphore};

/// The tool's path and name.
pub(crate) const RUN: &str = "code/run";

/// The source of programs.
#[derive(Debug)]
pub struct Programs {
    options: SandboxOptions,
    /// What this machine can confine programs by, found out once.
    sandbox: OnceCell<Sandbox>,
    places: Semaphore,
}

/// A program as a node asks for it.
#[derive(Deserialize)]
struct Asked {
    language: String,
    code: String,
    #[serde(default)]
    packages: Vec<String>,
    #[serde(default)]
    globals: Map<String, Value>,
}

impl Programs {
    /// The source that runs so many programs at once in a sandbox. What this machine can do is found out meanwhile, since
    /// that starts programs and a server starts faster than those.
    #[must_use]
    pub fn start(options: SandboxOptions, at_once: usize) -> Arc<Self> {
        let places = Semaphore::new(at_once.max(1));
        let programs = Arc::new(Self { options, sandbox: OnceCell::new(), places });
        let found = Arc::clone(&programs);
        tokio::spawn(async move {
            found.sandbox().await;
        });
        programs
    }

    async fn sandbox(&self) -> &Sandbox {
        self.sandbox.get_or_init(|| Sandbox::detect(self.options.clone())).await
    }

    async fn run(&self, dispatch: Dispatch) -> Result<ToolOutput, CallError> {
        let asked: Asked = serde_json::from_value(dispatch.arguments)
            .map_err(|error| failed("validation_failed", error.to_string(), false))?;
        let language = if asked.language == "javascript" { Language::Javascript } else { Language::Python };
        let mut program = Program::new(language, asked.code);
        program.packages = asked.packages;
        program.globals = asked.globals;
        let place = tokio::select! {
            place = self.places.acquire() => place,
            () = dispatch.cancel.cancelled() => return Err(told(&SandboxError::Cancelled)),
        };
        let outcome =
            self.sandbox().await.run(&program, &dispatch.cancel).await.map_err(|error| told(&error))?;
        drop(place);
        let mut output = outcome.assigned;
        if !outcome.stdout.is_empty() {
            output.entry("stdout").or_insert(outcome.stdout.into());
        }
        if !outcome.omitted.is_empty() {
            output.entry("omitted").or_insert(outcome.omitted.into());
        }
        Ok(ToolOutput::text(Value::Object(output).to_string()))
    }
}

#[async_trait]
impl ToolSource for Programs {
    fn name(&self) -> &'static str {
        "code"
    }

    /// Nodes have it; agents do not.
    async fn tools(&self, _caller: &Caller, agent: Option<&Agent>) -> Result<Vec<Tool>> {
        Ok(if agent.is_some() { Vec::new() } else { vec![tool()] })
    }

    async fn call(&self, _tool: &Tool, dispatch: Dispatch) -> Result<Answer, CallError> {
        self.run(dispatch).await.map(Answer::Done)
    }
}

fn tool() -> Tool {
    let description = "Runs a program where it reaches nothing: no network, no files, no secrets.";
    let input_schema = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["language", "code"],
        "properties": {
            "language": { "enum": ["python", "javascript"] },
            "code": { "type": "string", "maxLength": 200_000 },
            "packages": { "type": "array", "items": { "type": "string" }, "maxItems": 50 },
            "globals": { "type": "object" },
        },
    });
    // The sandbox has limits of its own; this one only ends a call that waits for its turn too long.
    let patience = std::time::Duration::from_secs(600);
    // What a program does is its answer, so that it may be done again.
    Tool { read_only: true, ..Tool::of_conductor(RUN, description, input_schema, patience) }
}

fn told(error: &SandboxError) -> CallError {
    let mut detail = error.to_string();
    if let SandboxError::Failed { traceback: Some(traceback), .. } = error {
        detail = format!("{detail}\n{traceback}");
    }
    failed(error.code(), detail, false)
}

fn failed(code: &str, detail: impl Into<String>, retryable: bool) -> CallError {
    CallError {
        problem: problem(code, "The program gave no result", detail, retryable),
        outcome_unknown: false,
    }
}
