//! Rows become an index, one per organisation, kept as long as nobody changed the rows.
//!
//! Every change of what decides raises the organisation's `policy_version` in its own transaction. An index is used
//! without asking for `FRESH`; after that the first to decide compares the version, one small read. Tool calls compare
//! it every time. Whatever cannot be read denies: there is no index then, and so no decision.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
};

use conductor_domain::{EnvironmentId, EnvironmentType, OrganizationId, Policy, PolicyMode, Role, Scope};
use conductor_rbac::{Binding, PolicyIndex, PolicyRow, RoleRow, built_in_policies, built_in_roles};
use conductor_storage::{Store, Unscoped};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::{Error, Result};

/// Milliseconds for which an index is used without comparing versions.
const FRESH: i64 = 500;

/// What decides in one organisation.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) index: PolicyIndex,
    /// The same with the policies that only watch; `None` where there are none.
    pub(crate) shadow: Option<PolicyIndex>,
    environments: HashMap<EnvironmentId, EnvironmentType>,
    /// What roles say of the calls of a day.
    calls_per_day: HashMap<String, u32>,
    version: Option<i64>,
    checked_at: AtomicI64,
}

impl Compiled {
    pub(crate) fn environment_type(&self, scope: Scope) -> Option<EnvironmentType> {
        self.environments.get(&scope.environment_id).copied()
    }

    /// The lowest of what these roles say of the calls of a day.
    pub(crate) fn calls_per_day(&self, roles: &[String]) -> Option<u32> {
        roles.iter().filter_map(|role| self.calls_per_day.get(role).copied()).min()
    }

    /// Whether it may be used; of those who find it old, one is told to look.
    fn is_fresh(&self, now: i64) -> bool {
        let checked = self.checked_at.load(Ordering::Relaxed);
        now - checked < FRESH
            || self.checked_at.compare_exchange(checked, now, Ordering::Relaxed, Ordering::Relaxed).is_err()
    }
}

/// The indexes of one process.
#[derive(Debug)]
pub(crate) struct Rules {
    store: Store,
    compiled: RwLock<HashMap<OrganizationId, Arc<Compiled>>>,
    /// One at a time compiles, so that a change does not set everybody to work.
    compiling: Mutex<()>,
}

impl Rules {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, compiled: RwLock::default(), compiling: Mutex::default() }
    }

    /// What decides, at most a second old.
    pub(crate) async fn of(&self, organization: OrganizationId) -> Result<Arc<Compiled>> {
        match self.known(organization) {
            Some(known) if known.is_fresh(self.now()) => Ok(known),
            _ => self.latest(organization).await,
        }
    }

    /// What decides as of now.
    pub(crate) async fn latest(&self, organization: OrganizationId) -> Result<Arc<Compiled>> {
        let read = self.version(organization).await;
        match (read, self.known(organization)) {
            (Ok(version), Some(known)) if known.version == version => {
                known.checked_at.store(self.now(), Ordering::Relaxed);
                Ok(known)
            }
            (Ok(_), _) => self.compile(organization).await,
            (Err(error), _) => {
                self.forget(organization);
                Err(error)
            }
        }
    }

    /// What decides is compiled anew before the next decision.
    pub(crate) fn forget(&self, organization: OrganizationId) {
        self.compiled.write().unwrap_or_else(PoisonError::into_inner).remove(&organization);
    }

    async fn compile(&self, organization: OrganizationId) -> Result<Arc<Compiled>> {
        let _one = self.compiling.lock().await;
        // The version is read before the rows: a change in between is found at the next look.
        let version = self.version(organization).await?;
        if let Some(known) = self.known(organization).filter(|known| known.version == version) {
            return Ok(known);
        }
        let rows = self.store.unscoped(Unscoped::DecisionPoint);
        let stored = rows.roles().of(organization).await?;
        let roles = roles(&stored);
        let policies = rows.policies().of(organization).await?;
        let environments = rows.environments().of(&[organization]).await?;
        let compiled = Arc::new(Compiled {
            index: build(&roles, &policies, false).await?,
            shadow: match policies.iter().any(|policy| policy.is_active && policy.mode == PolicyMode::Shadow)
            {
                true => Some(build(&roles, &policies, true).await?),
                false => None,
            },
            calls_per_day: calls_per_day(&stored),
            environments: environments.into_iter().map(|row| (row.id, row.environment_type)).collect(),
            version,
            checked_at: AtomicI64::new(self.now()),
        });
        for (rule, why) in compiled.index.unreadable() {
            tracing::error!(%organization, rule, why, "a policy rule cannot be read and denies what it covers");
        }
        self.compiled
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(organization, Arc::clone(&compiled));
        Ok(compiled)
    }

    async fn version(&self, organization: OrganizationId) -> Result<Option<i64>> {
        let rows = self.store.unscoped(Unscoped::DecisionPoint);
        rows.policies().version(organization).await.map_err(Error::Unreadable)
    }

    fn known(&self, organization: OrganizationId) -> Option<Arc<Compiled>> {
        self.compiled.read().unwrap_or_else(PoisonError::into_inner).get(&organization).cloned()
    }

    fn now(&self) -> i64 {
        self.store.clock().now().timestamp_millis()
    }
}

