//! Slack, Shopify and mail from workflows on the real binary: over loopback targets that speak their wire formats, and a
//! mail server that others wrote.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, not their helpers")]

use std::path::Path;

use conductor_test_support::{Api, Process, Server, Target, tools_dir};
use serde_json::{Value, json};
use tokio::process::Command;

const SLACK: &str = "xoxb-secret-of-slack";
const SHOPIFY: &str = "shpat-secret-of-shopify";
const SHEETS: &str = "ya29-secret-of-sheets";
const MAIL: &str = "secret of the mail server";

/// A mail server on a free port, and its port.
async fn mail_server() -> (Process, String) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/smtp.py");
    let mut command = Command::new(tools_dir().join("venv/bin/python"));
    let mut process = Process::start(command.arg(script).arg(free.to_string()));
    let port = process.line("listening on ").await;
    (process, port)
}

async fn server(target: &Target, port: &str, templates: &Path) -> (Server, Api) {
    let mut server = Server::configure()
        .env("CONDUCTOR_EGRESS_ALLOW", "127.0.0.1/32")
        .env(
            "CONDUCTOR_INTEGRATION_ACCOUNTS",
            "SLACK_BOT,SHOPIFY,TECHSTART_SHOPIFY,GOOGLE_SHEETS,EMAIL_SMTP,CLOSED_EMAIL_SMTP",
        )
        .env("CONDUCTOR_MAIL_TEMPLATES", templates)
        .env("SLACK_BOT_TOKEN", SLACK)
        .env("SLACK_BOT_URL", target.url())
        .env("TECHSTART_SHOPIFY_TOKEN", SHOPIFY)
        .env("TECHSTART_SHOPIFY_STORE", target.url())
        .env("GOOGLE_SHEETS_TOKEN", SHEETS)
        .env("GOOGLE_SHEETS_URL", target.url())
        .env("EMAIL_SMTP_HOST", "127.0.0.1")
        .env("EMAIL_SMTP_PORT", port)
        .env("EMAIL_SMTP_TLS", "none")
        .env("EMAIL_SMTP_USER", "ada")
        .env("EMAIL_SMTP_PASS", MAIL)
        .env("EMAIL_SMTP_FROM", "Conductor <noreply@example.com>")
        .env("CLOSED_EMAIL_SMTP_HOST", "127.0.0.1")
        .env("CLOSED_EMAIL_SMTP_PORT", "1")
        .env("CLOSED_EMAIL_SMTP_TLS", "none")
        .env("CLOSED_EMAIL_SMTP_FROM", "noreply@example.com")
        .start()
        .await;
    let api = server.set_up().await;
    (server, api)
}

fn node(id: &str, provider: &str, operation: &str, account: Option<&str>, inputs: &Value) -> Value {
    let mut config = json!({ "provider": provider, "operation": operation });
    if let Some(account) = account {
        config["credentials"] = json!(account);
    }
    json!({ "id": id, "kind": "integration", "config": config, "inputs": inputs })
}

/// Runs these nodes one after the other, and gives the report with its events.
async fn run(api: &Api, name: &str, nodes: &[Value], inputs: Value) -> (Value, String) {
    let ids: Vec<&str> = nodes.iter().map(|node| node["id"].as_str().unwrap()).collect();
    let edges: Vec<Value> = ids
        .windows(2)
        .map(|pair| json!({ "id": format!("to-{}", pair[1]), "from": pair[0], "port": "out", "to": pair[1] }))
        .collect();
    let document = json!({
        "schema": "conductor.workflow/1", "name": name, "source_format": "native",
        "nodes": nodes, "edges": edges, "entry": [ids.first()], "exit": [ids.last()],
    });
    api.post("/api/workflows/import", document).await.created();
    let body = json!({ "workflow": name, "inputs": inputs });
    let started = api.post("/api/execute/workflow", body).await.created();
    let run = started["run"]["id"].as_str().unwrap().to_owned();
    let mut events = api.events(&run, 0).await;
    events.until("run.finished").await;
    let journal: String = events.seen().iter().map(|event| event.data.to_string()).collect();
    (api.get(&format!("/api/workflows/executions/{run}")).await.ok(), journal)
}

