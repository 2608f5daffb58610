//! P-A1: decisions a second at 11,000 rules against casbin's own enforcer, and what a decision adds on the way of a
//! request where 100,000 bindings stand in the database.

use std::{
    hint::black_box,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use conductor_access::{Access, Action, Facts, LimitsOptions, Vault};
use conductor_domain::{
    BindingScope, Caller, Classification, Clock, Effect, EnvironmentId, OrganizationId, Policy,
    PolicyBinding, PolicyBindingId, PolicyId, PolicyMode, PolicyRule, PolicyRuleId, Principal, Scope,
    SystemClock, UserId, Visibility,
};
use conductor_rbac::{Binding, PolicyIndex, PolicyRow, Request, Resource, built_in_roles};
use conductor_secrets::{Keyring, LocalKey};
use conductor_storage::{Error, OpenOptions, Store};
use serde_json::json;
use uuid::Uuid;

use super::{
    report::{Goal, Row, percentile, publish},
    tenant,
};

const GROUPS: usize = 1_000;
const PEOPLE: usize = 10_000;
/// Bindings in the database of the second part, on policies of a hundred each.
const BINDINGS: usize = 100_000;
const OF_A_POLICY: usize = 100;
/// Decisions that are timed one by one in the second part.
const TIMED: usize = 20_000;

/// casbin's RBAC model, as its own benchmark has it (casbin-rs, `benches/benchmark.rs`, "rbac medium").
const MODEL: &str = r"
[request_definition]
r = sub, obj, act

[policy_definition]
p = sub, obj, act

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act
";

pub(super) async fn run(rounds: usize, seconds: u64) -> Result<()> {
    let ours = Ours::build().await?;
    let peer = peer().await?;
    let length = Duration::from_secs(seconds);
    println!("11,000 rules, one thread, {rounds} rounds of {seconds} s in turns");
    let (mut our_rate, mut peer_rate) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        our_rate.push(rate(length, |person, data| ours.allows(person, data))?);
        peer_rate.push(rate(length, |person, data| {
            let asked = (format!("user{person}"), format!("data{data}"), "read");
            peer.enforce(asked).unwrap_or(false)
        })?);
        println!("round {round}: {:.0} and {:.0} decisions/s", our_rate[round - 1], peer_rate[round - 1]);
    }
    let times = our_rate.iter().zip(&peer_rate).map(|(ours, peer)| ours / peer).collect();

    let folder = tempfile::tempdir()?;
    let live = Live::open(folder.path()).await?;
    let (mut read, mut call) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        read.push(live.p99(Action::ConversationRead).await?);
        call.push(live.p99(Action::ToolInvoke).await?);
        println!(
            "round {round}: p99 {:.1} µs for a read, {:.1} µs for a call",
            read[round - 1],
            call[round - 1]
        );
    }
    publish(
        "decisions",
        &[
            Row::new("11,000 rules", "/s", our_rate).goal(Goal::AtLeast(1_450_000.0)),
            Row::new("casbin, 11,000 rules", "/s", peer_rate),
            Row::new("times casbin", "", times).goal(Goal::AtLeast(1_000.0)),
            Row::new("100,000 bindings, a read, p99", "µs", read).goal(Goal::AtMost(100.0)),
            Row::new("100,000 bindings, a tool call, p99", "µs", call).goal(Goal::AtMost(100.0)),
        ],
    )
}

/// The group of a person, and what that group may read.
const fn data_of(person: usize) -> usize {
    person / (PEOPLE / GROUPS) / 10
}

/// Asks as fast as answers come, one question of two to be denied; every answer is held against what is known.
fn rate(length: Duration, mut allows: impl FnMut(usize, usize) -> bool) -> Result<f64> {
    let started = Instant::now();
    let (mut asked, mut wrong) = (0_usize, 0_usize);
    while started.elapsed() < length {
        // The clock is read once for sixteen questions; it costs as much as some of them.
        for _ in 0..16 {
            let person = (asked * 7_919) % PEOPLE;
            let own = asked.is_multiple_of(2);
            let data = if own { data_of(person) } else { (data_of(person) + 1) % (GROUPS / 10) };
            wrong += usize::from(black_box(allows(person, data)) != own);
            asked += 1;
        }
    }
    ensure!(wrong == 0, "{wrong} of {asked} answers were wrong");
    Ok(asked as f64 / started.elapsed().as_secs_f64())
}

/// 1,000 rules for a group each, as casbin's benchmark has them, and 10,000 for a person each; what casbin is told of
/// the groups of 10,000 people, the index is told by each caller's roles.
struct Ours {
    index: PolicyIndex,
    callers: Vec<Caller>,
    targets: Vec<String>,
}

impl Ours {
    async fn build() -> Result<Self> {
        let rule = |id: String, target: String, scope_type: &str, scope_id: String| PolicyRow {
            id,
            policy: None,
            action: "tool.invoke".to_owned(),
            target,
            effect: "allow".to_owned(),
            conditions: json!({}),
            obligations: Vec::new(),
            bindings: vec![Binding { scope_type: scope_type.to_owned(), scope_id, priority: 0 }],
        };
        let groups = (0..GROUPS)
            .map(|group| rule(format!("g{group}"), format!("tool:data{}", group / 10), "role", role(group)));
        let people = (0..PEOPLE).map(|person| {
            rule(format!("u{person}"), format!("tool:own{}", person / 100), "user", user(person).to_string())
        });
        let policies: Vec<PolicyRow> = groups.chain(people).collect();
        let index = PolicyIndex::build(&built_in_roles(), &policies).await?;
        let callers =
            (0..PEOPLE).map(|person| caller(person, vec![role(person / (PEOPLE / GROUPS))])).collect();
        Ok(Self {
            index,
            callers,
            targets: (0..GROUPS / 10).map(|data| format!("tool:data{data}")).collect(),
        })
    }

