#![doc = include_str!("../README.md")]
#![expect(clippy::panic, reason = "a broken test world fails its test at once")]

mod answer;
mod api;
mod database;
mod environment;
mod events;
mod process;
mod provider;
mod server;
mod strace;
mod target;
mod totp;

pub use answer::Answer;
pub use api::Api;
pub use conductor_domain::FixedClock;
pub use database::TestDb;
pub use environment::{seed, times, tools_dir};
pub use events::{Event, Events};
pub use process::Process;
pub use provider::{Gate, Provider, Reply, Request};
pub use server::Server;
pub use strace::Strace;
pub use target::{Asked, Target};
pub use totp::totp;

/// How long anything is waited for before its test fails: far above what a loaded machine needs.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
