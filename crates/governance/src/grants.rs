//! Granting: by whoever owns or manages a row or was granted it in full, never more than they have, never to
//! themselves; taking back takes what was given under it with it.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use conductor_access::{Access, Action, Facts};
use conductor_domain::{
    AccessLevel, AgentId, Caller, Decision, Grant, GrantFilter, GrantId, GrantSubject, NewAuditEvent,
    NewGrant, Page, PageRequest, ResourceRef, RoleId, Scope, ServiceAccountId, SubjectKind, UserId,
};
use conductor_storage::{FeedItem, ScopedTx, Store, Unscoped};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Error, Result,
    shared::{self, Names, Shared, checked_level, share_action},
};

/// How often the server looks for grants whose time is over.
const SWEEP: Duration = Duration::from_secs(5);
/// Grants that are taken back at once.
const CHUNK: u64 = 500;
/// Grants that one row may be given in one request.
const AT_ONCE: usize = 200;

/// A grant as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantDraft {
    /// To whom.
    pub subject: GrantSubject,
    /// How much.
    pub level: AccessLevel,
    /// Until when; `None` for good.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A grant with the names that stand in other rows, as far as the caller may know them.
#[derive(Clone, Debug)]
pub struct GrantView {
    /// The grant.
    pub grant: Grant,
    /// What the row is called.
    pub resource_name: Option<String>,
    /// What the subject is called.
    pub subject_name: Option<String>,
    /// The person's address, where the subject is one.
    pub subject_email: Option<String>,
    /// What its giver is called.
    pub granted_by_name: Option<String>,
}

/// Grants of the organisation that a caller acts in, and wishes for them.
#[derive(Clone, Debug)]
pub struct Grants {
    pub(crate) store: Store,
    pub(crate) access: Arc<Access>,
}

/// By what right somebody grants on a row.
#[derive(Clone, Copy, Debug)]
struct Authority {
    /// The grant that gives it; `None` for owners and those who manage the row.
    under: Option<GrantId>,
    /// When it ends.
    until: Option<DateTime<Utc>>,
}

