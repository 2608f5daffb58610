//! `conductor serve`: the server, from its first line to its last.

use std::{
    io::Write,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::{Context, Result};
use axum::serve::ListenerExt;
use chrono::TimeDelta;
use conductor_http::{AppState, Readiness, Services};
use conductor_telemetry::{Format, Metrics};
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Config, Loaded},
    data::DataFolder,
    page,
    wire::{Wired, wire},
};

/// Connections that may wait to be accepted; a burst beyond it costs its callers a second.
const BACKLOG: u32 = 4_096;
/// How long open requests may take once the runs have come to rest.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

static METRICS: OnceLock<Metrics> = OnceLock::new();

/// Serves until it is told to stop.
pub(crate) async fn run(loaded: Loaded) -> Result<()> {
    let Loaded { config, warnings } = loaded;
    let telemetry = conductor_telemetry::init(&conductor_telemetry::Options {
        format: if config.log_format == "json" { Format::Json } else { Format::Pretty },
        filter: config.log.clone(),
        otlp_endpoint: Some(config.otlp_endpoint.clone()).filter(|endpoint| !endpoint.is_empty()),
        ..conductor_telemetry::Options::default()
    })?;
    drop(METRICS.set(telemetry.metrics()));
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let folder = DataFolder::open(&config.data)?.lock()?;
    let listener = listen(&config)?;
    let address = listener.local_addr()?;
    let wired = wire(&config, &folder).await?;
    say(&format!("listening on http://{address}"))?;
    if let Some(token) = wired.identity.setup_token().await? {
        say(&format!("set up: {}/setup?token={}", public(&config, address), token.expose()))?;
    }
    serve(&config, wired, listener).await?;
    drop(telemetry);
    Ok(())
}

async fn serve(config: &Config, wired: Wired, listener: TcpListener) -> Result<()> {
    let readiness = Readiness::default();
    let streams = CancellationToken::new();
    let (store, driver, pool, draining) =
        (wired.store.clone(), Arc::clone(&wired.driver), wired.pool.clone(), wired.draining.clone());
    let driving = tokio::spawn(Arc::clone(&driver).run());
    let scheduling = tokio::spawn(wired.schedules.clone().run(draining.clone()));
    let sealed = CancellationToken::new();
    let sealing = tokio::spawn(Arc::clone(&wired.sealer).run(sealed.clone()));
    let rotating = tokio::spawn(Arc::clone(&wired.access).rotate_keys(draining.clone()));
    let counting = {
        let (access, stop) = (Arc::clone(&wired.access), sealed.clone());
        tokio::spawn(async move { access.days().run(stop).await })
    };
    let watching = tokio::spawn(Arc::clone(&wired.registry).watch());
    let hearing = tokio::spawn(wired.identity.clone().watch());
    let erasing = tokio::spawn(wired.identity.clone().erase_people(wired.blobs.clone(), draining.clone()));
    let sweeping = tokio::spawn(wired.grants.clone().watch());
    let forwarding = tokio::spawn(wired.forwards.clone().watch());
    let removing = tokio::spawn(wired.lifetimes.clone().watch());
    let grace = TimeDelta::milliseconds(config.forget_bodies_after_ms.into());
    let forgetting = tokio::spawn(wired.runs.clone().forget_bodies(grace));
    let state = state(config, wired, readiness.clone(), streams.clone());
    let router = conductor_http::router(state).into_make_service_with_connect_info::<SocketAddr>();
    let stopped = CancellationToken::new();
    let listener = listener.tap_io(|stream| {
        // Without it a first token can wait 40 ms for an acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a socket keeps Nagle's algorithm");
        }
    });
    let server = axum::serve(listener, router).with_graceful_shutdown(stopped.clone().cancelled_owned());
    let server = tokio::spawn(server.into_future());
    readiness.ready();

    told_to_stop().await?;
    tracing::info!("draining");
    readiness.drain();
    draining.cancel();
    driver.drain(Duration::from_millis(config.drain_ms)).await;
    streams.cancel();
    stopped.cancel();
    if tokio::time::timeout(LAST_REQUESTS, server).await.is_err() {
        tracing::warn!("some requests were cut");
    }
    pool.shutdown().await;
    watching.abort();
    hearing.abort();
    sweeping.abort();
    removing.abort();
    forwarding.abort();
    forgetting.abort();
    drop(driving.await);
    drop(scheduling.await);
    drop(rotating.await);
    drop(erasing.await);
    sealed.cancel();
    drop(sealing.await);
    drop(counting.await);
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

fn state(config: &Config, wired: Wired, readiness: Readiness, streams: CancellationToken) -> AppState {
    let mut options = conductor_http::Options::new(env!("CARGO_PKG_VERSION"), wired.cursor_key);
    options.public_url = Some(config.public_url.clone()).filter(|url| !url.is_empty());
    options.allowed_hosts.clone_from(&config.allowed_hosts);
    options.trusted_proxies.clone_from(&config.trusted_proxies);
    options.client_cert_header = config.client_cert_header.parse().ok();
    options.limits.body_bytes = config.max_body_bytes;
    options.limits.upload_bytes = usize::try_from(config.max_file_bytes).unwrap_or(usize::MAX);
    let started_at = conductor_domain::Clock::now(&**wired.identity.clock());
    AppState::new(Services {
        identity: wired.identity,
        agents: wired.agents,
        workflows: wired.workflows,
        opinions: wired.opinions,
        canvases: wired.canvases,
        public_shares: wired.public_shares,
        executions: wired.executions,
        hooks: wired.hooks,
        events: wired.events,
        turns: wired.turns,
        runs: wired.runs,
        registry: wired.registry,
        conversations: wired.conversations,
        messages: wired.messages,
        artifacts: wired.artifacts,
        files: wired.files,
        policies: wired.policies,
        grants: wired.grants,
        audit: wired.audit,
        pricing: wired.pricing,
        costs: wired.costs,
        budgets: wired.budgets,
        lifetimes: wired.lifetimes,
        forwards: wired.forwards,
        keys: wired.keys,
        options,
        page: page::embedded(),
        readiness,
        streams,
        metrics: || METRICS.get().map(Metrics::render).unwrap_or_default(),
        started_at,
    })
}

fn listen(config: &Config) -> Result<TcpListener> {
    let address: SocketAddr = config.listen.parse().with_context(|| {
        format!("listen is {:?}; write an address and a port, such as 127.0.0.1:8420", config.listen)
    })?;
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address).with_context(|| format!("cannot listen on {address}"))?;
    Ok(socket.listen(BACKLOG)?)
}

/// The address that people open.
fn public(config: &Config, address: SocketAddr) -> String {
    if config.public_url.is_empty() {
        format!("http://{address}")
    } else {
        config.public_url.trim_end_matches('/').to_owned()
    }
}

/// One line for people and for whoever started the process.
fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

async fn told_to_stop() -> Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}
