//! One worker process from its start to its certain end.

use std::{
    process::ExitStatus,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, sink},
    process::{Child, Command},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{Error, Limits, Result, answer::Answer};

/// What a failure's message and trace may take beside the output.
const FAILURE_BYTES: u64 = 256 * 1024;
/// How long is waited for a killed process to be gone; it takes milliseconds unless the machine is stuck.
const BURIAL: Duration = Duration::from_secs(10);

/// What a worker left behind.
pub(crate) struct Ended {
    pub(crate) answer: Answer,
    pub(crate) stdout: String,
    pub(crate) elapsed: Duration,
}

/// Runs a worker to its end: its own, or the one that a limit or the caller sets.
pub(crate) async fn run(
    mut command: Command,
    input: &[u8],
    limits: &Limits,
    cancel: &CancellationToken,
) -> Result<Ended> {
    let start = Instant::now();
    let mut group = Group(command.spawn().map_err(Error::io("started"))?);
    let child = &mut group.0;
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(Error::io("talked to")(std::io::ErrorKind::BrokenPipe.into()));
    };
    let mut stdout = Reading::new(stdout, limits.output_bytes);
    let mut stderr = Reading::new(stderr, limits.output_bytes.saturating_add(FAILURE_BYTES));
    let feed = async {
        let mut stdin = stdin;
        // A worker that does not read to the end says why, or has ended.
        let _ = stdin.write_all(input).await;
        Ok(())
    };
    let talk = async {
        tokio::try_join!(feed, stdout.fill(limits), stderr.fill(limits))?;
        child.wait().await.map_err(Error::io("waited for"))
    };
    let status = tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Error::Cancelled),
        status = talk => status,
        () = tokio::time::sleep(limits.wall_time) => {
            Err(Error::TimedOut { limit: limits.wall_time, measure: "time" })
        }
    };
    if status.is_err() {
        bury(&mut group, &mut stdout, &mut stderr).await;
    }
    let elapsed = start.elapsed();
    let answer = conclude(status?, &stderr.kept, limits, elapsed)?;
    Ok(Ended { answer, stdout: String::from_utf8_lossy(&stdout.kept).into_owned(), elapsed })
}

/// A process and whatever it started: one group, which none of them can leave, and which ends as one.
struct Group(Child);

impl Group {
    fn kill(&mut self) {
        // Killing bubblewrap alone would, while it is still starting, leave its other half waiting for ever. As long as
        // the first process was not waited for, nobody else's group has its number.
        #[cfg(target_os = "linux")]
        if let Some(number) = self.0.id().and_then(|id| i32::try_from(id).ok()) {
            use nix::{
                sys::signal::{Signal, killpg},
                unistd::Pid,
            };
            // Fails only if nobody is left, which is what is wanted.
            let _ = killpg(Pid::from_raw(number), Signal::SIGKILL);
        }
        // It may have ended already.
        let _ = self.0.start_kill();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Kills everything and waits until nobody holds the pipes any more: only then is nothing left that could run.
async fn bury<O: AsyncRead + Unpin, E: AsyncRead + Unpin>(
    group: &mut Group,
    stdout: &mut Reading<O>,
    stderr: &mut Reading<E>,
) {
    group.kill();
    let gone = async {
        let _ = tokio::join!(group.0.wait(), stdout.discard(), stderr.discard());
    };
    if timeout(BURIAL, gone).await.is_err() {
        tracing::error!(
            after_ms = BURIAL.as_millis(),
            "a program's process does not end although it was killed"
        );
    }
}

/// What an ended worker means.
fn conclude(status: ExitStatus, told: &[u8], limits: &Limits, elapsed: Duration) -> Result<Answer> {
    let out_of_time = || Error::TimedOut { limit: limits.cpu_time, measure: "processor time" };
    let out_of_memory = || Error::OutOfMemory { limit_bytes: limits.memory_bytes };
    match serde_json::from_slice(told) {
        Ok(Answer::OutOfMemory) => return Err(out_of_memory()),
        Ok(Answer::TimedOut) => return Err(out_of_time()),
        Ok(Answer::Refused { reason }) => return Err(Error::off(reason)),
        Ok(Answer::Failed { message, line, traceback }) => {
            return Err(Error::Failed { message, line, traceback });
        }
        Ok(answer) => return Ok(answer),
        Err(_) => {}
    }
    let text = String::from_utf8_lossy(told);
    if let Some(reason) = text.lines().find_map(|line| line.strip_prefix("bwrap: ")) {
        return Err(Error::off(format!("bubblewrap does not work here: {reason}")));
    }
    match signal(status) {
        Some(SIGXCPU) => Err(out_of_time()),
        // The second, harder limit of processor time, else the kernel that ran out of memory.
        Some(SIGKILL) if elapsed >= Duration::from_secs(limits.cpu_seconds()) => Err(out_of_time()),
        Some(SIGKILL) => Err(out_of_memory()),
        Some(signal) => Err(Error::failed(format!("the interpreter crashed with signal {signal}"))),
        None if text.trim().is_empty() => {
            Err(Error::failed("the program ended its interpreter before its results could be read"))
        }
        None => Err(Error::failed(text.trim().chars().take(2_000).collect::<String>())),
    }
}

const SIGKILL: i32 = 9;
const SIGXCPU: i32 = 24;

/// The signal that ended the program; bubblewrap tells it as an exit code, as shells do.
fn signal(status: ExitStatus) -> Option<i32> {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return Some(signal);
    }
    status.code().filter(|code| *code > 128).map(|code| code - 128)
}

/// A pipe that is read up to a limit.
struct Reading<R> {
    pipe: R,
    kept: Vec<u8>,
    most: u64,
}

impl<R: AsyncRead + Unpin> Reading<R> {
    fn new(pipe: R, most: u64) -> Self {
        Self { pipe, kept: Vec::new(), most }
    }

    async fn fill(&mut self, limits: &Limits) -> Result<()> {
        let mut most = (&mut self.pipe).take(self.most.saturating_add(1));
        most.read_to_end(&mut self.kept).await.map_err(Error::io("read"))?;
        if self.kept.len() as u64 > self.most {
            return Err(Error::TooMuchOutput { limit_bytes: limits.output_bytes });
        }
        Ok(())
    }

    async fn discard(&mut self) {
        let _ = tokio::io::copy(&mut self.pipe, &mut sink()).await;
    }
}
