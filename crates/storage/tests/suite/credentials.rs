//! Service accounts, issued tokens, second factors, and what processes tell each other.

use chrono::{DateTime, Duration, Utc};
use conductor_domain::{
    Clock, IssuedToken, Mfa, NewIssuedToken, NewRun, OrganizationRole, PageRequest, Principal, Revoked,
    RunFilter, RunId, RunKind, RunTrigger, Scope, ServiceAccount, ServiceAccountId, ServiceAccountSpec,
    TokenId, TokenStatus, UserChange, UserId,
};
use conductor_storage::{Error, Unscoped};
use serde_json::json;

use crate::support::{World, caller};

suite! {
    a_service_account_is_its_organisations,
    names_and_subjects_are_unique_while_they_live,
    a_token_is_revoked_once_and_deleted_for_good,
    a_token_is_found_by_its_own_principal,
    its_last_use_is_noted_by_the_minute,
    changes_of_standing_are_told_to_others,
    what_is_rolled_back_is_not_told,
    a_second_factor_is_held_while_a_code_is_taken,
    a_machine_sees_its_own_runs,
}

fn spec(name: &str, subject: &str) -> ServiceAccountSpec {
    ServiceAccountSpec {
        environment_id: None,
        name: name.to_owned(),
        description: String::new(),
        subject: subject.to_owned(),
        issuer: "https://ci.example".to_owned(),
        audience: "conductor".to_owned(),
        credential_ref: None,
        scope_allowlist: vec!["agent.*".to_owned()],
        inbound: conductor_domain::InboundProof::default(),
        enabled: true,
    }
}

async fn make(world: &World, scope: Scope, spec: ServiceAccountSpec) -> Result<ServiceAccount, Error> {
    world.tick();
    let id = ServiceAccountId::generate(&*world.clock);
    let rows = world.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.service_accounts().create(id, spec).await })).await
}

async fn issue(world: &World, scope: Scope, account: ServiceAccountId, by: UserId) -> IssuedToken {
    world.tick();
    let new = NewIssuedToken {
        id: TokenId::generate(&*world.clock),
        principal: Principal::ServiceAccount { service_account_id: account },
        name: "pipeline".to_owned(),
        scopes: vec!["agent.read".to_owned()],
        metadata: json!({ "ticket": 7 }),
        issued_by_id: by,
        expires_at: world.clock.now() + Duration::days(30),
    };
    let rows = world.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.issued_tokens().create(new).await })).await.unwrap()
}

async fn told(world: &World, since: DateTime<Utc>) -> Vec<Revoked> {
    let rows = world.store.unscoped(Unscoped::SignIn).revocations().since(since).await.unwrap();
    rows.into_iter().filter_map(|(_, revoked)| revoked).collect()
}

async fn a_service_account_is_its_organisations(world: World) {
    let (mine, theirs) = (world.organization("Mine").await, world.organization("Theirs").await);
    let account = make(&world, mine, spec("CI", "a")).await.unwrap();
    let ada = world.member("ada@example.com", mine, OrganizationRole::Admin).await;
    let eve = world.member("eve@example.com", theirs, OrganizationRole::Owner).await;
    assert_eq!(
        world.store.visible_to(&ada).service_accounts().find(account.id).await.unwrap(),
        Some(account.clone())
    );
    assert_eq!(world.store.visible_to(&eve).service_accounts().find(account.id).await.unwrap(), None);
    let page = PageRequest { limit: 10, after: None };
    assert!(
        world.store.visible_to(&eve).service_accounts().page(page.clone()).await.unwrap().items.is_empty()
    );

    let (id, other) = (account.id, spec("Stolen", "a"));
    let change = world
        .store
        .scoped(theirs)
        .write(move |tx| Box::pin(async move { tx.service_accounts().update(id, other).await }));
    assert!(matches!(change.await, Err(Error::NotFound)));
    let delete = world
        .store
        .scoped(theirs)
        .write(move |tx| Box::pin(async move { tx.service_accounts().delete(id).await }));
    assert!(matches!(delete.await, Err(Error::NotFound)));
    let kept = world.store.visible_to(&ada).service_accounts().page(page).await.unwrap();
    assert_eq!(kept.items, [account]);
}

