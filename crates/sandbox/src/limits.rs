//! How much a program may take of everything.

use std::time::Duration;

/// The limits of one program. Each is enforced by the kernel or by whoever reads the program's output, not by the
/// program's own interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest it may run, start-up and waiting included. 30 seconds.
    pub wall_time: Duration,
    /// The most processor time, rounded up to whole seconds. 10 seconds.
    pub cpu_time: Duration,
    /// The most memory that it may allocate, in bytes; an interpreter's own needs count, numpy's are about 100 MiB.
    /// 512 MiB.
    pub memory_bytes: u64,
    /// The most that it may print, and the most that its assigned globals may take as JSON, in bytes each. 1 MiB.
    pub output_bytes: u64,
    /// How many threads it may have beside its first; under landlock alone and without root it has none, since the
    /// kernel would count those of the server too. Other processes it may not have at all. 8.
    pub threads: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall_time: Duration::from_secs(30),
            cpu_time: Duration::from_secs(10),
            memory_bytes: 512 * 1024 * 1024,
            output_bytes: 1024 * 1024,
            threads: 8,
        }
    }
}

impl Limits {
    /// The processor time as the kernel counts it: whole seconds, at least one.
    pub(crate) fn cpu_seconds(&self) -> u64 {
        (self.cpu_time.as_secs() + u64::from(self.cpu_time.subsec_nanos() > 0)).max(1)
    }
}
