//! The command line and its configuration, on the real binary.

use std::process::Stdio;

use conductor_test_support::Server;
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn config_prints_what_is_in_force_and_masks_secrets() {
    let server = Server::configure()
        .env("CONDUCTOR_LISTEN", "127.0.0.1:9999")
        .env("CONDUCTOR_MASTER_KEY", "c2VjcmV0LXRoYXQtbXVzdC1ub3QtYmUtc2hvd24hIQ==")
        .env("CONDUCTOR_LISTN", "x");
    let output = server.command(&["config"]).output().await.unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(out.contains("listen = \"127.0.0.1:9999\""), "{out}");
    assert!(!out.contains("c2VjcmV0"), "{out}");
    assert!(err.contains("CONDUCTOR_LISTN") && err.contains("listen"), "{err}");
}

#[tokio::test]
async fn an_unknown_key_in_the_file_names_the_nearest() {
    let server = Server::configure();
    std::fs::write(server.data().join("conductor.toml"), "data_base_url = \"x\"\n").unwrap();
    let output = server.command(&["config"]).output().await.unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && err.contains("database_url"), "{err}");
}

#[tokio::test]
async fn a_weak_master_key_is_refused() {
    let server =
        Server::configure().env("CONDUCTOR_MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let output = server.command(&["serve", "--listen", "127.0.0.1:0"]).output().await.unwrap();
    assert!(!output.status.success());
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_is_refused() {
    let server = Server::running().await;
    let output = server.command(&["serve", "--listen", "127.0.0.1:0"]).output().await.unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && err.contains("another server"), "{err}");
}

#[tokio::test]
async fn generated_secrets_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::running().await;
    for name in ["master.key", "signing.key", "cursor.key", "audit.key"] {
        let mode = std::fs::metadata(server.data().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn an_account_made_from_a_shell_can_sign_in() {
    let server = Server::configure();
    let mut child = server
        .command(&[
            "admin",
            "create-user",
            "--email",
            "ops@example.com",
            "--name",
            "Ops",
            "--role",
            "admin",
            "--password-stdin",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"a long enough passphrase\n").await.unwrap();
    drop(stdin);
    assert!(child.wait_with_output().await.unwrap().status.success());
    let server = server.start().await;
    let api = server.api().sign_in("ops@example.com", "a long enough passphrase").await;
    assert_eq!(api.get("/api/auth/me").await.ok()["user"]["email"], "ops@example.com");
}

#[tokio::test]
async fn documents_of_workflows_are_checked_from_a_shell() {
    let server = Server::configure();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/workflow-graph/tests/fixtures");
    let sound = [
        format!("{fixtures}/conductor/market-research-workflow.json"),
        format!("{fixtures}/hybrid/smart-order-processing.yaml"),
        format!("{fixtures}/canvas/proposal-generation-workflow.json"),
    ];
    let check = async |arguments: &[&str]| {
        let arguments: Vec<&str> =
            ["workflow", "check"].into_iter().chain(arguments.iter().copied()).collect();
        let output = server.command(&arguments).output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, out, _) = check(&[&sound[0], &sound[1], &sound[2]]).await;
    assert_eq!(code, Some(0), "{out}");
    for format in ["(conductor)", "(hybrid)", "(canvas)"] {
        assert!(out.contains(format), "{out}");
    }

    let broken = server.data().join("broken.yaml");
    std::fs::write(&broken, "name: a\nsteps:\n  - id: x\n   type: mcp\n").unwrap();
    let wrong = server.data().join("wrong.yaml");
    let steps = "  - {id: x, type: mcp, config: {tool_name: t}}\n  - {id: y, type: mpc}\n";
    std::fs::write(&wrong, format!("name: a\nsteps:\n{steps}")).unwrap();
    let (broken, wrong) = (broken.to_str().unwrap(), wrong.to_str().unwrap());
    let (code, out, err) = check(&[&sound[0], broken, wrong, "nowhere.yaml"]).await;
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains(&format!("{broken}:4:")), "the line is not told: {out}");
    assert_eq!(out.lines().filter(|line| line.starts_with(wrong)).count(), 1, "{out}");
    assert!(
        out.contains("did you mean mcp?") && out.contains("nowhere.yaml: error: cannot be read"),
        "{out}"
    );
    assert!(err.contains("3 of 4"), "{err}");

    let (code, out, _) = check(&["--format", "json", broken, wrong]).await;
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, Some(1), "{out}");
    assert_eq!((&told[0]["sound"], &told[0]["problems"][0]["position"]["line"]), (&false.into(), &4.into()));
    assert_eq!(told[1]["problems"][0]["code"], "invalid_value", "{out}");
}
