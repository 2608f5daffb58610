//! Asking for access: whoever may grant on the row answers, never the person who asks, and nobody learns from asking
//! whether a row exists.

use chrono::{DateTime, TimeDelta, Utc};
use conductor_access::{Action, Facts};
use conductor_domain::{
    AccessLevel, AccessRequest, AccessRequestId, AccessRequestStatus, Caller, NewAccessRequest,
    NewAuditEvent, Page, PageRequest, ResourceRef, UserId,
};
use conductor_storage::{FeedItem, ScopedTx};
use serde_json::json;

use crate::{
    Error, GrantDraft, Grants, Result,
    grants::{person, put},
    shared::{self, Names, checked_level, share_action},
};

/// Wishes of one person that may wait for an answer.
const OPEN: u64 = 50;
/// Hours that may be asked for.
const HOURS: i32 = 24 * 366;
/// Letters of a reason or an answer.
const WORDS: usize = 2_000;

/// A wish as it is asked.
#[derive(Clone, Debug)]
pub struct RequestDraft {
    /// For which row.
    pub resource: ResourceRef,
    /// For how much of it.
    pub level: AccessLevel,
    /// Why.
    pub reason: String,
    /// For how long, in hours; `None` for good.
    pub hours: Option<i32>,
}

/// A wish with the names that stand in other rows.
#[derive(Clone, Debug)]
pub struct RequestView {
    /// The wish.
    pub request: AccessRequest,
    /// What the row is called, where the caller may see it.
    pub resource_name: Option<String>,
    /// Who asks.
    pub user_name: Option<String>,
    /// Their address.
    pub user_email: Option<String>,
    /// Who answered.
    pub decided_by_name: Option<String>,
    /// Whether the caller may answer it.
    pub can_decide: bool,
}