async fn names_and_subjects_are_unique_while_they_live(world: World) {
    let (mine, theirs) = (world.organization("Mine").await, world.organization("Theirs").await);
    let first = make(&world, mine, spec("CI", "a")).await.unwrap();
    for (scope, twin) in [(mine, spec("ci", "b")), (mine, spec("Other", "a")), (theirs, spec("CI", "a"))] {
        assert!(matches!(make(&world, scope, twin).await, Err(Error::NameTaken { .. })));
    }
    make(&world, theirs, spec("CI", "b")).await.unwrap();
    let rows = world.store.scoped(mine);
    rows.write(move |tx| Box::pin(async move { tx.service_accounts().delete(first.id).await }))
        .await
        .unwrap();
    make(&world, mine, spec("CI", "a")).await.unwrap();
}

async fn a_token_is_revoked_once_and_deleted_for_good(world: World) {
    let scope = world.organization("Mine").await;
    let ada = world.user("ada@example.com").await.id;
    let account = make(&world, scope, spec("CI", "a")).await.unwrap().id;
    let token = issue(&world, scope, account, ada).await;
    assert_eq!(
        (token.scopes.as_slice(), &token.metadata),
        (&["agent.read".to_owned()][..], &json!({ "ticket": 7 }))
    );
    assert_eq!(token.status(world.clock.now()), TokenStatus::Active);

    let (principal, id) = (token.principal.clone(), token.id);
    let revoke = || {
        let principal = principal.clone();
        world.store.scoped(scope).write(move |tx| {
            Box::pin(async move { tx.issued_tokens().revoke(&principal, id, Some(ada)).await })
        })
    };
    let revoked = revoke().await.unwrap();
    assert_eq!((revoked.revoked_at, revoked.revoked_by_id), (Some(world.clock.now()), Some(ada)));
    assert_eq!(revoked.status(world.clock.now()), TokenStatus::Revoked);
    world.clock.advance(Duration::seconds(5));
    assert_eq!(revoke().await.unwrap().revoked_at, revoked.revoked_at, "ended once");

    let of = principal.clone();
    let rows = world.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.issued_tokens().delete(&of, id).await })).await.unwrap();
    assert_eq!(world.store.unscoped(Unscoped::SignIn).issued_tokens().find(id).await.unwrap(), None);
    assert!(matches!(revoke().await, Err(Error::NotFound)));
}

async fn a_token_is_found_by_its_own_principal(world: World) {
    let (mine, theirs) = (world.organization("Mine").await, world.organization("Theirs").await);
    let ada = world.member("ada@example.com", mine, OrganizationRole::Admin).await;
    let eve = world.member("eve@example.com", theirs, OrganizationRole::Owner).await;
    let one = make(&world, mine, spec("One", "a")).await.unwrap().id;
    let other = make(&world, mine, spec("Other", "b")).await.unwrap().id;
    let first = issue(&world, mine, one, ada.user_id().unwrap()).await;
    let second = issue(&world, mine, one, ada.user_id().unwrap()).await;
    issue(&world, mine, other, ada.user_id().unwrap()).await;

    let page = |limit, after| PageRequest { limit, after };
    let tokens = world.store.visible_to(&ada);
    let newest = tokens.issued_tokens().page(&first.principal, page(1, None)).await.unwrap();
    assert_eq!(newest.items, [second]);
    let rest = tokens.issued_tokens().page(&first.principal, page(1, newest.next)).await.unwrap();
    assert_eq!((rest.items.as_slice(), rest.next), (&[first.clone()][..], None));
    let foreign = world.store.visible_to(&eve);
    assert!(foreign.issued_tokens().page(&first.principal, page(10, None)).await.unwrap().items.is_empty());

    let (id, wrong) = (first.id, Principal::ServiceAccount { service_account_id: other });
    for (scope, principal) in [(mine, wrong), (theirs, first.principal.clone())] {
        let rows = world.store.scoped(scope);
        let found = rows
            .write(move |tx| Box::pin(async move { tx.issued_tokens().revoke(&principal, id, None).await }))
            .await;
        assert!(matches!(found, Err(Error::NotFound)));
    }
    // A person is no machine.
    let new = NewIssuedToken {
        id: TokenId::generate(&*world.clock),
        principal: ada.principal.clone(),
        name: String::new(),
        scopes: vec![],
        metadata: json!({}),
        issued_by_id: ada.user_id().unwrap(),
        expires_at: world.clock.now(),
    };
    let rows = world.store.scoped(mine);
    let issued = rows.write(move |tx| Box::pin(async move { tx.issued_tokens().create(new).await })).await;
    assert!(issued.is_err());
}

