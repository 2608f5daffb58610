//! Runs of workflows over every way in which a server dies: killed at any moment and at any write, stopped for longer
//! than its lease, on a disk that is full or broken.
//!
//! The target keeps its own books, and gives no answer to some of what it does. Afterwards its books, what the server
//! acknowledged and what its runs say are held against each other. `CONDUCTOR_CRASHES` says how often a server dies at
//! random moments, and the other numbers here follow it: a night has time for a thousand.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

use std::{
    collections::{HashMap, HashSet},
    process::Stdio,
    time::{Duration, Instant},
};

use conductor_test_support::{Api, Event, Server, Strace, Target, TestDb, seed, times};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tokio::process::Command;

/// Runs that begin between two deaths.
const RUNS: usize = 4;
/// How long a target may take before nobody knows what became of a request, in milliseconds.
const SILENCE_MS: u64 = 400;
/// By when nothing is at work any more after the last death.
const REST: Duration = Duration::from_secs(60);

/// Deaths at random moments. Half as many come at writes, one after the other: 500 of them in a night of a thousand.
fn deaths() -> usize {
    times("CONDUCTOR_CRASHES", 80)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Sends something for each of three orders, with pauses between, so that a death finds each run at another point.
fn shipping(target: &Target, idempotent: bool) -> Value {
    let node = |id: &str, kind: &str, config: Value| json!({ "id": id, "kind": kind, "config": config });
    let mut nodes = json!([
        node("each", "map", json!({ "over": "input.orders", "item": "order", "max_concurrency": 2 })),
        node("pause", "wait", json!({ "duration_ms": 15 })),
        node(
            "ship",
            "http",
            json!({
                "method": "POST", "url": target.url(), "endpoint": "/ship/${input.batch}/{{var.order}}", "body": {},
                "idempotent": idempotent,
            })
        ),
        node("look", "http", json!({ "method": "GET", "url": target.url(), "endpoint": "/look" })),
        node("end", "end", json!({})),
    ]);
    nodes[2]["timeout_ms"] = json!(SILENCE_MS);
    let edge = |id: &str, from: &str, port: &str, to: &str| json!({ "id": id, "from": from, "port": port, "to": to });
    json!({
        "schema": "conductor.workflow/1", "name": "shipping", "source_format": "native", "nodes": nodes,
        "edges": [
            edge("e1", "each", "loop", "pause"), edge("e2", "pause", "out", "ship"), edge("e3", "ship", "out", "look"),
            edge("e4", "look", "out", "each"), edge("e5", "each", "out", "end"),
        ],
        "entry": ["each"], "exit": ["end"],
    })
}

/// The runs that a server has acknowledged, and what their target was asked.
struct Books<'t> {
    target: &'t Target,
    accepted: HashMap<String, String>,
    /// Requests that were not acknowledged: the server died in their middle, or refused them.
    cut: usize,
}

impl<'t> Books<'t> {
    fn of(target: &'t Target) -> Self {
        Self { target, accepted: HashMap::new(), cut: 0 }
    }

    /// What begins the next run, and the batch by which its target knows it.
    fn next(&self) -> (String, Value) {
        let batch = format!("batch{}", self.accepted.len() + self.cut);
        let body = json!({ "workflow": "shipping", "inputs": { "batch": batch, "orders": ["a", "b", "c"] } });
        (batch, body)
    }

    /// Begins a run, if the server lives to acknowledge it; whether it did.
    async fn begin(&mut self, api: &Api) -> bool {
        let (batch, body) = self.next();
        let Some(answer) = api.post_anyway("/api/execute/workflow", body).await else {
            self.cut += 1;
            return false;
        };
        self.accepted.insert(text(&answer.created()["run"]["id"]), batch);
        true
    }

