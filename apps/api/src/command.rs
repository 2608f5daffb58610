//! One file a subcommand.

pub(crate) mod admin;
pub(crate) mod audit;
pub(crate) mod config;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod secrets;
pub(crate) mod serve;
pub(crate) mod workflow;
