//! Erasing people: what goes in which step, what stays, and that no table was forgotten.

use std::collections::BTreeSet;

use conductor_domain::{
    Caller, Classification, ConversationId, Erasure, ErasureStatus, FileId, NewConversation, NewFile,
    OrganizationRole, PageRequest,
};
use conductor_storage::{Error, Unscoped};
use sea_orm::ConnectionTrait;

use crate::support::World;

suite! {
    every_table_is_known,
    every_table_of_people_is_taken_along_or_named,
    the_account_ends_at_once,
    what_is_left_goes_step_by_step,
    what_others_use_passes_on,
    figures_of_nodes_go_with_their_workflow,
}

/// Tables that hold something of a person, and lose it.
const ERASED: [&str; 40] = [
    "access_campaign_items",
    "agent_connectors",
    "agent_versions",
    "agents",
    "api_keys",
    "artifacts",
    "audit_events",
    "canvas_states",
    "connector_versions",
    "connectors",
    "conversations",
    "directory_members",
    "directory_users",
    "effects",
    "external_identities",
    "files",
    "human_tasks",
    "idempotency_keys",
    "issued_tokens",
    "memberships",
    "messages",
    "one_time_links",
    "permission_requests",
    "ratings",
    "refresh_tokens",
    "resource_tags",
    "run_events",
    "run_signals",
    "runs",
    "sessions",
    "shared_conversations",
    "tool_approvals",
    "users",
    "workflow_event_triggers",
    "workflow_hook_deliveries",
    "workflow_hooks",
    "workflow_node_stats",
    "workflow_schedules",
    "workflow_versions",
    "workflows",
];

/// Tables that lose what lies in organisations of the person's own, and name people by the ids of their accounts at most.
const OF_ORGANIZATIONS: [&str; 17] = [
    "access_campaigns",
    "audit_forwards",
    "budgets",
    "directories",
    "directory_groups",
    "environments",
    "organizations",
    "permission_grants",
    "policies",
    "policy_bindings",
    "policy_rules",
    "roles",
    "secrets",
    "service_accounts",
    "tags",
    "tools",
    "workflow_events",
];

/// Tables of figures, of proofs and of the platform, which name people by the ids of their accounts at most.
const KEPT: [&str; 19] = [
    "audit_chains",
    "audit_checkpoints",
    "budget_charges",
    "budget_counters",
    "call_counts",
    "erasure_blobs",
    "erasure_runs",
    "erasures",
    "identity_providers",
    "key_rotations",
    "model_pricing",
    "outbox",
    "quiet_calls",
    "revocations",
    "seaql_migrations",
    "sign_in_flows",
    "sqlite_sequence",
    "tenant_keys",
    "usage_records",
];

/// A new table is put into one of the lists, and into the steps of `repository/erasures` if it has to be, or this fails.
async fn every_table_is_known(world: World) {
    let conn = sea_orm::Database::connect(world.database.url()).await.unwrap();
    let backend = conn.get_database_backend();
    let sql = match backend {
        sea_orm::DbBackend::Postgres => {
            "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'"
        }
        // One is the planner's, and holds figures of ours.
        _ => "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_stat1'",
    };
    let rows = conn.query_all_raw(sea_orm::Statement::from_string(backend, sql)).await.unwrap();
    let tables: BTreeSet<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    let known: BTreeSet<&str> = ERASED.into_iter().chain(OF_ORGANIZATIONS).chain(KEPT).collect();
    let unknown: Vec<&String> = tables.iter().filter(|table| !known.contains(table.as_str())).collect();
    assert!(unknown.is_empty(), "nobody knows what an erasure does with {unknown:?}");
    conn.close().await.unwrap();
}

/// Tables of people that nobody takes away, and why.
const WITHHELD: [(&str, &str); 10] = [
    ("access_campaign_items", "reviews speak of what others were given"),
    ("connector_versions", "drafts of servers that are told, with values of their environment"),
    ("effects", "hashes and states of calls whose runs are told"),
    ("idempotency_keys", "answers that may hold a token, kept for a day"),
    ("one_time_links", "hashes of links"),
    ("refresh_tokens", "hashes of tokens"),
    ("run_events", "how runs came about whose input and outcome are told"),
    ("shared_conversations", "hashes of links, which their conversations list"),
    ("workflow_hook_deliveries", "hashes of what others sent"),
    ("workflow_node_stats", "figures of runs that others may have begun"),
];

