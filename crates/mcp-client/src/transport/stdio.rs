//! A server as a child process: one JSON message per line on its standard input and output.
//!
//! Ours rather than the protocol library's, because a whole process group has to end with the session, a line that is
//! not a message must fail the call it answers instead of leaving it to time out, and what the process writes to its
//! standard error is kept.

use std::{
    process::{ExitStatus, Stdio as Pipe},
    sync::Arc,
    time::Duration,
};

use rmcp::{
    RoleClient,
    model::{ClientJsonRpcMessage, ClientRequest, JsonRpcMessage, RequestId, ServerJsonRpcMessage},
    transport::Transport,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::Mutex,
    task::JoinHandle,
    time::timeout,
};

use super::{Demise, Fault, envelope::Envelope, garbled, too_large};
use crate::{
    CommandLine, Error, Result,
    error::{chain, excerpt},
    log::Log,
};

/// How long a process may take to leave by itself, after its input closed and again after SIGTERM.
const GRACE: Duration = Duration::from_secs(2);
/// How long is waited for the last words of a process that has exited.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// The longest line of standard error that is kept whole.
const MAX_LOG_LINE: u64 = 8 * 1024;
/// What a process needs to run at all; everything else, our own keys above all, stays out.
const INHERITED: [&str; 6] = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ"];

/// A running child process.
pub(crate) struct Stdio {
    child: Child,
    group: Option<u32>,
    exited: Option<ExitStatus>,
    stdin: Arc<Mutex<Option<ChildStdin>>>,
    stdout: Lines<ChildStdout>,
    stderr: Option<JoinHandle<()>>,
    log: Arc<Log>,
    demise: Demise,
    /// A probe for the newer protocol that was given up on; its late answer must not be taken for another's.
    probe: Option<RequestId>,
    abandoned: Option<RequestId>,
}

impl Stdio {
    /// Starts the process.
    pub(crate) fn start(
        command_line: &CommandLine,
        max_message_bytes: usize,
        log: Arc<Log>,
        demise: Demise,
    ) -> Result<Self> {
        command_line.validate()?;
        let mut command = Command::new(&command_line.command);
        command
            .args(&command_line.args)
            .env_clear()
            // Not the server's own folder, and not one where others could place a file that a package runner picks up.
            .current_dir("/")
            .stdin(Pipe::piped())
            .stdout(Pipe::piped())
            .stderr(Pipe::piped())
            .kill_on_drop(true);
        for name in INHERITED {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        for (name, value) in &command_line.env {
            command.env(name, value.expose());
        }
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(|error| Error::Unreachable {
            reason: format!("`{}` could not be started: {error}", command_line.command),
            source: Some(Arc::new(error)),
        })?;
        let missing = || Error::Unreachable { reason: "the process has no pipes".to_owned(), source: None };
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        Ok(Self {
            group: child.id(),
            child,
            exited: None,
            stdin: Arc::new(Mutex::new(Some(stdin))),
            stdout: Lines::new(stdout, max_message_bytes),
            stderr: Some(tokio::spawn(keep_log(stderr, Arc::clone(&log)))),
            log,
            demise,
            probe: None,
            abandoned: None,
        })
    }

    /// Ends the whole process group, so that no grandchild outlives the session.
    fn kill_group(&self, signal: Signal) {
        #[cfg(unix)]
        if let Some(pid) =
            self.group.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw)
        {
            let signal = match signal {
                Signal::Terminate => rustix::process::Signal::TERM,
                Signal::Kill => rustix::process::Signal::KILL,
            };
            // Fails only if nobody is left, which is what is wanted.
            let _ = rustix::process::kill_process_group(pid, signal);
        }
        #[cfg(not(unix))]
        let _ = signal;
    }

    /// Waits a moment for the exit status and the rest of the standard error, which say why it ended.
    async fn hear_out(&mut self) {
        if self.exited.is_none()
            && let Ok(status) = timeout(LAST_WORDS, self.child.wait()).await
        {
            self.note_exit(status);
        }
        if let Some(stderr) = &mut self.stderr {
            // Someone who left the process group may hold the pipe open for ever.
            let _ = timeout(LAST_WORDS, &mut *stderr).await;
            stderr.abort();
            self.stderr = None;
        }
    }

