//! Access certification: every grant of the organisation is put before an administrator, who confirms or drops it.

use chrono::{DateTime, Utc};
use conductor_access::Action;
use conductor_domain::{
    Caller, Campaign, CampaignId, CampaignItem, CampaignItemId, Grant, NewAuditEvent, Page, PageRequest,
    ReviewDecision, UserId,
};
use serde_json::json;

use crate::{
    Error, GrantView, Grants, Result, csv,
    grants::{facts, person, revoke},
};

/// Questions read at once for a table.
const CHUNK: u64 = 200;
/// Letters of a name or a comment.
const WORDS: usize = 500;

/// A question of a review with the names that stand in other rows.
#[derive(Clone, Debug)]
pub struct ReviewView {
    /// The question.
    pub item: CampaignItem,
    /// Its grant.
    pub grant: GrantView,
    /// Who answered.
    pub decided_by_name: Option<String>,
}

impl Grants {
    /// Opens a review of every grant that is live now.
    ///
    /// # Errors
    /// `Invalid`, or a refusal.
    pub async fn open_campaign(
        &self,
        caller: &Caller,
        name: &str,
        due_at: DateTime<Utc>,
    ) -> Result<Campaign> {
        self.may_review(caller).await?;
        let name = short("/name", name, 1)?;
        if due_at <= self.store.clock().now() {
            return Err(Error::field("/due_at", "past", "Name a moment that is still to come."));
        }
        let by = caller.clone();
        self.store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let campaign = tx.campaigns().create(name, due_at, by.user_id()).await?;
                    tx.audit().record(entry(&by, "access_campaign.opened", &campaign)).await?;
                    Ok::<_, Error>(campaign)
                })
            })
            .await
    }

    /// A page of reviews, the newest first.
    ///
    /// # Errors
    /// A refusal.
    pub async fn campaigns(&self, caller: &Caller, page: PageRequest) -> Result<Page<Campaign>> {
        self.may_review(caller).await?;
        Ok(self.store.visible_to(caller).campaigns().page(page).await?)
    }

    /// A review.
    ///
    /// # Errors
    /// `Hidden`, or a refusal.
    pub async fn campaign(&self, caller: &Caller, id: CampaignId) -> Result<Campaign> {
        self.may_review(caller).await?;
        let found = self.store.visible_to(caller).campaigns().find(id).await?;
        found.ok_or(Error::Hidden { what: "review" })
    }

    /// A page of the grants that a review asks about.
    ///
    /// # Errors
    /// `Hidden`, or a refusal.
    pub async fn campaign_items(
        &self,
        caller: &Caller,
        id: CampaignId,
        page: PageRequest,
    ) -> Result<Page<ReviewView>> {
        self.campaign(caller, id).await?;
        let page = self.store.visible_to(caller).campaigns().items(id, page).await?;
        Ok(Page { items: self.reviews(caller, page.items).await?, next: page.next })
    }

    /// Confirms or drops a grant; one that is dropped is taken back with what was given under it. Nobody confirms what
    /// was given to themselves.
    ///
    /// # Errors
    /// `Hidden`, `Refused`, or `AlreadyDecided` once the review is closed.
    pub async fn review(
        &self,
        caller: &Caller,
        campaign: CampaignId,
        item: CampaignItemId,
        decision: ReviewDecision,
        comment: Option<String>,
    ) -> Result<ReviewView> {
        self.may_review(caller).await?;
        let hidden = || Error::Hidden { what: "review" };
        let by = caller.user_id().ok_or_else(hidden)?;
        let comment = comment.map(|text| short("/comment", &text, 0)).transpose()?;
        let found = self.store.visible_to(caller).campaigns().item(campaign, item).await?;
        let grant = found.ok_or_else(hidden)?.grant;
        if grant.subject == person(by) && decision == ReviewDecision::Confirm {
            let reason = "nobody confirms their own access; another administrator does";
            let rule = "grants/own_grant";
            self.access.refused(caller, Action::GrantReview, &facts(caller), rule, reason).await?;
            return Err(Error::Refused { code: "own_grant", reason });
        }
        let caller_of_it = caller.clone();
        self.store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let decided = tx.campaigns().decide(campaign, item, decision, by, comment).await;
                    decided.map_err(|error| match error {
                        conductor_storage::Error::Stale => Error::AlreadyDecided,
                        other => other.into(),
                    })?;
                    tx.audit().record(reviewed(&caller_of_it, campaign, decision, &grant)).await?;
                    if decision == ReviewDecision::Drop && grant.is_active {
                        match revoke(tx, &caller_of_it, grant.id).await {
                            // It ended meanwhile, which is what was wanted.
                            Ok(()) | Err(Error::Hidden { .. }) => {}
                            Err(error) => return Err(error),
                        }
                    }
                    Ok::<_, Error>(())
                })
            })
            .await?;
        self.access.grants_changed(caller.scope.organization_id).await;
        let item = self.store.visible_to(caller).campaigns().item(campaign, item).await?;
        let mut views = self.reviews(caller, item.into_iter().collect()).await?;
        views.pop().ok_or_else(hidden)
    }

    /// Closes a review: nothing more is said in it.
    ///
    /// # Errors
    /// `Hidden`, or `AlreadyDecided` when it was closed before.
    pub async fn close_campaign(&self, caller: &Caller, id: CampaignId) -> Result<Campaign> {
        self.campaign(caller, id).await?;
        let by = caller.clone();
        self.store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let campaign = tx.campaigns().close(id).await.map_err(|error| match error {
                        conductor_storage::Error::Stale => Error::AlreadyDecided,
                        other => other.into(),
                    })?;
                    tx.audit().record(entry(&by, "access_campaign.closed", &campaign)).await?;
                    Ok::<_, Error>(campaign)
                })
            })
            .await
    }

    /// A review as a table: every grant it asked about, and what was said.
    ///
    /// # Errors
    /// `Hidden`, or a refusal.
    pub async fn campaign_table(&self, caller: &Caller, id: CampaignId) -> Result<String> {
        self.campaign(caller, id).await?;
        let mut table = csv::row([
            "subject_type",
            "subject_id",
            "subject",
            "email",
            "resource_type",
            "resource_id",
            "resource",
            "access_level",
            "granted_at",
            "granted_by",
            "expires_at",
            "decision",
            "decided_by",
            "decided_at",
            "comment",
            "is_active",
        ]);
        let mut after = None;
        loop {
            let page = PageRequest { limit: CHUNK, after };
            let page = self.store.visible_to(caller).campaigns().items(id, page).await?;
            for view in self.reviews(caller, page.items).await? {
                let ReviewView { item, grant, decided_by_name } = view;
                let moment = |at: Option<DateTime<Utc>>| at.map(|at| at.to_rfc3339()).unwrap_or_default();
                table.push_str(&csv::row([
                    item.grant.subject.kind.as_str().to_owned(),
                    item.grant.subject.id.to_string(),
                    grant.subject_name.unwrap_or_default(),
                    grant.subject_email.unwrap_or_default(),
                    item.grant.resource.kind.as_str().to_owned(),
                    item.grant.resource.id.to_string(),
                    grant.resource_name.unwrap_or_default(),
                    item.grant.level.as_str().to_owned(),
                    moment(Some(item.grant.granted_at)),
                    grant.granted_by_name.unwrap_or_default(),
                    moment(item.grant.expires_at),
                    item.decision.map_or("", ReviewDecision::as_str).to_owned(),
                    decided_by_name.unwrap_or_default(),
                    moment(item.decided_at),
                    item.comment.unwrap_or_default(),
                    item.grant.is_active.to_string(),
                ]));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(table),
            }
        }
    }

    async fn may_review(&self, caller: &Caller) -> Result<()> {
        Ok(self.access.require(caller, Action::GrantReview, &facts(caller)).await?)
    }

    async fn reviews(&self, caller: &Caller, items: Vec<CampaignItem>) -> Result<Vec<ReviewView>> {
        let grants: Vec<Grant> = items.iter().map(|item| item.grant.clone()).collect();
        let reviewers: Vec<UserId> = items.iter().filter_map(|item| item.decided_by).collect();
        let names = crate::shared::Names::read(&self.store, caller, &[], &[], &reviewers).await?;
        let views = self.views(caller, grants).await?;
        Ok(items
            .into_iter()
            .zip(views)
            .map(|(item, grant)| ReviewView {
                decided_by_name: item.decided_by.and_then(|by| names.person(by)),
                item,
                grant,
            })
            .collect())
    }
}

fn short(pointer: &str, text: &str, least: usize) -> Result<String> {
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

fn entry(by: &Caller, event: &str, campaign: &Campaign) -> NewAuditEvent {
    let target = format!("access_campaign:{}", campaign.id);
    let mut entry =
        NewAuditEvent::by(by, event, Action::GrantReview.as_str(), target).on("access_campaign", campaign.id);
    entry.data = json!({
        "name": campaign.name,
        "due_at": campaign.due_at,
        "total": campaign.total,
        "confirmed": campaign.confirmed,
        "dropped": campaign.dropped,
    });
    entry
}

fn reviewed(by: &Caller, campaign: CampaignId, decision: ReviewDecision, grant: &Grant) -> NewAuditEvent {
    let action = Action::GrantReview.as_str();
    let mut entry = NewAuditEvent::by(by, "grant.reviewed", action, grant.resource.target())
        .on(grant.resource.kind.as_str(), grant.resource.id);
    entry.data = json!({
        "campaign_id": campaign,
        "grant_id": grant.id,
        "subject": format!("{}:{}", grant.subject.kind, grant.subject.id),
        "access_level": grant.level,
        "decision": decision,
    });
    entry
}
