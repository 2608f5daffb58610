//! Seals a value, opens it, and shows that it stays shut elsewhere.
//!
//! Run with `cargo run -p conductor-secrets --example seal`.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use conductor_domain::{OrganizationId, SecretId};
use conductor_secrets::{Error, Keyring, LocalKey, Place};
use secrecy::ExposeSecret;

fn main() -> Result<(), Error> {
    let path = std::env::temp_dir().join("conductor-example-key");
    let ring = Keyring::new(LocalKey::load_or_create(&path)?);
    let place = Place { organization_id: OrganizationId::NIL, secret_id: SecretId::NIL, version: 1 };
    let sealed = ring.seal(&place, b"a provider's key")?;
    println!("{sealed:?}");
    println!("opens: {}", ring.open_text(&place, &sealed)?.expose_secret());
    if let Err(error) = ring.open(&Place { version: 2, ..place }, &sealed) {
        println!("as version 2: {error}");
    }
    let _ = std::fs::remove_file(path);
    Ok(())
}