    fn note_exit(&mut self, status: std::io::Result<ExitStatus>) {
        // At once: an empty group's number may belong to somebody else later.
        self.kill_group(Signal::Kill);
        match status {
            Ok(status) => {
                self.log.push(&format!("[the process ended: {status}]"));
                self.exited = Some(status);
            }
            Err(error) => self.log.push(&format!("[the process cannot be waited for: {error}]")),
        }
    }
}

#[derive(Clone, Copy)]
enum Signal {
    Terminate,
    Kill,
}

impl Drop for Stdio {
    fn drop(&mut self) {
        if self.exited.is_none() {
            self.kill_group(Signal::Kill);
        }
        if let Some(stderr) = self.stderr.take() {
            stderr.abort();
        }
    }
}

impl Transport<RoleClient> for Stdio {
    type Error = Fault;

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Fault>> + Send + 'static {
        if let JsonRpcMessage::Request(request) = &message {
            match &request.request {
                ClientRequest::DiscoverRequest(_) => self.probe = Some(request.id.clone()),
                ClientRequest::InitializeRequest(_) => self.abandoned = self.probe.take(),
                _ => {}
            }
        }
        let stdin = Arc::clone(&self.stdin);
        async move {
            // A line that was not written whole ends without its newline, so the server cannot have acted on it.
            let closed = || Fault(Error::Closed { stderr: None, sent: false });
            let mut line = serde_json::to_vec(&message)
                .map_err(|error| Fault(Error::Protocol { message: chain(&error), sent: false }))?;
            line.push(b'\n');
            let mut stdin = stdin.lock().await;
            let stdin = stdin.as_mut().ok_or_else(closed)?;
            stdin.write_all(&line).await.map_err(|_| closed())?;
            stdin.flush().await.map_err(|_| closed())
        }
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        loop {
            let line = if self.exited.is_some() {
                // Someone who left the group may hold the pipe open for ever.
                timeout(LAST_WORDS, self.stdout.next()).await.unwrap_or(Line::End)
            } else {
                tokio::select! {
                    biased;
                    line = self.stdout.next() => line,
                    status = self.child.wait() => {
                        self.note_exit(status);
                        continue;
                    }
                }
            };
            match line {
                Line::End => {
                    self.hear_out().await;
                    return None;
                }
                Line::TooLarge(Some(id)) => return Some(too_large(id, self.stdout.limit)),
                Line::TooLarge(None) => self.log.push("[a message larger than the limit was dropped]"),
                Line::Text(line) => match read(&line) {
                    Read::Message(message)
                        if self.abandoned.is_some() && answers(&message, self.abandoned.as_ref()) =>
                    {
                        self.abandoned = None;
                    }
                    Read::Message(message) => return Some(*message),
                    // Many servers print a banner to standard output; that is no reason to give up on them.
                    Read::Noise => self.log.push(&excerpt(&String::from_utf8_lossy(&line), 500)),
                },
            }
        }
    }

    async fn close(&mut self) -> Result<(), Fault> {
        // First politely: the specification asks to close the input and wait. A send that is stuck in a full pipe holds
        // the lock; then the signals below free it.
        if let Ok(mut stdin) = self.stdin.try_lock() {
            drop(stdin.take());
        }
        for signal in [Signal::Terminate, Signal::Kill] {
            if self.exited.is_some() {
                break;
            }
            if let Ok(status) = timeout(GRACE, self.child.wait()).await {
                self.note_exit(status);
                break;
            }
            self.kill_group(signal);
        }
        if self.exited.is_none() {
            let status = self.child.wait().await;
            self.note_exit(status);
        }
        self.hear_out().await;
        self.demise.because(Error::Closed { stderr: self.log.tail(12), sent: true });
        Ok(())
    }
}

enum Read {
    Message(Box<ServerJsonRpcMessage>),
    Noise,
}

