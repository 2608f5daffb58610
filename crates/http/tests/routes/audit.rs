//! The audit log at the door: who may read it, in which words, as which file, and whether it holds.

use conductor_access::audit::verify_export;
use conductor_domain::{Caller, Classification, NewAuditEvent};
use serde_json::{Value, json};

use crate::world::{Person, World};

/// An entry about something with a name of the caller's choosing.
async fn record(world: &World, person: &Person, target: &str) {
    let caller = caller(world, person).await;
    let entry = NewAuditEvent::by(&caller, "agent.read", "agent.read", target.to_owned())
        .on("agent", uuid::Uuid::from_u128(7))
        .labelled(Classification::Restricted);
    let rows = world.store.scoped(caller.scope);
    rows.write(move |tx| Box::pin(async move { tx.audit().record(entry).await })).await.unwrap();
}

async fn caller(world: &World, person: &Person) -> Caller {
    let mut headers = axum::http::HeaderMap::new();
    headers.insert("authorization", format!("Bearer {}", person.token).parse().unwrap());
    let path = conductor_identity::PathScope::default();
    world.identity.authenticate(&headers, path, Default::default()).await.unwrap().caller
}

fn log(person: &Person) -> String {
    format!("/api/v1/orgs/{}/audit", person.organization())
}

