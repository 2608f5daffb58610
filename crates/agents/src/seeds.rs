//! The agents that Conductor ships. They are rows of the platform, written at each start where they are missing or where
//! a newer Conductor says something else; what an administrator changed stays as it is.

use conductor_access::Action;
use conductor_domain::{
    ALL_AGENTS, ALL_WORKFLOWS, Agent, AgentId, AgentSnapshot, AgentSpec, Caller, Classification, NewAgent,
    NewAuditEvent, Scope, Visibility,
};
use conductor_storage::{ScopedTx, Store, Unscoped};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Error, Result, builtin::CREATE_ARTIFACT};

/// The agent that answers where nobody chose one.
pub const CONVERSATION_AGENT: AgentId = official(1);

/// What an official agent is; everything else has its default.
struct Seed {
    id: AgentId,
    slug: &'static str,
    name: &'static str,
    description: &'static str,
    prompt: &'static str,
    temperature: f64,
    tools: &'static [&'static str],
    tags: &'static [&'static str],
    examples: &'static [&'static str],
}

/// Every official agent: one entry, and its instructions as a file beside the others.
const SEEDS: &[Seed] = &[
    Seed {
        id: CONVERSATION_AGENT,
        slug: "conversation-agent",
        name: "Conversation agent",
        description: "Answers directly, in any field, and makes documents, pages and diagrams where they help.",
        prompt: include_str!("seeds/conversation.md"),
        temperature: 0.7,
        tools: &[CREATE_ARTIFACT, ALL_WORKFLOWS],
        tags: &["core", "general"],
        examples: &[
            "Explain how TLS certificates are renewed.",
            "Draft a polite reminder about an unpaid invoice.",
        ],
    },
    Seed {
        id: official(2),
        slug: "artifact-agent",
        name: "Artifact agent",
        description: "Writes code, web pages, SVG images, React components, diagrams and documents as artifacts.",
        prompt: include_str!("seeds/artifact.md"),
        temperature: 0.4,
        tools: &[CREATE_ARTIFACT],
        tags: &["core", "artifacts", "code"],
        examples: &["Build a landing page for a bakery.", "Draw the login flow as a diagram."],
    },
    Seed {
        id: official(3),
        slug: "search-agent",
        name: "Search agent",
        description: "Finds and quotes what was said or attached in this conversation, and says when it is not there.",
        prompt: include_str!("seeds/search.md"),
        temperature: 0.2,
        tools: &[],
        tags: &["core", "search"],
        examples: &["What did we decide about the release date?", "Which file mentions the refund policy?"],
    },
    Seed {
        id: official(4),
        slug: "analysis-agent",
        name: "Analysis agent",
        description: "Summarises and analyses conversations, data and texts, with numbers that can be checked.",
        prompt: include_str!("seeds/analysis.md"),
        temperature: 0.3,
        tools: &[CREATE_ARTIFACT],
        tags: &["core", "analysis"],
        examples: &["Summarise this conversation in five lines.", "What stands out in the attached CSV?"],
    },
    Seed {
        id: official(5),
        slug: "orchestrator-agent",
        name: "Orchestrator agent",
        description: "Breaks a large task into steps, works through them with tools, workflows and other agents, and reports on each.",
        prompt: include_str!("seeds/orchestrator.md"),
        temperature: 0.4,
        tools: &[CREATE_ARTIFACT, ALL_AGENTS, ALL_WORKFLOWS],
        tags: &["core", "planning"],
        examples: &[
            "Plan and write a migration guide from version 1 to 2.",
            "Compare three options and recommend one.",
        ],
    },
];

/// The id of an official agent: the same in every installation, so that links and exports keep their meaning.
const fn official(number: u128) -> AgentId {
    AgentId::from_uuid(Uuid::from_u128(0xc0d0_c70a_0000_8000_8000_0000_0000_0000 | number))
}

impl Seed {
    fn snapshot(&self) -> AgentSnapshot {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let mut spec = AgentSpec::new(self.name, self.slug);
        spec.description = self.description.to_owned();
        spec.agent_type = self.slug.trim_end_matches("-agent").to_owned();
        spec.system_prompt = self.prompt.trim().to_owned();
        spec.temperature = self.temperature;
        spec.max_tokens = 8_192;
        spec.max_tool_rounds = 10;
        spec.tools = owned(self.tools);
        spec.tags = owned(self.tags);
        spec.examples = self.examples.iter().map(|input| json!({ "input": input })).collect();
        // The agent that answers by default has the tools of every server that its caller may see.
        spec.capabilities = json!({ "all_connectors": self.id == CONVERSATION_AGENT });
        spec.visibility = Visibility::Public;
        spec.data_classification = Classification::Public;
        AgentSnapshot { spec, connectors: Vec::new() }
    }
}

/// Writes the official agents that are missing or older than this Conductor; says how many it wrote.
///
/// # Errors
/// When storage fails; then none was written.
pub async fn seed(store: &Store) -> Result<usize> {
    let written = store
        .unscoped(Unscoped::Setup)
        .write(|tx| {
            Box::pin(async move {
                let tx = tx.scoped(Scope::PLATFORM);
                let mut written = 0;
                for seed in SEEDS {
                    written += usize::from(write(tx, seed).await?);
                }
                Ok::<_, conductor_storage::Error>(written)
            })
        })
        .await?;
    if written > 0 {
        tracing::info!(agents = written, "official agents written");
    }
    Ok(written)
}

async fn write(tx: ScopedTx<'_>, seed: &Seed) -> conductor_storage::Result<bool> {
    let snapshot = seed.snapshot();
    let (event, id) = match tx.agents().find_by_slug(seed.slug).await? {
        None => {
            let new = NewAgent {
                id: seed.id,
                owner_user_id: None,
                snapshot,
                is_official: true,
                forked_from_agent_id: None,
                note: None,
            };
            ("agent.created", tx.agents().create(new).await?.id)
        }
        Some(there) => {
            let newest = tx.agents().version(there.id, there.current_version).await?;
            // Someone's own change outlives an update of Conductor.
            if newest.created_by.is_some() || newest.snapshot == snapshot {
                return Ok(false);
            }
            let note = Some(format!("Conductor {}", env!("CARGO_PKG_VERSION")));
            ("agent.updated", tx.agents().update(there.id, snapshot, note, None).await?.0.id)
        }
    };
    tx.audit().record(entry(event, id)).await?;
    Ok(true)
}

fn entry(event_type: &str, id: AgentId) -> NewAuditEvent {
    NewAuditEvent {
        event_type: event_type.to_owned(),
        subject: "system".to_owned(),
        user_id: None,
        action: if event_type == "agent.created" { Action::AgentCreate } else { Action::AgentUpdate }
            .as_str()
            .to_owned(),
        target: format!("agent:{id}"),
        allowed: true,
        rule_id: None,
        resource_type: Some("agent".to_owned()),
        resource_id: Some(id.as_uuid()),
        data_classification: Some(Classification::Public),
        address: None,
        denial_reason: None,
        run_id: None,
        context: serde_json::json!({}),
        personal: conductor_domain::Personal::new(),
        data: Value::Object(serde_json::Map::new()),
    }
}

/// The agent that answers where nobody chose one.
///
/// # Errors
/// `Gone` where the installation has none.
pub(crate) async fn conversation_agent(store: &Store, caller: &Caller) -> Result<Agent> {
    let agent = store.visible_to(caller).agents().find(CONVERSATION_AGENT).await?;
    agent.ok_or(Error::Gone { what: "conversation agent" })
}
