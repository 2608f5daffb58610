//! A sealed chain, and thousands of ways to spoil it: each is found, and named where it begins.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, not their helpers")]

use chrono::{DateTime, TimeDelta};
use conductor_access::audit::{Entry, GENESIS, Report, Start, Verifier, signed};
use conductor_domain::{
    AuditCheckpoint, AuditEvent, AuditEventId, CheckpointKind, OrganizationId, PSEUDONYMISED, canonical_json,
    sha256_hex,
};
use conductor_secrets::{PublicKey, Signer};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

/// Entries of the chain under test.
const ENTRIES: i64 = 24;
/// Entries that checkpoints name.
const NAMED: [i64; 3] = [6, 17, ENTRIES];

/// Of whom every entry says something.
const PERSON: &str = "00000000-0000-0000-0000-000000000002";

fn organization() -> OrganizationId {
    Uuid::from_u128(0x0192_f1c0).into()
}

fn event(seq: i64) -> AuditEvent {
    let number = u128::try_from(seq).unwrap();
    let denied = seq % 5 == 0;
    let part = json!({ "salt": format!("{seq:064}"), "says": { "ip_address": "192.0.2.7" } });
    AuditEvent {
        id: AuditEventId::from_uuid(Uuid::from_u128(0x1000 + number)),
        organization_id: organization(),
        environment_id: Some(Uuid::from_u128(3).into()),
        event_type: if denied { "access.denied" } else { "agent.updated" }.to_owned(),
        subject: format!("user:{}", seq % 3),
        user_id: Some(Uuid::from_u128(number % 3).into()),
        action: "agent.update".to_owned(),
        target: format!("agent:{}", seq % 4),
        decision: if denied { "deny" } else { "allow" }.to_owned(),
        rule_id: denied.then(|| "roles/missing".to_owned()),
        resource_type: Some("agent".to_owned()),
        resource_id: Some(Uuid::from_u128(number % 4)),
        data_classification: Some("confidential".to_owned()),
        ip_address: Some("192.0.2.7".to_owned()),
        denial_reason: denied.then(|| "no role permits it".to_owned()),
        run_id: Some(Uuid::from_u128(number).into()),
        event_data: json!({ "number": seq, "nested": { "list": [1, 2.5, "three"] } }),
        context: json!({ "environment": "prod" }),
        personal_hash: Some(json!({ PERSON: sha256_hex(canonical_json(&part)) })),
        personal: Some(json!({ PERSON: part })),
        ts: DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::milliseconds(seq),
        seq: Some(seq),
        prev_hash: None,
        hash: None,
    }
}

fn chain() -> Vec<AuditEvent> {
    let mut events: Vec<AuditEvent> = (1..=ENTRIES).map(event).collect();
    reseal(&mut events, 0);
    events
}

/// Computes the chain anew from a place on, as somebody would who knows how sealing works.
fn reseal(events: &mut [AuditEvent], from: usize) {
    for at in from..events.len() {
        let seq = i64::try_from(at).unwrap() + 1;
        let previous = if at == 0 { GENESIS.to_owned() } else { events[at - 1].hash.clone().unwrap() };
        events[at].seq = Some(seq);
        events[at].hash = Some(Entry::from(events[at].clone()).hash_in(seq, &previous));
        events[at].prev_hash = Some(previous);
    }
}

struct Sealed {
    events: Vec<AuditEvent>,
    checkpoints: Vec<AuditCheckpoint>,
    keys: Vec<PublicKey>,
}

impl Sealed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let signer = Signer::load_or_create(&folder.path().join("audit.key")).unwrap();
        let events = chain();
        let named = |seq: &i64| {
            let event = &events[usize::try_from(*seq).unwrap() - 1];
            signed(&signer, organization(), CheckpointKind::Head, *seq, event.hash.clone().unwrap(), event.ts)
        };
        let checkpoints = NAMED.iter().map(named).collect();
        Self { events, checkpoints, keys: vec![signer.public()] }
    }

    fn verify(&self) -> Report {
        let mut verifier =
            Verifier::new(organization(), &Start::Genesis, self.checkpoints.clone(), &self.keys);
        let mut rows = self.events.clone();
        // As the database gives them.
        rows.sort_by_key(|event| (event.seq, event.id));
        for event in rows {
            verifier.entry(event.into());
        }
        verifier.finish(0)
    }
}

