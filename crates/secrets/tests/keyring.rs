//! Sealed values from outside: what opens, what stays shut, what rotation keeps.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use conductor_domain::{OrganizationId, SecretId};
use conductor_secrets::{Error, Keyring, LocalKey, Place, Sealed};
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

fn place(tenant: u128, secret: u128, version: u32) -> Place {
    let uuid = |value: u128| value.to_be_bytes();
    Place {
        organization_id: OrganizationId::from_uuid(uuid::Uuid::from_bytes(uuid(tenant))),
        secret_id: SecretId::from_uuid(uuid::Uuid::from_bytes(uuid(secret))),
        version,
    }
}

proptest! {
    #[test]
    fn what_was_sealed_opens_at_its_place_and_nowhere_else(
        plaintext: Vec<u8>, tenant: u128, secret: u128, version: u32, off in 1_u128..,
    ) {
        let ring = Keyring::new(key(1));
        let home = place(tenant, secret, version);
        let sealed = ring.seal(&home, &plaintext).unwrap();
        let opened = ring.open(&home, &sealed).unwrap();
        prop_assert_eq!(opened.expose_secret(), plaintext.as_slice());
        let step = u32::try_from(off % u128::from(u32::MAX)).unwrap().max(1);
        for elsewhere in [
            place(tenant.wrapping_add(off), secret, version),
            place(tenant, secret.wrapping_add(off), version),
            place(tenant, secret, version.wrapping_add(step)),
        ] {
            prop_assert!(matches!(ring.open(&elsewhere, &sealed), Err(Error::Tampered)));
            prop_assert!(matches!(ring.rewrap(&elsewhere, &sealed), Err(Error::Tampered)));
        }
    }

    #[test]
    fn any_flipped_bit_keeps_it_shut(plaintext in proptest::collection::vec(any::<u8>(), 0..64), at: prop::sample::Index, bit in 0_u8..8) {
        let ring = Keyring::new(key(1));
        let home = place(1, 2, 3);
        let mut bytes = ring.seal(&home, &plaintext).unwrap().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let opened = Sealed::from_bytes(bytes).and_then(|sealed| ring.open(&home, &sealed));
        prop_assert!(opened.is_err());
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes: Vec<u8>) {
        if let Ok(sealed) = Sealed::from_bytes(bytes) {
            prop_assert!(Keyring::new(key(1)).open(&place(1, 2, 3), &sealed).is_err());
        }
    }
}

#[test]
fn the_same_value_never_seals_to_the_same_bytes() {
    let ring = Keyring::new(key(1));
    let (one, two) = (ring.seal(&place(1, 2, 3), b"v").unwrap(), ring.seal(&place(1, 2, 3), b"v").unwrap());
    // Nothing but the format and the key's id may agree.
    assert_ne!(one.as_bytes()[9..33], two.as_bytes()[9..33]);
    assert_ne!(one.as_bytes()[33..], two.as_bytes()[33..]);
}

#[test]
fn rotation_keeps_values_readable_and_lets_the_old_key_go() {
    let home = place(1, 2, 3);
    let before = Keyring::new(key(1));
    let sealed = before.seal(&home, b"sk-value").unwrap();

    let during = Keyring::new(key(2)).with_old(key(1));
    assert!(during.is_stale(&sealed));
    assert_eq!(during.open_text(&home, &sealed).unwrap().expose_secret(), "sk-value");
    let moved = during.rewrap(&home, &sealed).unwrap();
    assert!(!during.is_stale(&moved));
    assert_eq!(moved.key_id(), during.current_id());

    let after = Keyring::new(key(2));
    assert_eq!(after.open_text(&home, &moved).unwrap().expose_secret(), "sk-value");
    let Err(Error::UnknownKey { key_id }) = after.open(&home, &sealed) else { panic!("the old key is gone") };
    assert_eq!(key_id, key(1).id());
}

#[test]
fn nothing_prints_a_secret() {
    let ring = Keyring::new(key(1));
    let sealed = ring.seal(&place(1, 2, 3), b"sk-very-secret").unwrap();
    let opened = ring.open_text(&place(1, 2, 3), &sealed).unwrap();
    let printed = format!("{ring:?} {sealed:?} {opened:?} {:?}", ring.open(&place(1, 2, 4), &sealed));
    assert!(!printed.contains("very-secret"), "{printed}");
    assert!(printed.contains(&ring.current_id()));
}

#[test]
fn a_value_that_is_no_text_says_so() {
    let ring = Keyring::new(key(1));
    let sealed = ring.seal(&place(1, 2, 3), &[0xff, 0xfe]).unwrap();
    assert!(matches!(ring.open_text(&place(1, 2, 3), &sealed), Err(Error::NotText)));
}
