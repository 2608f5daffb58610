//! What handlers reach: one list of services. A new service is one line in `services!`.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use axum::extract::FromRef;
use chrono::{DateTime, Utc};
use conductor_agents::{Agents, Turns};
use conductor_conversations::{Artifacts, Conversations, Files, Messages, PublicShares};
use conductor_governance::{AuditLog, Budgets, Costs, Forwards, Grants, Keys, Lifetimes, Policies, Pricing};
use conductor_identity::Identity;
use conductor_registry::Registry;
use conductor_runs::Runs;
use conductor_workflows::{Canvases, Events, Executions, Hooks, Opinions, Workflows};
use tokio_util::sync::CancellationToken;

use crate::{Options, StaticPage};

macro_rules! services {
    ($($(#[$doc:meta])* $name:ident: $service:ty),+ $(,)?) => {
        /// Everything the door serves, built by the app.
        pub struct Services {
            $($(#[$doc])* pub $name: $service,)+
            /// What the operator decided.
            pub options: Options,
            /// The embedded page.
            pub page: StaticPage,
            /// Whether the server takes requests.
            pub readiness: Readiness,
            /// Cancelled when open streams are to be resumed elsewhere.
            pub streams: CancellationToken,
            /// Renders the metrics as Prometheus reads them.
            pub metrics: fn() -> String,
            /// When the server started.
            pub started_at: DateTime<Utc>,
        }

        $(impl FromRef<AppState> for $service {
            fn from_ref(state: &AppState) -> Self {
                Clone::clone(&state.$name)
            }
        })+
    };
}

services! {
    /// Accounts, sessions, organisations.
    identity: Identity,
    /// Agents and their versions.
    agents: Agents,
    /// Workflows and their versions.
    workflows: Workflows,
    /// Drawings of the designer.
    canvases: Canvases,
    /// Runs of workflows.
    executions: Executions,
    /// Hooks of workflows.
    hooks: Hooks,
    /// Events that start workflows.
    events: Events,
    /// What people say of workflows.
    opinions: Opinions,
    /// Turns of conversations.
    turns: Arc<Turns>,
    /// Runs, their events and their questions.
    runs: Runs,
    /// MCP servers.
    registry: Arc<Registry>,
    /// Conversations.
    conversations: Conversations,
    /// Messages.
    messages: Messages,
    /// Artifacts.
    artifacts: Artifacts,
    /// Public links.
    public_shares: PublicShares,
    /// Uploaded files.
    files: Files,
    /// Policies.
    policies: Policies,
    /// Grants, and wishes for them.
    grants: Grants,
    /// The audit log.
    audit: AuditLog,
    /// What models cost.
    pricing: Pricing,
    /// Usage and cost.
    costs: Costs,
    /// Budgets.
    budgets: Budgets,
    /// The keys that secrets are sealed under.
    keys: Keys,
    /// Where audit logs are sent on to.
    forwards: Forwards,
    /// For how long things are kept.
    lifetimes: Lifetimes,
}

/// What handlers reach; cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Services>);

impl AppState {
    /// Takes the services over.
    #[must_use]
    pub fn new(services: Services) -> Self {
        Self(Arc::new(services))
    }
}

impl Deref for AppState {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.0
    }
}

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppState").finish_non_exhaustive()
    }
}

/// Whether the server takes requests; the app moves it on.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<AtomicU8>);

const READY: u8 = 1;
const DRAINING: u8 = 2;

impl Readiness {
    /// From now on requests are welcome.
    pub fn ready(&self) {
        self.0.store(READY, Ordering::SeqCst);
    }

    /// From now on new requests should go elsewhere.
    pub fn drain(&self) {
        self.0.store(DRAINING, Ordering::SeqCst);
    }

    /// `starting`, `ready` or `draining`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self.0.load(Ordering::SeqCst) {
            READY => "ready",
            DRAINING => "draining",
            _ => "starting",
        }
    }
}
