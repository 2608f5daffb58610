//! Schedules that would never come, or come in vain, hooks that would be two, and events that nobody can tell or that would
//! be told twice.

use std::collections::HashSet;

use crate::{
    EVENT_NAME, Graph, Input, Trigger, is_event_name,
    problem::{Code, Problem},
    time_table::{TimeTable, Unsound},
};

pub(super) fn check(graph: &Graph, problems: &mut Vec<Problem>) {
    for (index, trigger) in graph.triggers.iter().enumerate() {
        let Trigger::Schedule { cron, time_zone } = trigger else { continue };
        let Err(unsound) = TimeTable::read(cron, time_zone.as_deref()) else { continue };
        let field = match unsound {
            Unsound::Cron(_) => "cron",
            Unsound::Zone(_) => "time_zone",
        };
        let at = format!("/triggers/{index}/{field}");
        problems.push(Problem::error(Code::InvalidValue, at, unsound.to_string()));
    }
    let hooks = graph.triggers.iter().enumerate().filter(|(_, trigger)| **trigger == Trigger::Webhook);
    for (index, _) in hooks.skip(1) {
        let message = "a workflow has one webhook, with one address and one secret: remove this one";
        problems.push(Problem::error(Code::InvalidValue, format!("/triggers/{index}"), message.to_owned()));
    }
    events(graph, problems);
    let scheduled = |trigger: &Trigger| matches!(trigger, Trigger::Schedule { .. });
    if !graph.triggers.iter().any(scheduled) {
        return;
    }
    let bare = |input: &Input| input.required && input.default.is_none();
    for (index, input) in graph.inputs.iter().enumerate().filter(|(_, input)| bare(input)) {
        let message =
            format!("a schedule gives no inputs: give {} a default, or do not require it", input.name);
        problems.push(Problem::warning(Code::MissingField, format!("/inputs/{index}"), message));
    }
}

fn events(graph: &Graph, problems: &mut Vec<Problem>) {
    let mut seen = HashSet::new();
    for (index, trigger) in graph.triggers.iter().enumerate() {
        let Trigger::Event { name } = trigger else { continue };
        let message = if is_event_name(name) {
            if seen.insert(name) {
                continue;
            }
            format!("the event {name} starts the workflow already: remove this one")
        } else {
            format!("the name of an event has 1 to {EVENT_NAME} letters, digits, `.`, `_`, `-` and `:`")
        };
        problems.push(Problem::error(Code::InvalidValue, format!("/triggers/{index}/name"), message));
    }
}
