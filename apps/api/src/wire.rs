//! Builds every service and hands each what it needs. The one place that sees all crates.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use chrono::TimeDelta;
use conductor_access::{
    Access, LimitsOptions, Vault,
    audit::{Anchor, Retention, Sealer},
};
use conductor_agents::{Agents, Builtin, Delegates, KINDS, ProviderClients, TurnParts, Turns};
use conductor_blobs::Blobs;
use conductor_connectors::{ACCOUNT_VARIABLES, HttpClient, Providers, Reach, Reading};
use conductor_conversations::{Artifacts, Conversations, Files, Messages, PublicShares};
use conductor_domain::{Clock, RunKind, SystemClock};
use conductor_egress::Egress;
use conductor_governance::{AuditLog, Budgets, Costs, Forwards, Grants, Keys, Lifetimes, Policies, Pricing};
use conductor_identity::Identity;
use conductor_llm_providers::{Catalogue, DemoOptions, Models, ModelsOptions};
use conductor_mcp_client::{Declines, Pool, PoolOptions};
use conductor_registry::{Registry, RegistryParts};
use conductor_runs::{
    Advance, BreakerOptions, Driver, DriverOptions, Runs, ToolPath, ToolPathOptions, ToolSource,
};
use conductor_sandbox::{Enforce, Worker};
use conductor_secrets::{AwsKms, AwsKmsOptions, Keyring, LocalKey, Signer};
use conductor_storage::{OpenOptions, Store, Unscoped};
use conductor_workflows::{
    Canvases, Databases, Events, Executions, Hooks, Integrations, McpCalls, Notices, Opinions, Programs,
    Requests, Runner, RunnerOptions, Schedules, WorkflowTools, Workflows,
};
use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Config, Credentials},
    data::DataFolder,
};

/// Everything that runs.
pub(crate) struct Wired {
    pub(crate) store: Store,
    pub(crate) identity: Identity,
    pub(crate) agents: Agents,
    pub(crate) workflows: Workflows,
    pub(crate) canvases: Canvases,
    pub(crate) public_shares: PublicShares,
    pub(crate) executions: Executions,
    pub(crate) opinions: Opinions,
    pub(crate) schedules: Schedules,
    pub(crate) hooks: Hooks,
    pub(crate) events: Events,
    pub(crate) turns: Arc<Turns>,
    pub(crate) runs: Runs,
    pub(crate) registry: Arc<Registry>,
    pub(crate) conversations: Conversations,
    pub(crate) messages: Messages,
    pub(crate) artifacts: Artifacts,
    pub(crate) files: Files,
    pub(crate) policies: Policies,
    pub(crate) grants: Grants,
    pub(crate) audit: AuditLog,
    pub(crate) pricing: Pricing,
    pub(crate) costs: Costs,
    pub(crate) budgets: Budgets,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) forwards: Forwards,
    pub(crate) keys: Keys,
    pub(crate) access: Arc<Access>,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) driver: Arc<Driver>,
    pub(crate) pool: Pool,
    pub(crate) blobs: Blobs,
    /// Cancelled when the server goes down.
    pub(crate) draining: CancellationToken,
    /// 32 random bytes that sign cursors.
    pub(crate) cursor_key: [u8; 32],
}

/// Opens the database and the vault, as every subcommand that works on rows needs them.
pub(crate) async fn rows(config: &Config, folder: &DataFolder) -> Result<(Store, Arc<Access>)> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut options = OpenOptions::new(config.database());
    options.connections = config.database_connections;
    options.silence = Duration::from_millis(config.lease_ms);
    let store = options.open(clock).await.context("the database cannot be opened")?;
    let limits = LimitsOptions {
        per_user: config.limit_user_per_minute,
        per_agent_tool: config.limit_agent_tool_per_minute,
        per_hook: config.limit_webhook_per_minute,
        per_share: config.limit_share_per_minute,
        per_connector: config.limit_connector_per_minute,
        per_user_day: config.limit_user_per_day,
        per_role_day: config
            .limit_role_per_day
            .iter()
            .map(|limit| (limit.role.clone(), limit.calls))
            .collect(),
        ..LimitsOptions::default()
    };
    let egress = egress(config)?;
    let grace = TimeDelta::milliseconds(config.key_grace_ms.into());
    let masters = store.unscoped(Unscoped::KeyRotation).key_rotations().masters().await?;
    let vault = Vault::new(store.clone(), keyring(config, folder, &egress, &masters)?).with_grace(grace);
    let access = Access::start(store.clone(), vault, limits).await?;
    Ok((store, access))
}