#[tokio::test]
async fn systems_are_asked_in_their_words_and_no_secret_is_written_down() {
    let target = Target::start().await;
    let (mut mails, port) = mail_server().await;
    let templates = tempfile::tempdir().unwrap();
    std::fs::write(templates.path().join("high_value_lead.txt"), "Hello {{ name }}, {{ subject }}").unwrap();
    std::fs::write(templates.path().join("high_value_lead.html"), "<p>Hello {{ name }}</p>").unwrap();
    let (server, api) = server(&target, &port, templates.path()).await;

    target.push(200, json!({ "ok": true, "channel": "C1", "ts": "1.2", "message": { "text": "Hot" } }));
    target.push(200, json!({ "order": { "id": 450_789_469, "tags": "auto-approved" } }));
    let nodes = [
        node(
            "tell",
            "slack",
            "messages.send",
            None,
            &json!({
                "channel": "#order-review", "text": "Order {{inputs.order}} needs a look",
                "blocks": [{ "type": "section", "text": { "type": "mrkdwn", "text": "*{{inputs.order}}*" } }],
            }),
        ),
        node(
            "tag",
            "shopify",
            "orders.update",
            Some("TECHSTART_SHOPIFY"),
            &json!({
                "resourceId": "{{inputs.order}}", "data": { "tags": "auto-approved" },
            }),
        ),
        node(
            "plain",
            "email",
            "send",
            None,
            &json!({
                "to": ["{{inputs.to}}"], "subject": "Order {{inputs.order}}", "body": "It is on its way.",
            }),
        ),
        node(
            "pretty",
            "email",
            "send",
            None,
            &json!({
                "to": "{{inputs.to}}, Grace <grace@example.com>", "subject": "A demo", "template": "high_value_lead",
                "data": { "name": "<Ada>" },
            }),
        ),
    ];
    let (report, journal) =
        run(&api, "all", &nodes, json!({ "order": 450_789_469, "to": "ada@example.com" })).await;
    assert_eq!(report["status"], "completed", "{report}");

    let asked = target.asked();
    assert_eq!((asked[0].method.as_str(), asked[0].path.as_str()), ("POST", "/chat.postMessage"));
    assert_eq!(asked[0].headers["authorization"], format!("Bearer {SLACK}"));
    assert_eq!(asked[0].body["text"], "Order 450789469 needs a look");
    assert_eq!(asked[0].body["blocks"][0]["text"]["text"], "*450789469*");
    assert_eq!(asked[1].method, "PUT");
    assert!(asked[1].path.starts_with("/admin/api/") && asked[1].path.ends_with("/orders/450789469.json"));
    assert_eq!(asked[1].headers["x-shopify-access-token"], SHOPIFY);
    assert_eq!(asked[1].body, json!({ "order": { "id": "450789469", "tags": "auto-approved" } }));

    let first: Value = serde_json::from_str(&mails.line("mail ").await).unwrap();
    assert_eq!((&first["from"], &first["to"]), (&json!("noreply@example.com"), &json!(["ada@example.com"])));
    assert_eq!(first["subject"], "Order 450789469");
    assert_eq!(first["parts"], json!({ "text/plain": "It is on its way." }));
    let all = mails.log();
    let second: Vec<Value> = all
        .lines()
        .filter_map(|line| line.strip_prefix("mail "))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(second[1]["to"], json!(["ada@example.com", "grace@example.com"]));
    assert_eq!(
        second[1]["parts"],
        json!({ "text/plain": "Hello <Ada>, A demo", "text/html": "<p>Hello &lt;Ada&gt;</p>" })
    );
    assert_eq!(report["outputs"]["message_id"], second[1]["id"], "{report}");

    for secret in [SLACK, SHOPIFY, MAIL] {
        assert!(
            !journal.contains(secret)
                && !server.log().contains(secret)
                && !report.to_string().contains(secret)
        );
    }
}

