//! The API as a client sees it while runs are under way: the real router on a socket, real rows, a run driver, and an
//! MCP server that does as it is told.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

mod agents;
mod apis;
mod artifacts;
mod audit;
mod canvases;
mod content;
mod conversations;
mod delegates;
mod doors;
mod erasure;
mod events;
mod executions;
mod exports;
mod files;
mod forwards;
mod grants;
mod labels;
mod limits;
mod machines;
mod mcp;
mod message_stream;
mod messages;
mod models;
mod opinions;
mod policies;
mod quiet;
mod retention;
mod reviews;
mod rows;
mod runs;
mod scim;
mod scim_attacks;
mod spend;
mod strangers;
mod tasks;
mod tenants;
mod tools;
mod unread;
mod who;
mod workflows;
mod world;
