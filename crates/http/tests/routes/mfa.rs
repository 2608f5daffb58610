//! A second factor: set up, asked for at sign-in, renewed, removed; and organisations that ask for it.

use conductor_test_support::totp;
use serde_json::{Value, json};

use crate::world::{ADMIN, Answer, PASSWORD, Person, World};

/// What an authenticator app shows so many steps from now.
fn code(world: &World, secret: &str, steps: i64) -> String {
    use conductor_domain::Clock;
    totp(secret, world.clock.now().timestamp() + 30 * steps)
}

async fn sign_in(world: &World, otp: Option<&str>) -> Answer {
    let body = json!({ "email": ADMIN, "password": PASSWORD, "otp": otp });
    world.post("/api/auth/login", body).send().await
}

/// Sets the caller's second factor up: the shared secret and the recovery codes.
async fn enrol(world: &World, by: &Person) -> (String, Vec<String>) {
    let begun = world.post("/api/auth/mfa", json!({ "password": PASSWORD })).by(by).send().await.ok();
    let secret = begun["secret"].as_str().unwrap().to_owned();
    let body = json!({ "code": code(world, &secret, 0) });
    let confirmed = world.post("/api/auth/mfa/confirm", body).by(by).send().await.ok();
    let codes = confirmed["recovery_codes"].as_array().unwrap().iter();
    (secret, codes.map(|code| code.as_str().unwrap().to_owned()).collect())
}

#[tokio::test]
async fn sign_in_asks_for_the_code_once_it_is_set_up() {
    let (world, admin) = World::set_up().await;
    let state = world.get("/api/auth/mfa").by(&admin).send().await.ok();
    assert_eq!(
        state,
        json!({ "enabled": false, "confirmed_at": null, "recovery_codes_left": 0, "required": false })
    );
    let wrong = world.post("/api/auth/mfa", json!({ "password": "not the password at all" })).by(&admin);
    assert_eq!(wrong.send().await.problem(422, "validation_failed")["errors"][0]["code"], "wrong_password");

    let answer = world.post("/api/auth/mfa", json!({ "password": PASSWORD })).by(&admin).send().await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let begun = answer.ok();
    let secret = begun["secret"].as_str().unwrap();
    let address = begun["otpauth_uri"].as_str().unwrap();
    assert!(address.starts_with("otpauth://totp/Conductor:admin@example.com?secret="), "{address}");
    assert!(address.contains(secret));
    // Begun is not set up: it asks for nothing yet, and a wrong code does not end it.
    sign_in(&world, None).await.status(200);
    let wrong = world.post("/api/auth/mfa/confirm", json!({ "code": "000000" })).by(&admin).send().await;
    assert_eq!(wrong.problem(422, "validation_failed")["errors"][0]["code"], "otp_invalid");
    let body = json!({ "code": code(&world, secret, 0) });
    let confirmed = world.post("/api/auth/mfa/confirm", body).by(&admin).send().await.ok();
    assert_eq!(confirmed["recovery_codes"].as_array().unwrap().len(), 10);

    let user = world.get("/api/auth/me").by(&admin).send().await.ok();
    assert_eq!(user["user"]["mfa_enabled"], true);
    assert!(!user.to_string().contains(secret));
    let problem = sign_in(&world, None).await.problem(401, "otp_required");
    assert!(problem.get("access_token").is_none());
    sign_in(&world, Some("")).await.problem(401, "otp_required");
    sign_in(&world, Some("000000")).await.problem(401, "otp_invalid");
    // The code that confirmed it was used.
    sign_in(&world, Some(&code(&world, secret, 0))).await.problem(401, "otp_invalid");
    let next = code(&world, secret, 1);
    sign_in(&world, Some(&format!("{} {}", &next[..3], &next[3..]))).await.status(200);
    sign_in(&world, Some(&next)).await.problem(401, "otp_invalid");
    world.advance(60);
    sign_in(&world, Some(&code(&world, secret, -1))).await.problem(401, "otp_invalid");
    sign_in(&world, Some(&code(&world, secret, 0))).await.status(200);
    world.advance(90);
    sign_in(&world, Some(&code(&world, secret, -2))).await.problem(401, "otp_invalid");
    sign_in(&world, Some(&code(&world, secret, 2))).await.problem(401, "otp_invalid");
    sign_in(&world, Some(&code(&world, secret, -1))).await.status(200);
    // Whoever has not the password learns nothing of the second factor.
    let body = json!({ "email": ADMIN, "password": "not the password at all", "otp": next });
    world.post("/api/auth/login", body).send().await.problem(401, "sign_in_refused");
}

