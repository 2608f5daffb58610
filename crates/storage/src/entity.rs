//! The rows as sea-orm sees them. Private: outside, a row is a struct of `conductor-domain`.

pub(crate) mod audit_event;
pub(crate) mod effect;
pub(crate) mod human_task;
pub(crate) mod run;
pub(crate) mod run_signal;
pub(crate) mod tool_approval;
pub(crate) mod usage_record;