    fn allows(&self, person: usize, data: usize) -> bool {
        let mut resource = Resource::new(self.targets[data].as_str());
        resource.visibility = Visibility::Organization;
        let mut request = Request::new(&self.callers[person], Action::ToolInvoke, resource);
        request.same_organization = true;
        request.same_environment = true;
        self.index.effect(&request) == Effect::Allow
    }
}

fn role(group: usize) -> String {
    format!("organization:group{group}")
}

const fn user(person: usize) -> UserId {
    UserId::from_uuid(Uuid::from_u128(0x0192_0000 + person as u128))
}

fn caller(person: usize, more: Vec<String>) -> Caller {
    let scope = Scope {
        organization_id: OrganizationId::from_uuid(Uuid::from_u128(1)),
        environment_id: EnvironmentId::from_uuid(Uuid::from_u128(2)),
    };
    let mut roles = vec!["platform:standard_user".to_owned(), "organization:member".to_owned()];
    roles.extend(more);
    Caller {
        principal: Principal::User { user_id: user(person) },
        scope,
        organizations: vec![scope.organization_id],
        roles,
        clearance: Classification::Internal,
        attributes: json!({}),
        token_scopes: None,
        session_id: None,
        token_id: None,
        address: None,
    }
}

/// casbin with 1,000 rules of groups and 10,000 people in them.
async fn peer() -> Result<Enforcer> {
    let mut enforcer = Enforcer::new(DefaultModel::from_str(MODEL).await?, MemoryAdapter::default()).await?;
    let policies = (0..GROUPS)
        .map(|group| vec![format!("group{group}"), format!("data{}", group / 10), "read".to_owned()]);
    let people = (0..PEOPLE)
        .map(|person| vec![format!("user{person}"), format!("group{}", person / (PEOPLE / GROUPS))]);
    enforcer.add_policies(policies.collect()).await?;
    enforcer.add_grouping_policies(people.collect()).await?;
    Ok(enforcer)
}

/// The decision point as the server has it, over a database.
struct Live {
    access: Arc<Access>,
    caller: Caller,
}

impl Live {
    async fn open(folder: &Path) -> Result<Self> {
        let clock = SystemClock;
        let store = OpenOptions::sqlite(&folder.join("decisions.db")).open(Arc::new(clock)).await?;
        let caller = caller(0, Vec::new());
        fill(&store, caller.scope).await?;
        let key = LocalKey::load_or_create(&folder.join("master.key"))?;
        let vault = Vault::new(store.clone(), Keyring::new(key));
        let access = Access::start(store, vault, LimitsOptions::default()).await?;
        Ok(Self { access, caller })
    }

    /// In microseconds. A read is of the caller's own row, by rules at most a second old; a call compares their version
    /// with the database's each time.
    async fn p99(&self, action: Action) -> Result<f64> {
        let facts = match action {
            Action::ToolInvoke => {
                Facts::new("tool:data1", self.caller.scope).seen_by(Visibility::Organization)
            }
            _ => Facts::new("conversation:1", self.caller.scope).owned_by(Some(user(0))),
        };
        let mut times = Vec::with_capacity(TIMED);
        for _ in 0..TIMED {
            let began = Instant::now();
            let decision = self.access.decide(&self.caller, action, &facts, None).await?;
            times.push(began.elapsed().as_secs_f64() * 1e6);
            ensure!(decision.effect == Effect::Allow, "{decision:?}");
        }
        Ok(percentile(&times, 99.0))
    }
}

async fn fill(store: &Store, scope: Scope) -> Result<()> {
    tenant::found(store, scope).await?;
    for at in 0..BINDINGS / OF_A_POLICY {
        let policy = policy(scope, at, at * OF_A_POLICY..(at + 1) * OF_A_POLICY);
        let done: Result<Policy, Error> = store
            .scoped(scope)
            .write(move |tx| Box::pin(async move { tx.policies().put(policy).await }))
            .await;
        done?;
    }
    Ok(())
}

fn policy(scope: Scope, at: usize, people: std::ops::Range<usize>) -> Policy {
    let clock = SystemClock;
    let now = clock.now();
    Policy {
        id: PolicyId::generate(&clock),
        organization_id: scope.organization_id,
        environment_id: None,
        name: format!("policy {at}"),
        description: None,
        version: 1,
        mode: PolicyMode::Enforced,
        is_active: true,
        is_baseline: false,
        rules: vec![PolicyRule {
            id: PolicyRuleId::generate(&clock),
            action: "*".to_owned(),
            target: "*".to_owned(),
            effect: Effect::Allow,
            conditions: json!({}),
            obligations: Vec::new(),
            created_at: now,
        }],
        bindings: people
            .map(|person| PolicyBinding {
                id: PolicyBindingId::generate(&clock),
                scope_type: BindingScope::User,
                scope_id: user(person).to_string(),
                priority: 0,
                created_at: now,
            })
            .collect(),
        created_at: now,
        updated_at: now,
    }
}
