//! The audit log: who reads what of it, how it is sealed by several at once, and what somebody finds who checks it after
//! the database was written to by hand.

use std::sync::Arc;

use conductor_access::audit::{Anchor, Auditor, Report, Retention, Sealer};
use conductor_domain::{
    AuditFilter, Caller, Classification, NewAuditEvent, OrganizationRole, PageRequest, Scope,
};
use conductor_secrets::Signer;
use conductor_storage::{Error, Store, Unscoped};
use serde_json::json;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::support::{World, execute};

suite! {
    entries_are_listed_for_their_tenant_alone,
    every_filter_narrows,
    entries_are_sealed_without_gaps,
    a_commit_wakes_the_sealer,
    two_sealers_never_fork_a_chain,
    what_is_written_by_hand_is_found,
    what_is_cut_off_is_found_by_the_file_alone,
    old_entries_leave_a_proof,
    what_was_said_of_the_erased_is_withheld,
    accesses_are_counted,
}

/// Someone with something to hide, and the means to prove it.
struct Log {
    scope: Scope,
    caller: Caller,
    folder: TempDir,
    sealer: Arc<Sealer>,
    auditor: Auditor,
}

fn sealer(store: &Store, folder: &TempDir, retention: Retention) -> Arc<Sealer> {
    let signer = Signer::load_or_create(&folder.path().join("audit.key")).unwrap();
    Sealer::new(store.clone(), signer, Arc::new(Anchor::in_folder(&folder.path().join("audit"))), retention)
}

impl Log {
    async fn new(world: &World, name: &str) -> Self {
        let scope = world.organization(name).await;
        let email = format!("{}@example.com", name.to_lowercase());
        let caller = world.member(&email, scope, OrganizationRole::Admin).await;
        let folder = TempDir::new().unwrap();
        let sealer = sealer(&world.store, &folder, Retention::default());
        let auditor = sealer.auditor().unwrap();
        Self { scope, caller, folder, sealer, auditor }
    }

    async fn record(&self, world: &World, entry: NewAuditEvent) {
        world.tick();
        let rows = world.store.scoped(self.scope);
        rows.write(move |tx| Box::pin(async move { tx.audit().record(entry).await })).await.unwrap();
    }

    /// So many entries, numbered in their data.
    async fn fill(&self, world: &World, count: i64) {
        for number in 1..=count {
            let mut entry =
                NewAuditEvent::by(&self.caller, "agent.updated", "agent.update", format!("agent:{number}"));
            entry.data = json!({ "number": number, "share": 0.1, "text": "naïve \u{1f600}" });
            self.record(world, entry).await;
        }
    }

    async fn verify(&self) -> Report {
        self.auditor.verify(self.scope.organization_id, None).await.unwrap().report
    }

    async fn places(&self, world: &World) -> Vec<(Option<i64>, String)> {
        let page = PageRequest { limit: 1_000, after: None };
        let page =
            world.store.visible_to(&self.caller).audit().page(&AuditFilter::default(), page).await.unwrap();
        page.items.into_iter().rev().map(|event| (event.seq, event.target)).collect()
    }
}

async fn entries_are_listed_for_their_tenant_alone(world: World) {
    let (mine, theirs) = (Log::new(&world, "Mine").await, Log::new(&world, "Theirs").await);
    mine.fill(&world, 5).await;
    theirs.fill(&world, 2).await;
    let list = async |caller: &Caller, page| {
        world.store.visible_to(caller).audit().page(&AuditFilter::default(), page).await.unwrap()
    };
    let first = list(&mine.caller, PageRequest { limit: 2, after: None }).await;
    let targets = |page: &conductor_domain::Page<conductor_domain::AuditEvent>| {
        page.items.iter().map(|event| event.target.clone()).collect::<Vec<_>>()
    };
    assert_eq!(targets(&first), ["agent:5", "agent:4"], "the newest first");
    let rest = list(&mine.caller, PageRequest { limit: 100, after: first.next }).await;
    assert_eq!(targets(&rest), ["agent:3", "agent:2", "agent:1"]);
    assert_eq!(rest.next, None);

    let foreign = list(&theirs.caller, PageRequest::default()).await;
    assert_eq!(foreign.items.len(), 2);
    let rows = world.store.visible_to(&mine.caller).audit();
    assert_eq!(rows.find(foreign.items[0].id).await.unwrap(), None, "a foreign entry");
    assert_eq!(rows.find(rest.items[0].id).await.unwrap().as_ref(), Some(&rest.items[0]));
    let everywhere = world.store.unscoped(Unscoped::Administration).audit();
    assert_eq!(
        everywhere.page(&AuditFilter::default(), PageRequest::default()).await.unwrap().items.len(),
        7
    );
    let broken = PageRequest { limit: 2, after: Some("x".to_owned()) };
    assert!(matches!(rows.page(&AuditFilter::default(), broken).await, Err(Error::BadCursor)));
}

