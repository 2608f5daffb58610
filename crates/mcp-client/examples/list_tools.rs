//! Lists what an MCP server offers.
//!
//! ```text
//! cargo run -p conductor-mcp-client --example list_tools -- https://example.org/mcp
//! cargo run -p conductor-mcp-client --example list_tools -- npx -y @modelcontextprotocol/server-everything
//! ```

use std::{error::Error, sync::Arc};

use conductor_mcp_client::{CommandLine, Declines, Endpoint, Options, ServerSpec, Session};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "an example talks to the terminal")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let first = words.next().ok_or("name the server: an http(s) address, or a command and its arguments")?;
    let spec = if first.starts_with("http://") || first.starts_with("https://") {
        ServerSpec::Http(Endpoint::new(&first, client()?)?)
    } else {
        ServerSpec::Stdio(CommandLine::new(first, words))
    };
    println!("fingerprint {}", spec.fingerprint());

    let session = Session::connect(&spec, Arc::new(Declines), Options::default()).await?;
    let server = session.server();
    println!(
        "{} {}",
        server.name.as_deref().unwrap_or("a server"),
        server.version.as_deref().unwrap_or_default()
    );
    println!("protocol {}", server.protocol_version);
    for tool in session.list_tools().await? {
        println!("tool {} ({})", tool.name, &tool.definition_hash()[..12]);
    }
    for resource in session.list_resources().await? {
        println!("resource {}", resource.uri);
    }
    for prompt in session.list_prompts().await? {
        println!("prompt {}", prompt.name);
    }
    session.close().await;
    Ok(())
}

/// Outside Conductor there is no egress guard; but redirects are never followed.
#[expect(clippy::disallowed_methods, reason = "the example stands alone")]
fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()
}
