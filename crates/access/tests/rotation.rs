//! Keys of tenants in the vault: made when first needed, gone with their organisation, and replaced for ten thousand
//! secrets while somebody reads them all the time and the process that works on it dies again and again.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use chrono::{DateTime, TimeDelta};
use conductor_access::{Error, Step, Vault};
use conductor_domain::{
    EnvironmentId, EnvironmentType, FixedClock, NewEnvironment, NewOrganization, OrganizationId,
    RotationStatus, Scope,
};
use conductor_secrets::{Keyring, LocalKey};
use conductor_storage::{OpenOptions, Store, Unscoped};
use conductor_test_support::TestDb;
use secrecy::ExposeSecret;

const FIRST: &str = "a7ZkPz0xq1s9Vn3TgYwUe5RbC8mLhJfD2oXiKQpWv4E=";
const SECOND: &str = "q1V3yTz8Wn0fLrXc5JmBhG7sKdP2eUa9oRiZtYwMv6Q=";

fn key(text: &str) -> LocalKey {
    LocalKey::from_base64(text, "a test").unwrap()
}

struct World {
    database: TestDb,
    clock: Arc<FixedClock>,
}

impl World {
    fn new(database: TestDb) -> Self {
        Self { database, clock: FixedClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap()) }
    }

    /// Connections of one's own, as another process has them.
    async fn store(&self) -> Store {
        OpenOptions::new(self.database.url()).open(Arc::<FixedClock>::clone(&self.clock)).await.unwrap()
    }

    async fn before(&self) -> Vault {
        Vault::new(self.store().await, Keyring::new(key(FIRST)))
    }

    async fn during(&self) -> Vault {
        Vault::new(self.store().await, Keyring::new(key(SECOND)).with_old(key(FIRST)))
    }

    async fn after(&self) -> Vault {
        Vault::new(self.store().await, Keyring::new(key(SECOND)))
    }

    async fn organization(&self, name: &str) -> Scope {
        let clock = &*self.clock;
        let scope = Scope {
            organization_id: OrganizationId::generate(clock),
            environment_id: EnvironmentId::generate(clock),
        };
        let new = NewOrganization {
            id: scope.organization_id,
            name: name.to_owned(),
            slug: name.to_lowercase(),
            is_personal: false,
            industry: None,
            website: None,
            timezone: None,
        };
        let environment = NewEnvironment {
            id: scope.environment_id,
            organization_id: scope.organization_id,
            name: "default".to_owned(),
            environment_type: EnvironmentType::Prod,
            is_default: true,
        };
        let store = self.store().await;
        let rows = store.unscoped(Unscoped::Setup);
        rows.write(move |tx| {
            Box::pin(async move {
                tx.organizations().create(new).await?;
                tx.scoped(scope).environments().create(environment).await?;
                Ok::<_, conductor_storage::Error>(())
            })
        })
        .await
        .unwrap();
        store.close().await;
        scope
    }
}

async fn put(store: &Store, vault: &Vault, scope: Scope, names: Vec<String>) {
    let mut sealed = Vec::new();
    for name in names {
        sealed.push(vault.seal(scope, &name, "custom", &format!("value of {name}"), None).await.unwrap());
    }
    let rows = store.scoped(scope);
    rows.write(move |tx| {
        Box::pin(async move {
            for new in sealed {
                tx.secrets().create(new).await?;
            }
            Ok::<_, conductor_storage::Error>(())
        })
    })
    .await
    .unwrap();
}

async fn read(vault: &Vault, scope: Scope, name: &str) -> Result<String, Error> {
    vault.open(scope, name).await.map(|value| value.expose_secret().to_owned())
}

#[tokio::test]
async fn a_copied_row_of_a_deleted_organisation_stays_shut() {
    for database in TestDb::each() {
        let world = World::new(database);
        let (gone, stays) = (world.organization("Gone").await, world.organization("Stays").await);
        // The last one to close a database takes its log along, so each is closed, and not left to its thread.
        let (store, first, second) = (world.store().await, world.store().await, world.store().await);
        let vault = Vault::new(first.clone(), Keyring::new(key(FIRST)));
        for scope in [gone, stays] {
            put(&store, &vault, scope, vec!["x".to_owned()]).await;
            assert_eq!(read(&vault, scope, "x").await.unwrap(), "value of x");
        }
        // The thief has a copy of every secret's row, before and after, and the master key.
        let copy = store.scoped(gone).secrets().find("x").await.unwrap().unwrap();
        let wrapped = store.scoped(gone).tenant_keys().active().await.unwrap().unwrap();
        let rows = store.scoped(gone);
        rows.write(|tx| Box::pin(async move { tx.organization().delete().await })).await.unwrap();

        // In the process that has the key in memory, in a new one, and put back where it was.
        assert!(matches!(read(&vault, gone, "x").await, Err(Error::Secret { .. })));
        let fresh = Vault::new(second.clone(), Keyring::new(key(FIRST)));
        assert!(matches!(read(&fresh, gone, "x").await, Err(Error::Secret { .. })));
        let kept = store.scoped(gone).secrets().find("x").await.unwrap().unwrap();
        assert_eq!(kept.ciphertext, copy.ciphertext, "the row itself is still there, and worthless");
        let sealed_again = vault.seal(gone, "y", "custom", "v", None).await;
        assert!(sealed_again.is_err(), "nothing is sealed for an organisation that is gone");
        assert_eq!(read(&fresh, stays, "x").await.unwrap(), "value of x");
        drop((vault, fresh));
        for store in [first, second, store] {
            store.close().await;
        }
        if let Some(file) = world.database.url().strip_prefix("sqlite://") {
            for path in [file.to_owned(), format!("{file}-wal")] {
                let bytes = std::fs::read(path).unwrap_or_default();
                let found = bytes.windows(wrapped.wrapped.len()).any(|window| window == wrapped.wrapped);
                assert!(!found, "the wrapped key is in no file any more");
            }
        }
    }
}

