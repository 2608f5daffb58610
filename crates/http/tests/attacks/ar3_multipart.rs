//! A-R3: multipart boundaries that make the parser work before anybody is known (Langflow CVE-2026-55446).

use std::time::{Duration, Instant};

use crate::{canary::upload, world::World};

#[tokio::test]
async fn a_hostile_form_is_refused_quickly_and_keeps_nothing() {
    let (world, admin) = World::set_up().await;
    let before = world.rows();
    let long = "b".repeat(100_000);
    let dashes = "-".repeat(2_000_000);
    let parts = "--b\r\ncontent-disposition: form-data; name=\"x\"\r\n\r\n\r\n".repeat(20_000);
    let headers = format!("--b\r\n{}\r\n\r\nx\r\n--b--\r\n", "x-filler: y\r\n".repeat(50_000));
    let name = format!(
        "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\r\nx\r\n--b--\r\n",
        "n".repeat(1_000_000)
    );
    let forms: Vec<(String, Vec<u8>)> = vec![
        ("multipart/form-data".to_owned(), b"--b--\r\n".to_vec()),
        ("multipart/form-data; boundary=".to_owned(), b"----\r\n".to_vec()),
        ("multipart/form-data; boundary=\"\"".to_owned(), b"----\r\n".to_vec()),
        (format!("multipart/form-data; boundary={long}"), format!("--{long}--\r\n").into_bytes()),
        ("multipart/form-data; boundary=b; boundary=c".to_owned(), b"--c--\r\n".to_vec()),
        ("multipart/form-data; boundary=b".to_owned(), dashes.into_bytes()),
        ("multipart/form-data; boundary=b".to_owned(), parts.into_bytes()),
        ("multipart/form-data; boundary=b".to_owned(), headers.into_bytes()),
        ("multipart/form-data; boundary=b".to_owned(), b"--b\r\n".repeat(200_000)),
        ("multipart/form-data; boundary=b".to_owned(), b"\r\n--".repeat(200_000)),
        ("multipart/form-data; boundary=b".to_owned(), Vec::new()),
    ];
    for (number, (kind, body)) in forms.iter().enumerate() {
        let began = Instant::now();
        let anonymous = world.call("POST", "/api/files", None).with("content-type", kind).bytes(body.clone());
        anonymous.send().await.problem(401, "token_missing");
        let call =
            world.call("POST", "/api/files", None).by(&admin).with("content-type", kind).bytes(body.clone());
        let answer = call.send().await;
        assert!(answer.status.is_client_error(), "form {number}: {} {}", answer.status, answer.text());
        assert!(began.elapsed() < Duration::from_secs(5), "form {number} took {:?}", began.elapsed());
    }
    world.unchanged(&before, "a hostile form");
    // A name without an end is cut or refused, and the process goes on.
    let call = world.call("POST", "/api/files", None).by(&admin);
    let answer = call.with("content-type", "multipart/form-data; boundary=b").bytes(name).send().await;
    assert!(answer.status == 201 || answer.status.is_client_error(), "{} {}", answer.status, answer.text());
    if answer.status == 201 {
        assert!(answer.json()["name"].as_str().unwrap().len() <= 255, "{}", answer.text().len());
    }
    let (kind, body) = upload("a.txt", "text/plain", b"words");
    let call = world.call("POST", "/api/files", None).by(&admin).with("content-type", &kind).bytes(body);
    call.send().await.created();
}
