//! Artifacts: versions that agents and people write, each kept, each readable.

use std::sync::Arc;

use conductor_access::{Access, Action};
use conductor_domain::{
    AgentId, Artifact, ArtifactId, Caller, ConversationId, FieldError, NewArtifact, Page, PageRequest,
};
use conductor_storage::{Inserted, Store};

use crate::{
    Error, Result,
    facts::{Guarded, entry, notice},
};

/// The largest artifact, in bytes.
const CONTENT_BYTES: usize = 2_000_000;

/// Artifacts of a person's conversations.
#[derive(Clone, Debug)]
pub struct Artifacts {
    rows: Guarded,
}

/// A version, and whether it is the newest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactView {
    /// The version.
    pub artifact: Artifact,
    /// The number of the newest version of its identifier.
    pub latest_version: i32,
}

/// What a person's version changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactEdit {
    /// The whole content.
    pub content: String,
    /// One line; the version before's otherwise.
    pub title: Option<String>,
    /// The language of code; `Some(None)` clears it.
    pub language: Option<Option<String>>,
}

/// Where a fork goes and what it is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArtifactFork {
    /// The conversation; the original's otherwise.
    pub conversation_id: Option<ConversationId>,
    /// The name that its versions share; a free one otherwise.
    pub identifier: Option<String>,
    /// One line; the original's otherwise.
    pub title: Option<String>,
}

impl Artifacts {
    /// The service over this store.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>) -> Self {
        Self { rows: Guarded { store, access } }
    }

    /// A page of the newest version of each artifact of a conversation, the newest artifact first.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn latest(
        &self,
        caller: &Caller,
        id: ConversationId,
        page: PageRequest,
    ) -> Result<Page<ArtifactView>> {
        self.rows.conversation(caller, id, Action::ArtifactRead).await?;
        let page = self.rows.store.visible_to(caller).artifacts().latest_page(id, page).await?;
        Ok(page.map(|artifact| ArtifactView { latest_version: artifact.version, artifact }))
    }

    /// A version of the caller's.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn find(&self, caller: &Caller, id: ArtifactId) -> Result<ArtifactView> {
        let artifact = self.rows.artifact(caller, id, Action::ArtifactRead).await?;
        self.view(caller, artifact).await
    }

    /// A page of every version of the artifact that this one is a version of, newest first.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn versions(
        &self,
        caller: &Caller,
        id: ArtifactId,
        page: PageRequest,
    ) -> Result<Page<ArtifactView>> {
        let artifact = self.rows.artifact(caller, id, Action::ArtifactRead).await?;
        let artifacts = self.rows.store.visible_to(caller).artifacts();
        let (conversation, identifier) = (artifact.conversation_id, &artifact.identifier);
        let latest =
            artifacts.latest(conversation, identifier).await?.map_or(artifact.version, |it| it.version);
        let page = artifacts.versions_page(conversation, identifier, page).await?;
        Ok(page.map(|artifact| ArtifactView { artifact, latest_version: latest }))
    }

    /// The agent that made a version.
    ///
    /// # Errors
    /// `Hidden` where a person made it, or the agent is not to be seen.
    pub async fn agent(&self, caller: &Caller, id: ArtifactId) -> Result<AgentId> {
        let artifact = self.rows.artifact(caller, id, Action::ArtifactRead).await?;
        artifact.agent_id.ok_or(Error::Hidden { what: "agent" })
    }

    /// Stores a person's version as the newest one.
    ///
    /// # Errors
    /// `Stale` where version `if_match` is no longer the newest; `Unchanged` where the newest one says the same;
    /// `Invalid` with the fields at fault.
    pub async fn edit(
        &self,
        caller: &Caller,
        id: ArtifactId,
        if_match: Option<i32>,
        edit: ArtifactEdit,
    ) -> Result<ArtifactView> {
        let base = self.rows.artifact(caller, id, Action::ArtifactUpdate).await?;
        let title = edit.title.map(|title| title.trim().to_owned());
        check(
            Some(&edit.content),
            title.as_deref(),
            edit.language.as_ref().and_then(|it| it.as_deref()),
            None,
        )?;
        let mut entry =
            entry(caller, "artifact.updated", Action::ArtifactUpdate, id).labelled(base.data_classification);
        let artifact = self
            .rows
            .store
            .scoped(base.scope)
            .write(move |tx| {
                Box::pin(async move {
                    // The conversation's lock makes the newest version stay the newest until the end.
                    let conversation = tx.conversations().get(base.conversation_id).await?;
                    let latest = tx.artifacts().latest(conversation.id, &base.identifier).await?;
                    let latest = latest.ok_or(Error::Hidden { what: "artifact" })?;
                    if if_match.is_some_and(|version| version != latest.version) {
                        return Err(Error::Stale);
                    }
                    let new = NewArtifact {
                        id: None,
                        conversation_id: conversation.id,
                        message_id: None,
                        agent_id: None,
                        identifier: base.identifier,
                        kind: base.kind,
                        title: title.unwrap_or(latest.title),
                        language: edit.language.unwrap_or(latest.language),
                        content: edit.content,
                        data_classification: latest.data_classification,
                    };
                    let Inserted::New(artifact) = tx.artifacts().insert_version(new).await? else {
                        return Err(Error::Unchanged);
                    };
                    entry.data = serde_json::json!({ "version": artifact.version });
                    tx.audit().record(entry).await?;
                    tx.notify(notice("conversation.updated", &conversation));
                    Ok(artifact)
                })
            })
            .await?;
        Ok(ArtifactView { latest_version: artifact.version, artifact })
    }

    /// Removes an artifact with all its versions.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn delete(&self, caller: &Caller, id: ArtifactId) -> Result<()> {
        let artifact = self.rows.artifact(caller, id, Action::ArtifactDelete).await?;
        let mut entry = entry(caller, "artifact.deleted", Action::ArtifactDelete, id)
            .labelled(artifact.data_classification);
        self.rows
            .store
            .scoped(artifact.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let conversation = tx.conversations().get(artifact.conversation_id).await?;
                    let versions = tx.artifacts().delete(conversation.id, &artifact.identifier).await?;
                    entry.data = serde_json::json!({ "versions": versions });
                    tx.audit().record(entry).await?;
                    tx.notify(notice("conversation.updated", &conversation));
                    Ok(())
                })
            })
            .await
    }

    /// Copies a version as the first of an artifact of its own.
    ///
    /// # Errors
    /// `Hidden`; `Invalid` where the conversation is not the caller's or the identifier is taken there.
    pub async fn fork(&self, caller: &Caller, id: ArtifactId, fork: ArtifactFork) -> Result<ArtifactView> {
        let original = self.rows.artifact(caller, id, Action::ArtifactClone).await?;
        check(None, fork.title.as_deref(), None, fork.identifier.as_deref())?;
        let place = fork.conversation_id.unwrap_or(original.conversation_id);
        let into = self.rows.conversation(caller, place, Action::ArtifactCreate).await;
        let into = into.map_err(|error| match error {
            Error::Hidden { .. } => {
                Error::field("/conversation_id", "not_found", "no conversation of yours has this id")
            }
            error => error,
        })?;
        let mut entry = entry(caller, "artifact.forked", Action::ArtifactClone, id);
        let artifact = self
            .rows
            .store
            .scoped(into.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let conversation = tx.conversations().get(into.id).await?;
                    let taken: Vec<String> = tx
                        .artifacts()
                        .all_of(conversation.id)
                        .await?
                        .into_iter()
                        .map(|artifact| artifact.identifier)
                        .collect();
                    let identifier = match fork.identifier {
                        Some(identifier) if taken.contains(&identifier) => {
                            let detail = "another artifact of the conversation has this identifier";
                            return Err(Error::field("/identifier", "name_taken", detail));
                        }
                        Some(identifier) => identifier,
                        None => free(&original.identifier, &taken),
                    };
                    let title =
                        fork.title.map(|title| title.trim().to_owned()).filter(|title| !title.is_empty());
                    let new = NewArtifact {
                        id: None,
                        conversation_id: conversation.id,
                        message_id: None,
                        agent_id: original.agent_id,
                        identifier,
                        kind: original.kind,
                        title: title.unwrap_or(original.title),
                        language: original.language,
                        content: original.content,
                        data_classification: original.data_classification,
                    };
                    let artifact = tx.artifacts().insert_fork(new, id).await?.into_artifact();
                    entry.data = serde_json::json!({ "fork": artifact.id });
                    tx.audit().record(entry).await?;
                    tx.notify(notice("conversation.updated", &conversation));
                    Ok(artifact)
                })
            })
            .await?;
        Ok(ArtifactView { latest_version: artifact.version, artifact })
    }

    async fn view(&self, caller: &Caller, artifact: Artifact) -> Result<ArtifactView> {
        let artifacts = self.rows.store.visible_to(caller).artifacts();
        let latest = artifacts.latest(artifact.conversation_id, &artifact.identifier).await?;
        let latest_version = latest.map_or(artifact.version, |latest| latest.version);
        Ok(ArtifactView { artifact, latest_version })
    }
}