#[tokio::test]
async fn what_a_system_refuses_is_told_in_its_words_and_nothing_goes_to_another() {
    let target = Target::start().await;
    let (_mails, port) = mail_server().await;
    let templates = tempfile::tempdir().unwrap();
    let (_server, api) = server(&target, &port, templates.path()).await;
    let message = json!({ "channel": "#nowhere", "text": "Hello" });
    let mail = json!({ "to": "ada@example.com", "subject": "S", "body": "B" });
    let with = |field: &str, value: &str| {
        let mut mail = mail.clone();
        mail[field] = json!(value);
        mail
    };
    let templated = json!({ "to": "ada@example.com", "subject": "S", "template": "none" });
    let escaping = json!({ "to": "ada@example.com", "subject": "S", "template": "../master" });
    let order = json!({ "resourceId": "1/../../customers/2", "data": { "tags": "x" } });

    target.push(200, json!({ "ok": false, "error": "channel_not_found" }));
    let nodes = [
        ("unknown", node("n", "slack", "messages.send", None, &message), "channel_not_found", "Slack says"),
        (
            "foreign",
            node("n", "slack", "messages.send", Some("TECHSTART_SHOPIFY"), &message),
            "invalid_request",
            "no account",
        ),
        (
            "missing",
            node("n", "shopify", "orders.get", None, &json!({ "resourceId": 1 })),
            "invalid_request",
            "SHOPIFY_TOKEN",
        ),
        (
            "steps",
            node("n", "shopify", "orders.update", Some("TECHSTART_SHOPIFY"), &order),
            "invalid_request",
            "no id",
        ),
        (
            "nobody",
            node("n", "email", "send", None, &with("to", "nobody@example.com")),
            "550",
            "no such user",
        ),
        (
            "broken",
            node("n", "email", "send", None, &with("to", "no address")),
            "invalid_request",
            "no mail address",
        ),
        ("absent", node("n", "email", "send", None, &templated), "invalid_request", "none.txt"),
        ("escape", node("n", "email", "send", None, &escaping), "invalid_request", "no name of a template"),
        (
            "closed",
            node("n", "email", "send", Some("CLOSED_EMAIL_SMTP"), &mail),
            "connection_error",
            "no answer",
        ),
    ];
    for (name, node, code, says) in nodes {
        let (report, _) = run(&api, name, &[node], json!({})).await;
        assert_eq!(report["status"], "failed", "{name}: {report}");
        assert_eq!(report["error"]["code"], code, "{name}: {report}");
        assert!(report["error"]["message"].as_str().unwrap().contains(says), "{name}: {report}");
    }
    assert_eq!(target.asked().len(), 1, "only the first was sent");

    let unknown = node("n", "slack", "channels.archive", None, &json!({}));
    let document = json!({
        "schema": "conductor.workflow/1", "name": "unknown-operation", "source_format": "native",
        "nodes": [unknown], "edges": [], "entry": ["n"], "exit": ["n"],
    });
    api.post("/api/workflows/import", document).await.created();
    let body = json!({ "workflow": "unknown-operation", "inputs": {} });
    let refused = api.post("/api/execute/workflow", body).await;
    assert_eq!(refused.status, 422, "{refused}");
    assert!(refused.text.contains("channels.archive") && refused.text.contains("messages.send"), "{refused}");
}

#[tokio::test]
async fn rows_are_read_from_a_spreadsheet_and_added_to_another() {
    let target = Target::start().await;
    let (_mails, port) = mail_server().await;
    let templates = tempfile::tempdir().unwrap();
    let (server, api) = server(&target, &port, templates.path()).await;
    target.push(200, json!({ "range": "Orders!A1:B2", "majorDimension": "ROWS", "values": [["7", "tea"]] }));
    target.push(200, json!({ "spreadsheetId": "log-1", "updates": { "updatedRows": 1 } }));
    let nodes = [
        node(
            "read",
            "google_sheets",
            "values.get",
            None,
            &json!({ "spreadsheetId": "{{inputs.sheet}}", "range": "Orders!A1:B" }),
        ),
        node(
            "add",
            "google_sheets",
            "values.append",
            None,
            &json!({
                "spreadsheetId": "log-1", "range": "Log!A1",
                "values": [["{{inputs.sheet}}", "{{steps.read.output.values[0][1]}}", 1]],
            }),
        ),
    ];
    let (report, journal) = run(&api, "sheets", &nodes, json!({ "sheet": "orders-1" })).await;
    assert_eq!(report["status"], "completed", "{report}");
    let asked = target.asked();
    assert_eq!(
        (asked[0].method.as_str(), asked[0].path.as_str()),
        ("GET", "/v4/spreadsheets/orders-1/values/Orders%21A1%3AB")
    );
    assert_eq!(
        (asked[1].method.as_str(), asked[1].path.as_str()),
        ("POST", "/v4/spreadsheets/log-1/values/Log%21A1:append?valueInputOption=RAW")
    );
    assert_eq!(asked[1].body, json!({ "values": [["orders-1", "tea", 1]] }));
    assert_eq!(asked[1].headers["authorization"], format!("Bearer {SHEETS}"));
    assert!(!journal.contains(SHEETS) && !server.log().contains(SHEETS));

    // A row that would be none is refused before anything is sent.
    let wrong = json!({ "spreadsheetId": "log-1", "range": "A1", "values": "{{inputs.rows}}" });
    let wrong = node("n", "google_sheets", "values.update", None, &wrong);
    let (report, _) = run(&api, "no-rows", &[wrong], json!({ "rows": ["a"] })).await;
    assert_eq!(report["status"], "failed", "{report}");
    target.push(
        403,
        json!({ "error": { "code": 403, "message": "Not shared", "status": "PERMISSION_DENIED" } }),
    );
    let closed = json!({ "spreadsheetId": "other", "range": "A1" });
    let (report, _) =
        run(&api, "closed-sheet", &[node("n", "google_sheets", "values.clear", None, &closed)], json!({}))
            .await;
    assert_eq!((&report["status"], &report["error"]["code"]), (&json!("failed"), &json!("403")), "{report}");
    assert!(report["error"]["message"].as_str().unwrap().contains("Not shared"), "{report}");
    assert_eq!(target.asked().len(), 3, "nothing went out for the row that was none");
}

