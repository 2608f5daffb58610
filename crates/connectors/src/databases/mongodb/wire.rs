//! MongoDB's wire: one message out, one back (OP_MSG), over a connection that was made to an address that was decided on.
//!
//! The vendor's driver looks names up by itself and follows a server to the others of its set, past whoever decides on
//! addresses; given an address instead it could not tell whether a certificate is the host's.

use std::{io, sync::Arc};

use bson::Document;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

/// The largest message that a server sends.
const MOST: usize = 48_000_000;
/// The code of a message.
const OP_MSG: i32 = 2_013;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    asked: i32,
}

impl Wire {
    /// Speaks in the clear, or by TLS with a certificate of this host.
    pub(super) async fn over(
        stream: TcpStream,
        host: &str,
        tls: bool,
        authority: Option<&str>,
    ) -> io::Result<Self> {
        if !tls {
            return Ok(Self { stream: Box::new(stream), asked: 0 });
        }
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        if let Some(file) = authority {
            for certificate in CertificateDer::pem_file_iter(file).map_err(io::Error::other)? {
                roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
            }
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        Ok(Self { stream: Box::new(stream), asked: 0 })
    }

    /// Sends a command and waits for its answer.
    pub(super) async fn ask(&mut self, command: &Document) -> io::Result<Document> {
        let body = command.to_vec().map_err(io::Error::other)?;
        self.asked += 1;
        // Length, request, request answered, code; flags; a section with one document.
        let length = 16 + 4 + 1 + body.len();
        let mut message = Vec::with_capacity(length);
        message.extend(i32::try_from(length).map_err(io::Error::other)?.to_le_bytes());
        message.extend(self.asked.to_le_bytes());
        message.extend(0_i32.to_le_bytes());
        message.extend(OP_MSG.to_le_bytes());
        message.extend(0_u32.to_le_bytes());
        message.push(0);
        message.extend(body);
        self.stream.write_all(&message).await?;
        self.stream.flush().await?;
        self.answer().await
    }

    async fn answer(&mut self) -> io::Result<Document> {
        let odd = || io::Error::new(io::ErrorKind::InvalidData, "the answer is none of MongoDB");
        let length = usize::try_from(self.stream.read_i32_le().await?).map_err(|_| odd())?;
        if !(21..=MOST).contains(&length) {
            return Err(odd());
        }
        let mut rest = vec![0; length - 4];
        self.stream.read_exact(&mut rest).await?;
        let number =
            |at: usize| -> Option<i32> { Some(i32::from_le_bytes(rest.get(at..at + 4)?.try_into().ok()?)) };
        let answered = (number(4), number(8)) == (Some(self.asked), Some(OP_MSG));
        // Flags are none that change the message: a checksum is only sent where one was.
        if !answered || number(12) != Some(0) || rest.get(16) != Some(&0) {
            return Err(odd());
        }
        Document::from_reader(rest.get(17..).unwrap_or_default()).map_err(io::Error::other)
    }
}
