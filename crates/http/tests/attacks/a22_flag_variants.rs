//! another spelling of what a denylist names (Flowise CVE-2026-56274, `npx --yes` for `-y`). There is no list of
//! bad words: one exact command line was confirmed, and any other is another.

use serde_json::json;

use crate::{
    canary::id,
    world::{Reach, World},
};

#[tokio::test]
async fn a_command_line_that_differs_anywhere_was_not_confirmed() {
    let reach = Reach { stdio: true, ..Reach::default() };
    let world = World::reaching(reach, |_| {}, |_| {}).await;
    let admin = world.first_account().await;
    let marker = world.data().join("a-variant-ran");
    let touch = format!("touch {}", marker.display());
    let body =
        json!({ "name": "Local", "transport": "stdio", "command": "/bin/false", "args": ["-y", "server"] });
    let server = world.post("/api/mcp/servers", body).by(&admin).send().await.created();
    let path = format!("/api/mcp/servers/{}", id(&server));
    let confirmed = json!({ "hash": server["command_hash"] });
    let confirm = format!("{path}/confirm-command");
    let now = world.post(&confirm, confirmed.clone()).by(&admin).send().await.ok();
    assert_eq!(now["command_confirmed"], true);
    let variants = [
        json!({ "args": ["--yes", "server"] }),
        json!({ "args": ["-y=true", "server"] }),
        json!({ "args": ["-y", "server", "-c", touch] }),
        json!({ "args": ["-y", "server "] }),
        json!({ "args": [" -y", "server"] }),
        json!({ "args": ["-y server"] }),
        json!({ "args": ["-yserver"] }),
        json!({ "args": ["server", "-y"] }),
        json!({ "args": [] }),
        json!({ "command": "/bin/sh", "args": ["-c", touch] }),
        json!({ "command": "/bin/../bin/false" }),
        json!({ "command": "/usr/bin/env", "args": ["touch", marker] }),
        json!({ "command": "/usr/bin/touch", "args": [marker] }),
        json!({ "env_vars": { "LD_PRELOAD": "/tmp/evil.so" } }),
        json!({ "env_vars": { "NODE_OPTIONS": "--require /tmp/evil.js" } }),
        json!({ "env_vars": { "PATH": "/tmp" } }),
    ];
    for variant in variants {
        let changed = world.put(&path, variant.clone()).by(&admin).send().await;
        if changed.status == 200 {
            assert_eq!(changed.json()["command_confirmed"], false, "{variant}");
            // What was confirmed before does not confirm this.
            world.post(&confirm, confirmed.clone()).by(&admin).send().await.problem(409, "hash_mismatch");
        } else {
            assert_eq!(changed.status, 422, "{variant}: {}", changed.text());
        }
        for action in ["connect", "discover", "restart"] {
            let answer = world.post(&format!("{path}/{action}"), json!({})).by(&admin).send().await;
            assert!(!answer.status.is_server_error() || answer.status == 502, "{variant}: {}", answer.text());
        }
        assert!(!marker.exists(), "{variant} ran");
        let back = json!({ "command": "/bin/false", "args": ["-y", "server"], "env_vars": {} });
        let back = world.put(&path, back).by(&admin).send().await.ok();
        assert_eq!(back["command_hash"], confirmed["hash"], "{variant}");
        if back["command_confirmed"] == false {
            world.post(&confirm, confirmed.clone()).by(&admin).send().await.ok();
        }
    }
}