fn targets(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|entry| entry["target"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn administrators_read_the_log_of_their_organisation() {
    let (world, admin) = World::set_up().await;
    world.advance(1);
    world
        .post("/api/agents", json!({ "name": "Helper" }))
        .by(&admin)
        .from("192.0.2.9")
        .send()
        .await
        .created();
    let page = world.get(&log(&admin)).by(&admin).send().await.ok();
    let entry = &page["items"][0];
    assert_eq!(entry["event_type"], "agent.created");
    assert_eq!((&entry["action"], &entry["decision"]), (&json!("agent.create"), &json!("allow")));
    assert_eq!(entry["subject"], format!("user:{}", admin.id()));
    assert_eq!((&entry["user_id"], &entry["ip_address"]), (&json!(admin.id()), &json!("192.0.2.9")));
    assert_eq!((&entry["seq"], &entry["hash"]), (&Value::Null, &Value::Null), "not sealed yet");
    assert_eq!(entry["organization_id"], admin.organization());

    world.sealer.pass().await.unwrap();
    let path = format!("{}/{}", log(&admin), entry["id"].as_str().unwrap());
    let sealed = world.get(&path).by(&admin).send().await.ok();
    assert!(sealed["seq"].as_i64().unwrap() > 1, "{sealed}");
    assert_eq!(sealed["hash"].as_str().unwrap().len(), 64);
    world
        .get(&format!("{}/0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60", log(&admin)))
        .by(&admin)
        .send()
        .await
        .problem(404, "not_found");

    let found =
        world.get(&format!("{}?action=agent.*&decision=allow", log(&admin))).by(&admin).send().await.ok();
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    for nothing in [
        "decision=deny",
        "event_type=agent.deleted",
        "ts_to=2020-01-01T00:00:00Z",
        "data_classification=restricted",
    ] {
        let found = world.get(&format!("{}?{nothing}", log(&admin))).by(&admin).send().await.ok();
        assert_eq!(found["items"], json!([]), "{nothing}");
    }
    for wrong in ["decision=maybe", "ts_from=yesterday", "user_id=me"] {
        world
            .get(&format!("{}?{wrong}", log(&admin)))
            .by(&admin)
            .send()
            .await
            .problem(422, "validation_failed");
    }
    world.get(&format!("{}?actor=x", log(&admin))).by(&admin).send().await.problem(422, "unknown_field");
}

#[tokio::test]
async fn pages_go_back_in_time_and_end() {
    let (world, admin) = World::set_up().await;
    for number in 0..5 {
        world.advance(1);
        record(&world, &admin, &format!("agent:{number}")).await;
    }
    let first = world.get(&format!("{}?action=agent.read&limit=3", log(&admin))).by(&admin).send().await.ok();
    assert_eq!(targets(&first), ["agent:4", "agent:3", "agent:2"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let path = format!("{}?action=agent.read&limit=3&cursor={cursor}", log(&admin));
    let rest = world.get(&path).by(&admin).send().await.ok();
    assert_eq!((targets(&rest), &rest["next_cursor"]), (vec!["agent:1", "agent:0"], &Value::Null));
    let other = format!("{}?limit=3&cursor={cursor}", log(&admin));
    world.get(&other).by(&admin).send().await.problem(400, "invalid_cursor");
}

#[tokio::test]
async fn the_log_is_for_those_who_may() {
    let (world, admin) = World::set_up().await;
    let member = world.invite(&admin, "grace@example.com", "member").await;
    let viewer = world.invite(&admin, "vera@example.com", "viewer").await;
    let stranger = world.stranger().await;
    let entry =
        world.get(&log(&admin)).by(&admin).send().await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
    let base = log(&admin);
    let paths = [
        base.clone(),
        format!("{base}/{entry}"),
        format!("{base}/export"),
        format!("{base}/export?format=csv"),
        format!("{base}/chain"),
        format!("{base}/chain?verify=true"),
        format!("{base}/compliance"),
        format!("{base}/compliance?format=csv"),
    ];
    for path in &paths {
        world.get(path).by(&admin).send().await.status(200);
        for person in [&member, &viewer] {
            world.get(path).by(person).send().await.problem(403, "role_missing");
        }
        world.get(path).by(&stranger).send().await.problem(404, "not_found");
        world.get(path).send().await.problem(401, "token_missing");
    }
    world.get("/api/audit/access-logs").by(&member).send().await.problem(403, "role_missing");
    for person in [&member, &viewer, &stranger] {
        world.get("/api/v1/audit").by(person).send().await.problem(403, "role_missing");
    }
    // Each refusal is one entry of the log that was asked for.
    let denied = world
        .get(&format!("{base}?decision=deny&subject=user:{}&limit=100", member.id()))
        .by(&admin)
        .send()
        .await
        .ok();
    let denied = denied["items"].as_array().unwrap();
    assert_eq!(denied.len(), paths.len() + 2, "each of the log's routes, the access log and the platform's");
    assert!(
        denied
            .iter()
            .all(|entry| entry["event_type"] == "access.denied" && entry["denial_reason"].is_string())
    );
    // An entry of one's own organisation is not reachable through another's.
    let foreign = format!("{}/{entry}", log(&stranger));
    world.get(&foreign).by(&stranger).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn the_platform_s_log_is_the_last_day_of_everybody() {
    let (world, _) = World::set_up().await;
    let stranger = world.stranger().await;
    record(&world, &stranger, "agent:long-ago").await;
    world.advance(24 * 3_600 + 1);
    // Tokens have run out meanwhile.
    let (admin, stranger) =
        (world.sign_in(crate::world::ADMIN).await, world.sign_in("mallory@example.com").await);
    record(&world, &stranger, "agent:today").await;
    let page = world.get("/api/v1/audit").by(&admin).send().await.ok();
    assert!(targets(&page).contains(&"agent:today"));
    assert!(!targets(&page).contains(&"agent:long-ago"));
}

#[tokio::test]
async fn accesses_are_told_in_the_words_of_access_logs() {
    let (world, admin) = World::set_up().await;
    let member = world.invite(&admin, "grace@example.com", "member").await;
    record(&world, &admin, "agent:x").await;
    world.get(&log(&admin)).by(&member).send().await.problem(403, "role_missing");
    let page = world.get("/api/audit/access-logs?resource_type=agent").by(&admin).send().await.ok();
    let access = &page["items"][0];
    assert_eq!((&access["action"], &access["was_granted"]), (&json!("read"), &json!(true)));
    assert_eq!(
        (&access["resource_type"], &access["data_classification_accessed"]),
        (&json!("agent"), &json!("restricted"))
    );
    assert_eq!(access["user_id"], admin.id());
    let path = format!("/api/audit/access-logs?was_granted=false&user_id={}", member.id());
    let refused = world.get(&path).by(&admin).send().await.ok();
    assert_eq!(refused["items"].as_array().unwrap().len(), 1);
    assert_eq!(refused["items"][0]["was_granted"], false);
    assert!(refused["items"][0]["denial_reason"].as_str().unwrap().contains("audit.read"));
    world.get("/api/audit/access-logs?subject=x").by(&admin).send().await.problem(422, "unknown_field");
}

#[tokio::test]
async fn an_export_verifies_without_a_database() {
    let (world, admin) = World::set_up().await;
    record(&world, &admin, "agent:x").await;
    world.sealer.pass().await.unwrap();
    let chain = world.get(&format!("{}/chain", log(&admin))).by(&admin).send().await.ok();
    let answer = world.get(&format!("{}/export", log(&admin))).by(&admin).send().await.status(200);
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    assert!(answer.header("content-disposition").starts_with("attachment; filename=\"audit-"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let text = answer.text();
    let key = conductor_secrets::PublicKey::from_base64(chain["keys"][0]["public_key"].as_str().unwrap(), "")
        .unwrap();
    let reports = verify_export(|| Ok(text.as_bytes()), &[key]).unwrap();
    let [report] = reports.as_slice() else { panic!("{reports:?}") };
    assert_eq!(Some(report.to), chain["sealed_to"].as_i64());
    assert_eq!((report.from, report.checkpoints, &report.fault), (1, 1, &None));

    // A changed word, a line that is gone, an end that is cut off: each is named.
    let changed = text.replacen("agent:x", "agent:y", 1);
    let fault = verify_export(|| Ok(changed.as_bytes()), &[key]).unwrap().remove(0).fault.unwrap();
    let line = text.lines().position(|line| line.contains("agent:x")).unwrap();
    assert_eq!(fault.seq, i64::try_from(line).unwrap() + 1, "{fault:?}");
    let without: String =
        text.split_inclusive('\n').enumerate().filter(|(at, _)| *at != 1).map(|(_, line)| line).collect();
    assert_eq!(verify_export(|| Ok(without.as_bytes()), &[key]).unwrap()[0].fault.as_ref().unwrap().seq, 2);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let cut = format!("{}{}", lines[0], lines.last().unwrap());
    assert!(verify_export(|| Ok(cut.as_bytes()), &[key]).unwrap()[0].fault.is_some());
    let broken = format!("{text}x\n");
    assert!(verify_export(|| Ok(broken.as_bytes()), &[key]).unwrap_err().contains("line"));
    // That it was taken is an entry of the log.
    let taken = world.get(&format!("{}?event_type=audit.exported", log(&admin))).by(&admin).send().await.ok();
    assert_eq!(taken["items"][0]["event_data"], json!({ "format": "jsonl", "whole": true }));
}

#[tokio::test]
async fn a_table_computes_nothing() {
    let (world, admin) = World::set_up().await;
    for target in ["=HYPERLINK(\"https://evil.example\",\"x\")", "+1", "-1", "@SUM(A1)", "\t=1", "plain"] {
        record(&world, &admin, target).await;
    }
    world.sealer.pass().await.unwrap();
    let path = format!("{}/export?format=csv&action=agent.read", log(&admin));
    let answer = world.get(&path).by(&admin).send().await.status(200);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    let text = answer.text();
    assert!(text.starts_with("seq,id,ts,event_type,subject"), "{text}");
    assert_eq!(text.lines().count(), 7, "{text}");
    assert!(text.contains("\"'=HYPERLINK(\"\"https://evil.example\"\",\"\"x\"\")\""), "{text}");
    for start in [",=", ",+", ",-", ",@", ",\"=", ",\"+", ",\"-", ",\"@", ",\t", ",\"\t"] {
        assert!(!text.contains(start), "{start:?} begins a cell in {text}");
    }
}

#[tokio::test]
async fn the_chain_is_checked_when_asked() {
    let (world, admin) = World::set_up().await;
    let path = format!("{}/chain", log(&admin));
    let before = world.get(&path).by(&admin).send().await.ok();
    assert_eq!(
        (&before["sealed_to"], &before["head_hash"], &before["verification"]),
        (&json!(0), &Value::Null, &Value::Null)
    );
    let unsealed = before["unsealed"].as_i64().unwrap();
    assert!(unsealed > 0);
    world.sealer.pass().await.unwrap();
    let after = world.get(&path).by(&admin).send().await.ok();
    assert_eq!((after["sealed_to"].as_i64().unwrap(), &after["unsealed"]), (unsealed, &json!(0)));
    assert_eq!(after["last_checkpoint"]["seq"], unsealed);
    assert_eq!(after["verification"], Value::Null, "nobody asked");
    let verified = world.get(&format!("{path}?verify=true")).by(&admin).send().await.ok();
    assert_eq!(
        (&verified["verification"]["ok"], &verified["verification"]["to"]),
        (&json!(true), &json!(unsealed))
    );
    assert_eq!(
        world.get(&path).by(&admin).send().await.ok()["verification"],
        verified["verification"],
        "and it is remembered"
    );
    world.get(&format!("{path}?verify=maybe")).by(&admin).send().await.problem(422, "validation_failed");
}

#[tokio::test]
async fn who_accessed_what_is_counted() {
    let (world, admin) = World::set_up().await;
    record(&world, &admin, "agent:x").await;
    world.advance(1);
    record(&world, &admin, "agent:x").await;
    world.advance(1);
    let path = format!("{}/compliance", log(&admin));
    let report = world.get(&path).by(&admin).send().await.ok();
    let row = report["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["data_classification"] == "restricted")
        .unwrap();
    assert_eq!(
        (&row["action"], &row["resources"], &row["allowed"], &row["denied"]),
        (&json!("agent.read"), &json!(1), &json!(2), &json!(0))
    );
    assert_eq!((&row["email"], &row["name"]), (&json!("admin@example.com"), &json!("Ada Admin")));
    assert_eq!(report["cut"], false);
    let pieces = report["over_time"].as_array().unwrap();
    let labelled: Vec<&Value> =
        pieces.iter().filter(|piece| piece["data_classification"] == "restricted").collect();
    assert_eq!((labelled.len(), &report["grouping"]), (1, &json!("day")), "{pieces:?}");
    assert_eq!((&labelled[0]["allowed"], &labelled[0]["denied"]), (&json!(2), &json!(0)));
    assert!(labelled[0]["start"].as_str().unwrap().contains("T00:00:00"), "{pieces:?}");
    let years = format!("{path}?from=2000-01-01T00:00:00Z&to=2099-01-01T00:00:00Z");
    assert_eq!(world.get(&years).by(&admin).send().await.ok()["grouping"], "month");
    let later = format!("{path}?from=2099-01-01T00:00:00Z&to=2099-02-01T00:00:00Z");
    assert_eq!(world.get(&later).by(&admin).send().await.ok()["items"], json!([]));
    let backwards = format!("{path}?from=2099-02-01T00:00:00Z&to=2099-01-01T00:00:00Z");
    world.get(&backwards).by(&admin).send().await.problem(422, "validation_failed");
    let table = world.get(&format!("{path}?format=csv")).by(&admin).send().await.status(200);
    assert!(table.header("content-disposition").contains("compliance-"));
    assert!(
        table.text().contains("admin@example.com,Ada Admin,agent.read,agent,restricted,1,2,0,"),
        "{}",
        table.text()
    );
}
