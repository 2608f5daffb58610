//! The day's calls: counted in memory, written in batches, and seen by the next process and the next day.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, not their helpers")]

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, TimeDelta};
use conductor_access::{Access, Error, LimitsOptions, Vault};
use conductor_domain::{Caller, Classification, FixedClock, Principal, Scope};
use conductor_secrets::{Keyring, LocalKey};
use conductor_storage::OpenOptions;
use conductor_test_support::TestDb;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

fn caller(number: u128, role: &str) -> Caller {
    Caller {
        principal: Principal::User { user_id: Uuid::from_u128(number).into() },
        scope: Scope {
            organization_id: Uuid::from_u128(100).into(),
            environment_id: Uuid::from_u128(101).into(),
        },
        organizations: vec![Uuid::from_u128(100).into()],
        roles: vec![role.to_owned()],
        attributes: Default::default(),
        clearance: Classification::Internal,
        token_scopes: None,
        session_id: None,
        token_id: None,
        address: None,
    }
}

async fn access(database: &TestDb, clock: &Arc<FixedClock>, folder: &tempfile::TempDir) -> Arc<Access> {
    let store = OpenOptions::new(database.url()).open(Arc::<FixedClock>::clone(clock)).await.unwrap();
    let key = LocalKey::load_or_create(&folder.path().join("key")).unwrap();
    let limits = LimitsOptions {
        per_user_day: 5,
        per_role_day: BTreeMap::from([("platform:guest".to_owned(), 2)]),
        ..LimitsOptions::default()
    };
    Access::start(store.clone(), Vault::new(store, Keyring::new(key)), limits).await.unwrap()
}

/// Writes what waits, as a server does that goes down.
async fn flush(access: &Access) {
    let stop = CancellationToken::new();
    stop.cancel();
    access.days().run(stop).await;
    let stop = CancellationToken::new();
    let (run, end) = (access.days().run(stop.clone()), async { stop.cancel() });
    tokio::join!(run, end);
}

#[tokio::test]
async fn a_days_calls_are_those_of_all_processes_and_end_at_midnight() {
    for database in TestDb::each() {
        let folder = tempfile::TempDir::new().unwrap();
        let clock = FixedClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let (first, second) =
            (access(&database, &clock, &folder).await, access(&database, &clock, &folder).await);
        let (guest, member) = (caller(1, "platform:guest"), caller(2, "platform:standard_user"));
        first.begin(&guest).await.unwrap();
        flush(&first).await;
        assert_eq!(second.day(&guest).await.unwrap().unwrap().used, 1, "{database:?}");
        second.begin(&guest).await.unwrap();
        let Err(Error::Limited { which, retry_after, policy }) = second.begin(&guest).await else {
            panic!("not limited")
        };
        assert_eq!((which.as_str(), policy.quota), ("2 calls per day for you", 2));
        // 1800000000 is 08:00 UTC.
        assert_eq!(retry_after.as_secs(), 16 * 60 * 60);
        flush(&second).await;
        flush(&second).await;
        // The other process learns of it when it writes its own.
        for _ in 0..5 {
            first.begin(&member).await.unwrap();
        }
        assert!(matches!(first.begin(&member).await, Err(Error::Limited { .. })), "the default of everybody");
        let third = access(&database, &clock, &folder).await;
        assert!(matches!(third.begin(&guest).await, Err(Error::Limited { .. })));
        clock.advance(TimeDelta::hours(16));
        third.begin(&guest).await.unwrap();
        assert_eq!(third.day(&guest).await.unwrap().unwrap().used, 1);
    }
}