fn egress(config: &Config) -> Result<Egress> {
    Ok(Egress::new(conductor_egress::Options {
        allow: config.egress_allow.clone(),
        ..conductor_egress::Options::default()
    })?)
}

/// The master keys: in a key service where one is named, else from the configuration, a file of its own, or the data
/// folder. Others that are at hand only unwrap. A key is made where there is none, unless the database knows `masters`:
/// a new one would open nothing of theirs.
fn keyring(config: &Config, folder: &DataFolder, egress: &Egress, masters: &[String]) -> Result<Keyring> {
    let own = folder.join("master.key");
    let file = if config.master_key_file.as_os_str().is_empty() { &own } else { &config.master_key_file };
    let mut ring = if !config.kms_key_id.is_empty() {
        Keyring::under(Arc::new(key_service(config, egress)?))
    } else if config.master_key.is_empty() {
        anyhow::ensure!(
            masters.is_empty() || file.is_file(),
            "the master key {} is missing, and the database has secrets under {}: put the file back from where you keep \
             it, or name the key with CONDUCTOR_MASTER_KEY_FILE, CONDUCTOR_MASTER_KEY or CONDUCTOR_KMS_KEY_ID",
            file.display(),
            masters.join(", "),
        );
        Keyring::new(LocalKey::load_or_create(file)?)
    } else {
        Keyring::new(LocalKey::from_base64(&config.master_key, "master_key")?)
    };
    let mut old = Vec::new();
    if own.is_file() {
        old.push(LocalKey::from_file(&own)?);
    }
    for text in &config.old_master_keys {
        old.push(match text.strip_prefix("file:") {
            Some(path) => LocalKey::from_file(std::path::Path::new(path))?,
            None => LocalKey::from_base64(text, "old_master_keys")?,
        });
    }
    for key in old {
        if key.id() != ring.current_id() {
            ring = ring.with_old(key);
        }
    }
    Ok(ring)
}

/// The key in the key service, with the credentials that its own tools read from the environment.
fn key_service(config: &Config, egress: &Egress) -> Result<AwsKms> {
    #[expect(clippy::disallowed_methods, reason = "the usual variables of the vendor")]
    let read = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let needed = |name: &str| read(name).with_context(|| format!("kms_key_id is set, and {name} is not"));
    let region = Some(config.kms_region.clone()).filter(|region| !region.is_empty());
    let options = AwsKmsOptions {
        key_id: config.kms_key_id.clone(),
        region: match region.or_else(|| read("AWS_REGION")) {
            Some(region) => region,
            None => needed("AWS_DEFAULT_REGION")?,
        },
        endpoint: Some(config.kms_endpoint.clone()).filter(|endpoint| !endpoint.is_empty()),
        access_key_id: needed("AWS_ACCESS_KEY_ID")?,
        secret_access_key: needed("AWS_SECRET_ACCESS_KEY")?.into(),
        session_token: read("AWS_SESSION_TOKEN").map(Into::into),
    };
    Ok(AwsKms::new(egress.trusted().client().clone(), Arc::new(SystemClock), options)?)
}

/// The accounts over these rows.
pub(crate) async fn identity(
    config: &Config,
    folder: &DataFolder,
    store: &Store,
    access: &Arc<Access>,
) -> Result<Identity> {
    let mut options = conductor_identity::Options::new(secret(folder, "signing.key")?);
    options.egress = Some(egress(config)?.guarded());
    options.registration_open = config.registration == "open";
    options.token_lifetime = Duration::from_secs(config.token_max_days.clamp(1, 3_650) * 24 * 60 * 60);
    Ok(Identity::start(store.clone(), Arc::clone(access), options).await?)
}

