//! Public links: whoever has one reads a conversation as far as it went, or one version of an artifact, and nothing else.
//!
//! A link stands for nobody. At each look the decision point is asked again whether the person who made it may share this
//! now, with the clearance of the public: a label that rises, a right that is lost and an account that ends close it at
//! once. What is closed, over, taken back or made up is one answer.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use conductor_access::{Access, Action, Facts, Limit, network};
use conductor_domain::{
    Artifact, ArtifactId, Caller, Classification, Conversation, ConversationId, Message, MessageId,
    MessageRole, MessageStatus, NewPublicShare, Page, PageRequest, PublicShare, PublicShareId, Redacted,
    sha256_hex,
};
use conductor_storage::{Store, Unscoped};
use serde_json::json;

use crate::{
    Error, Result,
    facts::{Guarded, entry},
};

/// The highest label that a public link opens.
const PUBLIC_CLEARANCE: Classification = Classification::Internal;
/// How long a link is open where nobody says otherwise.
const USUAL: TimeDelta = TimeDelta::days(7);
/// How long a link may be open.
const LONGEST: TimeDelta = TimeDelta::days(90);
/// Messages that are read at once.
const CHUNK: u64 = 200;

/// Public links to conversations and artifacts.
#[derive(Clone, Debug)]
pub struct PublicShares {
    rows: Guarded,
}

/// A link that was just made; its token is told this once.
#[derive(Clone, Debug)]
pub struct MadeShare {
    /// The link.
    pub share: PublicShare,
    /// What opens it.
    pub token: Redacted<String>,
}

/// What a link opens.
#[derive(Clone, Debug)]
pub struct PublicView {
    /// What it is called.
    pub title: String,
    /// When the link closes by itself.
    pub expires_at: DateTime<Utc>,
    /// What is shown.
    pub shown: Shown,
}

/// What is shown to whoever has a link.
#[derive(Clone, Debug)]
pub enum Shown {
    /// A branch of a conversation, oldest first.
    Conversation(Vec<ShownMessage>),
    /// A version of an artifact.
    Artifact(Box<Artifact>),
}

/// What is shown of a message: neither its thinking, nor its tools, nor its files.
#[derive(Clone, Debug)]
pub struct ShownMessage {
    /// Who it is from.
    pub role: MessageRole,
    /// Its text.
    pub content: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

impl PublicShares {
    /// The service over this store.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>) -> Self {
        Self { rows: Guarded { store, access } }
    }

