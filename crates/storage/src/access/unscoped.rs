//! Rows beyond one tenant: every reason that there is, and what it opens.

use conductor_domain::{Clock, Scope};
use futures::future::BoxFuture;

use super::ScopedTx;
use crate::{Error, FeedItem, Result, Store, conn::Conn, hub::Notice, repository::*, tx::Tx};

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
    /// Sealing and verifying the audit log of every tenant.
    AuditChain,
    /// Moving the secrets of every tenant under new keys.
    KeyRotation,
    /// Taking grants back whose time is over.
    GrantSweep,
    /// Removing what organisations keep for a while only.
    Retention,
    /// Finding the schedules of every tenant whose moment has come.
    Schedules,
    /// Finding a hook and the owner of a workflow that starts by itself, before anyone stands for it.
    Starts,
    /// Finding what a public link opens, before anyone stands for it.
    PublicShare,
    /// Erasing people, wherever they left something.
    Erasure,
    /// Giving a person what is theirs, wherever it lies.
    Export,
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

    /// Every tenant's connectors, for their health.
    #[must_use]
    pub fn connectors(self) -> AllConnectors<'a> {
        AllConnectors::new(self.conn())
    }

    /// Every tenant's audit log, for administrators of the platform.
    #[must_use]
    pub fn audit(self) -> AllAudit<'a> {
        AllAudit::new(self.conn())
    }

    /// The chains of every tenant's audit log.
    #[must_use]
    pub fn audit_chains(self) -> AuditChains<'a> {
        AuditChains::new(self.conn())
    }

    /// Where the audit logs of every tenant are sent on to.
    #[must_use]
    pub fn audit_forwards(self) -> AuditForwards<'a> {
        AuditForwards::new(self.conn())
    }

    /// For how long every tenant keeps things.
    #[must_use]
    pub fn lifetimes(self) -> Lifetimes<'a> {
        Lifetimes::new(self.conn())
    }

    /// Rotations of the keys of every tenant.
    #[must_use]
    pub fn key_rotations(self) -> KeyRotations<'a> {
        KeyRotations::new(self.conn())
    }

    /// What belongs to people.
    #[must_use]
    pub fn belongings(self) -> Belongings<'a> {
        Belongings::new(self.conn())
    }

    /// Erasures of people.
    #[must_use]
    pub fn erasures(self) -> Erasures<'a> {
        Erasures::new(self.conn())
    }

    /// Every tenant's runs, for the driver.
    #[must_use]
    pub fn runs(self) -> DriverRuns<'a> {
        DriverRuns::reading(self.conn())
    }

    /// Every tenant's schedules of workflows, for whoever starts what is due.
    #[must_use]
    pub fn schedules(self) -> AllSchedules<'a> {
        AllSchedules::new(self.conn())
    }

    /// Every tenant's hooks of workflows, for whoever takes deliveries.
    #[must_use]
    pub fn hooks(self) -> AllHooks<'a> {
        AllHooks::new(self.conn())
    }

    /// Every tenant's public links, for whoever holds a token.
    #[must_use]
    pub fn public_shares(self) -> AllPublicShares<'a> {
        AllPublicShares::new(self.conn())
    }

    /// Every tenant's workflows, for whoever starts one that starts by itself.
    #[must_use]
    pub fn workflows(self) -> AllWorkflows<'a> {
        AllWorkflows::new(self.conn())
    }

    /// Accounts.
    #[must_use]
    pub fn users(self) -> Users<'a> {
        Users::new(self.conn())
    }

    /// Identity providers of the platform.
    #[must_use]
    pub fn identity_providers(self) -> IdentityProviders<'a> {
        IdentityProviders::new(self.conn())
    }

    /// One-time links.
    #[must_use]
    pub fn links(self) -> Links<'a> {
        Links::new(self.conn())
    }

    /// Sessions of every account.
    #[must_use]
    pub fn sessions(self) -> Sessions<'a> {
        Sessions::new(self.conn())
    }

    /// Tokens issued to machines of every organisation.
    #[must_use]
    pub fn issued_tokens(self) -> IssuedTokens<'a> {
        IssuedTokens::new(self.conn())
    }

    /// Service accounts of every organisation.
    #[must_use]
    pub fn service_accounts(self) -> ServiceAccounts<'a> {
        ServiceAccounts::new(self.conn())
    }

    /// Agents of every organisation, for the check of their tokens.
    #[must_use]
    pub fn agents(self) -> AllAgents<'a> {
        AllAgents::new(self.conn())
    }

    /// What processes told each other about ended credentials.
    #[must_use]
    pub fn revocations(self) -> Revocations<'a> {
        Revocations::new(self.conn())
    }

    /// Every organisation.
    #[must_use]
    pub fn organizations(self) -> Organizations<'a> {
        Organizations::new(self.conn())
    }

    /// Environments of every organisation.
    #[must_use]
    pub fn environments(self) -> Environments<'a> {
        Environments::new(self.conn())
    }

    /// Roles of every organisation.
    #[must_use]
    pub fn roles(self) -> Roles<'a> {
        Roles::new(self.conn())
    }

    /// Grants of every organisation.
    #[must_use]
    pub fn grants(self) -> Grants<'a> {
        Grants::new(self.conn())
    }

    /// Policies of every organisation.
    #[must_use]
    pub fn policies(self) -> Policies<'a> {
        Policies::new(self.conn())
    }

    /// Budgets of every organisation.
    #[must_use]
    pub fn budgets(self) -> Budgets<'a> {
        Budgets::new(self.conn())
    }

    /// Calls of a day.
    #[must_use]
    pub fn call_counts(self) -> CallCounts<'a> {
        CallCounts::new(self.conn())
    }

    /// What models cost.
    #[must_use]
    pub fn pricing(self) -> Pricing<'a> {
        Pricing::new(self.conn())
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

    /// The chains of every tenant's audit log.
    #[must_use]
    pub fn audit_chains(self) -> AuditChainsTx<'t> {
        AuditChainsTx::new(self.tx)
    }

    /// Rotations of the keys of every tenant.
    #[must_use]
    pub fn key_rotations(self) -> KeyRotationsTx<'t> {
        KeyRotationsTx::new(self.tx)
    }

    /// Erasures of people.
    #[must_use]
    pub fn erasures(self) -> ErasuresTx<'t> {
        ErasuresTx::new(self.tx)
    }

    /// Every tenant's runs, for the driver.
    #[must_use]
    pub fn runs(self) -> DriverRuns<'t> {
        DriverRuns::writing(self.tx)
    }

    /// Calls of every tenant whose bodies are to be emptied.
    #[must_use]
    pub fn quiet_calls(self) -> QuietCallsTx<'t> {
        QuietCallsTx::new(self.tx)
    }

    /// Accounts.
    #[must_use]
    pub fn users(self) -> UsersTx<'t> {
        UsersTx::new(self.tx)
    }

    /// Sessions of every account.
    #[must_use]
    pub fn sessions(self) -> SessionsTx<'t> {
        SessionsTx::new(self.tx)
    }

    /// Identity providers of the platform.
    #[must_use]
    pub fn identity_providers(self) -> IdentityProvidersTx<'t> {
        IdentityProvidersTx::new(self.tx)
    }

    /// One-time links.
    #[must_use]
    pub fn links(self) -> LinksTx<'t> {
        LinksTx::new(self.tx)
    }

    /// Every organisation.
    #[must_use]
    pub fn organizations(self) -> OrganizationsTx<'t> {
        OrganizationsTx::new(self.tx)
    }

    /// Environments of every organisation, to read.
    #[must_use]
    pub fn environments(self) -> Environments<'t> {
        Environments::new(self.tx.conn())
    }

    /// Roles of every organisation.
    #[must_use]
    pub fn roles(self) -> RolesTx<'t> {
        RolesTx::new(self.tx)
    }

    /// Calls of a day.
    #[must_use]
    pub fn call_counts(self) -> CallCountsTx<'t> {
        CallCountsTx::new(self.tx)
    }

    /// What models cost.
    #[must_use]
    pub fn pricing(self) -> PricingTx<'t> {
        PricingTx::new(self.tx)
    }

    /// Keys of requests that may come again.
    #[must_use]
    pub fn idempotency_keys(self) -> IdempotencyKeys<'t> {
        IdempotencyKeys::new(self.tx)
    }
}
