//! Checking a chain: entry by entry in their order, against the checkpoints that name some of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use conductor_domain::{AuditCheckpoint, AuditEventId, CheckpointKind, OrganizationId};
use conductor_secrets::PublicKey;
use uuid::Uuid;

use super::{Entry, GENESIS, anchor::check};

/// The first thing that is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The place of the entry.
    pub seq: i64,
    /// The entry, where there is one in that place.
    pub id: Option<AuditEventId>,
    /// What is wrong with it, as a sentence.
    pub what: String,
}

/// What checking a chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whose chain.
    pub organization_id: OrganizationId,
    /// The first entry that was checked; one more than `to` when there was none.
    pub from: i64,
    /// The last entry that was checked and found good; 0 when there was none.
    pub to: i64,
    /// How many signed checkpoints were found to agree.
    pub checkpoints: u64,
    /// How many entries are not sealed yet.
    pub unsealed: u64,
    /// How many entries say nothing any more of a person who was erased.
    pub withheld: u64,
    /// The first entry that withholds something of a person, where no entry that was checked says that they were erased.
    /// In a whole log that is a fault; a part of an export may end before that entry.
    pub unexplained: Option<Fault>,
    /// The first thing that is wrong; `None` when nothing is.
    pub fault: Option<Fault>,
}

/// Where checking begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the first entry there ever was.
    Genesis,
    /// Behind an entry that a signed checkpoint names.
    Behind(AuditCheckpoint),
    /// At the first entry that comes, whatever it says of its predecessor: for a part of an export.
    Anywhere,
}

/// Checks one chain.
#[derive(Debug)]
pub struct Verifier {
    report: Report,
    previous: Option<String>,
    next: Option<i64>,
    checkpoints: VecDeque<AuditCheckpoint>,
    /// Those of whom something is withheld, with the first entry that does.
    withheld: BTreeMap<Uuid, (i64, Option<AuditEventId>)>,
    /// Those of whom an entry says that they were erased.
    erased: BTreeSet<Uuid>,
}

impl Verifier {
    /// Checks the signatures of the checkpoints and the start, and is ready for the first entry.
    #[must_use]
    pub fn new(
        organization_id: OrganizationId,
        start: &Start,
        mut checkpoints: Vec<AuditCheckpoint>,
        keys: &[PublicKey],
    ) -> Self {
        checkpoints.retain(|checkpoint| checkpoint.organization_id == organization_id);
        checkpoints.sort_by(|a, b| (a.seq, &a.hash).cmp(&(b.seq, &b.hash)));
        let (previous, next) = match start {
            Start::Genesis => (Some(GENESIS.to_owned()), Some(1)),
            Start::Behind(checkpoint) => (Some(checkpoint.hash.clone()), Some(checkpoint.seq + 1)),
            Start::Anywhere => (None, None),
        };
        let from = next.unwrap_or(1);
        let report = Report {
            organization_id,
            from,
            to: from - 1,
            checkpoints: 0,
            unsealed: 0,
            withheld: 0,
            unexplained: None,
            fault: None,
        };
        let mut this = Self {
            report,
            previous,
            next,
            checkpoints: VecDeque::new(),
            withheld: BTreeMap::new(),
            erased: BTreeSet::new(),
        };
        let behind = match start {
            Start::Behind(checkpoint) => Some(checkpoint),
            Start::Genesis | Start::Anywhere => None,
        };
        for checkpoint in behind.into_iter().chain(&checkpoints) {
            if let Err(what) = check(checkpoint, keys) {
                this.fail(checkpoint.seq, None, what);
                return this;
            }
        }
        // Those before the start say nothing about what follows, unless they name the very entry it starts behind.
        let behind = from - 1;
        for checkpoint in checkpoints {
            match (start, checkpoint.seq) {
                (Start::Anywhere, _) => this.checkpoints.push_back(checkpoint),
                (_, seq) if seq > behind => this.checkpoints.push_back(checkpoint),
                (_, seq) if seq == behind && this.previous.as_ref() != Some(&checkpoint.hash) => {
                    this.fail(seq, None, format!("two checkpoints of entry {seq} name different hashes"));
                    return this;
                }
                _ => this.report.checkpoints += 1,
            }
        }
        this
    }

