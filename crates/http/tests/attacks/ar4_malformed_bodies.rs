//! A-R4: a malformed body ends the process (LibreChat CVE-2026-31949). Every route that takes JSON gets what is none, or
//! what is too deep, too large or of the wrong kind: the answer is a 4xx, and the server goes on.

use serde_json::{Value, json};

use crate::{canary::NOBODY, world::World};

fn bodies() -> Vec<Vec<u8>> {
    let deep =
        |open: &str, close: &str, depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
    let mut all: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"{".to_vec(),
        b"}".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"0".to_vec(),
        b"\"\"".to_vec(),
        b"NaN".to_vec(),
        b"{\"a\":1e999999}".to_vec(),
        b"{\"a\":1,\"a\":2}".to_vec(),
        b"{\"\xff\xfe\":1}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{\"a\":\"\\ud800\"}".to_vec(),
        b"{\"__proto__\":{\"polluted\":true}}".to_vec(),
        b"{} {}".to_vec(),
        vec![0; 64],
        vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0],
    ];
    all.push(deep("[", "]", 100_000).into_bytes());
    all.push(deep("{\"a\":", "}", 100_000).into_bytes());
    all.push(format!("{{\"a\":{}}}", "9".repeat(100_000)).into_bytes());
    all.push(format!("{{{}\"z\":1}}", "\"a\":1,".repeat(20_000)).into_bytes());
    all
}

/// Fields of the right name and the wrong kind.
fn wrong(schema: &Value) -> Vec<Value> {
    let names: Vec<&String> =
        schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name).collect();
    let kinds = [
        json!(null),
        json!([]),
        json!({}),
        json!(-1),
        json!(1e300),
        json!(true),
        json!("\u{0}"),
        json!([[[[]]]]),
    ];
    kinds.iter().map(|kind| names.iter().map(|name| ((*name).clone(), kind.clone())).collect()).collect()
}

#[tokio::test]
async fn no_body_ends_the_process_or_reaches_a_row() {
    let (world, admin) = World::set_up().await;
    let document = world.get("/openapi.json").send().await.ok();
    let bodies = bodies();
    let mut sent = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["post", "put", "patch"] {
            let schema = item.pointer(&format!("/{method}/requestBody/content/application~1json/schema"));
            let Some(schema) = schema else { continue };
            let schema = schema["$ref"].as_str().map_or(schema, |to| document.pointer(&to[1..]).unwrap());
            let filled = path.split('/').map(|segment| match segment {
                "{org_id}" => admin.organization(),
                segment if segment.starts_with('{') => NOBODY.to_owned(),
                segment => segment.to_owned(),
            });
            let filled = filled.collect::<Vec<_>>().join("/");
            let wrong = wrong(schema).into_iter().map(|body| body.to_string().into_bytes());
            for (number, body) in bodies.iter().cloned().chain(wrong).enumerate() {
                let call = world.call(&method.to_uppercase(), &filled, None).by(&admin);
                let answer = call.with("content-type", "application/json").bytes(body).send().await;
                // Some take nothing at all for nothing to change, and one says of any text what is wrong with it.
                let tells = path == "/api/workflows/check";
                let fine = answer.status.is_client_error()
                    || ((number >= bodies.len() || tells) && answer.status.is_success());
                let text = answer.text();
                assert!(
                    fine,
                    "{method} {path}, body {number}: {} {}",
                    answer.status,
                    &text[..text.len().min(300)]
                );
                sent += 1;
            }
        }
    }
    assert!(sent > 2_000, "{sent} bodies");
    world.get("/health").send().await.status(200);
    world.sign_in(crate::world::ADMIN).await;
}
