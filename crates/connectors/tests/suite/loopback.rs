//! Servers on a free port of the loopback interface, and the client that the application would hand in.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use conductor_connectors::{Error, HttpAnswer, HttpClient, HttpRequest, Limits};
use conductor_egress::{Egress, Options};
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// Nothing here takes this long unless it is broken.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// An answer to give.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn new(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type", media_type.to_owned())];
        Self { status, headers, body: body.into() }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A server that answers as its function says. It is gone when dropped.
pub(crate) struct Server {
    address: SocketAddr,
    received: watch::Sender<Vec<Received>>,
    _accepting: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = watch::channel(Vec::new()).0;
        let (answer, seen) = (Arc::new(answer), received.clone());
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, seen) = (Arc::clone(&answer), seen.clone());
                connections.spawn(async move {
                    let service = service_fn(|request| serve(request, &*answer, &seen));
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, received, _accepting: accepting }
    }

    /// A server that always gives the same answer.
    pub(crate) async fn always(reply: Reply) -> Self {
        Self::start(move |_| reply.clone()).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.borrow().clone()
    }

    /// The only request that arrived.
    pub(crate) fn only(&self) -> Received {
        let mut received = self.received();
        assert_eq!(received.len(), 1, "{received:#?}");
        received.remove(0)
    }
}

async fn serve(
    request: Request<Incoming>,
    answer: &(dyn Fn(&Received) -> Reply + Send + Sync),
    seen: &watch::Sender<Vec<Received>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let received = Received {
        method: parts.method.to_string(),
        target: parts.uri.to_string(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    let reply = answer(&received);
    seen.send_modify(|all| all.push(received));
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::from(reply.body)).unwrap())
}

/// A listener whose first connection is handled by hand.
pub(crate) async fn by_hand<F, T>(
    handle: impl FnOnce(TcpStream) -> F,
) -> (SocketAddr, impl Future<Output = T>)
where
    F: Future<Output = T>,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (address, async move {
        let (stream, _) = listener.accept().await.unwrap();
        handle(stream).await
    })
}

/// The guarded client, with the loopback interface opened as an operator would.
pub(crate) fn client() -> HttpClient {
    limited(Limits::default())
}

pub(crate) fn limited(limits: Limits) -> HttpClient {
    guarded(Options { allow: vec!["127.0.0.1/32".parse().unwrap()], ..Options::default() }, limits)
}

pub(crate) fn guarded(options: Options, limits: Limits) -> HttpClient {
    let client = Egress::new(options).unwrap().guarded().client().clone();
    HttpClient::new(client, limits).refused_by(|error| {
        let refusal = conductor_egress::Error::behind(error)?;
        matches!(refusal, conductor_egress::Error::Address { .. }).then(|| refusal.to_string())
    })
}

/// Sends with a client of its own, to the end.
pub(crate) async fn send(request: &HttpRequest) -> Result<HttpAnswer, Error> {
    send_with(&client(), request).await
}

pub(crate) async fn send_with(client: &HttpClient, request: &HttpRequest) -> Result<HttpAnswer, Error> {
    let cancel = CancellationToken::new();
    tokio::time::timeout(SOON, client.send(request, &cancel)).await.expect("the client gives up by itself")
}