async fn its_last_use_is_noted_by_the_minute(world: World) {
    let scope = world.organization("Mine").await;
    let ada = world.user("ada@example.com").await.id;
    let account = make(&world, scope, spec("CI", "a")).await.unwrap().id;
    let token = issue(&world, scope, account, ada).await;
    let use_now = async || {
        let (id, now) = (token.id, world.clock.now());
        let rows = world.store.scoped(scope);
        rows.write(move |tx| Box::pin(async move { tx.issued_tokens().touch(id, now).await })).await.unwrap();
        let found = world.store.unscoped(Unscoped::SignIn).issued_tokens().find(id).await.unwrap();
        found.unwrap().last_used_at
    };
    assert_eq!(token.last_used_at, None);
    let first = world.clock.now();
    assert_eq!(use_now().await, Some(first));
    world.clock.advance(Duration::seconds(50));
    assert_eq!(use_now().await, Some(first));
    world.clock.advance(Duration::seconds(20));
    assert_eq!(use_now().await, Some(world.clock.now()));
}

async fn changes_of_standing_are_told_to_others(world: World) {
    let scope = world.organization("Mine").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Owner).await.user_id().unwrap();
    let grace = world.member("grace@example.com", scope, OrganizationRole::Member).await.user_id().unwrap();
    let account = make(&world, scope, spec("CI", "a")).await.unwrap().id;
    let token = issue(&world, scope, account, ada).await;
    let since = world.clock.now();
    assert_eq!(told(&world, since).await, []);

    let people = world.store.unscoped(Unscoped::Administration);
    let rename = UserChange { name: Some("Ada L".to_owned()), ..Default::default() };
    people.write(move |tx| Box::pin(async move { tx.users().update(ada, rename).await })).await.unwrap();
    assert_eq!(told(&world, since).await, [], "a name is no standing");
    let close = UserChange { is_active: Some(false), ..Default::default() };
    people.write(move |tx| Box::pin(async move { tx.users().update(grace, close).await })).await.unwrap();
    assert_eq!(told(&world, since).await, [Revoked::User(grace)]);

    world.clock.advance(Duration::seconds(1));
    let since = world.clock.now();
    let (principal, id) = (token.principal.clone(), token.id);
    let rows = world.store.scoped(scope);
    rows.write(move |tx| {
        Box::pin(async move {
            tx.memberships().update(grace, Some(OrganizationRole::Viewer), None).await?;
            tx.issued_tokens().revoke(&principal, id, None).await?;
            tx.service_accounts().update(account, spec("CI", "a")).await?;
            tx.organization().update(Default::default()).await?;
            tx.memberships().delete(grace).await
        })
    })
    .await
    .unwrap();
    let mut heard = told(&world, since).await;
    for wanted in [
        Revoked::User(grace),
        Revoked::User(grace),
        Revoked::Token(id),
        Revoked::ServiceAccount(account),
        Revoked::Organization(scope.organization_id),
    ] {
        let at = heard.iter().position(|one| *one == wanted).unwrap_or_else(|| panic!("{wanted}: {heard:?}"));
        heard.remove(at);
    }
    assert_eq!(heard, []);
    // What nobody can have slept through is cleared away.
    world.clock.advance(Duration::hours(2));
    let rows = world.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.service_accounts().delete(account).await })).await.unwrap();
    assert_eq!(told(&world, DateTime::UNIX_EPOCH).await, [Revoked::ServiceAccount(account)]);
}

