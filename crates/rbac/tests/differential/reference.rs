//! The plain authorizer: the same rules, read off the rows at every question, with nothing compiled and nothing fast.

use chrono::{DateTime, Datelike, Timelike, Utc};
use conductor_domain::{Classification, Effect, Visibility};
use conductor_rbac::{AccessLevel, Action, Binding, Holder, Need, PolicyRow, Request, RoleRow};
use serde_json::Value;

use crate::generate::World;

pub(crate) fn decide(world: &World, request: &Request<'_>) -> (Effect, String) {
    let refuse =
        |rule: &str| (Effect::Deny, if sees(world, request) { rule } else { "visibility/hidden" }.to_owned());
    let needs = request.action.need();
    let looks = matches!(needs, Need::Access(AccessLevel::Read | AccessLevel::Clone | AccessLevel::Execute));
    let resource = &request.resource;
    let shared = shared(request);
    let keeps = resource.official && has(world, request, Some("official"));

    let at_home = matches!(needs, Need::Platform | Need::Own) || request.same_organization;
    let open_to_all = looks && (resource.official || resource.visibility == Visibility::Public);
    if !(at_home || keeps || open_to_all) {
        return refuse("tenant/foreign");
    }
    if let Some(scopes) = request.token_scopes
        && !scopes.iter().any(|scope| matches(scope, request.action.as_str()))
    {
        return refuse("credential/scope");
    }
    let Some(role) = request.roles.iter().find(|role| permits(world, role, request.action.as_str(), None))
    else {
        return refuse("roles/missing");
    };
    let any = has(world, request, Some("any"));
    let reached = match needs {
        Need::Platform | Need::Tenant => true,
        Need::Own => request.owner || any,
        Need::Access(level) => {
            (request.same_organization && (request.owner || any && shared || request.grant.includes(level)))
                || (shared && looks)
                || keeps
        }
    };
    if !reached {
        return refuse("access/too-low");
    }
    let has = |word: &String| request.roles.iter().any(|role| permits(world, role, word, None));
    if needs == Need::Access(AccessLevel::Execute) && !resource.requires.iter().all(has) {
        return (Effect::Deny, "roles/required-permission".to_owned());
    }
    if request.action.kind().is_content() && request.clearance < resource.classification {
        return (Effect::Deny, "clearance/too-low".to_owned());
    }
    policies(world, request, role)
}

fn policies(world: &World, request: &Request<'_>, role: &str) -> (Effect, String) {
    let mut rows: Vec<&PolicyRow> = world.policies.iter().collect();
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    let said: Vec<(&PolicyRow, Said)> = rows.into_iter().map(|row| (row, says(row, request))).collect();
    if let Some((row, _)) =
        said.iter().find(|(row, said)| row.effect == "deny" && matches!(said, Said::Applies(_)))
    {
        return (Effect::Deny, row.id.clone());
    }
    if let Some((row, _)) = said.iter().find(|(_, said)| matches!(said, Said::Unreadable)) {
        return (Effect::Deny, format!("policies/unreadable/{}", row.id));
    }
    let invokes = request.action == Action::ToolInvoke;
    let mut voices: Vec<(i32, bool, String)> = said
        .iter()
        .filter_map(|(row, said)| match said {
            Said::Applies(priority) => Some((*priority, row.effect == "approve", row.id.clone())),
            _ => None,
        })
        .collect();
    if invokes && voices.is_empty() {
        return (Effect::Deny, "policies/default-deny".to_owned());
    }
    if invokes && request.resource.asks {
        voices.insert(0, (50, true, "tool/asks".to_owned()));
    }
    // A stable sort, so that among equals the first stays first.
    voices.sort_by_key(|(priority, approves, _)| std::cmp::Reverse((*priority, *approves)));
    match voices.into_iter().next() {
        Some((_, true, rule)) => (Effect::Approve, rule),
        Some((_, false, rule)) => (Effect::Allow, rule),
        None => (Effect::Allow, format!("roles/{role}")),
    }
}

enum Said {
    Nothing,
    Unreadable,
    Applies(i32),
}

