//! Grants as two servers on one database count them: at once where they are given, within a second on the other.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, not their helpers")]

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use conductor_access::{Access, Action, Facts, LimitsOptions, Vault};
use conductor_domain::{
    AccessLevel, Caller, Classification, Clock, EnvironmentId, EnvironmentType, FixedClock, Grant,
    GrantSubject, NewEnvironment, NewGrant, NewOrganization, OrganizationId, Principal, ResourceRef, Scope,
    SharedKind, SubjectKind, UserId,
};
use conductor_secrets::{Keyring, LocalKey};
use conductor_storage::{Error, OpenOptions, Store, Unscoped};
use conductor_test_support::TestDb;
use serde_json::json;
use uuid::Uuid;

const USER: UserId = UserId::from_uuid(Uuid::from_u128(0x0192_0001));
const AGENT: Uuid = Uuid::from_u128(0x0192_0002);

struct Node {
    store: Store,
    access: Arc<Access>,
}

async fn node(database: &TestDb, clock: &Arc<FixedClock>, folder: &std::path::Path) -> Node {
    let clock: Arc<dyn Clock> = Arc::<FixedClock>::clone(clock);
    let store = OpenOptions::new(database.url()).open(clock).await.unwrap();
    let key = LocalKey::load_or_create(&folder.join("master.key")).unwrap();
    let vault = Vault::new(store.clone(), Keyring::new(key));
    let access = Access::start(store.clone(), vault, LimitsOptions::default()).await.unwrap();
    Node { store, access }
}

async fn organization(store: &Store, scope: Scope) {
    let new = NewOrganization {
        id: scope.organization_id,
        name: "Example".to_owned(),
        slug: "example".to_owned(),
        is_personal: false,
        industry: None,
        website: None,
        timezone: None,
    };
    let environment = NewEnvironment {
        id: scope.environment_id,
        organization_id: scope.organization_id,
        name: "default".to_owned(),
        environment_type: EnvironmentType::Prod,
        is_default: true,
    };
    let rows = store.unscoped(Unscoped::Setup);
    rows.write(move |tx| {
        Box::pin(async move {
            tx.organizations().create(new).await?;
            tx.scoped(scope).environments().create(environment).await?;
            Ok::<_, Error>(())
        })
    })
    .await
    .unwrap();
}

fn caller(scope: Scope) -> Caller {
    Caller {
        principal: Principal::User { user_id: USER },
        scope,
        organizations: vec![scope.organization_id],
        roles: vec!["platform:standard_user".to_owned(), "organization:member".to_owned()],
        clearance: Classification::Internal,
        attributes: json!({}),
        token_scopes: None,
        session_id: None,
        token_id: None,
        address: None,
    }
}

async fn grant(store: &Store, scope: Scope, level: AccessLevel, hours: Option<i64>) -> Grant {
    let new = NewGrant {
        subject: GrantSubject { kind: SubjectKind::User, id: USER.as_uuid() },
        resource: ResourceRef { kind: SharedKind::Agent, id: AGENT },
        level,
        granted_by: None,
        under: None,
        expires_at: hours.map(|hours| store.clock().now() + TimeDelta::hours(hours)),
    };
    let rows = store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.grants().put(new).await })).await.unwrap().0
}

#[tokio::test]
async fn every_node_is_right_within_a_second() {
    let (database, folder) = (TestDb::sqlite(), tempfile::tempdir().unwrap());
    let clock = FixedClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let scope = Scope {
        organization_id: OrganizationId::generate(&*clock),
        environment_id: EnvironmentId::generate(&*clock),
    };
    let (here, there) =
        (node(&database, &clock, folder.path()).await, node(&database, &clock, folder.path()).await);
    organization(&here.store, scope).await;
    let (caller, facts) = (caller(scope), Facts::new(format!("agent:{AGENT}"), scope));
    let allows =
        async |node: &Node, action| node.access.judge(&caller).await.unwrap().allows(&caller, action, &facts);
    for node in [&here, &there] {
        assert!(!allows(node, Action::AgentRead).await);
    }
    let second = TimeDelta::milliseconds(1_000);

    let given = grant(&here.store, scope, AccessLevel::Write, None).await;
    here.access.grants_changed(scope.organization_id).await;
    assert!(allows(&here, Action::AgentUpdate).await, "at once where it was given");
    clock.advance(second);
    assert!(allows(&there, Action::AgentUpdate).await, "and within a second elsewhere");
    assert!(!allows(&there, Action::AgentShare).await);

    let rows = here.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.grants().revoke(given.id).await })).await.unwrap();
    clock.advance(second);
    for node in [&here, &there] {
        assert!(!allows(node, Action::AgentRead).await, "taken back");
    }

    // An end needs no news: the clock is enough, on every node.
    grant(&here.store, scope, AccessLevel::Read, Some(1)).await;
    clock.advance(second);
    for node in [&here, &there] {
        assert!(allows(node, Action::AgentRead).await);
    }
    clock.advance(TimeDelta::hours(1));
    for node in [&here, &there] {
        assert!(!allows(node, Action::AgentRead).await);
    }
}

#[tokio::test]
async fn what_is_granted_on_a_row_holds_on_what_lies_within_it_and_nowhere_else() {
    let (database, folder) = (TestDb::sqlite(), tempfile::tempdir().unwrap());
    let clock = FixedClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let scope = Scope {
        organization_id: OrganizationId::generate(&*clock),
        environment_id: EnvironmentId::generate(&*clock),
    };
    let node = node(&database, &clock, folder.path()).await;
    organization(&node.store, scope).await;
    grant(&node.store, scope, AccessLevel::Read, None).await;
    let caller = caller(scope);
    let judge = node.access.judge(&caller).await.unwrap();
    let inside =
        Facts::new("message:0192", scope).within("conversation:0193").within(format!("agent:{AGENT}"));
    assert!(judge.allows(&caller, Action::MessageRead, &inside));
    assert!(!judge.allows(&caller, Action::MessageUpdate, &inside), "no more than was granted");
    let beside = Facts::new("message:0192", scope).within("conversation:0193");
    assert!(!judge.allows(&caller, Action::MessageRead, &beside));
    let foreign = Scope { organization_id: OrganizationId::from_uuid(Uuid::from_u128(9)), ..scope };
    let abroad = Facts::new(format!("agent:{AGENT}"), foreign);
    assert!(!judge.allows(&caller, Action::AgentRead, &abroad), "another tenant's row of the same id");
}
