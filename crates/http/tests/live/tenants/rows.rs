//! Whose a row is: everything that hangs together by ids, from the organisation down.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::people::Tenant;
use crate::world::World;

/// Rows of one's own that may name what one does not see, and why that reaches nothing.
const WORDS: [(&str, &str); 2] = [
    ("policy_bindings", "a policy may be bound to what is not there yet, within its organisation"),
    (
        "permission_requests",
        "a wish for what one was told of; `attacks/escalation_by_grants.rs` has it approved",
    ),
];

/// The rows of a moment, and the tenant of every id in them.
pub(super) struct Owners {
    rows: BTreeMap<String, BTreeSet<String>>,
    of: HashMap<Uuid, usize>,
}

/// Every id in a row, as bytes or as text.
fn ids(row: &str) -> HashSet<Uuid> {
    let bytes = row.as_bytes();
    let mut found = HashSet::new();
    for at in 0..bytes.len() {
        let piece = |from: usize, length: usize| {
            bytes.get(from..from + length).and_then(|piece| std::str::from_utf8(piece).ok())
        };
        let text = if bytes[at..].starts_with(b"X'") && bytes.get(at + 34) == Some(&b'\'') {
            piece(at + 2, 32)
        } else if bytes.get(at + 8) == Some(&b'-') && bytes.get(at + 13) == Some(&b'-') {
            piece(at, 36)
        } else {
            None
        };
        found.extend(text.and_then(|text| Uuid::try_parse(text).ok()));
    }
    found
}

/// The rows that say what is, and not what was asked: the audit log names what was refused, too.
fn rows(world: &World) -> BTreeMap<String, BTreeSet<String>> {
    let mut rows = world.database().rows();
    rows.retain(|table, _| !table.starts_with("audit"));
    rows
}

impl Owners {
    pub(super) fn of(world: &World, tenants: &[Tenant]) -> Self {
        let rows = rows(world);
        let telling = rows.iter().filter(|(table, _)| !WORDS.iter().any(|(words, _)| words == table));
        let all: Vec<HashSet<Uuid>> = telling.flat_map(|(_, rows)| rows).map(|row| ids(row)).collect();
        let mut reached: Vec<HashSet<Uuid>> = tenants
            .iter()
            .map(|tenant| tenant.ids.iter().filter(|(name, _)| *name == "org_id" || *name == "user_id"))
            .map(|ids| ids.map(|(_, id)| id.parse().unwrap()).collect())
            .collect();
        // From a row to what it names, but never through what several tenants have (roles, official agents), nor from
        // rows that may name anything.
        let mut shared = HashSet::new();
        for _ in 0..4 {
            for reached in &mut reached {
                let more = all.iter().filter(|ids| !ids.is_disjoint(reached)).flatten().copied();
                let more: Vec<Uuid> = more.filter(|id| !shared.contains(id)).collect();
                reached.extend(more);
            }
            for (at, one) in reached.iter().enumerate() {
                let others = reached[at + 1..].iter().flat_map(|other| one.intersection(other));
                shared.extend(others.copied());
            }
            reached.iter_mut().for_each(|reached| reached.retain(|id| !shared.contains(id)));
        }
        let of: HashMap<Uuid, usize> =
            reached.iter().enumerate().flat_map(|(at, ids)| ids.iter().map(move |id| (*id, at))).collect();
        // Ids in the rows above and in the audit log are each read by one tenant's path alone.
        let apart = ["event_id", "binding_id", "request_id"];
        for (at, tenant) in tenants.iter().enumerate() {
            for (name, id) in tenant.ids.iter().filter(|(name, _)| !apart.contains(&name.as_str())) {
                assert_eq!(
                    of.get(&id.parse::<Uuid>().unwrap()),
                    Some(&at),
                    "whose is the {name} of {}",
                    tenant.mark
                );
            }
        }
        Self { rows, of }
    }

    /// Rows that are other than they were and name anything of a tenant that is not this one.
    pub(super) fn touched_by(&self, world: &World, attacker: usize) -> Vec<String> {
        let after = rows(world);
        let mut touched = Vec::new();
        let none = BTreeSet::new();
        for table in self.rows.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            let (before, after) = (self.rows.get(table).unwrap_or(&none), after.get(table).unwrap_or(&none));
            for row in before.symmetric_difference(after) {
                let foreign =
                    ids(row).into_iter().filter_map(|id| self.of.get(&id)).any(|owner| *owner != attacker);
                if foreign && !WORDS.iter().any(|(words, _)| words == table) {
                    let how = if before.contains(row) { "is gone" } else { "is new" };
                    touched.push(format!("by tenant {attacker} this {how}: {row}"));
                }
            }
        }
        touched
    }
}