/// Builds everything for `serve`.
pub(crate) async fn wire(config: &Config, folder: &DataFolder) -> Result<Wired> {
    let (store, access) = rows(config, folder).await?;
    let identity = identity(config, folder, &store, &access).await?;
    let egress = egress(config)?;
    let draining = CancellationToken::new();
    let pool = Pool::new(PoolOptions::default(), Arc::new(Declines), Arc::new(SystemClock));
    let registry = Registry::new(RegistryParts {
        store: store.clone(),
        access: Arc::clone(&access),
        pool: pool.clone(),
        egress: egress.guarded(),
        http: requests_client(&egress),
        stdio: config.mcp_stdio == "on",
    });
    let workflows = Workflows::new(store.clone(), Arc::clone(&access));
    let workflows = workflows.in_reach_of(config.workflows_folder.clone());
    let executions = Executions::new(store.clone(), Arc::clone(&access), workflows.clone());
    let running = RunnerOptions { nodes_per_run: config.workflow_nodes_per_run, env: workflow_env(config) };
    let executions = executions.run_by(running.clone()).lining_up(config.workflow_runs_in_line);
    let http = requests_client(&egress);
    let clock = Arc::clone(store.clock());
    let providers = Providers::new(http.clone(), accounts(config), mail_templates(config), clock);
    let base = Some(config.public_url.clone());
    let sources: Vec<Arc<dyn ToolSource>> = vec![
        Builtin::new(store.clone()),
        Delegates::new(store.clone(), Arc::clone(&access)),
        WorkflowTools::new(store.clone(), Arc::clone(&access), executions.clone()),
        Requests::new(store.clone(), http, workflow_secrets(config)),
        McpCalls::new(store.clone(), egress.guarded(), workflow_secrets(config)),
        Integrations::new(providers.clone()),
        Notices::new(store.clone(), Arc::clone(&access), providers, base),
        Databases::new(databases(config, &egress)),
        Programs::start(sandbox(config)?, config.code_concurrency),
        Arc::clone(&registry) as Arc<dyn ToolSource>,
    ];
    let path_options = ToolPathOptions {
        calls_per_run: config.tool_calls_per_run,
        calls_per_workflow: config.workflow_calls_per_run,
        nesting: config.run_nesting,
        breakers: BreakerOptions {
            failures: config.circuit_failures,
            open_first: Duration::from_millis(config.circuit_open_ms),
            ..BreakerOptions::default()
        },
        ..ToolPathOptions::default()
    };
    let tools = ToolPath::new(store.clone(), Arc::clone(&access), sources, path_options);
    let blobs = Blobs::open(folder.join("blobs")).await?;
    let turns = Turns::new(TurnParts {
        store: store.clone(),
        access: Arc::clone(&access),
        models: models(config, &egress)?,
        clients: ProviderClients {
            guarded: egress.guarded().client().clone(),
            trusted: egress.trusted().client().clone(),
        },
        tools: Arc::clone(&tools),
        blobs: blobs.clone(),
        draining: draining.clone(),
    });
    let runner =
        Runner::new(store.clone(), Arc::clone(&access), Arc::clone(&tools), running, draining.clone());
    conductor_agents::seed(&store).await?;
    turns.seed_prices().await?;
    let sealer = sealer(config, folder, &store)?;
    let files = conductor_conversations::FilesOptions { max_bytes: config.max_file_bytes };
    Ok(Wired {
        driver: driver(config, &store, &turns, &runner, &tools),
        agents: Agents::new(store.clone(), Arc::clone(&access)),
        opinions: Opinions::new(store.clone(), workflows.clone()),
        workflows,
        canvases: Canvases::new(store.clone(), Arc::clone(&access)),
        public_shares: PublicShares::new(store.clone(), Arc::clone(&access)),
        hooks: Hooks::new(store.clone(), Arc::clone(&access), executions.clone())
            .tolerating(Duration::from_millis(config.webhook_tolerance_ms.into())),
        events: Events::new(store.clone(), Arc::clone(&access), executions.clone())
            .starting(config.workflow_starts_per_event),
        schedules: Schedules::new(store.clone(), executions.clone()),
        executions,
        runs: Runs::new(store.clone(), Arc::clone(&access), tools),
        policies: Policies::new(store.clone(), Arc::clone(&access)),
        grants: Grants::new(store.clone(), Arc::clone(&access)),
        conversations: Conversations::new(store.clone(), Arc::clone(&access)),
        messages: Messages::new(store.clone(), Arc::clone(&access)),
        artifacts: Artifacts::new(store.clone(), Arc::clone(&access)),
        audit: AuditLog::new(store.clone(), Arc::clone(&access), sealer.auditor()?),
        pricing: Pricing::new(store.clone(), Arc::clone(&access)),
        costs: Costs::new(store.clone(), Arc::clone(&access)),
        budgets: Budgets::new(store.clone(), Arc::clone(&access)),
        lifetimes: Lifetimes::new(store.clone(), Arc::clone(&access)),
        forwards: Forwards::new(store.clone(), Arc::clone(&access), egress.guarded()),
        sealer,
        keys: Keys::new(Arc::clone(&access)),
        files: Files::new(store.clone(), Arc::clone(&access), blobs.clone(), files),
        access,
        cursor_key: secret(folder, "cursor.key")?,
        store,
        identity,
        turns,
        registry,
        pool,
        blobs,
        draining,
    })
}

