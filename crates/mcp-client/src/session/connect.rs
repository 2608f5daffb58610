//! From a description to a live session: start, probe for the newest protocol, fall back, watch.

use std::{sync::Arc, time::Duration};

use futures::FutureExt;
use rmcp::{
    RoleClient,
    model::{ProtocolVersion, ServerNotification, SubscriptionFilter},
    service::{
        ClientInitializeError, ClientLifecycleMode, Peer, RunningService, serve_client_with_lifecycle_and_ct,
    },
};
use tokio::{sync::broadcast, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Change, Inner, Options, ServerInfo, Session,
    handler::{Handler, NEWEST_WITH_HANDSHAKE},
    request::transport_failure,
};
use crate::{
    Error, Host, Result, ServerSpec,
    error::{chain, excerpt},
    log::Log,
    pool::Vitals,
    transport::{Demise, Sse, Stdio, rejected, streamable},
};

/// News kept for a listener that is busy.
const NEWS: usize = 64;
/// How long connecting waits for the subscription to changes.
const SUBSCRIBE: Duration = Duration::from_secs(5);
/// How long is waited before a lost subscription to changes is renewed; doubled each time.
const RENEW_FIRST: Duration = Duration::from_secs(1);
const RENEW_LAST: Duration = Duration::from_secs(300);

type Running = RunningService<RoleClient, Handler>;

/// Connects and wires the session's background work.
pub(super) async fn connect(
    spec: &ServerSpec,
    host: Arc<dyn Host>,
    options: Options,
    vitals: Arc<Vitals>,
) -> Result<Session> {
    let visit = vitals.admit(true)?;
    let result = connect_any(spec, host, options, Arc::clone(&vitals)).await;
    visit.connected(result.as_ref().err());
    result
}

async fn connect_any(
    spec: &ServerSpec,
    host: Arc<dyn Host>,
    options: Options,
    vitals: Arc<Vitals>,
) -> Result<Session> {
    let probing = ClientLifecycleMode::Auto {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        legacy_version: Some(NEWEST_WITH_HANDSHAKE),
    };
    // The event-stream transport exists only in protocols that begin with a handshake: nothing to probe for.
    let first = if matches!(spec, ServerSpec::Sse(_)) { ClientLifecycleMode::Initialize } else { probing };
    let probed = first != ClientLifecycleMode::Initialize;
    match attempt(spec, Arc::clone(&host), options, Arc::clone(&vitals), first).await {
        // Some old servers end, or answer nonsense, when asked something before the handshake.
        Err(
            Error::Closed { .. }
            | Error::Handshake { .. }
            | Error::Protocol { .. }
            | Error::Refused { status: 500.., .. },
        ) if probed => attempt(spec, host, options, vitals, ClientLifecycleMode::Initialize).await,
        result => result,
    }
}

async fn attempt(
    spec: &ServerSpec,
    host: Arc<dyn Host>,
    options: Options,
    vitals: Arc<Vitals>,
    lifecycle: ClientLifecycleMode,
) -> Result<Session> {
    let log = Arc::new(match spec {
        ServerSpec::Stdio(command_line) => {
            Log::hiding(command_line.env.values().map(|value| value.expose().clone()))
        }
        ServerSpec::Http(_) | ServerSpec::Sse(_) => Log::default(),
    });
    let demise = Demise::default();
    let (changes, _) = broadcast::channel(NEWS);
    let handler = Handler { host: Arc::clone(&host), changes: changes.clone(), log: Arc::clone(&log) };
    let closing = CancellationToken::new();
    // A child, since the library cancels the token it gets when the connection ends, whoever ended it.
    let ending = closing.child_token();
    let shake = async {
        let limit = options.max_message_bytes;
        match spec {
            ServerSpec::Stdio(command_line) => {
                let transport = Stdio::start(command_line, limit, Arc::clone(&log), demise.clone())?;
                serve_client_with_lifecycle_and_ct(handler, transport, lifecycle, ending.clone())
                    .boxed()
                    .await
            }
            ServerSpec::Http(endpoint) => {
                let transport = streamable(endpoint, limit);
                serve_client_with_lifecycle_and_ct(handler, transport, lifecycle, ending.clone())
                    .boxed()
                    .await
            }
            ServerSpec::Sse(endpoint) => {
                let transport = Sse::open(endpoint, limit, demise.clone()).await?;
                serve_client_with_lifecycle_and_ct(handler, transport, lifecycle, ending.clone())
                    .boxed()
                    .await
            }
        }
        .map_err(|error| initialize_failure(error, &log, options.handshake))
    };
    let running = timeout(options.handshake, shake)
        .await
        .map_err(|_| Error::TimedOut { after: options.handshake, sent: false })??;
    let server = agreed(&running)?;
    let peer = running.peer().clone();
    let closed = CancellationToken::new();
    tokio::spawn(watch(running, closed.clone()));
    let session = Session(Arc::new(Inner {
        peer,
        server,
        options,
        host,
        changes,
        log,
        demise,
        vitals,
        bounded: matches!(spec, ServerSpec::Stdio(_) | ServerSpec::Sse(_)),
        _close_on_drop: closing.clone().drop_guard(),
        closing,
        closed,
    }));
    session.0.vitals.agreed(&session.0.server);
    session.follow_changes().await;
    Ok(session)
}

