//! Sealed values from outside: what opens, what stays shut, what a change of keys keeps.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use conductor_domain::{OrganizationId, SecretId};
use conductor_secrets::{Error, Keyring, LocalKey, Place, Sealed, TenantKey};
use proptest::prelude::*;
use secrecy::ExposeSecret;

/// Base64 of 32 bytes from a fixed, well-mixed sequence: a test key that is as good as drawn.
fn key(seed: u64) -> LocalKey {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let mut state = seed;
    let bytes: Vec<u8> = (0..32)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect();
    LocalKey::from_base64(&BASE64_STANDARD.encode(bytes), "a test").unwrap()
}

fn tenant(value: u128) -> OrganizationId {
    OrganizationId::from_uuid(uuid::Uuid::from_bytes(value.to_be_bytes()))
}

fn place(of: u128, secret: u128, version: u32) -> Place {
    let secret_id = SecretId::from_uuid(uuid::Uuid::from_bytes(secret.to_be_bytes()));
    Place { organization_id: tenant(of), secret_id, version }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

proptest! {
    #[test]
    fn what_was_sealed_opens_at_its_place_and_nowhere_else(
        plaintext: Vec<u8>, of: u128, secret: u128, version: u32, off in 1_u128..,
    ) {
        let key = TenantKey::draw(tenant(of)).unwrap();
        let home = place(of, secret, version);
        let sealed = key.seal(&home, &plaintext).unwrap();
        let opened = key.open(&home, &sealed).unwrap();
        prop_assert_eq!(opened.expose_secret(), plaintext.as_slice());
        let step = u32::try_from(off % u128::from(u32::MAX)).unwrap().max(1);
        let next = TenantKey::draw(tenant(of)).unwrap();
        for elsewhere in [
            place(of.wrapping_add(off), secret, version),
            place(of, secret.wrapping_add(off), version),
            place(of, secret, version.wrapping_add(step)),
        ] {
            prop_assert!(matches!(key.open(&elsewhere, &sealed), Err(Error::Tampered)));
            prop_assert!(matches!(next.adopt(&elsewhere, &sealed, &key), Err(Error::Tampered)));
        }
    }

    #[test]
    fn any_flipped_bit_keeps_it_shut(plaintext in proptest::collection::vec(any::<u8>(), 0..64), at: prop::sample::Index, bit in 0_u8..8) {
        let (key, next) = (TenantKey::draw(tenant(1)).unwrap(), TenantKey::draw(tenant(1)).unwrap());
        let home = place(1, 2, 3);
        let mut bytes = key.seal(&home, &plaintext).unwrap().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let opened = Sealed::from_bytes(bytes.clone()).and_then(|sealed| key.open(&home, &sealed));
        prop_assert!(opened.is_err());
        let adopted = Sealed::from_bytes(bytes).and_then(|sealed| next.adopt(&home, &sealed, &key));
        prop_assert!(adopted.is_err(), "what does not open is not moved either");
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes: Vec<u8>) {
        if let Ok(sealed) = Sealed::from_bytes(bytes.clone()) {
            prop_assert!(TenantKey::draw(tenant(1)).unwrap().open(&place(1, 2, 3), &sealed).is_err());
            prop_assert!(Keyring::new(key(1)).open_direct(&place(1, 2, 3), &sealed).is_err());
        }
        let ring = Keyring::new(key(1));
        let home = *TenantKey::draw(tenant(1)).unwrap().place();
        prop_assert!(now(ring.unwrap(&home, &ring.current_id(), &bytes)).is_err());
    }
}

#[test]
fn the_same_value_never_seals_to_the_same_bytes() {
    let key = TenantKey::draw(tenant(1)).unwrap();
    let (one, two) = (key.seal(&place(1, 2, 3), b"v").unwrap(), key.seal(&place(1, 2, 3), b"v").unwrap());
    // Nothing but the format and the key's id may agree.
    assert_ne!(one.as_bytes()[9..33], two.as_bytes()[9..33]);
    assert_ne!(one.as_bytes()[33..], two.as_bytes()[33..]);
}

#[tokio::test]
async fn a_tenants_key_unwraps_only_as_its_own() {
    let ring = Keyring::new(key(1));
    let drawn = TenantKey::draw(tenant(1)).unwrap();
    let wrapped = ring.wrap(&drawn).await.unwrap();
    let home = *drawn.place();
    let sealed = drawn.seal(&place(1, 2, 3), b"sk-value").unwrap();
    assert_eq!(sealed.key_id(), home.key_name());
    let back = ring.unwrap(&home, &ring.current_id(), &wrapped).await.unwrap();
    assert_eq!(back.open_text(&place(1, 2, 3), &sealed).unwrap().expose_secret(), "sk-value");

    let mut other_name = home;
    other_name.key_id[0] ^= 1;
    let other_tenant = conductor_secrets::KeyPlace { organization_id: tenant(2), ..home };
    for elsewhere in [other_name, other_tenant] {
        let unwrapped = ring.unwrap(&elsewhere, &ring.current_id(), &wrapped).await;
        assert!(matches!(unwrapped, Err(Error::Tampered)), "{unwrapped:?}");
    }
    for at in 1..wrapped.len() {
        let mut bent = wrapped.clone();
        bent[at] ^= 0x40;
        assert!(ring.unwrap(&home, &ring.current_id(), &bent).await.is_err(), "byte {at}");
    }
    let mine = place(2, 2, 3);
    assert!(matches!(drawn.seal(&mine, b"v"), Err(Error::Tampered)), "nothing of another tenant is sealed");
}

#[tokio::test]
async fn a_change_of_the_master_key_keeps_tenants_readable_and_lets_the_old_key_go() {
    let before = Keyring::new(key(1));
    let drawn = TenantKey::draw(tenant(1)).unwrap();
    let (home, wrapped) = (*drawn.place(), before.wrap(&drawn).await.unwrap());

    let during = Keyring::new(key(2)).with_old(key(1));
    let opened = during.unwrap(&home, &before.current_id(), &wrapped).await.unwrap();
    let wrapped_anew = during.wrap(&opened).await.unwrap();

    let after = Keyring::new(key(2));
    after.unwrap(&home, &after.current_id(), &wrapped_anew).await.unwrap();
    let Err(Error::UnknownKey { key_id }) = after.unwrap(&home, &before.current_id(), &wrapped).await else {
        panic!("the old key is gone")
    };
    assert_eq!(key_id, key(1).id());
}

#[test]
fn a_value_moves_from_key_to_key_of_its_tenant() {
    let (old, new) = (TenantKey::draw(tenant(1)).unwrap(), TenantKey::draw(tenant(1)).unwrap());
    let home = place(1, 2, 3);
    let sealed = old.seal(&home, b"sk-value").unwrap();
    let moved = new.adopt(&home, &sealed, &old).unwrap();
    assert_eq!(new.open_text(&home, &moved).unwrap().expose_secret(), "sk-value");
    assert!(matches!(old.open(&home, &moved), Err(Error::UnknownKey { .. })));
    assert!(matches!(new.open(&home, &sealed), Err(Error::UnknownKey { .. })));
}

/// What the first version wrote: the data key under the master key itself.
const FIRST_KEY: &str = "a7ZkPz0xq1s9Vn3TgYwUe5RbC8mLhJfD2oXiKQpWv4E=";
const FIRST_SEALED: &str = "01a8f7a33b15d08b58ca87bf9bbf686d45bd3a2986645fa6ef75ea6e0e01c243852cb27370b3393361d232\
    ae673ff9d5b29e3ef9d4e7a7f7713eea8dca38eaa53d1ea94f9a9990ac8343f35075bff79b93a5b9ef1d5c0e9cd190ba36d26a208ad5f5\
    ed35f2104f645e16c99dac900e97b2c9d5e93382895818f262549bb4a4cdd503e5bd6cf701b166809443821800d9121ad249";

#[test]
fn what_the_first_version_sealed_opens_and_moves_under_the_tenants_key() {
    let digits = FIRST_SEALED.as_bytes().chunks(2);
    let bytes = digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap());
    let sealed = Sealed::from_bytes(bytes.collect()).unwrap();
    assert!(sealed.is_direct());
    let ring = Keyring::new(key(1)).with_old(LocalKey::from_base64(FIRST_KEY, "a test").unwrap());
    let home = place(0, 0, 1);
    let opened = ring.open_direct_text(&home, &sealed).unwrap();
    assert_eq!(opened.expose_secret(), "sealed by the first version");
    assert!(matches!(ring.open_direct(&place(0, 0, 2), &sealed), Err(Error::Tampered)));
    assert!(matches!(Keyring::new(key(1)).open_direct(&home, &sealed), Err(Error::UnknownKey { .. })));

    let tenant_key = TenantKey::draw(tenant(0)).unwrap();
    assert!(matches!(tenant_key.open(&home, &sealed), Err(Error::UnknownKey { .. })));
    let moved = ring.adopt_direct(&home, &sealed, &tenant_key).unwrap();
    assert!(!moved.is_direct());
    assert_eq!(tenant_key.open_text(&home, &moved).unwrap().expose_secret(), "sealed by the first version");
    assert!(matches!(ring.open_direct(&home, &moved), Err(Error::UnknownKey { .. })));
}

#[test]
fn nothing_prints_a_secret() {
    let (ring, key) = (Keyring::new(key(1)), TenantKey::draw(tenant(1)).unwrap());
    let sealed = key.seal(&place(1, 2, 3), b"sk-very-secret").unwrap();
    let opened = key.open_text(&place(1, 2, 3), &sealed).unwrap();
    let printed = format!("{ring:?} {key:?} {sealed:?} {opened:?} {:?}", key.open(&place(1, 2, 4), &sealed));
    assert!(!printed.contains("very-secret"), "{printed}");
    assert!(printed.contains(&ring.current_id()) && printed.contains(&key.place().key_name()), "{printed}");
}

#[test]
fn a_value_that_is_no_text_says_so() {
    let key = TenantKey::draw(tenant(1)).unwrap();
    let sealed = key.seal(&place(1, 2, 3), &[0xff, 0xfe]).unwrap();
    assert!(matches!(key.open_text(&place(1, 2, 3), &sealed), Err(Error::NotText)));
}