/// Seals the audit log, with a key of its own and checkpoints beside the database.
fn sealer(config: &Config, folder: &DataFolder, store: &Store) -> Result<Arc<Sealer>> {
    let signer = Signer::load_or_create(&folder.join("audit.key"))?;
    let anchor = Arc::new(Anchor::in_folder(&folder.join("audit")));
    let retention = Retention { days: Some(config.audit_retention_days).filter(|days| *days > 0) };
    Ok(Sealer::new(store.clone(), signer, anchor, retention))
}

fn models(config: &Config, egress: &Egress) -> Result<Models> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the vendors' own variables")]
    let read = |name: &str| std::env::var(name).ok();
    let providers = Credentials(&read).providers(&config.providers, egress.trusted().client())?;
    let options = ModelsOptions {
        default_model: config.default_model.clone(),
        demo: DemoOptions { delay: Duration::from_millis(config.demo_delay_ms) },
        ..ModelsOptions::default()
    };
    Ok(Models::new(Catalogue::builtin().merged(config.models.clone()), providers, options))
}

/// The client of HTTP nodes. Whoever built the guard knows its refusals.
fn requests_client(egress: &Egress) -> HttpClient {
    HttpClient::new(egress.guarded().client().clone(), conductor_connectors::Limits::default()).refused_by(
        |error| {
            let refused = conductor_egress::Error::behind(error)?;
            matches!(refused, conductor_egress::Error::Address { .. }).then(|| refused.to_string())
        },
    )
}

/// How programs of workflows are confined.
fn sandbox(config: &Config) -> Result<conductor_sandbox::Options> {
    let worker = Worker::this([crate::SANDBOX_WORKER]).context("the server's own path is not known")?;
    // Our allocator would take a GiB in advance, which is more than a program may have.
    let worker = worker.env("MIMALLOC_ARENA_EAGER_COMMIT", "0").env("MIMALLOC_ARENA_RESERVE", "0");
    let mut options = conductor_sandbox::Options::new(worker);
    if config.code == "off" {
        options.enforce = Enforce::Off;
    }
    options.limits.wall_time = Duration::from_millis(config.code_wall_ms);
    options.limits.memory_bytes = config.code_memory_mib.saturating_mul(1024 * 1024);
    options.packages.approved.clone_from(&config.code_packages);
    options.packages.folder =
        Some(config.code_packages_folder.clone()).filter(|folder| !folder.as_os_str().is_empty());
    Ok(options)
}

