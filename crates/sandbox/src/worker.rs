//! The other side of the process boundary: confine oneself, then run what nobody trusts.
//!
//! Every step that fails ends the worker before it has read a byte of the program.

#[cfg(target_os = "linux")]
mod confine;
#[cfg(target_os = "linux")]
mod javascript;
#[cfg(target_os = "linux")]
mod probe;
#[cfg(target_os = "linux")]
mod syscalls;

use std::{ffi::OsString, io::Write, process::ExitCode};

#[cfg(target_os = "linux")]
use crate::jail::Task;
use crate::{answer::Answer, jail::Jail};

/// The program that the confined Python interpreter starts with.
#[cfg(target_os = "linux")]
const DRIVER: &str = include_str!("worker/driver.py");

/// Confines this process as its argument says and runs a program. Call it before anything else is set up, threads
/// above all: it closes every file that was left open and may replace the process.
#[must_use]
pub fn worker_main(argument: Option<OsString>) -> ExitCode {
    let jail = argument
        .and_then(|argument| argument.into_string().ok())
        .and_then(|argument| serde_json::from_str::<Jail>(&argument).ok());
    let answer = match jail {
        Some(jail) => confined(jail),
        None => Answer::Refused { reason: "the worker was started without its instructions".to_owned() },
    };
    tell(&answer);
    ExitCode::SUCCESS
}

#[cfg(target_os = "linux")]
fn confined(jail: Jail) -> Answer {
    if let Err(refusal) = confine::confine(&jail) {
        return Answer::Refused { reason: refusal.to_string() };
    }
    match jail.task {
        Task::Probe { hidden, folders } => Answer::Probed { escapes: probe::escapes(&hidden, &folders) },
        Task::Javascript => javascript::run(jail.memory_bytes, jail.cpu_seconds),
        Task::Python { executable, packages } => {
            use std::os::unix::process::CommandExt;
            // Isolated from environment and user; no site module, so no package that nobody approved; nothing written.
            let error = std::process::Command::new(&executable)
                .args(["-I", "-S", "-B", "-X", "utf8", "-c", DRIVER])
                .args(packages)
                .env_clear()
                // Linear algebra starts a thread per processor otherwise.
                .envs([("OPENBLAS_NUM_THREADS", "1"), ("OMP_NUM_THREADS", "1"), ("MKL_NUM_THREADS", "1")])
                .exec();
            Answer::Refused { reason: format!("{} cannot be started: {error}", executable.display()) }
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn confined(_jail: Jail) -> Answer {
    Answer::Refused { reason: "programs are confined on Linux only".to_owned() }
}

fn tell(answer: &Answer) {
    let mut stderr = std::io::stderr().lock();
    // Whoever asked is gone if this fails.
    let _ = serde_json::to_writer(&mut stderr, answer);
    let _ = stderr.flush();
}
