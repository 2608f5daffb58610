//! The log as a file: JSON lines that can be checked without a database, or a table for a spreadsheet. Both are
//! streamed, so that a log of any length can be taken.

use conductor_access::audit::{Entry, Line};
use conductor_domain::{AuditCheckpoint, AuditEvent, AuditFilter, AuditTally, Caller, CheckpointKind};
use conductor_storage::Unscoped;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use serde_json::json;

use super::{AuditLog, Compliance};
use crate::{Result, csv};

/// Entries that are read at once.
const PAGE: u64 = 1_000;

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// One JSON object a line, with its hashes; a whole export ends with signed checkpoints.
    Jsonl,
    /// A table with a heading.
    Csv,
}

const HEADING: [&str; 20] = [
    "seq",
    "id",
    "ts",
    "event_type",
    "subject",
    "user_id",
    "action",
    "target",
    "decision",
    "rule_id",
    "denial_reason",
    "resource_type",
    "resource_id",
    "data_classification",
    "ip_address",
    "run_id",
    "environment_id",
    "event_data",
    "prev_hash",
    "hash",
];

impl AuditLog {
    /// The organisation's sealed entries in the order of their chain, piece by piece. That they were taken is an entry
    /// of the log itself.
    ///
    /// # Errors
    /// When the caller may not, before the first piece.
    pub async fn export(
        &self,
        caller: &Caller,
        filter: AuditFilter,
        format: ExportFormat,
    ) -> Result<impl Stream<Item = Result<String>> + Send + use<>> {
        self.may_read(caller).await?;
        let whole = filter == AuditFilter::default();
        // Read first: it promises no more than what the pages after it hold.
        let ends = if whole && format == ExportFormat::Jsonl { self.ends(caller).await? } else { Vec::new() };
        let word = match format {
            ExportFormat::Jsonl => "jsonl",
            ExportFormat::Csv => "csv",
        };
        self.taken(caller, "audit.exported", json!({ "format": word, "whole": whole })).await?;
        let (log, caller) = (self.clone(), caller.clone());
        let pages = stream::try_unfold(Some(0), move |after| {
            let (log, caller, filter) = (log.clone(), caller.clone(), filter.clone());
            async move {
                let Some(after) = after else { return Ok(None) };
                let rows = log.store.visible_to(&caller).audit().sealed_after(&filter, after, PAGE).await?;
                let more = rows.len() as u64 == PAGE;
                let last = rows.last().and_then(|event| event.seq).filter(|_| more);
                Ok::<_, crate::Error>(Some((rows, last)))
            }
        });
        let first = match format {
            ExportFormat::Jsonl => String::new(),
            ExportFormat::Csv => csv::row(HEADING),
        };
        let last: String = ends.into_iter().map(|checkpoint| Line::from(checkpoint).into_text()).collect();
        let pages = pages.map_ok(move |rows| rows.into_iter().map(|event| written(event, format)).collect());
        let pieces = stream::once(async { Ok(first) }).chain(pages).chain(stream::once(async { Ok(last) }));
        Ok(pieces.try_filter(|piece| std::future::ready(!piece.is_empty())))
    }

    /// A compliance report as a table. That it was taken is an entry of the log.
    ///
    /// # Errors
    /// As `compliance`.
    pub async fn compliance_table(&self, caller: &Caller, report: &Compliance) -> Result<String> {
        let data = json!({ "from": report.from, "to": report.to });
        self.taken(caller, "audit.compliance_exported", data).await?;
        let mut table = csv::row([
            "subject",
            "email",
            "name",
            "action",
            "resource_type",
            "data_classification",
            "resources",
            "allowed",
            "denied",
            "first_at",
            "last_at",
        ]);
        for tally in &report.tallies {
            table.push_str(&tally_row(tally));
        }
        Ok(table)
    }

    /// The checkpoints that an export of the whole chain ends with.
    async fn ends(&self, caller: &Caller) -> Result<Vec<AuditCheckpoint>> {
        let organization = caller.scope.organization_id;
        let chains = self.store.unscoped(Unscoped::AuditChain).audit_chains();
        let head = chains.find(organization).await?.map(|chain| chain.head);
        let mut ends = chains.checkpoints(organization).await?;
        ends.retain(|checkpoint| checkpoint.kind == CheckpointKind::Retention);
        Ok(ends.pop().into_iter().chain(head).collect())
    }
}

fn written(event: AuditEvent, format: ExportFormat) -> String {
    match format {
        ExportFormat::Jsonl => Line::Entry(Box::new(Entry::from(event))).into_text(),
        ExportFormat::Csv => event_row(event),
    }
}

fn event_row(event: AuditEvent) -> String {
    let text = |value: Option<String>| value.unwrap_or_default();
    let address = event.address();
    csv::row([
        event.seq.map(|seq| seq.to_string()).unwrap_or_default(),
        event.id.to_string(),
        event.ts.to_rfc3339(),
        event.event_type,
        event.subject,
        text(event.user_id.map(|id| id.to_string())),
        event.action,
        event.target,
        event.decision,
        text(event.rule_id),
        text(event.denial_reason),
        text(event.resource_type),
        text(event.resource_id.map(|id| id.to_string())),
        text(event.data_classification),
        text(address),
        text(event.run_id.map(|id| id.to_string())),
        text(event.environment_id.map(|id| id.to_string())),
        event.event_data.to_string(),
        text(event.prev_hash),
        text(event.hash),
    ])
}

fn tally_row(tally: &AuditTally) -> String {
    let (email, name) = tally.person.clone().unwrap_or_default();
    csv::row([
        tally.subject.clone(),
        email,
        name,
        tally.action.clone(),
        tally.resource_type.clone().unwrap_or_default(),
        tally.data_classification.clone().unwrap_or_default(),
        tally.resources.to_string(),
        tally.allowed.to_string(),
        tally.denied.to_string(),
        tally.first_at.to_rfc3339(),
        tally.last_at.to_rfc3339(),
    ])
}