impl Grants {
    /// Over these rows and this decision point.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>) -> Self {
        Self { store, access }
    }

    /// Grants a row; what the subject was granted on it before gives way.
    ///
    /// # Errors
    /// `Hidden`, `Invalid`, `Refused`, or a refusal of the decision point.
    pub async fn grant(
        &self,
        caller: &Caller,
        resource: ResourceRef,
        draft: GrantDraft,
    ) -> Result<GrantView> {
        let row = shared::find(&self.store, caller, resource).await?;
        let new = self.checked(caller, &row, draft).await?;
        let by = caller.clone();
        let grant = self
            .store
            .scoped(row.scope)
            .write(move |tx| Box::pin(async move { put(tx, &by, new).await }))
            .await?;
        self.access.grants_changed(caller.scope.organization_id).await;
        self.view(caller, grant).await
    }

    /// Makes these the only grants on a row.
    ///
    /// # Errors
    /// As `grant`; then nothing has changed.
    pub async fn replace(
        &self,
        caller: &Caller,
        resource: ResourceRef,
        drafts: Vec<GrantDraft>,
    ) -> Result<Vec<GrantView>> {
        if drafts.len() > AT_ONCE {
            let detail = format!("Use at most {AT_ONCE}; grant to a role or the organisation instead.");
            return Err(Error::field("/grants", "too_many", detail));
        }
        let row = shared::find(&self.store, caller, resource).await?;
        self.access.require(caller, share_action(resource.kind), &row.facts).await?;
        let before = self.store.visible_to(caller).grants().on(resource).await?;
        let mut new = Vec::new();
        for (at, draft) in drafts.iter().enumerate() {
            if drafts.iter().take(at).any(|other| other.subject == draft.subject) {
                let pointer = format!("/grants/{at}/subject_id");
                return Err(Error::field(&pointer, "twice", "Each subject stands in the list once."));
            }
            let same = |grant: &&Grant| {
                (grant.subject, grant.level, grant.expires_at)
                    == (draft.subject, draft.level, draft.expires_at)
            };
            if !before.iter().any(|grant| same(&grant)) {
                new.push(self.checked(caller, &row, *draft).await?);
            }
        }
        let kept = |grant: &&Grant| !drafts.iter().any(|draft| draft.subject == grant.subject);
        let gone: Vec<Grant> = before.iter().filter(kept).cloned().collect();
        let by = caller.clone();
        self.store
            .scoped(row.scope)
            .write(move |tx| {
                Box::pin(async move {
                    for grant in gone {
                        match revoke(tx, &by, grant.id).await {
                            // It may have ended with another of them.
                            Ok(()) | Err(Error::Hidden { .. }) => {}
                            Err(error) => return Err(error),
                        }
                    }
                    for grant in new {
                        put(tx, &by, grant).await?;
                    }
                    Ok::<_, Error>(())
                })
            })
            .await?;
        self.access.grants_changed(caller.scope.organization_id).await;
        let after = self.store.visible_to(caller).grants().on(resource).await?;
        self.views(caller, after).await
    }

    /// Takes a grant back, and what was given under it. Whoever may grant on the row may; people may give up their own.
    ///
    /// # Errors
    /// `Hidden` where the caller may not know of it.
    pub async fn revoke(&self, caller: &Caller, id: GrantId) -> Result<()> {
        let found = self.store.visible_to(caller).grants().find(id).await?;
        let grant = found.ok_or(Error::Hidden { what: "grant" })?;
        let own = caller.user_id().is_some_and(|user| grant.subject == person(user));
        if !own {
            let row = shared::find(&self.store, caller, grant.resource).await?;
            self.access.require(caller, share_action(grant.resource.kind), &row.facts).await?;
        }
        self.end(caller, grant).await
    }

    /// Takes a grant back; the right to is checked before.
    pub(crate) async fn end(&self, caller: &Caller, grant: Grant) -> Result<()> {
        let by = caller.clone();
        self.store
            .scoped(grant.scope)
            .write(move |tx| Box::pin(async move { revoke(tx, &by, grant.id).await }))
            .await?;
        self.access.grants_changed(caller.scope.organization_id).await;
        Ok(())
    }

    /// Takes a grant back that is on this row.
    ///
    /// # Errors
    /// `Hidden` where it is not on the row, or the caller may not know of it.
    pub async fn revoke_on(&self, caller: &Caller, resource: ResourceRef, id: GrantId) -> Result<()> {
        let found = self.store.visible_to(caller).grants().find(id).await?;
        found.filter(|grant| grant.resource == resource).ok_or(Error::Hidden { what: "grant" })?;
        self.revoke(caller, id).await
    }

    /// Takes a subject's grant on a row back.
    ///
    /// # Errors
    /// `Hidden` where there is none, or the caller may not know of it.
    pub async fn revoke_of(
        &self,
        caller: &Caller,
        resource: ResourceRef,
        subject: GrantSubject,
    ) -> Result<()> {
        let row = shared::find(&self.store, caller, resource).await?;
        self.access.require(caller, share_action(resource.kind), &row.facts).await?;
        let all = self.store.visible_to(caller).grants().on(resource).await?;
        let grant = all.into_iter().find(|grant| grant.subject == subject);
        self.end(caller, grant.ok_or(Error::Hidden { what: "grant" })?).await
    }

    /// A page of the grants on a row, the newest first, for those who may grant on it.
    ///
    /// # Errors
    /// `Hidden`, or a refusal.
    pub async fn on(
        &self,
        caller: &Caller,
        resource: ResourceRef,
        page: PageRequest,
    ) -> Result<Page<GrantView>> {
        let row = shared::find(&self.store, caller, resource).await?;
        self.access.require(caller, share_action(resource.kind), &row.facts).await?;
        self.listed(caller, GrantFilter { resource: Some(resource), subject: None }, page).await
    }

    /// A page of every grant of the organisation, the newest first, for its administrators.
    ///
    /// # Errors
    /// A refusal.
    pub async fn all(&self, caller: &Caller, page: PageRequest) -> Result<Page<GrantView>> {
        self.access.require(caller, Action::GrantRead, &facts(caller)).await?;
        self.listed(caller, GrantFilter::default(), page).await
    }

    /// A page of what the caller was granted, by its name, its roles or as a member.
    ///
    /// # Errors
    /// When the cursor is not one of this list.
    pub async fn mine(&self, caller: &Caller, page: PageRequest) -> Result<Page<GrantView>> {
        let page = self.store.visible_to(caller).grants().held(page).await?;
        Ok(Page { items: self.views(caller, page.items).await?, next: page.next })
    }

    /// A page of what a person was granted by name, for administrators and the person.
    ///
    /// # Errors
    /// `Hidden` where the person is no member of the organisation.
    pub async fn of_user(&self, caller: &Caller, user: UserId, page: PageRequest) -> Result<Page<GrantView>> {
        if caller.user_id() != Some(user) {
            self.access.require(caller, Action::GrantRead, &facts(caller)).await?;
            let member = self.store.visible_to(caller).memberships().find(user).await?;
            member.ok_or(Error::Hidden { what: "user" })?;
        }
        self.listed(caller, GrantFilter { subject: Some(person(user)), resource: None }, page).await
    }

    /// What would be decided about the caller's doing this with a row. Nothing is done and nothing recorded. A row that
    /// the caller does not see is answered like one that does not exist: `None`.
    ///
    /// # Errors
    /// When the rules cannot be read.
    pub async fn check(
        &self,
        caller: &Caller,
        resource: ResourceRef,
        action: Action,
    ) -> Result<Option<Decision>> {
        let row = match shared::find(&self.store, caller, resource).await {
            Ok(row) => row,
            Err(Error::Hidden { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(self.access.explain(caller, action, &row.facts, None, None).await?))
    }

    /// Whether the caller's roles have a permission at all, such as `agent.create` or `sharepoint.read`.
    ///
    /// # Errors
    /// When the rules cannot be read.
    pub async fn permits(&self, caller: &Caller, permission: &str) -> Result<bool> {
        let judge = self.access.judge(caller).await?;
        Ok(match Action::from_word(permission) {
            Some(action) => judge.permits(caller, action),
            None => judge.permissions(caller).iter().any(|held| held == permission),
        })
    }

    /// Looks for grants whose time is over and takes them back, with an entry each. They have not counted since.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn sweep(&self) -> Result<usize> {
        let now = self.store.clock().now();
        let ended = self.store.unscoped(Unscoped::GrantSweep).grants().ended(now, CHUNK).await?;
        let count = ended.len();
        for grant in ended {
            let organization = grant.scope.organization_id;
            let swept = self
                .store
                .scoped(grant.scope)
                .write(move |tx| Box::pin(async move { expire(tx, grant.id).await }))
                .await;
            match swept {
                // Another server was first.
                Ok(()) | Err(Error::Hidden { .. }) => {}
                Err(error) => return Err(error),
            }
            self.access.grants_changed(organization).await;
        }
        Ok(count)
    }

    /// Sweeps until it is aborted.
    pub async fn watch(self) {
        let mut ticks = tokio::time::interval(SWEEP);
        loop {
            ticks.tick().await;
            if let Err(error) = self.sweep().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "ended grants could not be taken back"
                );
            }
        }
    }

    /// A draft that may be written: the caller may grant on the row, and gives what it has.
    pub(crate) async fn checked(&self, caller: &Caller, row: &Shared, draft: GrantDraft) -> Result<NewGrant> {
        let authority = self.authority(caller, row).await?;
        checked_level(row.resource.kind, draft.level)?;
        if draft.expires_at.is_some_and(|end| end <= self.store.clock().now()) {
            return Err(Error::field("/expires_at", "past", "Name a moment that is still to come."));
        }
        if caller.user_id().is_some_and(|user| draft.subject == person(user)) {
            let reason = "nobody grants to themselves; ask somebody else who may";
            return Err(self.refused(caller, row, "grant_to_self", reason).await?);
        }
        let outlasts = match (authority.until, draft.expires_at) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(own), Some(end)) => end > own,
        };
        if outlasts {
            let reason = "nobody grants for longer than they have it themselves";
            return Err(self.refused(caller, row, "grant_beyond_own", reason).await?);
        }
        self.subject(caller, row, draft.subject).await?;
        Ok(NewGrant {
            subject: draft.subject,
            resource: row.resource,
            level: draft.level,
            granted_by: caller.user_id(),
            under: authority.under,
            expires_at: draft.expires_at,
        })
    }

    /// By what right the caller grants on the row.
    async fn authority(&self, caller: &Caller, row: &Shared) -> Result<Authority> {
        let action = share_action(row.resource.kind);
        self.access.require(caller, action, &row.facts).await?;
        if row.scope.organization_id != caller.scope.organization_id {
            let detail = "This belongs to another organisation; only its own people can grant it.";
            return Err(Error::field("/resource_id", "foreign", detail));
        }
        if self.access.judge(caller).await?.allows_ungranted(caller, action, &row.facts) {
            return Ok(Authority { under: None, until: None });
        }
        let held = self.store.visible_to(caller).grants().held_on(row.resource).await?;
        let full = held.into_iter().filter(|grant| grant.level == AccessLevel::Admin);
        // The one that lasts longest; one without an end lasts longer than any.
        let best = full.max_by_key(|grant| (grant.expires_at.is_none(), grant.expires_at));
        let best = best.ok_or(Error::Hidden { what: row.resource.kind.as_str() })?;
        Ok(Authority { under: Some(best.id), until: best.expires_at })
    }

    /// A subject that the organisation has, and that does not own the row already.
    pub(crate) async fn subject(&self, caller: &Caller, row: &Shared, subject: GrantSubject) -> Result<()> {
        let view = self.store.visible_to(caller);
        let known = match subject.kind {
            SubjectKind::User => {
                if row.facts.owner == Some(subject.id.into()) {
                    return Err(Error::field("/subject_id", "owner", "This person owns it already."));
                }
                let member = view.memberships().find(subject.id.into()).await?;
                member.is_some_and(|member| member.membership.is_active)
            }
            SubjectKind::Role => !view.roles().find_many(&[RoleId::from_uuid(subject.id)]).await?.is_empty(),
            SubjectKind::Organization => subject.id == caller.scope.organization_id.as_uuid(),
            SubjectKind::Agent => {
                let agent = view.agents().find(AgentId::from_uuid(subject.id)).await?;
                agent.is_some_and(|agent| agent.scope.organization_id == caller.scope.organization_id)
            }
            SubjectKind::ServiceAccount => {
                view.service_accounts().find(ServiceAccountId::from_uuid(subject.id)).await?.is_some()
            }
        };
        if known {
            return Ok(());
        }
        let detail = format!("This organisation has no such {}.", subject.kind.as_str().replace('_', " "));
        Err(Error::field("/subject_id", "not_found", detail))
    }

    /// Takes down that a rule of granting refused, and is that refusal.
    pub(crate) async fn refused(
        &self,
        caller: &Caller,
        row: &Shared,
        code: &'static str,
        reason: &'static str,
    ) -> Result<Error> {
        let action = share_action(row.resource.kind);
        self.access.refused(caller, action, &row.facts, &format!("grants/{code}"), reason).await?;
        Ok(Error::Refused { code, reason })
    }

    async fn listed(
        &self,
        caller: &Caller,
        filter: GrantFilter,
        page: PageRequest,
    ) -> Result<Page<GrantView>> {
        let page = self.store.visible_to(caller).grants().page(filter, page).await?;
        Ok(Page { items: self.views(caller, page.items).await?, next: page.next })
    }

    pub(crate) async fn view(&self, caller: &Caller, grant: Grant) -> Result<GrantView> {
        self.views(caller, vec![grant]).await?.pop().ok_or(Error::Hidden { what: "grant" })
    }

    pub(crate) async fn views(&self, caller: &Caller, grants: Vec<Grant>) -> Result<Vec<GrantView>> {
        let names = Names::of_grants(&self.store, caller, &grants).await?;
        Ok(grants
            .into_iter()
            .map(|grant| GrantView {
                resource_name: names.resource(grant.resource),
                subject_name: names.subject(grant.subject),
                subject_email: match grant.subject.kind {
                    SubjectKind::User => names.email(grant.subject.id.into()),
                    _ => None,
                },
                granted_by_name: grant.granted_by.and_then(|by| names.person(by)),
                grant,
            })
            .collect())
    }
}