/// What an erasure takes from a person, the person can take away before, or a reason says why not.
async fn every_table_of_people_is_taken_along_or_named(world: World) {
    let mut known: BTreeSet<&str> = conductor_storage::BELONGINGS.into_iter().collect();
    for (table, why) in WITHHELD {
        assert!(!why.is_empty() && known.insert(table), "{table} is taken along, or named twice");
    }
    assert_eq!(known, ERASED.into_iter().collect::<BTreeSet<&str>>());
    // Each can be asked for.
    let (grace, _) = people(&world).await;
    leave(&world, &grace, &"a".repeat(64)).await;
    let rows = world.store.unscoped(Unscoped::Export);
    let mut found = BTreeSet::new();
    for table in conductor_storage::BELONGINGS {
        let (user, clearance) = (grace.user_id().unwrap(), Classification::Restricted);
        let piece = conductor_storage::Piece { user, clearance, from: 0, limit: 100 };
        if !rows.belongings().rows(table, piece).await.unwrap().is_empty() {
            found.insert(table);
        }
    }
    for table in ["users", "memberships", "conversations", "files"] {
        assert!(found.contains(table), "{table}: {found:?}");
    }
}

async fn begin(world: &World, caller: &Caller) -> Erasure {
    let user = caller.user_id().unwrap();
    world.tick();
    let rows = world.store.unscoped(Unscoped::Erasure);
    rows.write(move |tx| {
        Box::pin(async move {
            let erasure = tx.erasures().begin(user, user, &[]).await?;
            tx.erasures().end_account(user).await?;
            Ok::<_, Error>(erasure)
        })
    })
    .await
    .unwrap()
}

/// Steps until nothing is left; how many found something.
async fn work(world: &World, erasure: &Erasure) -> usize {
    let rows = world.store.unscoped(Unscoped::Erasure);
    let noted = erasure.clone();
    rows.write(move |tx| Box::pin(async move { tx.erasures().gather(&noted).await })).await.unwrap();
    let mut steps = 0;
    loop {
        let noted = erasure.clone();
        let removed = rows
            .write(move |tx| {
                Box::pin(async move {
                    match tx.erasures().empty_runs(&noted).await? {
                        0 => tx.erasures().remove_some(&noted).await,
                        some => Ok(some),
                    }
                })
            })
            .await
            .unwrap();
        if removed == 0 {
            return steps;
        }
        steps += 1;
        assert!(steps < 100, "the steps do not end");
    }
}

async fn people(world: &World) -> (Caller, Caller) {
    let scope = world.organization("Analytical").await;
    let grace = world.member("grace@example.com", scope, OrganizationRole::Member).await;
    (grace, world.member("olga@example.com", scope, OrganizationRole::Owner).await)
}

async fn leave(world: &World, caller: &Caller, sha256: &str) {
    world.tick();
    let (user, sha256) = (caller.user_id().unwrap(), sha256.to_owned());
    let conversation = NewConversation {
        title: "Secret plans".to_owned(),
        ..NewConversation::new(ConversationId::generate(&*world.clock), user)
    };
    let file = NewFile {
        id: FileId::generate(&*world.clock),
        user_id: user,
        name: "plans.txt".to_owned(),
        mime_type: "text/plain".to_owned(),
        size_bytes: 3,
        sha256,
        data_classification: Classification::Internal,
    };
    let rows = world.store.scoped(caller.scope);
    rows.write(move |tx| {
        Box::pin(async move {
            tx.conversations().create(conversation).await?;
            tx.files().create(file).await.map(drop)
        })
    })
    .await
    .unwrap();
}

async fn the_account_ends_at_once(world: World) {
    let (grace, olga) = people(&world).await;
    let (user, other) = (grace.user_id().unwrap(), olga.user_id().unwrap());
    let erasure = begin(&world, &grace).await;
    assert_eq!((erasure.status, erasure.user_id), (ErasureStatus::Running, user));
    let users = || world.store.unscoped(Unscoped::SignIn).users();
    assert!(users().find(user).await.unwrap().is_none());
    assert!(users().find_for_sign_in("grace@example.com").await.unwrap().is_none());
    assert!(users().find(other).await.unwrap().is_some());
    let members = world.store.visible_to(&olga).memberships().page(PageRequest::default()).await.unwrap();
    assert_eq!(members.items.len(), 1);
    // The address is free, and one person is erased once.
    world.user("grace@example.com").await;
    let rows = world.store.unscoped(Unscoped::Erasure);
    let again = rows
        .write(move |tx| Box::pin(async move { tx.erasures().begin(user, user, &[]).await.map(drop) }))
        .await;
    assert!(matches!(again, Err(Error::NameTaken { .. })), "{again:?}");
    assert_eq!(rows.erasures().of(user).await.unwrap().unwrap().id, erasure.id);
    assert_eq!(rows.erasures().running().await.unwrap().len(), 1);
}