fn says(row: &PolicyRow, request: &Request<'_>) -> Said {
    let word = request.action.as_str();
    let known = Action::ALL.iter().any(|action| matches(&row.action, action.as_str()));
    let action_fits = match row.action.as_str() {
        pattern if known => matches(pattern, word),
        // The two misspelt ones that worlds are made of: a known noun covers its noun, an unknown one everything.
        "tool.fly" => word.starts_with("tool."),
        _ => true,
    };
    let (target_readable, target_fits) = match row.target.as_str() {
        "" => (false, true),
        "to*l" => (false, request.resource.target.starts_with("to")),
        pattern => (true, matches(pattern, &request.resource.target)),
    };
    let bound: Vec<&Binding> = row.bindings.iter().filter(|binding| binds(binding, request)).collect();
    if !action_fits || !target_fits || bound.is_empty() {
        return Said::Nothing;
    }
    let bindings_readable =
        row.bindings.iter().all(|binding| binding.scope_type != "star" && !binding.scope_id.is_empty());
    let conditions = row.conditions.as_object().expect("worlds hold objects");
    let conditions_readable =
        !conditions.contains_key("weather") && conditions.get("owner") != Some(&"yes".into());
    if !known || !target_readable || row.effect == "maybe" || !bindings_readable || !conditions_readable {
        return Said::Unreadable;
    }
    let answers: Vec<Option<bool>> =
        conditions.iter().flat_map(|(key, value)| holds(key, value, request)).collect();
    if answers.contains(&Some(false)) {
        Said::Nothing
    } else if answers.contains(&None) {
        Said::Unreadable
    } else {
        Said::Applies(bound.iter().map(|binding| binding.priority).max().unwrap_or_default())
    }
}

/// What each condition answers; `None` where the request cannot say.
fn holds(key: &str, value: &Value, request: &Request<'_>) -> Vec<Option<bool>> {
    let lists = |word: &str| value.as_array().is_some_and(|words| words.iter().any(|listed| listed == word));
    let label = |value: &Value| value.as_str().and_then(|word| word.parse::<Classification>().ok()).unwrap();
    let word = request.action.as_str();
    let changes = !(word.ends_with(".read") || word == "tool.invoke" && request.resource.read_only);
    let context = request.context_labels.iter().max().copied().unwrap_or(Classification::Public);
    vec![Some(match key {
        "roles" => request.roles.iter().any(|role| lists(role)),
        "no_roles" => !request.roles.iter().any(|role| lists(role)),
        "read_only" => value == &Value::Bool(request.resource.read_only),
        "changes" => value == &Value::Bool(changes),
        "owner" => value == &Value::Bool(request.owner),
        "official" => value == &Value::Bool(request.resource.official),
        "outbound" => value == &Value::Bool(request.resource.outbound),
        "flows_down" => value == &Value::Bool(context > request.resource.classification),
        "kinds" => lists(request.action.kind().as_str()),
        "actions" => value.as_array().unwrap().iter().any(|pattern| matches(pattern.as_str().unwrap(), word)),
        "classification_at_least" => request.resource.classification >= label(value),
        "context_at_least" => context >= label(value),
        "context_at_most" => context <= label(value),
        "labels" => request.resource.labels.iter().any(|held| lists(held)),
        "environments" => lists(&request.scope.environment_id.to_string()),
        "environment_types" => return vec![request.environment_type.map(|kind| lists(kind.as_str()))],
        // The one list that worlds hold: 10.0.0.0/8 and the loopback of IPv6.
        "addresses" => {
            return vec![request.address.map(|address| match address.to_canonical() {
                std::net::IpAddr::V4(address) => address.octets()[0] == 10,
                std::net::IpAddr::V6(address) => address.is_loopback(),
            })];
        }
        "before" => return vec![request.now.map(|now| now.to_rfc3339().as_str() < value.as_str().unwrap())],
        "after" => return vec![request.now.map(|now| now.to_rfc3339().as_str() >= value.as_str().unwrap())],
        // Mondays from 06:00 to 16:00 UTC.
        "hours" => {
            return vec![
                request.now.map(|now| now.weekday().to_string() == "Mon" && (6..16).contains(&now.hour())),
            ];
        }
        "arguments" => {
            return tests(value, request.arguments, |given, pointer| given.pointer(pointer));
        }
        "attributes" => return tests(value, request.attributes, |given, name| given.get(name)),
        other => panic!("worlds have no condition {other}"),
    })]
}

