//! The decision point: rows compiled once, questions answered without IO.

use std::{borrow::Cow, collections::BTreeSet};

use conductor_domain::{Decision, Effect, Obligation, TraceStep, Visibility};

use crate::{
    AccessLevel, Action, Error, Need, PolicyRow, Request, RoleRow, TOOL_ASKS_PRIORITY,
    action::covers,
    binding::Candidates,
    builtin,
    denial::{ACCESS, ASKS, CLEARANCE, DEFAULT, FOREIGN, HIDDEN, REQUIRED, ROLE, SCOPE, UNREADABLE},
    policy::Rule,
    role::{Bits, Role, RoleTable},
    target::TargetMap,
};

/// The roles and policies of one organisation, ready to decide. Immutable: a change of rows builds another.
#[derive(Debug)]
pub struct PolicyIndex {
    roles: RoleTable,
    rules: Vec<Rule>,
    by_action: Vec<TargetMap<Candidates>>,
}

/// How a question ended, before it is written out.
struct Verdict<'a> {
    effect: Effect,
    rule: Cow<'a, str>,
}

/// Sentences, if anybody wants them.
struct Trace(Option<Vec<TraceStep>>);

impl Trace {
    fn say(&mut self, source: &str, sentence: impl FnOnce() -> String) {
        if let Some(steps) = &mut self.0 {
            steps.push(TraceStep { source: source.to_owned(), says: sentence() });
        }
    }

    /// A trace ends with the step that settled it.
    fn settle(&mut self, at: usize) {
        if let Some(steps) = &mut self.0
            && at < steps.len()
        {
            let deciding = steps.remove(at);
            steps.push(deciding);
        }
    }

    /// The place of the sentence that comes next.
    fn place(&self) -> usize {
        self.0.as_ref().map_or(0, Vec::len)
    }
}

impl PolicyIndex {
    /// Compiles the rows of one organisation: its roles and the platform's, its policies and the baseline. Rows that
    /// cannot be read do not fail the build, they deny what they cover; `unreadable` lists them.
    ///
    /// # Errors
    /// `Roles`, when casbin cannot hold the role rows.
    pub async fn build(roles: &[RoleRow], policies: &[PolicyRow]) -> Result<Self, Error> {
        let roles = RoleTable::build(roles).await?;
        let mut rules: Vec<Rule> = policies.iter().map(Rule::compile).collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        let by_action = Action::ALL
            .iter()
            .map(|action| {
                let covering = rules.iter().enumerate().filter(|(_, rule)| rule.actions.contains(action));
                TargetMap::build(covering.map(|(at, rule)| (rule.pattern.clone(), (at, &rule.bindings))))
            })
            .collect();
        Ok(Self { roles, rules, by_action })
    }

    /// The rows that every installation starts with.
    ///
    /// # Errors
    /// As `build`.
    pub async fn built_in() -> Result<Self, Error> {
        Self::build(&builtin::roles(), &builtin::policies()).await
    }

