//! Secret files on a real file system.

use std::{fs, os::unix::fs::PermissionsExt, sync::Barrier, thread};

use base64::{Engine, prelude::BASE64_STANDARD};
use conductor_secrets::{Error, LocalKey, load, load_or_create};
use secrecy::ExposeSecret;

#[test]
fn a_generated_file_belongs_to_its_owner_alone_and_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let key = LocalKey::generate_file(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(LocalKey::generate_file(&path), Err(Error::File { attempted: "created", .. })));
    assert_eq!(LocalKey::from_file(&path).unwrap().id(), key.id());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left behind");
}

#[test]
fn a_file_that_others_may_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    LocalKey::generate_file(&path).unwrap();
    for mode in [0o640, 0o604, 0o660, 0o644, 0o601] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let Err(error) = LocalKey::from_file(&path) else { panic!("mode {mode:o} was taken") };
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    LocalKey::from_file(&path).unwrap();
}

#[test]
fn of_processes_that_start_together_all_read_the_same_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let barrier = Barrier::new(8);
    let secrets: Vec<Vec<u8>> = thread::scope(|scope| {
        let start = || {
            barrier.wait();
            load_or_create(&path, 48).unwrap().expose_secret().to_vec()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(secrets[0].len(), 48);
    assert!(secrets.iter().all(|secret| *secret == secrets[0]));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn weak_and_broken_files_are_refused_and_left_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let contents = [
        BASE64_STANDARD.encode([0; 32]),
        BASE64_STANDARD.encode(b"changeme"),
        "not base64 at all!".to_owned(),
        String::new(),
    ];
    for content in contents {
        fs::write(&path, &content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(
            matches!(load_or_create(&path, 32), Err(Error::Weak { .. } | Error::NotBase64 { .. })),
            "{content:?}"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
    assert!(matches!(load(&folder.path().join("absent")), Err(Error::File { .. })));
    assert!(matches!(load_or_create(&folder.path().join("no/such/folder"), 32), Err(Error::File { .. })));
}

#[test]
fn a_key_may_come_from_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let key = LocalKey::generate_file(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(LocalKey::from_base64(&text, "CONDUCTOR_KEY").unwrap().id(), key.id());
    let unpadded = text.trim().trim_end_matches('=').replace('+', "-").replace('/', "_");
    assert_eq!(LocalKey::from_base64(&unpadded, "CONDUCTOR_KEY").unwrap().id(), key.id());
    let error = LocalKey::from_base64("***", "CONDUCTOR_KEY").unwrap_err();
    assert!(error.to_string().contains("CONDUCTOR_KEY"), "{error}");
}