/// A person as a subject.
pub(crate) fn person(user: UserId) -> GrantSubject {
    GrantSubject { kind: SubjectKind::User, id: user.as_uuid() }
}

pub(crate) fn facts(caller: &Caller) -> Facts {
    Facts::new(format!("grant:{}", caller.scope.organization_id), caller.scope)
}

/// Writes a grant, with its entries and notices.
pub(crate) async fn put(tx: ScopedTx<'_>, by: &Caller, new: NewGrant) -> Result<Grant> {
    let (grant, ended) = tx.grants().put(new).await?;
    let mut entry = entry(by, "grant.created", &grant);
    if let (Some(data), Some(before)) = (entry.data.as_object_mut(), ended.first()) {
        data.insert("replaces".to_owned(), json!({ "grant_id": before.id, "access_level": before.level }));
    }
    tx.audit().record(entry).await?;
    // The first gave way to the new one; the rest were given under it.
    for below in ended.iter().skip(1) {
        tx.audit().record(self::entry(by, "grant.revoked", below)).await?;
        tell(tx, below);
    }
    tell(tx, &grant);
    Ok(grant)
}

/// Takes a grant back with what was given under it, with their entries and notices.
pub(crate) async fn revoke(tx: ScopedTx<'_>, by: &Caller, id: GrantId) -> Result<()> {
    for grant in tx.grants().revoke(id).await.map_err(gone)? {
        tx.audit().record(entry(by, "grant.revoked", &grant)).await?;
        tell(tx, &grant);
    }
    Ok(())
}

