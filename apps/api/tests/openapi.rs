//! The contract is a committed file; a change of it is a change that a reviewer sees.

use conductor_test_support::Server;

#[tokio::test]
async fn the_committed_document_is_the_one_that_the_binary_prints() {
    let printed = Server::configure().command(&["openapi"]).output().await.unwrap().stdout;
    let committed = include_bytes!("../../../docs/openapi.json");
    assert!(printed == committed, "docs/openapi.json is stale; run `cargo xtask openapi`");
}
