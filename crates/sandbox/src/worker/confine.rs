//! The steps by which a process gives up everything that a program must not have; none can be taken back.

use std::{fmt::Display, path::Path};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
};
use nix::{
    sys::{
        prctl,
        resource::{Resource, getrlimit, setrlimit},
        signal::Signal,
    },
    unistd::{Gid, Uid, close, geteuid, setgroups, setresgid, setresuid},
};

use super::syscalls;
use crate::jail::{Jail, Task};

/// Files that a server may have left open are looked for up to this number.
const MOST_FILES: u64 = 65_536;
/// What an interpreter maps beside what it allocates: its libraries, and for JavaScript the worker's own allocator.
const MAPPED_BYTES: u64 = 512 * 1024 * 1024;
/// What the worker itself may allocate while it runs JavaScript.
const WORKER_BYTES: u64 = 64 * 1024 * 1024;

/// Which step did not succeed.
#[derive(Debug, thiserror::Error)]
#[error("{step} is not possible here ({cause})")]
pub(super) struct Refusal {
    step: &'static str,
    cause: String,
}

fn refusal<E: Display>(step: &'static str) -> impl FnOnce(E) -> Refusal {
    move |cause| Refusal { step, cause: cause.to_string() }
}

/// Confines this process.
pub(super) fn confine(jail: &Jail) -> Result<(), Refusal> {
    close_inherited()?;
    prctl::set_no_new_privs().map_err(refusal("giving up new privileges"))?;
    if let Some(user) = jail.user {
        become_user(user)?;
    }
    // After the change of user, which clears it.
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(refusal("ending with the server"))?;
    reach(jail)?;
    limit(jail)?;
    let needs = syscalls::Needs {
        interpreter: !matches!(jail.task, Task::Javascript),
        // Before Linux 6.2 landlock lets a file that may be read be emptied; inside bubblewrap it is read-only.
        truncation: !jail.landlock_required || knows_truncation(),
    };
    syscalls::filter(needs).map_err(refusal("filtering system calls"))
}

/// Closes what the server had open: a library may have forgotten to mark its files.
fn close_inherited() -> Result<(), Refusal> {
    let (open, _) = getrlimit(Resource::RLIMIT_NOFILE).map_err(refusal("reading limits"))?;
    for file in 3..i32::try_from(open.min(MOST_FILES)).unwrap_or(i32::MAX) {
        // Most numbers are not open.
        let _ = close(file);
    }
    Ok(())
}

fn become_user(user: u32) -> Result<(), Refusal> {
    let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
    setgroups(&[]).map_err(refusal("leaving root's groups"))?;
    setresgid(gid, gid, gid).map_err(refusal("leaving root's group"))?;
    setresuid(uid, uid, uid).map_err(refusal("leaving root"))?;
    if geteuid() != uid || setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0)).is_ok() {
        return Err(refusal("leaving root for good")("it could be taken back"));
    }
    Ok(())
}

/// Leaves nothing of files and network but what may be read.
fn reach(jail: &Jail) -> Result<(), Refusal> {
    let step = "landlock";
    let abi = ABI::V6;
    let read: BitFlags<AccessFs> = AccessFs::from_read(abi);
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(|rules| rules.scope(Scope::AbstractUnixSocket | Scope::Signal))
        .and_then(Ruleset::create)
        .map_err(refusal(step))?;
    for path in &jail.readable {
        // What is absent cannot be reached either.
        let Ok(opened) = PathFd::new(path) else { continue };
        let allowed = if path.is_dir() { read } else { read & AccessFs::from_file(abi) };
        rules = rules.add_rule(PathBeneath::new(opened, allowed)).map_err(refusal(step))?;
    }
    if let Ok(null) = PathFd::new(Path::new("/dev/null")) {
        let both = AccessFs::ReadFile | AccessFs::WriteFile;
        rules = rules.add_rule(PathBeneath::new(null, both)).map_err(refusal(step))?;
    }
    let status = rules.restrict_self().map_err(refusal(step))?;
    if jail.landlock_required && status.ruleset == RulesetStatus::NotEnforced {
        return Err(refusal(step)("the kernel has none, or it is switched off"));
    }
    Ok(())
}

fn knows_truncation() -> bool {
    let strict = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    strict.handle_access(AccessFs::Truncate).is_ok()
}

fn limit(jail: &Jail) -> Result<(), Refusal> {
    let set = |resource, soft: u64, hard: u64| {
        // A limit that the server is under itself stays.
        let most = getrlimit(resource).map_or(u64::MAX, |(_, most)| most);
        setrlimit(resource, soft.min(most), hard.min(most)).map_err(refusal("limiting resources"))
    };
    let (data, mapped) = match jail.task {
        // These run in the worker itself, which may be a large program with much address space set aside.
        Task::Javascript | Task::Probe { .. } => (jail.memory_bytes.saturating_add(WORKER_BYTES), None),
        _ => (jail.memory_bytes, Some(jail.memory_bytes.saturating_add(MAPPED_BYTES))),
    };
    set(Resource::RLIMIT_CORE, 0, 0)?;
    set(Resource::RLIMIT_CPU, jail.cpu_seconds, jail.cpu_seconds.saturating_add(1))?;
    set(Resource::RLIMIT_FSIZE, 0, 0)?;
    set(Resource::RLIMIT_MEMLOCK, 0, 0)?;
    set(Resource::RLIMIT_MSGQUEUE, 0, 0)?;
    set(Resource::RLIMIT_NOFILE, 64, 64)?;
    set(Resource::RLIMIT_STACK, 8 * 1024 * 1024, 8 * 1024 * 1024)?;
    // Itself, and the one that waits for it inside bubblewrap.
    let threads = u64::from(jail.threads) + 2;
    set(Resource::RLIMIT_NPROC, threads, threads)?;
    set(Resource::RLIMIT_DATA, data, data)?;
    mapped.map_or(Ok(()), |mapped| set(Resource::RLIMIT_AS, mapped, mapped))
}