async fn what_is_rolled_back_is_not_told(world: World) {
    let scope = world.organization("Mine").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Owner).await.user_id().unwrap();
    let rows = world.store.scoped(scope);
    let failed: Result<(), Error> = rows
        .write(move |tx| {
            Box::pin(async move {
                tx.memberships().delete(ada).await?;
                Err(Error::Stale)
            })
        })
        .await;
    assert!(matches!(failed, Err(Error::Stale)));
    assert_eq!(told(&world, DateTime::UNIX_EPOCH).await, []);
}

async fn a_second_factor_is_held_while_a_code_is_taken(world: World) {
    let ada = world.user("ada@example.com").await;
    assert!(!ada.mfa_enabled);
    let people = world.store.unscoped(Unscoped::SignIn);
    let begun = Mfa { secret_ref: "mfa:1".to_owned(), confirmed_at: None, last_step: 0, recovery: vec![] };
    let set = async |mfa: Option<Mfa>| {
        people
            .write(move |tx| Box::pin(async move { tx.users().set_mfa(ada.id, mfa.as_ref()).await }))
            .await
            .unwrap();
    };
    set(Some(begun.clone())).await;
    assert_eq!(people.users().mfa(ada.id).await.unwrap(), Some(begun.clone()));
    assert!(!people.users().find(ada.id).await.unwrap().unwrap().mfa_enabled, "begun is not set up");
    set(Some(Mfa { confirmed_at: Some(world.clock.now()), ..begun })).await;
    assert!(people.users().find(ada.id).await.unwrap().unwrap().mfa_enabled);

    // Of those who take step 7 at once, one does.
    let takes = (0..8).map(|_| {
        people.write(move |tx| {
            Box::pin(async move {
                let mut mfa = tx.users().hold_mfa(ada.id).await?.ok_or(Error::NotFound)?;
                if mfa.last_step >= 7 {
                    return Err(Error::Stale);
                }
                mfa.last_step = 7;
                tx.users().set_mfa(ada.id, Some(&mfa)).await
            })
        })
    });
    let taken = futures::future::join_all(takes).await;
    assert_eq!(taken.iter().filter(|taken| taken.is_ok()).count(), 1, "{taken:?}");
    set(None).await;
    assert_eq!(people.users().mfa(ada.id).await.unwrap(), None);
    let nobody = UserId::generate(&*world.clock);
    let held =
        people.write(move |tx| Box::pin(async move { tx.users().hold_mfa(nobody).await.map(drop) })).await;
    assert!(matches!(held, Err(Error::NotFound)));
}

async fn a_machine_sees_its_own_runs(world: World) {
    let scope = world.organization("Mine").await;
    let ada = world.member("ada@example.com", scope, OrganizationRole::Member).await;
    let account = make(&world, scope, spec("CI", "a")).await.unwrap().id;
    let token = issue(&world, scope, account, ada.user_id().unwrap()).await;
    let mut machine = caller(ada.user_id().unwrap(), scope, OrganizationRole::Member);
    (machine.principal, machine.token_id) = (token.principal.clone(), Some(token.id));

    let id = RunId::generate(&*world.clock);
    let new = NewRun {
        actor: machine.machine(),
        token_id: machine.token_id,
        ..NewRun::new(id, RunKind::Tool, RunTrigger::Api)
    };
    let rows = world.store.scoped(scope);
    rows.write(move |tx| Box::pin(async move { tx.runs().create(new).await })).await.unwrap();
    let seen = world.store.visible_to(&machine).runs().find(id).await.unwrap().unwrap();
    assert_eq!((seen.actor, seen.token_id, seen.user_id), (machine.machine(), Some(token.id), None));
    // Neither its issuer nor another machine started it.
    assert!(world.store.visible_to(&ada).runs().find(id).await.unwrap().is_none());
    let mut other = machine.clone();
    other.principal =
        Principal::ServiceAccount { service_account_id: ServiceAccountId::generate(&*world.clock) };
    let page = PageRequest { limit: 10, after: None };
    let runs = world.store.visible_to(&other);
    assert!(runs.runs().page(RunFilter::default(), page).await.unwrap().items.is_empty());
}