fn calls_per_day(roles: &[Role]) -> HashMap<String, u32> {
    let limits = roles.iter().filter_map(|role| {
        let most = u32::try_from(role.max_api_calls_per_day?).unwrap_or(0);
        Some((format!("{}:{}", role.scope, role.name), most))
    });
    limits.collect()
}

/// The index of these roles and policies; `shadow` takes in those that only watch.
pub(crate) async fn build(roles: &[RoleRow], policies: &[Policy], shadow: bool) -> Result<PolicyIndex> {
    let switched_off = |name: &str| {
        let named = |policy: &&Policy| policy.is_baseline && policy.name == name;
        policies.iter().find(named).is_some_and(|policy| !policy.is_active)
    };
    let mut rows: Vec<PolicyRow> =
        built_in_policies().into_iter().filter(|row| !switched_off(&row.id)).collect();
    rows.extend(
        policies
            .iter()
            .filter(|policy| policy.is_active && !policy.is_baseline)
            .filter(|policy| shadow || policy.mode == PolicyMode::Enforced)
            .flat_map(policy_rows),
    );
    PolicyIndex::build(roles, &rows).await.map_err(Error::Undecidable)
}

/// The built-in roles, and those of the organisation.
pub(crate) fn roles(stored: &[Role]) -> Vec<RoleRow> {
    let own = stored.iter().filter(|role| !role.is_builtin).map(|role| RoleRow {
        role: format!("{}:{}", role.scope, role.name),
        permissions: role.permissions.clone(),
        inherits: Vec::new(),
    });
    built_in_roles().into_iter().chain(own).collect()
}

/// A policy's rules in the words of the index.
pub(crate) fn policy_rows(policy: &Policy) -> impl Iterator<Item = PolicyRow> + '_ {
    policy.rules.iter().map(|rule| PolicyRow {
        id: rule.id.to_string(),
        policy: Some(policy.name.clone()),
        action: rule.action.clone(),
        target: rule.target.clone(),
        effect: rule.effect.as_str().to_owned(),
        conditions: within(policy.environment_id, rule.conditions.clone()),
        obligations: rule.obligations.clone(),
        bindings: policy
            .bindings
            .iter()
            .map(|binding| Binding {
                scope_type: binding.scope_type.as_str().to_owned(),
                scope_id: binding.scope_id.clone(),
                priority: binding.priority,
            })
            .collect(),
    })
}

/// A policy of one environment is a policy with one more condition.
fn within(environment: Option<EnvironmentId>, conditions: Value) -> Value {
    match (environment, conditions) {
        (None, conditions) => conditions,
        (Some(id), Value::Null) => json!({ "environments": [id] }),
        (Some(id), Value::Object(mut map)) => {
            // A rule that names environments itself holds where both do.
            let both = match map.get("environments").and_then(Value::as_array) {
                Some(named) if !named.contains(&json!(id)) => json!([]),
                _ => json!([id]),
            };
            map.insert("environments".to_owned(), both);
            Value::Object(map)
        }
        // Not readable, and so for the index to refuse.
        (Some(_), other) => other,
    }
}