/// Takes a grant back whose time is over.
async fn expire(tx: ScopedTx<'_>, id: GrantId) -> Result<()> {
    for grant in tx.grants().revoke(id).await.map_err(gone)? {
        let mut entry = entry(&clockwork(grant.scope), "grant.expired", &grant);
        entry.subject = "system:grants".to_owned();
        entry.user_id = None;
        tx.audit().record(entry).await?;
        tell(tx, &grant);
    }
    Ok(())
}

/// Nobody: time itself ends grants.
fn clockwork(scope: Scope) -> Caller {
    Caller {
        principal: conductor_domain::Principal::User { user_id: UserId::NIL },
        scope,
        organizations: Vec::new(),
        roles: Vec::new(),
        clearance: conductor_domain::Classification::Public,
        attributes: json!({}),
        token_scopes: None,
        session_id: None,
        token_id: None,
        address: None,
    }
}

fn gone(error: conductor_storage::Error) -> Error {
    match error {
        conductor_storage::Error::NotFound => Error::Hidden { what: "grant" },
        other => other.into(),
    }
}

fn entry(by: &Caller, event: &str, grant: &Grant) -> NewAuditEvent {
    let action = share_action(grant.resource.kind);
    let mut entry = NewAuditEvent::by(by, event, action.as_str(), grant.resource.target())
        .on(grant.resource.kind.as_str(), grant.resource.id);
    entry.data = json!({
        "grant_id": grant.id,
        "subject": format!("{}:{}", grant.subject.kind, grant.subject.id),
        "access_level": grant.level,
        "expires_at": grant.expires_at,
        "granted_by_user_id": grant.granted_by,
        "under": grant.under,
    });
    entry
}

/// Tells whom it concerns, once it is committed.
fn tell(tx: ScopedTx<'_>, grant: &Grant) {
    tx.notify(FeedItem {
        organization_id: grant.scope.organization_id,
        user_id: (grant.subject.kind == SubjectKind::User).then(|| Uuid::into(grant.subject.id)),
        data: json!({
            "type": "grant.changed",
            "resource_type": grant.resource.kind,
            "resource_id": grant.resource.id,
        }),
    });
}
