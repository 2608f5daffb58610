//! The system calls that an interpreter needs; every other one fails with "operation not permitted".
//!
//! A list of what is allowed rather than of what is not, so that a kernel's new call is refused until somebody has
//! thought about it. What matters most by its absence: `socket` and `connect` (no network), `fork` and `vfork` (no
//! process), `ptrace`, `process_vm_*`, `pidfd_*` and `io_uring_*`, `memfd_create` (memory outside of the limits),
//! `truncate`, `chmod`, `utimensat`, `setxattr` and `mount` (what landlock does not cover), `unshare` and `setns`.

use std::{collections::BTreeMap, process};

use nix::libc::{self, c_long};
use seccompiler::{
    BpfProgram, SeccompAction,
    SeccompCmpArgLen::{Dword, Qword},
    SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch, apply_filter,
};

/// What every worker needs.
const BASE: &[c_long] = &[
    // Memory.
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_madvise,
    // Files that are open, and what landlock lets it open.
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_openat,
    libc::SYS_getdents64,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getcwd,
    libc::SYS_dup,
    libc::SYS_dup3,
    // Time, waiting, chance.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_restart_syscall,
    // Itself.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_rseq,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getrusage,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_membarrier,
];

/// What Python needs beside, threads and an event loop of asyncio included.
const INTERPRETER: &[c_long] = &[
    libc::SYS_execve,
    libc::SYS_clone3,
    libc::SYS_pipe2,
    libc::SYS_eventfd2,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_sendto,
    libc::SYS_recvfrom,
    libc::SYS_shutdown,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_wait4,
    libc::SYS_setitimer,
    libc::SYS_getitimer,
    libc::SYS_times,
    libc::SYS_umask,
    libc::SYS_chdir,
    libc::SYS_fadvise64,
    libc::SYS_getresuid,
    libc::SYS_getresgid,
    libc::SYS_getgroups,
    libc::SYS_getpgid,
    libc::SYS_getsid,
];

/// Older names of the same, which only this processor has.
#[cfg(target_arch = "x86_64")]
const OLDER: &[c_long] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_arch_prctl,
    libc::SYS_time,
    libc::SYS_getrlimit,
    libc::SYS_dup2,
    libc::SYS_pipe,
    libc::SYS_epoll_wait,
    libc::SYS_alarm,
    libc::SYS_pause,
    libc::SYS_getpgrp,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[c_long] = &[];

/// Commands of `fcntl` on a file of one's own; those that send signals to others are missing.
const FCNTL: &[i32] = &[
    libc::F_DUPFD,
    libc::F_DUPFD_CLOEXEC,
    libc::F_GETFD,
    libc::F_SETFD,
    libc::F_GETFL,
    libc::F_SETFL,
    libc::F_GETPIPE_SZ,
];

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// What the list depends on.
#[derive(Clone, Copy)]
pub(super) struct Needs {
    /// The process will become an interpreter.
    pub(super) interpreter: bool,
    /// Opening a file may ask to empty it, since something else sees to that.
    pub(super) truncation: bool,
}

/// Filters this process's system calls from here on.
pub(super) fn filter(needs: Needs) -> Result<(), seccompiler::Error> {
    // The C library starts threads by another call once this one is said to be unknown; only that one's flags can be seen.
    let unknown = Rules::from([(libc::SYS_clone3, Vec::new())]);
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let absent = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let first = compiled(unknown, SeccompAction::Allow, absent)?;
    let second = compiled(rules(needs)?, refused, SeccompAction::Allow)?;
    apply_filter(&first)?;
    apply_filter(&second)
}

fn compiled(
    rules: Rules,
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> Result<BpfProgram, seccompiler::Error> {
    let target = TargetArch::try_from(std::env::consts::ARCH)?;
    Ok(SeccompFilter::new(rules, otherwise, matched, target)?.try_into()?)
}

fn rules(needs: Needs) -> Result<Rules, seccompiler::Error> {
    let own = u64::from(process::id());
    let mut rules = Rules::new();
    let mut free = |calls: &[c_long]| rules.extend(calls.iter().map(|call| (*call, Vec::new())));
    free(BASE);
    free(OLDER);
    // The first filter has to see a call of it, so the second one lets it pass.
    free(&[libc::SYS_clone3]);
    if needs.interpreter {
        free(INTERPRETER);
        let thread = u64::from(libc::CLONE_THREAD.unsigned_abs());
        rules.insert(libc::SYS_clone, vec![rule(0, SeccompCmpOp::MaskedEq(thread), thread)?]);
        rules.insert(libc::SYS_socketpair, vec![rule(0, SeccompCmpOp::Eq, unsigned(libc::AF_UNIX))?]);
    }
    if !needs.truncation {
        let kept = |argument| rule(argument, SeccompCmpOp::MaskedEq(unsigned(libc::O_TRUNC)), 0);
        rules.insert(libc::SYS_openat, vec![kept(2)?]);
        #[cfg(target_arch = "x86_64")]
        rules.insert(libc::SYS_open, vec![kept(1)?]);
    }
    rules.insert(libc::SYS_fcntl, one_of(1, FCNTL.iter().map(|command| unsigned(*command)))?);
    // About terminals only the harmless question whether there is one.
    rules.insert(
        libc::SYS_ioctl,
        one_of(1, [libc::TCGETS, libc::TIOCGWINSZ, libc::FIOCLEX, libc::FIONBIO, libc::FIONREAD])?,
    );
    rules.insert(libc::SYS_prctl, one_of(0, [libc::PR_SET_NAME, libc::PR_GET_NAME].map(unsigned))?);
    // Signals to itself, as `abort` and `raise` send them; whose limits, its own.
    for call in [libc::SYS_kill, libc::SYS_tgkill] {
        rules.insert(call, one_of(0, [own])?);
    }
    rules.insert(libc::SYS_prlimit64, one_of(0, [0, own])?);
    // The signal that says that processor time is used up keeps its meaning: it may be asked about, not caught.
    rules.insert(
        libc::SYS_rt_sigaction,
        vec![rule(0, SeccompCmpOp::Ne, unsigned(libc::SIGXCPU))?, wide(1, SeccompCmpOp::Eq, 0)?],
    );
    Ok(rules)
}

fn unsigned(value: i32) -> u64 {
    u64::from(value.unsigned_abs())
}

fn one_of(
    argument: u8,
    values: impl IntoIterator<Item = u64>,
) -> Result<Vec<SeccompRule>, seccompiler::Error> {
    values.into_iter().map(|value| rule(argument, SeccompCmpOp::Eq, value)).collect()
}

/// A rule on the lower half of an argument, which is all that the kernel reads of an `int`.
fn rule(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompRule, seccompiler::Error> {
    Ok(SeccompRule::new(vec![SeccompCondition::new(argument, Dword, operator, value)?])?)
}

/// A rule on a whole argument, such as a pointer.
fn wide(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompRule, seccompiler::Error> {
    Ok(SeccompRule::new(vec![SeccompCondition::new(argument, Qword, operator, value)?])?)
}
