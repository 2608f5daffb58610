//! Role rows, compiled by casbin into one word of permissions per role.
//!
//! casbin answers "may this role do this" in time linear in the rows (milliseconds at a thousand), so it is asked
//! once per role when the rows change and never on the way of a request.

use std::collections::BTreeSet;

use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi, RbacApi};
use foldhash::HashMap;
use serde::{Deserialize, Serialize};

use crate::{
    Action, Error,
    action::{covers, matches},
};

/// One role of an organisation or of the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleRow {
    /// The name with its set: `platform:admin`, `organization:member`, or an organisation's own, `organization:auditor`.
    pub role: String,
    /// Permissions: `agent.read`, `agent.*` or `*`, each with an optional reach: `:any` reaches every shared row of
    /// the tenant (and, for personal rows, everybody's), `:official` the platform's own rows. A permission that is no
    /// action of ours, such as `sharepoint.read`, is kept for conditions, lists, and rows that ask for it.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// Roles whose permissions it has too.
    #[serde(default)]
    pub inherits: Vec<String>,
}

const MODEL: &str = r"
[request_definition]
r = sub, act, reach

[policy_definition]
p = sub, act, reach

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = g(r.sub, p.sub) && keyMatch(r.act, p.act) && r.reach == p.reach
";

/// How far a permission reaches.
const REACHES: [&str; 3] = ["own", "any", "official"];

/// The permissions of one role, one bit per action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    /// At all: on own rows, granted rows and rows that visibility opens.
    pub(crate) own: u128,
    /// On every shared row of the tenant.
    pub(crate) any: u128,
    /// On the platform's own rows.
    pub(crate) official: u128,
}

impl Bits {
    /// What several roles permit together.
    pub(crate) fn of(roles: &[&Role]) -> Self {
        roles.iter().fold(Self::default(), |all, role| Self {
            own: all.own | role.bits.own,
            any: all.any | role.bits.any,
            official: all.official | role.bits.official,
        })
    }
}

#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) bits: Bits,
    /// `roles/<name>`, as a decision names it.
    pub(crate) rule: String,
    permissions: BTreeSet<String>,
}

/// Every role of one organisation and of the platform.
#[derive(Debug)]
pub(crate) struct RoleTable(HashMap<String, Role>);

impl RoleTable {
    pub(crate) async fn build(rows: &[RoleRow]) -> Result<Self, Error> {
        let enforcer = enforcer(rows).await?;
        Ok(Self(rows.iter().map(|row| (row.role.clone(), compile(&enforcer, &row.role))).collect()))
    }

    /// The role, unless no row names it: an unknown role permits nothing.
    pub(crate) fn get(&self, role: &str) -> Option<&Role> {
        self.0.get(role)
    }

    /// Whether one of these roles has a permission by this word, be it an action's or one that only an organisation knows.
    pub(crate) fn have(&self, roles: &[String], word: &str) -> bool {
        let rows = roles.iter().filter_map(|role| self.get(role)).flat_map(|role| &role.permissions);
        rows.map(|permission| pattern(permission).0).any(|pattern| matches(pattern, word))
    }

    /// Every permission of these roles as rows wrote them, for lists.
    pub(crate) fn permissions(&self, roles: &[String]) -> BTreeSet<String> {
        roles
            .iter()
            .filter_map(|role| self.get(role))
            .flat_map(|role| role.permissions.iter().cloned())
            .collect()
    }
}

/// casbin over the rows, in memory.
pub(crate) async fn enforcer(rows: &[RoleRow]) -> Result<Enforcer, Error> {
    async fn filled(rows: &[RoleRow]) -> casbin::Result<Enforcer> {
        let model = DefaultModel::from_str(MODEL).await?;
        let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await?;
        let policies: BTreeSet<Vec<String>> = rows
            .iter()
            .flat_map(|row| row.permissions.iter().map(|permission| policy(&row.role, permission)))
            .collect();
        let inheritance: BTreeSet<Vec<String>> = rows
            .iter()
            .flat_map(|row| row.inherits.iter().map(|parent| vec![row.role.clone(), parent.clone()]))
            .collect();
        enforcer.add_policies(policies.into_iter().collect()).await?;
        enforcer.add_grouping_policies(inheritance.into_iter().collect()).await?;
        Ok(enforcer)
    }
    filled(rows).await.map_err(|source| Error::Roles { source: Box::new(source) })
}

