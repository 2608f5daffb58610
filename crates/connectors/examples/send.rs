//! Sends a request with an API key to a server on the loopback interface, and shows result and failure.
//!
//! ```text
//! cargo run -p conductor-connectors --example send
//! ```

use std::{error::Error, time::Duration};

use conductor_connectors::{Auth, HttpClient, HttpRequest, Limits};
use conductor_domain::Kind;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_util::sync::CancellationToken;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "an example talks to the terminal")]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/v1/", listener.local_addr()?);
    let server = tokio::spawn(serve(listener));

    let http = HttpClient::new(client()?, Limits::default());
    let mut request = HttpRequest::new("POST", url);
    request.endpoint = Some("/proposals".to_owned());
    request.body = Some(json!({ "title": "Answer to a request" }));
    request.timeout = Some(Duration::from_secs(1));

    let fields = json!({ "header": "X-Key", "key": "from the secret store" });
    request.auth = Auth::read("api_key", fields.as_object().ok_or("not an object")?)?;
    let answer = http.send(&request, &CancellationToken::new()).await?;
    println!("{}", serde_json::to_string_pretty(&answer)?);

    // The server reads one request only and falls silent.
    if let Err(error) = http.send(&request, &CancellationToken::new()).await {
        println!("{}: {error}; outcome unknown: {}", error.code(), error.outcome_unknown());
    }
    server.abort();
    Ok(())
}

/// Answers the first request, and takes the second without a word.
async fn serve(listener: TcpListener) -> std::io::Result<()> {
    const BODY: &str = r#"{"proposal_id":"p-1"}"#;
    let (mut stream, _) = listener.accept().await?;
    let mut request = [0; 4096];
    let _bytes = stream.read(&mut request).await?;
    let head = "HTTP/1.1 201 Created\r\ncontent-type: application/json";
    let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{BODY}", BODY.len());
    stream.write_all(answer.as_bytes()).await?;
    std::future::pending().await
}

/// Outside Conductor there is no egress guard; but redirects are never followed.
#[expect(clippy::disallowed_methods, reason = "the example stands alone")]
fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()
}