    /// Begins a run on a disk that may fail; whether it was acknowledged.
    async fn tries(&mut self, api: &Api) -> bool {
        let (batch, body) = self.next();
        let answer = api.post("/api/execute/workflow", body).await;
        if answer.status < 500 {
            self.accepted.insert(text(&answer.created()["run"]["id"]), batch);
            return true;
        }
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer}");
        self.cut += 1;
        false
    }

    fn sent(&self, path: &str) -> usize {
        self.target.asked_of(path).len()
    }

    /// With how many keys something was sent: a target that knows requests again does it so often.
    fn keys(&self, path: &str) -> usize {
        let asked = self.target.asked_of(path).into_iter();
        asked.map(|asked| asked.headers["idempotency-key"].clone()).collect::<HashSet<_>>().len()
    }

    /// Where hardly anything succeeds, nothing goes wrong either: of five requests four were acknowledged.
    fn mostly_acknowledged(&self) {
        let (accepted, asked) = (self.accepted.len(), self.accepted.len() + self.cut);
        assert!(accepted * 5 >= asked * 4, "{accepted} of {asked} runs were acknowledged");
    }

    /// No run that was acknowledged is lost or stuck: each ends, or waits for a person, in its time.
    async fn come_to_rest(&self, api: &Api) {
        let began = Instant::now();
        let mut open: Vec<&String> = self.accepted.keys().collect();
        loop {
            let asked = asked_about(api).await;
            let mut left = Vec::new();
            for run in open {
                let status = text(&api.get(&format!("/api/runs/{run}")).await.ok()["status"]);
                match status.as_str() {
                    "pending" | "running" => left.push(run),
                    "waiting" if !asked.contains(run) => left.push(run),
                    _ => {}
                }
            }
            if left.is_empty() {
                return;
            }
            assert!(began.elapsed() < REST, "{} runs are stuck, {} among them", left.len(), left[0]);
            open = left;
        }
    }

    /// Every run that was acknowledged ends by itself, and everything was done once.
    async fn settle_by_key(&self, api: &Api) {
        self.mostly_acknowledged();
        self.come_to_rest(api).await;
        for (run, batch) in &self.accepted {
            api.events(run, 0).await.until("run.finished").await;
            let report = api.get(&format!("/api/workflows/executions/{run}")).await.ok();
            assert_eq!(report["status"], "completed", "{report}");
            for order in ["a", "b", "c"] {
                assert_eq!(self.keys(&format!("/ship/{batch}/{order}")), 1, "{batch}/{order}: {report}");
            }
        }
        let all = api.get("/api/tasks").await.ok();
        assert_eq!(all["items"], json!([]), "somebody was asked");
    }

    /// Every run that was acknowledged ends, and everything was sent once. Whoever is asked whether a call took effect
    /// looks at the target, as its operator would. Gives in how many runs somebody was asked.
    async fn settle(&self, api: &Api) -> usize {
        self.mostly_acknowledged();
        self.come_to_rest(api).await;
        let mut asked = 0;
        for (run, batch) in &self.accepted {
            asked += usize::from(self.ended(api, run).await);
            let report = api.get(&format!("/api/workflows/executions/{run}")).await.ok();
            assert_eq!(report["status"], "completed", "{report}");
            for order in ["a", "b", "c"] {
                assert_eq!(self.sent(&format!("/ship/{batch}/{order}")), 1, "{batch}/{order}: {report}");
            }
        }
        // A run whose acknowledgement was cut off may be there all the same, and ask; nobody is held to know of it.
        let open = asked_about(api).await;
        let left: Vec<&String> = self.accepted.keys().filter(|run| open.contains(*run)).collect();
        assert!(left.is_empty(), "questions are left that nobody asks: {left:?}");
        asked
    }

    /// Follows a run to its end and answers for its operator; whether there was something to answer.
    async fn ended(&self, api: &Api, run: &str) -> bool {
        let mut events = api.events(run, 0).await;
        let mut answered = false;
        loop {
            let stops = |event: &Event| {
                event.name == "run.finished"
                    || (event.name == "approval.requested"
                        && event.data["human_task"]["kind"] == "ambiguous_effect")
            };
            let event = events.until_event("the end, or a question", stops).await;
            if event.name == "run.finished" {
                return answered;
            }
            let task = &event.data["human_task"];
            let took_effect = self.sent(&text(&task["arguments"]["endpoint"])) > 0;
            let decision = if took_effect { "took_effect" } else { "repeat" };
            let path = format!("/api/tasks/{}/decide", text(&task["id"]));
            let decided = api.post(&path, json!({ "decision": decision })).await;
            // A stream begins at the beginning: what it asks first may have been answered before.
            let before = ["already_decided", "run_ended"].iter().any(|code| decided.text.contains(code));
            assert!(decided.status == 200 || before, "{decided}");
            answered = true;
        }
    }
}

/// The runs that a person is asked about whether a call took effect.
async fn asked_about(api: &Api) -> HashSet<String> {
    let (mut asked, mut cursor) = (HashSet::new(), String::new());
    loop {
        let page = api.get(&format!("/api/tasks?status=pending&limit=100{cursor}")).await.ok();
        for task in page["items"].as_array().unwrap_or_else(|| panic!("{page} is no page")) {
            assert_eq!(task["kind"], "ambiguous_effect", "{task}");
            asked.insert(text(&task["run_id"]));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return asked,
        }
    }
}

/// The file and the chain of the audit log are whole.
async fn sound(mut server: Server) {
    server.terminate().await;
    let verified = server.command(&["audit", "verify"]).output().await.unwrap();
    assert!(verified.status.success(), "{verified:?}");
    let mut shell = Command::new("sqlite3");
    shell.arg(server.data().join("conductor.db")).arg("PRAGMA integrity_check").stdin(Stdio::null());
    let checked = shell.output().await.expect("the database's shell is installed");
    assert_eq!(String::from_utf8_lossy(&checked.stdout).trim(), "ok", "{checked:?}");
}