async fn every_filter_narrows(world: World) {
    let log = Log::new(&world, "Mine").await;
    let agent = conductor_domain::AgentId::generate(&*world.clock);
    let mut first = NewAuditEvent::by(&log.caller, "agent.created", "agent.create", "agent:a_b".to_owned())
        .on("agent", agent)
        .labelled(Classification::Confidential);
    first.subject = "user:ada".to_owned();
    log.record(&world, first).await;
    let between = world.store.clock().now();
    let mut second = NewAuditEvent::by(&log.caller, "access.denied", "tool.invoke", "tool:aXb".to_owned());
    second.allowed = false;
    second.user_id = None;
    log.record(&world, second).await;

    let count = async |filter: AuditFilter| {
        let rows = world.store.visible_to(&log.caller).audit();
        let page = rows.page(&filter, PageRequest::default()).await.unwrap();
        page.items.into_iter().map(|event| event.target).collect::<Vec<_>>()
    };
    let text = |text: &str| Some(text.to_owned());
    let all = AuditFilter::default;
    for filter in [
        AuditFilter { subject: text("user:ada"), ..all() },
        AuditFilter { action: text("agent.create"), ..all() },
        AuditFilter { action: text("agent.*"), ..all() },
        AuditFilter { target: text("agent:a_*"), ..all() },
        AuditFilter { event_type: text("agent.created"), ..all() },
        AuditFilter { allowed: Some(true), ..all() },
        AuditFilter { user_id: log.caller.user_id(), ..all() },
        AuditFilter { resource_type: text("agent"), ..all() },
        AuditFilter { resource_id: Some(agent.as_uuid()), ..all() },
        AuditFilter { data_classification: Some(Classification::Confidential), ..all() },
        AuditFilter { to: Some(between + chrono::TimeDelta::microseconds(1)), ..all() },
    ] {
        assert_eq!(count(filter.clone()).await, ["agent:a_b"], "{filter:?}");
    }
    assert_eq!(count(AuditFilter { allowed: Some(false), ..all() }).await, ["tool:aXb"]);
    assert_eq!(
        count(AuditFilter { from: Some(between + chrono::TimeDelta::microseconds(1)), ..all() }).await,
        ["tool:aXb"]
    );
    assert_eq!(
        count(AuditFilter { target: text("tool:a_*"), ..all() }).await,
        Vec::<String>::new(),
        "_ is a letter"
    );
    assert_eq!(count(AuditFilter { target: text("*"), ..all() }).await.len(), 2);
}

async fn entries_are_sealed_without_gaps(world: World) {
    let (mine, theirs) = (Log::new(&world, "Mine").await, Log::new(&world, "Theirs").await);
    mine.fill(&world, 70).await;
    theirs.fill(&world, 3).await;
    assert_eq!((mine.verify().await.unsealed, mine.verify().await.to), (70, 0));
    mine.sealer.pass().await.unwrap();
    let expected: Vec<_> = (1..=70).map(|number| (Some(number), format!("agent:{number}"))).collect();
    assert_eq!(mine.places(&world).await, expected);
    assert_eq!(theirs.places(&world).await.len(), 3);
    mine.fill(&world, 2).await;
    mine.sealer.pass().await.unwrap();
    let report = mine.verify().await;
    assert_eq!((report.from, report.to, report.unsealed, &report.fault), (1, 72, 0, &None));
    // Two in the database, two in the file, and the head.
    assert_eq!(report.checkpoints, 5);
    assert_eq!(mine.verify().await, report, "checking changes nothing");
    let half = mine.auditor.verify(mine.scope.organization_id, Some(72)).await.unwrap().report;
    assert_eq!((half.from, half.to, half.fault), (71, 72, None), "from the checkpoint before it");
}