    /// The answer, with its reasons.
    #[must_use]
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        let mut trace = Trace(Some(Vec::with_capacity(8)));
        let mut obligations = Vec::new();
        let verdict = self.evaluate(request, &mut trace, &mut obligations);
        if verdict.effect == Effect::Deny {
            obligations.clear();
        }
        Decision {
            effect: verdict.effect,
            rule: verdict.rule.into_owned(),
            obligations,
            trace: trace.0.unwrap_or_default(),
        }
    }

    /// The answer alone, for filtering lists: the same as `decide(request).effect`, without writing sentences.
    #[must_use]
    pub fn effect(&self, request: &Request<'_>) -> Effect {
        self.evaluate(request, &mut Trace(None), &mut Vec::new()).effect
    }

    /// Whether these roles have the permission of an action at all, as for a list or a menu.
    #[must_use]
    pub fn permits(&self, roles: &[String], action: Action) -> bool {
        self.held(roles).any(|role| role.bits.own & action.bit() != 0)
    }

    /// Every permission of these roles, as their rows wrote them, sorted.
    #[must_use]
    pub fn permissions(&self, roles: &[String]) -> Vec<String> {
        self.roles.permissions(roles).into_iter().collect()
    }

    /// The rules that cannot be read, each with what to change.
    #[must_use]
    pub fn unreadable(&self) -> Vec<(String, String)> {
        let faulty = self.rules.iter().filter_map(|rule| Some((rule.id.clone(), rule.unreadable.clone()?)));
        faulty.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Those of the roles that a row names.
    fn held(&self, roles: &[String]) -> impl Iterator<Item = &Role> {
        roles.iter().filter_map(|role| self.roles.get(role))
    }

    fn evaluate<'a>(
        &'a self,
        request: &Request<'_>,
        trace: &mut Trace,
        obligations: &mut Vec<Obligation>,
    ) -> Verdict<'a> {
        let roles: Vec<&Role> = self.held(request.roles).collect();
        let bits = Bits::of(&roles);
        let sees = sees(request, bits);
        // What the subject may not know of is absent, whatever else would have refused it.
        let refuse = |rule| deny(if sees { rule } else { HIDDEN });
        if !tenant(request, bits, trace) {
            return refuse(FOREIGN);
        }
        if !credential(request, trace) {
            return refuse(SCOPE);
        }
        let Some(role) = role(&roles, request, trace) else {
            return refuse(ROLE);
        };
        if !access(request, bits, sees, trace) {
            return refuse(ACCESS);
        }
        if !self.required(request, trace) {
            return deny(REQUIRED);
        }
        if !clearance(request, trace) {
            return deny(CLEARANCE);
        }
        self.policies(request, role, trace, obligations)
    }

    /// Whether the roles have what the row asks of whoever executes it, its owner included.
    fn required(&self, request: &Request<'_>, trace: &mut Trace) -> bool {
        if request.resource.requires.is_empty() || request.action.need() != Need::Access(AccessLevel::Execute)
        {
            return true;
        }
        let lacks = request.resource.requires.iter().find(|word| !self.roles.have(request.roles, word));
        trace.say("roles", || match lacks {
            Some(word) => format!("it asks for {word}, which none of {} has", request.roles.join(", ")),
            None => format!("the roles have what it asks for: {}", request.resource.requires.join(", ")),
        });
        lacks.is_none()
    }

    /// Explicit deny first, then the highest priority, then what holds when no rule speaks.
    fn policies<'a>(
        &'a self,
        request: &Request<'_>,
        role: &'a str,
        trace: &mut Trace,
        obligations: &mut Vec<Obligation>,
    ) -> Verdict<'a> {
        let action = request.action;
        let mut applying: Vec<usize> = Vec::new();
        self.by_action[action as usize].find(&request.resource.target, |rules| {
            rules.add_to(request, &mut applying);
        });
        applying.sort_unstable();
        applying.dedup();

        let mut denied: Option<(&'a str, usize)> = None;
        let mut unreadable: Option<(&'a str, usize)> = None;
        let mut spoken: Option<(i32, Effect, &'a str, usize)> = None;
        let mut allowed = action != Action::ToolInvoke;
        if action == Action::ToolInvoke && request.resource.asks {
            spoken = Some((TOOL_ASKS_PRIORITY, Effect::Approve, ASKS, trace.place()));
            trace.say("policies", || "the tool asks for approval of every call".to_owned());
        }
        for rule in applying.into_iter().map(|at| &self.rules[at]) {
            let place = trace.place();
            let Ok(applies) = rule.applies(request) else {
                trace.say("policies", || {
                    let why =
                        rule.unreadable.as_deref().unwrap_or("the request lacks a fact that it asks about");
                    format!("{} cannot be read here and so denies: {why}", rule.title)
                });
                unreadable = unreadable.or(Some((&rule.id, place)));
                continue;
            };
            let Some(priority) = applies else { continue };
            trace.say("policies", || match priority {
                0 => format!("{} says {}", rule.title, rule.effect),
                _ => format!("{} says {} at priority {priority}", rule.title, rule.effect),
            });
            if rule.effect == Effect::Deny {
                denied = denied.or(Some((&rule.id, place)));
                continue;
            }
            allowed = true;
            for obligation in &rule.obligations {
                if !obligations.contains(obligation) {
                    obligations.push(obligation.clone());
                }
            }
            // Of equal priority, asking is the stricter word and wins; then the first id.
            let is_stronger = spoken.is_none_or(|(highest, effect, ..)| {
                priority > highest
                    || (priority == highest && rule.effect == Effect::Approve && effect == Effect::Allow)
            });
            if is_stronger {
                spoken = Some((priority, rule.effect, &rule.id, place));
            }
        }
        if let Some((rule, place)) = denied {
            trace.settle(place);
            return Verdict { effect: Effect::Deny, rule: rule.into() };
        }
        if let Some((rule, place)) = unreadable {
            trace.settle(place);
            return Verdict { effect: Effect::Deny, rule: format!("{UNREADABLE}{rule}").into() };
        }
        match spoken {
            // A tool's own question is no permission: a rule must have let the call pass.
            _ if !allowed => {
                trace.say("policies", || {
                    "no rule allows this call, and tools are denied by default".to_owned()
                });
                deny(DEFAULT)
            }
            Some((_, effect, rule, place)) => {
                trace.settle(place);
                Verdict { effect, rule: rule.into() }
            }
            None => {
                trace.say("policies", || "no rule speaks against it".to_owned());
                Verdict { effect: Effect::Allow, rule: role.into() }
            }
        }
    }
}

fn deny(rule: &'static str) -> Verdict<'static> {
    Verdict { effect: Effect::Deny, rule: Cow::Borrowed(rule) }
}

/// The first role that permits the action, as decisions name it.
fn role<'a>(held: &[&'a Role], request: &Request<'_>, trace: &mut Trace) -> Option<&'a str> {
    let action = request.action;
    let permitting = held.iter().find(|role| role.bits.own & action.bit() != 0);
    trace.say("roles", || match permitting {
        Some(role) => format!("{} permits {action}", role.rule.trim_start_matches("roles/")),
        None if request.roles.is_empty() => format!("{} has no role", request.subject),
        None => format!("none of {} permits {action}", request.roles.join(", ")),
    });
    permitting.map(|role| role.rule.as_str())
}

/// Whether the subject may know that the row exists.
fn sees(request: &Request<'_>, bits: Bits) -> bool {
    let any = bits.any & request.action.bit() != 0;
    match request.action.need() {
        Need::Platform => true,
        Need::Own => request.owner || any,
        Need::Tenant => request.same_organization || request.resource.official,
        Need::Access(_) => {
            request.is_shared() || (request.same_organization && (request.owner || request.grant.any()))
        }
    }
}

/// Tenant boundary: rows of other tenants are used where they are public or official, and changed never; the
/// platform's own rows are changed by whoever keeps them.
fn tenant(request: &Request<'_>, bits: Bits, trace: &mut Trace) -> bool {
    let resource = &request.resource;
    let keeps = resource.official && bits.official & request.action.bit() != 0;
    let (passes, sentence) = match request.action.need() {
        Need::Platform | Need::Own => (true, "the row belongs to no tenant"),
        _ if request.same_organization => (true, "the row lies in the caller's organisation"),
        _ if keeps => (true, "the row is the platform's, and the caller keeps it"),
        Need::Access(AccessLevel::Read | AccessLevel::Clone | AccessLevel::Execute) if resource.official => {
            (true, "the row is the platform's and open to every tenant")
        }
        Need::Access(AccessLevel::Read | AccessLevel::Clone | AccessLevel::Execute)
            if resource.visibility == Visibility::Public =>
        {
            (true, "the row is another tenant's and public")
        }
        _ => (false, "the row lies in another organisation"),
    };
    trace.say("tenant", || sentence.to_owned());
    passes
}

fn credential(request: &Request<'_>, trace: &mut Trace) -> bool {
    let Some(scopes) = request.token_scopes else {
        return true;
    };
    let passes = scopes.iter().any(|scope| covers(scope, request.action));
    trace.say("credential", || {
        let verb = if passes { "include" } else { "leave out" };
        format!("the credential's scopes {verb} {}", request.action)
    });
    passes
}

/// Ownership, visibility, grants and roles that manage what is shared.
fn access(request: &Request<'_>, bits: Bits, sees: bool, trace: &mut Trace) -> bool {
    let (action, resource) = (request.action, &request.resource);
    let any = bits.any & action.bit() != 0;
    let needed = match action.need() {
        Need::Platform | Need::Tenant => return true,
        Need::Own => {
            let passes = request.owner || any;
            trace.say("access", || match (request.owner, passes) {
                (true, _) => "the caller owns the row".to_owned(),
                (false, true) => format!("a role permits {action} on everybody's rows"),
                (false, false) => "the row is somebody else's".to_owned(),
            });
            return passes;
        }
        Need::Access(needed) => needed,
    };
    let shared = request.is_shared();
    let manages = any && shared && request.same_organization;
    let keeps = resource.official && bits.official & action.bit() != 0;
    let opened = shared && AccessLevel::Write != needed && AccessLevel::Admin != needed;
    let granted = request.same_organization && request.grant.includes(needed);
    let owns = request.same_organization && request.owner;
    trace.say("access", || {
        if owns {
            "the caller owns the row".to_owned()
        } else if opened {
            match resource.official {
                true => format!("the row is official, which gives {needed}"),
                false => format!("visibility {} gives {needed}", resource.visibility),
            }
        } else if granted {
            format!("a grant gives {needed}")
        } else if manages {
            format!("a role permits {action} on every shared row of the organisation")
        } else if keeps {
            format!("a role permits {action} on the platform's rows")
        } else if sees {
            format!("the caller sees the row but has no {needed} on it")
        } else {
            "the row is not visible to the caller".to_owned()
        }
    });
    owns || opened || granted || manages || keeps
}

fn clearance(request: &Request<'_>, trace: &mut Trace) -> bool {
    if !request.action.kind().is_content() {
        return true;
    }
    let (clearance, classification) = (request.clearance, request.resource.classification);
    let passes = clearance >= classification;
    trace.say("clearance", || {
        let verb = if passes { "reaches" } else { "does not reach" };
        format!("clearance {clearance} {verb} classification {classification}")
    });
    passes
}