/// A free identifier for a fork: `name-copy`, `name-copy-2`, …
fn free(identifier: &str, taken: &[String]) -> String {
    let is_free = |name: &String| !taken.contains(name);
    if is_free(&identifier.to_owned()) {
        return identifier.to_owned();
    }
    let base: String = identifier.chars().take(80).collect();
    let names = (1..).map(|number| match number {
        1 => format!("{base}-copy"),
        number => format!("{base}-copy-{number}"),
    });
    names.into_iter().find(is_free).unwrap_or(base)
}

fn check(
    content: Option<&str>,
    title: Option<&str>,
    language: Option<&str>,
    identifier: Option<&str>,
) -> Result<()> {
    let mut faults = Vec::new();
    let mut fault = |fine: bool, pointer: &str, code, detail: String| {
        if !fine {
            faults.push(FieldError::new(pointer, code, detail));
        }
    };
    if let Some(content) = content {
        let detail = format!("give at most {CONTENT_BYTES} bytes");
        fault(content.len() <= CONTENT_BYTES, "/content", "too_long", detail);
        fault(!content.contains('\0'), "/content", "invalid", "remove the NUL character".to_owned());
    }
    if let Some(title) = title {
        let fine = (1..=200).contains(&title.trim().chars().count()) && !title.contains(char::is_control);
        fault(fine, "/title", "invalid", "write one line of 1 to 200 characters".to_owned());
    }
    if let Some(language) = language {
        let fine = (1..=40).contains(&language.len()) && !language.contains(char::is_whitespace);
        fault(
            fine,
            "/language",
            "invalid",
            "name a language in 1 to 40 characters without spaces".to_owned(),
        );
    }
    if let Some(identifier) = identifier {
        let letter = |it: char| it.is_alphanumeric() || matches!(it, '.' | '_' | '-');
        let fine = (1..=100).contains(&identifier.chars().count()) && identifier.chars().all(letter);
        let detail = "write 1 to 100 letters, digits, dots, hyphens or underscores".to_owned();
        fault(fine, "/identifier", "invalid", detail);
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid { faults }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fork_takes_a_free_identifier() {
        let taken = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(free("page", &taken(&[])), "page");
        assert_eq!(free("page", &taken(&["page"])), "page-copy");
        assert_eq!(free("page", &taken(&["page", "page-copy", "page-copy-2"])), "page-copy-3");
    }
}