async fn a_commit_wakes_the_sealer(world: World) {
    let log = Log::new(&world, "Mine").await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&log.sealer).run(stop.clone()));
    let chain = || world.store.unscoped(Unscoped::AuditChain).audit_chains();
    for sealed in 1..=3 {
        let began = std::time::Instant::now();
        log.fill(&world, 1).await;
        while chain()
            .find(log.scope.organization_id)
            .await
            .unwrap()
            .is_none_or(|chain| chain.head.seq < sealed)
        {
            tokio::task::yield_now().await;
        }
        assert!(began.elapsed().as_millis() < 1_000, "sealed after {:?}", began.elapsed());
    }
    log.fill(&world, 1).await;
    stop.cancel();
    running.await.unwrap();
    assert_eq!(
        chain().find(log.scope.organization_id).await.unwrap().unwrap().head.seq,
        4,
        "sealed before it ended"
    );
    assert_eq!(log.verify().await.fault, None);
}

async fn two_sealers_never_fork_a_chain(world: World) {
    let log = Log::new(&world, "Mine").await;
    // Another process: its own connections, the same keys.
    let other = world.another().await;
    let twin = sealer(&other, &log.folder, Retention::default());
    for round in 1..=5 {
        let writers = (0..40).map(|_| log.fill(&world, 1));
        let both = async {
            for _ in 0..6 {
                let (one, two) = tokio::join!(log.sealer.pass(), twin.pass());
                one.unwrap();
                two.unwrap();
            }
        };
        tokio::join!(futures::future::join_all(writers), both);
        let (one, two) = tokio::join!(log.sealer.pass(), twin.pass());
        one.unwrap();
        two.unwrap();
        let report = log.verify().await;
        assert_eq!((report.to, report.unsealed, report.fault), (round * 40, 0, None));
    }
}

async fn what_is_written_by_hand_is_found(world: World) {
    let log = Log::new(&world, "Mine").await;
    log.fill(&world, 12).await;
    log.sealer.pass().await.unwrap();
    let postgres = world.store.kind() == "postgres";
    let json = |text: &str| if postgres { format!("'{text}'::jsonb") } else { format!("'{text}'") };
    let id = |text: &str| {
        if postgres { format!("'{text}'::uuid") } else { format!("X'{}'", text.replace('-', "")) }
    };
    let other = id("0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60");
    let edits = [
        ("id", other.clone()),
        ("environment_id", "NULL".to_owned()),
        ("event_type", "'agent.deleted'".to_owned()),
        ("subject", "'user:eve'".to_owned()),
        ("user_id", other.clone()),
        ("action", "'agent.delete'".to_owned()),
        ("target", "'agent:0'".to_owned()),
        ("decision", "'deny'".to_owned()),
        ("rule_id", "'x'".to_owned()),
        ("resource_type", "'x'".to_owned()),
        ("resource_id", other.clone()),
        ("data_classification", "'public'".to_owned()),
        ("ip_address", "'192.0.2.1'".to_owned()),
        ("denial_reason", "'x'".to_owned()),
        ("run_id", other.clone()),
        ("event_data", json("{\"number\":99}")),
        ("context", json("{\"a\":1}")),
        (
            "ts",
            if postgres { "ts + interval '1 microsecond'" } else { "'2027-01-15T08:00:00.000001+00:00'" }
                .to_owned(),
        ),
        ("prev_hash", "'x'".to_owned()),
        ("hash", "'x'".to_owned()),
        ("personal_hash", json("{}")),
    ];
    let keep = "CREATE TABLE kept AS SELECT * FROM audit_events";
    let restore = "DELETE FROM audit_events; INSERT INTO audit_events SELECT * FROM kept";
    execute(&world, keep).await;
    for (column, value) in edits {
        execute(&world, &format!("UPDATE audit_events SET {column} = {value} WHERE seq = 7")).await;
        let fault = log.verify().await.fault;
        assert_eq!(fault.as_ref().map(|fault| fault.seq), Some(7), "{column}: {fault:?}");
        execute(&world, restore).await;
        assert_eq!(log.verify().await.fault, None, "{column} was put back");
    }
    if !postgres {
        // What cannot be read at all is named like the rest.
        for (column, value) in
            [("ts", "'never'"), ("event_data", "'{'"), ("environment_id", "'x'"), ("seq", "'x'")]
        {
            execute(&world, &format!("UPDATE audit_events SET {column} = {value} WHERE seq = 7")).await;
            let fault = log.verify().await.fault.unwrap();
            assert_eq!(fault.seq, 7, "{column}: {fault:?}");
            execute(&world, restore).await;
        }
    }
    let copy = |seq: &str| {
        format!(
            "INSERT INTO audit_events SELECT {other}, organization_id, environment_id, event_type, subject, user_id, \
             action, target, decision, rule_id, resource_type, resource_id, data_classification, ip_address, \
             denial_reason, run_id, event_data, context, ts, {seq}, prev_hash, hash, personal, personal_hash FROM audit_events WHERE seq = 7"
        )
    };
    execute(&world, "DROP INDEX uq_audit_events_seq").await;
    for (what, statements, at) in [
        ("delete", vec!["DELETE FROM audit_events WHERE seq = 7".to_owned()], 7),
        (
            "reorder",
            vec![
                "UPDATE audit_events SET seq = -1 WHERE seq = 4".to_owned(),
                "UPDATE audit_events SET seq = 4 WHERE seq = 9".to_owned(),
                "UPDATE audit_events SET seq = 9 WHERE seq = -1".to_owned(),
            ],
            4,
        ),
        ("insert beside", vec![copy("7")], 7),
        ("insert behind", vec![copy("13")], 13),
        ("insert before all", vec![copy("0")], 0),
        ("hide", vec!["UPDATE audit_events SET seq = NULL WHERE seq = 7".to_owned()], 7),
        ("truncate", vec!["DELETE FROM audit_events WHERE seq > 9".to_owned()], 10),
        ("empty", vec!["DELETE FROM audit_events".to_owned()], 1),
        ("behead", vec!["DELETE FROM audit_events WHERE seq < 5".to_owned()], 1),
    ] {
        for statement in statements {
            execute(&world, &statement).await;
        }
        let fault = log.verify().await.fault;
        assert_eq!(fault.as_ref().map(|fault| fault.seq), Some(at), "{what}: {fault:?}");
        execute(&world, restore).await;
        assert_eq!(log.verify().await.fault, None, "{what} was put back");
    }
}

