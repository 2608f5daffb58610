//! No tenant reaches another: requests that are generated from the document of the API put ids of other tenants into
//! every place that takes an id, as every kind of caller. What is foreign answers like what does not exist, and no row of
//! the others is touched. A new route is attacked without being asked.

mod document;
mod people;
mod rows;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::Arc,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{Request, header},
};
use chrono::DateTime;
use conductor_mcp_client::testing;
use conductor_test_support::seed;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::Value;
use tokio::{sync::Semaphore, task::JoinSet};
use tower::ServiceExt;
use uuid::Uuid;

use self::{
    document::{Operation, Place, operations},
    people::{ROLES, Tenant, tenant},
    rows::Owners,
};
use crate::world::World;

/// An id that nobody has.
const NOBODY: &str = "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60";
const TENANTS: usize = 3;
/// At least so many requests are sent with a foreign id or its absent twin, and so many come back well with own ones.
const LEAST: (usize, usize) = (10_000, 700);

/// What came back, as far as it is compared.
#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    text: String,
}

impl Answer {
    /// What it says, without what differs from request to request: ids, moments and the request's own names.
    fn words(&self) -> Value {
        fn plain(value: Value) -> Value {
            match value {
                Value::String(text) if Uuid::try_parse(&text).is_ok() => "an id".into(),
                Value::String(text) if DateTime::parse_from_rfc3339(&text).is_ok() => "a moment".into(),
                Value::Array(items) => items.into_iter().map(plain).collect(),
                Value::Object(fields) => {
                    let fields =
                        fields.into_iter().filter(|(name, _)| name != "request_id" && name != "instance");
                    fields.map(|(name, value)| (name, plain(value))).collect()
                }
                other => other,
            }
        }
        serde_json::from_str(&self.text).map_or_else(|_| self.text.clone().into(), plain)
    }
}

async fn send(router: Router, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "127.0.0.1:8420")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 50_000))))
        .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())));
    let response = router.oneshot(request.unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let is_stream = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
    let bytes = if is_stream { Vec::new() } else { to_bytes(body, usize::MAX).await.unwrap().to_vec() };
    Answer { status: parts.status.as_u16(), text: String::from_utf8_lossy(&bytes).into_owned() }
}

/// One attack: a request with a foreign id, and the same with one that nobody has.
struct Attack {
    what: String,
    token: String,
    method: String,
    foreign: (String, Option<Value>),
    absent: (String, Option<Value>),
    id: String,
}

impl Attack {
    /// Sends both; what is wrong with the answers.
    async fn run(self, router: Router, secrets: Arc<Vec<String>>) -> (Vec<String>, bool) {
        let Self { what, token, method, foreign, absent, id } = self;
        // What was sent may be repeated: the address of a problem is the request's.
        let sent = format!("{} {:?}", foreign.0, foreign.1);
        let answer = send(router.clone(), &token, &method, &foreign.0, foreign.1).await;
        let twin = send(router, &token, &method, &absent.0, absent.1).await;
        let mut faults = Vec::new();
        let mut fault = |why: &str| faults.push(format!("{what}: {why}: {answer:?}\n  absent: {twin:?}"));
        if answer.status >= 500 || twin.status >= 500 {
            fault("it fails");
        }
        // What one bound one's own policies to comes back with them; marks are what only the other could write.
        let is_policy = what.contains("/policies");
        let tells = |secret: &&String| {
            answer.text.contains(secret.as_str())
                && !sent.contains(secret.as_str())
                && !(is_policy && Uuid::try_parse(secret).is_ok())
        };
        if let Some(secret) = secrets.iter().find(tells) {
            fault(&format!("it tells {secret}"));
        }
        // Too many at once, or two changes of one row: neither says anything of what is foreign.
        let moot = [412, 429].iter().any(|status| answer.status == *status || twin.status == *status);
        // One's own log tells what one asked for oneself, foreign or not.
        let is_log = what.contains("/audit") && answer.status == 200 && twin.status == 200;
        let same = is_log
            || if method != "GET" && answer.status < 300 {
                answer.status == twin.status
            } else {
                let absent = serde_json::to_string(&twin.words()).unwrap().replace(NOBODY, "an id");
                answer.status == twin.status
                    && serde_json::to_string(&answer.words()).unwrap().replace(&id, "an id") == absent
            };
        if !same && !moot {
            fault("foreign is not like absent");
        }
        (faults, moot)
    }
}

