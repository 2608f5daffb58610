//! Keys of secrets on the real binary: rotated from a shell that is killed while it writes, also when the master key
//! lies in a key service; and a canary that is entered once and found nowhere.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

use std::{
    os::unix::process::ExitStatusExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use conductor_access::Vault;
use conductor_domain::{Scope, SystemClock};
use conductor_secrets::{Keyring, LocalKey};
use conductor_storage::{OpenOptions, Store, Unscoped};
use conductor_test_support::{Provider, Reply, Server};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::process::Command;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

/// So many secrets are there, and so often the process that moves them is killed.
const SECRETS: usize = 10_000;
const KILLS: u64 = 20;

async fn store(folder: &Path) -> Store {
    OpenOptions::sqlite(&folder.join("conductor.db")).open(Arc::new(SystemClock)).await.unwrap()
}

async fn fill(store: &Store, vault: &Vault) {
    for chunk in 0..SECRETS / 500 {
        let mut sealed = Vec::new();
        for number in chunk * 500..(chunk + 1) * 500 {
            let (name, value) = (format!("secret {number}"), format!("value {number}"));
            sealed.push(vault.seal(Scope::PLATFORM, &name, "custom", &value, None).await.unwrap());
        }
        let rows = store.scoped(Scope::PLATFORM);
        rows.write(move |tx| {
            Box::pin(async move {
                for new in sealed {
                    tx.secrets().create(new).await?;
                }
                Ok::<_, conductor_storage::Error>(())
            })
        })
        .await
        .unwrap();
    }
}

/// `conductor secrets rotate`, killed at its so-manieth write to a file; whether it was.
async fn rotate<S>(server: &Server<S>, kill_at: Option<u64>) -> bool {
    let plain = server.command(&["secrets", "rotate"]);
    let plain = plain.as_std();
    let mut command = match kill_at {
        None => Command::new(plain.get_program()),
        Some(write) => {
            let mut command = Command::new("strace");
            command.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "-e"]);
            command.arg(format!("inject=pwrite64:signal=SIGKILL:when={write}")).arg(plain.get_program());
            command
        }
    };
    command.args(plain.get_args()).env_clear().current_dir(server.data());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.output().await.expect("strace is installed by `cargo xtask test`");
    let killed = output.status.signal() == Some(9) || output.status.code() == Some(137);
    assert!(killed || output.status.success(), "{output:?}");
    killed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_is_killed_twenty_times_fails_no_read_and_ends() {
    let server = Server::configure()
        .env("CONDUCTOR_MASTER_KEY_FILE", "new.key")
        .env("CONDUCTOR_OLD_MASTER_KEYS", "file:old.key")
        .env("CONDUCTOR_KEY_GRACE_MS", "0");
    let old = LocalKey::load_or_create(&server.data().join("old.key")).unwrap();
    let new = LocalKey::load_or_create(&server.data().join("new.key")).unwrap();
    let rows = store(server.data()).await;
    fill(&rows, &Vault::new(rows.clone(), Keyring::new(old.clone()))).await;

    let stop = Arc::new(AtomicBool::new(false));
    let reads = Arc::new(AtomicUsize::new(0));
    let reader = {
        let vault = Vault::new(rows.clone(), Keyring::new(new.clone()).with_old(old.clone()));
        let (stop, reads) = (Arc::clone(&stop), Arc::clone(&reads));
        tokio::spawn(async move {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                number = (number + 7_919) % SECRETS;
                let value =
                    vault.open(Scope::PLATFORM, &format!("secret {number}")).await.expect("a read fails");
                assert_eq!(value.expose_secret(), format!("value {number}"));
                reads.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    let (mut kills, mut ended, mut write) = (0, 0, 1);
    while kills < KILLS {
        // Early points hit the first writes of a rotation, later ones its middle and its end.
        if rotate(&server, Some(write)).await {
            kills += 1;
            write += 1 + kills * 9;
        } else {
            ended += 1;
            write = 3 + ended;
        }
        assert!(!reader.is_finished(), "a read failed after {kills} kills");
    }
    assert!(!rotate(&server, None).await);
    stop.store(true, Ordering::Relaxed);
    reader.await.unwrap();
    assert!(reads.load(Ordering::Relaxed) > 500, "only {reads:?} reads");

    let vault = Vault::new(rows.clone(), Keyring::new(new));
    for number in 0..SECRETS {
        let value = vault.open(Scope::PLATFORM, &format!("secret {number}")).await.unwrap();
        assert_eq!(value.expose_secret(), format!("value {number}"));
    }
    let state = vault.rotation().await.unwrap();
    assert_eq!((state.census.secrets_current, state.census.keys_retired), (SECRETS as u64, 0));
    let last = rows.unscoped(Unscoped::KeyRotation).key_rotations().latest().await.unwrap().unwrap();
    assert_eq!(last.failed, 0);
    let said =
        String::from_utf8(server.command(&["secrets", "status"]).output().await.unwrap().stdout).unwrap();
    assert!(said.contains("10000 of 10000 secrets"), "{said}");
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Every file below, with its content.
fn files(folder: &Path, into: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

#[tokio::test]
async fn a_canary_that_is_entered_once_is_found_nowhere() {
    const KEY: &str = "sk-canary-4f1d9c2ab7e84a63";
    const BEARER: &str = "bearer-canary-90b1c64d2f7a";
    let collector = MockServer::start().await;
    Mock::given(matchers::any()).respond_with(ResponseTemplate::new(200)).mount(&collector).await;
    let provider = Provider::start().await;
    provider.push(Reply::text("an answer"));
    let server = Server::configure()
        .env("CONDUCTOR_OTLP_ENDPOINT", collector.uri())
        .env("CONDUCTOR_EGRESS_ALLOW", "127.0.0.1/32")
        .env("CONDUCTOR_KEY_GRACE_MS", "0")
        .env("CONDUCTOR_LOG", "trace");
    let mut server = server.start().await;
    let api = server.set_up().await;
    let mut answers = Vec::new();
    let key = json!({
        "provider": "openai_compatible", "key_name": "canary", "api_key": KEY, "base_url": provider.url(),
        "models": ["canary-model"],
    });
    answers.push(api.post("/api/settings/api-keys", key.clone()).await.status(201).text);
    // The same again, and wrong: what is refused is not repeated either.
    answers.push(api.post("/api/settings/api-keys", key).await.text);
    let wrong = json!({ "provider": "nobody", "key_name": "x", "api_key": KEY, "sk": KEY });
    answers.push(api.post("/api/settings/api-keys", wrong).await.text);
    let connector = json!({
        "name": "Canary", "transport": "http", "endpoint": format!("{}/mcp", collector.uri()),
        "auth_type": "bearer", "secret": BEARER,
    });
    let made = api.post("/api/mcp/servers", connector).await;
    answers.push(made.text.clone());
    let conversation = api.post("/api/conversations", json!({})).await.created();
    let path = format!("/api/conversations/{}/messages", conversation["id"].as_str().unwrap());
    let sent = api.post(&path, json!({ "content": "hello", "model": "canary-model" })).await.created();
    let events = api.events(sent["run"]["id"].as_str().unwrap(), 0).await.rest().await;
    answers.push(format!("{events:?}"));
    let used = provider.requests();
    assert!(format!("{used:?}").contains(KEY), "the key was used, so it was opened");
    answers.push(api.post("/api/v1/secret-keys/rotate", json!({})).await.status(202).text);
    loop {
        let state = api.get("/api/v1/secret-keys").await.ok();
        if state["rotation"]["status"] == "finished" {
            assert_eq!(state["secrets"], state["secrets_current"]);
            break;
        }
    }
    // Every list and thing that needs no id, and what belongs to this organisation.
    let document: Value = api.get("/openapi.json").await.ok();
    let org = api.get("/api/auth/me").await.ok()["organization"]["id"].as_str().unwrap().to_owned();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.replace("{org_id}", &org);
        let streams = path.ends_with("/events") || path.contains("stream");
        if item.get("get").is_some() && !path.contains('{') && !streams {
            answers.push(api.get(&path).await.text);
            asked += 1;
        }
    }
    assert!(asked > 25, "only {asked} paths were asked");
    answers.push(api.get(&format!("/api/v1/orgs/{org}/audit/export?format=csv")).await.text);
    for answer in &answers {
        assert!(!answer.contains(KEY) && !answer.contains(BEARER), "in an answer: {answer}");
    }
    let mut found = Vec::new();
    files(server.data(), &mut found);
    assert!(
        found.iter().any(|(name, bytes)| name.ends_with("-wal") && !bytes.is_empty()),
        "no log to look into"
    );
    assert!(server.terminate().await.success());
    files(server.data(), &mut found);
    found.push(("the log".to_owned(), server.log().into_bytes()));
    for request in collector.received_requests().await.unwrap() {
        if !request.url.path().contains("/mcp") {
            found.push(("a trace".to_owned(), request.body));
        }
    }
    assert!(found.iter().any(|(name, _)| name == "a trace"), "no trace to look into");
    for (name, bytes) in &found {
        for canary in [KEY, BEARER] {
            assert!(!holds(bytes, canary), "{canary} is in {name}");
        }
    }
}