async fn what_is_cut_off_is_found_by_the_file_alone(world: World) {
    let log = Log::new(&world, "Mine").await;
    log.fill(&world, 5).await;
    log.sealer.pass().await.unwrap();
    let earlier = ["audit_events", "audit_chains", "audit_checkpoints"];
    for table in earlier {
        execute(&world, &format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
    }
    log.fill(&world, 5).await;
    log.sealer.pass().await.unwrap();
    // All of the database as it was: whoever does this has no key, and needs none.
    for table in earlier {
        execute(&world, &format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table}"))
            .await;
    }
    let fault = log.verify().await.fault.unwrap();
    assert_eq!(fault.seq, 6, "{fault:?}");
    assert!(fault.what.contains("6 to 10 are missing"), "{fault:?}");
    // Nothing of the organisation is left, but the file knows that there was something.
    for table in earlier {
        execute(&world, &format!("DELETE FROM {table}")).await;
    }
    assert_eq!(log.auditor.organizations().await.unwrap(), [log.scope.organization_id]);
    assert_eq!(log.verify().await.fault.unwrap().seq, 1);
}

async fn what_was_said_of_the_erased_is_withheld(world: World) {
    let mut log = Log::new(&world, "Mine").await;
    log.caller.address = Some("192.0.2.7".parse().unwrap());
    log.fill(&world, 3).await;
    let other = world.user("olga@example.com").await.id;
    let entry = NewAuditEvent::by(&log.caller, "account.updated", "user.manage", format!("user:{other}"))
        .on("user", other)
        .says_of(other, "attributes_set", json!({ "department": "finance", "grade": 1.5 }));
    log.record(&world, entry).await;
    log.sealer.pass().await.unwrap();
    let dump = || async {
        let page = PageRequest { limit: 100, after: None };
        let rows = world.store.visible_to(&log.caller).audit();
        rows.page(&AuditFilter::default(), page).await.unwrap().items
    };
    let before = dump().await;
    assert!(before.iter().all(|event| event.address().as_deref() == Some("192.0.2.7")), "{before:?}");
    assert!(before.iter().all(|event| event.ip_address.is_none() && !event.is_withheld()));

    // The other one is erased: the actor's address stays.
    let rows = world.store.unscoped(Unscoped::Erasure);
    assert_eq!(rows.erasures().mentioning(other).await.unwrap(), [log.scope.organization_id]);
    let entries = rows.erasures().saying(other, conductor_domain::UserId::NIL.as_uuid(), 100).await.unwrap();
    assert_eq!(entries.len(), 1);
    let withheld = entries.clone();
    rows.write(move |tx| Box::pin(async move { tx.erasures().withhold(other, &withheld).await }))
        .await
        .unwrap();
    let fault = log.verify().await.fault.unwrap();
    assert!(fault.seq == 4 && fault.what.contains("no entry says"), "{fault:?}");
    let mut told =
        NewAuditEvent::by(&log.caller, conductor_domain::PSEUDONYMISED, "user.erase", String::new());
    told = told.on("user", other);
    log.record(&world, told).await;
    assert!(rows.erasures().is_told_unsealed(other).await.unwrap());
    log.sealer.pass().await.unwrap();
    assert!(!rows.erasures().is_told_unsealed(other).await.unwrap());
    let report = log.verify().await;
    assert_eq!((report.fault, report.withheld), (None, 1));
    let after = dump().await;
    let text = format!("{after:?}");
    assert!(!text.contains("finance") && text.contains("192.0.2.7"));
    assert_eq!(after.iter().filter(|event| event.is_withheld()).count(), 1);
    // Withholding again changes nothing, and what is left of a row with two people can go too.
    let actor = log.caller.user_id().unwrap();
    let entries = rows.erasures().saying(actor, conductor_domain::UserId::NIL.as_uuid(), 100).await.unwrap();
    assert_eq!(entries.len(), 5);
    rows.write(move |tx| Box::pin(async move { tx.erasures().withhold(actor, &entries).await }))
        .await
        .unwrap();
    assert!(dump().await.iter().all(|event| event.personal.is_none() && event.is_withheld()));
    assert!(
        rows.erasures().saying(actor, conductor_domain::UserId::NIL.as_uuid(), 100).await.unwrap().is_empty()
    );
}

async fn old_entries_leave_a_proof(world: World) {
    let log = Log::new(&world, "Mine").await;
    log.fill(&world, 8).await;
    log.sealer.pass().await.unwrap();
    world.clock.advance(chrono::TimeDelta::days(40));
    log.fill(&world, 4).await;
    let strict = sealer(&world.store, &log.folder, Retention { days: Some(30) });
    strict.pass().await.unwrap();
    let left: Vec<_> = log.places(&world).await.into_iter().filter_map(|(seq, _)| seq).collect();
    assert_eq!(left, [9, 10, 11, 12]);
    let report = log.verify().await;
    assert_eq!((report.from, report.to, &report.fault), (9, 12, &None));
    strict.pass().await.unwrap();
    assert_eq!(log.verify().await, report, "nothing more is old");
    // Without its checkpoint the missing prefix is a cut like any other.
    execute(&world, "DELETE FROM audit_checkpoints WHERE kind = 'retention'").await;
    std::fs::remove_dir_all(log.folder.path().join("audit")).unwrap();
    assert_eq!(log.verify().await.fault.unwrap().seq, 1);
}

async fn accesses_are_counted(world: World) {
    let (mine, theirs) = (Log::new(&world, "Mine").await, Log::new(&world, "Theirs").await);
    theirs.fill(&world, 3).await;
    let from = world.store.clock().now();
    for (agent, allowed) in [(1, true), (1, true), (2, false)] {
        let id = conductor_domain::AgentId::from_uuid(uuid::Uuid::from_u128(agent));
        let mut entry = NewAuditEvent::by(&mine.caller, "x", "agent.read", format!("agent:{id}"))
            .on("agent", id)
            .labelled(Classification::Restricted);
        entry.allowed = allowed;
        mine.record(&world, entry).await;
    }
    world.tick();
    let to = world.store.clock().now();
    let rows = world.store.visible_to(&mine.caller).audit();
    let tallies = rows.tally(from, to, 10).await.unwrap();
    let [tally] = tallies.as_slice() else { panic!("{tallies:?}") };
    assert_eq!((tally.resources, tally.allowed, tally.denied), (2, 2, 1));
    assert_eq!(tally.person.as_ref().unwrap().0, "mine@example.com");
    assert_eq!(tally.data_classification.as_deref(), Some("restricted"));
    assert_eq!((tally.first_at - from).num_milliseconds(), 1);
    assert_eq!(rows.tally(to, to + chrono::TimeDelta::days(1), 10).await.unwrap(), []);
}
