//! Configuration, each source stronger than the next: flags, `CONDUCTOR_*`, `conductor.toml`, defaults.

mod check;
mod limits;
mod providers;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use ipnet::IpNet;
use serde::{Deserialize, Serialize, de};

pub(crate) use limits::RoleLimit;
pub(crate) use providers::{Credentials, ProviderConfig};

/// Everything that can be set, with its default.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Where to listen.
    pub(crate) listen: String,
    /// The folder of the database, the files and the generated secrets.
    pub(crate) data: PathBuf,
    /// `sqlite://…` or `postgres://…`; a SQLite file in the data folder where empty.
    pub(crate) database_url: String,
    /// Connections: readers on SQLite, all on PostgreSQL.
    pub(crate) database_connections: u32,
    /// The address people open, where it is not the one we listen on.
    pub(crate) public_url: String,
    /// Host names that requests may name, beside loopback and that of `public_url`.
    #[serde(deserialize_with = "list")]
    pub(crate) allowed_hosts: Vec<String>,
    /// Proxies in front that tell the truth about whom they heard.
    #[serde(deserialize_with = "list")]
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// The header in which they tell of a client's certificate; none is read where empty.
    pub(crate) client_cert_header: String,
    /// Whether anybody may register: `closed` or `open`.
    pub(crate) registration: String,
    /// `pretty` or `json`.
    pub(crate) log_format: String,
    /// What to log, as `tracing` filters are written.
    pub(crate) log: String,
    /// Where traces go (OTLP over HTTP), where they are wanted.
    pub(crate) otlp_endpoint: String,
    /// Private addresses that connectors may reach, such as `127.0.0.1/32`.
    #[serde(deserialize_with = "list")]
    pub(crate) egress_allow: Vec<IpNet>,
    /// Whether MCP servers may be local processes: `off` or `on`.
    pub(crate) mcp_stdio: String,
    /// The model for whoever names none.
    pub(crate) default_model: String,
    /// How long the demo model waits between pieces, in milliseconds.
    pub(crate) demo_delay_ms: u64,
    /// The key that wraps all secrets, base64 of 32 bytes; a file where empty.
    pub(crate) master_key: String,
    /// The file of that key; one in the data folder where empty.
    pub(crate) master_key_file: PathBuf,
    /// Keys that secrets may still be under, to open and never to seal with: base64, or `file:` and a path.
    #[serde(deserialize_with = "list")]
    pub(crate) old_master_keys: Vec<String>,
    /// How long an organisation's retired key is kept for what was sealed just before, in milliseconds.
    pub(crate) key_grace_ms: u32,
    /// How long calls of which a policy lets nothing be kept stay after their run, in milliseconds.
    pub(crate) forget_bodies_after_ms: u32,
    /// A key in AWS KMS that takes the place of `master_key`: its id, ARN or alias.
    pub(crate) kms_key_id: String,
    /// The region of that key; `AWS_REGION` where empty.
    pub(crate) kms_region: String,
    /// The address of another service that speaks the wire of AWS KMS.
    pub(crate) kms_endpoint: String,
    /// Runs that may be worked on at once.
    pub(crate) run_concurrency: usize,
    /// How long a run's lease lasts without being renewed, in milliseconds.
    pub(crate) lease_ms: u64,
    /// How long a shutdown waits for runs, in milliseconds.
    pub(crate) drain_ms: u64,
    /// Tool calls in one run.
    pub(crate) tool_calls_per_run: i64,
    /// How deep runs may start runs, as where an agent gives a task to another.
    pub(crate) run_nesting: usize,
    /// Failures in a row after which workflows leave a target alone.
    pub(crate) circuit_failures: u32,
    /// For how long at first, in milliseconds.
    pub(crate) circuit_open_ms: u64,
    /// Calls in one run of a workflow.
    pub(crate) workflow_calls_per_run: i64,
    /// Nodes that one run of a workflow may begin, repetitions included.
    pub(crate) workflow_nodes_per_run: u64,
    /// Runs of one workflow that may wait in line.
    pub(crate) workflow_runs_in_line: u64,
    /// Workflows that one event may start.
    pub(crate) workflow_starts_per_event: u64,
    /// Variables of the environment that workflows may read.
    #[serde(deserialize_with = "list")]
    pub(crate) workflow_env: Vec<String>,
    /// The folder of which workflows may be loaded by their path; none where empty.
    pub(crate) workflows_folder: PathBuf,
    /// Whether programs of workflows run: `on`, where something can confine them, or `off`.
    pub(crate) code: String,
    /// How many run at once.
    pub(crate) code_concurrency: usize,
    /// The longest that one may run, in milliseconds.
    pub(crate) code_wall_ms: u64,
    /// The most memory that one may use, in MiB.
    pub(crate) code_memory_mib: u64,
    /// The folder of the packages that Python programs may ask for.
    pub(crate) code_packages_folder: PathBuf,
    /// The packages in it that they may ask for.
    #[serde(deserialize_with = "list")]
    pub(crate) code_packages: Vec<String>,
    /// Variables of the environment that are credentials of HTTP nodes.
    #[serde(deserialize_with = "list")]
    pub(crate) workflow_secrets: Vec<String>,
    /// Accounts at Slack, Shopify and mail servers: what the names of their variables begin with.
    #[serde(deserialize_with = "list")]
    pub(crate) integration_accounts: Vec<String>,
    /// Rows that a node of a workflow may get from a database at once.
    pub(crate) database_rows: usize,
    /// The folder of the texts of mails.
    pub(crate) mail_templates: PathBuf,
    /// How long a token of an agent or a service account works at most, in days.
    pub(crate) token_max_days: u64,
    /// Requests that start work, per person and minute.
    pub(crate) limit_user_per_minute: u32,
    /// Requests that start work, per person and day; 0 is no limit.
    pub(crate) limit_user_per_day: u32,
    /// The same by role, such as `platform:guest=50`; of those that somebody has, the lowest counts.
    #[serde(deserialize_with = "list")]
    pub(crate) limit_role_per_day: Vec<RoleLimit>,
    /// Calls of one tool by one agent, per minute.
    pub(crate) limit_agent_tool_per_minute: u32,
    /// Calls on one connector, per minute.
    pub(crate) limit_connector_per_minute: u32,
    /// Deliveries to one webhook by one address, per minute.
    pub(crate) limit_webhook_per_minute: u32,
    /// Looks at public links by one address, per minute.
    pub(crate) limit_share_per_minute: u32,
    /// How far the moment of a delivery to a webhook may lie from ours, in milliseconds.
    pub(crate) webhook_tolerance_ms: u32,
    /// After how many days entries of the audit log are removed; 0 keeps all.
    pub(crate) audit_retention_days: u32,
    /// The largest JSON body, in bytes.
    pub(crate) max_body_bytes: usize,
    /// The largest uploaded file, in bytes.
    pub(crate) max_file_bytes: u64,
    /// Providers beyond those named in the environment.
    pub(crate) providers: Vec<ProviderConfig>,
    /// Changes of the model catalogue.
    pub(crate) models: Vec<conductor_llm_providers::ModelOverride>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8420".to_owned(),
            data: PathBuf::from("./data"),
            database_url: String::new(),
            database_connections: 8,
            public_url: String::new(),
            allowed_hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            client_cert_header: String::new(),
            registration: "closed".to_owned(),
            log_format: "pretty".to_owned(),
            log: "info,sqlx=warn,hyper=warn,h2=warn,rmcp=warn".to_owned(),
            otlp_endpoint: String::new(),
            egress_allow: Vec::new(),
            mcp_stdio: "off".to_owned(),
            default_model: "claude-sonnet-4-5-20250929".to_owned(),
            demo_delay_ms: 12,
            master_key: String::new(),
            master_key_file: PathBuf::new(),
            old_master_keys: Vec::new(),
            key_grace_ms: 60_000,
            forget_bodies_after_ms: 10_000,
            kms_key_id: String::new(),
            kms_region: String::new(),
            kms_endpoint: String::new(),
            run_concurrency: 2_048,
            lease_ms: 15_000,
            drain_ms: 20_000,
            tool_calls_per_run: 200,
            run_nesting: 5,
            circuit_failures: 5,
            circuit_open_ms: 10_000,
            workflow_calls_per_run: 10_000,
            workflow_nodes_per_run: 100_000,
            workflow_runs_in_line: 100,
            workflow_starts_per_event: 50,
            workflow_env: Vec::new(),
            workflow_secrets: Vec::new(),
            integration_accounts: Vec::new(),
            database_rows: 1_000,
            mail_templates: PathBuf::new(),
            workflows_folder: PathBuf::new(),
            code: "on".to_owned(),
            code_concurrency: 4,
            code_wall_ms: 30_000,
            code_memory_mib: 512,
            code_packages_folder: PathBuf::new(),
            code_packages: Vec::new(),
            token_max_days: 90,
            limit_user_per_minute: 600,
            limit_user_per_day: 0,
            limit_role_per_day: Vec::new(),
            limit_agent_tool_per_minute: 120,
            limit_connector_per_minute: 600,
            limit_webhook_per_minute: 300,
            limit_share_per_minute: 60,
            webhook_tolerance_ms: 300_000,
            audit_retention_days: 0,
            max_body_bytes: 4 * 1_024 * 1_024,
            max_file_bytes: 50 * 1_024 * 1_024,
            providers: Vec::new(),
            models: Vec::new(),
        }
    }
}