/// A workflow that asks, and is told of, by these channels.
fn asks(name: &str, channels: &[&str]) -> Value {
    json!({
        "schema": "conductor.workflow/1", "name": name, "source_format": "native",
        "nodes": [{ "id": "ask", "kind": "human", "config": {
            "title": "Pay <!channel> 40?", "message": "To ACME.", "decisions": ["yes"],
            "assignees": [Server::EMAIL], "channels": channels,
        } }],
        "edges": [], "entry": ["ask"], "exit": ["ask"],
    })
}

/// Starts a workflow, and gives its run and the question once everybody was told or could not be.
async fn told(api: &Api, document: Value) -> (String, Value) {
    let name = document["name"].clone();
    api.post("/api/workflows/import", document).await.created();
    let body = json!({ "workflow": name, "inputs": {} });
    let run =
        api.post("/api/execute/workflow", body).await.created()["run"]["id"].as_str().unwrap().to_owned();
    let settled = |event: &conductor_test_support::Event| {
        let told = event.data["notices"].as_array();
        event.name == "approval.told"
            && told.is_some_and(|all| all.iter().all(|notice| notice["status"] != "open"))
    };
    api.events(&run, 0).await.until_event("everybody was told", settled).await;
    let tasks = api.get("/api/tasks?status=pending").await.ok();
    (run, tasks["items"][0].clone())
}

/// How each channel was told.
fn statuses(task: &Value) -> Vec<(String, String)> {
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let notices = task["notices"].as_array().unwrap().iter();
    notices.map(|notice| (word(&notice["channel"]), word(&notice["status"]))).collect()
}

#[tokio::test]
async fn those_who_are_asked_are_told_once_and_what_fails_stays_with_the_question() {
    let target = Target::start().await;
    let (mut mails, port) = mail_server().await;
    let templates = tempfile::tempdir().unwrap();
    let (server, api) = server(&target, &port, templates.path()).await;
    let pair = |channel: &str, status: &str| (channel.to_owned(), status.to_owned());

    target.push(200, json!({ "ok": true, "channel": "C1", "ts": "1.2", "message": {} }));
    let (run, task) = told(&api, asks("asks", &["email", "slack:#approvals", "web", "pager", "email"])).await;
    assert_eq!(
        statuses(&task),
        [
            pair("email", "told"),
            pair("slack:#approvals", "told"),
            pair("web", "told"),
            pair("pager", "failed")
        ],
        "{task}"
    );
    let mail: Value = serde_json::from_str(&mails.line("mail ").await).unwrap();
    assert_eq!(mail["to"], json!([Server::EMAIL]));
    assert!(mail["subject"].as_str().unwrap().contains("Pay <!channel> 40?"), "{mail}");
    assert!(mail["parts"]["text/plain"].as_str().unwrap().contains("To ACME."), "{mail}");
    let asked = target.asked();
    assert_eq!((asked.len(), &asked[0].body["channel"]), (1, &json!("#approvals")));
    let text = asked[0].body["text"].as_str().unwrap();
    assert!(text.contains("40?") && !text.contains("<!channel>"), "nobody is called by a title: {text}");

    // The question is answered like every other, and nobody is told again.
    let decide = format!("/api/tasks/{}/decide", task["id"].as_str().unwrap());
    api.post(&decide, json!({ "decision": "yes" })).await.ok();
    let mut events = api.events(&run, 0).await;
    assert_eq!(events.until("run.finished").await.data["status"], "succeeded");
    let journal: String = events.seen().iter().map(|event| event.data.to_string()).collect();
    for secret in [SLACK, MAIL, Server::EMAIL] {
        assert!(!journal.contains(secret), "{secret} is in the journal");
    }
    assert!(!server.log().contains(MAIL));
    assert_eq!(mails.log().matches("mail {").count(), 1);

    // What a system or a policy refuses is said at the question, which waits all the same.
    target.push(200, json!({ "ok": false, "error": "channel_not_found" }));
    let (_, task) = told(&api, asks("refused", &["slack:#nowhere", "slack"])).await;
    assert_eq!(statuses(&task), [pair("slack:#nowhere", "failed"), pair("slack", "failed")]);
    assert!(task["notices"][0]["reason"].as_str().unwrap().contains("Slack says"), "{task}");
    let me = api.get("/api/auth/me").await.ok();
    let organization = me["organization"]["id"].as_str().unwrap().to_owned();
    let deny = json!({ "name": "No mail", "rules": [
        { "action": "tool.invoke", "target": "tool:integration/email.*", "effect": "deny" },
    ] });
    api.post(&format!("/api/v1/orgs/{organization}/policies"), deny).await.created();
    let (run, task) = told(&api, asks("denied", &["email"])).await;
    assert_eq!(statuses(&task), [pair("email", "failed")]);
    assert!(task["notices"][0]["reason"].as_str().unwrap().contains("Not allowed"), "{task}");
    let decide = format!("/api/tasks/{}/decide", task["id"].as_str().unwrap());
    api.post(&decide, json!({ "decision": "yes" })).await.ok();
    let finished = api.events(&run, 0).await.until("run.finished").await;
    assert_eq!(finished.data["status"], "succeeded");
    assert_eq!(mails.log().matches("mail {").count(), 1, "nothing leaves that is denied");
}

