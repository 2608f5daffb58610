//! What people make (conversations, messages, artifacts, files, agents) over the router on a socket, with a run driver.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

#[path = "../routes/agents.rs"]
mod agents;
#[path = "../routes/artifacts.rs"]
mod artifacts;
#[path = "../routes/content.rs"]
mod content;
#[path = "../routes/conversations.rs"]
mod conversations;
#[path = "../routes/files.rs"]
mod files;
#[path = "../routes/messages.rs"]
mod messages;
#[path = "../routes/strangers.rs"]
mod strangers;
#[path = "../live/world.rs"]
mod world;