async fn server(shipping: Value) -> (Server, Api) {
    let mut server = Server::configure()
        .env("CONDUCTOR_EGRESS_ALLOW", "127.0.0.1/32")
        .env("CONDUCTOR_LIMIT_USER_PER_MINUTE", "1000000")
        .start()
        .await;
    let api = server.set_up().await;
    api.post("/api/workflows/import", shipping).await.created();
    (server, api)
}

#[tokio::test]
async fn no_run_is_lost_or_stuck_and_nothing_is_sent_twice_whenever_the_server_dies() {
    let seed = seed();
    println!("CONDUCTOR_TEST_SEED={seed}");
    let mut lot = StdRng::seed_from_u64(seed);
    let target = Target::start().await;
    let (mut server, api) = server(shipping(&target, false)).await;
    let mut books = Books::of(&target);
    for _ in 0..deaths() {
        for run in 0..RUNS {
            if run == 0 && lot.random_bool(0.5) {
                target.push_silence();
            }
            books.begin(&api).await;
        }
        // The moment is random on purpose; what is checked holds at every one.
        tokio::time::sleep(Duration::from_millis(lot.random_range(0..180))).await;
        server.kill().await;
        server.restart().await;
    }
    let (asked, ran) = (books.settle(&api).await, books.accepted.len());
    assert!(asked > 0, "no death came between a request and its answer");
    assert!(asked * 4 <= ran * 3, "somebody was asked in {asked} of {ran} runs");
    sound(server).await;
}

#[tokio::test]
async fn a_target_that_knows_requests_again_does_each_once_and_nobody_is_asked() {
    let seed = seed();
    println!("CONDUCTOR_TEST_SEED={seed}");
    let mut lot = StdRng::seed_from_u64(seed);
    let target = Target::start().await;
    let (mut server, api) = server(shipping(&target, true)).await;
    let mut books = Books::of(&target);
    for _ in 0..deaths() / 2 {
        if lot.random_bool(0.5) {
            target.push_silence();
        }
        for _ in 0..RUNS {
            books.begin(&api).await;
        }
        // As above: the moment is random on purpose.
        tokio::time::sleep(Duration::from_millis(lot.random_range(0..180))).await;
        server.kill().await;
        server.restart().await;
    }
    books.settle_by_key(&api).await;
    let sent: usize = target.asked().iter().filter(|asked| asked.method == "POST").count();
    assert!(sent > books.accepted.len() * 3, "no death came between a request and its answer");
    sound(server).await;
}

#[tokio::test]
async fn the_same_at_every_write() {
    let target = Target::start().await;
    let (mut server, api) = server(shipping(&target, false)).await;
    let mut books = Books::of(&target);
    for write in 1..=deaths() / 2 {
        for _ in 0..2 * RUNS {
            books.begin(&api).await;
        }
        let fault = format!("inject=pwrite64:signal=SIGKILL:when={write}");
        let arguments = ["-o", "/dev/null", "-e", "trace=pwrite64", "-e", &fault];
        let _strace = Strace::attach(server.process(), &arguments).await;
        // It dies in the middle of one of these; the runs before it write, too.
        while books.begin(&api).await {}
        server.kill().await;
        server.restart().await;
    }
    books.settle(&api).await;
    sound(server).await;
}

#[tokio::test]
async fn a_server_that_stood_still_does_nothing_that_another_has_done() {
    let target = Target::start().await;
    let database = TestDb::postgres();
    let configured = || {
        Server::configure()
            .database(&database)
            .env("CONDUCTOR_EGRESS_ALLOW", "127.0.0.1/32")
            .env("CONDUCTOR_LIMIT_USER_PER_MINUTE", "1000000")
            .env("CONDUCTOR_LEASE_MS", "1000")
    };
    let mut one = configured().start().await;
    let api = one.set_up().await;
    api.post("/api/workflows/import", shipping(&target, false)).await.created();
    let two = configured();
    for key in ["master.key", "signing.key", "cursor.key", "audit.key"] {
        std::fs::copy(one.data().join(key), two.data().join(key)).unwrap();
    }
    let two = two.start().await;
    let other = two.api().sign_in(Server::EMAIL, Server::PASSWORD).await;
    let mut books = Books::of(&target);
    // Each takes as long as a lease, so there are few.
    for round in 0..(deaths() / 25).max(1) {
        for _ in 0..RUNS {
            books.begin(&api).await;
        }
        // Each time it stands still at another place.
        target.request(target.asked().len() + round % 7 + 1).await;
        one.process().signal("STOP").await;
        // The other takes its runs over once their lease is out, and brings them to an end.
        for run in books.accepted.keys() {
            books.ended(&other, run).await;
        }
        one.process().signal("CONT").await;
        api.get("/health").await.ok();
    }
    // Shown where something is wrong: what a run died of stands in a log alone.
    println!("one:\n{}\ntwo:\n{}", one.log(), two.log());
    books.settle(&api).await;
}