/// Reads one line as a message; one that is JSON with an id but no message fails the call it answers.
fn read(line: &[u8]) -> Read {
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
    match serde_json::from_slice::<ServerJsonRpcMessage>(line) {
        Ok(message) => Read::Message(Box::new(message)),
        Err(error) => {
            let mut envelope = Envelope::default();
            envelope.feed(line);
            match envelope.id() {
                Some(id) => {
                    let text = excerpt(&String::from_utf8_lossy(line), 200);
                    Read::Message(Box::new(garbled(id, format!("not a JSON-RPC message ({error}): {text}"))))
                }
                None => Read::Noise,
            }
        }
    }
}

fn answers(message: &ServerJsonRpcMessage, id: Option<&RequestId>) -> bool {
    match message {
        JsonRpcMessage::Response(response) => Some(&response.id) == id,
        JsonRpcMessage::Error(error) => error.id.as_ref() == id,
        _ => false,
    }
}

enum Line {
    Text(Vec<u8>),
    TooLarge(Option<RequestId>),
    End,
}

/// Lines up to a limit; a longer one is dropped, but the id in it is remembered.
struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    /// Set while the rest of a line that is too large is thrown away.
    oversized: Option<Envelope>,
    limit: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn new(reader: R, limit: usize) -> Self {
        Self { reader: BufReader::new(reader), line: Vec::new(), oversized: None, limit }
    }

    /// The next line. May be dropped half-way and called again: nothing is lost.
    async fn next(&mut self) -> Line {
        loop {
            let available = match self.reader.fill_buf().await {
                Ok(bytes) if !bytes.is_empty() => bytes,
                // What follows the last newline is not a whole message.
                _ => return Line::End,
            };
            let newline = available.iter().position(|byte| *byte == b'\n');
            let taken = newline.map_or(available.len(), |at| at + 1);
            let part = &available[..newline.unwrap_or(taken)];
            if let Some(envelope) = &mut self.oversized {
                envelope.feed(part);
            } else if self.line.len() + part.len() > self.limit {
                let mut envelope = Envelope::default();
                envelope.feed(&self.line);
                envelope.feed(part);
                self.line = Vec::new();
                self.oversized = Some(envelope);
            } else {
                self.line.extend_from_slice(part);
            }
            self.reader.consume(taken);
            if newline.is_none() {
                continue;
            }
            if let Some(envelope) = self.oversized.take() {
                return Line::TooLarge(envelope.id());
            }
            let line = std::mem::take(&mut self.line);
            if !line.trim_ascii().is_empty() {
                return Line::Text(line);
            }
        }
    }
}

/// Keeps what a process writes to its standard error, line by line, however long its lines are.
async fn keep_log(stderr: impl AsyncRead + Unpin, log: Arc<Log>) {
    let mut reader = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut reader).take(MAX_LOG_LINE).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => log.push(&String::from_utf8_lossy(&line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_beyond_the_limit_are_dropped_and_their_id_kept() {
        let long = format!("{{\"id\":5,\"result\":\"{}\"}}", "x".repeat(100));
        let text = format!("{{}}\n\r\n{long}\nlast\nunfinished");
        let mut lines = Lines::new(text.as_bytes(), 40);
        assert!(matches!(lines.next().await, Line::Text(line) if line == b"{}"));
        assert!(matches!(lines.next().await, Line::TooLarge(Some(RequestId::Number(5)))));
        assert!(matches!(lines.next().await, Line::Text(line) if line == b"last"));
        assert!(matches!(lines.next().await, Line::End));
    }

    #[test]
    fn an_answer_that_is_no_message_fails_its_call_and_a_banner_is_noise() {
        let garbled = read(br#"{"jsonrpc":"1.0","id":3,"result":{}}"#);
        assert!(
            matches!(garbled, Read::Message(message) if matches!(&*message, JsonRpcMessage::Error(error) if error.id == Some(RequestId::Number(3))))
        );
        assert!(matches!(read(b"Server listening on stdio"), Read::Noise));
        assert!(matches!(read(br#"{"level":"info"}"#), Read::Noise));
    }
}
