//! Seals a value, opens it, and shows that it stays shut elsewhere.
//!
//! Run with `cargo run -p conductor-secrets --example seal`.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use conductor_domain::{OrganizationId, SecretId};
use conductor_secrets::{Error, Keyring, LocalKey, Place, TenantKey};
use secrecy::ExposeSecret;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let path = std::env::temp_dir().join("conductor-example-key");
    let ring = Keyring::new(LocalKey::load_or_create(&path)?);
    let tenant_key = TenantKey::draw(OrganizationId::NIL)?;
    // To be kept in a row of its own; without it nothing below ever opens again.
    let wrapped = ring.wrap(&tenant_key).await?;
    let place = Place { organization_id: OrganizationId::NIL, secret_id: SecretId::NIL, version: 1 };
    let sealed = tenant_key.seal(&place, b"a provider's key")?;
    println!("{sealed:?}");
    let again = ring.unwrap(tenant_key.place(), &ring.current_id(), &wrapped).await?;
    println!("opens: {}", again.open_text(&place, &sealed)?.expose_secret());
    if let Err(error) = again.open(&Place { version: 2, ..place }, &sealed) {
        println!("as version 2: {error}");
    }
    let _ = std::fs::remove_file(path);
    Ok(())
}