/// What was agreed, if it is something we speak.
fn agreed(running: &Running) -> Result<ServerInfo> {
    let info = running
        .peer_info()
        .ok_or_else(|| Error::Handshake { reason: "the server did not say who it is".to_owned() })?;
    if !ProtocolVersion::KNOWN_VERSIONS.contains(&info.protocol_version) {
        let known: Vec<_> = ProtocolVersion::KNOWN_VERSIONS.iter().map(ProtocolVersion::as_str).collect();
        return Err(Error::Handshake {
            reason: format!(
                "it chose protocol version `{}`; known here are {}",
                excerpt(info.protocol_version.as_str(), 40),
                known.join(", ")
            ),
        });
    }
    Ok(ServerInfo {
        protocol_version: info.protocol_version.as_str().to_owned(),
        name: info.server_info.as_ref().map(|server| server.name.clone()),
        version: info.server_info.as_ref().map(|server| server.version.clone()),
        instructions: info.instructions.clone(),
        capabilities: serde_json::to_value(&info.capabilities).unwrap_or_default(),
    })
}

/// Waits for the connection's end and says so.
async fn watch(running: Running, closed: CancellationToken) {
    let _announce = closed.drop_guard();
    match running.waiting().await {
        Ok(reason) => tracing::debug!(?reason, "MCP session ended"),
        Err(error) => tracing::warn!(%error, "MCP session ended abnormally"),
    }
}

fn initialize_failure(error: ClientInitializeError, log: &Log, after: Duration) -> Error {
    match error {
        ClientInitializeError::TransportError { error, .. } => match transport_failure(error, after) {
            Error::Closed { .. } => Error::Closed { stderr: log.tail(12), sent: false },
            Error::Protocol { message, .. } => Error::Handshake { reason: message },
            other => other,
        },
        ClientInitializeError::ConnectionClosed(_) => Error::Closed { stderr: log.tail(12), sent: false },
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => {
            initialize_failure(*fallback, log, after)
        }
        ClientInitializeError::JsonRpcError(error) => match rejected(error) {
            Error::Rejected { code, message, .. } => {
                Error::Handshake { reason: format!("it answered with error {code}: {message}") }
            }
            other => other,
        },
        other => Error::Handshake { reason: excerpt(&chain(&other), 500) },
    }
}

impl Session {
    /// Since 2026-07-28 a server announces changes only to those who subscribed.
    ///
    /// Waits for the first subscription, so that no change after connecting is missed.
    async fn follow_changes(&self) {
        let server = &self.0.server;
        if server.protocol_version.as_str() < ProtocolVersion::NO_INITIALIZE.as_str() {
            return;
        }
        let mut filter = SubscriptionFilter::new();
        filter.tools_list_changed = server.announces_changes("tools").then_some(true);
        filter.resources_list_changed = server.announces_changes("resources").then_some(true);
        filter.prompts_list_changed = server.announces_changes("prompts").then_some(true);
        if filter == SubscriptionFilter::new() {
            return;
        }
        let subscribed = CancellationToken::new();
        let follow = follow(self.0.peer.clone(), filter, self.0.changes.clone(), subscribed.clone());
        let (closing, closed) = (self.0.closing.clone(), self.0.closed.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = follow => {}
                () = closing.cancelled() => {}
                () = closed.cancelled() => {}
            }
        });
        // A server that does not answer this is no worse for calls.
        let _ = timeout(SUBSCRIBE, subscribed.cancelled()).await;
    }
}

/// Keeps a subscription open, renewing it when the server drops it.
async fn follow(
    peer: Peer<RoleClient>,
    filter: SubscriptionFilter,
    changes: broadcast::Sender<Change>,
    subscribed: CancellationToken,
) {
    let mut pause = RENEW_FIRST;
    loop {
        let listened = peer.listen(filter.clone()).await;
        if subscribed.is_cancelled() && listened.is_ok() {
            // Whatever changed while nobody listened.
            for (asked, change) in [
                (filter.tools_list_changed, Change::Tools),
                (filter.resources_list_changed, Change::Resources),
                (filter.prompts_list_changed, Change::Prompts),
            ] {
                if asked.is_some() {
                    let _ = changes.send(change);
                }
            }
        }
        subscribed.cancel();
        match listened {
            Ok(mut subscription) => {
                while let Ok(Some(notification)) = subscription.next().await {
                    pause = RENEW_FIRST;
                    let change = match notification {
                        ServerNotification::ToolListChangedNotification(_) => Change::Tools,
                        ServerNotification::ResourceListChangedNotification(_) => Change::Resources,
                        ServerNotification::PromptListChangedNotification(_) => Change::Prompts,
                        _ => continue,
                    };
                    let _ = changes.send(change);
                }
            }
            Err(error) => {
                tracing::debug!(error = chain(&error), "the MCP server takes no subscription to changes");
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(RENEW_LAST);
    }
}
