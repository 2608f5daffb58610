//! The three ways to rows: what a caller sees, what a tenant owns, and the named exceptions.

mod unscoped;

use chrono::{DateTime, Utc};
use conductor_domain::{Caller, Clock, RunId, Scope};
use futures::future::BoxFuture;

use crate::{Error, FeedItem, Journal, Result, Store, conn::Conn, hub::Notice, repository::*, tx::Tx};

pub use unscoped::{Unscoped, UnscopedTx, UnscopedView};

/// What a caller may see.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(crate) conn: Conn<'a>,
    pub(crate) caller: &'a Caller,
    pub(crate) now: DateTime<Utc>,
}

impl<'a> View<'a> {
    pub(crate) fn new(conn: Conn<'a>, caller: &'a Caller, now: DateTime<Utc>) -> Self {
        Self { conn, caller, now }
    }

    /// Runs that the caller started, or may read as an administrator of the organisation.
    #[must_use]
    pub fn runs(self) -> VisibleRuns<'a> {
        VisibleRuns::new(self)
    }

    /// Outside systems that the caller may see.
    #[must_use]
    pub fn connectors(self) -> VisibleConnectors<'a> {
        VisibleConnectors::new(self)
    }

    /// Tools of connectors that the caller may see.
    #[must_use]
    pub fn tools(self) -> VisibleTools<'a> {
        VisibleTools::new(self)
    }

    /// Questions that the caller may answer.
    #[must_use]
    pub fn human_tasks(self) -> VisibleHumanTasks<'a> {
        VisibleHumanTasks::new(self)
    }

    /// Organisations that the caller is a member of.
    #[must_use]
    pub fn organizations(self) -> VisibleOrganizations<'a> {
        VisibleOrganizations::new(self)
    }

    /// Environments of the organisation that the caller acts in.
    #[must_use]
    pub fn environments(self) -> VisibleEnvironments<'a> {
        VisibleEnvironments::new(self)
    }

    /// Members of the organisation that the caller acts in.
    #[must_use]
    pub fn memberships(self) -> VisibleMemberships<'a> {
        VisibleMemberships::new(self)
    }

    /// Roles: the built-in ones and those of the organisation that the caller acts in.
    #[must_use]
    pub fn roles(self) -> VisibleRoles<'a> {
        VisibleRoles::new(self)
    }

    /// The caller's own provider keys.
    #[must_use]
    pub fn api_keys(self) -> VisibleApiKeys<'a> {
        VisibleApiKeys::new(self)
    }

    /// Service accounts of the organisation that the caller acts in.
    #[must_use]
    pub fn service_accounts(self) -> VisibleServiceAccounts<'a> {
        VisibleServiceAccounts::new(self)
    }

    /// Tokens issued to machines of the organisation that the caller acts in.
    #[must_use]
    pub fn issued_tokens(self) -> VisibleIssuedTokens<'a> {
        VisibleIssuedTokens::new(self)
    }

    /// Conversations of the caller.
    #[must_use]
    pub fn conversations(self) -> VisibleConversations<'a> {
        VisibleConversations::new(self)
    }

    /// Messages of the caller's conversations.
    #[must_use]
    pub fn messages(self) -> VisibleMessages<'a> {
        VisibleMessages::new(self)
    }

    /// Artifacts of the caller's conversations.
    #[must_use]
    pub fn artifacts(self) -> VisibleArtifacts<'a> {
        VisibleArtifacts::new(self)
    }

    /// Files that the caller uploaded.
    #[must_use]
    pub fn files(self) -> VisibleFiles<'a> {
        VisibleFiles::new(self)
    }

    /// Policies of the organisation that the caller acts in.
    #[must_use]
    pub fn policies(self) -> VisiblePolicies<'a> {
        VisiblePolicies::new(self)
    }

    /// The audit log of the organisation that the caller acts in.
    #[must_use]
    pub fn audit(self) -> VisibleAudit<'a> {
        VisibleAudit::new(self)
    }

    /// Budgets of the organisation that the caller acts in.
    #[must_use]
    pub fn budgets(self) -> VisibleBudgets<'a> {
        VisibleBudgets::new(self)
    }

    /// What was used and what it cost in the organisation that the caller acts in.
    #[must_use]
    pub fn usage(self) -> VisibleUsage<'a> {
        VisibleUsage::new(self)
    }

    /// Grants of the organisation that the caller acts in.
    #[must_use]
    pub fn grants(self) -> VisibleGrants<'a> {
        VisibleGrants::new(self)
    }

    /// Reviews of grants of the organisation that the caller acts in.
    #[must_use]
    pub fn campaigns(self) -> VisibleCampaigns<'a> {
        VisibleCampaigns::new(self)
    }

    /// Wishes for grants that the caller has or may grant.
    #[must_use]
    pub fn access_requests(self) -> VisibleAccessRequests<'a> {
        VisibleAccessRequests::new(self)
    }

    /// Workflows that the caller owns, that are shared with it, that are official or public.
    #[must_use]
    pub fn workflows(self) -> VisibleWorkflows<'a> {
        VisibleWorkflows::new(self)
    }

    /// Tags that the caller's organisation has given.
    #[must_use]
    pub fn tags(self) -> VisibleTags<'a> {
        VisibleTags::new(self)
    }

    /// Ratings of the caller's organisation.
    #[must_use]
    pub fn ratings(self) -> VisibleRatings<'a> {
        VisibleRatings::new(self)
    }

    /// How workflows did in the runs that the caller may see.
    #[must_use]
    pub fn analytics(self) -> VisibleAnalytics<'a> {
        VisibleAnalytics::new(self)
    }

    /// Drawings of the organisation and environment that the caller acts in.
    #[must_use]
    pub fn canvases(self) -> VisibleCanvases<'a> {
        VisibleCanvases::new(self)
    }

    /// Public links where the caller acts.
    #[must_use]
    pub fn public_shares(self) -> VisiblePublicShares<'a> {
        VisiblePublicShares::new(self)
    }

    /// Schedules of workflows that the caller may see.
    #[must_use]
    pub fn schedules(self) -> VisibleSchedules<'a> {
        VisibleSchedules::new(self)
    }

    /// Hooks of workflows that the caller may see.
    #[must_use]
    pub fn hooks(self) -> VisibleHooks<'a> {
        VisibleHooks::new(self)
    }

    /// Events that were told where the caller acts.
    #[must_use]
    pub fn told_events(self) -> VisibleToldEvents<'a> {
        VisibleToldEvents::new(self)
    }

    /// Agents that the caller owns, that are shared with it, that are official or public.
    #[must_use]
    pub fn agents(self) -> VisibleAgents<'a> {
        VisibleAgents::new(self)
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

    /// Where the tenant's audit log is sent on to.
    #[must_use]
    pub fn audit_forward(self) -> OwnAuditForward<'a> {
        OwnAuditForward::new(self.store.reader(), self.scope)
    }

    /// For how long the tenant keeps things.
    #[must_use]
    pub fn lifetimes(self) -> OwnLifetime<'a> {
        OwnLifetime::new(self.store.reader(), self.scope)
    }

    /// The tenant's secrets, in their envelopes.
    #[must_use]
    pub fn secrets(self) -> Secrets<'a> {
        Secrets::new(self.store.reader(), self.scope)
    }

    /// The tenant's keys, wrapped.
    #[must_use]
    pub fn tenant_keys(self) -> TenantKeys<'a> {
        TenantKeys::new(self.store.reader(), self.scope)
    }

    /// The tenant's provider keys.
    #[must_use]
    pub fn api_keys(self) -> ApiKeys<'a> {
        ApiKeys::new(self.store.reader(), self.scope)
    }

    /// The tenant's directory.
    #[must_use]
    pub fn directory(self) -> Directories<'a> {
        Directories::new(self.store.reader(), self.scope)
    }

    /// People whom the tenant's directory brought.
    #[must_use]
    pub fn directory_users(self) -> DirectoryUsers<'a> {
        DirectoryUsers::new(self.store.reader(), self.scope)
    }

    /// Groups that the tenant's directory brought.
    #[must_use]
    pub fn directory_groups(self) -> DirectoryGroups<'a> {
        DirectoryGroups::new(self.store.reader(), self.scope)
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

    /// Conversations of this tenant.
    #[must_use]
    pub fn conversations(self) -> Conversations<'t> {
        Conversations::new(self)
    }

    /// Messages of this tenant's conversations.
    #[must_use]
    pub fn messages(self) -> Messages<'t> {
        Messages::new(self)
    }

    /// Artifacts of this tenant's conversations.
    #[must_use]
    pub fn artifacts(self) -> Artifacts<'t> {
        Artifacts::new(self)
    }

    /// Files of this tenant.
    #[must_use]
    pub fn files(self) -> Files<'t> {
        Files::new(self)
    }

    /// Agents of this tenant.
    #[must_use]
    pub fn agents(self) -> Agents<'t> {
        Agents::new(self)
    }

    /// Workflows of this tenant.
    #[must_use]
    pub fn workflows(self) -> Workflows<'t> {
        Workflows::new(self)
    }

    /// Tags of this tenant.
    #[must_use]
    pub fn tags(self) -> Tags<'t> {
        Tags::new(self)
    }

    /// Ratings of this tenant.
    #[must_use]
    pub fn ratings(self) -> Ratings<'t> {
        Ratings::new(self)
    }

    /// What nodes did in this tenant's runs of workflows.
    #[must_use]
    pub fn node_stats(self) -> NodeStats<'t> {
        NodeStats::new(self)
    }

    /// Drawings of this tenant.
    #[must_use]
    pub fn canvases(self) -> Canvases<'t> {
        Canvases::new(self)
    }

    /// Schedules of this tenant's workflows.
    #[must_use]
    pub fn schedules(self) -> Schedules<'t> {
        Schedules::new(self)
    }

    /// Hooks of this tenant's workflows.
    #[must_use]
    pub fn hooks(self) -> Hooks<'t> {
        Hooks::new(self)
    }

    /// Public links of this tenant.
    #[must_use]
    pub fn public_shares(self) -> PublicShares<'t> {
        PublicShares::new(self)
    }

    /// Events that start this tenant's workflows.
    #[must_use]
    pub fn told_events(self) -> ToldEvents<'t> {
        ToldEvents::new(self)
    }

    /// What the agents of this tenant may reach.
    #[must_use]
    pub fn agent_connectors(self) -> AgentConnectors<'t> {
        AgentConnectors::new(self)
    }

    /// Outside systems of this tenant.
    #[must_use]
    pub fn connectors(self) -> Connectors<'t> {
        Connectors::new(self)
    }

    /// Tools of this tenant's connectors.
    #[must_use]
    pub fn tools(self) -> Tools<'t> {
        Tools::new(self)
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

    /// Calls whose bodies are to be emptied.
    #[must_use]
    pub fn quiet_calls(self) -> QuietCalls<'t> {
        QuietCalls::new(self)
    }

    /// The usage ledger of this tenant.
    #[must_use]
    pub fn usage(self) -> Usage<'t> {
        Usage::new(self)
    }

    /// Where this tenant's audit log is sent on to.
    #[must_use]
    pub fn audit_forward(self) -> AuditForwardTx<'t> {
        AuditForwardTx::new(self)
    }

    /// For how long this tenant keeps things.
    #[must_use]
    pub fn lifetimes(self) -> LifetimesTx<'t> {
        LifetimesTx::new(self)
    }

    /// Budgets of this tenant.
    #[must_use]
    pub fn budgets(self) -> BudgetsTx<'t> {
        BudgetsTx::new(self)
    }

    /// The ledger of this tenant's budgets.
    #[must_use]
    pub fn budget_ledger(self) -> BudgetLedger<'t> {
        BudgetLedger::new(self)
    }

    /// The audit log of this tenant.
    #[must_use]
    pub fn audit(self) -> Audit<'t> {
        Audit::new(self)
    }

    /// Grants of this tenant.
    #[must_use]
    pub fn grants(self) -> GrantsTx<'t> {
        GrantsTx::new(self)
    }

    /// Reviews of grants of this tenant.
    #[must_use]
    pub fn campaigns(self) -> CampaignsTx<'t> {
        CampaignsTx::new(self)
    }

    /// Wishes for grants of this tenant.
    #[must_use]
    pub fn access_requests(self) -> AccessRequestsTx<'t> {
        AccessRequestsTx::new(self)
    }

    /// What this tenant says of roles.
    #[must_use]
    pub fn roles(self) -> TenantRolesTx<'t> {
        TenantRolesTx::new(self)
    }

    /// Policies of this tenant.
    #[must_use]
    pub fn policies(self) -> PoliciesTx<'t> {
        PoliciesTx::new(self)
    }

    /// The tenant itself.
    #[must_use]
    pub fn organization(self) -> OrganizationTx<'t> {
        OrganizationTx::new(self)
    }

    /// Environments of this tenant.
    #[must_use]
    pub fn environments(self) -> EnvironmentsTx<'t> {
        EnvironmentsTx::new(self)
    }

    /// Who belongs to this tenant.
    #[must_use]
    pub fn memberships(self) -> MembershipsTx<'t> {
        MembershipsTx::new(self)
    }

    /// Secrets of this tenant, in their envelopes.
    #[must_use]
    pub fn secrets(self) -> SecretsTx<'t> {
        SecretsTx::new(self)
    }

    /// The keys of this tenant, wrapped.
    #[must_use]
    pub fn tenant_keys(self) -> TenantKeysTx<'t> {
        TenantKeysTx::new(self)
    }

    /// Provider keys of this tenant.
    #[must_use]
    pub fn api_keys(self) -> ApiKeysTx<'t> {
        ApiKeysTx::new(self)
    }

    /// Service accounts of this tenant.
    #[must_use]
    pub fn service_accounts(self) -> ServiceAccountsTx<'t> {
        ServiceAccountsTx::new(self)
    }

    /// Tokens issued to machines of this tenant.
    #[must_use]
    pub fn issued_tokens(self) -> IssuedTokensTx<'t> {
        IssuedTokensTx::new(self)
    }

    /// The directory of this tenant.
    #[must_use]
    pub fn directory(self) -> DirectoriesTx<'t> {
        DirectoriesTx::new(self)
    }

    /// People whom the directory of this tenant brought.
    #[must_use]
    pub fn directory_users(self) -> DirectoryUsersTx<'t> {
        DirectoryUsersTx::new(self)
    }

    /// Groups that the directory of this tenant brought.
    #[must_use]
    pub fn directory_groups(self) -> DirectoryGroupsTx<'t> {
        DirectoryGroupsTx::new(self)
    }
}