#[tokio::test]
async fn two_processes_make_one_first_key() {
    for database in TestDb::each() {
        let world = World::new(database);
        let scope = world.organization("One").await;
        let (one, other) = (world.before().await, world.before().await);
        let (first, second) = tokio::join!(
            one.seal(scope, "a", "custom", "v", None),
            other.seal(scope, "b", "custom", "v", None)
        );
        assert_eq!(first.unwrap().key_id, second.unwrap().key_id);
    }
}

/// What the first version wrote for the platform's own secret of this id, under the master key itself.
const FIRST_SEALED: &str = "01a8f7a33b15d08b58ca87bf9bbf686d45bd3a2986645fa6ef75ea6e0e01c243852cb27370b3393361d232\
    ae673ff9d5b29e3ef9d4e7a7f7713eea8dca38eaa53d1ea94f9a9990ac8343f35075bff79b93a5b9ef1d5c0e9cd190ba36d26a208ad5f5\
    ed35f2104f645e16c99dac900e97b2c9d5e93382895818f262549bb4a4cdd503e5bd6cf701b166809443821800d9121ad249";

#[tokio::test]
async fn what_the_first_version_sealed_is_read_and_taken_along() {
    let world = World::new(TestDb::sqlite());
    let vault = world.during().await;
    // The platform's own rows exist from the first start on; so does whatever it sealed.
    let file = world.database.url().strip_prefix("sqlite://").unwrap();
    let nil = "zeroblob(16)";
    let sql = format!(
        "INSERT INTO secrets (id, organization_id, environment_id, ref, version, ciphertext, key_id, kind, created_at, \
         updated_at) VALUES ({nil}, {nil}, {nil}, 'old', 1, X'{FIRST_SEALED}', 'a8f7a33b15d08b58', 'custom', \
         '2026-11-21T00:00:00+00:00', '2026-11-21T00:00:00+00:00')"
    );
    let inserted = std::process::Command::new("sqlite3").args([file, &sql]).status().unwrap();
    assert!(inserted.success());
    assert_eq!(read(&vault, Scope::PLATFORM, "old").await.unwrap(), "sealed by the first version");
    assert_eq!(vault.rotation().await.unwrap().census.secrets_current, 0);
    vault.begin_rotation(None).await.unwrap();
    finish(&world, &vault).await;
    let without_the_old = world.after().await;
    assert_eq!(read(&without_the_old, Scope::PLATFORM, "old").await.unwrap(), "sealed by the first version");
    assert_eq!(without_the_old.rotation().await.unwrap().census.secrets_current, 1);
}

/// Works until the end, at most so many steps.
async fn finish(world: &World, vault: &Vault) {
    let mut rotator = vault.rotator().await.unwrap().unwrap();
    for _ in 0..1_000 {
        match rotator.step().await.unwrap() {
            Step::Finished => return,
            Step::Waiting(_) => world.clock.advance(TimeDelta::seconds(30)),
            Step::Worked => {}
        }
    }
    panic!("it never ends");
}

#[tokio::test]
async fn a_secret_that_does_not_open_is_counted_and_holds_nothing_up() {
    for database in TestDb::each() {
        let world = World::new(database);
        let scope = world.organization("One").await;
        let (store, vault) = (world.store().await, world.before().await);
        put(&store, &vault, scope, vec!["good".to_owned(), "bad".to_owned()]).await;
        let spoil = store.scoped(scope);
        spoil
            .write(|tx| {
                Box::pin(async move {
                    let row = tx.secrets().read().find("bad").await?.unwrap();
                    let mut bytes = row.ciphertext.clone();
                    *bytes.last_mut().unwrap() ^= 1;
                    let key_id = row.key_id.clone();
                    tx.secrets().rewrap(&row, bytes, &key_id).await
                })
            })
            .await
            .unwrap();
        let vault = world.during().await;
        world.clock.advance(TimeDelta::seconds(1));
        vault.begin_rotation(None).await.unwrap();
        finish(&world, &vault).await;
        let ended = vault.rotation().await.unwrap().rotation.unwrap();
        assert_eq!((ended.failed, ended.status), (1, RotationStatus::Finished));
        let after = world.after().await;
        assert_eq!(read(&after, scope, "good").await.unwrap(), "value of good");
        assert!(matches!(read(&after, scope, "bad").await, Err(Error::Secret { .. })));
    }
}

