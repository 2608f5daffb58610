//! The three ways to rows: what a caller sees, what a tenant owns, and the named exceptions.

use conductor_domain::{Caller, Clock, RunId, Scope};
use futures::future::BoxFuture;

use crate::{Error, FeedItem, Journal, Result, Store, conn::Conn, hub::Notice, repository::*, tx::Tx};

/// What a caller may see.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(crate) conn: Conn<'a>,
    pub(crate) caller: &'a Caller,
}

impl<'a> View<'a> {
    pub(crate) fn new(conn: Conn<'a>, caller: &'a Caller) -> Self {
        Self { conn, caller }
    }

    /// Runs that the caller started, or may read as an administrator of the organisation.
    #[must_use]
    pub fn runs(self) -> VisibleRuns<'a> {
        VisibleRuns::new(self)
    }

    /// Questions that the caller may answer.
    #[must_use]
    pub fn human_tasks(self) -> VisibleHumanTasks<'a> {
        VisibleHumanTasks::new(self)
    }
}

/// One tenant's rows, before a transaction.
#[derive(Clone, Copy, Debug)]
pub struct Scoped<'a> {
    store: &'a Store,
    scope: Scope,
}

impl<'a> Scoped<'a> {
    pub(crate) fn new(store: &'a Store, scope: Scope) -> Self {
        Self { store, scope }
    }

    /// Runs one closure as one transaction; the answer means that it is on disk.
    ///
    /// # Errors
    /// The closure's own error rolls its writes back and comes out; so does the database's.
    pub async fn write<T, E, F>(self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'t> FnOnce(ScopedTx<'t>) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        let scope = self.scope;
        self.store.write(move |tx| work(ScopedTx { tx, scope })).await
    }
}

/// One tenant's rows, inside a transaction.
#[derive(Clone, Copy, Debug)]
pub struct ScopedTx<'t> {
    pub(crate) tx: &'t Tx,
    pub(crate) scope: Scope,
}

impl<'t> ScopedTx<'t> {
    /// The tenant.
    #[must_use]
    pub fn scope(self) -> Scope {
        self.scope
    }

    /// The clock of the store.
    #[must_use]
    pub fn clock(self) -> &'t dyn Clock {
        self.tx.clock()
    }

    /// The journal of a run whose lease the writer holds by `fence`.
    #[must_use]
    pub fn journal(self, run_id: RunId, fence: i64) -> Journal<'t> {
        Journal::new(self.tx, run_id, fence)
    }

    /// Tells feeds once this is committed.
    pub fn notify(self, item: FeedItem) {
        self.tx.notify(Notice::Feed(item));
    }

    /// The same transaction, beyond the tenant, for a named reason.
    #[must_use]
    pub fn unscoped(self, reason: Unscoped) -> UnscopedTx<'t> {
        UnscopedTx { tx: self.tx, reason }
    }

    /// Runs of this tenant.
    #[must_use]
    pub fn runs(self) -> Runs<'t> {
        Runs::new(self)
    }

    /// Questions to people of this tenant.
    #[must_use]
    pub fn human_tasks(self) -> HumanTasks<'t> {
        HumanTasks::new(self)
    }

    /// The effect ledger of this tenant's runs.
    #[must_use]
    pub fn effects(self) -> Effects<'t> {
        Effects::new(self)
    }

    /// Standing answers to tool approvals.
    #[must_use]
    pub fn tool_approvals(self) -> ToolApprovals<'t> {
        ToolApprovals::new(self)
    }

    /// The usage ledger of this tenant.
    #[must_use]
    pub fn usage(self) -> Usage<'t> {
        Usage::new(self)
    }

    /// The audit log of this tenant.
    #[must_use]
    pub fn audit(self) -> Audit<'t> {
        Audit::new(self)
    }
}

/// Why rows beyond one tenant are touched. This list is the whole of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unscoped {
    /// Finding the account behind a credential; sessions; one-time links.
    SignIn,
    /// The first start: the first account and its organisations; the platform's own rows.
    Setup,
    /// Joining, leaving and listing organisations.
    Membership,
    /// Claiming and renewing runs of every tenant.
    RunDriver,
    /// Compiling policies and roles of every tenant.
    DecisionPoint,
    /// Accounts, models and official connectors, for platform administrators.
    Administration,
    /// The health of connectors of every tenant.
    Health,
    /// Remembering first answers of repeated requests.
    Idempotency,
}

/// Rows beyond one tenant, before a transaction.
#[derive(Clone, Copy, Debug)]
pub struct UnscopedView<'a> {
    store: &'a Store,
    pub(crate) reason: Unscoped,
}

impl<'a> UnscopedView<'a> {
    pub(crate) fn new(store: &'a Store, reason: Unscoped) -> Self {
        Self { store, reason }
    }

    pub(crate) fn conn(self) -> Conn<'a> {
        self.store.reader()
    }

    /// Runs one closure as one transaction; the answer means that it is on disk.
    ///
    /// # Errors
    /// The closure's own error rolls its writes back and comes out; so does the database's.
    pub async fn write<T, E, F>(self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'t> FnOnce(UnscopedTx<'t>) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        let reason = self.reason;
        self.store.write(move |tx| work(UnscopedTx { tx, reason })).await
    }

    /// Every tenant's runs, for the driver.
    #[must_use]
    pub fn runs(self) -> DriverRuns<'a> {
        DriverRuns::reading(self.conn())
    }
}

/// Rows beyond one tenant, inside a transaction.
#[derive(Clone, Copy, Debug)]
pub struct UnscopedTx<'t> {
    pub(crate) tx: &'t Tx,
    pub(crate) reason: Unscoped,
}

impl<'t> UnscopedTx<'t> {
    /// The clock of the store.
    #[must_use]
    pub fn clock(self) -> &'t dyn Clock {
        self.tx.clock()
    }

    /// Why this transaction reaches beyond one tenant.
    #[must_use]
    pub fn reason(self) -> Unscoped {
        self.reason
    }

    /// The same transaction inside one tenant.
    #[must_use]
    pub fn scoped(self, scope: Scope) -> ScopedTx<'t> {
        ScopedTx { tx: self.tx, scope }
    }

    /// Tells feeds once this is committed.
    pub fn notify(self, item: FeedItem) {
        self.tx.notify(Notice::Feed(item));
    }

    /// Every tenant's runs, for the driver.
    #[must_use]
    pub fn runs(self) -> DriverRuns<'t> {
        DriverRuns::writing(self.tx)
    }
}
