#![doc = include_str!("../README.md")]

mod databases;
mod error;
mod gate;
mod http;
mod providers;

pub use databases::{Action, Ask, Bound, Databases, Engine, Piece, Reach, Reading, bind};
pub use error::{Error, Failure, Result};
pub use gate::Gate;
pub use http::{Auth, HttpAnswer, HttpClient, HttpRequest, Limits, OAuth2, Place, Refusal, ServiceAccount};
pub use providers::{ACCOUNT_VARIABLES, Operation, Providers, Said, Task};