#[tokio::test]
async fn a_code_opens_one_session_of_two_that_come_together() {
    let (world, admin) = World::set_up().await;
    let (secret, _) = enrol(&world, &admin).await;
    world.advance(30);
    let otp = code(&world, &secret, 0);
    let (one, other) = futures::join!(sign_in(&world, Some(&otp)), sign_in(&world, Some(&otp)));
    let mut answers = [one.status.as_u16(), other.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [200, 401]);
}

#[tokio::test]
async fn codes_are_guessed_a_few_times_only() {
    let (world, admin) = World::set_up().await;
    let (secret, recovery) = enrol(&world, &admin).await;
    world.advance(30);
    // The password alone between guesses forgives none of them.
    for guess in 0..5 {
        sign_in(&world, Some(&format!("00000{guess}"))).await.problem(401, "otp_invalid");
        if guess < 4 {
            sign_in(&world, None).await.problem(401, "otp_required");
        }
    }
    for otp in [None, Some(code(&world, &secret, 0)), Some(recovery[0].clone())] {
        sign_in(&world, otp.as_deref()).await.problem(429, "rate_limited");
    }
    world.advance(31);
    sign_in(&world, Some(&code(&world, &secret, 0))).await.status(200);
}

#[tokio::test]
async fn codes_are_guessed_a_few_times_only_where_they_guard_a_change() {
    let (world, admin) = World::set_up().await;
    enrol(&world, &admin).await;
    for guess in 0..5 {
        let body = json!({ "password": PASSWORD, "code": format!("00000{guess}") });
        let wrong = world.post("/api/auth/mfa/disable", body).by(&admin).send().await;
        assert_eq!(wrong.problem(422, "validation_failed")["errors"][0]["pointer"], "/code");
    }
    let body = json!({ "password": PASSWORD, "code": "000009" });
    world.post("/api/auth/mfa/recovery-codes", body).by(&admin).send().await.problem(429, "rate_limited");
    assert_eq!(world.get("/api/auth/mfa").by(&admin).send().await.ok()["enabled"], true);
}

#[tokio::test]
async fn recovery_codes_work_once_each() {
    let (world, admin) = World::set_up().await;
    let (secret, codes) = enrol(&world, &admin).await;
    sign_in(&world, Some(&codes[0].to_uppercase())).await.status(200);
    sign_in(&world, Some(&codes[0])).await.problem(401, "otp_invalid");
    sign_in(&world, Some(&codes[9].replace('-', ""))).await.status(200);
    assert_eq!(world.get("/api/auth/mfa").by(&admin).send().await.ok()["recovery_codes_left"], 8);

    world.advance(30);
    let body = json!({ "password": PASSWORD, "code": code(&world, &secret, 0) });
    let renewed = world.post("/api/auth/mfa/recovery-codes", body).by(&admin).send().await.ok();
    assert_eq!(world.get("/api/auth/mfa").by(&admin).send().await.ok()["recovery_codes_left"], 10);
    sign_in(&world, Some(&codes[1])).await.problem(401, "otp_invalid");
    sign_in(&world, Some(renewed["recovery_codes"][3].as_str().unwrap())).await.status(200);
}