/// A permission as its row wrote it, without its reach, and that.
fn pattern(permission: &str) -> (&str, &str) {
    match permission.rsplit_once(':') {
        Some((pattern, reach)) if REACHES.contains(&reach) => (pattern, reach),
        _ => (permission, REACHES[0]),
    }
}

fn policy(role: &str, permission: &str) -> Vec<String> {
    let (pattern, reach) = pattern(permission);
    vec![role.to_owned(), pattern.to_owned(), reach.to_owned()]
}

fn compile(enforcer: &Enforcer, role: &str) -> Role {
    let mut bits = Bits::default();
    let mut permissions = BTreeSet::new();
    for row in enforcer.get_implicit_permissions_for_user(role, None) {
        let [_, pattern, reach] = row.as_slice() else {
            continue;
        };
        let actions = Action::ALL.iter().filter(|action| covers(pattern, **action));
        let covered = actions.fold(0, |bits, action| bits | action.bit());
        // A wider reach includes the narrower one.
        bits.own |= covered;
        match reach.as_str() {
            "any" => bits.any |= covered,
            "official" => bits.official |= covered,
            _ => {}
        }
        permissions.insert(if reach == REACHES[0] { pattern.clone() } else { format!("{pattern}:{reach}") });
    }
    Role { bits, rule: format!("roles/{role}"), permissions }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::built_in_roles;

    #[tokio::test]
    async fn compiled_words_agree_with_casbins_own_answer() {
        let rows = built_in_roles();
        let (enforcer, table) = (enforcer(&rows).await.unwrap(), RoleTable::build(&rows).await.unwrap());
        for row in &rows {
            let bits = table.get(&row.role).unwrap().bits;
            for action in Action::ALL {
                let asked = |reach| enforcer.enforce((row.role.as_str(), action.as_str(), reach)).unwrap();
                let (any, official) = (asked("any"), asked("official"));
                assert_eq!(bits.any & action.bit() != 0, any, "{} {action} any", row.role);
                assert_eq!(bits.official & action.bit() != 0, official, "{} {action} official", row.role);
                assert_eq!(
                    bits.own & action.bit() != 0,
                    asked("own") || any || official,
                    "{} {action}",
                    row.role
                );
            }
        }
    }

    #[tokio::test]
    async fn roles_that_inherit_each_other_end() {
        let row = |role: &str, permission: &str, parent: &str| RoleRow {
            role: role.into(),
            permissions: vec![permission.into()],
            inherits: vec![parent.into()],
        };
        let rows = [
            row("organization:a", "agent.read", "organization:b"),
            row("organization:b", "run.*", "organization:a"),
        ];
        let table = RoleTable::build(&rows).await.unwrap();
        let bits = table.get("organization:a").unwrap().bits;
        assert_eq!(bits.own, Action::AgentRead.bit() | Action::RunRead.bit() | Action::RunCancel.bit());
    }

    #[tokio::test]
    async fn a_permission_that_is_no_action_permits_nothing_and_is_listed() {
        let rows = [RoleRow {
            role: "organization:crm".into(),
            permissions: vec!["crm.view_financial".into(), "agent".into(), "agen*".into()],
            inherits: vec![],
        }];
        let table = RoleTable::build(&rows).await.unwrap();
        assert_eq!(table.get("organization:crm").unwrap().bits, Bits::default());
        assert!(table.permissions(&["organization:crm".into()]).contains("crm.view_financial"));
    }
}
