//! Two at once.

use std::sync::Arc;

use chrono::TimeDelta;
use conductor_domain::{Clock, FixedClock, OrganizationRole, PlatformRole, Redacted, SystemClock};
use conductor_identity::{AccountChange, Client, Credentials, Error};
use conductor_test_support::TestDb;
use data_encoding::BASE32_NOPAD;
use futures::future::{join, join_all};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::world::{PASSWORD, World, first_account};

#[tokio::test]
async fn one_of_many_makes_the_first_account() {
    for database in TestDb::each() {
        let world = World::on(database).await;
        let token = world.identity.setup_token().await.unwrap().unwrap();
        let client = Client::default();
        let attempts =
            join_all((0..4).map(|_| world.identity.set_up(first_account(token.clone()), &client))).await;
        assert_eq!(attempts.iter().filter(|attempt| attempt.is_ok()).count(), 1, "{attempts:?}");
        world.sign_in("admin@example.com").await.unwrap();
        assert!(!world.identity.needs_setup().await.unwrap());
    }
}

#[tokio::test]
async fn of_two_parallel_refreshes_one_wins_and_the_session_lives() {
    for database in TestDb::each() {
        let clock = FixedClock::at(SystemClock.now());
        let world = World::timed(database, Arc::<FixedClock>::clone(&clock)).await;
        let admin = world.first_account().await;
        let refresh = || world.identity.refresh(&admin.refresh_token);
        let (one, other) = join(refresh(), refresh()).await;
        let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
        assert!(matches!(lost, Err(Error::TokenRevoked)), "{lost:?}");
        // The twin that came too late is no thief: what the winner got goes on working.
        let next = world.identity.refresh(&won.unwrap().refresh_token).await.unwrap();
        world.caller(&next).await;
        // Whoever shows the old token afterwards is one.
        clock.advance(TimeDelta::seconds(6));
        assert!(matches!(world.identity.refresh(&admin.refresh_token).await, Err(Error::TokenRevoked)));
        assert!(matches!(world.identity.refresh(&next.refresh_token).await, Err(Error::TokenRevoked)));
    }
}

#[tokio::test]
async fn of_two_owners_who_leave_at_once_one_stays() {
    for database in TestDb::each() {
        let (world, admin) = World::set_up(database).await;
        let ada = world.caller(&admin).await;
        let grace = world.invite(&ada, "grace@example.com", OrganizationRole::Owner).await;
        let grace = world.caller(&grace).await;
        let leave = |who| world.identity.remove_member(who, conductor_domain::Caller::user_id(who).unwrap());
        let (one, other) = join(leave(&ada), leave(&grace)).await;
        let outcomes = [one, other];
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        assert!(outcomes.iter().any(|outcome| matches!(outcome, Err(Error::LastOwner))), "{outcomes:?}");
    }
}

#[tokio::test]
async fn of_two_administrators_who_step_down_at_once_one_stays() {
    for database in TestDb::each() {
        let (world, admin) = World::set_up(database).await;
        let ada = world.caller(&admin).await;
        let grace = world.invite(&ada, "grace@example.com", OrganizationRole::Member).await;
        let promote = AccountChange { role: Some(PlatformRole::Admin), ..Default::default() };
        world.identity.update_user(&ada, grace.user.id, promote).await.unwrap();
        let grace = world.caller(&grace).await;
        let step_down = AccountChange { role: Some(PlatformRole::Guest), ..Default::default() };
        let leave = |who| {
            let id = conductor_domain::Caller::user_id(who).unwrap();
            world.identity.update_user(who, id, step_down.clone())
        };
        let (one, other) = join(leave(&ada), leave(&grace)).await;
        assert_eq!([&one, &other].iter().filter(|outcome| outcome.is_ok()).count(), 1, "{one:?} {other:?}");
    }
}

#[tokio::test]
async fn an_invitation_is_accepted_once() {
    for database in TestDb::each() {
        let (world, admin) = World::set_up(database).await;
        let ada = world.caller(&admin).await;
        let new = conductor_identity::NewMember {
            email: "grace@example.com".to_owned(),
            role: OrganizationRole::Member,
            name: None,
        };
        let token = world.identity.add_member(&ada, new).await.unwrap().token.unwrap();
        let accept = || {
            let accept = conductor_identity::AcceptInvite {
                token: token.clone(),
                password: conductor_domain::Redacted::new(crate::world::PASSWORD.to_owned()),
                name: None,
            };
            async { world.identity.accept_invite(accept, &Client::default()).await }
        };
        let attempts = join_all((0..3).map(|_| accept())).await;
        assert_eq!(attempts.iter().filter(|attempt| attempt.is_ok()).count(), 1, "{attempts:?}");
    }
}

/// What an authenticator app shows now.
fn code(secret: &Redacted<String>) -> Redacted<String> {
    let key = BASE32_NOPAD.decode(secret.expose().as_bytes()).unwrap();
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).unwrap();
    mac.update(&(SystemClock.now().timestamp() / 30).to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[19] & 15);
    let number = u32::from_be_bytes(hash[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    Redacted::new(format!("{:06}", number % 1_000_000))
}

#[tokio::test]
async fn a_recovery_code_opens_one_of_many_sessions() {
    for database in TestDb::each() {
        let (world, admin) = World::set_up(database).await;
        let ada = world.caller(&admin).await;
        let password = Redacted::new(PASSWORD.to_owned());
        let begun = world.identity.begin_mfa(&ada, &password).await.unwrap();
        let codes = world.identity.confirm_mfa(&ada, &code(&begun.secret)).await.unwrap();
        let email = "admin@example.com".to_owned();
        let credentials = Credentials { email, password, otp: codes.first().cloned() };
        let client = Client::default();
        let attempts = join_all((0..4).map(|_| world.identity.sign_in(&credentials, &client))).await;
        assert_eq!(attempts.iter().filter(|attempt| attempt.is_ok()).count(), 1, "{attempts:?}");
        let refused = |attempt: &&Result<_, Error>| matches!(attempt, Err(Error::OtpInvalid));
        assert_eq!(attempts.iter().filter(refused).count(), 3, "{attempts:?}");
    }
}
