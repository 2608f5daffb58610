//! Signing in with an OpenID provider: the authorization code flow with PKCE, bound to the browser that began it.
//!
//! Everything that the browser must not be able to choose is stored when the flow begins: provider, page to return to,
//! and the hash of a secret that only this browser's cookie holds. The verifier of PKCE and the nonce are derived from
//! that secret, so no row holds them, and a callback in another browser has neither.

mod account;
mod client;
mod flow;
mod providers;
mod sign_out;
pub(crate) mod verify;

pub use flow::{Begun, CallbackAnswer, Returned};
pub use providers::{ProviderDraft, PublicProvider};

pub(crate) use client::Clients;
