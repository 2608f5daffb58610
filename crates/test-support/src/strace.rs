//! strace on a running program: to watch its system calls, or to let some of them fail.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::{PATIENCE, Process};

/// strace, attached to a program; it lets go when this is dropped.
#[derive(Debug)]
pub struct Strace {
    child: Child,
}

impl Strace {
    /// Attaches to a program with these arguments of strace, and to all its threads; it watches when this returns.
    ///
    /// # Panics
    /// When strace is not there or may not attach.
    pub async fn attach(process: &Process, arguments: &[&str]) -> Self {
        let Some(id) = process.id() else { panic!("there is nothing to attach to:\n{}", process.log()) };
        let mut command = Command::new("strace");
        command.arg("-f").args(arguments).args(["-p", &id.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("strace, which `cargo xtask test` installs: {error}"));
        let Some(stderr) = child.stderr.take() else { panic!("strace has no stderr") };
        let mut lines = BufReader::new(stderr).lines();
        let first = timeout(PATIENCE, lines.next_line()).await;
        let Ok(Ok(Some(line))) = first else { panic!("strace ended before it watched: {first:?}") };
        assert!(line.contains("attached"), "{line}");
        // Read on, or strace stops when its pipe is full.
        tokio::spawn(async move { while lines.next_line().await.is_ok_and(|line| line.is_some()) {} });
        Self { child }
    }

    /// Lets the program go on by itself; what was watched is in its file when this returns.
    ///
    /// # Panics
    /// When strace does not end.
    pub async fn detach(mut self) {
        if let Some(id) = self.child.id() {
            drop(Command::new("kill").args(["-INT", &id.to_string()]).status().await);
        }
        if timeout(PATIENCE, self.child.wait()).await.is_err() {
            panic!("strace does not end");
        }
    }
}
