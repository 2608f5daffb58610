//! Wait: until a moment, for a while, or for an event.

use chrono::{DateTime, TimeDelta, Utc};
use conductor_workflow_graph::kind::Wait;

use super::{Act, Begin, Result, faulty, invalid};

pub(super) fn begin(begin: &Begin<'_>, wait: &Wait) -> Result<Act> {
    if let Some(event) = &wait.event {
        let event = begin.view.text(event).map_err(|error| faulty("/config/event", &error))?;
        return Ok(Act::Wait { until: None, event: Some(event) });
    }
    let until = match (&wait.until, wait.duration_ms) {
        (Some(until), _) => {
            let text = begin.view.text(until).map_err(|error| faulty("/config/until", &error))?;
            let moment = DateTime::parse_from_rfc3339(text.trim()).map_err(|_| {
                let detail = format!("{text:?} is no time; write it as 2026-11-22T09:00:00Z");
                invalid("/config/until", detail)
            })?;
            Some(moment.with_timezone(&Utc))
        }
        (None, Some(millis)) => {
            let while_ = i64::try_from(millis).ok().and_then(TimeDelta::try_milliseconds);
            while_.and_then(|while_| begin.now.checked_add_signed(while_))
        }
        (None, None) => None,
    };
    let until = until.ok_or_else(|| invalid("/config", "the wait has no end that a calendar knows"))?;
    Ok(Act::Wait { until: Some(until), event: None })
}
