//! a path in the name of a file or an artifact (LibreChat GHSA-qrm5-r67f-6692). Names are words of a row; where
//! bytes lie is the server's choice. Archives are not unpacked yet: see `register.rs`.

use std::{collections::BTreeSet, path::Path};

use serde_json::json;

use crate::{
    canary::{id, upload},
    world::World,
};

const NAMES: [&str; 14] = [
    "../../../../tmp/a26",
    "..\\\\..\\\\a26",
    "/tmp/a26",
    "C:\\\\a26",
    "....//....//a26",
    "%2e%2e%2fa26",
    "..%c0%afa26",
    "a26/../../../master.key",
    "file:///tmp/a26",
    "\u{202e}gpj.a26",
    "a26\u{0}.png",
    "CON",
    ".",
    "..",
];

/// Every path below a folder.
fn tree(folder: &Path, into: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tree(&path, into);
        } else {
            into.insert(path.display().to_string());
        }
    }
}

#[tokio::test]
async fn a_name_is_never_a_place() {
    let (world, admin) = World::set_up().await;
    let master = std::fs::read(world.data().join("master.key")).unwrap();
    let mut before = BTreeSet::new();
    tree(world.data(), &mut before);
    let mut taken = 0;
    for (number, name) in NAMES.iter().enumerate() {
        let bytes = format!("canary-a26-{number}");
        let (kind, body) = upload(name, "text/plain", bytes.as_bytes());
        let call = world.call("POST", "/api/files", None).by(&admin).with("content-type", &kind).bytes(body);
        let answer = call.send().await;
        if answer.status == 201 {
            taken += 1;
            let file = answer.json();
            let kept = file["name"].as_str().unwrap();
            assert!(
                !kept.contains(['/', '\\', '\0']) && kept != "." && kept != "..",
                "{name:?} is kept as {kept:?}"
            );
            let content = world.get(&format!("/api/files/{}/content", id(&file))).by(&admin).send().await;
            assert_eq!(content.status(200).text(), bytes);
            let again = format!("/api/files/{}", id(&file));
            let renamed = world.patch(&again, json!({ "name": name })).by(&admin).send().await;
            if renamed.status == 200 {
                let kept = renamed.json()["name"].as_str().unwrap().to_owned();
                assert!(!kept.contains(['/', '\0']), "{name:?} is renamed to {kept:?}");
            } else {
                assert_eq!(renamed.status, 422, "{}", renamed.text());
            }
        } else {
            assert!([400, 422].contains(&answer.status.as_u16()), "{name:?}: {}", answer.text());
        }
    }
    assert!(taken > 5, "{taken} names were taken");
    let mut after = BTreeSet::new();
    tree(world.data(), &mut after);
    let new: Vec<_> = after.difference(&before).collect();
    assert!(!new.is_empty(), "nothing was stored");
    for path in new {
        let name = Path::new(path).file_name().unwrap().to_str().unwrap();
        let within = Path::new(path).strip_prefix(world.data()).unwrap();
        assert!(within.starts_with("blobs") && name.len() >= 32, "{path}");
        assert!(name.bytes().all(|letter| letter.is_ascii_hexdigit()), "{path} is not named by its bytes");
    }
    assert!(!Path::new("/tmp/a26").exists());
    assert_eq!(std::fs::read(world.data().join("master.key")).unwrap(), master);
    // A path in an address of the API leads nowhere either.
    for path in [
        "/api/files/..%2f..%2fmaster.key",
        "/api/files/%2e%2e/content",
        "/assets/..%2f..%2fmaster.key",
        "/assets/../../master.key",
        "/docs/errors/..%2f..%2fmaster.key",
    ] {
        let answer = world.get(path).by(&admin).send().await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
    }
}
