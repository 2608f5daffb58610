//! Two processes on one database: what one ends, the other stops within a second, requests and streams alike.

use std::time::{Duration, Instant};

use conductor_domain::{OrganizationRole, Redacted};
use conductor_identity::{AccountChange, Identity, PathScope, ServiceAccountDraft, TokenRequest};
use conductor_test_support::TestDb;
use http::{HeaderMap, header};
use serde_json::json;

use crate::world::World;

fn headers(token: &Redacted<String>) -> HeaderMap {
    let bearer = format!("Bearer {}", token.expose());
    HeaderMap::from_iter([(header::AUTHORIZATION, bearer.parse().unwrap())])
}

async fn works(node: &Identity, token: &Redacted<String>) -> bool {
    node.authenticate(&headers(token), PathScope::default(), Default::default()).await.is_ok()
}

#[tokio::test]
async fn what_one_node_ends_the_other_stops_within_a_second() {
    for database in TestDb::each() {
        let (world, admin) = World::set_up(database).await;
        let (here, there) = (world.identity.clone(), world.another_node().await);
        let watching = tokio::spawn(there.clone().watch());
        let ada = world.caller(&admin).await;
        let grace = world.invite(&ada, "grace@example.com", OrganizationRole::Admin).await;
        let by = world.caller(&grace).await;

        let draft = ServiceAccountDraft {
            name: "CI".to_owned(),
            scope_allowlist: vec!["agent.read".to_owned()],
            enabled: true,
            ..Default::default()
        };
        let account = here.create_service_account(&by, draft).await.unwrap();
        let request = TokenRequest {
            name: "pipeline".to_owned(),
            scopes: vec!["agent.read".to_owned()],
            expires_at: None,
            metadata: json!({}),
        };
        let revoked = here.issue_service_account_token(&by, account.id, request.clone()).await.unwrap();
        let issued = here.issue_service_account_token(&by, account.id, request).await.unwrap();
        for token in [&grace.access_token, &revoked.text, &issued.text] {
            assert!(works(&there, token).await);
        }

        let mut streams = Vec::new();
        for token in [&revoked.text, &issued.text, &grace.access_token] {
            let found =
                there.authenticate(&headers(token), PathScope::default(), Default::default()).await.unwrap();
            let node = there.clone();
            streams.push(tokio::spawn(async move { node.until_revoked(&found.caller).await }));
        }

        let began = Instant::now();
        here.revoke_service_account_token(&ada, account.id, revoked.token.id).await.unwrap();
        let others = streams.split_off(1);
        for first in streams {
            tokio::time::timeout(Duration::from_secs(1), first).await.expect("revoked elsewhere").unwrap();
        }
        assert!(!works(&there, &revoked.text).await, "after {:?}", began.elapsed());
        assert!(works(&there, &issued.text).await && works(&there, &grace.access_token).await);

        let change = AccountChange { is_active: Some(false), ..Default::default() };
        here.update_user(&ada, by.user_id().unwrap(), change).await.unwrap();
        for stream in others {
            tokio::time::timeout(Duration::from_secs(1), stream).await.expect("closed elsewhere").unwrap();
        }
        assert!(!works(&there, &issued.text).await && !works(&there, &grace.access_token).await);
        assert!(works(&there, &admin.access_token).await, "nobody else is touched");
        watching.abort();
    }
}
