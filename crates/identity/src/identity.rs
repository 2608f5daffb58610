//! The service: one cheap handle to everything that identity does.

use std::{sync::Arc, time::Duration};

use conductor_access::Access;
use conductor_domain::{Caller, Clock, NewAuditEvent, UserId};
use conductor_storage::Store;
use serde_json::json;

use crate::{Options, Result, cache::Cache, limiter::Limiter, password::Passwords, token::Tokens};

/// A handle; cheap to clone.
#[derive(Clone, Debug)]
pub struct Identity {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) access: Arc<Access>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: Options,
    pub(crate) tokens: Tokens,
    pub(crate) passwords: Passwords,
    pub(crate) limiter: Limiter,
    pub(crate) cache: Cache,
    /// Wakes whoever works on erasures.
    pub(crate) erasing: tokio::sync::Notify,
    pub(crate) providers: crate::oidc::Clients,
    /// How often a stream asks rows whether its credential still lives, beside hearing of changes in this process.
    pub(crate) recheck_streams: Duration,
}

impl Identity {
    /// Prepares keys and passwords, and writes the rows of the built-in roles.
    ///
    /// # Errors
    /// When the signing key is weak or no password can be hashed.
    pub async fn start(store: Store, access: Arc<Access>, options: Options) -> Result<Self> {
        let clock = Arc::clone(store.clock());
        let inner = Inner {
            tokens: Tokens::new(&options)?,
            passwords: Passwords::start(options.hashes_at_once, options.hash_wait).await?,
            limiter: Limiter::new(options.sign_in, Arc::clone(&clock)),
            cache: Cache::new(),
            erasing: tokio::sync::Notify::new(),
            providers: crate::oidc::Clients::new(options.egress.clone()),
            recheck_streams: Duration::from_secs(5),
            store,
            access,
            clock,
            options,
        };
        let identity = Self { inner: Arc::new(inner) };
        identity.seed_roles().await?;
        Ok(identity)
    }

    /// The clock of the installation.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Which database rows are kept in: `sqlite` or `postgres`.
    #[must_use]
    pub fn database(&self) -> &'static str {
        self.inner.store.kind()
    }

    /// Answers when the database does.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.inner.store.ping().await?)
    }

    /// Whether anyone may make an account.
    #[must_use]
    pub fn registration_open(&self) -> bool {
        self.inner.options.registration_open
    }
}

/// An entry of the audit log about an account, by someone who is not signed in as anyone yet.
pub(crate) fn entry(event_type: &str, user: UserId, client: &crate::Client) -> NewAuditEvent {
    let mut entry = NewAuditEvent {
        event_type: event_type.to_owned(),
        subject: format!("user:{user}"),
        user_id: Some(user),
        action: event_type.to_owned(),
        target: format!("user:{user}"),
        allowed: true,
        rule_id: None,
        resource_type: None,
        resource_id: None,
        data_classification: None,
        address: client.address,
        denial_reason: None,
        run_id: None,
        context: serde_json::json!({}),
        personal: conductor_domain::Personal::new(),
        data: json!({}),
    };
    entry = entry.on("user", user);
    entry
}

/// An entry of the audit log about something a caller did.
pub(crate) fn done(caller: &Caller, event_type: &str, target: String) -> NewAuditEvent {
    NewAuditEvent::by(caller, event_type, event_type, target)
}
