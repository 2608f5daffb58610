//! Turns a model's pieces into events: the first at once, later ones per 40 ms or 1 KiB, artifacts as they are found.

use std::time::Duration;

use conductor_domain::{
    AgentId, ArtifactId, ArtifactKind, ArtifactRef, Classification, ConversationId, EventBody, GuardFinding,
    GuardKind, MessageId, NewArtifact, Obligation, OutputAction,
};
use conductor_guards::{Filter, merge};
use conductor_runs::{Held, Result};
use conductor_storage::Inserted;
use tokio::time::Instant;

use super::state::TurnState;
use crate::detect::{Detector, Segment};

/// How long text may wait before it is written.
const FLUSH_AFTER: Duration = Duration::from_millis(40);
/// How much text may wait before it is written.
const FLUSH_AT: usize = 1_024;

/// Where the artifacts of a turn go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) conversation_id: Option<ConversationId>,
    pub(crate) message_id: MessageId,
    pub(crate) agent_id: Option<AgentId>,
    /// The highest label of what the model is told.
    pub(crate) label: Classification,
}

/// An artifact that is being written.
struct Open {
    reference: ArtifactRef,
    text: String,
}

/// Writes one model call's pieces.
pub(crate) struct PieceWriter<'a> {
    held: &'a Held,
    place: Place,
    detector: Detector,
    waiting: Vec<EventBody>,
    waiting_bytes: usize,
    /// `None` while nothing was written, so that the first piece goes out at once.
    due: Option<Instant>,
    first: bool,
    open: Option<Open>,
    guard: Option<Guard>,
    findings: Vec<GuardFinding>,
    masks: bool,
}

/// The output guard of a policy, over the answer and over the thinking.
struct Guard {
    action: OutputAction,
    text: Filter,
    thinking: Filter,
}

impl Guard {
    fn of(obligations: &[Obligation]) -> Option<Self> {
        let mut wanted: Option<(Vec<GuardKind>, OutputAction)> = None;
        for obligation in obligations {
            let Obligation::GuardOutput { kinds, action } = obligation else { continue };
            wanted = Some(match wanted {
                None => (kinds.clone(), *action),
                // Of two policies the stricter word wins, and both their kinds count; no kind is every kind.
                Some((before, other)) => {
                    let every = before.is_empty() || kinds.is_empty();
                    let both = if every { Vec::new() } else { [before, kinds.clone()].concat() };
                    let masks = [other, *action].contains(&OutputAction::Mask);
                    (both, if masks { OutputAction::Mask } else { OutputAction::Flag })
                }
            });
        }
        let (kinds, action) = wanted?;
        Some(Self { action, text: Filter::new(kinds.clone()), thinking: Filter::new(kinds) })
    }
}

impl<'a> PieceWriter<'a> {
    pub(crate) fn new(held: &'a Held, place: Place, obligations: &[Obligation]) -> Self {
        Self {
            guard: Guard::of(obligations),
            held,
            place,
            detector: Detector::new(),
            waiting: Vec::new(),
            waiting_bytes: 0,
            due: None,
            first: true,
            open: None,
            findings: Vec::new(),
            masks: false,
        }
    }

    /// Whether what the model said is not what was written, once it has ended.
    pub(crate) fn changed(&self) -> bool {
        self.masks && !self.findings.is_empty()
    }

    /// When what waits must be written; `None` where nothing waits.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// More text of the answer.
    pub(crate) async fn text(&mut self, state: &mut TurnState, text: &str) -> Result<()> {
        match &mut self.guard {
            Some(Guard { action: OutputAction::Mask, text: filter, .. }) => {
                let ready = filter.push(text);
                self.said(state, &ready).await
            }
            Some(Guard { text: filter, .. }) => {
                filter.push(text);
                self.said(state, text).await
            }
            None => self.said(state, text).await,
        }
    }