impl Grants {
    /// Asks for access to a row, which one need not see: the answer is the same for one that does not exist.
    ///
    /// # Errors
    /// `Invalid`, `RequestOpen`, `AlreadyGranted` or `TooManyOpen`.
    pub async fn request(&self, caller: &Caller, draft: RequestDraft) -> Result<RequestView> {
        let user = caller.user_id().ok_or(Error::Hidden { what: "user" })?;
        let facts = Facts::new("access_request:new", caller.scope).owned_by(Some(user));
        self.access.require(caller, Action::AccessRequestCreate, &facts).await?;
        let wanted = checked_level(draft.resource.kind, draft.level)?;
        let reason = words("/reason", &draft.reason, 1)?;
        if draft.hours.is_some_and(|hours| !(1..=HOURS).contains(&hours)) {
            return Err(Error::field("/hours", "out_of_range", format!("Ask for 1 to {HOURS} hours.")));
        }
        let view = self.store.visible_to(caller);
        match shared::find(&self.store, caller, draft.resource).await {
            Ok(row) if row.scope.organization_id != caller.scope.organization_id => {
                let detail = "This belongs to another organisation; copy it, or ask its own people.";
                return Err(Error::field("/resource_id", "foreign", detail));
            }
            Ok(row) if self.access.judge(caller).await?.allows(caller, wanted, &row.facts) => {
                return Err(Error::AlreadyGranted);
            }
            Ok(_) | Err(Error::Hidden { .. }) => {}
            Err(error) => return Err(error),
        }
        let open = view.access_requests().open().await?;
        if open >= OPEN {
            return Err(Error::TooManyOpen { open });
        }
        let new = NewAccessRequest {
            user_id: user,
            resource: draft.resource,
            level: draft.level,
            reason,
            hours: draft.hours,
        };
        let by = caller.clone();
        let request = self
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let request = tx.access_requests().create(new).await.map_err(open_already)?;
                    tx.audit().record(entry(&by, "access_request.created", &request)).await?;
                    for approver in tx.access_requests().approvers(request.resource).await? {
                        tell(tx, "access_request.created", &request, approver);
                    }
                    Ok::<_, Error>(request)
                })
            })
            .await?;
        self.request_view(caller, request).await
    }

    /// A page of wishes, the newest first: the caller's own, or those that it may grant.
    ///
    /// # Errors
    /// When the cursor is not one of this list.
    pub async fn requests(
        &self,
        caller: &Caller,
        mine: bool,
        status: Option<AccessRequestStatus>,
        page: PageRequest,
    ) -> Result<Page<RequestView>> {
        let page = self.store.visible_to(caller).access_requests().page(mine, status, page).await?;
        Ok(Page { items: self.request_views(caller, page.items).await?, next: page.next })
    }

    /// Grants a wish, until `until` (an inner `None` is for good) or else for as long as was asked.
    ///
    /// # Errors
    /// `Hidden`, `AlreadyDecided`, or as granting.
    pub async fn approve(
        &self,
        caller: &Caller,
        id: AccessRequestId,
        until: Option<Option<DateTime<Utc>>>,
        comment: Option<String>,
    ) -> Result<RequestView> {
        let (request, by) = self.to_decide(caller, id).await?;
        let comment = comment.map(|text| words("/comment", &text, 0)).transpose()?;
        let row = shared::find(&self.store, caller, request.resource).await?;
        let now = self.store.clock().now();
        let wished = request.hours.map(|hours| now + TimeDelta::hours(hours.into()));
        let draft = GrantDraft {
            subject: person(request.user_id),
            level: request.level,
            expires_at: until.unwrap_or(wished),
        };
        let new = self.checked(caller, &row, draft).await?;
        let caller_of_it = caller.clone();
        let request = self
            .store
            .scoped(row.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let grant = put(tx, &caller_of_it, new).await?;
                    let became = Some((grant.id, grant.expires_at));
                    let request =
                        tx.access_requests().decide(id, by, became, comment).await.map_err(decided)?;
                    tx.audit().record(entry(&caller_of_it, "access_request.approved", &request)).await?;
                    tell(tx, "access_request.decided", &request, request.user_id);
                    Ok::<_, Error>(request)
                })
            })
            .await?;
        self.access.grants_changed(caller.scope.organization_id).await;
        self.request_view(caller, request).await
    }

    /// Refuses a wish.
    ///
    /// # Errors
    /// `Hidden`, `AlreadyDecided`, or a refusal.
    pub async fn deny(&self, caller: &Caller, id: AccessRequestId, reason: &str) -> Result<RequestView> {
        let (_, by) = self.to_decide(caller, id).await?;
        let reason = words("/reason", reason, 1)?;
        let caller_of_it = caller.clone();
        let request = self
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let request =
                        tx.access_requests().decide(id, by, None, Some(reason)).await.map_err(decided)?;
                    tx.audit().record(entry(&caller_of_it, "access_request.denied", &request)).await?;
                    tell(tx, "access_request.decided", &request, request.user_id);
                    Ok::<_, Error>(request)
                })
            })
            .await?;
        self.request_view(caller, request).await
    }

    /// Takes one's own wish back as long as nobody has answered it; once more changes nothing.
    ///
    /// # Errors
    /// `Hidden` where it is not the caller's own, `AlreadyDecided`.
    pub async fn withdraw(&self, caller: &Caller, id: AccessRequestId) -> Result<()> {
        let hidden = || Error::Hidden { what: "request" };
        let user = caller.user_id().ok_or_else(hidden)?;
        let found = self.store.visible_to(caller).access_requests().find(id).await?;
        let request = found.filter(|request| request.user_id == user).ok_or_else(hidden)?;
        let facts = Facts::new(request.resource.target(), caller.scope).owned_by(Some(user));
        self.access.require(caller, Action::AccessRequestCreate, &facts).await?;
        let by = caller.clone();
        self.store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let withdrawn = tx.access_requests().withdraw(id, user).await.map_err(decided)?;
                    let Some(request) = withdrawn else { return Ok(()) };
                    tx.audit().record(entry(&by, "access_request.withdrawn", &request)).await?;
                    // Whoever was asked has one question less, also on other pages of the person.
                    tell(tx, "access_request.withdrawn", &request, user);
                    for approver in tx.access_requests().approvers(request.resource).await? {
                        tell(tx, "access_request.withdrawn", &request, approver);
                    }
                    Ok::<_, Error>(())
                })
            })
            .await
    }

    /// An open wish that the caller may answer, and the caller as a person.
    async fn to_decide(&self, caller: &Caller, id: AccessRequestId) -> Result<(AccessRequest, UserId)> {
        let hidden = || Error::Hidden { what: "request" };
        let by = caller.user_id().ok_or_else(hidden)?;
        let found = self.store.visible_to(caller).access_requests().find(id).await?;
        let request = found.ok_or_else(hidden)?;
        if request.user_id == by {
            let facts = Facts::new(request.resource.target(), caller.scope);
            let (action, reason) = (share_action(request.resource.kind), "nobody answers their own request");
            self.access.refused(caller, action, &facts, "grants/own_request", reason).await?;
            return Err(Error::Refused { code: "own_request", reason });
        }
        let row = shared::find(&self.store, caller, request.resource).await.map_err(|error| match error {
            Error::Hidden { .. } => hidden(),
            other => other,
        })?;
        self.access.require(caller, share_action(request.resource.kind), &row.facts).await?;
        match request.status {
            AccessRequestStatus::Pending => Ok((request, by)),
            AccessRequestStatus::Approved | AccessRequestStatus::Denied | AccessRequestStatus::Withdrawn => {
                Err(Error::AlreadyDecided)
            }
        }
    }

    async fn request_view(&self, caller: &Caller, request: AccessRequest) -> Result<RequestView> {
        self.request_views(caller, vec![request]).await?.pop().ok_or(Error::Hidden { what: "request" })
    }

    async fn request_views(&self, caller: &Caller, requests: Vec<AccessRequest>) -> Result<Vec<RequestView>> {
        let resources: Vec<ResourceRef> = requests.iter().map(|request| request.resource).collect();
        let people: Vec<UserId> = requests
            .iter()
            .flat_map(|request| [Some(request.user_id), request.decided_by])
            .flatten()
            .collect();
        let names = Names::read(&self.store, caller, &resources, &[], &people).await?;
        let judge = self.access.judge(caller).await?;
        let mut views = Vec::with_capacity(requests.len());
        for request in requests {
            let open = request.status == AccessRequestStatus::Pending;
            let others = caller.user_id().is_some_and(|user| user != request.user_id);
            let can_decide = open
                && others
                && match shared::find(&self.store, caller, request.resource).await {
                    Ok(row) => judge.allows(caller, share_action(request.resource.kind), &row.facts),
                    Err(Error::Hidden { .. }) => false,
                    Err(error) => return Err(error),
                };
            views.push(RequestView {
                resource_name: names.resource(request.resource),
                user_name: names.person(request.user_id),
                user_email: names.email(request.user_id),
                decided_by_name: request.decided_by.and_then(|by| names.person(by)),
                can_decide,
                request,
            });
        }
        Ok(views)
    }
}