#[tokio::test]
async fn removing_it_needs_password_and_code() {
    let (world, admin) = World::set_up().await;
    let (secret, _) = enrol(&world, &admin).await;
    world
        .post("/api/auth/mfa", json!({ "password": PASSWORD }))
        .by(&admin)
        .send()
        .await
        .problem(409, "mfa_enabled");
    world.advance(30);
    let disable = |password: &str, code: &str| {
        let body = json!({ "password": password, "code": code });
        world.post("/api/auth/mfa/disable", body).by(&admin).send()
    };
    let good = code(&world, &secret, 0);
    disable("not the password at all", &good).await.problem(422, "validation_failed");
    disable(PASSWORD, "000000").await.problem(422, "validation_failed");
    disable(PASSWORD, "").await.problem(422, "validation_failed");
    assert_eq!(world.get("/api/auth/mfa").by(&admin).send().await.ok()["enabled"], true);
    disable(PASSWORD, &good).await.status(204);
    sign_in(&world, None).await.status(200);
    disable(PASSWORD, &good).await.problem(409, "mfa_missing");
    // Another one can be set up, with another secret.
    let (other, _) = enrol(&world, &admin).await;
    assert_ne!(other, secret);
}

#[tokio::test]
async fn setting_it_up_ends_other_sessions() {
    let (world, admin) = World::set_up().await;
    let elsewhere = world.sign_in(ADMIN).await;
    enrol(&world, &admin).await;
    world.get("/api/auth/me").by(&elsewhere).send().await.problem(401, "token_revoked");
    world.get("/api/auth/me").by(&admin).send().await.status(200);
}

#[tokio::test]
async fn an_organisation_that_asks_for_it_leads_its_members_there() {
    let (world, admin) = World::set_up().await;
    let grace = world.invite(&admin, "grace@example.com", "member").await;
    let org = format!("/api/v1/orgs/{}", admin.organization());
    let ask = |required: bool| world.patch(&org, json!({ "requires_mfa": required })).by(&admin).send();
    ask(true).await.problem(409, "mfa_missing");
    enrol(&world, &admin).await;
    let member = world.patch(&org, json!({ "requires_mfa": true })).by(&grace).send().await;
    member.problem(403, "role_missing");
    assert_eq!(ask(true).await.ok()["requires_mfa"], true);

    for path in ["/api/conversations", "/api/agents", "/api/v1/orgs", "/api/models", org.as_str()] {
        world.get(path).by(&grace).send().await.problem(403, "mfa_required");
        world.get(path).by(&admin).send().await.status(200);
    }
    let conversation = world.post("/api/conversations", json!({})).by(&grace).send().await;
    conversation.problem(403, "mfa_required");
    let me = world.get("/api/auth/me").by(&grace).send().await.ok();
    assert_eq!((&me["lacks_mfa"], &me["user"]["mfa_enabled"]), (&json!(true), &json!(false)));
    assert_eq!(world.get("/api/auth/mfa").by(&grace).send().await.ok()["required"], true);
    // Her own organisation asks for nothing.
    let personal = world.get("/api/v1/auth/me/orgs").by(&grace).send().await.ok();
    let personal =
        personal["items"].as_array().unwrap().iter().find(|one| one["is_personal"] == true).unwrap();
    let id = personal["id"].as_str().unwrap();
    world.get("/api/conversations").with("x-conductor-organization", id).by(&grace).send().await.status(200);

    enrol(&world, &grace).await;
    world.get("/api/conversations").by(&grace).send().await.status(200);
    assert_eq!(world.get("/api/auth/me").by(&grace).send().await.ok()["lacks_mfa"], false);
    ask(false).await.ok();
}

#[tokio::test]
async fn an_invitation_does_not_walk_around_it() {
    let (world, admin) = World::set_up().await;
    let body = json!({ "email": "grace@example.com", "role": "member" });
    let members = format!("/api/v1/orgs/{}/members", admin.organization());
    let invited: Value = world.post(&members, body).by(&admin).send().await.created();
    let token = invited["invite_link"].as_str().unwrap().split_once("token=").unwrap().1.to_owned();
    let body = json!({ "token": token, "password": PASSWORD });
    world.post("/api/auth/invite/accept", body.clone()).send().await.ok();
    world.post("/api/auth/invite/accept", body).send().await.problem(400, "link_invalid");
}