/// One way to spoil a chain.
#[derive(Clone, Debug)]
enum Tampering {
    Edit { at: usize, column: usize },
    Delete { at: usize },
    Swap { at: usize, with: usize },
    Truncate { left: usize },
    Insert { at: usize },
    InsertAndReseal { at: usize },
    EditAndReseal { at: usize },
}

const COLUMNS: usize = 24;

fn edit(event: &mut AuditEvent, column: usize) {
    let other = || Some("other".to_owned());
    match column {
        0 => event.id = AuditEventId::from_uuid(Uuid::from_u128(0xdead)),
        1 => event.organization_id = Uuid::from_u128(0xbeef).into(),
        2 => event.environment_id = None,
        3 => event.event_type.push('s'),
        4 => event.subject = "user:eve".to_owned(),
        5 => event.user_id = Some(Uuid::from_u128(99).into()),
        6 => event.action = "agent.read".to_owned(),
        7 => event.target.push(' '),
        8 => event.decision = if event.is_allowed() { "deny" } else { "allow" }.to_owned(),
        9 => event.rule_id = other(),
        10 => event.resource_type = None,
        11 => event.resource_id = None,
        12 => event.data_classification = Some("public".to_owned()),
        13 => event.ip_address = Some("192.0.2.8".to_owned()),
        14 => event.denial_reason = other(),
        15 => event.run_id = None,
        16 => event.event_data["nested"]["list"][1] = json!(2.6),
        17 => event.context = json!({}),
        18 => event.ts += TimeDelta::microseconds(1),
        19 => event.prev_hash = Some("0".repeat(63) + "1"),
        20 => event.hash = Some("f".repeat(64)),
        21 => event.personal.as_mut().unwrap()[PERSON]["says"]["ip_address"] = json!("192.0.2.8"),
        22 => event.personal_hash = None,
        _ => event.personal_hash.as_mut().unwrap()[PERSON] = json!("f".repeat(64)),
    }
}

fn copy(event: &AuditEvent) -> AuditEvent {
    AuditEvent { id: AuditEventId::from_uuid(Uuid::from_u128(0xf00d)), ..event.clone() }
}

fn place(at: usize) -> i64 {
    i64::try_from(at).unwrap() + 1
}

/// A chain that was computed anew holds in itself: the first checkpoint of what differs tells.
fn first_named(at: usize) -> i64 {
    *NAMED.iter().find(|named| **named >= place(at)).unwrap()
}

