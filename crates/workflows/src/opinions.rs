//! What people say of workflows: tags by whoever may change one, ratings by whoever may read it but owns it not.

use std::collections::BTreeSet;

use conductor_access::Action;
use conductor_domain::{
    Caller, FieldError, Page, PageRequest, Rating, RatingSummary, ResourceRef, SharedKind, Tag, TagId,
    WorkflowId,
};
use conductor_storage::Store;

use crate::{Error, Result, Workflows, catalogue::entry};

/// The longest tag, in characters.
const TAG: usize = 40;
/// The tags of one workflow.
const TAGS: usize = 20;
/// The longest review, in characters.
const REVIEW: usize = 2_000;

/// Tags and ratings of workflows.
#[derive(Clone, Debug)]
pub struct Opinions {
    store: Store,
    workflows: Workflows,
}

/// The ratings of a workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct RatingsView {
    /// A page of them, newest first.
    pub page: Page<Rating>,
    /// All of them in two figures.
    pub summary: RatingSummary,
    /// The caller's own.
    pub own: Option<Rating>,
}

impl Opinions {
    /// The service over these workflows.
    #[must_use]
    pub fn new(store: Store, workflows: Workflows) -> Self {
        Self { store, workflows }
    }

    /// Gives a workflow tags beside those that it has; all of them come back.
    ///
    /// # Errors
    /// `Hidden`; `Invalid` where a word is no tag, or there are too many.
    pub async fn tag(&self, caller: &Caller, id: WorkflowId, tags: Vec<String>) -> Result<Vec<Tag>> {
        let workflow = self.workflows.row(caller, id, Action::WorkflowUpdate).await?;
        let names = words(tags)?;
        let by = caller.user_id();
        let entry = entry(caller, "workflow.tagged", Action::WorkflowUpdate, &workflow);
        let tags = self
            .store
            .scoped(workflow.scope)
            .write(move |tx| {
                Box::pin(async move {
                    tx.workflows().get_own(id).await?;
                    let tags = tx.tags().add(on(id), &names, by).await?;
                    if tags.len() > TAGS {
                        return Err(too_many());
                    }
                    tx.audit().record(entry).await?;
                    Ok::<_, Error>(tags)
                })
            })
            .await?;
        // Rules ask for tags.
        self.workflows.access.rules_changed(workflow.scope.organization_id);
        Ok(tags)
    }

    /// Takes a tag from a workflow.
    ///
    /// # Errors
    /// `Hidden` where it has none of this id.
    pub async fn untag(&self, caller: &Caller, id: WorkflowId, tag: TagId) -> Result<()> {
        let workflow = self.workflows.row(caller, id, Action::WorkflowUpdate).await?;
        let entry = entry(caller, "workflow.untagged", Action::WorkflowUpdate, &workflow);
        self.store
            .scoped(workflow.scope)
            .write(move |tx| {
                Box::pin(async move {
                    tx.tags().remove(on(id), tag).await.map_err(|error| match error {
                        conductor_storage::Error::NotFound => Error::Hidden { what: "tag" },
                        error => error.into(),
                    })?;
                    Ok::<_, Error>(tx.audit().record(entry).await?)
                })
            })
            .await?;
        self.workflows.access.rules_changed(workflow.scope.organization_id);
        Ok(())
    }

    /// Makes this what the caller thinks of a workflow, in place of what it thought before.
    ///
    /// # Errors
    /// `Hidden`; `OwnRating` for its owner; `NotAPerson` for machines; `Invalid` where it is not from 1 to 5, or says too
    /// much.
    pub async fn rate(
        &self,
        caller: &Caller,
        id: WorkflowId,
        rating: i32,
        review: Option<String>,
    ) -> Result<Rating> {
        let workflow = self.workflows.row(caller, id, Action::WorkflowRead).await?;
        let user = caller.user_id().filter(|_| caller.machine().is_none()).ok_or(Error::NotAPerson)?;
        if workflow.owner_user_id == Some(user) {
            return Err(Error::OwnRating);
        }
        let review = review.map(|review| review.trim().to_owned()).filter(|review| !review.is_empty());
        if !(1..=5).contains(&rating) {
            return Err(invalid("/rating", "out_of_range", "give a whole number from 1 to 5"));
        }
        let written = review.as_deref().unwrap_or_default();
        if written.chars().count() > REVIEW || written.contains('\0') {
            let detail = format!("write at most {REVIEW} characters, and no NUL");
            return Err(invalid("/review", "invalid", detail));
        }
        let entry = entry(caller, "workflow.rated", Action::WorkflowRead, &workflow);
        self.store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    tx.audit().record(entry).await?;
                    Ok::<_, Error>(tx.ratings().put(on(id), user, rating, review).await?)
                })
            })
            .await
    }

    /// A page of what people of the caller's organisation think of a workflow, newest first.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn ratings(&self, caller: &Caller, id: WorkflowId, page: PageRequest) -> Result<RatingsView> {
        self.workflows.row(caller, id, Action::WorkflowRead).await?;
        let view = self.store.visible_to(caller);
        let own = match caller.user_id() {
            Some(user) => view.ratings().own(on(id), user).await?,
            None => None,
        };
        let page = view.ratings().page(on(id), page).await?;
        let summaries = view.ratings().summaries(SharedKind::Workflow, &[id.as_uuid()]).await?;
        Ok(RatingsView { page, summary: summaries.get(&id.as_uuid()).copied().unwrap_or_default(), own })
    }
}

fn on(id: WorkflowId) -> ResourceRef {
    ResourceRef { kind: SharedKind::Workflow, id: id.as_uuid() }
}

/// Tags as they are kept: in lower case, once each.
fn words(tags: Vec<String>) -> Result<Vec<String>> {
    if tags.len() > TAGS {
        return Err(too_many());
    }
    let mut names = BTreeSet::new();
    let mut faults = Vec::new();
    for (at, tag) in tags.into_iter().enumerate() {
        let name = tag.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let plain = |letter: char| {
            letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_' | '.' | '&' | '+' | '#')
        };
        if !(1..=TAG).contains(&name.chars().count()) || !name.chars().all(plain) {
            let detail = format!("a tag is 1 to {TAG} letters, digits, blanks or any of - _ . & + #");
            faults.push(FieldError::new(format!("/tags/{at}"), "invalid", detail));
        }
        names.insert(name);
    }
    if names.is_empty() {
        faults.push(FieldError::new("/tags", "required", "give at least one tag"));
    }
    if faults.is_empty() { Ok(names.into_iter().collect()) } else { Err(Error::Invalid { faults }) }
}

fn too_many() -> Error {
    invalid("/tags", "too_many", format!("a workflow has at most {TAGS} tags"))
}

fn invalid(pointer: &str, code: &'static str, detail: impl Into<String>) -> Error {
    Error::Invalid { faults: vec![FieldError::new(pointer, code, detail.into())] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_plain_words_once_each() {
        let given = ["  Sales ", "sales", "R&D  2026", "翻訳"].map(str::to_owned).to_vec();
        assert_eq!(words(given).unwrap(), ["r&d 2026", "sales", "翻訳"]);
        for wrong in ["", " ", "a,b", "a\nb\u{0}", &"x".repeat(41)] {
            assert!(words(vec![wrong.to_owned()]).is_err(), "{wrong:?}");
        }
        assert!(words(Vec::new()).is_err());
        assert!(words(vec!["again".to_owned(); TAGS + 1]).is_err());
    }
}