    /// Whether something was found wrong; more entries change nothing then.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.report.fault.is_some()
    }

    /// Checks the next entry.
    pub fn entry(&mut self, mut entry: Entry) {
        if self.is_broken() {
            return;
        }
        let id = Some(AuditEventId::from_uuid(entry.id));
        let Some(seq) = entry.seq else { return self.fail(self.expected(), id, "it is not sealed") };
        if self.next.is_none() {
            self.report.from = seq;
            self.report.to = seq - 1;
            self.next = Some(seq);
            self.previous.clone_from(&entry.prev_hash);
            while self.checkpoints.front().is_some_and(|checkpoint| checkpoint.seq < seq) {
                self.checkpoints.pop_front();
            }
        }
        let expected = self.expected();
        if seq > expected {
            return self.fail(expected, None, missing(expected, seq - 1));
        }
        if seq < expected {
            return self.fail(
                seq,
                id,
                "there is more than one entry in this place, or it stands before the first",
            );
        }
        if entry.organization_id != self.report.organization_id.as_uuid() {
            return self.fail(seq, id, "it belongs to another organisation");
        }
        let previous = self.previous.clone().unwrap_or_default();
        if entry.prev_hash.as_ref() != Some(&previous) {
            return self.fail(seq, id, "what it says of the entry before it is not that entry's hash");
        }
        let hash = entry.hash_in(seq, &previous);
        if entry.hash.as_ref() != Some(&hash) {
            return self.fail(seq, id, "its content does not match its hash");
        }
        while let Some(checkpoint) = self.checkpoints.front().filter(|checkpoint| checkpoint.seq == seq) {
            if checkpoint.hash != hash {
                return self.fail(seq, id, "a signed checkpoint names another hash: the entry was replaced");
            }
            self.checkpoints.pop_front();
            self.report.checkpoints += 1;
        }
        match entry.withheld() {
            Ok(people) => {
                self.report.withheld += u64::from(!people.is_empty());
                for person in people {
                    self.withheld.entry(person).or_insert((seq, id));
                }
            }
            Err(what) => return self.fail(seq, id, what),
        }
        self.erased.extend(entry.pseudonymises());
        self.report.to = seq;
        self.next = Some(seq + 1);
        self.previous = Some(hash);
    }

    /// Takes note of an entry whose row cannot be read.
    pub fn unreadable(&mut self, seq: Option<i64>, id: Option<AuditEventId>, column: &str) {
        if !self.is_broken() {
            let expected = self.expected();
            match seq {
                Some(seq) if seq > expected => self.fail(expected, None, missing(expected, seq - 1)),
                _ => self.fail(seq.unwrap_or(expected), id, format!("its column {column} cannot be read")),
            }
        }
    }

    /// After the last entry: whether the chain reaches as far as the checkpoints say.
    #[must_use]
    pub fn finish(mut self, unsealed: u64) -> Report {
        let last = self.checkpoints.back().map(|checkpoint| checkpoint.seq);
        if let Some(last) = last.filter(|_| !self.is_broken()) {
            let expected = self.expected();
            self.fail(expected, None, missing(expected, last));
        }
        let unexplained = self.withheld.iter().filter(|(person, _)| !self.erased.contains(*person));
        self.report.unexplained =
            unexplained.map(|(_, at)| *at).min_by_key(|(seq, _)| *seq).map(|(seq, id)| {
                let what =
                    "what it said of a person is missing, and no entry says that the person was erased";
                Fault { seq, id, what: what.to_owned() }
            });
        self.report.unsealed = unsealed;
        self.report
    }

    fn expected(&self) -> i64 {
        self.next.unwrap_or(self.report.from)
    }

    fn fail(&mut self, seq: i64, id: Option<AuditEventId>, what: impl Into<String>) {
        self.report.fault = Some(Fault { seq, id, what: what.into() });
    }
}

fn missing(first: i64, last: i64) -> String {
    if first == last { "it is missing".to_owned() } else { format!("entries {first} to {last} are missing") }
}

/// Where a chain begins: behind the last prefix that was removed because it was old enough.
pub(crate) fn beginning(checkpoints: &[AuditCheckpoint]) -> Start {
    let retired = checkpoints.iter().filter(|checkpoint| checkpoint.kind == CheckpointKind::Retention);
    retired.max_by_key(|checkpoint| checkpoint.seq).map_or(Start::Genesis, |last| Start::Behind(last.clone()))
}
