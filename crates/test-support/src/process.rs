//! A started program whose output is read line by line: tests wait for what it says, not for time to pass.

use std::{
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

use crate::PATIENCE;

const LAST_WORDS: Duration = Duration::from_secs(2);

/// A running program; it is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    lines: Lines,
    readers: Vec<JoinHandle<()>>,
}

/// What was written so far, and a bell for each new line.
#[derive(Clone, Debug)]
struct Lines {
    written: Arc<Mutex<Vec<String>>>,
    grown: watch::Sender<()>,
}

impl Process {
    /// Starts the command with its output captured.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("{command:?} could not be started: {error}"));
        let lines = Lines { written: Arc::default(), grown: watch::Sender::new(()) };
        let stdout = child.stdout.take().map(|pipe| tokio::spawn(lines.clone().read(pipe)));
        let stderr = child.stderr.take().map(|pipe| tokio::spawn(lines.clone().read(pipe)));
        Self { child, lines, readers: stdout.into_iter().chain(stderr).collect() }
    }

    /// Waits for a line that begins with `prefix` and gives what follows it.
    ///
    /// # Panics
    /// When the program ends or a minute passes first; the panic shows what it wrote.
    pub async fn line(&mut self, prefix: &str) -> String {
        let mut grown = self.lines.grown.subscribe();
        let waiting = async {
            loop {
                grown.borrow_and_update();
                if let Some(rest) = self.find(prefix) {
                    return rest;
                }
                tokio::select! {
                    _ = grown.changed() => {}
                    status = self.child.wait() => {
                        self.drained().await;
                        match self.find(prefix) {
                            Some(rest) => return rest,
                            None => panic!("ended with {status:?} before `{prefix}`:\n{}", self.log()),
                        }
                    }
                }
            }
        };
        match timeout(PATIENCE, waiting).await {
            Ok(rest) => rest,
            Err(_) => panic!("nothing began with `{prefix}`:\n{}", self.log()),
        }
    }

    fn find(&self, prefix: &str) -> Option<String> {
        self.lines.all().iter().find_map(|line| line.strip_prefix(prefix)).map(str::to_owned)
    }

    /// All it wrote so far, stdout and stderr.
    #[must_use]
    pub fn log(&self) -> String {
        self.lines.all().join("\n")
    }

    /// The process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Whether it has ended by itself, or was ended by somebody else.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a signal by name, such as `TERM`, `STOP` or `CONT`.
    ///
    /// # Panics
    /// When the program has ended.
    pub async fn signal(&self, name: &str) {
        let Some(id) = self.id() else { panic!("it has ended:\n{}", self.log()) };
        let sent = Command::new("kill").args([format!("-{name}"), id.to_string()]).status().await;
        assert!(sent.is_ok_and(|status| status.success()), "SIG{name} could not be sent to {id}");
    }

    /// Kills it as a crash would and waits until it is gone.
    ///
    /// # Panics
    /// When the operating system refuses.
    pub async fn kill(&mut self) {
        if let Err(error) = self.child.kill().await {
            panic!("it could not be killed: {error}");
        }
        self.drained().await;
    }

    /// Asks it to end and waits until it did.
    ///
    /// # Panics
    /// When it has not ended within a minute.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM").await;
        self.ended().await
    }

    /// Waits for its own end.
    ///
    /// # Panics
    /// When it has not ended within a minute.
    pub async fn ended(&mut self) -> ExitStatus {
        match timeout(PATIENCE, self.child.wait()).await {
            Ok(Ok(status)) => {
                self.drained().await;
                status
            }
            Ok(Err(error)) => panic!("it could not be waited for: {error}"),
            Err(_) => panic!("it did not end:\n{}", self.log()),
        }
    }

    /// Reads what the program wrote last; a grandchild that keeps the pipes open is not waited for.
    async fn drained(&mut self) {
        for reader in self.readers.drain(..) {
            let _ = timeout(LAST_WORDS, reader).await;
        }
    }
}

impl Lines {
    async fn read(self, pipe: impl AsyncRead + Unpin) {
        let mut lines = BufReader::new(pipe).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            self.all().push(line);
            self.grown.send_replace(());
        }
    }

    fn all(&self) -> MutexGuard<'_, Vec<String>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Process {
        Process::start(Command::new("sh").args(["-c", script]))
    }

    #[tokio::test]
    async fn a_line_is_waited_for() {
        let mut process = shell("echo one; echo listening on here; exec tail -f /dev/null");
        assert_eq!(process.line("listening on ").await, "here");
        process.kill().await;
        assert!(process.log().contains("one"));
    }

    #[tokio::test]
    async fn the_last_words_of_a_program_count() {
        let mut process = shell("echo last: words");
        assert_eq!(process.line("last: ").await, "words");
    }

    #[tokio::test]
    #[should_panic(expected = "no such thing")]
    async fn an_early_end_shows_what_was_written() {
        shell("echo no such thing >&2; exit 3").line("listening").await;
    }

    #[tokio::test]
    async fn a_program_is_asked_to_end() {
        let mut process =
            shell("trap 'kill $!; echo bye; exit 0' TERM; tail -f /dev/null >/dev/null 2>&1 & echo up; wait");
        process.line("up").await;
        assert!(process.terminate().await.success());
    }
}