fn words(pointer: &str, text: &str, least: usize) -> Result<String> {
    let text = text.trim();
    let letters = text.chars().count();
    if letters < least {
        return Err(Error::field(pointer, "required", "This is needed."));
    }
    if letters > WORDS {
        return Err(Error::field(pointer, "too_long", format!("Use at most {WORDS} characters.")));
    }
    Ok(text.to_owned())
}

fn open_already(error: conductor_storage::Error) -> Error {
    match error {
        conductor_storage::Error::NameTaken { .. } => Error::RequestOpen,
        other => other.into(),
    }
}

fn decided(error: conductor_storage::Error) -> Error {
    match error {
        conductor_storage::Error::Stale => Error::AlreadyDecided,
        other => other.into(),
    }
}

fn entry(by: &Caller, event: &str, request: &AccessRequest) -> NewAuditEvent {
    let action = Action::AccessRequestCreate.as_str();
    let mut entry = NewAuditEvent::by(by, event, action, request.resource.target())
        .on(request.resource.kind.as_str(), request.resource.id);
    entry.data = json!({
        "request_id": request.id,
        "user_id": request.user_id,
        "access_level": request.level,
        "hours": request.hours,
        "reason": request.reason,
        "comment": request.comment,
        "grant_id": request.grant_id,
        "grant_expires_at": request.grant_expires_at,
    });
    entry
}

fn tell(tx: ScopedTx<'_>, event: &str, request: &AccessRequest, user: UserId) {
    tx.notify(FeedItem {
        organization_id: request.scope.organization_id,
        user_id: Some(user),
        data: json!({ "type": event, "access_request_id": request.id }),
    });
}
