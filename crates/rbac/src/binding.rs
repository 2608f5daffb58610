//! Where rules apply, kept so that neither a rule bound to many people nor many rules for a person each are walked.

use foldhash::{HashMap, HashMapExt as _};

use conductor_domain::{AgentId, EnvironmentId, OrganizationId, Scope, UserId};
use serde::{Deserialize, Serialize};

use crate::Request;

/// Where a rule applies. A rule applies where one of its bindings does; without a binding it applies nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// `org`, `env`, `agent`, `tool`, `role`, `user` or `resource_ns`.
    pub scope_type: String,
    /// The id or name of that scope; `*` for every one of its type.
    pub scope_id: String,
    /// Among rules that allow or ask, the highest priority speaks; a rule that denies needs none.
    #[serde(default)]
    pub priority: i32,
}

/// A binding that names one thing, to be found by that name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Named {
    Organization(OrganizationId),
    Environment(EnvironmentId),
    Agent(AgentId),
    Target(String),
    Role(String),
    Subject(String),
}

/// A binding that covers many things and has to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wide {
    Everywhere,
    AnyAgent,
    AnyUser,
    Kind(&'static str),
    Namespace(String),
}

/// Something for each of many names, found by what a request names.
#[derive(Debug)]
struct ByName<T> {
    organizations: HashMap<OrganizationId, T>,
    environments: HashMap<EnvironmentId, T>,
    agents: HashMap<AgentId, T>,
    targets: HashMap<String, T>,
    roles: HashMap<String, T>,
    subjects: HashMap<String, T>,
}

// Derived, it would ask for `T: Default`.
impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self {
            organizations: HashMap::new(),
            environments: HashMap::new(),
            agents: HashMap::new(),
            targets: HashMap::new(),
            roles: HashMap::new(),
            subjects: HashMap::new(),
        }
    }
}

impl<T> ByName<T> {
    /// Puts something under a name, or changes what is there.
    fn put(&mut self, name: Named, new: impl FnOnce() -> T, change: impl FnOnce(&mut T)) {
        match name {
            Named::Organization(id) => self.organizations.entry(id).and_modify(change).or_insert_with(new),
            Named::Environment(id) => self.environments.entry(id).and_modify(change).or_insert_with(new),
            Named::Agent(id) => self.agents.entry(id).and_modify(change).or_insert_with(new),
            Named::Target(text) => self.targets.entry(text).and_modify(change).or_insert_with(new),
            Named::Role(role) => self.roles.entry(role).and_modify(change).or_insert_with(new),
            Named::Subject(text) => self.subjects.entry(text).and_modify(change).or_insert_with(new),
        };
    }

    /// Everything under a name that the request has.
    fn of(&self, request: &Request<'_>) -> impl Iterator<Item = &T> {
        let Scope { organization_id, environment_id } = request.scope;
        let single = [
            self.organizations.get(&organization_id),
            self.environments.get(&environment_id),
            self.targets.get(request.resource.target.as_ref()),
            self.subjects.get(request.subject.as_ref()),
        ];
        let roles = request.roles.iter().map(|role| self.roles.get(role));
        let agents = request.agents.iter().map(|agent| self.agents.get(agent));
        single.into_iter().chain(roles).chain(agents).flatten()
    }
}

impl Wide {
    fn covers(&self, request: &Request<'_>) -> bool {
        let target = request.resource.target.as_ref();
        match self {
            Self::Everywhere => true,
            Self::AnyAgent => !request.agents.is_empty(),
            Self::AnyUser => request.subject.starts_with("user:"),
            Self::Kind(start) => target.starts_with(start),
            Self::Namespace(text) => target
                .strip_prefix(text.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        }
    }
}

/// The bindings of one rule, each with its priority.
#[derive(Debug, Default)]
pub(crate) struct Bindings {
    wide: Vec<(Wide, i32)>,
    named: ByName<i32>,
    names: Vec<Named>,
}

impl Bindings {
    /// Reads bindings. One that cannot be read is taken for everything that it may have meant.
    pub(crate) fn read(rows: &[Binding], faults: &mut Vec<String>) -> Self {
        let mut bindings = Self::default();
        for row in rows {
            match read(row) {
                Some(Ok(name)) => {
                    let priority = row.priority;
                    bindings.named.put(name.clone(), || priority, |it| *it = priority.max(*it));
                    bindings.names.push(name);
                }
                Some(Err(wide)) => bindings.wide.push((wide, row.priority)),
                None => {
                    faults.push(format!(
                        "the binding to {:?} {:?} cannot be read",
                        row.scope_type, row.scope_id
                    ));
                    bindings.wide.push((Wide::Everywhere, row.priority));
                }
            }
        }
        bindings
    }

    /// The highest priority among those that cover the request; `None` where none does.
    pub(crate) fn priority(&self, request: &Request<'_>) -> Option<i32> {
        let wide = self.wide.iter().filter(|(wide, _)| wide.covers(request)).map(|(_, priority)| priority);
        wide.chain(self.named.of(request)).max().copied()
    }
}

/// Rules by where they apply: those that a request names, and those that have to be asked.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    asked: Vec<usize>,
    named: ByName<Vec<usize>>,
}

impl Candidates {
    /// Adds those that may apply to the request; one may be added more than once.
    pub(crate) fn add_to(&self, request: &Request<'_>, found: &mut Vec<usize>) {
        found.extend_from_slice(&self.asked);
        for rules in self.named.of(request) {
            found.extend_from_slice(rules);
        }
    }
}

impl<'b> Extend<(usize, &'b Bindings)> for Candidates {
    fn extend<I: IntoIterator<Item = (usize, &'b Bindings)>>(&mut self, rules: I) {
        for (rule, bindings) in rules {
            if !bindings.wide.is_empty() {
                self.asked.push(rule);
                continue;
            }
            for name in &bindings.names {
                self.named.put(name.clone(), || vec![rule], |rules| rules.push(rule));
            }
        }
    }
}

fn read(binding: &Binding) -> Option<Result<Named, Wide>> {
    let id = binding.scope_id.as_str();
    match (binding.scope_type.as_str(), id) {
        (_, "") => None,
        ("org" | "env" | "resource_ns" | "role", "*") => Some(Err(Wide::Everywhere)),
        ("agent", "*") => Some(Err(Wide::AnyAgent)),
        ("tool", "*") => Some(Err(Wide::Kind("tool:"))),
        ("user", "*") => Some(Err(Wide::AnyUser)),
        ("resource_ns", _) => Some(Err(Wide::Namespace(prefixed(id.trim_end_matches('/'))))),
        ("org", _) => id.parse().ok().map(|id| Ok(Named::Organization(id))),
        ("env", _) => id.parse().ok().map(|id| Ok(Named::Environment(id))),
        ("agent", _) => id.parse().ok().map(|id| Ok(Named::Agent(id))),
        ("tool", _) => Some(Ok(Named::Target(prefixed(id)))),
        ("role", _) => Some(Ok(Named::Role(id.to_owned()))),
        ("user", _) if id.contains(':') => Some(Ok(Named::Subject(id.to_owned()))),
        ("user", _) => id.parse::<UserId>().ok().map(|user| Ok(Named::Subject(format!("user:{user}")))),
        _ => None,
    }
}

/// `pdf/read` means `tool:pdf/read`.
fn prefixed(id: &str) -> String {
    if id.contains(':') { id.to_owned() } else { format!("tool:{id}") }
}
