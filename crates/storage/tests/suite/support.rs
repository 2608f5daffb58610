//! A store of its own per test, with people and tenants in one line each.

use std::sync::Arc;

use chrono::DateTime;
use conductor_domain::{
    Caller, Classification, Clock, EnvironmentId, EnvironmentType, FixedClock, NewEnvironment,
    NewOrganization, NewUser, OrganizationId, OrganizationRole, PlatformRole, Principal, Redacted, Scope,
    User, UserId,
};
use conductor_storage::{Error, OpenOptions, Store, Unscoped};
use conductor_test_support::TestDb;

/// Lists a file's tests; each takes a `World` and runs once per database.
macro_rules! suite {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::support::World::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::support::World::postgres().await).await;
            })+
        }
    };
}

/// A store and a clock that stands still.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) database: TestDb,
}

impl World {
    pub(crate) async fn sqlite() -> Self {
        Self::on(TestDb::sqlite()).await
    }

    pub(crate) async fn postgres() -> Self {
        Self::on(TestDb::postgres()).await
    }

    async fn on(database: TestDb) -> Self {
        let clock = FixedClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let mut options = OpenOptions::new(database.url());
        options.connections = 4;
        let store = options.open(Arc::<FixedClock>::clone(&clock)).await.unwrap();
        Self { store, clock, database }
    }

    /// The same database through connections of its own, as another process has them.
    pub(crate) async fn another(&self) -> Store {
        let mut options = OpenOptions::new(self.database.url());
        options.connections = 4;
        options.open(Arc::<FixedClock>::clone(&self.clock)).await.unwrap()
    }

    /// Moves the clock on, so that the next id is the newer one.
    pub(crate) fn tick(&self) {
        self.clock.advance(chrono::Duration::milliseconds(1));
    }

    /// An organisation with one environment.
    pub(crate) async fn organization(&self, name: &str) -> Scope {
        self.tick();
        let scope = Scope {
            organization_id: OrganizationId::generate(&*self.clock),
            environment_id: EnvironmentId::generate(&*self.clock),
        };
        let (new, environment) =
            (organization(scope.organization_id, name), environment(scope, "default", true));
        self.store
            .unscoped(Unscoped::Setup)
            .write(move |tx| {
                Box::pin(async move {
                    tx.organizations().create(new).await?;
                    tx.scoped(scope).environments().create(environment).await?;
                    Ok::<_, Error>(())
                })
            })
            .await
            .unwrap();
        scope
    }

    /// An account.
    pub(crate) async fn user(&self, email: &str) -> User {
        self.tick();
        let new = new_user(&*self.clock, email);
        let rows = self.store.unscoped(Unscoped::Setup);
        rows.write(move |tx| Box::pin(async move { tx.users().create(new).await })).await.unwrap()
    }

    /// An account that is a member.
    pub(crate) async fn member(&self, email: &str, scope: Scope, role: OrganizationRole) -> Caller {
        let user = self.user(email).await;
        self.join(user.id, scope, role).await.unwrap();
        caller(user.id, scope, role)
    }

    /// Makes someone a member.
    pub(crate) async fn join(&self, user: UserId, scope: Scope, role: OrganizationRole) -> Result<(), Error> {
        let rows = self.store.scoped(scope);
        rows.write(move |tx| Box::pin(async move { tx.memberships().create(user, role).await.map(drop) }))
            .await
    }
}

/// Runs statements as somebody does who has the database's password and nothing else.
pub(crate) async fn execute(world: &World, sql: &str) {
    let conn = sea_orm::Database::connect(world.database.url()).await.unwrap();
    sea_orm::ConnectionTrait::execute_unprepared(&conn, sql).await.unwrap();
    conn.close().await.unwrap();
}

/// An account to be made.
pub(crate) fn new_user(clock: &dyn Clock, email: &str) -> NewUser {
    NewUser {
        id: UserId::generate(clock),
        email: email.to_owned(),
        password_hash: Some(Redacted::new("$argon2id$stored".to_owned())),
        name: "Ada".to_owned(),
        first_name: String::new(),
        last_name: String::new(),
        role: PlatformRole::StandardUser,
        clearance: Classification::Internal,
        is_verified: true,
        active: None,
    }
}

/// An organisation to be made.
pub(crate) fn organization(id: OrganizationId, name: &str) -> NewOrganization {
    NewOrganization {
        id,
        name: name.to_owned(),
        slug: name.to_lowercase().replace(' ', "-"),
        is_personal: false,
        industry: None,
        website: None,
        timezone: None,
    }
}

/// An environment to be made.
pub(crate) fn environment(scope: Scope, name: &str, is_default: bool) -> NewEnvironment {
    NewEnvironment {
        id: scope.environment_id,
        organization_id: scope.organization_id,
        name: name.to_owned(),
        environment_type: EnvironmentType::Prod,
        is_default,
    }
}

/// A person as a caller, member of one organisation.
pub(crate) fn caller(user: UserId, scope: Scope, role: OrganizationRole) -> Caller {
    Caller {
        principal: Principal::User { user_id: user },
        scope,
        organizations: vec![scope.organization_id],
        roles: vec!["platform:standard_user".to_owned(), format!("organization:{role}")],
        clearance: Classification::Internal,
        attributes: serde_json::json!({}),
        token_scopes: None,
        session_id: None,
        token_id: None,
        address: None,
    }
}