fn tests<'v>(
    tests: &Value,
    given: Option<&'v Value>,
    find: impl Fn(&'v Value, &str) -> Option<&'v Value>,
) -> Vec<Option<bool>> {
    let Some(all) = given else {
        return vec![None];
    };
    let test = |name: &str, test: &str, operand: &Value| match (find(all, name), test) {
        (None, _) => Some(false),
        (Some(given), "equals") => Some(given == operand),
        (Some(given), "at_most") => given.as_f64().map(|number| number <= operand.as_f64().unwrap()),
        (Some(given), _) => given.as_str().map(|text| text.starts_with(operand.as_str().unwrap())),
    };
    let pointers = tests.as_object().unwrap().iter();
    pointers
        .flat_map(|(at, tests)| {
            tests.as_object().unwrap().iter().map(|(name, to)| test(at, name, to)).collect::<Vec<_>>()
        })
        .collect()
}

/// What a subject holds on a target at a moment, read off the rows: the last row of an id counts.
pub(crate) fn levels(
    world: &World,
    request: &Request<'_>,
    targets: &[&str],
    now: DateTime<Utc>,
) -> Vec<AccessLevel> {
    let last = |at: usize| world.grants.iter().skip(at + 1).all(|later| later.id != world.grants[at].id);
    let rows = world.grants.iter().enumerate().filter(|(at, _)| last(*at)).map(|(_, row)| row);
    rows.filter(|row| targets.contains(&row.target.as_str()))
        .filter(|row| match &row.holder {
            None => false,
            Some(Holder::Everybody) => true,
            Some(Holder::Role(role)) => request.roles.iter().any(|held| held == role),
            Some(Holder::Subject(subject)) => *subject == request.subject,
        })
        .filter(|row| match row.expires_at {
            None => true,
            Some(end) => now < end,
        })
        .map(|row| row.level)
        .collect()
}

fn binds(binding: &Binding, request: &Request<'_>) -> bool {
    let target = request.resource.target.as_ref();
    let nil = "00000000-0000-0000-0000-000000000000";
    match (binding.scope_type.as_str(), binding.scope_id.as_str()) {
        (_, "") | ("star", _) => true,
        ("org" | "env", id) => id == "*" || id == nil,
        ("agent", id) => !request.agents.is_empty() && (id == "*" || id == nil),
        ("tool", "*") => target.starts_with("tool:"),
        ("tool", id) => target == format!("tool:{id}"),
        ("resource_ns", id) => target == format!("tool:{id}") || target.starts_with(&format!("tool:{id}/")),
        ("role", id) => request.roles.iter().any(|role| role == id),
        ("user", "*") => request.subject.starts_with("user:"),
        (_, id) => request.subject == id,
    }
}

/// A trailing `*` takes the rest; in action words it stands alone or after a dot.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => {
            (start.is_empty() || !start.ends_with(char::is_alphanumeric)) && text.starts_with(start)
        }
        None => pattern == text,
    }
}

fn permits(world: &World, role: &str, word: &str, reach: Option<&str>) -> bool {
    let Some(row): Option<&RoleRow> = world.roles.iter().find(|row| row.role == role) else {
        return false;
    };
    let own = row.permissions.iter().any(|permission| {
        let (pattern, held) = match permission.rsplit_once(':') {
            Some((pattern, held)) => (pattern, Some(held)),
            None => (permission.as_str(), None),
        };
        (reach.is_none() || reach == held) && matches(pattern, word)
    });
    own || row.inherits.iter().any(|parent| permits(world, parent, word, reach))
}

fn has(world: &World, request: &Request<'_>, reach: Option<&str>) -> bool {
    request.roles.iter().any(|role| permits(world, role, request.action.as_str(), reach))
}

fn shared(request: &Request<'_>) -> bool {
    request.resource.official
        || match request.resource.visibility {
            Visibility::Private => false,
            Visibility::Team => request.same_organization && request.same_environment,
            Visibility::Organization => request.same_organization,
            Visibility::Public => true,
        }
}

fn sees(world: &World, request: &Request<'_>) -> bool {
    match request.action.need() {
        Need::Platform => true,
        Need::Own => request.owner || has(world, request, Some("any")),
        Need::Tenant => request.same_organization || request.resource.official,
        Need::Access(_) => {
            shared(request) || request.same_organization && (request.owner || request.grant.any())
        }
    }
}
