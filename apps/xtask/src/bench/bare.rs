//! The other side of P-H1: axum answering JSON with nothing around it.

use std::{fs, path::Path, sync::Arc};

use anyhow::{Context, Result};
use axum::{Json, Router, extract::State, routing::get};
use serde_json::Value;
use tokio::net::TcpListener;

/// Serves the body at `/row` until it is killed; it is parsed once and written anew for every answer.
pub(super) async fn serve(body: Option<&Path>) -> Result<()> {
    let body: Value = serde_json::from_slice(&fs::read(body.context("--body is missing")?)?)?;
    let row = |State(row): State<Arc<Value>>| async move { Json(row) };
    let router = Router::new().route("/row", get(row)).with_state(Arc::new(body));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(axum::serve::ListenerExt::tap_io(listener, |socket| drop(socket.set_nodelay(true))), router)
        .await?;
    Ok(())
}