impl Tampering {
    /// Spoils the chain, and says in which place that must be found.
    fn apply(&self, events: &mut Vec<AuditEvent>) -> i64 {
        match *self {
            Self::Edit { at, column } => {
                edit(&mut events[at], column);
                place(at)
            }
            Self::Delete { at } => {
                events.remove(at);
                place(at)
            }
            Self::Swap { at, with } => {
                (events[at].seq, events[with].seq) = (events[with].seq, events[at].seq);
                place(at.min(with))
            }
            Self::Truncate { left } => {
                events.truncate(left);
                place(left)
            }
            Self::Insert { at } => {
                let new = copy(&events[at]);
                events.insert(at, new);
                place(at)
            }
            Self::InsertAndReseal { at } => {
                let new = copy(&events[at]);
                events.insert(at, new);
                reseal(events, at);
                first_named(at)
            }
            Self::EditAndReseal { at } => {
                events[at].subject = "user:eve".to_owned();
                reseal(events, at);
                first_named(at)
            }
        }
    }
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let last = usize::try_from(ENTRIES).unwrap();
    let at = 0..last;
    prop_oneof![
        4 => (at.clone(), 0..COLUMNS).prop_map(|(at, column)| Tampering::Edit { at, column }),
        1 => at.clone().prop_map(|at| Tampering::Delete { at }),
        1 => (at.clone(), 1..last).prop_map(move |(at, on)| Tampering::Swap { at, with: (at + on) % last }),
        1 => (0..last).prop_map(|left| Tampering::Truncate { left }),
        1 => at.clone().prop_map(|at| Tampering::Insert { at }),
        1 => at.clone().prop_map(|at| Tampering::InsertAndReseal { at }),
        1 => at.prop_map(|at| Tampering::EditAndReseal { at }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_tampering_is_found_where_it_begins(tampering in tampering()) {
        thread_local!(static SEALED: Sealed = Sealed::new());
        let (report, at) = SEALED.with(|sealed| {
            let mut events = sealed.events.clone();
            let at = tampering.apply(&mut events);
            let spoilt = Sealed { events, checkpoints: sealed.checkpoints.clone(), keys: sealed.keys.clone() };
            (spoilt.verify(), at)
        });
        let found = report.fault.as_ref().map(|fault| fault.seq);
        // An inserted copy stands beside the entry of its place: which of both is met first is the order of their ids.
        let inserted = matches!(tampering, Tampering::Insert { .. });
        prop_assert!(found == Some(at), "{tampering:?}: {report:?}");
        prop_assert!(report.to == at - 1 || inserted, "{tampering:?}: what stands before it is good, {report:?}");
    }
}

#[test]
fn a_chain_that_nobody_touched_holds() {
    let report = Sealed::new().verify();
    assert_eq!((report.from, report.to, report.checkpoints, report.fault), (1, ENTRIES, 3, None));
}

#[test]
fn what_is_withheld_needs_an_entry_that_says_why() {
    let mut sealed = Sealed::new();
    for at in [3, 9, 11] {
        sealed.events[at].personal = None;
    }
    let report = sealed.verify();
    assert_eq!((report.fault, report.withheld, report.to), (None, 3, ENTRIES));
    let first = report.unexplained.unwrap();
    assert_eq!((first.seq, first.id), (4, Some(sealed.events[3].id)));

    // An entry about somebody else explains nothing, one about the person everything, wherever it stands.
    for (person, explained) in [(7_u128, false), (2, true)] {
        for at in [0, 10, 23] {
            let mut events = sealed.events.clone();
            events[at].event_type = PSEUDONYMISED.to_owned();
            events[at].resource_id = Some(Uuid::from_u128(person));
            reseal(&mut events, at);
            let again = Sealed { events, checkpoints: Vec::new(), keys: sealed.keys.clone() };
            let report = again.verify();
            assert_eq!((report.fault.is_none(), report.unexplained.is_none()), (true, explained), "{person}");
        }
    }
}

#[test]
fn a_checkpoint_that_was_touched_is_no_proof() {
    let sealed = Sealed::new();
    for change in [
        (|checkpoint: &mut AuditCheckpoint| checkpoint.seq += 1) as fn(&mut AuditCheckpoint),
        |checkpoint| checkpoint.hash.replace_range(0..1, "x"),
        |checkpoint| checkpoint.kind = CheckpointKind::Retention,
        |checkpoint| checkpoint.at += TimeDelta::microseconds(1),
        |checkpoint| checkpoint.signature.replace_range(0..4, "AAAA"),
        |checkpoint| checkpoint.key_id = "0000000000000000".to_owned(),
    ] {
        let mut checkpoints = sealed.checkpoints.clone();
        change(&mut checkpoints[1]);
        let spoilt = Sealed { events: sealed.events.clone(), checkpoints, keys: sealed.keys.clone() };
        let fault = spoilt.verify().fault.unwrap();
        assert!(fault.what.contains("checkpoint"), "{fault:?}");
    }
    let unknown = Sealed { keys: Vec::new(), ..sealed };
    assert!(unknown.verify().fault.unwrap().what.contains("unknown key"));
}
