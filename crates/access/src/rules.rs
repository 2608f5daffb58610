//! Rows become an index, one per organisation, kept as long as nobody changed the rows.
//!
//! Every change of what decides raises the organisation's `policy_version` in its own transaction. An index is used
//! without asking for `FRESH`; after that the first to decide compares the version, one small read. Tool calls compare
//! it every time. Whatever cannot be read denies: there is no index then, and so no decision.
//!
//! Grants have a version of their own, `grant_version`: they change often, and the rules are not compiled for them.
//! Each row keeps the version that it changed at, so that a change reads the changed rows alone.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
};

use conductor_domain::{
    EnvironmentId, EnvironmentType, Grant, OrganizationId, Policy, PolicyMode, Role, Scope, SubjectKind,
};
use conductor_rbac::{
    Binding, GrantIndex, GrantRow, Holder, PolicyIndex, PolicyRow, RoleRow, built_in_policies, built_in_roles,
};
use conductor_storage::{Store, Unscoped};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::{Error, Result};

/// Milliseconds for which an index is used without comparing versions.
const FRESH: i64 = 500;

/// What decides in one organisation.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) rules: Arc<RuleSet>,
    pub(crate) grants: Arc<GrantIndex>,
    version: Option<(i64, i64)>,
    checked_at: AtomicI64,
}

/// Roles and policies of one organisation.
#[derive(Debug)]
pub(crate) struct RuleSet {
    pub(crate) index: PolicyIndex,
    /// The same with the policies that only watch; `None` where there are none.
    pub(crate) shadow: Option<PolicyIndex>,
    environments: HashMap<EnvironmentId, EnvironmentType>,
    /// The names of roles, as callers hold them.
    roles: HashMap<uuid::Uuid, String>,
    /// The tags of agents, and those that the organisation has given, by what has them.
    pub(crate) tags: HashMap<String, Vec<String>>,
    /// What roles say of the calls of a day.
    calls_per_day: HashMap<String, u32>,
}

impl Compiled {
    pub(crate) fn environment_type(&self, scope: Scope) -> Option<EnvironmentType> {
        self.rules.environments.get(&scope.environment_id).copied()
    }

    /// How often the rules had changed when they were read.
    pub(crate) fn rules_version(&self) -> Option<i64> {
        self.version.map(|(rules, _)| rules)
    }

    /// The lowest of what these roles say of the calls of a day.
    pub(crate) fn calls_per_day(&self, roles: &[String]) -> Option<u32> {
        roles.iter().filter_map(|role| self.rules.calls_per_day.get(role).copied()).min()
    }

    /// The same as if these grants were as they are here: new ones given, those that are not active taken back.
    pub(crate) fn with_grants(&self, grants: &[Grant]) -> Self {
        let rows = grants.iter().map(|grant| grant_row(grant, &self.rules));
        Self {
            rules: Arc::clone(&self.rules),
            grants: Arc::new(self.grants.changed(rows)),
            version: self.version,
            checked_at: AtomicI64::new(self.checked_at.load(Ordering::Relaxed)),
        }
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
        let read = match (self.version(organization).await, self.known(organization)) {
            (Ok(version), Some(known)) if known.version == version => {
                known.checked_at.store(self.now(), Ordering::Relaxed);
                Ok(known)
            }
            (Ok(_), _) => self.compile(organization).await,
            (Err(error), _) => Err(error),
        };
        // What is known was changed, or may have been: nobody decides by it until it could be read again.
        if read.is_err() {
            self.forget(organization);
        }
        // Which of the rows it was makes no difference to whoever is refused.
        read.map_err(|error| match error {
            Error::Storage(error) => Error::Unreadable(error),
            other => other,
        })
    }

    /// What decides is read anew, now. Where that fails there is nothing to decide by, and the next decision tries again.
    pub(crate) async fn refresh(&self, organization: OrganizationId) {
        // A failure has forgotten what was known.
        drop(self.latest(organization).await);
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
        let known = self.known(organization);
        let same = known
            .as_ref()
            .filter(|known| known.version.map(|(rules, _)| rules) == version.map(|(rules, _)| rules));
        let rules = match same {
            Some(known) => Arc::clone(&known.rules),
            None => Arc::new(self.rule_set(organization).await?),
        };
        let grants = self.grants(organization, known.as_deref(), &rules).await?;
        let compiled = Arc::new(Compiled { rules, grants, version, checked_at: AtomicI64::new(self.now()) });
        self.compiled
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(organization, Arc::clone(&compiled));
        Ok(compiled)
    }

    async fn rule_set(&self, organization: OrganizationId) -> Result<RuleSet> {
        let rows = self.store.unscoped(Unscoped::DecisionPoint);
        let stored = rows.roles().of(organization).await?;
        let roles = roles(&stored);
        let policies = rows.policies().of(organization).await?;
        let environments = rows.environments().of(&[organization]).await?;
        let tags = rows.policies().tags(organization).await?;
        let set = RuleSet {
            index: build(&roles, &policies, false).await?,
            shadow: match policies.iter().any(|policy| policy.is_active && policy.mode == PolicyMode::Shadow)
            {
                true => Some(build(&roles, &policies, true).await?),
                false => None,
            },
            environments: environments.into_iter().map(|row| (row.id, row.environment_type)).collect(),
            calls_per_day: calls_per_day(&stored),
            tags,
            roles: stored
                .iter()
                .map(|role| (role.id.as_uuid(), format!("{}:{}", role.scope, role.name)))
                .collect(),
        };
        for (rule, why) in set.index.unreadable() {
            tracing::error!(%organization, rule, why, "a policy rule cannot be read and denies what it covers");
        }
        Ok(set)
    }

    /// The grants as they are now: what changed since they were last read, or all where they never were.
    async fn grants(
        &self,
        organization: OrganizationId,
        known: Option<&Compiled>,
        rules: &RuleSet,
    ) -> Result<Arc<GrantIndex>> {
        let since = known.and_then(|known| known.version).map(|(_, grants)| grants);
        let rows = self.store.unscoped(Unscoped::DecisionPoint);
        let changed = rows.grants().changed(organization, since).await?;
        Ok(match known {
            Some(known) if changed.is_empty() => Arc::clone(&known.grants),
            Some(known) => {
                Arc::new(known.grants.changed(changed.iter().map(|grant| grant_row(grant, rules))))
            }
            None => {
                Arc::new(GrantIndex::default().changed(changed.iter().map(|grant| grant_row(grant, rules))))
            }
        })
    }

    async fn version(&self, organization: OrganizationId) -> Result<Option<(i64, i64)>> {
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

/// A grant in the words of the index; one to a role that is no more gives nobody anything.
fn grant_row(grant: &Grant, rules: &RuleSet) -> GrantRow {
    let holder = match grant.subject.kind {
        SubjectKind::Organization => Some(Holder::Everybody),
        SubjectKind::Role => rules.roles.get(&grant.subject.id).cloned().map(Holder::Role),
        kind => Some(Holder::Subject(format!("{kind}:{}", grant.subject.id))),
    };
    GrantRow {
        id: grant.id,
        target: grant.resource.target(),
        holder: holder.filter(|_| grant.is_active),
        level: grant.level,
        expires_at: grant.expires_at,
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
