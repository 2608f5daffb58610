//! a name that leads inwards (DNS rebinding of an outgoing name). A name that changes its answer between check and
//! call needs a name server that lies: `conductor-egress` has that test (`a04_…` in `crates/egress/src/tests.rs`), where
//! the resolver can be scripted. Here a name whose answer is private comes in through the doors.

use crate::{canary::Canary, doors};

#[tokio::test]
async fn a_name_is_judged_by_the_address_it_leads_to() {
    let canary = Canary::listen("127.0.0.1").await;
    let port = canary.port;
    let urls = ["localhost", "LOCALHOST", "localhost.", "ip6-localhost", "no-such-name.invalid"];
    let urls = urls.map(|name| format!("http://{name}:{port}"));
    doors::all_refused(&canary, &urls).await;
}