#[tokio::test]
async fn attack_nothing_that_is_labelled_lies_in_a_mailbox() {
    let target = Target::start().await;
    let (mut mails, port) = mail_server().await;
    let templates = tempfile::tempdir().unwrap();
    let (_server, api) = server(&target, &port, templates.path()).await;
    target.push(200, json!({ "ok": true, "channel": "C1", "ts": "1.2", "message": {} }));
    let kept =
        api.post("/api/workflows/import", asks("labelled", &["email", "slack:#approvals"])).await.created();
    let one = format!("/api/workflows/{}", kept["id"].as_str().unwrap());
    api.patch(&one, json!({ "data_classification": "confidential" })).await.ok();
    let body = json!({ "workflow": "labelled", "inputs": {} });
    api.post("/api/execute/workflow", body).await.created();
    let mail: Value = serde_json::from_str(&mails.line("mail ").await).unwrap();
    let mail = mail.to_string();
    assert!(!mail.contains("ACME") && !mail.contains("40?") && mail.contains("inbox"), "{mail}");
    let said = target.request(1).await.body["text"].to_string();
    assert!(!said.contains("40?") && !said.contains("ACME"), "a channel is read by anybody: {said}");
}

#[tokio::test]
async fn a_crash_while_somebody_is_told_tells_nobody_twice() {
    let target = Target::start().await;
    let (_mails, port) = mail_server().await;
    let templates = tempfile::tempdir().unwrap();
    let (mut server, api) = server(&target, &port, templates.path()).await;
    // It is sent, and no answer comes.
    target.push_silence();
    api.post("/api/workflows/import", asks("crashes", &["slack:#approvals"])).await.created();
    let body = json!({ "workflow": "crashes", "inputs": {} });
    let run =
        api.post("/api/execute/workflow", body).await.created()["run"]["id"].as_str().unwrap().to_owned();
    target.request(1).await;
    server.kill().await;
    server.restart().await;
    let settled = |event: &conductor_test_support::Event| {
        event.name == "approval.told" && event.data["notices"][0]["status"] == "failed"
    };
    let told = api.events(&run, 0).await.until_event("that nobody knows is said", settled).await;
    assert!(told.data["notices"][0]["reason"].as_str().unwrap().contains("may or may not"), "{told:?}");
    // It is the one question there is, and it can be answered.
    let tasks = api.get("/api/tasks?status=pending").await.ok();
    assert_eq!(tasks["items"].as_array().unwrap().len(), 1, "{tasks}");
    let decide = format!("/api/tasks/{}/decide", tasks["items"][0]["id"].as_str().unwrap());
    api.post(&decide, json!({ "decision": "yes" })).await.ok();
    let finished = api.events(&run, 0).await.until("run.finished").await;
    assert_eq!(finished.data["status"], "succeeded");
    assert_eq!(target.asked().len(), 1, "it is sent once");
}