    /// Makes a link to the branch of a conversation that is shown now, or to a version of one of its artifacts.
    ///
    /// # Errors
    /// `Hidden`; `NotAPerson`; `Access` where the caller may not share it, or its label is not for the public; `Invalid`
    /// with the fields at fault.
    pub async fn create(
        &self,
        caller: &Caller,
        id: ConversationId,
        artifact_id: Option<ArtifactId>,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<MadeShare> {
        let created_by = caller.user_id().ok_or(Error::NotAPerson)?;
        let conversation = self.rows.conversation(caller, id, Action::ConversationShare).await?;
        let expires_at = self.until(expires_at)?;
        let (label, leaf_message_id) = if let Some(artifact_id) = artifact_id {
            let artifact = self.rows.artifact(caller, artifact_id, Action::ArtifactRead).await;
            let artifact = artifact.ok().filter(|artifact| artifact.conversation_id == id);
            let detail = "no artifact of this conversation has this id";
            let artifact = artifact.ok_or_else(|| Error::field("/artifact_id", "not_found", detail))?;
            (artifact.data_classification, None)
        } else {
            let leaf = conversation.current_leaf_id;
            let branch = self.branch(caller, leaf).await?;
            (label(&conversation, &branch), leaf)
        };
        let facts = Facts::from(&conversation).labelled(label);
        self.rows.access.require(&public(caller), Action::ConversationShare, &facts).await?;

        let bytes: [u8; 32] = rand::random();
        let token = Redacted::new(BASE64_URL_SAFE_NO_PAD.encode(bytes));
        let new = NewPublicShare {
            conversation_id: id,
            leaf_message_id,
            artifact_id,
            created_by,
            token_hash: sha256_hex(token.expose().as_bytes()),
            expires_at,
        };
        let mut entry = entry(caller, "share.created", Action::ConversationShare, id).labelled(label);
        let share = self
            .rows
            .store
            .scoped(conversation.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let share = tx.public_shares().create(new).await?;
                    entry.data = told(&share);
                    tx.audit().record(entry).await?;
                    Ok::<_, Error>(share)
                })
            })
            .await?;
        Ok(MadeShare { share, token })
    }

    /// A page of the links of a conversation and its artifacts, for those who may share it.
    ///
    /// # Errors
    /// `Hidden`; `Access` where the caller may not share it.
    pub async fn list(
        &self,
        caller: &Caller,
        id: ConversationId,
        page: PageRequest,
    ) -> Result<Page<PublicShare>> {
        self.rows.conversation(caller, id, Action::ConversationShare).await?;
        Ok(self.rows.store.visible_to(caller).public_shares().page(id, page).await?)
    }

    /// Lets a link close at another moment.
    ///
    /// # Errors
    /// `Hidden`; `Access` where the caller may not share what it opens; `Invalid`.
    pub async fn prolong(
        &self,
        caller: &Caller,
        named: &str,
        expires_at: DateTime<Utc>,
    ) -> Result<PublicShare> {
        let (share, conversation) = self.named(caller, named).await?;
        let expires_at = self.until(Some(expires_at))?;
        let mut entry = entry(caller, "share.updated", Action::ConversationShare, conversation.id);
        entry.data = told(&PublicShare { expires_at, ..share.clone() });
        self.rows
            .store
            .scoped(share.scope)
            .write(move |tx| {
                Box::pin(async move {
                    tx.public_shares().prolong(share.id, expires_at).await?;
                    tx.audit().record(entry).await?;
                    Ok(PublicShare { expires_at, ..share })
                })
            })
            .await
    }

    /// Takes a link back: from this moment on it opens nothing.
    ///
    /// # Errors
    /// `Hidden`; `Access` where the caller may not share what it opens.
    pub async fn revoke(&self, caller: &Caller, named: &str) -> Result<()> {
        let (share, conversation) = self.named(caller, named).await?;
        let mut entry = entry(caller, "share.revoked", Action::ConversationShare, conversation.id);
        entry.data = told(&share);
        self.rows
            .store
            .scoped(share.scope)
            .write(move |tx| {
                Box::pin(async move {
                    tx.public_shares().delete(share.id).await?;
                    tx.audit().record(entry).await?;
                    Ok(())
                })
            })
            .await
    }

    /// What a token opens, for whoever has it.
    ///
    /// # Errors
    /// `Hidden`, whatever it is that closes it; `Access` where too many looks came from this address.
    pub async fn open(&self, token: &str, address: Option<IpAddr>) -> Result<PublicView> {
        let from = network(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
        self.rows.access.limits().take(Limit::Share(from))?;
        let store = &self.rows.store;
        let closed = || Error::Hidden { what: "link" };
        let links = store.unscoped(Unscoped::PublicShare);
        let found = links.public_shares().find(&sha256_hex(token.as_bytes()), store.clock().now()).await?;
        let share = found.ok_or_else(closed)?;
        let sharer = self.rows.access.caller_of(share.created_by, share.scope).await?;
        let sharer = public(&sharer.ok_or_else(closed)?);
        let view = store.visible_to(&sharer);
        let conversation = view.conversations().find(share.conversation_id).await?.ok_or_else(closed)?;
        let (label, title, shown) = if let Some(id) = share.artifact_id {
            let artifact = view.artifacts().find(id).await?.ok_or_else(closed)?;
            let title = artifact.title.clone();
            (artifact.data_classification, title, Shown::Artifact(Box::new(artifact)))
        } else {
            let branch = self.branch(&sharer, share.leaf_message_id).await?;
            let label = label(&conversation, &branch);
            let shown = branch.into_iter().filter_map(shown).collect();
            (label, conversation.title.clone(), Shown::Conversation(shown))
        };
        // Refusals are not written down one by one: whoever has a link that is closed could fill the log with them.
        let facts = Facts::from(&conversation).labelled(label);
        let judge = self.rows.access.judge(&sharer).await?;
        let open = [Action::ConversationRead, Action::ConversationShare];
        if !open.into_iter().all(|action| judge.allows(&sharer, action, &facts)) {
            return Err(closed());
        }
        let id = share.id;
        store
            .scoped(share.scope)
            .write(move |tx| Box::pin(async move { tx.public_shares().count_view(id).await }))
            .await?;
        Ok(PublicView { title, expires_at: share.expires_at, shown })
    }

    /// The link of this id or token, with its conversation, if the caller may share that.
    async fn named(&self, caller: &Caller, named: &str) -> Result<(PublicShare, Conversation)> {
        let hidden = || Error::Hidden { what: "link" };
        let store = &self.rows.store;
        let found = if let Ok(id) = named.parse::<PublicShareId>() {
            store.visible_to(caller).public_shares().find(id).await?
        } else {
            let links = store.unscoped(Unscoped::PublicShare);
            let hash = sha256_hex(named.as_bytes());
            let found = links.public_shares().find(&hash, store.clock().now()).await?;
            found.filter(|share| share.scope == caller.scope)
        };
        let share = found.ok_or_else(hidden)?;
        let conversation =
            self.rows.conversation(caller, share.conversation_id, Action::ConversationShare).await;
        let conversation = conversation.map_err(|error| match error {
            Error::Hidden { .. } => hidden(),
            error => error,
        })?;
        Ok((share, conversation))
    }

    /// The whole branch that ends at a message, oldest first.
    async fn branch(&self, caller: &Caller, leaf: Option<MessageId>) -> Result<Vec<Message>> {
        let Some(leaf) = leaf else { return Ok(Vec::new()) };
        let messages = self.rows.store.visible_to(caller).messages();
        let (mut branch, mut after) = (Vec::new(), None);
        loop {
            let page = messages.path_page(leaf, PageRequest { limit: CHUNK, after }).await?;
            branch.extend(page.items.into_iter().rev());
            after = page.next;
            if after.is_none() {
                branch.reverse();
                return Ok(branch);
            }
        }
    }

    /// When a link closes that is to close then.
    fn until(&self, expires_at: Option<DateTime<Utc>>) -> Result<DateTime<Utc>> {
        let now = self.rows.store.clock().now();
        let until = expires_at.unwrap_or(now + USUAL);
        if until <= now || until > now + LONGEST {
            let detail = format!("name a moment within the next {} days", LONGEST.num_days());
            return Err(Error::field("/expires_at", "invalid", detail));
        }
        Ok(until)
    }
}

/// The person with no more clearance than the public has.
fn public(caller: &Caller) -> Caller {
    Caller { clearance: caller.clearance.min(PUBLIC_CLEARANCE), ..caller.clone() }
}

/// The highest label of what a conversation's link would open.
fn label(conversation: &Conversation, branch: &[Message]) -> Classification {
    let labels = branch.iter().map(|message| message.data_classification);
    labels.fold(conversation.data_classification, Ord::max)
}

/// What is shown of a message, where it is one of the talk and nobody is still writing it.
fn shown(message: Message) -> Option<ShownMessage> {
    let written = !matches!(message.status, MessageStatus::Streaming | MessageStatus::Waiting);
    let said = message.role != MessageRole::System;
    let Message { role, content, created_at, .. } = message;
    (written && said).then_some(ShownMessage { role, content, created_at })
}

/// What the audit log says of a link.
fn told(share: &PublicShare) -> serde_json::Value {
    json!({ "share_id": share.id, "artifact_id": share.artifact_id, "expires_at": share.expires_at })
}
