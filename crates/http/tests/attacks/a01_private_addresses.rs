//! a private address in another notation (LibreChat CVE-2026-31943). `conductor-egress` holds every notation
//! against the guard itself; here they come in through the doors that take addresses.

use crate::{canary::Canary, doors};

#[tokio::test]
async fn no_notation_of_a_private_address_is_called() {
    let canary = Canary::listen("127.0.0.1").await;
    let port = canary.port;
    let urls = [
        format!("http://127.0.0.1:{port}"),
        format!("https://127.0.0.1:{port}"),
        format!("http://[::ffff:7f00:1]:{port}"),
        format!("http://[::ffff:127.0.0.1]:{port}"),
        format!("http://[64:ff9b::7f00:1]:{port}"),
        format!("http://2130706433:{port}"),
        format!("http://0x7f000001:{port}"),
        format!("http://0177.0.0.1:{port}"),
        format!("http://127.1:{port}"),
        format!("http://0.0.0.0:{port}"),
        format!("http://[::]:{port}"),
        format!("http://%31%32%37.0.0.1:{port}"),
        format!("http://①②⑦.⓪.⓪.①:{port}"),
        "http://[::ffff:a9fe:a9fe]/latest/meta-data".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://10.0.0.1".to_owned(),
    ];
    doors::all_refused(&canary, &urls).await;
}
