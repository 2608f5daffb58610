//! an address that two parsers read differently (Open WebUI CVE-2026-45400).

use crate::{canary::Canary, doors};

#[tokio::test]
async fn what_is_checked_is_what_is_called() {
    let canary = Canary::listen("127.0.0.1").await;
    let port = canary.port;
    let urls = [
        format!("http://ok@evil.example\\@127.0.0.1:{port}/"),
        format!("http://public.example\\@127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{port}\\@public.example/"),
        format!("http://public.example@127.0.0.1:{port}/"),
        format!("http://public.example:pass@127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{port}#@public.example/"),
        format!("http://127.0.0.1:{port}?@public.example/"),
        format!("http://public.example\t@127.0.0.1:{port}/"),
        format!("http://\n127.0.0.1:{port}/"),
        format!("http:///127.0.0.1:{port}/"),
        format!("http:127.0.0.1:{port}"),
        format!("http:\\\\127.0.0.1:{port}\\"),
        format!("ftp://127.0.0.1:{port}/"),
        format!("gopher://127.0.0.1:{port}/_x"),
        "file:///etc/passwd".to_owned(),
        "javascript:alert(1)".to_owned(),
        "unix:///var/run/docker.sock".to_owned(),
    ];
    doors::all_refused(&canary, &urls).await;
}