/// The credentials that nodes of workflows may name, and that nothing else reads.
fn workflow_secrets(config: &Config) -> BTreeMap<String, SecretString> {
    #[expect(clippy::disallowed_methods, reason = "an operator names the variables that are credentials")]
    let read = |name: &String| Some((name.clone(), std::env::var(name).ok()?.into()));
    config.workflow_secrets.iter().filter_map(read).collect()
}

/// The accounts at other systems that nodes of workflows may act by.
fn accounts(config: &Config) -> BTreeMap<String, SecretString> {
    let names = config.integration_accounts.iter();
    let names = names.flat_map(|account| ACCOUNT_VARIABLES.map(|ending| format!("{account}_{ending}")));
    #[expect(clippy::disallowed_methods, reason = "an operator names the accounts whose variables these are")]
    let read = |name: String| std::env::var(&name).ok().map(|value| (name, value.into()));
    names.filter_map(read).collect()
}

/// The databases that nodes of workflows may ask. Whoever built the guard decides on their addresses.
fn databases(config: &Config, egress: &Egress) -> conductor_connectors::Databases {
    let guarded = egress.guarded();
    let reach = Reach::new(move |host, port| {
        let guarded = guarded.clone();
        Box::pin(async move {
            guarded.addresses(&host, port).await.map_err(|error| match error {
                conductor_egress::Error::Address { .. } => {
                    conductor_connectors::Error::Refused { what: error.to_string(), outcome_unknown: false }
                }
                other => conductor_connectors::Error::Unreachable {
                    reason: other.to_string(),
                    outcome_unknown: false,
                    source: Box::new(other),
                },
            })
        })
    });
    let reading = Reading { rows: config.database_rows, ..Reading::default() };
    conductor_connectors::Databases::new(accounts(config), reach, reading)
}

fn mail_templates(config: &Config) -> Option<PathBuf> {
    Some(config.mail_templates.clone()).filter(|folder| !folder.as_os_str().is_empty())
}

/// The values of the environment that an operator lets workflows read.
fn workflow_env(config: &Config) -> serde_json::Map<String, serde_json::Value> {
    #[expect(clippy::disallowed_methods, reason = "an operator names the variables that workflows may read")]
    let read = |name: &String| Some((name.clone(), std::env::var(name).ok()?.into()));
    config.workflow_env.iter().filter_map(read).collect()
}

fn driver(
    config: &Config,
    store: &Store,
    turns: &Arc<Turns>,
    runner: &Arc<Runner>,
    tools: &Arc<ToolPath>,
) -> Arc<Driver> {
    let turns = Arc::clone(turns);
    let advance: Advance = Arc::new(move |held| {
        let turns = Arc::clone(&turns);
        Box::pin(async move { turns.advance(held).await })
    });
    let mut advances: HashMap<_, _> = KINDS.into_iter().map(|kind| (kind, Arc::clone(&advance))).collect();
    let runner = Arc::clone(runner);
    let workflow: Advance = Arc::new(move |held| {
        let runner = Arc::clone(&runner);
        Box::pin(async move { runner.advance(held).await })
    });
    advances.insert(RunKind::Workflow, workflow);
    advances.insert(RunKind::Tool, tools.advance_once());
    let options = DriverOptions {
        owner: SystemClock.uuid_v7().to_string(),
        lease: Duration::from_millis(config.lease_ms),
        concurrency: config.run_concurrency,
        alone: store.kind() == "sqlite",
    };
    Driver::new(store.clone(), options, advances)
}

/// 32 bytes from a file of mode 0600, drawn at the first start.
fn secret(folder: &DataFolder, name: &str) -> Result<[u8; 32]> {
    let bytes = conductor_secrets::load_or_create(&folder.join(name), 32)?;
    bytes.expose_secret().try_into().with_context(|| format!("{name} has not 32 bytes"))
}