#[tokio::test]
async fn what_is_sealed_just_before_a_key_retires_is_written_just_after() {
    for database in TestDb::each() {
        let world = World::new(database);
        let scope = world.organization("One").await;
        let (store, old, new) = (world.store().await, world.before().await, world.during().await);
        put(&store, &old, scope, vec!["x".to_owned()]).await;
        world.clock.advance(TimeDelta::seconds(1));
        let late = old.seal(scope, "late", "custom", "value of late", None).await.unwrap();
        new.begin_rotation(None).await.unwrap();
        let mut rotator = new.rotator().await.unwrap().unwrap();
        while rotator.step().await.unwrap() == Step::Worked {}
        let rows = store.scoped(scope);
        rows.write(move |tx| Box::pin(async move { tx.secrets().create(late).await })).await.unwrap();
        world.clock.advance(TimeDelta::seconds(61));
        finish(&world, &new).await;
        assert_eq!(read(&world.after().await, scope, "late").await.unwrap(), "value of late");
    }
}

/// So many secrets of three tenants, and a process that dies after every so many steps.
async fn rotated_while_read(database: TestDb, secrets: usize, every: usize) {
    let world = World::new(database);
    let mut scopes = Vec::new();
    for name in ["One", "Two", "Three"] {
        scopes.push(world.organization(name).await);
    }
    let (store, vault) = (world.store().await, world.before().await);
    let at = |number: usize| (scopes[number % 3], format!("secret {number}"));
    for (index, scope) in scopes.iter().enumerate() {
        let names: Vec<String> = (index..secrets).step_by(3).map(|number| at(number).1).collect();
        for chunk in names.chunks(500) {
            put(&store, &vault, *scope, chunk.to_vec()).await;
        }
    }
    drop(vault);
    world.clock.advance(TimeDelta::seconds(1));

    // Two who read all the time: one that still works under the old key, and one that knows both.
    let (stop, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut readers = Vec::new();
    for seed in 0..2_usize {
        let (vault, stop, reads) = (world.during().await, Arc::clone(&stop), Arc::clone(&reads));
        let scopes = scopes.clone();
        readers.push(tokio::spawn(async move {
            let mut number = seed * 4_999;
            while !stop.load(Ordering::Relaxed) {
                number = (number + 7_919) % secrets;
                let (scope, name) = (scopes[number % 3], format!("secret {number}"));
                let value = read(&vault, scope, &name).await;
                assert_eq!(value.as_deref().ok(), Some(format!("value of {name}").as_str()), "{value:?}");
                reads.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }

    // After each few steps the process that works is gone, with all that it knew.
    let begun = world.during().await.begin_rotation(None).await.unwrap();
    let (mut kills, mut steps) = (0, 0);
    'killed: loop {
        let process = world.during().await;
        let Some(mut rotator) = process.rotator().await.unwrap() else { break };
        assert_eq!(rotator.rotation().id, begun.id, "it is the same one that goes on");
        for _ in 0..every {
            steps += 1;
            match rotator.step().await.unwrap() {
                Step::Worked => {}
                Step::Waiting(_) => world.clock.advance(TimeDelta::seconds(30)),
                Step::Finished => break 'killed,
            }
        }
        kills += 1;
        assert!(kills < 1_000, "it never ends");
    }
    assert!(kills >= 20, "killed {kills} times in {steps} steps");
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    assert!(reads.load(Ordering::Relaxed) > 1_000, "only {reads:?} reads");

    let after = world.after().await;
    let state = after.rotation().await.unwrap();
    assert_eq!((state.census.secrets, state.census.secrets_current), (secrets as u64, secrets as u64));
    assert_eq!(state.census.keys_retired, 0, "the old keys are forgotten");
    assert_eq!(state.rotation.unwrap().failed, 0);
    for number in 0..secrets {
        let (scope, name) = at(number);
        assert_eq!(read(&after, scope, &name).await.unwrap(), format!("value of {name}"));
    }
    let before = world.before().await;
    assert!(read(&before, scopes[0], "secret 0").await.is_err(), "the old master key opens nothing any more");
}

#[tokio::test]
async fn ten_thousand_secrets_move_while_they_are_read_on_sqlite() {
    rotated_while_read(TestDb::sqlite(), 10_000, 4).await;
}

#[tokio::test]
async fn secrets_move_while_they_are_read_on_postgres() {
    rotated_while_read(TestDb::postgres(), 2_000, 1).await;
}