/// What the command line sets, before anything else.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Flags {
    /// `--listen`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) listen: Option<String>,
    /// `--data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<PathBuf>,
    /// `--database-url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) database_url: Option<String>,
}

/// What is in force, and what was odd about it.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// Sentences to log once logging works.
    pub(crate) warnings: Vec<String>,
}

impl Config {
    /// Reads all sources.
    pub(crate) fn load(file: Option<&Path>, flags: &Flags) -> Result<Loaded> {
        let given = file.is_some();
        let file = file.unwrap_or_else(|| Path::new("conductor.toml"));
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if file.exists() {
            let text =
                std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            check::file(&text, file)?;
            figment = figment.merge(Toml::string(&text));
        } else if given {
            bail!("there is no configuration file {}", file.display());
        }
        let (known, warnings) = check::environment();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        figment = figment.merge(Env::prefixed("CONDUCTOR_").only(&known)).merge(Serialized::defaults(flags));
        let config: Self =
            figment.extract().map_err(|error| anyhow::anyhow!("the configuration is not valid: {error}"))?;
        config.validate()?;
        Ok(Loaded { config, warnings })
    }

    fn validate(&self) -> Result<()> {
        for (key, value, words) in [
            ("registration", &self.registration, ["closed", "open"]),
            ("log_format", &self.log_format, ["pretty", "json"]),
            ("mcp_stdio", &self.mcp_stdio, ["off", "on"]),
        ] {
            if !words.contains(&value.as_str()) {
                bail!("{key} is {value:?}; it must be {:?} or {:?}", words[0], words[1]);
            }
        }
        let header = &self.client_cert_header;
        if !header.is_empty() {
            if header.parse::<axum::http::HeaderName>().is_err() {
                bail!("client_cert_header is {header:?}, which is no name of a header; use client-cert");
            }
            if self.trusted_proxies.is_empty() {
                bail!("client_cert_header is read from trusted_proxies alone; name the proxy there");
            }
        }
        if self.lease_ms < 1_000 {
            bail!("lease_ms is {}; a lease must last 1000 ms at least", self.lease_ms);
        }
        Ok(())
    }