    async fn said(&mut self, state: &mut TurnState, text: &str) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let message_id = self.place.message_id;
        self.push(EventBody::MessageDelta { message_id, text: text.to_owned() });
        for segment in self.detector.push(text) {
            self.segment(state, segment).await?;
        }
        self.maybe_flush(state).await
    }

    /// More reasoning.
    pub(crate) async fn thinking(&mut self, state: &mut TurnState, text: &str) -> Result<()> {
        match &mut self.guard {
            Some(Guard { action: OutputAction::Mask, thinking: filter, .. }) => {
                let ready = filter.push(text);
                self.thought(state, &ready).await
            }
            _ => self.thought(state, text).await,
        }
    }

    async fn thought(&mut self, state: &mut TurnState, text: &str) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let message_id = self.place.message_id;
        self.push(EventBody::ThinkingDelta { message_id, text: text.to_owned() });
        self.maybe_flush(state).await
    }

    /// Writes what waits.
    pub(crate) async fn flush(&mut self, state: &mut TurnState) -> Result<()> {
        self.due = None;
        self.waiting_bytes = 0;
        let events = std::mem::take(&mut self.waiting);
        if events.is_empty() {
            return Ok(());
        }
        self.held.emit(&events).await?;
        for event in &events {
            state.apply(event);
        }
        Ok(())
    }

    /// Nothing follows: an artifact that is still open is stored as it is.
    pub(crate) async fn end(&mut self, state: &mut TurnState) -> Result<()> {
        if let Some(mut guard) = self.guard.take() {
            let (thinking, text) = (guard.thinking.finish(), guard.text.finish());
            if guard.action == OutputAction::Mask {
                self.thought(state, &thinking).await?;
                self.said(state, &text).await?;
            }
            self.findings = merge([guard.text.findings(), guard.thinking.findings()].concat());
            if !self.findings.is_empty() {
                let (message_id, findings) = (self.place.message_id, self.findings.clone());
                self.push(EventBody::MessageGuarded { message_id, findings });
            }
            self.masks = guard.action == OutputAction::Mask;
        }
        for segment in self.detector.finish() {
            self.segment(state, segment).await?;
        }
        self.flush(state).await
    }

    async fn segment(&mut self, state: &mut TurnState, segment: Segment) -> Result<()> {
        match segment {
            Segment::Text(_) => {}
            Segment::ArtifactStarted { identifier, kind, title, language } => {
                self.start(identifier, kind, title, language).await?;
            }
            Segment::ArtifactDelta(text) => {
                if let Some(open) = &mut self.open {
                    open.text.push_str(&text);
                    let artifact_id = open.reference.artifact_id;
                    self.push(EventBody::ArtifactDelta { artifact_id, text });
                }
            }
            Segment::ArtifactCompleted => self.complete(state).await?,
        }
        Ok(())
    }

    async fn start(
        &mut self,
        identifier: String,
        kind: ArtifactKind,
        title: String,
        language: Option<String>,
    ) -> Result<()> {
        let Some(conversation_id) = self.place.conversation_id else { return Ok(()) };
        let name = identifier.clone();
        let latest = self
            .held
            .write(move |tx| Box::pin(async move { tx.tx.artifacts().latest(conversation_id, &name).await }))
            .await?;
        let reference = ArtifactRef {
            artifact_id: ArtifactId::generate(&**self.held.store().clock()),
            version: latest.map_or(1, |latest| latest.version + 1),
            identifier,
            kind,
            title,
            language,
        };
        self.push(EventBody::ArtifactStarted {
            artifact: reference.clone(),
            message_id: self.place.message_id,
        });
        self.open = Some(Open { reference, text: String::new() });
        Ok(())
    }

    /// Stores a version; the event and the row are one transaction.
    async fn complete(&mut self, state: &mut TurnState) -> Result<()> {
        let (Some(open), Some(conversation_id)) = (self.open.take(), self.place.conversation_id) else {
            return Ok(());
        };
        self.flush(state).await?;
        let Open { reference, text } = open;
        let new = NewArtifact {
            id: Some(reference.artifact_id),
            conversation_id,
            message_id: Some(self.place.message_id),
            agent_id: self.place.agent_id,
            identifier: reference.identifier,
            kind: reference.kind,
            title: reference.title,
            language: reference.language,
            content: text,
            data_classification: self.place.label.max(state.label()),
        };
        self.held
            .write(move |tx| {
                Box::pin(async move {
                    let (Inserted::New(artifact) | Inserted::Unchanged(artifact)) =
                        tx.tx.artifacts().insert_version(new).await?;
                    let (artifact, text) = (artifact.reference(), artifact.content);
                    tx.emit(&[EventBody::ArtifactCompleted { artifact, text: Some(text) }]).await
                })
            })
            .await
    }

    /// Adds to what waits; text is joined to the text before it.
    fn push(&mut self, event: EventBody) {
        let more = match &event {
            EventBody::MessageDelta { text, .. }
            | EventBody::ThinkingDelta { text, .. }
            | EventBody::ArtifactDelta { text, .. } => text.len(),
            _ => 0,
        };
        self.waiting_bytes += more;
        self.due.get_or_insert_with(|| Instant::now() + FLUSH_AFTER);
        match (self.waiting.last_mut(), event) {
            (Some(EventBody::MessageDelta { text, .. }), EventBody::MessageDelta { text: more, .. })
            | (Some(EventBody::ThinkingDelta { text, .. }), EventBody::ThinkingDelta { text: more, .. })
            | (Some(EventBody::ArtifactDelta { text, .. }), EventBody::ArtifactDelta { text: more, .. }) => {
                text.push_str(&more);
            }
            (_, event) => self.waiting.push(event),
        }
    }

    async fn maybe_flush(&mut self, state: &mut TurnState) -> Result<()> {
        if std::mem::take(&mut self.first) || self.waiting_bytes >= FLUSH_AT {
            return self.flush(state).await;
        }
        Ok(())
    }
}