/// What a disk does that is broken or full: the calls that fail, and how.
const FAULTS: [(&str, &str); 3] = [("fsync,fdatasync", "EIO"), ("pwrite64", "ENOSPC"), ("pwrite64", "EIO")];

/// Lets every one of these calls of a server fail until it is detached.
async fn fault(server: &mut Server, calls: &str, error: &str) -> Strace {
    let (trace, fault) = (format!("trace={calls}"), format!("inject={calls}:error={error}"));
    Strace::attach(server.process(), &["-o", "/dev/null", "-e", &trace, "-e", &fault]).await
}

#[tokio::test]
async fn runs_under_which_the_disk_fails_end_right_once_it_works_again() {
    for (calls, error) in FAULTS {
        let target = Target::start().await;
        let mut shipping = shipping(&target, false);
        // Long enough for the disk to fail while a request is on its way, and short enough to be over before it works again.
        shipping["nodes"][2]["timeout_ms"] = json!(2_000);
        let (mut server, api) = server(shipping).await;
        let mut books = Books::of(&target);
        // The first two requests are something that is sent: whatever reads comes after one that was answered.
        target.push_silence();
        target.push_silence();
        for _ in 0..5 * RUNS {
            books.begin(&api).await;
        }
        target.request(2).await;
        let strace = fault(&mut server, calls, error).await;
        let began = Instant::now();
        for _ in 0..RUNS {
            assert!(!books.tries(&api).await, "{calls} give {error}, and yet a run is acknowledged");
        }
        while !server.log().contains("the database failed under a run") {
            api.get("/api/auth/me").await.ok();
            assert!(began.elapsed() < REST, "{calls} give {error}, and no run notices:\n{}", server.log());
            tokio::task::yield_now().await;
        }
        for run in books.accepted.keys() {
            api.get(&format!("/api/runs/{run}")).await.ok();
        }
        strace.detach().await;

        books.begin(&api).await;
        assert!(books.settle(&api).await > 0, "nobody was asked about what got no answer");
        assert!(!server.log().contains("a run failed inside"), "{}", server.log());
        sound(server).await;
    }
}

#[tokio::test]
async fn no_run_is_lost_at_whichever_write_the_disk_fails() {
    let target = Target::start().await;
    let (mut server, api) = server(shipping(&target, false)).await;
    let mut books = Books::of(&target);
    let rounds = deaths() / 2;
    for write in 1..=rounds {
        let (calls, error) = FAULTS[write % FAULTS.len()];
        // There are some twenty writes to a sync.
        let at = if calls == "pwrite64" { write } else { write.div_ceil(20) };
        let strace = fault(&mut server, calls, &format!("{error}:when={at}")).await;
        for _ in 0..4 * RUNS {
            if !books.tries(&api).await {
                break;
            }
        }
        strace.detach().await;
        for _ in 0..RUNS {
            assert!(books.tries(&api).await, "it does not come back:\n{}", server.log());
        }
    }
    let failed = server.log().matches("a group of writes was not committed").count();
    assert!(failed * 2 >= rounds, "of {rounds} faults the server has met {failed}");
    books.settle(&api).await;
    assert!(!server.log().contains("a run failed inside"), "{}", server.log());

    server.kill().await;
    server.restart().await;
    for run in books.accepted.keys() {
        let report = api.get(&format!("/api/workflows/executions/{run}")).await.ok();
        assert_eq!(report["status"], "completed", "{report}");
    }
    sound(server).await;
}

#[tokio::test]
async fn what_the_disk_did_not_take_is_never_acknowledged() {
    for (calls, error) in FAULTS {
        let mut server = Server::running().await;
        let api = server.set_up().await;
        let create = |title: String| {
            let api = &api;
            async move { api.post("/api/conversations", json!({ "title": title })).await }
        };
        let mut kept = Vec::new();
        for number in 0..5 {
            kept.push(text(&create(format!("before {number}")).await.created()["id"]));
        }
        let strace = fault(&mut server, calls, error).await;
        for number in 0..10 {
            let answer = create(format!("during {number}")).await;
            assert!(answer.status >= 500, "{calls} gave {error}, and yet: {answer}");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer}");
        }
        for id in &kept {
            api.get(&format!("/api/conversations/{id}")).await.ok();
        }
        strace.detach().await;

        let again = create("after".to_owned()).await;
        kept.push(text(&again.created()["id"]));
        server.kill().await;
        server.restart().await;
        for id in &kept {
            api.get(&format!("/api/conversations/{id}")).await.ok();
        }
    }
}
