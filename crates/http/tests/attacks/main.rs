//! Attacks that systems of this kind fell to, one file per id of docs/security.md. Each asserts the answer and that
//! nothing happened. A new attack is one `mod` line.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

mod a14_key_by_another_carrier;
mod a15_suspended_credentials;
mod a16_cache_by_whole_token;
mod a19_mass_assignment;
mod a29_oidc;
mod ar5_nbf_as_string;
mod ar6_login_brute_force;
mod c05_token_mutations;
mod escalation_by_grants;
mod machines;
#[expect(dead_code, reason = "each attack needs a part of it")]
#[path = "../routes/world.rs"]
mod world;
