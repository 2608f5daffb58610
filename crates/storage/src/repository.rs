//! One file a noun: its readers, its writers, and the conversion between row and domain.

mod audit;
mod convert;
mod effects;
mod human_tasks;
mod runs;
mod tool_approvals;
mod usage;

pub use audit::Audit;
pub use effects::Effects;
pub use human_tasks::{HumanTasks, VisibleHumanTasks};
pub use runs::{DriverRuns, Runs, VisibleRuns};
pub use tool_approvals::ToolApprovals;
pub use usage::Usage;
