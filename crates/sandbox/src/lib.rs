#![doc = include_str!("../README.md")]

mod answer;
mod error;
mod jail;
mod launch;
mod limits;
mod options;
mod process;
mod program;
mod python;
mod sandbox;
mod worker;

pub use error::{Error, Result};
pub use limits::Limits;
pub use options::{Enforce, Options, Packages, Worker};
pub use program::{Language, Outcome, Program};
pub use sandbox::{Enforcement, Sandbox, State};
pub use worker::worker_main;
