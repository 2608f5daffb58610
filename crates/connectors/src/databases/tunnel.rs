//! The way to a database: an address that was decided on is dialled here, and the driver is handed a socket of its own.
//!
//! Drivers resolve names by themselves, which would be a second answer that nobody looked at. Given an address instead,
//! they could no longer tell whether a certificate is the host's. So the connection is made here, and a driver that
//! still knows the name speaks through a socket in a folder that nobody else can enter.

use std::{
    convert::Infallible,
    future::pending,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpStream, UnixListener},
    sync::Mutex,
};

use crate::{Error, Result, error::chain};

/// How long one address may take to answer.
const CONNECT: Duration = Duration::from_secs(10);

/// An open way.
pub(super) struct Tunnel {
    folder: TempDir,
    port: u16,
    listener: UnixListener,
    stream: Mutex<TcpStream>,
}

/// The first of the addresses that answers.
pub(super) async fn dial(addresses: &[SocketAddr]) -> Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in addresses {
        match tokio::time::timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => failed = error,
            Err(_) => failed = io::Error::new(io::ErrorKind::TimedOut, "the database does not answer"),
        }
    }
    Err(unreachable(failed))
}

/// Opens a socket whose other end is this connection.
pub(super) fn open(stream: TcpStream, port: u16) -> Result<Tunnel> {
    // Only this user can enter the folder: tempfile makes it so.
    let folder = TempDir::new().map_err(unreachable)?;
    let listener = UnixListener::bind(place(folder.path(), port)).map_err(unreachable)?;
    Ok(Tunnel { folder, port, listener, stream: Mutex::new(stream) })
}

impl Tunnel {
    /// The folder of the socket, as drivers of PostgreSQL want it.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The socket.
    pub(super) fn socket(&self) -> PathBuf {
        place(self.folder.path(), self.port)
    }

    /// Carries what both sides say. It never ends by itself: whoever speaks through it sees that it is closed.
    pub(super) async fn carry(&self) -> Infallible {
        {
            let mut stream = self.stream.lock().await;
            if let Ok((mut local, _)) = self.listener.accept().await {
                let _ = copy_bidirectional(&mut local, &mut *stream).await;
            }
        }
        pending().await
    }
}

/// Where a driver of PostgreSQL looks for the socket of this port.
fn place(folder: &Path, port: u16) -> PathBuf {
    folder.join(format!(".s.PGSQL.{port}"))
}

fn unreachable(source: io::Error) -> Error {
    Error::Unreachable { reason: chain(&source), outcome_unknown: false, source: Box::new(source) }
}
