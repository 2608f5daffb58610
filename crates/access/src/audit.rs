//! The audit log as something that can be proved: entries are sealed into one hash chain per organisation, checkpoints
//! of it are signed and kept outside the database too, and anybody with the public key can check all of it.

mod anchor;
mod auditor;
mod entry;
mod export;
mod sealer;
mod verify;

pub use anchor::{Anchor, signed};
pub use auditor::{Auditor, Checked};
pub use entry::{Entry, GENESIS};
pub use export::{Line, verify_export};
pub use sealer::{Retention, Sealer};
pub use verify::{Fault, Report, Start, Verifier};