    /// The database's URL.
    pub(crate) fn database(&self) -> String {
        if self.database_url.is_empty() {
            format!("sqlite://{}", self.data.join("conductor.db").display())
        } else {
            self.database_url.clone()
        }
    }

    /// What is in force, with secrets masked.
    pub(crate) fn shown(&self) -> Result<String> {
        let mut shown = self.clone();
        mask(&mut shown.master_key);
        for key in &mut shown.old_master_keys {
            mask(key);
        }
        shown.database_url = check::without_password(&shown.database_url);
        for provider in &mut shown.providers {
            if let Some(key) = &mut provider.api_key {
                mask(key);
            }
        }
        Ok(toml::to_string_pretty(&shown)?)
    }
}

fn mask(secret: &mut String) {
    if !secret.is_empty() {
        *secret = "•••".to_owned();
    }
}

/// A list, or one string with commas, as environment variables write it.
fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: de::Deserializer<'de>,
    T: std::str::FromStr + Deserialize<'de>,
    T::Err: std::fmt::Display,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany<T> {
        Many(Vec<T>),
        One(String),
    }
    match OneOrMany::deserialize(deserializer)? {
        OneOrMany::Many(items) => Ok(items),
        OneOrMany::One(text) => text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(|item| item.parse().map_err(|error| de::Error::custom(format!("{item:?}: {error}"))))
            .collect(),
    }
}
