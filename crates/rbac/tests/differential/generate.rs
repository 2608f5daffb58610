//! Random worlds (roles, policies) and questions from a seed, kept small so that things collide.

use chrono::{DateTime, TimeDelta, Utc};
use conductor_domain::{
    AgentId, Classification, EnvironmentId, EnvironmentType, OrganizationId, Scope, Visibility,
};
use conductor_rbac::{
    AccessLevel, Action, Binding, GrantRow, Holder, PolicyRow, Request, Resource, RoleRow, built_in_policies,
    built_in_roles,
};
use serde_json::{Value, json};

/// SplitMix64: enough for drawing lots, the same on every machine.
pub(crate) struct Lots(pub(crate) u64);

impl Lots {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    pub(crate) fn chance(&mut self, of_ten: usize) -> bool {
        self.below(10) < of_ten
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

pub(crate) struct World {
    pub(crate) roles: Vec<RoleRow>,
    pub(crate) policies: Vec<PolicyRow>,
    /// Changes of grants, the oldest first: a later row of an id replaces an earlier one.
    pub(crate) grants: Vec<GrantRow>,
}

const TARGETS: [&str; 6] = ["tool:a/b", "tool:a/c", "tool:d", "agent:1", "agent:2", "file:1"];

pub(crate) fn world(lots: &mut Lots) -> World {
    let mut roles = built_in_roles();
    for at in 0..lots.below(3) {
        let permissions = (0..lots.below(4))
            .map(|_| {
                let word = if lots.chance(5) {
                    lots.pick(Action::ALL).as_str()
                } else {
                    *lots.pick(&["tool.*", "*", "x.y"])
                };
                format!("{word}{}", lots.pick(&["", "", ":any", ":official"]))
            })
            .collect();
        let inherits = lots.chance(4).then(|| lots.pick(&roles).role.clone()).into_iter().collect();
        roles.push(RoleRow { role: format!("organization:own-{at}"), permissions, inherits });
    }
    let mut policies = if lots.chance(8) { built_in_policies() } else { vec![] };
    for at in 0..lots.below(6) {
        policies.push(policy(lots, format!("p-{at}")));
    }
    let grants = (0..lots.below(12)).map(|_| grant(lots, &roles)).collect();
    World { roles, policies, grants }
}

/// The moments that requests are asked at, and that grants end around.
const MOMENTS: [&str; 3] = ["2026-01-05T09:00:00Z", "2026-01-05T16:30:00Z", "2026-07-07T09:00:00Z"];

fn moment(lots: &mut Lots) -> DateTime<Utc> {
    lots.pick(&MOMENTS).parse().expect("a moment")
}

fn grant(lots: &mut Lots, roles: &[RoleRow]) -> GrantRow {
    let holder = match lots.below(6) {
        0 => None,
        1 => Some(Holder::Everybody),
        2 => Some(Holder::Role(lots.pick(roles).role.clone())),
        _ => Some(Holder::Subject((*lots.pick(&["user:1", "user:2", "agent:7", "user:"])).to_owned())),
    };
    // Few ids, so that rows change each other; each keeps its target, as the table does.
    let at = lots.below(TARGETS.len() * 2);
    GrantRow {
        id: format!("0192a000-0000-7000-8000-{at:012}").parse().expect("an id"),
        target: TARGETS[at / 2].to_owned(),
        holder,
        level: *lots.pick(AccessLevel::ALL),
        expires_at: lots.chance(5).then(|| moment(lots) + TimeDelta::seconds(*lots.pick(&[-1, 0, 1]))),
    }
}

pub(crate) fn policy(lots: &mut Lots, id: String) -> PolicyRow {
    PolicyRow {
        id,
        policy: None,
        action: (*lots.pick(&[
            "tool.invoke",
            "tool.invoke",
            "tool.*",
            "*",
            "agent.*",
            "agent.read",
            "tool.fly",
            "moon",
        ]))
        .into(),
        target: (*lots.pick(&["*", "tool:*", "tool:a/*", "tool:a/b", "agent:1", "agent:*", "to*l", ""]))
            .into(),
        effect: (*lots.pick(&["allow", "allow", "deny", "approve", "maybe"])).into(),
        conditions: (0..lots.below(3)).map(|_| condition(lots)).collect::<serde_json::Map<_, _>>().into(),
        obligations: vec![],
        bindings: (0..lots.below(3)).map(|_| binding(lots)).collect(),
    }
}

fn binding(lots: &mut Lots) -> Binding {
    let nil = OrganizationId::NIL.to_string();
    let (scope_type, scope_id) = lots
        .pick(&[
            ("org", "*"),
            ("org", nil.as_str()),
            ("org", "0192a000-0000-7000-8000-000000000000"),
            ("env", nil.as_str()),
            ("agent", "*"),
            ("agent", nil.as_str()),
            ("tool", "a/b"),
            ("tool", "*"),
            ("resource_ns", "a"),
            ("role", "organization:member"),
            ("user", "user:1"),
            ("user", "*"),
            ("star", "x"),
            ("org", ""),
        ])
        .to_owned();
    Binding {
        scope_type: scope_type.into(),
        scope_id: scope_id.into(),
        priority: *lots.pick(&[0, 1, 50, 51]),
    }
}

fn condition(lots: &mut Lots) -> (String, Value) {
    let (key, value) = lots
        .pick(&[
            ("roles", json!(["organization:member", "platform:guest"])),
            ("no_roles", json!(["organization:owner"])),
            ("read_only", json!(true)),
            ("changes", json!(true)),
            ("owner", json!(false)),
            ("official", json!(false)),
            ("outbound", json!(true)),
            ("flows_down", json!(true)),
            ("kinds", json!(["tool", "agent"])),
            ("classification_at_least", json!("confidential")),
            ("context_at_most", json!("internal")),
            ("labels", json!(["pii"])),
            ("attributes", json!({ "department": { "equals": "sales" } })),
            ("attributes", json!({ "level": { "at_most": 3 } })),
            ("arguments", json!({ "/n": { "at_most": 3 } })),
            ("arguments", json!({ "/s": { "starts_with": "/tmp" }, "/n": { "equals": 2 } })),
            ("environments", json!([EnvironmentId::NIL])),
            ("environment_types", json!(["prod"])),
            ("addresses", json!(["10.0.0.0/8", "::1"])),
            ("before", json!("2026-06-01T00:00:00Z")),
            ("after", json!("2026-06-01T00:00:00Z")),
            ("hours", json!({ "from": "08:00", "to": "18:00", "days": ["mon"], "utc_offset": "+02:00" })),
            ("owner", json!("yes")),
            ("weather", json!("fine")),
        ])
        .clone();
    (key.to_owned(), value)
}

/// What a request borrows from.
pub(crate) struct Facts {
    roles: Vec<String>,
    scopes: Option<Vec<String>>,
    agents: Vec<AgentId>,
    arguments: Option<Value>,
    context: Vec<Classification>,
    requires: Vec<String>,
    labels: Vec<String>,
    attributes: Option<Value>,
}

pub(crate) fn facts(lots: &mut Lots, world: &World) -> Facts {
    Facts {
        roles: (0..lots.below(4))
            .map(|_| {
                if lots.chance(9) { lots.pick(&world.roles).role.clone() } else { "platform:god".to_owned() }
            })
            .collect(),
        scopes: lots
            .chance(2)
            .then(|| vec![(*lots.pick(&["tool.*", "agent.read", "*", "tool*"])).to_owned()]),
        agents: if lots.chance(4) { vec![AgentId::NIL] } else { vec![] },
        arguments: lots.chance(7).then(|| {
            lots.pick(&[
                json!({}),
                json!({ "n": 2 }),
                json!({ "n": 9, "s": "/tmp/x" }),
                json!({ "n": "x", "s": 1 }),
            ])
            .clone()
        }),
        context: (0..lots.below(3)).map(|_| *lots.pick(Classification::ALL)).collect(),
        requires: lots
            .chance(2)
            .then(|| (*lots.pick(&["x.y", "agent.read", "tool.invoke"])).to_owned())
            .into_iter()
            .collect(),
        labels: if lots.chance(3) { vec!["pii".to_owned()] } else { vec![] },
        attributes: lots.chance(8).then(|| {
            lots.pick(&[
                json!({}),
                json!({ "department": "sales" }),
                json!({ "department": "legal", "level": 2 }),
                json!({ "level": "high" }),
            ])
            .clone()
        }),
    }
}

pub(crate) fn request<'a>(lots: &mut Lots, facts: &'a Facts) -> Request<'a> {
    let action = if lots.chance(4) { Action::ToolInvoke } else { *lots.pick(Action::ALL) };
    Request {
        subject: (*lots.pick(&["user:1", "user:2", "agent:7"])).into(),
        roles: &facts.roles,
        token_scopes: facts.scopes.as_deref(),
        clearance: *lots.pick(Classification::ALL),
        scope: Scope { organization_id: OrganizationId::NIL, environment_id: EnvironmentId::NIL },
        agents: &facts.agents,
        action,
        resource: Resource {
            target: (*lots.pick(&TARGETS)).into(),
            visibility: *lots.pick(Visibility::ALL),
            classification: *lots.pick(Classification::ALL),
            official: lots.chance(2),
            read_only: lots.chance(5),
            asks: lots.chance(3),
            outbound: lots.chance(5),
            requires: &facts.requires,
            labels: facts.labels.as_slice().into(),
        },
        owner: lots.chance(4),
        same_organization: lots.chance(8),
        same_environment: lots.chance(8),
        grant: lots.chance(3).then(|| *lots.pick(AccessLevel::ALL)).into_iter().collect(),
        attributes: facts.attributes.as_ref(),
        arguments: facts.arguments.as_ref(),
        context_labels: &facts.context,
        environment_type: lots.chance(7).then(|| *lots.pick(EnvironmentType::ALL)),
        address: lots.chance(7).then(|| {
            lots.pick(&["10.1.2.3", "::ffff:10.9.9.9", "::1", "192.0.2.1"]).parse().expect("an address")
        }),
        // A Monday morning, the same evening, and a Tuesday half a year on.
        now: lots.chance(7).then(|| moment(lots)),
    }
}

pub(crate) fn everywhere() -> Vec<Binding> {
    vec![Binding { scope_type: "org".into(), scope_id: "*".into(), priority: 0 }]
}
