//! The credential vault: storage keeps envelopes, `secrets` opens them, nobody else sees the key.

/// Seals and opens the secrets of tenants.
#[derive(Debug)]
pub struct Vault {}
