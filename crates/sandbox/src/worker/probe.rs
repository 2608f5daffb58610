//! Tries what a confined process must not be able to do, so that a confinement is believed only once it was seen.

use std::{
    fs,
    io::ErrorKind,
    net::{TcpStream, UdpSocket},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::jail::MADE;
use nix::{
    sys::signal::kill,
    unistd::{geteuid, getppid},
};

/// What succeeded although it must not, one phrase each.
pub(super) fn escapes(hidden: &[PathBuf], folders: &[PathBuf]) -> Vec<String> {
    let mut escapes = Vec::new();
    for path in hidden {
        if fs::File::open(path).is_ok() {
            escapes.push(format!("read {}", path.display()));
        }
    }
    for folder in folders {
        // A new file, so that a link which somebody laid there is not followed.
        let made = fs::OpenOptions::new().write(true).create_new(true).open(folder.join(MADE));
        if made.is_ok() {
            escapes.push(format!("wrote into {}", folder.display()));
        }
    }
    // A refusal by the other end would mean that the network was reached.
    let refused = |error: std::io::Error| error.kind() == ErrorKind::PermissionDenied;
    if !TcpStream::connect("127.0.0.1:9").is_err_and(refused) {
        escapes.push("opened a TCP socket".to_owned());
    }
    if !UdpSocket::bind("127.0.0.1:0").is_err_and(refused) {
        escapes.push("opened a UDP socket".to_owned());
    }
    if !UnixStream::connect("/run/conductor-sandbox-probe").is_err_and(refused) {
        escapes.push("opened a local socket".to_owned());
    }
    let child = Command::new("/proc/self/exe").stdin(Stdio::null()).stdout(Stdio::null()).spawn();
    match child {
        Ok(_) => escapes.push("started a process".to_owned()),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {}
        // Another failure does not show that it is refused.
        Err(error) => escapes.push(format!("was not refused a process ({error})")),
    }
    // Signal 0 asks only whether one could be sent.
    if kill(getppid(), None).is_ok() {
        escapes.push("sent a signal to its parent".to_owned());
    }
    if geteuid().is_root() {
        escapes.push("stayed root".to_owned());
    }
    escapes
}
