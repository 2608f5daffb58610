//! Every attack of the list has its file, or stands here with what it waits for.

use std::collections::BTreeSet;

/// What cannot be attacked yet, or not whole: the id, and what is missing.
const PENDING: [(&str, &str); 2] = [
    ("A-26", "archives: no upload is unpacked yet; names are attacked in `a26_…`"),
    ("A-29", "OAuth of MCP servers; sign-in with OpenID providers is attacked in `a29_…`"),
];

fn ids() -> BTreeSet<String> {
    let numbered = (1..=30).map(|number| format!("A-{number:02}"));
    numbered.chain((1..=8).map(|number| format!("A-R{number}"))).collect()
}

/// The ids that have a file here, by its name.
fn attacked() -> BTreeSet<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/attacks");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let ids = names.filter_map(|name| {
        let name = name.to_str()?.split_once('_')?.0.to_owned();
        let number = name.strip_prefix('a')?;
        number.trim_start_matches('r').parse::<u8>().ok()?;
        Some(format!("A-{}", number.to_uppercase()))
    });
    ids.collect()
}

#[test]
fn no_attack_of_the_list_is_forgotten() {
    let (ids, attacked) = (ids(), attacked());
    let pending: BTreeSet<String> = PENDING.iter().map(|(id, _)| (*id).to_owned()).collect();
    assert_eq!(pending.len(), PENDING.len(), "each once");
    let covered: BTreeSet<String> = attacked.union(&pending).cloned().collect();
    assert_eq!(covered, ids);
    assert!(attacked.len() >= 35, "{} of {} are attacked", attacked.len(), ids.len());
    let modules = include_str!("main.rs");
    for id in &attacked {
        let module = format!("mod {}_", id.replace('-', "").to_lowercase());
        assert!(modules.contains(&module), "{id} has a file that is not compiled");
    }
    for (id, what) in PENDING {
        // A part of an attack may wait while the rest of it has its file, which is then named.
        assert_eq!(what.contains("_…`"), attacked.contains(id), "{id} waits for {what}");
    }
}