/// Sends many at once, and gives back all faults and how many proved nothing.
async fn all(router: &Router, attacks: Vec<Attack>, secrets: &Arc<Vec<String>>) -> (Vec<String>, usize) {
    let lanes = Arc::new(Semaphore::new(16));
    let mut running = JoinSet::new();
    for attack in attacks {
        let (router, secrets, lane) =
            (router.clone(), Arc::clone(secrets), Arc::clone(&lanes).acquire_owned().await);
        running.spawn(async move {
            let _lane = lane;
            attack.run(router, secrets).await
        });
    }
    let ended = running.join_all().await;
    let moot = ended.iter().filter(|(_, moot)| *moot).count();
    (ended.into_iter().flat_map(|(faults, _)| faults).collect(), moot)
}

/// What another tenant's texts hold, and must not be told.
fn secrets(tenants: &[Tenant], of: usize) -> Vec<String> {
    let others = tenants.iter().enumerate().filter(|(at, _)| *at != of);
    others.flat_map(|(_, tenant)| tenant.ids.values().chain([&tenant.mark]).cloned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_tenant_reads_or_changes_anything_of_another() {
    let seed = seed();
    eprintln!("CONDUCTOR_TEST_SEED={seed}");
    let mut lots = StdRng::seed_from_u64(seed);
    let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
    let mut tenants = Vec::new();
    for number in 0..TENANTS {
        tenants.push(tenant(&world, &peer, number).await);
    }
    let document = world.admin.get("/openapi.json").await.ok();
    let operations = operations(&document);
    let places: BTreeSet<(String, Place)> = operations
        .iter()
        .flat_map(|all| all.places.iter().map(|place| (all.name(), place.clone())))
        .collect();
    let mut attacked = BTreeSet::new();
    let (mut sent, mut moot, mut faults) = (0, 0, Vec::new());
    let began = std::time::Instant::now();
    for attacker in 0..TENANTS {
        let owners = Owners::of(&world, &tenants);
        let secrets = Arc::new(secrets(&tenants, attacker));
        let mut attacks = Vec::new();
        for (number, operation) in operations.iter().enumerate() {
            for place in &operation.places {
                for role in 0..ROLES.len() {
                    attacks.push(draw(
                        &document,
                        &tenants,
                        (attacker, role),
                        operation,
                        place,
                        number,
                        &mut lots,
                    ));
                    attacked.insert((operation.name(), place.clone()));
                }
            }
        }
        sent += attacks.len() * 2;
        let (found, nothing) = all(&world.router(), attacks, &secrets).await;
        faults.extend(found);
        moot += nothing;
        faults.extend(owners.touched_by(&world, attacker));
        let shown: Vec<_> = faults.iter().take(400).collect();
        assert!(faults.is_empty(), "seed {seed}: {} faults: {shown:#?}", faults.len());
    }
    eprintln!("{sent} requests in {:?}, {moot} of them moot", began.elapsed());
    assert_eq!(attacked, places, "every place of an id was attacked");
    assert!(sent >= LEAST.0, "only {sent} requests");
    assert!(moot * 50 < sent, "{moot} of {sent} proved nothing");
    own(&world, &document, &operations, &tenants).await;
}

/// An attack by somebody of a tenant on one place of an id.
fn draw(
    document: &Value,
    tenants: &[Tenant],
    (attacker, role): (usize, usize),
    operation: &Operation,
    place: &Place,
    number: usize,
    lots: &mut StdRng,
) -> Attack {
    let victim = (attacker + lots.random_range(1..TENANTS)) % TENANTS;
    let (own, victim) = (&tenants[attacker], &tenants[victim]);
    // Now and then an id of another kind, and now and then everything else of the request is the victim's as well.
    let names: Vec<&String> = victim.ids.keys().collect();
    let name = if lots.random_ratio(1, 8) { names.choose(lots).unwrap().as_str() } else { place.name() };
    let id = victim.id(name);
    let around = if lots.random_ratio(1, 4) { victim } else { own };
    let number = number * 100 + lots.random_range(0..1_000_000);
    // Of its own it changes what nobody else is tried on.
    let ids = |name: &str| {
        if name == "policy_id" && around.mark == own.mark {
            own.id("another_policy")
        } else {
            around.id(name)
        }
    };
    let request = |id: &str, number| operation.request(document, &ids, Some((place, id)), number);
    Attack {
        what: format!("{} at {place:?} as {} of {}", operation.name(), ROLES[role], own.mark),
        token: own.tokens[role].clone(),
        method: operation.method.clone(),
        foreign: request(&id, number),
        absent: request(NOBODY, number + 1),
        id,
    }
}

/// The same generator with a tenant's own ids: what it asks can be answered, so that nothing above passes because
/// everything is refused. Last, since it deletes what it can.
async fn own(world: &World, document: &Value, operations: &[Operation], tenants: &[Tenant]) {
    let mut answered = BTreeMap::<String, usize>::new();
    let mut asked = 0;
    let mut sorted: Vec<&Operation> = operations.iter().collect();
    sorted.sort_by_key(|operation| {
        (
            ["GET", "POST", "PUT", "PATCH", "DELETE"].iter().position(|one| *one == operation.method),
            std::cmp::Reverse(operation.path.len()),
        )
    });
    for tenant in tenants {
        for (number, operation) in sorted.iter().enumerate() {
            let tokens: Vec<&String> =
                if operation.method == "GET" { tenant.tokens.iter().collect() } else { vec![&tenant.spare] };
            // Once as it is, and once by each parameter that takes an id.
            let queries = operation.places.iter().filter(|place| matches!(place, Place::Query(_))).map(Some);
            for (token, place) in tokens
                .into_iter()
                .flat_map(|token| [None].into_iter().chain(queries.clone()).map(move |place| (token, place)))
            {
                let ids = |name: &str| tenant.id(name);
                let id = place.map(|place| tenant.id(place.name()));
                let place = place.zip(id.as_deref());
                let (path, body) = operation.request(document, &ids, place, number);
                let answer = send(world.router(), token, &operation.method, &path, body).await;
                // The MCP server of this world has no resources and no prompts.
                assert!(answer.status < 500 || answer.status == 502, "{}: {answer:?}", operation.name());
                let others = tenants.iter().filter(|other| other.mark != tenant.mark);
                for other in others {
                    assert!(
                        !answer.text.contains(&other.mark),
                        "{} tells of {}: {answer:?}",
                        operation.name(),
                        other.mark
                    );
                }
                asked += 1;
                *answered.entry(operation.name()).or_default() += usize::from(answer.status < 300);
            }
        }
    }
    assert_eq!(answered.len(), operations.len(), "every route was asked");
    let well: usize = answered.values().sum();
    let never: Vec<&String> = answered
        .iter()
        .filter(|(name, count)| **count == 0 && name.starts_with("GET "))
        .map(|(name, _)| name)
        .collect();
    eprintln!("{well} of {asked} own requests were answered; never: {never:?}");
    assert!(well >= LEAST.1, "only {well} of {asked} own requests were answered");
    let with_ids = operations.iter().filter(|operation| !operation.is_open && !operation.places.is_empty());
    let with_ids: Vec<String> = with_ids.filter(|all| all.method == "GET").map(Operation::name).collect();
    let silent: Vec<&String> = never.into_iter().filter(|name| with_ids.contains(name)).collect();
    assert_eq!(silent, ELSEWHERE, "a read with own ids that nobody can do proves nothing");
}

/// Reads with an id that no tenant can do: templates have names for ids, and the rest is the platform's.
const ELSEWHERE: [&str; 3] = [
    "GET /api/v1/identity-providers/{identity_provider_id}",
    "GET /api/v1/pricing/models/{pricing_id}",
    "GET /api/workflow-templates/{template_id}",
];
