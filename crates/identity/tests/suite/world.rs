//! Identity over a database of its own.

use std::{sync::Arc, time::Duration};

use conductor_access::{Access, LimitsOptions, Vault};
use conductor_domain::{Caller, Clock, Redacted, SystemClock};
use conductor_identity::{
    AcceptInvite, Client, Credentials, Identity, NewMember, Options, PathScope, SetUp, SignedIn,
};
use conductor_secrets::{Keyring, LocalKey};
use conductor_storage::OpenOptions;
use conductor_test_support::TestDb;
use http::{HeaderMap, header};
use tempfile::TempDir;

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// An installation.
pub(crate) struct World {
    pub(crate) identity: Identity,
    seed: [u8; 32],
    folder: TempDir,
    database: TestDb,
}

impl World {
    pub(crate) async fn on(database: TestDb) -> Self {
        Self::timed(database, Arc::new(SystemClock)).await
    }

    /// An installation with this clock.
    pub(crate) async fn timed(database: TestDb, clock: Arc<dyn Clock>) -> Self {
        let (folder, seed) = (TempDir::new().unwrap(), rand::random());
        let identity = node(&database, &folder, seed, clock).await;
        Self { identity, seed, folder, database }
    }

    /// Another process on the same database, with the same keys.
    pub(crate) async fn another_node(&self) -> Identity {
        node(&self.database, &self.folder, self.seed, Arc::new(SystemClock)).await
    }

    /// An installation, and its administrator.
    pub(crate) async fn set_up(database: TestDb) -> (Self, SignedIn) {
        let world = Self::on(database).await;
        let admin = world.first_account().await;
        (world, admin)
    }

    /// Its administrator.
    pub(crate) async fn first_account(&self) -> SignedIn {
        let token = self.identity.setup_token().await.unwrap().expect("a fresh installation");
        self.identity.set_up(first_account(token), &Client::default()).await.unwrap()
    }

    /// The caller behind a session.
    pub(crate) async fn caller(&self, session: &SignedIn) -> Caller {
        let bearer = format!("Bearer {}", session.access_token.expose());
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, bearer.parse().unwrap())]);
        let found =
            self.identity.authenticate(&headers, PathScope::default(), Default::default()).await.unwrap();
        found.caller
    }

    /// Someone who was invited by `by` and accepted.
    pub(crate) async fn invite(
        &self,
        by: &Caller,
        email: &str,
        role: conductor_domain::OrganizationRole,
    ) -> SignedIn {
        let new = NewMember { email: email.to_owned(), role, name: None };
        let token = self.identity.add_member(by, new).await.unwrap().token.expect("a new account");
        let accept = AcceptInvite { token, password: Redacted::new(PASSWORD.to_owned()), name: None };
        self.identity.accept_invite(accept, &Client::default()).await.unwrap()
    }

    /// Signs someone in.
    pub(crate) async fn sign_in(&self, email: &str) -> conductor_identity::Result<SignedIn> {
        let credentials =
            Credentials { email: email.to_owned(), password: Redacted::new(PASSWORD.to_owned()), otp: None };
        self.identity.sign_in(&credentials, &Client::default()).await
    }
}

async fn node(database: &TestDb, folder: &TempDir, seed: [u8; 32], clock: Arc<dyn Clock>) -> Identity {
    let mut options = OpenOptions::new(database.url());
    options.connections = 8;
    let store = options.open(clock).await.unwrap();
    let key = LocalKey::load_or_create(&folder.path().join("master.key")).unwrap();
    let vault = Vault::new(store.clone(), Keyring::new(key));
    let access = Access::start(store.clone(), vault, LimitsOptions::default()).await.unwrap();
    let mut options = Options::new(seed);
    options.hash_wait = Duration::from_secs(60);
    options.hashes_at_once = 4;
    Identity::start(store, access, options).await.unwrap()
}

/// What the first person says.
pub(crate) fn first_account(token: Redacted<String>) -> SetUp {
    SetUp {
        token,
        email: "admin@example.com".to_owned(),
        password: Redacted::new(PASSWORD.to_owned()),
        name: "Ada Admin".to_owned(),
        organization_name: "Example".to_owned(),
    }
}