async fn what_is_left_goes_step_by_step(world: World) {
    let (grace, olga) = people(&world).await;
    for _ in 0..3 {
        leave(&world, &grace, &"aa".repeat(32)).await;
    }
    leave(&world, &grace, &"bb".repeat(32)).await;
    leave(&world, &olga, &"bb".repeat(32)).await;
    let erasure = begin(&world, &grace).await;
    assert!(work(&world, &erasure).await >= 3);
    assert_eq!(work(&world, &erasure).await, 0, "asked again, nothing is left");
    let conn = sea_orm::Database::connect(world.database.url()).await.unwrap();
    for table in ["conversations", "files"] {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        let row = conn.query_one_raw(sea_orm::Statement::from_string(conn.get_database_backend(), sql)).await;
        assert_eq!(row.unwrap().unwrap().try_get_by_index::<i64>(0).unwrap(), 1, "{table}");
    }
    conn.close().await.unwrap();
    // Bytes that somebody else uploaded too are named.
    let rows = world.store.unscoped(Unscoped::Erasure);
    let blobs = rows.erasures().blobs(10).await.unwrap();
    assert_eq!(blobs, [("aa".repeat(32), false), ("bb".repeat(32), true)]);
    rows.write(move |tx| Box::pin(async move { tx.erasures().forget_blob(&"aa".repeat(32)).await }))
        .await
        .unwrap();
    assert_eq!(rows.erasures().blobs(10).await.unwrap().len(), 1);
    let id = erasure.id;
    rows.write(move |tx| Box::pin(async move { tx.erasures().finish(id).await })).await.unwrap();
    let done = rows.erasures().of(erasure.user_id).await.unwrap().unwrap();
    assert!(done.status == ErasureStatus::Finished && done.removed >= 8, "{done:?}");
    assert!(world.store.scrub().await.unwrap());
}

async fn what_others_use_passes_on(world: World) {
    let (grace, olga) = people(&world).await;
    let (user, heir) = (grace.user_id().unwrap(), olga.user_id().unwrap());
    let hers = crate::agents::made(&world, &grace, "Hers", conductor_domain::Visibility::Private).await;
    let ours = crate::agents::made(&world, &grace, "Ours", conductor_domain::Visibility::Organization).await;
    let organization = grace.scope.organization_id;
    let rows = world.store.unscoped(Unscoped::Erasure);
    let owning = rows
        .write(move |tx| {
            Box::pin(async move {
                let owning = tx.erasures().owning(user).await?;
                tx.erasures().pass_on(user, organization, heir).await?;
                Ok::<_, Error>(owning)
            })
        })
        .await
        .unwrap();
    assert_eq!(owning, [organization]);
    let erasure = begin(&world, &grace).await;
    work(&world, &erasure).await;
    let agents = world.store.visible_to(&olga).agents();
    assert_eq!(agents.find(ours).await.unwrap().unwrap().owner_user_id, Some(heir));
    let homes = world.store.unscoped(Unscoped::SignIn);
    assert_eq!(homes.agents().home_of_active(hers).await.unwrap(), None);
    assert_eq!(homes.agents().home_of_active(ours).await.unwrap(), Some(grace.scope));
}

async fn figures_of_nodes_go_with_their_workflow(world: World) {
    let (grace, olga) = people(&world).await;
    for (owner, name) in [(&grace, "hers"), (&olga, "ours")] {
        let workflow =
            crate::workflows::create(&world, owner.scope, Some(owner), crate::workflows::named(name));
        // More than one step takes, and of whoever runs it.
        crate::analytics::ran_through(&world, olga.scope, workflow.await.unwrap().id, 501).await;
    }
    let erasure = begin(&world, &grace).await;
    work(&world, &erasure).await;
    let conn = sea_orm::Database::connect(world.database.url()).await.unwrap();
    for (table, left) in [("workflow_node_stats", 501_i64), ("workflows", 1), ("runs", 2)] {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        let row = conn.query_one_raw(sea_orm::Statement::from_string(conn.get_database_backend(), sql)).await;
        assert_eq!(row.unwrap().unwrap().try_get_by_index::<i64>(0).unwrap(), left, "{table}");
    }
    conn.close().await.unwrap();
}
